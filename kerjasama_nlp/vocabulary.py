"""A sorted word list that is searched where it lies: nothing is read or built when a model opens.

On disk it is a pair of arrays: `blob`, the UTF-8 bytes of all entries in sorted order, and `offsets`,
where each starts (n + 1 integers). A look-up is a binary search, 15 to 20 probes; many at once share theirs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from typing import Self, overload

import numpy as np
from numpy.typing import NDArray

from kerjasama_nlp.errors import ModelError
from kerjasama_nlp.i18n import _

# Look-ups kept, 150 bytes each, of words up to so many letters; past it they are forgotten (memory stays bounded).
_KEPT = 1 << 15
_KEPT_LETTERS = 32


class Vocabulary(Sequence[bytes]):
    """Sorted distinct UTF-8 entries; entry i is `blob[offsets[i]:offsets[i + 1]]`."""

    def __init__(self, blob: NDArray[np.uint8], offsets: NDArray[np.int64]) -> None:
        self.blob = blob
        self.offsets = offsets
        self._found: dict[str, int] = {}
        # An item of these costs a third of an array's.
        self._bytes, self._starts = blob.data, np.ascontiguousarray(offsets, dtype=np.int64).data

    @classmethod
    def from_terms(cls, terms: Iterable[str]) -> Self:
        """Build from any distinct strings; they are sorted by their UTF-8 bytes.

        >>> vocabulary = Vocabulary.from_terms(["pbb", "asean"])
        >>> vocabulary.find("pbb"), vocabulary.find("who"), vocabulary.word(0)
        (1, -1, 'asean')
        """
        encoded = sorted(term.encode() for term in terms)
        offsets = np.zeros(len(encoded) + 1, dtype=np.int64)
        np.cumsum([len(term) for term in encoded], out=offsets[1:])
        return cls(np.frombuffer(b"".join(encoded), dtype=np.uint8), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[bytes]: ...
    def __getitem__(self, index: int | slice) -> bytes | Sequence[bytes]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        return self.blob[self.offsets[index] : self.offsets[index + 1]].tobytes()

    def word(self, index: int) -> str:
        """Return entry `index` as text; raises ModelError where it is none."""
        try:
            return self[index].decode()
        except UnicodeDecodeError:
            raise ModelError(
                _("the model is damaged (entry {number} of its vocabulary); copy it again or retrain it").format(
                    number=index
                )
            ) from None

    def decoded(self) -> list[str]:
        """Return all entries as text; raises ModelError where one is none."""
        blob, offsets = self.blob.tobytes(), self.offsets.tolist()
        try:
            return [blob[start:end].decode() for start, end in pairwise(offsets)]
        except UnicodeDecodeError:
            return [self.word(index) for index in range(len(self))]  # names the damaged one

    def find(self, term: str) -> int:
        """Return the position of `term`, or -1."""
        found = self._found.get(term)
        if found is None:
            encoded = term.encode(errors="surrogatepass")  # half a character is found nowhere, and no error
            index = self._place(encoded, 0, len(self))
            found = index if index < len(self) and self[index] == encoded else -1
            if len(term) <= _KEPT_LETTERS:
                if len(self._found) >= _KEPT:
                    self._found.clear()
                self._found[term] = found
        return found

    def find_all(self, terms: Collection[str]) -> dict[str, int]:
        """Return the positions of those of `terms` that are entries.

        >>> Vocabulary.from_terms(["pbb", "asean"]).find_all({"pbb", "who"})
        {'pbb': 1}
        """
        wanted = sorted((term.encode(errors="surrogatepass"), term) for term in terms)
        found: dict[str, int] = {}
        waiting = [(0, len(wanted), 0, len(self))]
        while waiting:  # the terms first to last - 1 may stand at low to high - 1
            first, last, low, high = waiting.pop()
            if first == last or low == high:
                continue
            middle = (first + last) // 2
            encoded, term = wanted[middle]
            place = self._place(encoded, low, high)
            if place < high and self[place] == encoded:
                found[term] = place
            waiting += ((first, middle, low, place), (middle + 1, last, place, high))
        return found

    def _place(self, encoded: bytes, low: int, high: int) -> int:
        """Return the first place from `low` on whose entry isn't before `encoded`, `high` where there is none."""
        blob, starts = self._bytes, self._starts
        while low < high:
            middle = (low + high) // 2
            if blob[starts[middle] : starts[middle + 1]].tobytes() < encoded:
                low = middle + 1
            else:
                high = middle
        return low
