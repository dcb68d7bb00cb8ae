"""Texts cut at their white space, a block of them at once: pieces of the bytes of UTF-8, in arrays.

A piece is where it stands; of one of up to LONGEST bytes, two numbers hold all that it says (`Pieces.as_numbers`). So
pieces are compared, and looked up, without making a string of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kerjasama_nlp.arrays import Ints

Bytes = NDArray[np.uint8]
Keys = NDArray[np.uint64]

# Bytes that two numbers hold beside their count.
LONGEST = 15
_NUMBER_BYTES = 8
# Data goes on behind its last piece, so that three numbers can be taken from where any byte is.
_PADDING = bytes(4 * _NUMBER_BYTES)
_SPACE, _LINE_END = 32, 10
# White space beyond ASCII starts with one of these bytes at least.
_FIRST_LEAD = 0xC2


class Pieces(NamedTuple):
    """Parts of `data`, which is a multiple of 8 bytes long: piece i is `data[starts[i] : starts[i] + sizes[i]]`."""

    data: Bytes
    starts: Ints
    sizes: Ints

    def at(self, positions: Ints | NDArray[np.bool_]) -> Pieces:
        """Return some of the pieces."""
        return Pieces(self.data, self.starts[positions], self.sizes[positions])

    def as_numbers(self) -> tuple[Keys, Keys]:
        """Return two numbers for each piece; only equal pieces have the same, those longer than LONGEST aside.

        The first one holds the first eight bytes, the second one the seven bytes after them and the size.
        """
        number = self.data.view(np.uint64)
        place, bits = self.starts >> 3, ((self.starts & 7) << 3).astype(np.uint64)
        rest = np.uint64(63) - bits
        first, second, third = number[place], number[place + 1], number[place + 2]
        low = first >> bits | second << np.uint64(1) << rest
        high = second >> bits | third << np.uint64(1) << rest
        size = np.minimum(self.sizes, LONGEST + 1)
        in_low, in_high, tag = _masks()
        low &= in_low[size]
        high &= in_high[size]
        high |= tag[size]
        return low, high

    def bytes_of(self, position: int) -> bytes:
        """Return one piece."""
        start = int(self.starts[position])
        return self.data[start : start + int(self.sizes[position])].tobytes()

    def texts(self) -> list[str]:
        """Return all pieces; none of them holds a line's end."""
        if not len(self.starts):
            return []
        sizes = self.sizes + 1  # each with the byte after it, which becomes a line's end
        ends = np.cumsum(sizes)
        joined = self.data[np.repeat(self.starts - ends + sizes, sizes) + np.arange(ends[-1])]
        joined[ends - 1] = _LINE_END
        text: str = joined[:-1].tobytes().decode("utf-8", "surrogatepass")
        return text.split("\n")


@cache
def _masks() -> tuple[Keys, Keys, Keys]:
    """Return for each size what is left of the first and of the second number, and what tells the size."""
    sizes = range(LONGEST + 2)
    return (
        np.array([(1 << 8 * min(size, 8)) - 1 for size in sizes], dtype=np.uint64),
        np.array([(1 << 8 * min(max(size - 8, 0), 7)) - 1 for size in sizes], dtype=np.uint64),
        np.array([size << 56 for size in sizes], dtype=np.uint64),
    )


def plain_words(pieces: Pieces) -> tuple[Pieces, NDArray[np.bool_]]:
    """Return the words of those pieces that are one word of ASCII's letters, and which pieces are that.

    Punctuation of ASCII (and NUL) may stand around the word.

    >>> pieces, _ = cut(['"Padi", (ASEAN) 2024 negara-negara pukul8 Côte ...'])
    >>> words, found = plain_words(pieces)
    >>> words.texts(), found.tolist()
    (['Padi', 'ASEAN'], [True, True, False, False, False, False, False])
    """
    low, high = pieces.as_numbers()
    letters = _class_of()[np.column_stack([low, high]).view(np.uint8)]
    letters[:, LONGEST] = _EDGE  # the size
    is_letter = letters == _LETTER
    first, last = is_letter.argmax(axis=1), LONGEST - is_letter[:, ::-1].argmax(axis=1)
    count = is_letter.sum(axis=1)
    plain = (count > 0) & (count == last - first + 1) & (letters != _OTHER).all(axis=1) & (pieces.sizes <= LONGEST)
    return Pieces(pieces.data, pieces.starts[plain] + first[plain], count[plain]), plain


