"""Sources: every format is read, in blocks that depend on its content alone."""

import io
import os
import subprocess
import sys
import threading

import pytest
from conftest import cases
from hypothesis import given
from hypothesis import strategies as st
from inputs import FORMATS, TEXTS, Dripping, jsonl, no_input, pipe, read, table, write

from kerjasama_nlp.errors import InputError, UsageError
from kerjasama_nlp.inputs.sources import open_source

ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("suffix", FORMATS)
def test_formats_and_encodings(tmp_path, suffix, encoding):
    """Each format is read in each encoding: named, or told by its byte order mark; from a file and from a pipe."""
    data = FORMATS[suffix](TEXTS).encode(encoding)
    named = "cp1252" if encoding == "cp1252" else "utf-8"
    rows = read(write(tmp_path / f"a.{suffix}", data), encoding=named)
    assert [row.fields["text"] for row in rows] == TEXTS
    assert [(row.text, row.fault) for row in rows] == [(text.replace("\t", " "), None) for text in TEXTS]
    form = "jsonl" if FORMATS[suffix] is jsonl else suffix
    assert read("-", pipe(data), format=form, encoding=named) == rows


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-be", "shift_jis", "cp037", "utf-7"])
def test_named_encodings(tmp_path, encoding):
    """Encodings whose line ends are other bytes, or that know no byte order mark, are read where they are named."""
    for suffix, form in FORMATS.items():
        path = write(tmp_path / f"a.{suffix}", form(["satu", "dua"]).encode(encoding))
        assert [row.text for row in read(path, encoding=encoding)] == ["satu", "dua"]


def test_utf16_without_its_mark(tmp_path):
    """UTF-16 that is named, and has no mark, is read as Windows writes it."""
    path = write(tmp_path / "a.csv", table(["satu"]).encode("utf-16-le"))
    assert [row.text for row in read(path, encoding="utf-16")] == ["satu"]


def test_a_mark_counts_more_than_the_named_encoding(tmp_path):
    """A byte order mark tells more than the option."""
    path = write(tmp_path / "a.csv", table(TEXTS).encode("utf-8-sig"))
    assert [row.fields["text"] for row in read(path, encoding="cp1252")] == TEXTS


def test_text_lines(tmp_path):
    """A text file has a text a line, however lines end; nothing after the last one's end is a row."""
    path = write(tmp_path / "a.txt", "satu\r\ndua\rtiga\n\n\u2028empat\x0c\n")
    assert [row.fields for row in read(path)] == [
        {"text": text} for text in ("satu", "dua", "tiga", "", "\u2028empat\x0c")
    ]
    assert [row.fault for row in read(path)] == [None, None, None, "the text is blank", None]
    assert read(write(tmp_path / "kosong.txt", "")) == []


def test_the_format_may_be_named(tmp_path):
    """A named format counts more than the name; a wrong one is a usage error, and so is a delimiter of two letters."""
    path = write(tmp_path / "a.dat", table(TEXTS))
    assert [row.fields["text"] for row in read(path, format="csv")] == TEXTS
    with pytest.raises(UsageError, match="found the format 'xml', expected one of jsonl, csv"):
        read(path, format="xml")
    for delimiter in ("", ";;", '"', "\n"):
        with pytest.raises(UsageError, match="found the delimiter"):
            read(path, format="csv", delimiter=delimiter)


@pytest.mark.parametrize("case", cases("unreadable_sources.json"))
def test_unreadable(tmp_path, monkeypatch, case):
    """What can't be read is told in one line before the first row."""
    monkeypatch.chdir(tmp_path)
    if "text" in case or "hex" in case:
        write(tmp_path / case["name"], case.get("text") or bytes.fromhex(case.get("hex", "")))
    with pytest.raises(InputError) as caught:
        list(open_source(case["name"], no_input, **case.get("options", {})).blocks())
    assert case["error"] in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_breaks_off():
    """Where the system fails in the middle, the rows before come out, then the error."""

    class Failing(io.BytesIO):
        def read1(self, _size=-1):
            data = super().read1(50)
            if not data:
                raise OSError(5, "Input/output error")
            return data

    for name, start in (("jsonl", b""), ("csv", b"text\n"), ("txt", b"")):
        opened = open_source("-", lambda start=start: Failing(start + b'{"a": 1}\n' * 100 + b'{"a'), format=name)
        rows = []
        with pytest.raises(InputError, match=r"standard input cannot be read \(Input/output error\)"):  # noqa: PT012
            for block in opened.blocks():
                rows += block.records
        assert len(rows) == 100


