"""Output formats: what came in goes out unchanged, with the labels behind it."""

import csv
import gzip
import io
import json
import sys
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import zstandard
from conftest import cases
from hypothesis import example, given
from hypothesis import strategies as st
from jobs import run

from kerjasama_nlp.errors import UsageError
from kerjasama_nlp.inputs.rows import Row
from kerjasama_nlp.jobs import outputs, parquet_output
from kerjasama_nlp.jobs.formats import Format
from kerjasama_nlp.jobs.labelling import ADDED, LabelledRow, added, added_cells, added_json
from kerjasama_nlp.labels.label_set import standard
from kerjasama_nlp.records import Labels

FORMS, SECTORS = standard().forms, standard().sectors

PACT = "Indonesia dan Jepang menandatangani perjanjian dagang di Tokyo."
LOCAL = "Petani Sleman panen cabai."
OURS = list(ADDED)


def _label(data, tmp_path, name="a.jsonl", **options):
    """Label the bytes of a file without an output; return what was written."""
    (tmp_path / name).write_bytes(data)
    return run(tmp_path / name, **options).out


def _rows(data, delimiter=","):
    return list(csv.reader(io.StringIO(data.decode(), newline=""), delimiter=delimiter))


# JSON lines


@pytest.mark.parametrize("case", cases("spliced.json"))
def test_line_of_json_goes_out_as_it_came(tmp_path, case):
    """The labels are written into the end of the line; nothing else of it changes."""
    data = _label(case["line"].encode() + b"\n", tmp_path)
    (line,) = data.decode().split("\n")[:-1]
    kept = case["kept"]
    assert line.startswith(kept + (", " if kept != "{" else "") + '"form": ')
    assert list(json.loads(line))[-len(OURS) :] == OURS
    assert json.loads(line)["error"] == case.get("error")


def _labels(form, probability):
    confidences = dict.fromkeys(SECTORS, probability)
    return Labels(form, probability, ("ekonomi",), confidences, ('A "B"', "Côte"), needs_review=True)


@given(st.floats(0, 1) | st.integers(0, 20_000).map(lambda step: step / 20_000))
@example(0.00005)
@example(0.99995)
@example(0.12345)
def test_labels_as_json(probability):
    """Fast or not, the labels are the same JSON, and the same cells."""
    labels = _labels("bukan", probability)
    labelled = LabelledRow(Row({}, "x"), labels)
    columns = added(labelled, explain=False)
    assert added_json(labelled, explain=False) == json.dumps(columns, ensure_ascii=False)
    assert added_cells(labels) == [outputs.cell(value) for value in columns.values()]


def test_failed_rows_have_nulls_in_every_format(tmp_path):
    """A row that can't be labelled has its place, its fields, nulls, and the reason."""
    data = _label(b'{"text": 1, "id": 7}\n', tmp_path)
    assert json.loads(data) == {"text": 1, "id": 7} | dict.fromkeys(OURS) | {"error": "no text"}
    data = _label(b"text,id\n  ,7\n", tmp_path, "a.csv")
    assert _rows(data)[1] == ["  ", "7", *[""] * 6, "the text is blank"]


def test_explanation_is_a_column(tmp_path):
    """With an explanation every row has that column, a failed one an empty one."""
    lines = json.dumps({"text": PACT}).encode() + b"\nrusak\n"
    data = _label(lines, tmp_path, explain=True)
    good, bad = map(json.loads, data.splitlines())
    assert list(good) == ["text", *OURS, "explanation"]
    assert (len(good["explanation"]), bad["explanation"]) == (8, None)
    data = _label(f"text\n{PACT}\n".encode(), tmp_path, "a.csv", explain=True)
    assert json.loads(_rows(data)[1][-1]) == good["explanation"]


# Tables