_EDGE, _LETTER, _OTHER = range(3)
# What may stand around a word of its chunk.
EDGES = ".,;:!?()[]{}<>\"'`/*_-–—…“”‘’«»"


@cache
def _class_of() -> Bytes:
    """Return what bytes are: letters of ASCII, what may stand around a word (or isn't there), or others."""
    edges = {0, *(ord(edge) for edge in EDGES if edge.isascii())}
    return np.array(
        [_LETTER if chr(b).isalpha() and b < 128 else _EDGE if b in edges else _OTHER for b in range(256)],  # noqa: PLR2004
        dtype=np.uint8,
    )


def text_of(low: int, high: int) -> str:
    """Return the piece whose keys these are.

    >>> pieces, _ = cut(["Jakarta Pusat"])
    >>> [text_of(low, high) for low, high in zip(*pieces.as_numbers())]
    ['Jakarta', 'Pusat']
    """
    both = int(low) | int(high) << 64
    return both.to_bytes(16, "little")[: both >> 120].decode("utf-8", "surrogatepass")


def cut(texts: Sequence[str]) -> tuple[Pieces, Ints]:
    r"""Return what `str.split` makes of each text, one behind the other, and how many pieces each text has.

    >>> pieces, counts = cut(["kerja  sama", "", "\u3000antar\n\xa0negara"])
    >>> pieces.texts(), counts.tolist()
    (['kerja', 'sama', 'antar', 'negara'], [2, 0, 2])
    """
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    joined = b"\n".join([*encoded, _PADDING])
    data = _with_plain_spaces(np.frombuffer(joined[: len(joined) // _NUMBER_BYTES * _NUMBER_BYTES], np.uint8))
    ends = np.flatnonzero(data <= _SPACE)
    ends = ends[_is_space()[data[ends]]]
    sizes = np.diff(ends, prepend=-1) - 1
    there = sizes > 0
    ends, sizes = ends[there], sizes[there]
    text_ends = np.cumsum([len(text) + 1 for text in encoded])
    counts = np.diff(np.searchsorted(ends, text_ends), prepend=0)
    return Pieces(data, ends - sizes, sizes), counts


@cache
def _is_space() -> NDArray[np.bool_]:
    """Return which bytes are white space."""
    return np.array([byte < _FIRST_LEAD and chr(byte).isspace() and byte < 128 for byte in range(256)])  # noqa: PLR2004


@cache
def _wide_spaces() -> Ints:
    """Return the white space beyond ASCII: its two bytes and a zero, or its three bytes, as one number; sorted."""
    spaces = (chr(code).encode() for code in range(128, 1 << 16) if chr(code).isspace())
    return np.array(sorted(int.from_bytes(space.ljust(3, b"\0"), "big") for space in spaces), dtype=np.int64)


def _with_plain_spaces(data: Bytes) -> Bytes:
    """Return data with all white space beyond ASCII, which cleaned texts don't have, replaced by as many spaces."""
    lead = np.flatnonzero(data >= _FIRST_LEAD)
    if not len(lead):
        return data
    first, second, third = (data[lead + step].astype(np.int64) for step in range(3))
    spaces = _wide_spaces()
    long, short = first << 16 | second << 8 | third, first << 16 | second << 8
    is_long, is_short = np.isin(long, spaces), np.isin(short, spaces)
    if is_long.any() or is_short.any():
        data = data.copy()
        for step in range(3):
            data[lead[is_long] + step] = _SPACE
        for step in range(2):
            data[lead[is_short] + step] = _SPACE
    return data
