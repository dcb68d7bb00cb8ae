"""Compressed inputs: told by their first bytes, read to where they are damaged."""

import gzip
import io
import sys

import pytest
import zstandard
from inputs import FORMATS, TEXTS, Dripping, no_input, pipe, read, write

from kerjasama_nlp.errors import InputError
from kerjasama_nlp.inputs.compression import open_bytes
from kerjasama_nlp.inputs.sources import open_source

LINES = "".join(f'{{"text": "baris {number * number}"}}\n' for number in range(300)).encode()


def _zstd(data):
    """Compress in blocks small enough that some stand before a damage."""
    compressor = zstandard.ZstdCompressor(write_checksum=True).compressobj()
    pieces = [
        compressor.compress(data[at : at + 500]) + compressor.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
        for at in range(0, len(data), 500)
    ]
    return b"".join(pieces) + compressor.flush()


COMPRESSORS = {"gz": lambda data: gzip.compress(data, mtime=0), "zst": _zstd}


def _lines(data):
    """Return the lines that come out of compressed JSONL, and the error that follows."""
    lines = []
    try:
        for block in open_source("-", pipe(data)).blocks():
            lines += block.records
    except InputError as error:
        return lines, str(error)
    return lines, None


@pytest.mark.parametrize("compression", COMPRESSORS)
@pytest.mark.parametrize("suffix", FORMATS)
def test_formats(tmp_path, suffix, compression):
    """Each format may be compressed; its name doesn't have to say so, and may say so wrongly."""
    plain = FORMATS[suffix](TEXTS).encode()
    data = COMPRESSORS[compression](plain)
    rows = read(write(tmp_path / f"a.{suffix}", plain))
    assert len(rows) == len(TEXTS)
    for content in (data, data + data[:0], plain):
        assert read(write(tmp_path / f"a.{suffix}.{compression}", content)) == rows
        assert read(write(tmp_path / f"B.{suffix.upper()}.{compression.upper()}", content)) == rows
        assert read(write(tmp_path / f"a.{suffix}", content)) == rows
    form = suffix if suffix in ("csv", "tsv", "txt") else "jsonl"
    assert read("-", pipe(data), format=form) == rows
    assert read("-", lambda: Dripping(data, [1, 7, 100]), format=form) == rows


@pytest.mark.parametrize("compression", COMPRESSORS)
def test_several_in_a_row(compression):
    """Files joined to one are read to the end, empty ones too."""
    compress = COMPRESSORS[compression]
    data = compress(LINES) + compress(b"") + compress(LINES[:1000]) + compress(LINES[1000:])
    assert _lines(data) == ((LINES * 2).splitlines(), None)
    assert _lines(compress(b"")) == ([], None)


def test_padding():
    """Zeros behind a gzip file are no damage, and another file may follow them."""
    data = gzip.compress(LINES)
    assert _lines(data + b"\0" * 1000) == (LINES.splitlines(), None)
    assert _lines(data + b"\0" * 300_000 + data) == ((LINES * 2).splitlines(), None)


def test_remarks():
    """Zstandard files may start with a frame that holds remarks only."""
    assert _lines(b"\x5a\x2a\x4d\x18\x03\0\0\0abc" + _zstd(LINES)) == (LINES.splitlines(), None)


@pytest.mark.parametrize("compression", COMPRESSORS)
def test_cut_off(compression):
    """However much is missing at the end, the whole lines before come out, then the error."""
    data = COMPRESSORS[compression](LINES)
    expected = LINES.splitlines()
    counts = []
    for end in range(20, len(data), 3):
        lines, error = _lines(data[:end])
        assert lines == expected[: len(lines)]
        assert error == "-: the compressed data is damaged or cut off (its end is missing); compress the file again"
        counts.append(len(lines))
    assert counts == sorted(counts)
    assert counts[-1] == len(expected)
    assert counts[len(counts) // 2] > len(expected) // 3


def test_damage_behind_few_bytes():
    """Even a file of a few bytes gives its rows before its damage."""
    lines, error = _lines(gzip.compress(b"{}\n[]")[:-1])
    assert (lines, "its end is missing" in error) == ([b"{}"], True)


@pytest.mark.parametrize("compression", COMPRESSORS)
def test_damage(compression):
    """A wrong byte anywhere is told, after lines as they were, as far as anyone can tell, before it."""
    data = COMPRESSORS[compression](LINES)
    expected = LINES.splitlines()
    counts = []
    for at in range(20, len(data), 3):
        lines, error = _lines(data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :])
        assert "damaged or cut off" in error
        same = [line == other for line, other in zip(lines, expected, strict=False)]
        counts.append([*same, False].index(False))
    assert max(counts) == len(expected)
    assert sum(counts) > len(expected) * len(counts) // 4


def test_garbage_behind():
    """What follows a compressed file and isn't one is damage, told after all rows."""
    for compress in COMPRESSORS.values():
        lines, error = _lines(compress(LINES) + b"sampah")
        assert (lines, "damaged" in error) == (LINES.splitlines(), True)


@pytest.mark.parametrize("form", ["csv", "txt"])
def test_damage_below_a_header(form):
    """Tables and texts, too, give the rows before the damage, an open quotation mark or not."""
    data = gzip.compress(b'text,id\n"awal,1\n' + b"".join(b"baris %d,%d\n" % (n * n, n) for n in range(500)))
    rows = []
    with pytest.raises(InputError, match="damaged or cut off"):  # noqa: PT012
        for block in open_source("-", pipe(data[: len(data) // 2]), format=form).blocks():
            rows += block.records
    assert len(rows) > 100
    last = rows[-1].split(",") if form == "txt" else rows[-1]
    assert last in ([f"baris {n * n}", str(n)] for n in range(500))


@pytest.mark.parametrize("compression", COMPRESSORS)
def test_bombs_are_read_piece_by_piece(compression):
    """A few bytes that stand for very many don't fill the memory."""
    zeros = b"0" * (1 << 26)
    compress = {"gz": gzip.compress, "zst": zstandard.compress}[compression]
    with open_bytes("-", pipe(compress(zeros))) as stream:
        sizes = [len(piece) for piece in stream.chunks()]
    assert (sum(sizes), max(sizes) < len(zeros) // 4) == (len(zeros), True)


def test_missing_package(tmp_path, monkeypatch):
    """Without the package for Zstandard, the message names what to install."""
    if sys.version_info >= (3, 14):
        pytest.skip("Python has its own")
    monkeypatch.setitem(sys.modules, "zstandard", None)
    path = write(tmp_path / "a.jsonl.zst", _zstd(LINES))
    with pytest.raises(InputError, match=r"a\.jsonl\.zst: reading Zstandard needs .*'kerjasama-nlp\[zstd\]'"):
        open_source(str(path), no_input)


def test_files_are_closed(tmp_path):
    """A file is closed at its end, after an error, and on demand; standard input stays open."""
    stdin = io.BytesIO(b"{}")
    list(open_source("-", lambda: stdin).blocks())
    assert not stdin.closed
    path = write(tmp_path / "a.jsonl", LINES)
    with open_bytes(str(path), no_input) as stream:
        assert (stream.readable(), stream.read1(5), stream.read1(), stream.read1()) == (True, LINES[:5], LINES[5:], b"")
    assert stream.closed
    open_source(str(path), no_input).close()
    list(open_source(str(path), no_input).blocks())
    with pytest.raises(InputError):
        open_source(str(path), no_input, format="csv")
