"""Building the index: the same whatever is done at once, in little memory, with nothing left on the disk."""

import signal
import subprocess
import sys
import tracemalloc
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerjasama_nlp import arrays, training
from kerjasama_nlp.answers import indexing, runs
from kerjasama_nlp.answers.gold import KnownAnswer
from kerjasama_nlp.answers.indexing import build
from kerjasama_nlp.errors import OutputError
from kerjasama_nlp.language import bulk, tokens
from kerjasama_nlp.language.bulk import BulkAnalyzer
from kerjasama_nlp.language.tokens import SURFACE, Analyzer
from kerjasama_nlp.records import Passage

# Words that start, continue and end names, with what may stand around them, and others.
PIECES = (
    "kerja sama kerjasama Kerja-sama Uni Eropa-Jepang Perserikatan Bangsa-Bangsa bangsa PBB UN un (United Nations) "
    "UNESCO(United (Uni Asia Tenggara, Asia/Pasifik & - 1,5% negara-negara di-rumah bersama-sama perekonomian yang "
    "KERJA SAMA, sama. Dunia Bank negaranya a 7 é’e"
).split(" ")
TEXT = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=12).map(" ".join)
WORDS = "air danau negara pakta runding perikanan kereta pelabuhan tani kopi harga pasar".split()


def _passages(n, words=WORDS):
    """Yield passages of few words, all different."""
    for number in range(n):
        text = " ".join(words[(number * step + step) % len(words)] for step in range(1, 40))
        yield Passage(
            f"a{number}", f"Pakta {words[number % len(words)]}", "a.jsonl", "", f"{text} nomor {number % 97}."
        )


def _terms(analyzer, texts):
    """Return the terms of each text, counted, as the bulk analyzer numbers them."""
    terms, owners = analyzer.read(texts)
    found = [Counter() for _ in texts]
    for term, owner in zip(terms.tolist(), owners.tolist(), strict=True):
        found[owner][analyzer.terms[term]] += 1
    return found


@given(st.lists(st.lists(TEXT, max_size=4), max_size=4), st.sampled_from([1, 1 << 18]))
def test_bulk_terms_are_the_analyzers(blocks, cached):
    """Every text has the terms that the analyzer gives it, in whatever block, with few chunks kept or many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "CACHE_CHUNKS", cached)
        analyzer, plain = BulkAnalyzer(), Analyzer()
        for texts in blocks:
            assert _terms(analyzer, texts) == [Counter(plain.analyze(text)) for text in texts]
        assert set(analyzer.terms) == {term for texts in blocks for text in texts for term in plain.analyze(text)}


@given(st.lists(TEXT, max_size=6), st.sampled_from([1, 1 << 18]))
def test_bulk_stems_are_the_analyzers(texts, cached):
    """The words kept with their stems are those that the analyzer met and that are one term, whatever was forgotten."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "CACHE_CHUNKS", cached)
        analyzer, plain = BulkAnalyzer(), Analyzer()
        for text in texts:
            analyzer.read([text])
            plain.analyze(text)
    met = plain._terms.items()  # noqa: SLF001  # what it met
    stems = {word: terms[0] for word, terms in met if len(terms) == 1 or terms[1:] == (SURFACE + word,)}
    assert {word: analyzer.terms[number] for word, number in analyzer.stems.items()} == stems


def test_forgotten_words_are_read_alike(monkeypatch):
    """A word that is met again after it was forgotten has the terms that it had."""
    monkeypatch.setattr(bulk, "CACHE_CHUNKS", 1)
    analyzer = BulkAnalyzer()
    assert _terms(analyzer, list(PIECES)) == _terms(analyzer, list(PIECES))


def test_long_names_are_found_across_marks():
    """What stands between the words of a name doesn't count, as for the analyzer; neither does how far it goes on."""
    names = [" ".join(words) for rows in tokens.names().values() for words, _ in rows]
    texts = [*names, *(name.replace(" ", " - ") for name in names), *(name.rsplit(" ", 1)[0] for name in names)]
    assert _terms(BulkAnalyzer(), texts) == [Counter(Analyzer().analyze(text)) for text in texts]


def _contents(index):
    """Return the arrays of an index, as bytes."""
    found = [index.passages.blob, index.passages.offsets, index.passages.sums, index.terms.blob, index.terms.offsets]
    found += [index.words.blob, index.words.offsets, index.word_stems, index.postings.starts]
    found += [index.postings.passages, index.postings.weights, index.asked.lines, index.asked.ids, index.asked.weights]
    return [array.tobytes() for array in found]


