"""Labelling files: rows in, the same rows with labels out, in the same order."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerjasama_nlp.articles import TEXT_SUFFIXES, decode, parse_article
from kerjasama_nlp.classifier import Classifier
from kerjasama_nlp.clean import clean
from kerjasama_nlp.errors import InputError
from kerjasama_nlp.i18n import _
from kerjasama_nlp.labels import DELIMITERS, table
from kerjasama_nlp.markup import html_to_lines

# Columns that hold the text, the first one present counts; a headline stands before it where there is one.
TEXT_COLUMNS = ("text", "teks", "isi", "content", "konten", "berita")
TITLE_COLUMNS = ("judul", "title")
_EXPLANATION = "explanation"
ADDED = ("form", "form_confidence", "sectors", "sector_confidence", "parties", "needs_review", "error")


@dataclass(frozen=True, slots=True)
class Row:
    """An input row: its fields as read, and its text, or why there is none (`fault`)."""

    fields: Mapping[str, Any]
    text: str
    fault: str | None = None


@dataclass(slots=True)
class Summary:
    """How many rows were written, failed, and are to be looked at."""

    rows: int = 0
    errors: int = 0
    review: int = 0


class Labeller:
    """Adds labels to rows."""

    def __init__(self, classifier: Classifier, *, explain: bool = False) -> None:
        self._classifier = classifier
        self._explain = explain

    def label(self, rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
        """Yield each row with its labels; a row without text gets nulls and an error."""
        for row in rows:
            if row.fault is None:
                yield self.label_row(row.fields, row.text)
            else:
                yield {**row.fields, **dict.fromkeys(ADDED), "error": row.fault}

    def columns(self, rows: Iterable[Row]) -> list[str]:
        """Return all fields that labelled rows have, in order of appearance."""
        explanation = (_EXPLANATION,) if self._explain else ()
        return list(dict.fromkeys([*(name for row in rows for name in row.fields), *ADDED, *explanation]))

    def label_row(self, fields: Mapping[str, Any], text: str) -> dict[str, Any]:
        """Return the fields of a row with the labels of its text."""
        labels = self._classifier.label_one(text)
        labelled = {
            **fields,
            "form": labels.form,
            "form_confidence": round(labels.form_confidence, 4),
            "sectors": list(labels.sectors),
            "sector_confidence": {name: round(p, 4) for name, p in labels.sector_confidence.items()},
            "parties": list(labels.parties),
            "needs_review": labels.needs_review,
            "error": None,
        }
        if self._explain:
            labelled[_EXPLANATION] = [[name, round(part, 3)] for name, part in self._classifier.explain(text)]
        return labelled


def read(
    source: str, standard_input: Callable[[], Iterable[bytes]], *, text_column: str | None, encoding: str
) -> Iterator[Row]:
    """Yield the rows of a JSONL, CSV, TSV or text file, of a folder of texts, or (for "-") of JSONL on a pipe.

    Raises InputError where the source can't be read or has no column of texts, or there is no such encoding.
    """
    decode(b"", source, encoding)
    if source == "-":
        yield from _json_rows(standard_input(), "-", text_column, encoding)
        return
    path = Path(source)
    try:
        if path.is_dir():
            yield from _folder_rows(path, encoding)
            return
        with path.open("rb") as stream:
            suffix = path.suffix.lower()
            if suffix in DELIMITERS:
                yield from _delimited_rows(decode(stream.read(), source, encoding), suffix, text_column)
            elif suffix in TEXT_SUFFIXES:
                for line in io.StringIO(decode(stream.read(), source, encoding), newline=None):
                    yield text_row(line.removesuffix("\n"))
            else:
                yield from _json_rows(stream, source, text_column, encoding)
    except OSError as error:
        raise InputError(_("{path}: cannot be read ({reason})").format(path=source, reason=error.strerror)) from None


def _folder_rows(folder: Path, encoding: str) -> Iterator[Row]:
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.suffix.lower() in TEXT_SUFFIXES)
    if not files:
        raise InputError(_("{path}: found no text; expected .txt, .md or .html files").format(path=folder))
    for file in files:
        yield _file_row(file, file.relative_to(folder).as_posix(), encoding)


def text_row(text: str) -> Row:
    """Return a row that consists of its text."""
    return _row({"text": text}, text)


def _json_rows(lines: Iterable[bytes], name: str, text_column: str | None, encoding: str) -> Iterator[Row]:
    for number, line in enumerate(lines, 1):
        try:
            value = json.loads(decode(line, f"{name}:{number}", encoding))
        except (ValueError, RecursionError, InputError):
            raw = line.decode("utf-8", "replace").rstrip("\r\n")
            yield Row({"raw": raw}, "", _("not JSON"))
            continue
        if not isinstance(value, dict):
            yield Row({"raw": value}, "", _("not an object"))
            continue
        column = text_column or _column(value, TEXT_COLUMNS)
        yield _row(value, value.get(column) if column else None, _title(value))


def _delimited_rows(text: str, suffix: str, text_column: str | None) -> Iterator[Row]:
    reader = table(text, suffix)
    header = reader.fieldnames or []
    column = text_column or _column(dict.fromkeys(header), TEXT_COLUMNS)
    if column not in header:
        raise InputError(
            _("found the columns {columns}, none of them a text; name it with --text-column").format(
                columns=", ".join(map(str, header))
            )
        )
    for row in reader:
        if "_rest" in row:
            rest = row.pop("_rest")
            yield Row({**row, "_rest": rest}, "", _("more cells than the header has"))
        else:
            yield _row(row, row[column], _title(row))


def _file_row(file: Path, name: str, encoding: str) -> Row:
    """Return the row of one file of a folder: its name, and its text as an article is read."""
    try:
        text = decode(file.read_bytes(), name, encoding)
    except (OSError, InputError) as error:
        return Row({"id": name}, "", str(error))
    title, body = html_to_lines(text) if file.suffix.lower() in {".html", ".htm"} else ("", text)
    article = parse_article(name, title, body, path=name)
    blocks = [part for block in article.blocks for part in (block.text, *block.items) if part]
    return _row({"id": name, "title": article.title}, "\n".join([article.title, *blocks]))


def _row(fields: Mapping[str, Any], text: Any, title: str = "") -> Row:
    if not isinstance(text, str):
        return Row(fields, "", _("no text"))
    cleaned = clean(f"{title}\n{text}" if title else text)
    return Row(fields, cleaned) if cleaned.strip() else Row(fields, "", _("the text is blank"))


def _column(fields: Mapping[str, Any], names: Iterable[str]) -> str | None:
    """Return the field that bears the first of `names`, letter case aside."""
    lowered = {str(name).lower(): name for name in fields}
    return next((lowered[name] for name in names if name in lowered), None)


def _title(fields: Mapping[str, Any]) -> str:
    column = _column(fields, TITLE_COLUMNS)
    title = fields.get(column) if column else None
    return title if isinstance(title, str) else ""


def output_format(output: Path | None, source: str) -> str:
    """Return ".csv", ".tsv" or ".jsonl": by the output's name, otherwise by the input's."""
    suffix = (output.suffix if output is not None else Path(source).suffix).lower()
    return suffix if suffix in DELIMITERS else ".jsonl"


def write(labeller: Labeller, rows: Iterable[Row], say: Callable[[str], object], suffix: str) -> Summary:
    """Label rows, write them a line each (CSV: after a header of all their fields), and count them."""
    from kerjasama_nlp.render import to_json

    summary = Summary()
    header: list[str] = []
    if suffix != ".jsonl":
        rows = list(rows)
        header = labeller.columns(rows)
        say(_delimited(header, suffix))
    for row in labeller.label(rows):
        summary.rows += 1
        summary.errors += row["error"] is not None
        summary.review += bool(row["needs_review"])
        if suffix == ".jsonl":
            say(to_json(row))
            continue
        say(_delimited([_cell(row.get(name)) for name in header], suffix))
    return summary


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
        return ";".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _delimited(cells: Iterable[str], suffix: str) -> str:
    line = io.StringIO()
    # the writer quotes a line's end inside a cell only where it ends lines with the same characters
    csv.writer(line, delimiter=DELIMITERS[suffix], lineterminator="\r\n").writerow(cells)
    return line.getvalue().removesuffix("\r\n")
