"""Cutting tables (CSV, TSV) into records, so that a quotation mark that is never closed costs its own line only."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator

from kerjasama_nlp.errors import InputError
from kerjasama_nlp.i18n import _
from kerjasama_nlp.inputs.blocks import MAX_ROW_BYTES, Broken
from kerjasama_nlp.inputs.charsets import shown
from kerjasama_nlp.inputs.columns import distinct

# Excel's own way to name the delimiter, above the header; Excel shows it to nobody.
_EXCEL_DELIMITER = re.compile(r'"?sep=(.)"?\r?\n?', re.IGNORECASE)
# Of delimiters that a header holds equally often, the first one cuts it.
_DELIMITERS = (",", ";", "\t")
# What a line costs in memory beside its characters.
_LINE_COST = 64


class _TooLongError(Exception):
    """A record grew beyond MAX_ROW_BYTES."""


class Table:
    """A table: its columns, and the records below its header.

    `lines` are those of the file, with their ends. A `delimiter` that isn't given is found out from the header.
    Raises InputError where there is no header.
    """

    def __init__(self, lines: Iterator[str | Broken], name: str, delimiter: str | None) -> None:
        # one limit for the whole process; what is too long is told here, by lines
        csv.field_size_limit(max(csv.field_size_limit(), 2 * MAX_ROW_BYTES))
        self._lines = lines
        self._pulled: list[str | Broken] = []  # the lines of the record that is being read
        self._size = 0
        self._back: deque[str | Broken] = deque()  # lines that are read again, after a record that failed below them
        self._alone = 0  # so many of them are no beginning of a record of several lines
        self._failure: Exception | None = None
        self._taken = 0
        first = self._first_line()
        if isinstance(first, str) and (excel := _EXCEL_DELIMITER.fullmatch(first)):
            delimiter = delimiter or excel[1]
            first = self._first_line()
        self.delimiter = delimiter or _delimiter_of(first)
        self._back.extend([] if first is None else [first])
        self._reader = self._reader_of(self._feed())
        header = self._cut(None)
        if header is None:
            raise InputError(
                _("{path}: found no header; expected a first line that names the columns").format(path=name)
            )
        if isinstance(header, Broken):
            raise InputError(_("{path}: the header cannot be read ({reason})").format(path=name, reason=header.fault))
        self.columns = distinct(map(shown, header))

    def records(self) -> Iterator[list[str] | Broken]:
        """Yield the records; when reading fails, those before come first.

        Where a quotation mark isn't closed, its line is a `Broken`, and the next line starts another record. The
        same goes for a record of several lines whose cells are more or fewer than the header's: it was closed by
        the mark of another one. Blank lines are no records, unless there is but one column.
        """
        width = len(self.columns)
        while (record := self._cut(width)) is not None:
            if record:
                yield record
            elif width == 1:
                yield [""]
        if self._failure is not None:
            raise self._failure

    @property
    def line(self) -> int:
        """The number of the line at which the last record ends, from 1."""
        return self._taken - len(self._back)

    def _first_line(self) -> str | Broken | None:
        """Return the first line that isn't blank."""
        for line in self._lines:
            self._taken += 1
            if isinstance(line, Broken) or line.strip("\r\n"):
                return line
        return None

    def _cut(self, width: int | None) -> list[str] | Broken | None:
        """Cut off the next record, None at the end.

        A record that fails at line n was in the middle of a cell at the end of each line before n. Another record
        that starts at one of those lines, and isn't complete at its end, is in the middle of a cell there, too, so
        it fails where the first one did. So each of them is read alone, and the time stays linear.
        """
        if self._alone:
            self._alone -= 1
            return self._cut_line(self._back.popleft())
        self._pulled, self._size = [], 0
        try:
            record = next(self._reader, None)
            if width is None or record is None or len(record) == width or len(self._pulled) == 1:
                return record
        except (csv.Error, _TooLongError):
            pass
        self._reader = self._reader_of(self._feed())
        first, *others = self._pulled
        self._back.extendleft(reversed(others))
        self._alone = max(0, len(others) - 1)
        return _broken(first)

    def _cut_line(self, line: str | Broken) -> list[str] | Broken:
        """Cut a record that ends with its line."""
        try:
            return line if isinstance(line, Broken) else next(self._reader_of([line]))
        except csv.Error:
            return _broken(line)

    def _reader_of(self, lines: Iterable[str]) -> Iterator[list[str]]:
        return csv.reader(lines, delimiter=self.delimiter, strict=True)

    def _feed(self) -> Iterator[str]:
        """Yield lines to the reader, and remember them."""
        while (line := self._back.popleft() if self._back else self._next_line()) is not None:
            self._pulled.append(line)
            if isinstance(line, Broken):
                raise _TooLongError
            self._size += len(line) + _LINE_COST
            if self._size > MAX_ROW_BYTES and len(self._pulled) > 1:
                raise _TooLongError
            yield line

    def _next_line(self) -> str | Broken | None:
        """Return the next line of the file, None at its end; a failure is kept for when all records are out."""
        try:
            line = next(self._lines, None)
        except (InputError, OSError) as error:
            self._failure = error
            return None
        self._taken += line is not None
        return line


def _delimiter_of(header: str | Broken | None) -> str:
    r"""Return the delimiter that a header holds most often outside of quotation marks.

    >>> _delimiter_of('"nama, gelar, alamat";isi\n')
    ';'
    """
    outside = "".join(header.split('"')[::2]) if isinstance(header, str) else ""
    return max(_DELIMITERS, key=outside.count)


def _broken(line: str | Broken) -> Broken:
    if isinstance(line, Broken):
        return line
    fault = _("a quotation mark is not closed, or stands inside a quoted cell without being doubled")
    return Broken(line.rstrip("\r\n"), fault)
