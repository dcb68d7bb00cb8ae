"""What the classifier sees: symbols for parties, structure, named features and their counts."""

import re

import numpy as np
import pytest
from conftest import cases, growth
from hypothesis import given
from hypothesis import strategies as st

from kerjasama_nlp.labels import lexicon, parties, structural
from kerjasama_nlp.labels.classifier import BLOCKS
from kerjasama_nlp.labels.features import Counted, Features
from kerjasama_nlp.labels.reading import Reader, all_parties
from kerjasama_nlp.language.tokens import Analyzer

ALL = dict.fromkeys(BLOCKS, 1)


def symbols(text):
    """Return a text's words and parties as the classifier sees them in a row."""
    reader = Reader()
    return [reader.lexicon.terms[number] for number in reader.read([text]).symbol.tolist()]


def structure(text):
    """Return the structural features of a text."""
    (row,) = structural.table(Reader().read([text]))
    return {f"s:{name}" for name, found in zip(structural.names(), row, strict=True) if found}


def names_of(texts):
    """Return the names of all features of texts."""
    with Counted(texts, ALL, 10_000) as counted:
        return counted.names


def count(text):
    """Return all features of a text with their counts."""
    return Features(names_of([text])).of(text)


@pytest.mark.parametrize("case", cases("features.json"))
def test_case(case):
    """Each text has the expected symbols, and the structure that its parties and verbs make."""
    found = structure(case["input"])
    assert symbols(case["input"]) == case["symbols"]
    assert sorted(set(case["with"]) - found) == []
    assert sorted(found.intersection(case["without"])) == []


@pytest.mark.parametrize(
    ("words", "length"),
    [(12, "judul"), (13, "kalimat"), (39, "kalimat"), (40, "paragraf")],
)
def test_length(words, length):
    """A text counts as headline, sentence or paragraph by its words."""
    found = structure("padi " * words)
    assert {name for name in found if name.startswith("s:panjang")} == {f"s:panjang={length}"}


def test_only_the_lead_is_the_lead():
    """A verb late in the text isn't one of its lead."""
    late = structure("padi " * 14 + "mengecam")
    early = structure("padi " * 13 + "mengecam")
    assert "s:aksi=kecam" in late & early
    assert ("s:awal=kecam" in late, "s:awal=kecam" in early) == (False, True)


@pytest.mark.parametrize(("between", "near"), [(3, True), (4, False)])
def test_near_a_party(between, near):
    """A verb is about a party up to four words away."""
    found = structure("Jepang " + "padi " * between + "mengecam")
    assert ("s:dekat=kecam" in found) == near


def test_counts():
    """Words and pairs are counted; runs hold a party each; an organisation counts once."""
    found = count("Padi ASEAN, padi ASEAN.")
    assert (found["w:padi"], found["w:asean"], found["b:padi asean"], found["b:asean padi"]) == (2, 2, 2, 1)
    assert (found["n:padi KAWASAN"], found["n:KAWASAN padi"], found["n:padi KAWASAN padi"]) == (2, 1, 1)
    assert [(name, n) for name, n in found.items() if name.startswith("o:")] == [("o:asean", 1)]
    runs = [name.removeprefix("n:").split() for name in found if name.startswith("n:")]
    assert [run for run in runs if "KAWASAN" not in run] == []


@pytest.mark.parametrize("case", cases("roles.json"))
def test_roles(case):
    """Function words beside parties tell what part they play, within their text."""
    assert sorted(name.removeprefix("r:") for name in count(case["input"]) if name.startswith("r:")) == case["expected"]


def test_names_are_read_as_they_are_found():
    """Blocks of texts name the parties that `parties.find` finds, whatever the name, also one in capitals ("UE")."""
    texts = [f"Kemarin {name} mengumumkan" for name, _target in parties.entries()]
    reading = Reader().read(texts)
    read = [[] for _ in texts]
    for text, party in zip(reading.mention_text.tolist(), reading.mention_party.tolist(), strict=True):
        read[text].append(all_parties()[party].target)
    assert read == [[(mention.kind, mention.key) for mention in parties.find(text)] for text in texts]


