"""Reading a labelled archive: the rows that `kerjasama label` has written, whatever format they stand in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, BinaryIO

from kerjasama_nlp.errors import InputError
from kerjasama_nlp.i18n import _
from kerjasama_nlp.inputs import columns
from kerjasama_nlp.inputs.rows import Row, RowReader
from kerjasama_nlp.inputs.sources import Source, open_source
from kerjasama_nlp.reports.elements import harmless
from kerjasama_nlp.reports.months import DATE_COLUMNS, month_of

# Labels are short; what is longer, or no label at all, is a fault of the row.
_MOST_LABEL = 60
FORM = "form"


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read: see `sources.open_source`. `date_column` None: the first of DATE_COLUMNS."""

    text_column: str | None = None
    date_column: str | None = None
    encoding: str = "utf-8"
    format: str | None = None
    delimiter: str | None = None


@dataclass(frozen=True, slots=True)
class Labelled:
    """A row of an archive: where it stands, its text, and its labels.

    `error` is why labelling gave it none; with a `fault` it can't be counted at all. `month` is None where there
    is no date, "" where it can't be read. `is_cooperation`: its form is one that has sectors, or the label set has
    none at all.
    """

    source: str
    number: int
    text: str
    form: str = ""
    confidence: float | None = None
    sectors: tuple[str, ...] = ()
    is_cooperation: bool = False
    parties: tuple[str, ...] = ()
    needs_review: bool = False
    month: str | None = None
    error: str | None = None
    fault: bool = False


def read(source: str, reading: Reading, standard_input: Callable[[], BinaryIO]) -> Iterator[Labelled]:
    """Yield the rows of a file or of standard input ("-").

    Raises InputError where it can't be read, has no labels, or lacks the column that was named as that of dates.
    """
    opened = open_source(
        source,
        standard_input,
        text_column=reading.text_column,
        encoding=reading.encoding,
        format=reading.format,
        delimiter=reading.delimiter,
    )
    with closing(opened):
        if opened.columns is not None:
            _check_columns(opened, opened.columns, reading.date_column)
        reader = RowReader.of(opened)
        number, labelled = 0, opened.columns is not None
        for block in opened.blocks():
            rows = reader.rows(block.records)
            labelled = labelled or _has_labels(source, rows)
            for row in rows:
                number += 1
                yield _labelled(opened, number, row, reading.date_column)


def _check_columns(source: Source, names: Sequence[str], date_column: str | None) -> None:
    if FORM not in names:
        raise _unlabelled(source.name)
    if date_column is not None and columns.named(names, date_column) is None:
        raise InputError(
            _("found the columns {columns}, but no {name}; name one of them with --date-column").format(
                columns=", ".join(names), name=date_column
            )
        )


def _has_labels(source: str, rows: Sequence[Row]) -> bool:
    """Tell whether a row has labels, False where no row is an object; raises InputError where objects have none."""
    objects = [row.fields for row in rows if "raw" not in row.fields or row.raw is not None]
    if any(FORM in fields for fields in objects):
        return True
    if objects:
        raise _unlabelled(source)
    return False


def _unlabelled(source: str) -> InputError:
    return InputError(
        _(
            "{path}: found no labels, expected a column named form; label it first: kerjasama label {path} -o ..."
        ).format(path=source)
    )


def _labelled(source: Source, number: int, row: Row, date_column: str | None) -> Labelled:
    fields = row.fields
    text = row.text
    error = fields.get("error")
    if isinstance(error, str) and error:
        return Labelled(source.name, number, text, error=error)
    # a record of a table that can't be cut into its cells has others in their place
    broken = source.kind == "table" and row.fault is not None
    form, sectors, parties = fields.get(FORM), _names(fields.get("sectors")), _names(fields.get("parties"))
    if broken or not _is_label(form) or sectors is None or parties is None or not all(map(_is_label, sectors)):
        return Labelled(source.name, number, text, fault=True)
    return Labelled(
        source.name,
        number,
        text,
        form=str(form),
        confidence=_share(fields.get("form_confidence")),
        sectors=sectors,
        is_cooperation=bool(sectors) or fields.get("sector_confidence") in ({}, "{}"),
        parties=parties,
        needs_review=fields.get("needs_review") in (True, "true", "True", "TRUE"),
        month=_month(fields, date_column),
    )


def _is_label(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MOST_LABEL and " ".join(value.split()) == harmless(value)


def _names(value: object) -> tuple[str, ...] | None:
    """Return the distinct names of a list, or of a cell that joins them by ";"; None where it is neither."""
    if value is None:
        return ()
    if isinstance(value, str):
        value = columns.split_names(value)
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        return None
    return tuple(dict.fromkeys(name for name in value if name))


def _share(value: object) -> float | None:
    """Return a number between 0 and 1, None where there is none."""
    try:
        share = float(value) if isinstance(value, (int, float, str)) else -1.0
    except ValueError:
        return None
    return share if 0 <= share <= 1 else None


def _month(fields: Mapping[str, Any], date_column: str | None) -> str | None:
    """Return the row's month, "" where its date can't be read, None where it has none."""
    column = columns.find(fields, DATE_COLUMNS) if date_column is None else columns.named(list(fields), date_column)
    value = None if column is None else fields[column]
    if value is None or value == "":
        return None
    return month_of(value) or ""
