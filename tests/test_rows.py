"""Rows: each has its fields and its text, or says what is wrong with it."""

import io
import json
import tracemalloc

import pytest
from conftest import cases
from hypothesis import given
from hypothesis import strategies as st
from inputs import Dripping, no_input, pipe, read, write

from kerjasama_nlp.inputs import blocks, row_lines
from kerjasama_nlp.inputs.sources import open_source


@pytest.mark.parametrize("suffix", ["csv", "tsv", "txt"])
@pytest.mark.parametrize(
    ("encoding", "named", "broken", "fault"),
    [
        ("utf-8", "utf-8", b"caf\xe9 \xff", "not UTF-8"),
        ("cp1252", "cp1252", b"caf\x81 \x8d", "not CP1252"),
        ("utf-8-sig", "utf-8", b"caf\xe9 \xff", "not UTF-8"),
        ("utf-16", "utf-8", b"c\0a\0f\0\0\xdc \0\0\xdc", "not UTF-16"),
    ],
)
def test_broken_bytes(tmp_path, suffix, encoding, named, broken, fault):
    """Broken bytes cost their own row; its cells are shown with replacement characters."""
    head, foot = ("id\ttext\n1\t", "\n2\tdua") if suffix == "tsv" else ("id,text\n1,", "\n2,dua")
    if suffix == "txt":
        head, foot = "", "\ndua"
    without_mark = {"utf-16": "utf-16-le", "utf-8-sig": "utf-8"}
    data = head.encode(encoding) + broken + foot.encode(without_mark.get(encoding, encoding))
    first, second = read(write(tmp_path / f"a.{suffix}", data), encoding=named)
    assert (first.fields["text"], first.text, first.fault) == ("caf\ufffd \ufffd", "", fault)
    assert (second.text, second.fault) == ("dua", None)


@pytest.mark.parametrize(
    ("encoding", "named", "end"),
    [
        ("utf-8", "utf-8", b"\xff"),
        ("utf-8-sig", "utf-8", b"\xff"),
        ("cp1252", "cp1252", b"\x81"),
        ("utf-16", "utf-8", b"x"),
    ],
)
def test_broken_bytes_in_lines(encoding, named, end):
    """A line of JSONL that ends in broken bytes isn't JSON; it shows them, and the one before is read."""
    first, last = read("-", pipe('{"text": "é"}\n{"text": "b"}'.encode(encoding) + end), encoding=named)
    assert (first.text, first.raw) == ("é", '{"text": "é"}')
    assert (last.fault, last.fields) == ("not JSON", {"raw": '{"text": "b"}\ufffd'})


def test_broken_bytes_in_the_header_and_beyond_it(tmp_path):
    """Broken bytes in a name of a column, or in a cell without a column, are shown and fail nothing else."""
    (row,) = read(write(tmp_path / "a.csv", b"text,caf\xe9\na,b,\xff\n"))
    assert row.fields == {"text": "a", "caf\ufffd": "b"}
    assert row.fault == 'found 3 cells, expected 2; without a column: ["\ufffd"]'


@pytest.mark.parametrize("case", cases("bad_rows.json"))
def test_bad_line(tmp_path, case):
    """A bad line of JSONL keeps what stands there, and names its fault."""
    line = bytes.fromhex(case["hex"]) if "hex" in case else (case["line"] * case.get("times", 1)).encode()
    for end in (b"\n", b"\r\n"):
        _, row, _ = read(write(tmp_path / "a.jsonl", end.join([b"{}", line, b"{}", b""])))
        assert (row.text, row.fault) == ("", case["error"])
        assert row.fields == case.get("kept", row.fields)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('{"text": NaN}', "not JSON"),
        ('{"text": "a", "n": -Infinity}', "not JSON"),
        ("[1e999]", "not JSON"),
        ('{"text": "a", "n": 1e999}', None),
        ('{"text": "a", "n": 1%s}' % ("0" * 5000), "not JSON"),
        ('{"text": "a\0b"}', "not JSON"),
        ('{"text": "a"} {"text": "b"}', "not JSON"),
        ('{"text": "a", "n": ' + "[" * 199 + "]" * 199 + "}", None),
        ('{"text": "a", "n": ' + "[" * 200 + "]" * 200 + "}", "not JSON"),
        ('{"text": "a", "n": [' + ",".join(["[]"] * 500) + "]}", None),
        ('{"text": "' + '[\\"' * 500 + ' \\\\"}', None),
        ('{"text": "a", "text": "b"}', None),
    ],
    ids=[
        "NaN",
        "infinity",
        "beyond floats",
        "beyond floats inside",
        "huge",
        "NUL",
        "two",
        "deep",
        "too deep",
        "wide",
        "brackets in a text",
        "key twice",
    ],
)
def test_line(tmp_path, line, fault):
    """A line of JSONL is one object as the standard has it; a row with its text keeps the line as it stood."""
    (row,) = read(write(tmp_path / "a.jsonl", line + "\n"))
    assert (row.fault, row.raw) == (fault, None if fault else line)
    assert row.fields == ({"raw": line} if fault else json.loads(line))