@pytest.mark.parametrize(
    ("name", "delimiter", "output", "written"),
    [
        ("a.csv", ";", None, ";"),
        ("a.csv", ";", "b.csv", ";"),
        ("a.csv", "|", "b.csv.gz", "|"),
        ("a.csv", ";", "b.tsv", "\t"),
        ("a.tsv", "\t", "b.csv", ","),
        ("a.tsv", "\t", None, "\t"),
    ],
)
def test_delimiter(tmp_path, name, delimiter, output, written):
    """A table keeps its delimiter, but a .tsv always has tabs, and a .csv never."""
    header, text = delimiter.join(["id", "isi"]), delimiter.join(["1", LOCAL])
    (tmp_path / name).write_text(f"{header}\n{text}\n", encoding="utf-8")
    data = _written(tmp_path, name, output, delimiter=delimiter)
    assert _rows(data, written)[0] == ["id", "isi", *OURS]
    assert _rows(data, written)[1][:3] == ["1", LOCAL, "bukan"]
    assert data.count(b"\r\n") == data.count(b"\n") == 2


def _written(tmp_path, name, output=None, **options):
    """Label a file into another one, or without an output; return what was written, decompressed."""
    if output is None:
        return run(tmp_path / name, **options).out
    run(tmp_path / name, tmp_path / output, **options)
    data = (tmp_path / output).read_bytes()
    if output.endswith(".zst"):
        decompressor = zstandard.ZstdDecompressor()
        return decompressor.stream_reader(io.BytesIO(data), read_across_frames=True).read()
    return gzip.decompress(data) if output.endswith(".gz") else data


@pytest.mark.parametrize("name", ["b.csv", "b.csv.gz", "b.csv.zst", "b.jsonl", "b.jsonl.gz", "b.jsonl.zst"])
@pytest.mark.parametrize("rows", [0, 1, 7])
def test_compression(tmp_path, name, rows):
    """Compressed or not, and however many rows there are, the content is the same."""
    (tmp_path / "a.csv").write_text("text\n" + f"{PACT}\n" * rows, encoding="utf-8")
    plain = _written(tmp_path, "a.csv", name.removesuffix(".gz").removesuffix(".zst"), force=True)
    assert _written(tmp_path, "a.csv", name, force=True) == plain
    assert plain.count(b"\n") == rows + name.startswith("b.csv")


def test_compressed_bytes_hold_no_time():
    """The same rows are the same bytes, today and tomorrow."""
    assert outputs.compress(b"satu", "gz")[4:8] == bytes(4)


def test_columns_of_all_rows(tmp_path):
    """A table of JSON lines has the columns of all rows, in order of appearance; those of labelling come last."""
    rows = [{"id": 1, "text": PACT}, {"error": 1, "text": LOCAL, "n": 1.50}] + [{"text": LOCAL}] * 9 + [{"lain": [1]}]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    found = _rows(_written(tmp_path, "a.jsonl", "b.csv"))
    assert found[0] == ["id", "text", "n", "lain", *OURS]
    assert found[1][:5] == ["1", PACT, "", "", "bilateral"]
    assert found[2][:4] == ["", LOCAL, "1.5", ""]
    assert found[-1][3:5] == ["[1]", ""]
    assert len(found) == 13


def test_lists_and_objects_in_cells(tmp_path):
    """Sectors and parties are joined by semicolons, confidences are an object of JSON, truth is a word."""
    header, row = _rows(_label(f"text\n{PACT}\n".encode(), tmp_path, "a.csv"))
    found = dict(zip(header, row, strict=True))
    assert (found["parties"], found["sectors"], found["needs_review"], found["error"]) == (
        "Indonesia;Jepang",
        "ekonomi",
        "false",
        "",
    )
    assert list(json.loads(found["sector_confidence"])) == list(SECTORS)


FORMULAS = ["=1+1", "+62 812", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "=cmd|'/C calc'!A0", "＝1"]
HARMLESS = ["-3.5", "+5", "-1.000,50", "-12%", "1=1", "a", "", "'=1"]


