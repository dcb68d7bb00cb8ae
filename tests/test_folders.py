"""Folders: each article below one is a row."""

import gzip
import os

import pytest
from inputs import no_input, read, write

from kerjasama_nlp.errors import InputError, UsageError
from kerjasama_nlp.inputs import rows
from kerjasama_nlp.inputs.sources import open_source


@pytest.fixture
def folder(tmp_path):
    """Return a folder of articles, of which one is empty and one binary, and of other files."""
    top = tmp_path / "arsip"
    (top / "b").mkdir(parents=True)
    (top / "kosong").mkdir()
    write(top / "b.txt", "Kabar desa\n\nPetani panen.\n")
    write(top / "b" / "z.html", "<title>Pakta</title><h1>Pakta</h1><p>Dua negara&nbsp;berunding.</p>")
    write(top / "a.MD", "# Judul\n\n- satu\n- dua\n")
    write(top / "b" / "a.txt", "")
    write(top / "b" / "c.md", b"\0")
    write(top / "c.txt.gz", gzip.compress(b"Kabar kota\n"))
    write(top / "gambar.png", b"\x89PNG")
    return top


def test_folder(folder):
    """Names, titles and texts come in the order of the names; what can't be read names its fault."""
    found = read(folder)
    assert [(row.fields["id"], row.fields.get("title"), row.text) for row in found] == [
        ("a.MD", "Judul", "Judul\nsatu\ndua"),
        ("b/a.txt", "", ""),
        ("b/c.md", None, ""),
        ("b/z.html", "Pakta", "Pakta\nPakta\nDua negara berunding."),
        ("b.txt", "Kabar desa", "Kabar desa\nPetani panen."),
        ("c.txt.gz", "Kabar kota", "Kabar kota\nKabar kota"),
    ]
    assert [row.fault for row in found] == [
        None,
        "the text is blank",
        "b/c.md: found a binary file, expected text",
        None,
        None,
        None,
    ]


def test_source(folder):
    """A folder's columns are known, its progress is the share of its files, its digest tells names and contents."""

    def digest():
        source = open_source(str(folder), no_input, id_column="ID")
        assert (source.kind, source.columns, source.id_column, source.text_column) == (
            "folder",
            ["id", "title"],
            "id",
            None,
        )
        (block,) = source.blocks()
        assert source.progress() == 1
        return block.digest

    first = digest()
    assert digest() == first
    write(folder / "b" / "a.txt", "baru")
    second = digest()
    (folder / "b" / "a.txt").rename(folder / "b" / "aa.txt")
    assert len({first, second, digest()}) == 3


def test_files_that_cannot_be_read(folder, monkeypatch):
    """A file that vanished, that is damaged or too long is a row with its fault."""
    source = open_source(str(folder), no_input)
    reader = rows.RowReader.of(source)
    (block,) = source.blocks()
    (folder / "b.txt").unlink()
    write(folder / "c.txt.gz", gzip.compress(b"x" * 20)[:-1])
    monkeypatch.setattr(rows, "MAX_ARTICLE_BYTES", 30)
    faults = {row.fields["id"]: row.fault or "" for row in reader.rows(block.records)}
    assert faults["b.txt"] == "b.txt: cannot be read (No such file or directory)"
    assert faults["c.txt.gz"].startswith("c.txt.gz: the compressed data is damaged or cut off")
    assert faults["b/z.html"] == "b/z.html: found an article of more than 30 bytes; cut it into several"
    assert faults["a.MD"] == ""


def test_encoding(folder):
    """The encoding is that of the articles; a byte order mark counts more."""
    write(folder / "b.txt", "café".encode("cp1252"))
    write(folder / "d.txt", "café".encode("utf-16"))
    named = {row.fields["id"]: row for row in read(folder, encoding="cp1252")}
    assert [named[name].fields["title"] for name in ("b.txt", "d.txt")] == ["café"] * 2
    assert "b.txt: byte 3 is not utf-8" in {row.fields["id"]: row for row in read(folder)}["b.txt"].fault


def test_errors(folder):
    """A folder without texts is told; so is a column of texts, which no folder has."""
    with pytest.raises(InputError, match=r"kosong: found no text; expected \.txt, \.md or \.html files"):
        read(folder / "kosong")
    with pytest.raises(UsageError, match="the articles of a folder have no columns; leave --text-column out"):
        read(folder, text_column="text")
    with pytest.raises(InputError, match="found the columns id, title, but no nomor"):
        read(folder, id_column="nomor")


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links here")
def test_links(folder):
    """Links to files are followed, links to folders aren't: they may lead in a circle."""
    (folder / "kosong" / "atas").symlink_to(folder)
    (folder / "kosong" / "tautan.txt").symlink_to(folder / "b.txt")
    assert [row.fields["id"] for row in read(folder / "kosong")] == ["tautan.txt"]


def test_blocks_end_with_their_size(folder):
    """A block of articles has 2 MiB or `block_rows` of them."""
    write(folder / "a.txt", "x" * (2 << 20))
    assert [len(b.records) for b in open_source(str(folder), no_input).blocks()] == [2, 5]
    assert [len(b.records) for b in open_source(str(folder), no_input, block_rows=3).blocks()] == [2, 3, 2]


def test_file_that_vanishes(folder):
    """A file that is gone when its turn comes is a row that says so; the others are as before."""
    opened = open_source(str(folder), no_input, block_rows=1)
    blocks = opened.blocks()
    first = next(blocks)
    (folder / "b.txt").unlink()
    found = [row for block in [first, *blocks] for row in rows.RowReader.of(opened).rows(block.records)]
    faults = {row.fields["id"]: row.fault for row in found}
    assert "No such file" in faults["b.txt"]
    assert faults["c.txt.gz"] is None
