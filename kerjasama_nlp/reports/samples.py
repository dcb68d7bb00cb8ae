"""Samples of the texts behind a number: few, spread over the whole archive, and the same in every run."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from dataclasses import dataclass
from heapq import heappush, heapreplace

# Texts kept behind each number, and characters of each.
MOST_SAMPLES = 5
MOST_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Sample:
    """A text from an archive: its file, its row (from 1), its beginning, and its form with the confidence in it."""

    source: str
    row: int
    text: str
    form: str
    confidence: float | None


class Reservoir:
    """Keeps, below each key, the MOST_SAMPLES texts whose hashes with the seed are lowest.

    That is a uniform sample of the distinct texts, whatever their order, and takes memory by the number of keys only.
    """

    def __init__(self, seed: int = 0) -> None:
        self._seed = str(seed).encode()
        # hashes are negated: a heap gives its lowest entry, and the highest hash is to go first
        self._kept: dict[Hashable, list[tuple[int, int, Sample]]] = {}
        self._added = 0

    def rank(self, text: str) -> int:
        """Return the hash of a text."""
        data = text.encode("utf-8", "surrogatepass")
        return int.from_bytes(hashlib.blake2b(data, digest_size=8, key=self._seed).digest())

    def add(self, keys: list[Hashable], sample: Sample, rank: int) -> None:
        """Offer a text to several keys; `rank` is that of its whole text. A blank text is no sample."""
        if not sample.text:
            return
        self._added += 1
        entry = (-rank, -self._added, sample)  # the second settles ties, so that samples are never compared
        for key in keys:
            kept = self._kept.setdefault(key, [])
            if len(kept) == MOST_SAMPLES and -rank <= kept[0][0]:
                continue
            if any(other == -rank for other, _number, _sample in kept):
                continue
            if len(kept) < MOST_SAMPLES:
                heappush(kept, entry)
            else:
                heapreplace(kept, entry)

    def of(self, key: Hashable) -> list[Sample]:
        """Return the texts kept below a key, lowest hash first."""
        return [sample for _rank, _number, sample in sorted(self._kept.get(key, ()), reverse=True)]


def shortened(text: str, most: int) -> str:
    """Return the beginning of a text, `most` characters of it.

    >>> shortened("kerja sama", 6), shortened("kerja", 6)
    ('kerja…', 'kerja')
    """
    return text if len(text) <= most else text[: most - 1] + "…"
