"""Rows: what the raw records of a source say. Pure, and cheap to send to another process."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn, Self

from kerjasama_nlp.errors import InputError
from kerjasama_nlp.i18n import _
from kerjasama_nlp.inputs import charsets, columns, compression
from kerjasama_nlp.inputs.blocks import MAX_ARTICLE_BYTES, MAX_TEXT, Broken
from kerjasama_nlp.inputs.charsets import BROKEN
from kerjasama_nlp.inputs.sources import Source
from kerjasama_nlp.language.clean import clean

# Python's JSON gives up at a depth that depends on who calls it; a row has to mean the same in every process.
_MAX_DEPTH = 200
_HTML_SUFFIXES = frozenset({".html", ".htm"})


@dataclass(frozen=True, slots=True)
class Row:
    """An input row: its fields as read, in order, and its cleaned text, or why there is none (`fault`).

    `raw` is the line of a JSON object as it stood there, so that it can be written again without a change.
    """

    fields: Mapping[str, Any]
    text: str
    fault: str | None = None
    raw: str | None = None


@dataclass(frozen=True)
class RowReader:
    """Makes rows of the records of one source.

    `kind`, `columns`, `text_column` and `encoding` are the source's; `folder` is where its articles stand.
    """

    kind: str
    columns: tuple[str, ...]
    text_column: str | None
    title_column: str | None
    encoding: str
    folder: str

    @classmethod
    def of(cls, source: Source) -> Self:
        """Return the reader for the records of a source."""
        names = tuple(source.columns or ())
        text_column, title_column = columns.text_and_title(names, source.text_column)
        return cls(
            kind=source.kind,
            columns=names,
            text_column=text_column if names else source.text_column,
            title_column=title_column,
            encoding=source.encoding,
            folder=str(Path(source.name).absolute()),
        )

    def rows(self, records: Sequence[Any]) -> list[Row]:
        """Return a row for each record, in order."""
        readers: dict[str, Callable[[Any], Row]] = {
            "jsonl": self._line,
            "table": self._cells,
            "text": self._text,
            "folder": self._file,
            "parquet": self._object,
        }
        from kerjasama_nlp.language.plain import are_clean  # imports NumPy, which only the reading of rows takes

        read = readers[self.kind]
        rows = [self._broken(record) if isinstance(record, Broken) else read(record) for record in records]
        with_text = [number for number, row in enumerate(rows) if row.fault is None]
        clean_already = are_clean([rows[number].text for number in with_text]).tolist()
        for number, is_clean in zip(with_text, clean_already, strict=True):
            if not is_clean:
                rows[number] = _cleaned(rows[number])
        return rows

    def _broken(self, record: Broken) -> Row:
        """Return the row of a record that couldn't be cut out: what is left of it stands in the column of texts."""
        fields = dict.fromkeys(self.columns, "")
        column = self.text_column if self.columns else None
        fields[column or "raw"] = charsets.shown(record.raw)
        return Row(fields, "", record.fault)

    def _line(self, line: bytes) -> Row:
        """Return the row of a line of JSONL."""
        try:
            raw = line.decode()
            value = _json(raw)
        except (ValueError, RecursionError):
            return Row({"raw": line.decode("utf-8", "replace")}, "", _("not JSON"))
        if not isinstance(value, dict):
            return Row({"raw": value}, "", _("not an object"))
        return _row(value, *columns.text_and_title(value, self.text_column), raw)

    def _cells(self, cells: list[str]) -> Row:
        """Return the row of a record of a table."""
        found, expected = len(cells), len(self.columns)
        intact = not any(BROKEN in cell for cell in cells)
        if not intact:
            cells = [charsets.shown(cell) for cell in cells]
        fields = dict(zip(self.columns, cells, strict=False))
        if found == expected:
            if intact:
                return _row(fields, self.text_column, self.title_column)
            return Row(fields, "", self._not_in_encoding())
        if found < expected:
            fault = _("found {found} cells, expected {expected}").format(found=found, expected=expected)
            return Row({**dict.fromkeys(self.columns, ""), **fields}, "", fault)
        surplus = json.dumps(cells[expected:], ensure_ascii=False)
        fault = _("found {found} cells, expected {expected}; without a column: {surplus}")
        return Row(fields, "", fault.format(found=found, expected=expected, surplus=surplus))

    def _text(self, text: str) -> Row:
        """Return the row of a line of a text file."""
        if BROKEN in text:
            return Row({"text": charsets.shown(text)}, "", self._not_in_encoding())
        return _row({"text": text}, "text")

    def _object(self, fields: dict[str, Any]) -> Row:
        """Return the row of a Parquet file."""
        broken = [name for name, value in fields.items() if isinstance(value, str) and BROKEN in value]
        if broken:
            shown = {name: charsets.shown(fields[name]) for name in broken}
            return Row({**fields, **shown}, "", self._not_in_encoding())
        return _row(fields, self.text_column, self.title_column)

    def _not_in_encoding(self) -> str:
        return _("not {encoding}").format(encoding=charsets.name(self.encoding))

    def _file(self, name: str) -> Row:
        """Return the row of a file of a folder: its name, its title, and its text as an article is read."""
        from kerjasama_nlp.documents.articles import decode, parse_article  # no other source needs them
        from kerjasama_nlp.documents.markup import html_to_lines

        try:
            text = decode(_content(Path(self.folder, name), name), name, self.encoding)
        except InputError as error:
            return Row({"id": name}, "", str(error))
        title, body = html_to_lines(text) if compression.suffix(name) in _HTML_SUFFIXES else ("", text)
        article = parse_article(name, title, body, path=name)
        parts = [part for block in article.blocks for part in (block.text, *block.items) if part]
        return _with_text({"id": name, "title": article.title}, "\n".join([article.title, *parts]))


