"""Numbers for strings: each distinct one gets the next number when it is first met; thousands are looked up at once.

A hash table with open addressing (linear probing), in arrays. A string of up to `pieces.LONGEST` bytes is compared as
two numbers, so a look-up is exact. Longer ones, one of 250 in news, and those that find no place within _PROBES slots,
as strings made to collide may, are kept in a dictionary.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kerjasama_nlp.arrays import Ints
from kerjasama_nlp.labels.growing import Growing
from kerjasama_nlp.labels.pieces import LONGEST, Keys, Pieces, text_of

# A string stands at most so many slots behind the one that its hash names.
_PROBES = 24
# Slots for each of the strings that are expected, so that most stand where their hash says.
_SLOTS_PER_STRING = 4
# Odd numbers of 64 random bits (SplitMix64's, Steele et al. 2014, and another): the top bits of products depend on all.
_FACTORS = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)


class Numbering:
    """Numbers from 1 on; up to `expected` strings are found fastest, any number is kept.

    >>> from kerjasama_nlp.labels.pieces import cut
    >>> pieces, _ = cut(["padi jagung padi mempertanggungjawabkan"])
    >>> numbers = Numbering(64)
    >>> [found.tolist() for found in numbers.look_up(pieces)]
    [[1, 2, 1, 3], [0, 1, 3]]
    >>> [numbers.text(number) for number in (2, 3)]
    ['jagung', 'mempertanggungjawabkan']
    """

    def __init__(self, expected: int) -> None:
        bits = (expected * _SLOTS_PER_STRING - 1).bit_length()
        self._slots: NDArray[np.int32] = np.zeros(1 << bits, dtype=np.int32)
        self._shift = np.uint64(64 - bits)
        self._low, self._high = Growing(np.uint64, expected + 1), Growing(np.uint64, expected + 1)
        self.clear()

    def clear(self) -> None:
        """Forget all strings."""
        self._slots.fill(0)
        for column in self._low, self._high:
            column.clear()
            column.extend([0])  # number 0 is no string: an empty slot
        self._others: dict[bytes, int] = {}
        self._other_texts: dict[int, bytes] = {}
        self.letters = 0

    def __len__(self) -> int:
        """Return how many strings have numbers."""
        return self._low.size - 1

    def text(self, number: int) -> str:
        """Return the string that has a number."""
        other = self._other_texts.get(number)
        if other is not None:
            return other.decode("utf-8", "surrogatepass")
        return text_of(self._low.items[number], self._high.items[number])

    def look_up(self, pieces: Pieces) -> tuple[Ints, Ints]:
        """Return the number of each piece, and the positions of those met for the first time, in order of numbers."""
        low, high = pieces.as_numbers()
        slot = self._hash(low, high)
        number = self._slots[slot]
        (left,) = np.nonzero((self._low.items[number] != low) | (self._high.items[number] != high))
        long = pieces.sizes[left] > LONGEST
        others, left = left[long], left[~long]
        new, unplaced = self._probe(low, high, slot, number, left)
        numbers = number.astype(np.int64)
        new_others = self._look_up_others(pieces, np.sort(np.concatenate([others, unplaced])), numbers)
        return numbers, np.concatenate([new, new_others])

    def _hash(self, low: Keys, high: Keys) -> Ints:
        """Return the slots that strings should stand in."""
        return ((low ^ high * _FACTORS[0]) * _FACTORS[1] >> self._shift).astype(np.int64)

    def _probe(self, low: Keys, high: Keys, slot: Ints, number: NDArray[np.int32], left: Ints) -> tuple[Ints, Ints]:
        """Find or place the strings at the positions `left`, and put their numbers into `number`.

        Returns the positions of the new ones and of those that have no place. All go from slot to slot in step, so that
        equal new ones meet: the first of those that want a free slot claims it by its position, as -1 - position.
        """
        slot = slot[left]
        taken = np.zeros(len(number), dtype=np.int64)  # the slot where a string stands
        waiting = left
        for _ in range(_PROBES):
            found = self._slots[slot]
            free = found == 0
            if free.any():
                self._slots[slot[free][::-1]] = -1 - waiting[free][::-1]  # the last one that is written stays
                found = self._slots[slot]
            claimed = found < 0
            claimer, placed = np.where(claimed, -1 - found, 0), np.where(claimed, 0, found)
            same = np.where(claimed, low[claimer], self._low.items[placed]) == low[waiting]
            same &= np.where(claimed, high[claimer], self._high.items[placed]) == high[waiting]
            number[waiting[same]] = found[same]
            taken[waiting[same]] = slot[same]
            waiting, slot = waiting[~same], (slot[~same] + 1) & (len(self._slots) - 1)
            if not len(waiting):
                break
        number[waiting] = 0
        new = left[number[left] == -1 - left]
        numbers = np.arange(self._low.size, self._low.size + len(new), dtype=np.int32)
        self._slots[taken[new]] = numbers
        self._low.extend(low[new])
        self._high.extend(high[new])
        claims = left[number[left] < 0]
        number[claims] = numbers[np.searchsorted(new, -1 - number[claims])]
        return new, waiting

    def _look_up_others(self, pieces: Pieces, positions: Ints, numbers: Ints) -> Ints:
        """Put the numbers of strings that have no slot into `numbers`, and return the positions of the new ones."""
        new = []
        for position in positions.tolist():
            text = pieces.bytes_of(position)
            found = self._others.get(text)
            if found is None:
                found = self._others[text] = self._low.size
                self._other_texts[found] = text
                self._low.extend([0])
                self._high.extend([0])
                self.letters += len(text)
                new.append(position)
            numbers[position] = found
        return np.array(new, dtype=np.int64)
