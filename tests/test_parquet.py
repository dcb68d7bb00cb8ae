"""Parquet: rows as Python's own objects, whatever the columns hold."""

import datetime as dt
import sys

import pyarrow as pa
import pytest
from inputs import TEXTS, no_input, pipe, read, write
from pyarrow import parquet

from kerjasama_nlp.errors import InputError
from kerjasama_nlp.inputs.rows import RowReader
from kerjasama_nlp.inputs.sources import open_source

BROKEN = pa.Array.from_buffers(pa.string(), 2, pa.array([b"caf\xe9", b"dua"]).buffers())


def _write(path, **columns):
    parquet.write_table(pa.table(columns), path)
    return path


def test_rows(tmp_path):
    """Each row has its columns in order, with values of their own types."""
    path = _write(
        tmp_path / "a.parquet",
        id=list(range(len(TEXTS))),
        judul=[None, "J", None, None],
        text=TEXTS,
        when=[dt.date(2026, 1, 1)] * 4,
        tags=[["a", "b"], [], None, ["c"]],
        info=[{"n": 1.5}] * 4,
    )
    source = open_source(str(path), no_input, id_column="ID")
    assert (source.kind, source.columns) == ("parquet", ["id", "judul", "text", "when", "tags", "info"])
    assert (source.text_column, source.id_column, source.delimiter) == ("text", "id", None)
    assert source.progress() == 0
    rows = [row for block in source.blocks() for row in RowReader.of(source).rows(block.records)]
    assert source.progress() == 1
    assert rows[1].fields == {
        "id": 1,
        "judul": "J",
        "text": TEXTS[1],
        "when": dt.date(2026, 1, 1),
        "tags": [],
        "info": {"n": 1.5},
    }
    assert [row.text for row in rows] == [TEXTS[0], f"J\n{TEXTS[1]}", TEXTS[2].replace("\t", " "), TEXTS[3]]


def test_name_and_blocks(tmp_path):
    """Its first bytes tell Parquet, whatever its name; blocks don't depend on its row groups."""
    texts = [f"kabar {number}" for number in range(1200)]
    path = tmp_path / "a.dat"
    found = []
    for size in (100, 1200):
        parquet.write_table(pa.table({"text": texts}), path, row_group_size=size)
        found.append(list(open_source(str(path), no_input).blocks()))
    assert found[0] == found[1]
    assert [len(block.records) for block in found[0]] == [256, 256, 256, 256, 176]
    parquet.write_table(pa.table({"text": [*texts[:-1], "lain"]}), path)
    other = list(open_source(str(path), no_input).blocks())
    assert [a.digest == b.digest for a, b in zip(found[0], other, strict=True)] == [True] * 4 + [False]


def test_texts_that_are_none(tmp_path):
    """A text that is null, blank, or a number is a row with its fault."""
    assert [row.fault for row in read(_write(tmp_path / "a.parquet", text=["a", None, " "]))] == [
        None,
        "no text",
        "the text is blank",
    ]
    assert [row.fault for row in read(_write(tmp_path / "a.parquet", text=[1]))] == ["no text"]


def test_values_that_python_does_not_take(tmp_path):
    """Strings that aren't UTF-8 cost their own row; a time beyond Python's is a text."""
    path = _write(
        tmp_path / "a.parquet",
        text=BROKEN,
        kind=BROKEN.dictionary_encode(),
        when=pa.array([1, 2000], pa.timestamp("ns")),
        tags=pa.ListArray.from_arrays(pa.array([0, 1, 2]), BROKEN),
        info=pa.StructArray.from_arrays([BROKEN], ["n"]),
    )
    first, second = read(path)
    assert (first.fields["text"], first.fields["kind"], first.fault) == ("caf\ufffd", "caf\ufffd", "not UTF-8")
    assert first.fields["when"] == "1970-01-01 00:00:00.000000001"
    assert (second.text, second.fault, second.fields["tags"], second.fields["info"]) == (
        "dua",
        None,
        ["dua"],
        {"n": "dua"},
    )


def test_repeated_names(tmp_path):
    """Columns of the same name all stay."""
    parquet.write_table(pa.table([["a"], ["b"]], names=["text", "text"]), tmp_path / "a.parquet")
    (row,) = read(tmp_path / "a.parquet")
    assert row.fields == {"text": "a", "text_2": "b"}


def test_errors(tmp_path, monkeypatch):
    """No column of texts, damage, a pipe, and a missing package are told."""
    path = _write(tmp_path / "a.parquet", id=[1], text=["a" * 1000])
    closed = []

    def close(file):
        closed.append(file)

    monkeypatch.setattr(parquet.ParquetFile, "close", close)
    with pytest.raises(InputError, match="found the columns id, text, none of them a text"):
        read(path, text_column="isi")
    assert len(closed) == 1
    with pytest.raises(InputError, match="found Parquet on standard input, which can only be read from a file"):
        read("-", pipe(path.read_bytes()))
    data = path.read_bytes()
    write(tmp_path / "b.parquet", data[:10] + b"\xff" * 60 + data[70:])
    with pytest.raises(InputError, match=r"b\.parquet: cannot be read"):
        read(tmp_path / "b.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match=r"reading Parquet needs .*'kerjasama-nlp\[parquet\]'"):
        read(path)


def test_damage_below_rows(tmp_path, monkeypatch):
    """Where pyarrow gives up in the middle, the rows before come out, then the error, in one line."""
    real = parquet.ParquetFile.iter_batches

    def iter_batches(self, size):
        yield from real(self, size)
        raise pa.ArrowInvalid("rusak\n")

    path = _write(tmp_path / "a.parquet", text=TEXTS)
    monkeypatch.setattr(parquet.ParquetFile, "iter_batches", iter_batches)
    blocks = open_source(str(path), no_input).blocks()
    assert [record["text"] for record in next(blocks).records] == TEXTS
    with pytest.raises(InputError, match=r"a\.parquet: cannot be read \(rusak\)$"):
        next(blocks)


def test_lengths_of_time_in_nanoseconds(tmp_path):
    """A length of time is one of Python's, to the microsecond."""
    path = _write(tmp_path / "a.parquet", text=["satu"], lama=pa.array([1_500_000_000], pa.duration("ns")))
    assert [row.fields["lama"] for row in read(path)] == [dt.timedelta(seconds=1.5)]
