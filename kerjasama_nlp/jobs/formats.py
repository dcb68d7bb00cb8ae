"""Choosing how rows are written: by the output's name, or as they came."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple

from kerjasama_nlp.errors import UsageError
from kerjasama_nlp.i18n import _
from kerjasama_nlp.inputs.sources import Source
from kerjasama_nlp.jobs import outputs, parquet_output
from kerjasama_nlp.jobs.outputs import Compression, Encoder, JsonEncoder, TableEncoder
from kerjasama_nlp.jobs.parquet_output import ArrowEncoder

Kind = Literal["jsonl", "table", "parquet"]
# Is given the input's columns with the kinds of their values, the part, and the file to write.
Converter = Callable[[Mapping[str, str], Path, Path], None]

_TABLES = {".csv": ",", ".tsv": "\t"}
_COMPRESSIONS: Mapping[str, Compression] = {".gz": "gz", ".zst": "zst"}
# What a reader would expect other content under than what is written here.
_FOREIGN = frozenset({".xlsx", ".xls", ".ods", ".zip", ".bz2", ".xz", ".7z", ".feather", ".arrow"})


@dataclass(frozen=True, slots=True)
class Format:
    """How rows are written; `delimiter` belongs to tables only."""

    kind: Kind
    delimiter: str = ""
    compression: Compression = ""

    @classmethod
    def of(cls, output: Path | None, delimiter: str | None) -> Format:
        r"""Return the format that an output's name stands for; `delimiter` is the input's, None where it is no table.

        Without an output, tables stay what they are and everything else becomes JSONL. Raises UsageError
        for a name that promises another format.

        >>> Format.of(Path("b.tsv.gz"), ";")
        Format(kind='table', delimiter='\t', compression='gz')
        >>> Format.of(Path("b.csv"), ";").delimiter, Format.of(Path("b.csv"), None).delimiter
        (';', ',')
        """
        if output is None:
            return cls("jsonl") if delimiter is None else cls("table", delimiter)
        name = output.name.lower()
        compression = _COMPRESSIONS.get(output.suffix.lower(), "")
        suffix = Path(Path(name).stem if compression else name).suffix
        if suffix in _FOREIGN or (suffix == ".parquet" and compression):
            raise UsageError(
                _("found the output {name}, expected .jsonl, .csv, .tsv (each also .gz or .zst) or .parquet").format(
                    name=output.name
                )
            )
        if suffix == ".parquet":
            return cls("parquet")
        if suffix not in _TABLES:
            return cls("jsonl", compression=compression)
        # a .tsv holds tabs and a .csv doesn't, whatever the input did; other separators are kept
        kept = delimiter if suffix == ".csv" and delimiter not in {None, "\t"} else None
        return cls("table", kept or _TABLES[suffix], compression)


class Plan(NamedTuple):
    """How a job writes: blocks by `encoder`, and the whole by `convert` where blocks alone don't make it.

    `describe` tells that `convert` must know the columns and the kinds of their values.
    """

    encoder: Encoder
    describe: bool = False
    convert: Converter | None = None


def plan(output: Path | None, source: Source, sectors: tuple[str, ...], *, explain: bool, excel: bool) -> Plan:
    """Return how to write the rows of a source, labelled by a model that knows these sectors.

    Raises UsageError where the output's name or a missing package doesn't allow it, or `excel` is asked for
    something that is no table.
    """
    chosen = Format.of(output, source.delimiter)
    if excel and chosen.kind != "table":
        raise UsageError(_("--excel is for tables; expected an output that ends in .csv or .tsv"))
    outputs.compress(b"", chosen.compression)  # a missing package is told before the work
    if chosen.kind == "jsonl":
        return Plan(JsonEncoder(explain=explain, compression=chosen.compression))
    if chosen.kind == "parquet":
        parquet_output.require()
        if source.kind == "parquet":
            arrow = ArrowEncoder(parquet_output.input_schema(source.name), sectors, explain=explain)
            return Plan(arrow, convert=partial(_from_arrow, arrow))
        return Plan(
            JsonEncoder(explain=explain), describe=True, convert=partial(_parquet, sectors=sectors, explain=explain)
        )
    table = partial(
        TableEncoder, delimiter=chosen.delimiter, explain=explain, excel=excel, compression=chosen.compression
    )
    if source.columns is not None:
        return Plan(table(tuple(source.columns)))
    return Plan(JsonEncoder(explain=explain), describe=True, convert=partial(_table, table))


def _from_arrow(encoder: ArrowEncoder, _kinds: Mapping[str, str], part: Path, target: Path) -> None:
    parquet_output.from_arrow(part, target, encoder)


def _parquet(kinds: Mapping[str, str], part: Path, target: Path, *, sectors: tuple[str, ...], explain: bool) -> None:
    parquet_output.from_json(part, target, kinds, sectors, explain=explain)


def _table(
    encoder: Callable[[tuple[str, ...]], TableEncoder], kinds: Mapping[str, str], part: Path, target: Path
) -> None:
    outputs.from_json(part, target, encoder(tuple(kinds)))
