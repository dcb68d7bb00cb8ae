"""The commands that measure and count: `evaluate` and `report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kerjasama_nlp.errors import EXIT_ROWS_FAILED, UsageError
from kerjasama_nlp.i18n import _
from kerjasama_nlp.terminal import console, options


def evaluate(  # noqa: PLR0917  # the contract's options
    labels: Annotated[
        list[Path] | None, typer.Option("--labels", help=_("JSONL or CSV of labelled news; repeatable."))
    ] = None,
    questions: Annotated[
        list[Path] | None,
        typer.Option("--questions", help=_("JSONL of questions over the model's articles; repeatable.")),
    ] = None,
    model: options.Model = None,
    report: Annotated[
        Path | None, typer.Option("--report", help=_("Page (.html) to write, with charts and the worst errors."))
    ] = None,
    against: Annotated[Path | None, typer.Option("--against", help=_("Model folder to compare with."))] = None,
    learning_curve: Annotated[
        Path | None,
        typer.Option("--learning-curve", help=_("Labelled news to fit on, in growing parts; takes a while.")),
    ] = None,
    json: options.Json = False,
    force: options.Force = False,
) -> None:
    """Print how well a model labels, or answers and refuses."""
    from kerjasama_nlp import evaluation
    from kerjasama_nlp.model import load
    from kerjasama_nlp.terminal import render

    if bool(labels) == bool(questions):
        raise UsageError(_("expected either --labels FILE or --questions FILE"))
    if questions:
        from kerjasama_nlp.answers.gold import read_questions

        if report or against or learning_curve:
            raise UsageError(_("--report, --against and --learning-curve are for labels; expected --labels FILE"))
        answered = evaluation.score_questions(load(model), read_questions(questions)).to_json()
        console.say(render.to_json(answered) if json else render.table(answered))
        return
    from kerjasama_nlp.reports import drawing, evaluated, evaluation_page, output

    files = labels or []
    if report is not None:
        output.check(report, [*files, *([learning_curve] if learning_curve else [])], force=force)
        drawing.require()
    other = None if against is None else load(against)
    with console.stages() as progress:
        scores = evaluated.evaluate(
            load(model), files, against=other, training=learning_curve, errors=report is not None, progress=progress
        )
    if report is not None:
        page = evaluation_page.write(
            scores,
            model=str(model or _("the one shipped")),
            files=[file.name for file in files],
            against=None if against is None else str(against),
        )
        output.write(report, page, force=force)
    console.say(render.to_json(scores) if json else render.label_scores(scores))
    if report is not None:
        console.note(_("{path}: the report is written").format(path=report))


def report(  # noqa: PLR0913, PLR0917  # how to read is the reader's many options
    sources: Annotated[
        list[str],
        typer.Argument(metavar="INPUT...", help=_("What label has written: JSONL, CSV, TSV or Parquet; - is a pipe.")),
    ],
    page: Annotated[Path | None, typer.Option("--output", "-o", help=_("Page (.html) to write."))] = None,
    text_column: options.TextColumn = None,
    date_column: Annotated[
        str | None,
        typer.Option(
            "--date-column",
            help=_("Column that holds the date."),
            show_default="tanggal, date, published, terbit ...",
        ),
    ] = None,
    input_format: options.InputFormat = None,
    delimiter: options.Delimiter = None,
    encoding: options.Encoding = "utf-8",
    json: options.Json = False,
    force: options.Force = False,
) -> None:
    """Count what a labelled archive holds, as a page, as JSON, or both."""
    from itertools import chain

    from kerjasama_nlp.reports import archive, archive_page, drawing, labelled_rows, output
    from kerjasama_nlp.terminal import render

    if page is None and not json:
        raise UsageError(
            _("expected -o PAGE, --json, or both, for example: kerjasama report berlabel.jsonl -o laporan.html")
        )
    if page is not None:
        output.check(page, sources, force=force)
        drawing.require()
    reading = labelled_rows.Reading(text_column, date_column, encoding, input_format, delimiter)
    rows = chain.from_iterable(labelled_rows.read(source, reading, console.binary_input) for source in sources)
    with console.progress(_("rows")) as counter:
        counted = archive.count(rows, counter)
    counts = counted.to_json()
    if page is not None:
        output.write(page, archive_page.write(counts, files=sources), force=force)
        console.note(_("{path}: the report is written").format(path=page))
    if json:
        console.say(render.to_json(counts))
    console.note(
        _("{rows} rows, {errors} with errors, {faulty} faulty, {review} to review").format(
            rows=counted.rows, errors=counted.errors, faulty=counted.faulty, review=counted.to_review
        )
    )
    if counted.faulty:
        raise typer.Exit(EXIT_ROWS_FAILED)
