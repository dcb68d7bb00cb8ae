"""What the classifier sees: symbols for parties, structure, named features and their counts."""

import pytest
from conftest import cases, growth
from hypothesis import given
from hypothesis import strategies as st

from kerjasama_nlp import features
from kerjasama_nlp.classifier import BLOCKS
from kerjasama_nlp.tokens import Analyzer

ANALYZER = Analyzer()


@pytest.mark.parametrize("case", cases("features.json"))
def test_case(case):
    """Each text has the expected symbols, and the structure that its parties and verbs make."""
    reading = features.read(case["input"], ANALYZER)
    found = features.structure(reading)
    assert list(reading.symbols) == case["symbols"]
    assert sorted(set(case["with"]) - found) == []
    assert sorted(found.intersection(case["without"])) == []


@pytest.mark.parametrize(
    ("words", "length"),
    [(12, "judul"), (13, "kalimat"), (39, "kalimat"), (40, "paragraf")],
)
def test_length(words, length):
    """A text counts as headline, sentence or paragraph by its words."""
    found = features.structure(features.read("padi " * words, ANALYZER))
    assert {name for name in found if name.startswith("s:panjang")} == {f"s:panjang={length}"}


def test_only_the_lead_is_the_lead():
    """A verb late in the text isn't one of its lead."""
    late = features.structure(features.read("padi " * 14 + "mengecam", ANALYZER))
    early = features.structure(features.read("padi " * 13 + "mengecam", ANALYZER))
    assert "s:aksi=kecam" in late & early
    assert ("s:awal=kecam" in late, "s:awal=kecam" in early) == (False, True)


@pytest.mark.parametrize(("between", "near"), [(3, True), (4, False)])
def test_near_a_party(between, near):
    """A verb is about a party up to four words away."""
    found = features.structure(features.read("Jepang " + "padi " * between + "mengecam", ANALYZER))
    assert ("s:dekat=kecam" in found) == near


def test_counts():
    """Words and pairs are counted; runs hold a party each; an organisation counts once."""
    found = features.count(features.read("Padi ASEAN, padi ASEAN.", ANALYZER))
    assert (found["w:padi"], found["w:asean"], found["b:padi asean"], found["b:asean padi"]) == (2, 2, 2, 1)
    assert (found["n:padi KAWASAN"], found["n:KAWASAN padi"], found["n:padi KAWASAN padi"]) == (2, 1, 1)
    assert [(name, n) for name, n in found.items() if name.startswith("o:")] == [("o:asean", 1)]
    runs = [name.removeprefix("n:").split() for name in found if name.startswith("n:")]
    assert [run for run in runs if "KAWASAN" not in run] == []


def test_names_of_states_make_no_run():
    """The same act of other states gives the same runs: a model learns acts, not states."""

    def runs(text):
        return {name for name in features.count(features.read(text, ANALYZER)) if name.startswith(("n:", "s:"))}

    assert runs("Jepang memberi hibah kepada Mesir") == runs("Kanada memberi hibah kepada Nigeria")


@given(st.text(max_size=200))
def test_any_text_has_known_blocks(text):
    """Whatever the text, each feature has a positive count and a block that the classifier weighs."""
    counts = features.count(features.read(text, ANALYZER))
    assert {name.split(":")[0] for name in counts} <= set(BLOCKS)
    assert min(counts.values()) >= 1


@pytest.mark.parametrize("unit", ["Jepang ", "Jepang-", "kedua negara ", "mengecam ", "a", "&", "1 "])
def test_long_texts_take_no_longer_a_word(unit):
    """Ten times the text takes about ten times as long."""

    def count(text):
        return features.count(features.read(text, ANALYZER))

    count("Jepang mengecam")  # tables are read once
    assert growth(count, {"before": "", "unit": unit, "after": ""}) is None
