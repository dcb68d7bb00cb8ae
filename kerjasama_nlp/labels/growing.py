"""Arrays that grow at their ends, and forget without giving their memory back: it would be asked for again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerjasama_nlp.arrays import Ints

# What can be appended: an array, or a list of numbers.
Values = NDArray[Any] | Sequence[int]


class Growing:
    """An array of which the first `size` values count; up to `expected` of them are never moved."""

    def __init__(self, dtype: type[np.generic], expected: int = 1) -> None:
        self.items: NDArray[Any] = np.zeros(expected, dtype)  # what isn't used yet takes no memory
        self.size = 0

    def extend(self, values: Values) -> None:
        """Append values."""
        end = self.size + len(values)
        if end > len(self.items):
            before = self.items
            self.items = np.zeros(2 * max(end, len(before)), before.dtype)
            self.items[: self.size] = before[: self.size]
        self.items[self.size : end] = values
        self.size = end

    def clear(self) -> None:
        """Forget all values."""
        self.size = 0


class Ragged:
    """Rows of integers of any length, one behind the other."""

    def __init__(self, expected: int = 1) -> None:
        self._flat = Growing(np.int32, expected)
        self._bounds = Growing(np.int32, expected + 1)
        self.clear()

    def clear(self) -> None:
        """Forget all rows."""
        self._flat.clear()
        self._bounds.clear()
        self._bounds.extend([0])

    def extend(self, flat: Values, sizes: Values) -> None:
        """Append rows of the given sizes, whose values stand one behind the other."""
        start = self._flat.size
        self._flat.extend(flat)
        self._bounds.extend(np.cumsum(sizes) + start)

    def rows(self, numbers: Ints) -> tuple[Ints, Ints]:
        """Return the values of rows, one row behind the other, and for each value the position of its row."""
        starts = self._bounds.items[numbers].astype(np.int64)
        sizes = self._bounds.items[numbers + 1] - starts
        owner = np.repeat(np.arange(len(numbers)), sizes)
        before = np.cumsum(sizes) - sizes
        return self._flat.items[(starts - before)[owner] + np.arange(len(owner))].astype(np.int64), owner
