"""Output formats: labelled rows to bytes, a block of rows at a time.

Blocks stand on their own: put one after the other they are the file. A compressed one is a gzip member or
a zstd frame, which both formats allow any number of.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from math import isfinite
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from kerjasama_nlp.errors import UsageError
from kerjasama_nlp.i18n import _
from kerjasama_nlp.jobs.labelling import LabelledRow, added, added_cells, added_columns, added_json
from kerjasama_nlp.language.plain import are_printable
from kerjasama_nlp.terminal.render import safe_json

Compression = Literal["", "gz", "zst"]

# Levels that label news faster than they hold it up.
_GZIP_LEVEL = 4
_ZSTD_LEVEL = 3
# Lines that are converted at once.
_CHUNK_BYTES = 1 << 22
BOM = "\ufeff"
# A spreadsheet takes a cell that starts with one of these for a formula; the wide forms count in East Asian Excel.
_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")
_NUMBER = re.compile(r"[-+]?[\d.,]*\d(?:[eE][-+]?\d+)?%?")


def compress(data: bytes, compression: Compression) -> bytes:
    """Return data as one gzip member or zstd frame, always the same bytes for the same data."""
    if compression == "gz":
        return gzip.compress(data, _GZIP_LEVEL, mtime=0)
    if compression == "zst":
        return _zstd(data)
    return data


def _zstd(data: bytes) -> bytes:
    """Compress with Python's own Zstandard (3.14) or the package's."""
    if sys.version_info >= (3, 14):
        from compression import zstd

        return zstd.compress(data, _ZSTD_LEVEL)
    try:
        import zstandard
    except ImportError:
        raise UsageError(
            _("writing .zst needs a package; install it with: pip install 'kerjasama-nlp[zstd]'")
        ) from None
    return zstandard.ZstdCompressor(_ZSTD_LEVEL).compress(data)


class Encoder(Protocol):
    """What makes bytes of labelled rows; it can be pickled."""

    def head(self) -> bytes:
        """Return what stands before the first row."""

    def encode(self, rows: Sequence[LabelledRow], /) -> bytes:
        """Return the rows of a block."""


@dataclass(frozen=True, slots=True)
class JsonEncoder:
    """Rows as JSON, a line each. A line that came in as JSON goes out byte for byte, with the labels in its end."""

    explain: bool = False
    compression: Compression = ""

    def head(self) -> bytes:
        """Return what stands before the first row."""
        # an empty file is no gzip file: without rows there is at least an empty member
        return compress(b"", self.compression) if self.compression else b""

    def encode(self, rows: Sequence[LabelledRow]) -> bytes:
        """Return the rows of a block."""
        ours = frozenset(added_columns(explain=self.explain))
        lines = [self._line(row, ours) for row in rows]
        for number in np.flatnonzero(~are_printable(lines)).tolist():
            lines[number] = self._line(rows[number], ours, escape=True)
        return compress(b"".join(lines), self.compression)

    def _line(self, labelled: LabelledRow, ours: frozenset[str], *, escape: bool = False) -> bytes:
        """Return the line of a row; where it may hold more than plain characters, it has to `escape` them."""
        row = labelled.row
        fields = row.fields
        labels = added_json(labelled, explain=self.explain)
        errors = "surrogatepass"  # so that half a character is found
        if escape:
            labels, errors = safe_json(labels), "replace"
        if row.raw is not None and fields and ours.isdisjoint(fields):
            # a carriage return stands between tokens only, and some readers end lines there
            raw = safe_json(row.raw).replace("\r", " ") if escape else row.raw
            kept = raw.rstrip(" \t")[:-1].rstrip(" \t")
        else:
            others = {name: value for name, value in fields.items() if name not in ours}
            if not others:
                return f"{labels}\n".encode("utf-8", errors)
            kept = to_json(others)[:-1]
        return f"{kept}, {labels[1:]}\n".encode("utf-8", errors)


def to_json(value: object) -> str:
    """Return a value that any source may hold as JSON; what JSON has no form for becomes text, nan null."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, default=_plain)
    except ValueError:
        text = json.dumps(_finite(value), ensure_ascii=False, default=_plain)
    return safe_json(text)


def _plain(value: object) -> str:
    """Return a value of Parquet that JSON doesn't know as text."""
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else str(value)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(entry) for name, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not isfinite(value) else value


@dataclass(frozen=True, slots=True)
class TableEncoder:
    """Rows as CSV with lines that end in CR LF, after a header; `columns` are the input's.

    `excel` puts a byte order mark first, and an apostrophe before what a spreadsheet would run as a formula.
    """

    columns: tuple[str, ...]
    delimiter: str
    explain: bool = False
    excel: bool = False
    compression: Compression = ""

    def head(self) -> bytes:
        """Return the header."""
        mark = BOM if self.excel else ""
        return self._bytes([[*self._kept(), *added_columns(explain=self.explain)]], mark)

    def encode(self, rows: Sequence[LabelledRow]) -> bytes:
        """Return the rows of a block."""
        kept = self._kept()
        return self._bytes([*map(cell, map(row.row.fields.get, kept)), *self._labels(row)] for row in rows)

    def encode_fields(self, rows: Iterable[Mapping[str, Any]]) -> bytes:
        """Return rows whose labels stand among their fields."""
        columns = [*self._kept(), *added_columns(explain=self.explain)]
        return self._bytes(map(cell, map(fields.get, columns)) for fields in rows)

    def _kept(self) -> list[str]:
        """Return the input's columns that labelling doesn't add."""
        ours = added_columns(explain=self.explain)
        return [name for name in self.columns if name not in ours]

    def _labels(self, row: LabelledRow) -> Iterable[str]:
        if row.labels is None or self.explain:
            return map(cell, added(row, explain=self.explain).values())
        return added_cells(row.labels)

    def _bytes(self, lines: Iterable[Iterable[str]], mark: str = "") -> bytes:
        if self.excel:
            lines = [[harmless(text) for text in line] for line in lines]
        # the writer quotes a line's end inside a cell only where it ends lines with the same characters
        buffer = io.StringIO()
        csv.writer(buffer, delimiter=self.delimiter, lineterminator="\r\n").writerows(lines)
        return compress((mark + buffer.getvalue()).encode("utf-8", "replace"), self.compression)


def from_json(part: Path, target: Path, encoder: TableEncoder) -> None:
    """Write the JSON lines of `part` as a table; they have no columns but the encoder's."""
    with part.open("rb") as lines, target.open("wb") as table:
        table.write(encoder.head())
        while chunk := lines.readlines(_CHUNK_BYTES):
            table.write(encoder.encode_fields(map(json.loads, chunk)))


def cell(value: Any) -> str:
    """Return a value as a cell: lists of texts joined by ";", other structures as JSON, null as nothing.

    >>> cell(["Jepang", "ASEAN"]), cell(True), cell(None), cell({"a": 1.5})
    ('Jepang;ASEAN', 'true', '', '{"a": 1.5}')
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
        return ";".join(value)
    text = to_json(value)
    return json.loads(text) if text.startswith('"') else text


def harmless(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula; numbers stay numbers.

    >>> harmless("=HYPERLINK(A1)"), harmless("-3.5"), harmless("-3.5+A1")
    ("'=HYPERLINK(A1)", '-3.5', "'-3.5+A1")
    """
    return f"'{text}" if text.startswith(_FORMULA_STARTS) and not _NUMBER.fullmatch(text) else text
