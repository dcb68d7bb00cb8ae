"""Very many texts in little memory."""

from __future__ import annotations

import os
from array import array

from kerjasama_nlp.arrays import unnamed_file

# So many bytes stay in memory; more are kept in a temporary file.
IN_MEMORY = 1 << 24


class TextStore:
    """Texts by number, in UTF-8; they are decoded each time they are asked for.

    >>> store = TextStore()
    >>> store.append("Harga cabai"), store.append("naik"), store[0]
    (0, 1, 'Harga cabai')
    """

    def __init__(self) -> None:
        self._file = unnamed_file(IN_MEMORY, None)
        self._starts = array("q", [0])
        self._at_end = True

    def __del__(self) -> None:
        self._file.close()

    def __getitem__(self, number: int) -> str:
        start, end = self._starts[number], self._starts[number + 1]
        self._at_end = False
        self._file.seek(start)
        return self._file.read(end - start).decode("utf-8", "surrogatepass")

    def append(self, text: str) -> int:
        """Add a text; return its number."""
        if not self._at_end:
            self._file.seek(0, os.SEEK_END)
            self._at_end = True
        encoded = text.encode("utf-8", "surrogatepass")
        self._file.write(encoded)
        self._starts.append(self._starts[-1] + len(encoded))
        return len(self._starts) - 2
