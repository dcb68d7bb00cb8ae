"""Folds: every text in one, always the same one, never apart from what is like it."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerjasama_nlp.labels import folds, near_duplicates
from kerjasama_nlp.labels.labelled import LabelledText

WORDS = [f"kata{number}" for number in range(300)]


def _texts(groups, copies=()):
    """Return a text for each group name; `copies` are numbers of texts that nearly repeat their predecessor."""
    chance = random.Random(5)  # noqa: S311  # the same texts each time
    found = []
    for number, group in enumerate(groups):
        text = f"{found[-1].text} lagi" if number in copies and found else " ".join(chance.sample(WORDS, 25))
        found.append(LabelledText(text, "bukan", frozenset(), group))
    return found


def _fold_of(texts):
    """Return the number of each text's fold, after checking that each is in exactly one."""
    parts = folds.split(texts)
    assert all(len(part) for part in parts)
    assert np.sort(np.concatenate(parts)).tolist() == list(range(len(texts)))
    assert [part.tolist() for part in parts] == [sorted(part.tolist()) for part in parts]
    found = np.zeros(len(texts), dtype=np.int64)
    for number, part in enumerate(parts):
        found[part] = number
    return found


@given(
    st.lists(st.sampled_from(["", "", "a", "b", "c"]), min_size=2, max_size=40),
    st.sets(st.integers(1, 39), max_size=12),
)
def test_what_belongs_together_stays_together(names, copies):
    """Near-duplicates are in one fold; so are the texts of a named group that nearly repeat none of elsewhere."""
    texts = _texts(names, copies)
    fold = _fold_of(texts)
    first = near_duplicates.groups(entry.text for entry in texts)
    own = np.array([texts[leader].group == entry.group for entry, leader in zip(texts, first, strict=True)])
    units = np.array([texts[leader].group or str(leader) for leader in first])
    assert len(set(fold.tolist())) >= 2
    if len(set(units.tolist())) > 1:
        for name in {"a", "b", "c"}.intersection(units[own]):
            members = own & (np.array(names) == name)
            assert len(set(fold[members].tolist())) == 1
    if len(set(first.tolist())) > 1:
        assert (fold == fold[first]).all()
    assert _fold_of(texts).tolist() == fold.tolist()


def test_a_group_a_fold():
    """Where all texts are in a few named groups, each is a fold, in order of appearance."""
    assert _fold_of(_texts(["z", "a", "z", "m", "a"])).tolist() == [0, 1, 0, 2, 1]


def test_a_few_texts_without_a_group():
    """One text without a named group, and the groups are dealt out like single texts."""
    fold = _fold_of(_texts([*"aaabbb", *[""] * 20]))
    assert len(set(fold[:3].tolist())) == len(set(fold[3:6].tolist())) == 1
    assert sorted(np.bincount(fold).tolist()) == [5, 5, 5, 5, 6]


def test_many_groups_are_dealt_out():
    """More groups than MOST_GROUPS share five folds of about the same size."""
    names = [f"g{number % (folds.MOST_GROUPS + 1)}" for number in range(26 * 5)]
    fold = _fold_of(_texts(names))
    assert len(np.unique(fold)) == folds.FOLDS
    for name in set(names):
        assert len(set(fold[np.array(names) == name].tolist())) == 1
    assert np.bincount(fold).max() - np.bincount(fold).min() <= 5


def test_fewer_folds_of_many_texts(monkeypatch):
    """Of many texts there are fewer folds."""
    monkeypatch.setattr(folds, "MANY_TEXTS", 30)
    assert len(np.unique(_fold_of(_texts([""] * 30)))) == folds.FOLDS_OF_MANY
    assert len(np.unique(_fold_of(_texts([""] * 29)))) == folds.FOLDS


@pytest.mark.parametrize(
    ("names", "copies"),
    [
        (["a"] * 12, ()),
        (["a"] * 6 + ["b"], (6,)),
        ([""] * 8, range(1, 8)),
        (["a"] * 8, range(1, 8)),
    ],
    ids=["one group", "another that repeats it", "all alike", "one group, all alike"],
)
def test_there_is_always_something_to_learn_from(names, copies):
    """Where all texts belong together they are split all the same: a model of no text predicts nothing."""
    texts = _texts(names, copies)
    assert len(set(_fold_of(texts).tolist())) == min(folds.FOLDS, len(texts))