def test_excel(tmp_path):
    """For a spreadsheet there is a byte order mark, and no cell that it would run; without --excel nothing changes."""
    buffer = io.StringIO()
    rows = [["=id", "text"], *([value, LOCAL] for value in FORMULAS + HARMLESS)]
    csv.writer(buffer).writerows(rows)
    plain = _label(buffer.getvalue().encode(), tmp_path, "a.csv")
    assert [row[:1] for row in _rows(plain)] == [row[:1] for row in rows]
    safe = _label(buffer.getvalue().encode(), tmp_path, "a.csv", excel=True)
    assert safe.startswith(b"\xef\xbb\xbf")
    found = [row[0] for row in _rows(safe.removeprefix(b"\xef\xbb\xbf"))]
    assert found == ["'=id", *(f"'{value}" for value in FORMULAS), *HARMLESS]


def test_excel_of_what_is_converted(tmp_path):
    """The same holds for a table that is made of JSON lines."""
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": "=1+1 " + LOCAL}) + "\n", encoding="utf-8")
    data = _written(tmp_path, "a.jsonl", "b.csv", excel=True)
    assert data.startswith(b"\xef\xbb\xbftext,form,")
    assert b"\r\n'=1+1 Petani" in data


# Parquet

TYPED = {
    "text": PACT,
    "waktu": datetime(2026, 8, 17, 10, 30, tzinfo=UTC),
    "hari": date(2026, 8, 17),
    "harga": Decimal("1234.50"),
    "isi": b"\xff\x00",
    "tag": ["a", None],
    "nilai": float("nan"),
    "n": 7,
    "kosong": None,
}


@pytest.fixture
def typed(tmp_path):
    """Return a Parquet file of seven rows with columns of many types."""
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    schema = pa.schema(
        [
            ("text", pa.string()),
            ("waktu", pa.timestamp("us", tz="UTC")),
            ("hari", pa.date32()),
            ("harga", pa.decimal128(10, 2)),
            ("isi", pa.binary()),
            ("tag", pa.list_(pa.string())),
            ("nilai", pa.float32()),
            ("n", pa.int16()),
            ("kosong", pa.dictionary(pa.int32(), pa.string())),
        ]
    )
    pq.write_table(pa.Table.from_pylist([TYPED] * 6 + [{"text": None}], schema), tmp_path / "a.parquet")
    return tmp_path / "a.parquet"


def _parquet(path):
    import pyarrow.parquet as pq

    return pq.read_table(path)


def test_parquet_keeps_types(tmp_path, typed):
    """Columns of Parquet keep their types and values, and labels have types of their own."""
    run(typed, tmp_path / "b.parquet")
    before, after = _parquet(typed), _parquet(tmp_path / "b.parquet")
    kept = after.select(before.column_names)
    assert kept.schema == before.schema
    assert repr(kept.to_pylist()) == repr(before.to_pylist())  # nan equals no nan
    assert after.column_names == [*before.column_names, *OURS]
    types = {name: str(after.schema.field(name).type) for name in OURS}
    assert types.pop("sector_confidence").startswith("struct<ekonomi: double, ")
    assert types == {
        "form": "string",
        "form_confidence": "double",
        "sectors": "list<element: string>",
        "parties": "list<element: string>",
        "needs_review": "bool",
        "error": "string",
    }
    first, last = after.slice(0, 1).to_pylist()[0], after.slice(6, 1).to_pylist()[0]
    assert (first["form"], first["parties"], first["error"]) == ("bilateral", ["Indonesia", "Jepang"], None)
    assert [last[name] for name in OURS] == [None] * 6 + ["no text"]


def test_parquet_to_json(typed):
    """What JSON has no form for becomes text, and nan null."""
    first = json.loads(run(typed).out.splitlines()[0])
    assert {name: first[name] for name in TYPED} == {
        "text": PACT,
        "waktu": "2026-08-17T10:30:00+00:00",
        "hari": "2026-08-17",
        "harga": "1234.50",
        "isi": "ff00",
        "tag": ["a", None],
        "nilai": None,
        "n": 7,
        "kosong": None,
    }


