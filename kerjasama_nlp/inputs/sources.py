"""Sources: an input of any format as blocks of raw records, cheap enough for one process to feed many.

What the records mean is left to `rows`, which runs where the rows are labelled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from kerjasama_nlp.errors import InputError, UsageError
from kerjasama_nlp.i18n import _
from kerjasama_nlp.inputs import blocks, charsets, columns, compression, folders, parquet, row_lines, tables
from kerjasama_nlp.inputs.blocks import BLOCK_ROWS, Block, Broken
from kerjasama_nlp.inputs.compression import STANDARD_INPUT, TEXT_SUFFIXES, StandardInput, Stream

__all__ = ["FORMATS", "Block", "Broken", "Source", "open_source"]

# The formats that can be named, and the suffixes that name them; everything else is JSONL.
FORMATS = ("jsonl", "csv", "tsv", "txt", "parquet")
_BY_SUFFIX = {".csv": "csv", ".tsv": "tsv", ".parquet": "parquet", **dict.fromkeys(TEXT_SUFFIXES, "txt")}
# What a file starts with that is no text, and what people call it.
_BINARY = {
    b"PK\x03\x04": "XLSX/ZIP",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "XLS/DOC",
    b"%PDF-": "PDF",
    b"\x89PNG\r\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"BZh91AY&SY": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"SQLite format 3\x00": "SQLite",
}


class _Input(Protocol):
    """What a source reads from."""

    def progress(self) -> float | None: ...

    def close(self) -> None: ...


@dataclass
class Source:
    """An input that is open; `blocks` reads it once, to its end.

    `kind` is "jsonl", "table", "text", "folder" or "parquet". `columns` are the names of all fields, None where
    each row has its own (JSONL). `text_column` is the column of the texts of tables and Parquet; of JSONL the one
    that was named, or None. `id_column` is the one that was named, as the columns write it. `delimiter` is that of
    a table, `line` the number of the line at which the last record taken from it ends.
    """

    name: str
    kind: str
    columns: list[str] | None
    text_column: str | None
    id_column: str | None
    encoding: str
    _input: _Input = field(repr=False)
    _blocks: Iterator[Block] = field(repr=False)
    delimiter: str | None = None
    line: Callable[[], int] | None = field(default=None, repr=False)

    def blocks(self) -> Iterator[Block]:
        """Yield the records in blocks; raises InputError where reading fails, after all records before that."""
        try:
            yield from self._blocks
        except OSError as error:
            raise compression.unreadable(self.name, error) from None
        finally:
            self.close()

    def progress(self) -> float | None:
        """Return the share of the input that was read, None for a pipe."""
        return self._input.progress()

    def close(self) -> None:
        """Close the input; `blocks` does so at its end."""
        self._input.close()


class _Asked(NamedTuple):
    """What the caller asked for."""

    text_column: str | None
    id_column: str | None
    encoding: str
    format: str
    delimiter: str | None
    block_rows: int


def open_source(
    source: str,
    standard_input: StandardInput,
    *,
    text_column: str | None = None,
    id_column: str | None = None,
    encoding: str = "utf-8",
    format: str | None = None,  # noqa: A002  # as the option is called
    delimiter: str | None = None,
    block_rows: int = BLOCK_ROWS,
) -> Source:
    """Open a file, a folder of articles, or standard input ("-").

    The name's suffix tells the format where `format`, one of FORMATS, doesn't; a byte order mark counts more than
    `encoding`. A table's `delimiter` is found out where it isn't given. Blocks have `block_rows` rows at most.

    Raises UsageError for an unknown format or delimiter; InputError where the input can't be read, is no text, or
    lacks a column that was asked for, for unknown encodings, and where a package is missing.
    """
    charsets.check(encoding)
    asked = _Asked(text_column, id_column, encoding, _format(source, format), _delimiter(delimiter), block_rows)
    try:
        if source != STANDARD_INPUT and Path(source).is_dir():
            return _folder(source, asked)
        stream = compression.open_bytes(source, standard_input)
    except (OSError, ValueError) as error:  # a name with a NUL is a ValueError
        raise compression.unreadable(source, error) from None
    try:
        _refuse_binary(stream)
        if asked.format == "parquet" or stream.head.startswith(parquet.MAGIC):
            stream.close()
            return _parquet(source, asked)
        asked = asked._replace(encoding=charsets.sniff(stream.head, encoding))
        return {"jsonl": _json_lines, "txt": _text}.get(asked.format, _table)(stream, asked)
    except BaseException:
        stream.close()
        raise


def _format(source: str, named: str | None) -> str:
    if named is not None and named not in FORMATS:
        raise UsageError(
            _("found the format {name!r}, expected one of {formats}").format(name=named, formats=", ".join(FORMATS))
        )
    return named or _BY_SUFFIX.get(compression.suffix(source), "jsonl")


def _delimiter(named: str | None) -> str | None:
    delimiter = "\t" if named == r"\t" else named
    if delimiter is None or (len(delimiter) == 1 and delimiter not in '"\r\n'):
        return delimiter
    raise UsageError(_("found the delimiter {name!r}, expected one character, such as ; or |").format(name=named))


def _refuse_binary(stream: Stream) -> None:
    for start, kind in _BINARY.items():
        if stream.head.startswith(start):
            raise InputError(
                _("{path}: found a binary file ({kind}), expected text; save a workbook as CSV UTF-8").format(
                    path=stream.name, kind=kind
                )
            )


def _json_lines(stream: Stream, asked: _Asked) -> Source:
    chunks = charsets.to_utf8(stream.chunks(), asked.encoding)
    found = row_lines.blocks(chunks, blocks.seed("jsonl", asked.text_column), asked.block_rows)
    return Source(stream.name, "jsonl", None, asked.text_column, asked.id_column, asked.encoding, stream, found)


def _text(stream: Stream, asked: _Asked) -> Source:
    names = ["text"]
    chosen = columns.choose(names, asked.text_column, asked.id_column)
    lines = row_lines.text_lines(stream, asked.encoding, newline=None)
    records = (line if isinstance(line, Broken) else line.removesuffix("\n") for line in lines)
    found = blocks.gather(map(_measured, records), blocks.seed("text", charsets.name(asked.encoding)), asked.block_rows)
    return Source(stream.name, "text", names, *chosen, asked.encoding, stream, found)


def _table(stream: Stream, asked: _Asked) -> Source:
    lines = row_lines.text_lines(stream, asked.encoding, newline="")
    table = tables.Table(lines, stream.name, asked.delimiter or ("\t" if asked.format == "tsv" else None))
    chosen = columns.choose(table.columns, asked.text_column, asked.id_column)
    start = blocks.seed("table", table.columns, chosen.text, charsets.name(asked.encoding))
    found = blocks.gather(map(_measured, table.records()), start, asked.block_rows)
    return Source(
        stream.name, "table", table.columns, *chosen, asked.encoding, stream, found, table.delimiter, lambda: table.line
    )


def _parquet(source: str, asked: _Asked) -> Source:
    if source == STANDARD_INPUT:
        raise InputError(_("found Parquet on standard input, which can only be read from a file; save it as one"))
    file = parquet.ParquetFile(source)
    try:
        chosen = columns.choose(file.columns, asked.text_column, asked.id_column)
    except InputError:
        file.close()
        raise
    start = blocks.seed("parquet", file.columns, chosen.text)
    found = blocks.gather(map(_measured, file.records()), start, asked.block_rows)
    return Source(source, "parquet", file.columns, *chosen, "utf-8", file, found)


def _folder(source: str, asked: _Asked) -> Source:
    if asked.text_column is not None:
        raise UsageError(
            _("{path}: the articles of a folder have no columns; leave --text-column out").format(path=source)
        )
    identity = columns.choose_id(folders.COLUMNS, asked.id_column)
    folder = folders.Folder(source)
    found = blocks.gather(folder.records(), blocks.seed("folder", asked.encoding), asked.block_rows)
    return Source(source, "folder", folders.COLUMNS, None, identity, asked.encoding, folder, found)


def _measured(record: Any) -> tuple[Any, int, str]:
    """Return a record with its size in characters, and a text that stands for it in the digest."""
    if isinstance(record, Broken):
        return record, len(record.raw), "!" + blocks.frame([record.raw, record.fault])
    cells = record if isinstance(record, list) else [record if isinstance(record, str) else repr(record)]
    return record, sum(map(len, cells)) + len(cells), blocks.frame(cells)
