"""Parquet output; needs pyarrow (extra `parquet`), which is imported only here and only when it is used.

A Parquet file can't be put together from blocks, so rows wait in another form until all are there: those of
a Parquet file in Arrow's stream format, which keeps their types, all others as JSON lines. A column of JSON
becomes boolean, int64 or double where all its values are such, text otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerjasama_nlp.errors import UsageError
from kerjasama_nlp.i18n import _
from kerjasama_nlp.jobs.labelling import CONFIDENCES, EXPLANATION, LabelledRow, added, added_columns
from kerjasama_nlp.jobs.outputs import cell

# A row group holds at least so many rows or bytes: small ones are slow to read, large ones take memory.
_GROUP_ROWS = 1 << 14
_GROUP_BYTES = 1 << 25


def require() -> Any:
    """Return pyarrow; raises UsageError where it isn't installed."""
    try:
        import pyarrow as pa
        import pyarrow.parquet
    except ImportError:
        raise UsageError(
            _("writing .parquet needs a package; install it with: pip install 'kerjasama-nlp[parquet]'")
        ) from None
    return pa


def input_schema(path: str) -> bytes:
    """Return the schema of a Parquet file, serialised, so that workers can have it."""
    schema: bytes = require().parquet.read_schema(path).remove_metadata().serialize().to_pybytes()
    return schema


@dataclass(frozen=True, slots=True)
class ArrowEncoder:
    """Rows of a Parquet file as streams of Arrow, one a block; `schema` is the file's, `sectors` the model's."""

    schema: bytes
    sectors: tuple[str, ...]
    explain: bool = False

    def head(self) -> bytes:
        """Return what stands before the first row: nothing."""
        return b""

    def encode(self, rows: Sequence[LabelledRow]) -> bytes:
        """Return the rows of a block."""
        pa = require()
        schema = self.full_schema()
        table = pa.Table.from_pylist(
            [{**labelled.row.fields, **_typed(added(labelled, explain=self.explain))} for labelled in rows], schema
        )
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, schema) as writer:
            writer.write_table(table)
        data: bytes = sink.getvalue().to_pybytes()
        return data

    def full_schema(self) -> Any:
        """Return the schema of the labelled rows."""
        pa = require()
        ours = added_columns(explain=self.explain)
        kept = [entry for entry in pa.ipc.read_schema(pa.py_buffer(self.schema)) if entry.name not in ours]
        return pa.schema([*kept, *_added_fields(self.sectors, explain=self.explain)])


def from_arrow(part: Path, target: Path, encoder: ArrowEncoder) -> None:
    """Write the rows that an ArrowEncoder has put into `part` as Parquet."""
    pa = require()

    def tables() -> Iterator[Any]:
        with pa.memory_map(str(part)) as stream:
            size = stream.size()
            while stream.tell() < size:
                with pa.ipc.open_stream(stream) as reader:
                    yield reader.read_all()

    _write(target, encoder.full_schema(), tables())


def from_json(part: Path, target: Path, kinds: Mapping[str, str], sectors: tuple[str, ...], *, explain: bool) -> None:
    """Write the JSON lines of `part` as Parquet; `kinds` are its columns with the kinds of their values."""
    pa = require()
    ours = added_columns(explain=explain)
    types = {name: _type(kinds[name]) for name in kinds if name not in ours}
    schema = pa.schema(
        [*((name, pa.type_for_alias(alias)) for name, alias in types.items()), *_added_fields(sectors, explain=explain)]
    )

    def tables() -> Iterator[Any]:
        with part.open("rb") as stream:
            while lines := stream.readlines(_GROUP_BYTES >> 3):
                rows = map(json.loads, lines)
                yield pa.Table.from_pylist([{**_fit(row, types), **_typed(row)} for row in rows], schema)

    _write(target, schema, tables())


def _type(kinds: str) -> str:
    """Return Arrow's name of the type that takes all values of some kinds."""
    found = set(kinds)
    if not found or "s" in found or "o" in found:
        return "string"
    if found == {"b"}:
        return "bool"
    if found <= {"i", "l"}:
        return "int64"
    return "double" if found <= {"i", "f"} else "string"


def _fit(row: Mapping[str, Any], types: Mapping[str, str]) -> dict[str, Any]:
    values = {}
    for name, alias in types.items():
        value = row.get(name)
        if value is not None and alias == "string":
            # half a character, as a broken escape in JSON leaves it, becomes "?"
            value = cell(value).encode("utf-8", "replace").decode()
        values[name] = value
    return values


def _typed(labels: Mapping[str, Any]) -> dict[str, Any]:
    """Return the added columns among some fields, as their types want them."""
    explanation = labels.get(EXPLANATION)
    pairs = [tuple(pair) for pair in explanation] if explanation is not None else None
    values = {name: labels[name] for name in added_columns(explain=False)}
    if values[CONFIDENCES] == {}:
        values[CONFIDENCES] = "{}"
    return {**values, EXPLANATION: pairs}


def _added_fields(sectors: tuple[str, ...], *, explain: bool) -> list[Any]:
    pa = require()
    # Parquet has no structure without fields: a label set without sectors writes the text "{}", as in a table
    confidences = pa.struct([(name, pa.float64()) for name in sectors]) if sectors else pa.string()
    fields = [
        pa.field("form", pa.string()),
        pa.field("form_confidence", pa.float64()),
        pa.field("sectors", pa.list_(pa.string())),
        pa.field(CONFIDENCES, confidences),
        pa.field("parties", pa.list_(pa.string())),
        pa.field("needs_review", pa.bool_()),
        pa.field("error", pa.string()),
    ]
    pairs = pa.list_(pa.struct([("feature", pa.string()), ("part", pa.float64())]))
    return [*fields, pa.field(EXPLANATION, pairs)] if explain else fields


def _write(target: Path, schema: Any, tables: Iterable[Any]) -> None:
    pa = require()
    with pa.parquet.ParquetWriter(target, schema) as writer:
        waiting: list[Any] = []
        rows = size = 0
        for table in tables:
            waiting.append(table)
            rows += table.num_rows
            size += table.nbytes
            if rows >= _GROUP_ROWS or size >= _GROUP_BYTES:
                writer.write_table(pa.concat_tables(waiting))
                waiting = []
                rows = size = 0
        if waiting:
            writer.write_table(pa.concat_tables(waiting))
