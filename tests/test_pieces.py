"""Texts cut into pieces of bytes: the same pieces as those of strings."""

import sys

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kerjasama_nlp.labels.pieces import EDGES, LONGEST, cut, plain_words, text_of

SPACES = "".join(chr(code) for code in range(sys.maxunicode + 1) if chr(code).isspace())
TEXTS = st.lists(
    st.text(st.one_of(st.sampled_from(SPACES), st.sampled_from("aZ-,“é\x00\x7f\x85\U0001f600\ud800"), st.characters()))
)


@given(TEXTS)
def test_pieces_are_those_of_split(texts):
    """A text is cut at all white space that there is, and at nothing else."""
    pieces, counts = cut(texts)
    assert pieces.texts() == [piece for text in texts for piece in text.split()]
    assert counts.tolist() == [len(text.split()) for text in texts]


def test_every_white_space_cuts():
    """Each white space cuts between any two letters, also at the end of all texts."""
    texts = [f"a{space}é" for space in SPACES] + [f"ab{space}" for space in SPACES]
    pieces, counts = cut(texts)
    assert pieces.texts() == ["a", "é"] * len(SPACES) + ["ab"] * len(SPACES)
    assert counts.tolist() == [2] * len(SPACES) + [1] * len(SPACES)


@given(TEXTS)
def test_keys_tell_pieces_apart(texts):
    """Two pieces have the same keys if and only if they are the same; a piece can be read from its keys."""
    pieces, _counts = cut(texts)
    short = pieces.at(pieces.sizes <= LONGEST)
    keys = list(zip(*(key.tolist() for key in short.as_numbers()), strict=True))
    assert len(set(keys)) == len(set(short.texts()))
    assert [text_of(*key) for key in keys] == short.texts()


def test_keys_of_all_sizes():
    """The size is part of the key, and each of the bytes is, wherever the piece stands."""
    words = ["abcdefghijklmnopqrstuvwxyz"[:size] for size in range(1, LONGEST + 1)]
    changed = [word[:place] + "!" + word[place + 1 :] for word in words for place in range(len(word))]
    zeros = [word + "\0" for word in words[:-1]]
    pieces, _counts = cut([" ".join([*words, *changed, *zeros])])
    assert len(set(zip(*(key.tolist() for key in pieces.as_numbers()), strict=True))) == len(words + changed + zeros)


def _core(text):
    core = text.strip("".join(edge for edge in EDGES if edge.isascii()) + "\0")
    return core if core.isascii() and core.isalpha() and len(text.encode()) <= LONGEST else None


@given(st.lists(st.text(st.sampled_from("aZé.,(“-0\x00'"), min_size=1, max_size=LONGEST + 2)))
def test_plain_words(texts):
    """What is one word of ASCII's letters between punctuation is found, without the punctuation."""
    words, found = plain_words(cut(texts)[0])
    assert found.tolist() == [_core(text) is not None for text in texts]
    assert words.texts() == [core for core in map(_core, texts) if core is not None]


def test_nothing_to_cut():
    """No text, and texts without a word, give no pieces."""
    for texts in ([], [""], ["", " \n"]):
        pieces, counts = cut(texts)
        assert (pieces.texts(), counts.tolist()) == ([], [0] * len(texts))
        assert [len(column) for column in (*pieces.as_numbers(), plain_words(pieces)[1])] == [0, 0, 0]
    assert np.array_equal(cut(["a b"])[1], [2])
