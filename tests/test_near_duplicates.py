"""Near-duplicates: edited copies are found, other texts left apart, and the estimate is one of Jaccard's index."""

import random

import numpy as np
import pytest
from conftest import cases
from hypothesis import given
from hypothesis import strategies as st

from kerjasama_nlp.labels import near_duplicates
from kerjasama_nlp.labels.near_duplicates import ALIKE, HASHES, SHINGLE, groups

WORDS = [f"kata{number}" for number in range(400)]


def _jaccard(one, other):
    """Return how alike two texts of at least three words are, exactly."""
    sets = []
    for text in (one, other):
        words = text.casefold().split()
        sets.append({tuple(words[start : start + SHINGLE]) for start in range(len(words) - SHINGLE + 1)})
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


def _estimate(one, other):
    first, second = near_duplicates._signatures([one, other])  # noqa: SLF001  # what the groups are made of
    return float((first == second).mean())


def _edited(words, edits, chance):
    """Return words with so many of them replaced."""
    changed = list(words)
    for place in chance.sample(range(len(words)), edits):
        changed[place] = chance.choice(WORDS)
    return changed


@pytest.mark.parametrize("case", cases("near_duplicates.json"))
def test_case(case):
    """Copies with an edit are one group, texts about the same are not; whatever stands between them."""
    between = ["Petani Sleman panen raya padi organik", "", "Kapal karam di selat sempit itu"]
    found = groups([case["one"], *between, case["other"]]).tolist()
    assert found[:4] == [0, 1, 2, 3]
    assert found[4] == (0 if case["alike"] else 4)


@given(st.lists(st.sampled_from(WORDS), min_size=3, max_size=60), st.integers(0, 12), st.randoms(use_true_random=False))
def test_estimates_are_near_the_exact_figure(words, edits, chance):
    """No estimate from 24 hashes is further from Jaccard's index than 4.4 standard errors; equal texts are at 1."""
    one, other = " ".join(words), " ".join(_edited(words, min(edits, len(words)), chance))
    assert _estimate(one, other) == pytest.approx(_jaccard(one, other), abs=0.45)
    assert _estimate(one, one.upper()) == 1


def test_estimates_have_no_bias():
    """Over many pairs the estimates' mean error is nought, and their spread that of a share of 24 draws."""
    chance = random.Random(7)  # noqa: S311  # the same texts each time
    errors = []
    for _pair in range(1500):
        words = chance.sample(WORDS, 60)
        one, other = " ".join(words), " ".join(_edited(words, chance.randrange(25), chance))
        errors.append(_estimate(one, other) - _jaccard(one, other))
    assert abs(np.mean(errors)) < 0.01
    assert np.sqrt(np.mean(np.square(errors))) < 0.5 / HASHES**0.5


@pytest.mark.parametrize(("share", "least"), [(0.85, 1.0), (0.6, 0.75)])
def test_edited_copies_are_found(share, least):
    """Nearly all copies above a likeness of .85 are found, most at .6; unrelated texts never."""
    chance = random.Random(3)  # noqa: S311  # the same texts each time
    found = []
    while len(found) < 150:
        words = chance.sample(WORDS, 60)
        one, other = " ".join(words), " ".join(_edited(words, chance.randrange(1, 9), chance))
        if abs(_jaccard(one, other) - share) < 0.05:
            found.append(groups([one, other]).tolist() == [0, 0])
    assert np.mean(found) >= least - 0.02
    unrelated = [" ".join(chance.sample(WORDS, 40)) for _text in range(2000)]
    assert groups(unrelated).tolist() == list(range(2000))


@given(st.lists(st.text(max_size=30), max_size=12), st.integers(1, 5))
def test_a_group_is_named_by_its_first_text(texts, block):
    """Each text's group is the number of a text not after it, in a group by that same number, however it is read."""
    found = groups(texts)
    assert found.dtype == np.int64
    assert (found <= np.arange(len(texts))).all()
    assert (found[found] == found).all()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near_duplicates, "_BLOCK_TEXTS", block)
        assert groups(texts).tolist() == found.tolist()
    doubled = groups([*texts, *texts])
    assert doubled.tolist() == [*found.tolist(), *found.tolist()]


def test_likeness_is_passed_on():
    """A copy of a copy is in the first text's group, where it is itself too far from that; whatever the words."""
    chance = random.Random(1)  # noqa: S311  # the same words each time
    for _chain in range(200):
        words = chance.sample(WORDS, 90)
        steps = [" ".join([*words[: 60 - 6 * step], *words[60 : 60 + 6 * step]]) for step in range(5)]
        assert _jaccard(steps[0], steps[4]) < ALIKE - 0.05
        chance.shuffle(steps)
        found = groups(steps)
        assert (found[found] == found).all()
        assert len(set(found.tolist())) <= 2  # a step is missed now and then


def test_nothing_to_compare():
    """No texts, no groups."""
    assert groups([]).tolist() == []
