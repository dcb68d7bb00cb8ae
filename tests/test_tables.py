"""Tables: cut into records, whatever their quotation marks."""

import csv
import io

import pytest
from conftest import cases, growth
from hypothesis import given
from hypothesis import strategies as st
from inputs import no_input, pipe, read, write

from kerjasama_nlp.inputs import blocks, row_lines, tables
from kerjasama_nlp.inputs.rows import RowReader
from kerjasama_nlp.inputs.sources import open_source


@pytest.mark.parametrize("case", cases("tables.json"))
def test_table(tmp_path, case):
    """Each table is cut into the rows expected, those that can't be cut with a fault."""
    path = write(tmp_path / "a.csv", case["table"])
    source = open_source(str(path), no_input, **case.get("options", {}))
    assert (source.kind, source.columns, source.delimiter) == ("table", case["columns"], case["delimiter"])
    rows = [row for block in source.blocks() for row in RowReader.of(source).rows(block.records)]
    assert [list(row.fields) for row in rows] == [case["columns"]] * len(case["rows"])
    assert [list(row.fields.values()) for row in rows] == [cells for cells, _ in case["rows"]]
    for row, (_, fault) in zip(rows, case["rows"], strict=True):
        assert (row.fault is None) == (fault is None)
        assert (row.fault or "").startswith(fault or "")


@given(
    st.lists(st.sampled_from(["a", "bc", ",", '"', '""', "\n", "\r\n", "\r", "\0", ";", "\t", " ", "é"]), max_size=60),
    st.sampled_from(["p,text\n", "text\n", "p;text\r\n"]),
)
def test_any_table(parts, header):
    """Whatever stands below a header, no letter of it is lost, and letters keep their order."""
    body = "".join(parts)
    source = open_source("-", pipe((header + body).encode()), format="csv")
    records = [record for block in source.blocks() for record in block.records]
    assert len(RowReader.of(source).rows(records)) == len(records)
    kept = "".join(record.raw if isinstance(record, blocks.Broken) else "".join(record) for record in records)
    assert [c for c in kept if c.isalpha()] == [c for c in body if c.isalpha()]


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=8))
def test_written_tables_are_read_as_they_were(rows):
    """What the standard library wrote comes back cell by cell."""
    buffer = io.StringIO()
    csv.writer(buffer).writerows([["id", "text"], *rows])
    source = open_source("-", pipe(buffer.getvalue().encode("utf-8", "replace")), format="csv")
    records = [record for block in source.blocks() for record in block.records]
    assert records == [[cell.encode("utf-8", "replace").decode() for cell in row] for row in rows]


@pytest.mark.parametrize(
    "unit", ['x",",\n', '"\n', '"a\n', '"",\n', 'a,"\n', '"a","\n', '"a\r\n"",\n', '",', '"', '""'], ids=repr
)
@pytest.mark.parametrize("header", ["text,id\n", "text\n"], ids=["two columns", "one column"])
def test_hostile_tables_take_linear_time(unit, header):
    """Quotation marks that are never closed, or by the wrong ones, take time in proportion to the table."""
    case = {"before": header, "unit": unit, "after": "\n"}
    assert growth(lambda text: list(open_source("-", pipe(text.encode()), format="csv").blocks()), case) is None


def test_an_open_quotation_mark_is_not_read_to_the_end(monkeypatch):
    """A record grows no further than the limit, whatever follows; the lines it took are read again."""
    monkeypatch.setattr(tables, "MAX_ROW_BYTES", 1000)
    taken = []

    def lines():
        for line in ["text,id\n", '"a,1\n', *["b,2\n"] * 500, '"c\nd",3\n']:
            taken.append(line)
            yield line

    table = tables.Table(lines(), "a.csv", None)
    records = table.records()
    assert isinstance(next(records), blocks.Broken)
    assert len(taken) < 30
    assert list(records) == [["b", "2"]] * 500 + [["c\nd", "3"]]


def test_lines_too_long_inside_a_record(monkeypatch):
    """A line beyond the limit ends the record that it stands in, and stays a row of its own."""
    monkeypatch.setattr(row_lines, "MAX_ROW_BYTES", 3000)
    data = f'text,id\n"a\n{"x" * 5000}\nb",1\nc,2\n'.encode()
    found = [record for block in open_source("-", pipe(data), format="csv").blocks() for record in block.records]
    assert [record.raw[:5] if isinstance(record, blocks.Broken) else record for record in found] == [
        '"a',
        "xxxxx",
        ['b"', "1"],
        ["c", "2"],
    ]


def test_long_cells(tmp_path):
    """A cell may have 20 MB, beyond the standard library's own limit; as a text to label it is too long."""
    long = "kata " * 4_000_000
    (row,) = read(write(tmp_path / "a.csv", f'id,text\n"{long}\n",Berita\n'))
    assert (row.fields["id"] == long + "\n", row.text, row.fault) == (True, "Berita", None)
    (row,) = read(tmp_path / "a.csv", text_column="id")
    assert (row.fields["id"] == long + "\n", row.text) == (True, "")
    assert row.fault == "found a text of 20000001 characters, expected at most 4194304"