@given(
    st.lists(st.sampled_from([b'{"text": "a"}', b"", b"b\r", b'"', b"c,d", b"\xff"]), max_size=30),
    st.lists(st.integers(1, 40), min_size=1, max_size=5),
    st.integers(1, 9),
    st.sampled_from(["jsonl", "csv", "txt"]),
)
def test_blocks_depend_on_content_alone(lines, sizes, most, form):
    """However the bytes arrive, blocks are the same; however long blocks are, rows are."""
    data = b"text,id\n" + b"\n".join(lines)
    whole, drops = (
        list(open_source("-", stdin, format=form, block_rows=most).blocks())
        for stdin in (pipe(data), lambda: Dripping(data, sizes))
    )
    assert whole == drops
    assert [len(block.records) for block in whole[:-1]] == [most] * len(whole[:-1])
    assert read("-", pipe(data), format=form, block_rows=most) == read("-", pipe(data), format=form)


@pytest.mark.parametrize("form", ["jsonl", "csv", "txt"])
def test_size_of_blocks(form):
    """A block ends with the row that makes 256 of them, or 2 MiB."""
    header = [b"text"] if form == "csv" else []
    rows = [b"x"] * 256 + [b"y" * ((1 << 20) - 1)] * 3 + [b"z"] * 3
    found = list(open_source("-", pipe(b"\n".join(header + rows)), format=form).blocks())
    assert [len(block.records) for block in found] == [256, 2, 4]


def test_digests():
    """A block's digest tells its records, where they are cut, and what else its rows depend on."""

    def digests(data, **options):
        return [block.digest for block in open_source("-", pipe(data), **options).blocks()]

    table_of = {"format": "csv"}
    found = [
        *digests(b"a\nb\n"),
        *digests(b"a\nb\nc\n", block_rows=3),
        *digests(b"ab\n"),
        *digests(b"a\nb", text_column="isi"),
        *digests(b"a\nb", format="txt"),
        *digests(b"text,id\na,b\n", **table_of),
        *digests(b"text,id\nab,\n", **table_of),
        *digests(b'text,id\n"a,",b\n', **table_of),
        *digests(b'text,id\na,",b"\n', **table_of),
        *digests(b"text,id\na\nb\n", **table_of),
        *digests(b"id,text\na,b\n", **table_of),
        *digests(b"text,isi\na,b\n", **table_of),
        *digests(b"text,isi\na,b\n", **table_of, text_column="isi"),
        *digests(b'text,id\n"a,b\n', **table_of),
    ]
    assert len(set(found)) == len(found) == 14
    assert digests(b"a\nb\nc\nd\n", block_rows=2)[0] == digests(b"a\nb\nx\n", block_rows=2)[0]
    assert digests(b"a\r\nb") == digests(b"a\nb\n")
    assert digests(b"text,id\na,b\n", **table_of) == digests(b'text;id\r\n"a";b', **table_of)


def test_progress(tmp_path):
    """The share of the bytes read grows to the whole; nobody knows that of a pipe."""
    source = open_source(str(write(tmp_path / "a.jsonl", jsonl(["x" * 1000]) * 5000)), no_input)
    shares = [source.progress() for _block in source.blocks()]
    assert shares == sorted(shares)
    assert 0 < shares[0] < 0.6
    assert source.progress() == 1
    empty = open_source(str(write(tmp_path / "kosong.jsonl", "")), no_input)
    assert (list(empty.blocks()), empty.progress()) == ([], 1)
    assert open_source("-", pipe(b"{}"), format="jsonl").progress() is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_named_pipe(tmp_path):
    """A named pipe is read once, from its first byte."""
    path = tmp_path / "a.csv"
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: path.write_text(table(TEXTS), encoding="utf-8"))
    writer.start()
    assert [row.fields["text"] for row in read(path)] == TEXTS
    writer.join()


def test_nothing_heavy_is_imported():
    """Opening and reading text takes the standard library only."""
    code = "import sys; import kerjasama_nlp.inputs.rows; print(*{'numpy', 'pyarrow', 'zstandard'} & set(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=60)
    assert ended.stdout.decode().strip() == ""