def test_texts_end():
    """Names, pairs and runs don't reach from one text into the next of the block."""
    ends, alone = ["Kami ke Korea", "Selatan dan negara", "negara itu"], Reader()
    together = Reader().read(ends)
    apart = [alone.read([text]) for text in ends]
    for name in ("word_text", "symbol_text", "mention_text", "phrase_text"):
        assert np.bincount(getattr(together, name), minlength=3).tolist() == [
            len(getattr(reading, name)) for reading in apart
        ]
    assert [party for reading in apart for party in reading.mention_party] == together.mention_party.tolist()
    names = names_of(ends)
    found, _reading = Features(names).count(ends)
    by_text = [{names[n] for n in found.number[found.text == i].tolist()} for i in range(3)]
    assert by_text == [set(count(text)) for text in ends]


def terms(text):
    """Return all terms of a text."""
    reader = Reader()
    return [reader.lexicon.terms[number] for number in reader.read([text]).term.tolist()]


WORDS = (
    "kerja sama Kerjasama negara-negara perekonomian UN un (United Nations Perserikatan Bangsa-Bangsa PBB yang di a "
    "1955 318,6 11% G20 e-KTP multi lateral menanda tangani Côte d'Ivoire Uni Eropa, bank dunia. NATO Jumat se-Asia _x"
).split()


@given(st.lists(st.one_of(st.sampled_from(WORDS), st.text(st.characters(exclude_characters="-"), max_size=6))))
def test_terms_are_the_analyzers(words):
    """A text has the same terms here as in the index."""
    text = " ".join(words)
    assert terms(text) == Analyzer().analyze(text)


def test_rest_of_a_hyphenated_word():
    """What a name leaves of a hyphenated word keeps its terms."""
    assert terms("Uni Eropa-Jepang") == ["unieropa", "uni", "eropa", "jepang"]
    assert terms("sama-sama, kerja sama-tangan") == [*terms("sama-sama"), "kerjasama", "tangan"]


def test_forgetting_changes_nothing(monkeypatch):
    """A lexicon that starts anew again and again reads the same."""
    texts = [f"Jepang memberi hibah ke-{n} kepada negara-negara Afrika (PBB)." for n in range(40)]
    known = Features(names_of(texts))
    expected = [known.of(text) for text in texts]
    monkeypatch.setattr(lexicon, "CACHE_CHUNKS", 3)
    small = Features(names_of(texts))
    assert small.names == known.names
    assert [small.of(text) for text in texts] == expected


def test_names_of_states_make_no_run():
    """The same act of other states gives the same runs: a model learns acts, not states."""

    def runs(text):
        return {name for name in count(text) if name.startswith(("n:", "s:"))}

    assert runs("Jepang memberi hibah kepada Mesir") == runs("Kanada memberi hibah kepada Nigeria")


@pytest.mark.parametrize("name", ["w", "x:padi", "b:padi", "n:RI", "n:a b c d", "w:padi beras"])
def test_other_names_are_refused(name):
    """A model whose features have other names is no model of ours."""
    with pytest.raises(ValueError, match=re.escape(name)):
        Features(["w:padi", name])


@given(st.text(max_size=200))
def test_any_text_has_known_blocks(text):
    """Whatever the text, each feature has a positive count and a block that the classifier weighs."""
    counts = count(text)
    assert {name.split(":")[0] for name in counts} <= set(BLOCKS)
    assert min(counts.values()) >= 1


@pytest.mark.parametrize("unit", ["Jepang ", "Jepang-", "kedua negara ", "mengecam ", "a", "&", "1 "])
def test_long_texts_take_no_longer_a_word(unit):
    """Ten times the text takes about ten times as long."""
    count("Jepang mengecam")  # tables are read once
    assert growth(count, {"before": "", "unit": unit, "after": ""}) is None