def test_parquet_to_csv(tmp_path, typed):
    """The same goes for a table."""
    header, first, *_rest = _rows(_written(tmp_path, typed.name, "b.csv"))
    found = dict(zip(header, first, strict=True))
    assert [found[name] for name in TYPED] == [
        PACT,
        "2026-08-17T10:30:00+00:00",
        "2026-08-17",
        "1234.50",
        "ff00",
        '["a", null]',
        "null",
        "7",
        "",
    ]


@pytest.mark.parametrize(
    ("values", "alias"),
    [
        ([1, None, 2], "int64"),
        ([1, 1 << 60], "int64"),
        ([1, 0.5], "double"),
        ([1 << 60, 0.5], "string"),
        ([1 << 70], "string"),
        ([True, False], "bool"),
        ([True, 1], "string"),
        (["a", 1], "string"),
        ([[1], {"a": 2}], "string"),
        ([None], "string"),
        (["\ud83d"], "string"),
    ],
)
def test_json_to_parquet(tmp_path, values, alias):
    """A column of JSON has the type that takes all its values, text where there is none."""
    pytest.importorskip("pyarrow")
    rows = [{"text": LOCAL}] * 5 + [{"text": LOCAL, "x": value} for value in values]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    run(tmp_path / "a.jsonl", tmp_path / "b.parquet")
    table = _parquet(tmp_path / "b.parquet")
    assert str(table.schema.field("x").type) == alias
    shown = {"string": outputs.cell}.get(alias, lambda value: value)
    assert table.column("x").to_pylist()[5:] == [
        None if value is None else "?" if value == "\ud83d" else shown(value) for value in values
    ]


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet"])
@pytest.mark.parametrize("explain", [False, True])
def test_parquet_without_rows(tmp_path, typed, name, explain):
    """No rows give a file without rows, with all columns that are known."""
    import pyarrow.parquet as pq

    (tmp_path / "a.csv").write_text("id,text\n", encoding="utf-8")
    (tmp_path / "a.jsonl").write_text("", encoding="utf-8")
    pq.write_table(_parquet(typed).slice(0, 0), typed)
    assert run(tmp_path / name, tmp_path / "b.parquet", explain=explain).summary.rows == 0
    table = _parquet(tmp_path / "b.parquet")
    known = {"a.csv": ["id", "text"], "a.jsonl": [], "a.parquet": list(TYPED)}[name]
    assert (table.num_rows, table.column_names) == (0, [*known, *OURS, *(["explanation"] if explain else [])])


def test_explanation_in_parquet(tmp_path, typed):
    """An explanation is a list of features with their parts, whatever the rows came from."""
    run(typed, tmp_path / "b.parquet", explain=True)
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": PACT}) + "\n", encoding="utf-8")
    run(tmp_path / "a.jsonl", tmp_path / "c.parquet", explain=True)
    explained = [_parquet(tmp_path / name).column("explanation")[0].as_py() for name in ("b.parquet", "c.parquet")]
    assert explained[0] == explained[1]
    assert [list(entry) for entry in explained[0]] == [["feature", "part"]] * 8


# Names and packages


@pytest.mark.parametrize("name", ["b.xlsx", "b.csv.zip", "b.parquet.gz", "b.csv.bz2"])
def test_names_that_promise_something_else(tmp_path, name):
    """An output's name that stands for a format that isn't written is refused, and nothing is left."""
    (tmp_path / "a.jsonl").write_text("{}\n", encoding="utf-8")
    with pytest.raises(UsageError, match=rf"found the output {name}, expected \.jsonl"):
        run(tmp_path / "a.jsonl", tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]


@pytest.mark.parametrize("name", ["b", "b.json", "b.ndjson", "b.txt", "b.2026-08"])
def test_other_names_are_json_lines(name):
    """Every other name stands for JSON lines."""
    assert Format.of(Path(name), ";") == Format("jsonl")


def test_excel_is_for_tables(tmp_path):
    """--excel for JSON is a wrong call."""
    (tmp_path / "a.jsonl").write_text("{}\n", encoding="utf-8")
    for output in (None, tmp_path / "b.jsonl", tmp_path / "b.parquet"):
        with pytest.raises(UsageError, match="--excel is for tables"):
            run(tmp_path / "a.jsonl", output, excel=True)