def test_columns_of_lines(tmp_path):
    """The text is looked for in every object; a headline stands before it, unless it is the text itself."""
    lines = [
        {"Judul": "J", "ISI": "i", "text": None},
        {"judul": 5, "isi": "i"},
        {"judul": "J", "berita": "b", "isi": "i"},
        {f"k{n}": n for n in range(100)} | {"teks": "t"},
        {"judul": "J"},
    ]
    path = write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, lines)))
    assert [(row.text, row.fault) for row in read(path)] == [
        ("", "no text"),
        ("i", None),
        ("J\ni", None),
        ("t", None),
        ("", "no text"),
    ]
    assert [row.text for row in read(path, text_column="JUDUL")] == ["J", "", "J", "", "J"]
    assert [row.text for row in read(path, text_column="isi")] == ["J\ni", "i", "J\ni", "", ""]


def test_columns_of_a_table(tmp_path):
    """The columns of text and id may be named, letter case aside; that very name counts more."""
    path = write(tmp_path / "a.csv", "ID,Judul,isi,Isi,text\n1,J,b,a,c\n")
    assert [row.text for row in read(path)] == ["J\nc"]
    assert [row.text for row in read(path, text_column="isi")] == ["J\nb"]
    assert [row.text for row in read(path, text_column="JUDUL")] == ["J"]
    assert [row.text for row in read(write(tmp_path / "b.csv", ",text\n1,a\n"))] == ["a"]
    opened = open_source(str(path), no_input, text_column="TEXT", id_column="id")
    opened.close()
    assert (opened.text_column, opened.id_column) == ("text", "ID")


def test_a_line_too_long(tmp_path, monkeypatch):
    """A line beyond the limit becomes one row that shows its beginning; the rows around it are read."""
    for module in (row_lines, blocks):
        monkeypatch.setattr(module, "MAX_ROW_BYTES", 3000)
    long = "é" * 5000
    fault = "found a row of {} bytes, expected at most 3000; all but its first 1000 characters are left out"
    lines = f'{{"text": "a"}}\n{long}\n{{"text": "b"}}'.encode()
    first, bad, last = read("-", lambda: Dripping(lines, [1001]))
    assert (first.text, bad.fields, bad.fault, last.text) == ("a", {"raw": long[:1000]}, fault.format(10000), "b")
    first, bad, last = read(write(tmp_path / "a.txt", f"a\n{long}\r\nb"))
    assert (first.text, bad.fields, bad.fault, last.text) == ("a", {"text": long[:1000]}, fault.format(10001), "b")
    first, bad, last = read(write(tmp_path / "a.csv", f"id,text\n1,a\n2,{long}\n3,b"))
    assert (first.text, bad.fields, bad.fault, last.text) == (
        "a",
        {"id": "", "text": f"2,{long}"[:1000]},
        fault.format(10003),
        "b",
    )
    (bad,) = read("-", lambda: Dripping(long.encode(), [1001]))
    assert bad.fault == fault.format(10000)


def test_an_endless_line_takes_little_memory():
    """Half a gigabyte without a line end isn't kept."""

    class Endless(io.BytesIO):
        left = 2000

        def read1(self, _size=-1):
            self.left -= 1
            return b"x" * (1 << 18) if self.left > 0 else b'\n{"text": "a"}' if self.left == 0 else b""

    tracemalloc.start()
    try:
        rows = read("-", Endless)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [row.text for row in rows] == ["", "a"]
    assert peak < 3 * blocks.MAX_ROW_BYTES


@given(st.binary(max_size=400))
def test_any_bytes_as_lines(data):
    """Whatever the bytes, there are as many rows as lines, and nothing of them is lost."""
    data = b"{}\n" + data  # no file of another kind
    lines = data.decode("utf-8", "replace").split("\n")
    lines = [line.removesuffix("\r") for line in (lines if lines[-1] else lines[:-1])]
    rows = read("-", pipe(data))
    assert len(rows) == len(lines)
    for row, line in zip(rows, lines, strict=True):
        if row.raw is None:
            assert row.fields == {"raw": line if row.fault == "not JSON" else json.loads(line)}
        assert row.raw in (None, line)


@given(
    st.binary(max_size=300),
    st.sampled_from(["csv", "tsv", "txt"]),
    st.sampled_from(["utf-8", "utf-16", "utf-32", "cp1252"]),
)
def test_any_bytes_below_a_header(data, form, encoding):
    """Whatever the bytes, reading ends with rows, not with an exception."""
    rows = read("-", pipe("text,id\n".encode(encoding) + data), format=form, delimiter=",", encoding=encoding)
    assert all((row.text == "") == (row.fault is not None) for row in rows)
