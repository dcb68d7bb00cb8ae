"""Texts from strangers cost what their length says in time and memory, and command no terminal."""

import contextlib
import gzip
import json
import os
import pty
import subprocess
import sys
import time
import tracemalloc
import unicodedata
from string import ascii_lowercase

import pytest
import zstandard
from conftest import cases, error_line, growth, read_terminal
from inputs import read

from kerjasama_nlp.answers import answering, gold, indexing
from kerjasama_nlp.documents import articles
from kerjasama_nlp.documents.articles import parse_article
from kerjasama_nlp.documents.passages import split
from kerjasama_nlp.errors import InputError
from kerjasama_nlp.inputs import blocks, row_lines, tables
from kerjasama_nlp.labels import labelled, lexicon
from kerjasama_nlp.language.tokens import Analyzer

# Questions of the kinds whose answers are looked for in different ways.
QUESTIONS = ("apa itu danau biru", "siapa presiden danau biru", "sebutkan anggota danau biru", "kepanjangan db")


@pytest.mark.parametrize("case", cases("hostile_asked.json"))
def test_answers_take_linear_time(shipped_ranker, case):
    """A question over an article ten times as long takes about ten times as long, whatever the article says."""

    def ask(text):
        article = parse_article("a", "Danau Biru", f"Danau Biru adalah danau.\n\n{text}", path="a.txt")
        searched = indexing.build(split(article))
        for question in QUESTIONS:
            answering.ask(searched, shipped_ranker.plain, question)

    assert growth(ask, case) is None


# Memory

LIMIT = blocks.MAX_ARTICLE_BYTES
# What reading a file that is too long may take at most: what is kept of it, in two forms.
MOST_PEAK = 5 * LIMIT
BOMB = 300_000_000
LONG_WORD = 50_000


