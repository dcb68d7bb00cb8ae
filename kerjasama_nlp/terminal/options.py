"""Options of the commands, with their help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kerjasama_nlp.i18n import _

Model = Annotated[Path | None, typer.Option("--model", help=_("Model folder."), show_default=_("the one shipped"))]
Json = Annotated[bool, typer.Option("--json", help=_("Print JSON."))]
Force = Annotated[bool, typer.Option("--force", help=_("Overwrite what stands at the output."))]
Encoding = Annotated[str, typer.Option("--encoding", help=_("Encoding of files without a byte order mark."))]

TrainOutput = Annotated[Path | None, typer.Option("--output", "-o", help=_("Model folder to make."))]
Articles = Annotated[
    list[Path] | None,
    typer.Option("--articles", help=_("Folder of .txt, .md, .html and .jsonl files, or one such file; repeatable.")),
]
Questions = Annotated[
    list[Path] | None,
    typer.Option("--questions", help=_("JSONL of questions over the articles, to fit ranking and refusal on.")),
]
TrainLabels = Annotated[
    list[Path] | None,
    typer.Option("--labels", help=_("JSONL, CSV or Parquet of news with text, form and sectors; repeatable.")),
]
LabelSetFile = Annotated[
    Path | None,
    typer.Option(
        "--label-set", help=_("JSON that names your own forms and sectors."), show_default=_("those of cooperation")
    ),
]
TestLabels = Annotated[
    list[Path] | None,
    typer.Option("--test", help=_("Labelled news that measures the model and is never trained on; repeatable.")),
]
Base = Annotated[
    Path | None,
    typer.Option("--base", help=_("Model that gives what isn't trained."), show_default=_("the one shipped")),
]
TrainJobs = Annotated[int, typer.Option("--jobs", min=-1, help=_("Processes that fit; 0 takes all processors."))]
MaxErrors = Annotated[int, typer.Option("--max-errors", min=1, help=_("Faults of labelled files that are listed."))]
Check = Annotated[bool, typer.Option("--check", help=_("Train nothing; list the labels that are most likely wrong."))]
Replace = Annotated[
    bool, typer.Option("--replace", help=_("Take the place of the model at the output unless that one is better."))
]

Sources = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[INPUT|-]...",
        help=_(
            "JSONL, CSV, TSV, text (also .gz or .zst) or Parquet file, or a folder of texts; - reads a pipe. "
            "Several files, or a quoted pattern, go into a folder."
        ),
    ),
]
LabelOutput = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help=_(
            "File to write: .jsonl, .csv, .tsv (each also .gz or .zst) or .parquet; without it, standard output. "
            "For several inputs, the folder of the outputs."
        ),
    ),
]
TextColumn = Annotated[str | None, typer.Option("--text-column", help=_("Column that holds the text."))]
IdColumn = Annotated[str | None, typer.Option("--id-column", help=_("Column that names rows in messages."))]
InputFormat = Annotated[
    str | None, typer.Option("--format", help=_("How to read the input, whatever its name: jsonl, csv, tsv or txt."))
]
Delimiter = Annotated[
    str | None, typer.Option("--delimiter", help=_("What separates the cells of a table."), show_default=_("found out"))
]
Jobs = Annotated[int, typer.Option("--jobs", min=-1, help=_("Processes that label; 0 takes all processors."))]
Excel = Annotated[
    bool,
    typer.Option("--excel", help=_("Write a table for a spreadsheet: with a byte order mark, no cell a formula.")),
]
Dask = Annotated[
    str | None, typer.Option("--dask", help=_("Address of a Dask scheduler whose workers label a file each."))
]

ReviewSource = Annotated[
    str,
    typer.Argument(
        metavar="INPUT", help=_("News as label writes it, or not yet labelled: a file or folder as label reads it.")
    ),
]
ReviewOutput = Annotated[
    Path, typer.Option("--output", "-o", help=_("File of corrections (.jsonl); one that is there grows."))
]
Most = Annotated[int, typer.Option("--most", min=1, max=5_000, help=_("Rows to show."))]
