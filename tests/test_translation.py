"""Other words for the words of questions: learned by the model's formula, and used as their docstrings say."""

from itertools import product
from math import isclose, log1p, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerjasama_nlp import load, model, training
from kerjasama_nlp.answers import fitting, translation
from kerjasama_nlp.answers.gold import KnownAnswer
from kerjasama_nlp.answers.indexing import build
from kerjasama_nlp.documents import passages
from kerjasama_nlp.documents.articles import parse_article
from kerjasama_nlp.language.tokens import Analyzer

WORDS = st.sampled_from(["alamat", "markas", "opec", "who", "anggota", "lahir", "diri"])
PAIRS = st.lists(st.tuples(st.lists(WORDS, max_size=3), st.sets(WORDS, max_size=3)), max_size=8)


def _by_hand(pairs):
    """Return t(x | w) by the formula of IBM's first model, word by word."""
    pairs = [(sorted(set(asked)), sorted({*said, ""})) for asked, said in pairs]
    cells = {(x, w) for asked, said in pairs for x, w in product(asked, said)}
    chances = dict.fromkeys(cells, 1.0)
    for _round in range(translation.ROUNDS):
        counts = dict.fromkeys(cells, 0.0)
        for asked, said in pairs:
            for x in asked:
                total = sum(chances[x, w] for w in said)
                for w in said:
                    counts[x, w] += chances[x, w] / total
        totals = {w: sum(count for (_x, v), count in counts.items() if v == w) for _x, w in cells}
        chances = {(x, w): count / (totals[w] + translation.SMOOTHING) for (x, w), count in counts.items()}
    return {cell: chance for cell, chance in chances.items() if chance >= translation.LEAST and cell[1]}


@given(PAIRS)
def test_chances_are_those_of_the_formula(pairs):
    """Expectation maximisation over arrays gives what it gives word by word; shares are those of the questions."""
    learned = translation.fit(pairs)
    found = {(x, w): chance for x in learned.asked.decoded() for w, chance in learned.of(x).items()}
    expected = _by_hand(pairs)
    assert found.keys() == expected.keys()
    assert all(isclose(chance, expected[cell], rel_tol=1e-4) for cell, chance in found.items())
    asked = [word for question, _said in pairs for word in set(question)]
    for word in set(asked):
        assert learned.share(word) == pytest.approx(asked.count(word) / len(asked), rel=1e-5)


def test_a_word_of_every_question_is_no_translation():
    """What is said in every question belongs to no word of the answers, but to none."""
    pairs = [([f"x{n % 5}", "apa"], {f"w{n % 5}"}) for n in range(200)]
    learned = translation.fit(pairs)
    assert learned.of("x3") == {"w3": pytest.approx(0.7, abs=0.15)}
    assert max(learned.of("apa").values()) < min(learned.of("x3").values())


@pytest.fixture
def learned():
    """Return translations of which the chances are known."""
    return translation.fit([(["alamat"], {"markas"})] * 30 + [(["lahir"], {"diri"})] * 10)


def test_bridge_is_the_best_chance(learned):
    """A word bridges to itself wholly, to its best translation by the root of its chance, else not at all."""
    chance = learned.of("alamat")["markas"]
    assert 0.5 < chance < 1
    assert learned.bridge("alamat", {"markas", "opec"}) == sqrt(chance)
    assert learned.bridge("alamat", {"alamat", "markas"}) == 1.0
    assert learned.bridge("alamat", {"diri"}) == learned.bridge("kapan", {"diri"}) == 0.0
    assert learned.bridge("kapan", {"kapan"}) == 1.0


def test_likelihood_is_the_formula(learned):
    """The chance of being asked for, against the share in all questions, over the most that can be."""
    chance = learned.of("alamat")["markas"]
    most = log1p(9 / learned.share("lahir"))  # of the rarest word
    assert learned.likelihood("alamat", {"markas", "opec"}) == pytest.approx(
        log1p(9 * 0.5 * chance / 2 / learned.share("alamat")) / most
    )
    both = log1p(9 * (0.5 + 0.5 * chance) / 2 / learned.share("alamat")) / most
    assert learned.likelihood("alamat", {"markas", "alamat"}) == pytest.approx(both)
    assert learned.share("kapan") == learned.share("lahir")
    assert learned.likelihood("alamat", set()) == learned.likelihood("alamat", {"diri"}) == 0.0


@given(PAIRS, WORDS, st.sets(WORDS))
def test_both_stay_within_their_range(pairs, word, words):
    """Whatever was learned, both are between 0 and 1."""
    learned = translation.fit(pairs)
    assert 0 <= learned.bridge(word, words) <= 1
    assert 0 <= learned.likelihood(word, words) <= 1 + 1e-6


ARTICLE = "Pakta Awan bermarkas di Kota Fajar.\n\nPakta Awan lahir di Kota Senja."


def test_pairs_are_a_question_and_its_unit_under_its_heading():
    """Translations are learned from the stems of a question beside those of its unit, heading and title."""
    article = parse_article("pakta.md", "Pakta Awan", f"## Riwayat\n\n{ARTICLE}", path="pakta.md")
    known = [
        KnownAnswer("alamat pakta", "pakta", "Pakta Awan bermarkas di Kota Fajar.", "a:1"),
        KnownAnswer("ketua pakta", "pakta", "", "a:2"),
    ]
    (pair,) = fitting.pairs_of(build(passages.split(article), known))
    stems = {term for term in Analyzer().analyze("pakta awan markas di kota fajar riwayat") if term[0] != "="}
    assert pair == ("pakta.md", (["alamat", "pakta"], stems))


def test_translations_travel_with_the_ranker(small_articles, tmp_path):
    """They are saved, opened again, and kept for articles of one's own, as the ranker is."""
    shipped = load().ranker.translations
    assert len(shipped) > 10_000
    own = training.train([small_articles]).model
    model.save(own, tmp_path / "m")
    opened = model.verify(tmp_path / "m").ranker.translations
    for word in ("alamat", "duit", "ngutang", "kapan"):
        assert opened.of(word) == shipped.of(word)
        assert opened.share(word) == shipped.share(word)
    np.testing.assert_array_equal(opened.chances, shipped.chances)


def test_the_shipped_ones_know_everyday_words():
    """What people say for what articles say: an address for a seat, taxes for tariffs."""
    shipped = load().ranker.translations
    assert "markas" in shipped.of("alamat")
    assert "tarif" in shipped.of("pajak")