@pytest.mark.parametrize(
    ("package", "name", "extra"), [("pyarrow", "b.parquet", "parquet"), ("zstandard", "b.csv.zst", "zstd")]
)
@pytest.mark.skipif(sys.version_info >= (3, 14), reason="Python brings Zstandard itself")
def test_missing_package(monkeypatch, tmp_path, package, name, extra):
    """A format whose package is missing is told with what to install, before the work."""
    monkeypatch.setitem(sys.modules, package, None)
    (tmp_path / "a.jsonl").write_text("{}\n", encoding="utf-8")
    with pytest.raises(UsageError, match=rf"needs a package; install it with: pip install 'kerjasama-nlp\[{extra}\]'"):
        run(tmp_path / "a.jsonl", tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]


# Anything

_JSON_PARTS = [
    "{",
    "}",
    '"',
    '"text"',
    ":",
    "[",
    "]",
    "\n",
    "\r",
    "\\u",
    "\\ud83d",
    "\0",
    "1",
    "null",
    ",",
    " ",
    "\u2028",
]
_TABLE_PARTS = ['"', ",", ";", "\t", "\n", "\r", "x", "\0", '"\n', "\u2028", "=1", "text"]


def _bytes(parts):
    return st.binary(max_size=100) | st.lists(st.sampled_from(parts), max_size=40).map(
        lambda found: "".join(found).encode()
    )


@given(_bytes(_JSON_PARTS))
@example(b'{"text": "\\ud83d", "form": "\\ud83d"}')
@example(b'{"text": 1e999, "form": 1}')
def test_any_bytes_as_json_lines(tmp_path_factory, data):
    """Whatever the bytes, a line gives a row, in every format."""
    folder = tmp_path_factory.mktemp("apa")
    (folder / "a.jsonl").write_bytes(b"\n" + data)  # an empty line first: no magic number, no byte order mark
    lines = data.count(b"\n") + 1 + (bool(data) and not data.endswith(b"\n"))
    ended = run(folder / "a.jsonl")
    rows = ended.out.decode().split("\n")
    assert (ended.summary.rows, len(rows), rows[-1]) == (lines, lines + 1, "")
    for row in rows[:-1]:
        assert list(json.loads(row))[-len(OURS) :] == OURS
        assert not {unicodedata.category(char) for char in row if char != "\t"} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    run(folder / "a.jsonl", folder / "b.csv")
    assert len(_rows((folder / "b.csv").read_bytes())) == lines + 1


@given(_bytes(_TABLE_PARTS))
def test_any_bytes_as_a_table(tmp_path_factory, data):
    """Whatever the bytes below a header, the table that comes out has a row for each that was counted."""
    folder = tmp_path_factory.mktemp("apa")
    (folder / "a.csv").write_bytes(b"id,text\n" + data)
    ended = run(folder / "a.csv")
    rows = _rows(ended.out)
    assert len(rows) == ended.summary.rows + 1
    assert {len(row) for row in rows} == {2 + len(OURS)}


def test_row_groups_of_parquet(monkeypatch, tmp_path):
    """Rows are gathered to groups of some size, and the last one holds what is left."""
    from pyarrow import parquet

    monkeypatch.setattr(parquet_output, "_GROUP_ROWS", 8)
    monkeypatch.setattr(parquet_output, "_GROUP_BYTES", 1 << 12)  # lines are read an eighth of it at a time
    source = tmp_path / "a.jsonl"
    source.write_text("".join(json.dumps({"text": f"{PACT} {n}"}) + "\n" for n in range(42)), encoding="utf-8")
    run(source, tmp_path / "b.parquet")
    written = parquet.ParquetFile(tmp_path / "b.parquet")
    sizes = [written.metadata.row_group(n).num_rows for n in range(written.num_row_groups)]
    assert sum(sizes) == 42
    assert len(sizes) > 2
    assert all(size >= 8 for size in sizes[:-1])
    assert written.read().column("text").to_pylist() == [f"{PACT} {n}" for n in range(42)]
