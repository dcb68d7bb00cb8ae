"""Numbers for strings: those that a dictionary would give, whatever the strings."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerjasama_nlp.labels.numbering import Numbering
from kerjasama_nlp.labels.pieces import cut

BLOCKS = st.lists(
    st.lists(st.text(st.sampled_from("ab\x00é"), min_size=1, max_size=20), min_size=1, max_size=30),
    min_size=1,
    max_size=5,
)


def _check(numbers, blocks):
    """Look blocks of strings up, and compare with a dictionary."""
    expected = {}
    for words in blocks:
        found, new = numbers.look_up(cut([" ".join(words)])[0])
        fresh = list(dict.fromkeys(word for word in words if word not in expected))
        assert sorted(words[position] for position in new.tolist()) == sorted(fresh)
        assert [words.index(words[position]) for position in new.tolist()] == new.tolist()
        expected |= {words[position]: number for number, position in enumerate(new.tolist(), len(expected) + 1)}
        assert found.tolist() == [expected[word] for word in words]
    assert [numbers.text(number) for number in expected.values()] == list(expected)
    assert len(numbers) == len(expected)


@given(BLOCKS)
def test_numbers_are_those_of_a_dictionary(blocks):
    """Each distinct string has its own number, the same whenever it comes again."""
    _check(Numbering(64), blocks)


@given(BLOCKS)
def test_more_strings_than_slots(blocks):
    """What finds no slot is numbered all the same."""
    _check(Numbering(1), blocks)


@pytest.mark.parametrize("slot", [0, 255])
def test_strings_that_collide(monkeypatch, slot):
    """Strings of one hash value, more than are tried in a row, keep their own numbers, and cost no more than a look."""
    monkeypatch.setattr(Numbering, "_hash", lambda _self, low, _high: np.full(len(low), slot))
    words = [f"padi{number}" for number in range(100)]
    _check(Numbering(64), [words[:3], words, [*words[::-1], "mempertanggungjawabkan"], words])


def test_clearing():
    """What is cleared starts with number 1 again."""
    numbers = Numbering(4)
    words = [f"jagung{number}" for number in range(50)]
    _check(numbers, [words])
    numbers.clear()
    assert (len(numbers), numbers.letters) == (0, 0)
    _check(numbers, [words[::-1], ["mempertanggungjawabkan"]])
    assert numbers.letters >= len("mempertanggungjawabkan")