def _pieces(unit, size=BOMB):
    """Return a text of so many bytes, all the same, in pieces."""
    piece = unit * (1_000_000 // len(unit))
    return [piece] * (size // len(piece))


def _gzipped(pieces):
    packed = {piece: gzip.compress(piece) for piece in pieces}
    return b"".join(packed[piece] for piece in pieces)


def _zstandard(pieces):
    packed = {piece: zstandard.compress(piece) for piece in pieces}
    return b"".join(packed[piece] for piece in pieces)


def _sparse(path):
    with path.open("wb") as stream:
        stream.truncate(BOMB)


@contextlib.contextmanager
def _at_most(size):
    """Fail where the block allocates more memory than that at a time."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < size
    finally:
        tracemalloc.stop()


ARTICLE_BOMBS = {
    "a packed line": ("a.jsonl.gz", lambda path: path.write_bytes(_gzipped(_pieces(b"a")))),
    "a packed line of UTF-16": (
        "a.jsonl.gz",
        lambda path: path.write_bytes(gzip.compress(b"\xff\xfe") + _gzipped(_pieces(b"a\0"))),
    ),
    "a file without content": ("a.txt", _sparse),
    "a line without content": ("a.jsonl", _sparse),
}


@pytest.mark.parametrize("bomb", ARTICLE_BOMBS)
def test_articles_beyond_the_limit_are_not_read(tmp_path, bomb):
    """300 MB as one article are refused when 8 MiB of them are read."""
    name, write = ARTICLE_BOMBS[bomb]
    write(tmp_path / name)
    with _at_most(MOST_PEAK), pytest.raises(InputError, match=f"more than {LIMIT} bytes; cut it into several"):
        list(articles.read(tmp_path))


@pytest.mark.parametrize(
    ("name", "pack"), [("a.jsonl.gz", _gzipped), ("a.csv.zst", _zstandard), ("a.txt.gz", _gzipped)]
)
def test_packed_rows_beyond_the_limit_are_one_bad_row(tmp_path, monkeypatch, name, pack):
    """A packed line of 300 MB is a row with an error, of which little is kept."""
    for module in (blocks, row_lines, tables):
        monkeypatch.setattr(module, "MAX_ROW_BYTES", LIMIT)
    (tmp_path / name).write_bytes(pack([b"text\n", *_pieces(b"a"), b"\nBerita\n"]))
    with _at_most(MOST_PEAK):
        *_, bad, last = read(tmp_path / name)
    assert str(LIMIT) in bad.fault
    assert all(len(value) <= 1000 for value in bad.fields.values())
    assert "Berita" in last.fields.values() or last.fields == {"raw": "Berita"}


def test_a_text_beyond_the_limit_is_kept_and_not_labelled(tmp_path):
    """Of a text that is too long every field is kept, and its row has an error."""
    (tmp_path / "a.jsonl").write_text(json.dumps({"id": 7, "text": "a" * (blocks.MAX_TEXT + 1)}), encoding="utf-8")
    (row,) = read(tmp_path / "a.jsonl")
    assert (row.fields["id"], len(row.fields["text"]), row.text) == (7, blocks.MAX_TEXT + 1, "")
    assert row.fault == f"found a text of {blocks.MAX_TEXT + 1} characters, expected at most {blocks.MAX_TEXT}"


# Depth

DEPTH = 100_000
DEEP = {
    "articles": (lambda path: list(articles.read(path)), '{{"text": {deep}}}'),
    "the id of an article": (lambda path: list(articles.read(path)), '{{"id": {deep}, "text": "Pakta."}}'),
    "labels": (lambda path: labelled.read([path]), '{{"text": "Pakta.", "form": {deep}, "sectors": []}}'),
    "questions": (lambda path: gold.read_questions([path]), '{{"question": {deep}}}'),
}


@pytest.mark.parametrize("depth", [150, 600, 900, DEPTH])
@pytest.mark.parametrize("what", DEEP)
def test_deep_json_is_read_or_refused(tmp_path, what, depth):
    """JSON that is nested 100,000 deep is told as an unreadable input, and no depth before that crashes."""
    function, line = DEEP[what]
    (tmp_path / "a.jsonl").write_text(line.format(deep="[" * depth + "]" * depth), encoding="utf-8")
    try:
        function(tmp_path / "a.jsonl")
    except InputError as error:
        assert "a.jsonl:1" in str(error)  # noqa: PT017  # both ends are right
    else:
        assert depth < DEPTH


@pytest.mark.parametrize("unit", ["<div>", "<ul><li>", "<nav>", "<b>", "<table><tr><td>", "<p", "</div>"])
def test_deep_html_is_read(tmp_path, unit):
    """A page that is nested 100,000 deep is an article like any other."""
    (tmp_path / "a.html").write_text(f"<title>Pakta</title>{unit * DEPTH}<p>Damai.", encoding="utf-8")
    start = time.process_time()
    (article,) = articles.read(tmp_path / "a.html")
    assert article.title == "Pakta"
    assert time.process_time() - start < 10


# Long words


@pytest.mark.parametrize("word", ["a", "ke-", "\u0958", "e\u0301", "'", "1.", "Aa", "memper", "😀"])
def test_a_word_of_a_million_characters(shipped, call, word):
    """Asking, labelling and stemming take a word of a million characters in a few seconds."""
    text = word * (1_000_000 // len(word))
    start = time.process_time()
    assert 0 <= shipped.ask(text).confidence <= 1
    (labels,) = shipped.label([text])
    assert 0 <= labels.form_confidence <= 1
    assert call("stem", stdin=text).code == 0
    assert time.process_time() - start < 20


def _words(number, unit):
    return [f"{unit}{letter}" * (LONG_WORD // len(f"{unit}{letter}")) for letter in ascii_lowercase[:number]]


@pytest.mark.parametrize(
    ("unit", "number", "most"), [("xq", 20, 1_500_000), ("x-q", 8, 9_000_000), ("x,q", 8, 700_000)]
)
def test_long_words_are_not_kept(monkeypatch, shipped, unit, number, most):
    """Words of 50,000 characters, each another one, leave little memory behind once they are labelled."""
    monkeypatch.setattr(lexicon, "CACHE_LETTERS", 2 * LONG_WORD)
    shipped.label(["Pakta"])
    tracemalloc.start()
    try:
        for text in _words(number, unit):
            shipped.label([text])
        assert tracemalloc.get_traced_memory()[0] < most
    finally:
        tracemalloc.stop()


def test_long_words_are_not_kept_by_the_analyzer():
    """The same where articles are read."""
    analyzer = Analyzer()
    tracemalloc.start()
    try:
        for text in _words(20, "xq"):
            assert len(analyzer.analyze(text)) == 1
        assert tracemalloc.get_traced_memory()[0] < 4 * LONG_WORD
    finally:
        tracemalloc.stop()


# The terminal

# Codes, a title, colours, overwriting, order of writing, joiners, selectors, fillers, tags: nothing of it is seen.
SPOOF = "\x1b[2J\x1b]0;judul\x07\x9b31m\r\x08\u202e\u2066\u200b\u2060\u00ad\u3164\ufe0f\U000e0041\U000e0101\u034f"
FORBIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
HIDDEN = set("\u3164\ufe0f\U000e0101\u034f")


def _spoofs(text):
    return {char for char in text if (unicodedata.category(char) in FORBIDDEN or char in HIDDEN)} - set("\n\t")


TOLD = [
    ("label", f"{SPOOF}.csv"),
    ("label", "lajur.csv"),
    ("label", "lajur.csv", "--text-column", SPOOF),
    ("label", "lajur.csv", "--format", SPOOF),
    ("label", "lajur.csv", "-o", f"{SPOOF}.xlsx"),
    ("train", "--articles", SPOOF, "-o", "m"),
    ("train", "--articles", "artikel", "-o", "m"),
    ("train", "--labels", "label.jsonl", "-o", "m"),
    ("train", "--articles", "lajur.csv", "-o", SPOOF, "--encoding", SPOOF),
    ("evaluate", "--labels", SPOOF),
    ("evaluate", "--labels", "label.jsonl"),
    ("evaluate", "--questions", "label.jsonl"),
    ("info", "--model", SPOOF),
    ("ask", "--model", SPOOF, "apa"),
    ("ask", f"apa itu {SPOOF}"),
    ("ask", "--json", f"apa itu {SPOOF}"),
    ("stem", f"kerja{SPOOF} sama"),
    (f"--{SPOOF}",),
    (SPOOF,),
    ("ask", "--top-k", SPOOF, "apa"),
]


@pytest.mark.parametrize("args", TOLD, ids=lambda args: " ".join(args).replace(SPOOF, "?"))
def test_nothing_that_is_told_commands_the_terminal(call, tmp_path, args):
    """Names of files, columns, labels and options reach a terminal without what commands it or is never seen."""
    (tmp_path / "lajur.csv").write_text(f"{SPOOF}a,b\n1,2\n", encoding="utf-8", newline="")
    row = {"text": SPOOF, "form": SPOOF, "sectors": [SPOOF], "question": SPOOF}
    (tmp_path / "label.jsonl").write_text(json.dumps(row), encoding="utf-8")
    (tmp_path / "artikel").mkdir()
    (tmp_path / "artikel" / f"{SPOOF}.txt").write_bytes(b"\xff")
    reply = call(*args)
    assert reply.out + reply.err != ""
    assert "Traceback" not in reply.err
    assert _spoofs(reply.out + reply.err) == set()


def test_long_values_are_told_in_short(call, tmp_path):
    """A message that quotes a value of a million characters quotes its beginning."""
    row = {"text": "Pakta.", "form": "x" * 1_000_000, "sectors": []}
    (tmp_path / "label.jsonl").write_text(json.dumps(row), encoding="utf-8")
    error = error_line(call("evaluate", "--labels", "label.jsonl"), 3)
    assert len(error) < 5_000
    assert error.endswith(" …\n")


def _on_a_terminal(folder, *args):
    """Run the real command on a terminal; return what it shows."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "kerjasama_nlp", *args], stdout=theirs, stderr=subprocess.PIPE, cwd=folder
    ) as process:
        os.close(theirs)
        shown = read_terminal(ours)
        process.stderr.read()
    assert process.returncode == 0
    return shown


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_rows_shown_on_a_terminal_are_harmless(tmp_path, call, name):
    """What goes into a pipe keeps every character; what a terminal shows of the same rows commands nothing."""
    cell = SPOOF.replace("\r", "")
    lines = {"a.csv": f"text,id\nPakta,{cell}\n", "a.jsonl": json.dumps({"text": "Pakta", "id": cell}) + "\n"}
    (tmp_path / name).write_text(lines[name], encoding="utf-8", newline="")
    piped = call("label", name).out
    assert (cell if name == "a.csv" else json.dumps(cell)[1:-1]) in piped
    shown = _on_a_terminal(tmp_path, "label", name)
    assert "Pakta" in shown
    assert _spoofs(shown.replace("\r\n", "\n")) == set()