def _row(
    fields: Mapping[str, Any], text_column: str | None, title_column: str | None = None, raw: str | None = None
) -> Row:
    text = None if text_column is None else fields[text_column]
    if not isinstance(text, str):
        return Row(fields, "", _("no text"), raw)
    title = None if title_column is None else fields[title_column]
    return _with_text(fields, f"{title}\n{text}" if isinstance(title, str) and title else text, raw)


def _with_text(fields: Mapping[str, Any], text: str, raw: str | None = None) -> Row:
    """Return the row of a text that isn't cleaned yet."""
    if len(text) > MAX_TEXT:
        fault = _("found a text of {length} characters, expected at most {limit}")
        return Row(fields, "", fault.format(length=len(text), limit=MAX_TEXT), raw)
    return Row(fields, text, None, raw)


def _cleaned(row: Row) -> Row:
    """Return a row with its text cleaned; it has a fault where nothing is left."""
    text = clean(row.text)
    return replace(row, text=text) if text.strip() else replace(row, text="", fault=_("the text is blank"))


def _refuse(constant: str) -> NoReturn:
    """Refuse NaN and Infinity, which JSON doesn't have."""
    raise ValueError(constant)


_decode_json = json.JSONDecoder(parse_constant=_refuse).decode


def _json(line: str) -> Any:
    """Return the value of a line of JSON; raises ValueError where it isn't any, or is nested too deep."""
    if line.count("[") + line.count("{") > _MAX_DEPTH and _is_deep(line):
        raise ValueError
    value = _decode_json(line)
    if not isinstance(value, dict):
        json.dumps(value, allow_nan=False)  # a number beyond a float's range can't be written again
    return value


def _is_deep(line: str) -> bool:
    """Tell whether more than _MAX_DEPTH brackets are open at once, those in strings aside."""
    depth = 0
    for outside in line.replace("\\\\", "").replace('\\"', "").split('"')[::2]:
        for character in outside:
            if character in "[{":
                depth += 1
                if depth > _MAX_DEPTH:
                    return True
            elif character in "]}":
                depth -= 1
    return False


def _content(file: Path, name: str) -> bytes:
    """Return the bytes of a file, decompressed; raises InputError where it can't be read, or is too long."""
    pieces, length = [], 0
    try:
        with file.open("rb") as raw, compression.Stream(raw, name) as stream:
            for piece in stream.chunks():
                pieces.append(piece)
                length += len(piece)
                if length > MAX_ARTICLE_BYTES:
                    fault = _("{path}: found an article of more than {limit} bytes; cut it into several")
                    raise InputError(fault.format(path=name, limit=MAX_ARTICLE_BYTES))
    except OSError as error:
        raise compression.unreadable(name, error) from None
    return b"".join(pieces)
