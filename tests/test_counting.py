"""Counting the features of a training file: in bounded memory, and as serving counts them."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerjasama_nlp.labels import features, training
from kerjasama_nlp.labels.classifier import BLOCKS
from kerjasama_nlp.labels.features import Counted, Features

ALL = dict.fromkeys(BLOCKS, 1)
WORDS = "Jepang ASEAN PBB memberi hibah kepada Mesir padi padi-padian presiden menteri kedua negara , . Kuba".split()
KEYS = st.lists(st.lists(st.integers(0, 40), max_size=30), max_size=30)
TEXTS = st.lists(st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join), max_size=7)


def _tallied(blocks):
    """Return a tally of blocks of keys, and the true counts; its size is looked at after each block."""
    tally, true = features._Tally(), Counter()  # noqa: SLF001  # forgetting has no other door
    for keys in blocks:
        tally.add(*np.unique(np.array(keys, dtype=np.int64), return_counts=True))
        true.update(keys)
        assert tally._size <= features._MOST_KEYS  # noqa: SLF001
    return tally, true


def _counts(tally, least=1, most=1000):
    keys, counts = tally.most_frequent(least, most)
    return dict(zip(keys.tolist(), counts.tolist(), strict=True))


@given(KEYS)
def test_a_tally_is_a_counter(blocks):
    """As long as there is room, each key has its exact count."""
    tally, true = _tallied(blocks)
    assert _counts(tally) == dict(true)


@given(KEYS, st.integers(1, 5), st.integers(0, 10))
def test_the_most_frequent_keys(blocks, least, most):
    """Keys below the least count are left out; of too many, those with the lowest counts."""
    tally, true = _tallied(blocks)
    found = _counts(tally, least, most)
    frequent = sorted((count for count in true.values() if count >= least), reverse=True)
    assert list(found.values()) == frequent[:most]
    assert all(true[key] == count for key, count in found.items())


@given(KEYS, st.integers(4, 20))
def test_a_forgetful_tally_is_never_too_high(blocks, room):
    """With room for few keys no count is too high, and what was never forgotten is exact."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(features, "_MOST_KEYS", room)
        tally, true = _tallied(blocks)
    found = _counts(tally)
    assert all(count <= true[key] for key, count in found.items())
    if sum(map(len, map(set, blocks))) <= room:
        assert found == dict(true)


def test_forgetting_keeps_the_frequent(monkeypatch):
    """A key of every block outlives any number of rare ones, with its exact count."""
    monkeypatch.setattr(features, "_MOST_KEYS", 16)
    tally, _true = _tallied([[0, 0, 0, *range(10 * block, 10 * block + 8)] for block in range(1, 60)])
    assert _counts(tally)[0] == 3 * 59
    assert len(_counts(tally)) <= 16


@given(TEXTS, st.integers(1, 4))
def test_training_counts_as_serving_does(texts, block):
    """Texts counted block by block in training have the very counts that the labelled model finds in them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(features, "BLOCK_TEXTS", block)
        with Counted(texts, ALL, 100_000) as counted:
            names, blocks = counted.names, list(counted.blocks())
    assert all(before < after for before, after in pairwise(names))
    served = Features(names)
    batches = list(features.batches(texts, block))
    assert len(blocks) == len(batches)
    for found, batch in zip(blocks, batches, strict=True):
        expected, _reading = served.count(batch)
        for one, other in zip(found, expected, strict=True):
            assert one.tolist() == other.tolist()


@pytest.mark.parametrize("most", [100, 3, 0])
def test_the_rarest_names_are_left_out(most):
    """Of more names than there is room for, those in the fewest texts are left out, then the last ones."""
    texts = ["padi beras", "padi beras", "padi jagung"]
    with Counted(texts, {**ALL, "s": 100}, most) as counted:
        names = counted.names
        (found,) = counted.blocks()
    every = ["b:padi beras", "b:padi jagung", "w:beras", "w:jagung", "w:padi"]
    assert set(names) <= {*every, *(f"n:{name[2:]}" for name in every)}
    assert len(names) == min(most, len(every))
    assert names == sorted(names)
    assert (most == 0) or "w:padi" in names
    assert sorted(set(found.number.tolist())) == list(range(len(names)))


@pytest.mark.parametrize(("times", "counted"), [(9, 9), (255, 255), (256, 256), (70_000, 65_535)])
def test_the_matrix_of_counts(times, counted):
    """Columns are features, what most texts have first; counts are exact whatever they are, up to two bytes."""
    texts = ["beras", "beras jagung", "jagung beras " + "padi. " * times]
    with Counted(texts, {**ALL, "s": 100}, 100_000) as found:
        names, matrix = training._counts(found, len(texts))  # noqa: SLF001  # what is fitted on
    frequency = matrix.getnnz(axis=0).tolist()
    assert names[0] == "w:beras"
    assert list(zip(names, frequency, strict=True)) == sorted(
        zip(names, frequency, strict=True), key=lambda pair: (-pair[1], pair[0])
    )
    served = Features(sorted(names))
    for row, text in enumerate(texts):
        expected = {name: min(count, 65_535) for name, count in served.of(text).items()}
        assert {names[column]: matrix[row, column] for column in matrix[row].indices} == expected
    assert matrix[2, names.index("w:padi")] == counted