@pytest.mark.parametrize("rows", [1, 7, 100, 5_000])
@pytest.mark.parametrize("block", [1, 9, 400])
def test_index_does_not_depend_on_blocks(monkeypatch, tmp_path, rows, block):
    """However many passages are read at once, rows sorted at once, and bytes kept in memory: the same bytes."""
    known = [KnownAnswer("di mana air danau kereta", "a3", "nomor 3", "tanya.jsonl:1")]
    whole = _contents(build(_passages(60), known))
    monkeypatch.setattr(indexing, "BLOCK_PASSAGES", block)
    monkeypatch.setattr(runs, "_MEMORY_BYTES", rows)
    monkeypatch.setattr(arrays, "MAPPED_BYTES", rows)
    assert _contents(build(_passages(60), known, tmp_path, rows=rows)) == whole
    assert list(tmp_path.iterdir()) == []


def test_blocks_end_by_characters(monkeypatch):
    """Long passages are read a few at a time."""
    monkeypatch.setattr(indexing, "BLOCK_CHARACTERS", 100)
    sizes = []
    read = BulkAnalyzer.read
    monkeypatch.setattr(BulkAnalyzer, "read", lambda self, texts: sizes.append(len(texts)) or read(self, texts))
    build(_passages(5))
    assert sizes == [3] * 5  # title, section and text of one passage at a time


def _peak(n, folder):
    """Return the most memory, in bytes, that building an index of so many passages takes."""
    tracemalloc.start()
    try:
        index = build(_passages(n), folder=folder, rows=2_000)
        assert len(index.passages) == n
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_grows_with_the_vocabulary_alone(monkeypatch, tmp_path):
    """Passages of known words cost a few bytes each, not their text and their postings (some 600)."""
    for module, name in ((runs, "_MEMORY_BYTES"), (arrays, "MAPPED_BYTES")):
        monkeypatch.setattr(module, name, 1 << 12)
    monkeypatch.setattr(indexing, "BLOCK_PASSAGES", 100)
    _peak(100, tmp_path)  # tables of the language
    few, many = _peak(1_000, tmp_path), _peak(5_000, tmp_path)
    assert (many - few) / 4_000 < 120


KILLED = """
import itertools, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from kerjasama_nlp import arrays
from kerjasama_nlp.answers import indexing, runs
from test_indexing import _passages
runs._MEMORY_BYTES = arrays.MAPPED_BYTES = 1
def told():
    for number, passage in enumerate(_passages(10**9)):
        if number == 5_000:
            print("writing", flush=True)
        yield passage
indexing.build(told(), folder=Path(sys.argv[1]), rows=1_000)
"""


def test_a_killed_process_leaves_nothing(tmp_path, request):
    """Temporary files have no name: when the process is killed, they are gone."""
    command = [sys.executable, "-c", KILLED, tmp_path, request.path.parent]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        told, there = process.stdout.readline(), list(tmp_path.iterdir())
        process.kill()
    assert (told, there, process.returncode) == (b"writing\n", [], -signal.SIGKILL)
    assert list(tmp_path.iterdir()) == []


def test_temporary_files_that_cannot_be_written(monkeypatch, small_articles, tmp_path):
    """A folder that takes no temporary file is a failure to write, told by its name."""
    monkeypatch.setattr(runs, "_MEMORY_BYTES", 1)
    with pytest.raises(OutputError, match=r"tak-ada: cannot be written \(No such file"):
        training.index_articles([small_articles], scratch=tmp_path / "tak-ada")


@pytest.mark.parametrize("dtype", ["|u1", "<i4", "<f4", "<i8"])
@pytest.mark.parametrize("length", [0, 1, 1_000])
def test_arrays_are_written_as_numpy_does(monkeypatch, tmp_path, dtype, length):
    """Written piece by piece, mapped or not, an array's file is NumPy's to the byte, and reads as it was."""
    monkeypatch.setattr(arrays, "_PIECE", 7)
    monkeypatch.setattr(arrays, "MAPPED_BYTES", 300)
    values = np.arange(length).astype(dtype)
    np.save(tmp_path / "a.npy", values)
    mapped = arrays.read_array(tmp_path, "a", dtype)
    for number, array in enumerate((values, mapped)):
        arrays.write_array(tmp_path / f"b{number}.npy", array)
        assert (tmp_path / f"b{number}.npy").read_bytes() == (tmp_path / "a.npy").read_bytes()
    assert mapped.tolist() == values.tolist()
