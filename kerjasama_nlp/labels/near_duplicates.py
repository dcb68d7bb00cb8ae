"""Finding texts that nearly repeat each other, so that they end up on the same side when data is split.

A text is the set of its shingles (runs of SHINGLE words). How alike two sets are (Jaccard: shared shingles
over all) is estimated from their smallest hashes under several hash functions (MinHash, Broder 1997): texts
that agree in all hashes of a band are candidates, and count as near-duplicates where enough hashes agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from kerjasama_nlp.arrays import Ints

SHINGLE = 3
# Two of these in a band find texts whose likeness is 0.6 with 99 % probability.
HASHES = 24
BAND = 2
# The least share of hashes in which near-duplicates agree.
ALIKE = 0.5
_BLOCK_TEXTS = 1024
# Odd multipliers of the hash functions: a fixed seed, so that the same data always gives the same groups.
_FACTORS = np.random.default_rng(20_06).integers(1, 1 << 62, HASHES, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
_MIX = np.uint64(0x9E3779B97F4A7C15)
_HIGH = np.uint64(32)


def groups(texts: Iterable[str]) -> Ints:
    """Return for each text the number of the first text of its group; a text without near-duplicates is its own.

    >>> groups(["RI dan Jepang teken pakta dagang baru di Tokyo", "Harga cabai di pasar induk naik lagi hari ini",
    ...         "RI dan Jepang teken pakta dagang baru di Tokyo, Senin"]).tolist()
    [0, 1, 0]
    """
    signatures = _signatures(texts)
    leader = np.arange(len(signatures))
    for start in range(0, HASHES, BAND):
        band = np.ascontiguousarray(signatures[:, start : start + BAND]).view(f"V{BAND * 4}")[:, 0]
        _keys, first, place = np.unique(band, return_index=True, return_inverse=True)
        candidates = np.flatnonzero(first[place] != np.arange(len(place)))
        likely = (signatures[candidates] == signatures[first[place[candidates]]]).mean(axis=1) >= ALIKE
        for text in candidates[likely].tolist():
            _join(leader, text, int(first[place[text]]))
    return np.array([_leader(leader, text) for text in range(len(leader))], dtype=np.int64)


def _leader(leaders: Ints, text: int) -> int:
    """Return the first text of a group, and shorten the way to it."""
    while leaders[text] != text:
        leaders[text] = leaders[leaders[text]]
        text = int(leaders[text])
    return text


def _join(leaders: Ints, one: int, other: int) -> None:
    first, second = sorted((_leader(leaders, one), _leader(leaders, other)))
    leaders[second] = first


def _signatures(texts: Iterable[str]) -> NDArray[np.uint32]:
    """Return the smallest hashes of each text's shingles (texts x HASHES)."""
    found, block = [np.zeros((0, HASHES), dtype=np.uint32)], []
    for text in texts:
        block.append(text)
        if len(block) == _BLOCK_TEXTS:
            found.append(_block_signatures(block))
            block = []
    if block:
        found.append(_block_signatures(block))
    return np.concatenate(found)


def _block_signatures(texts: Sequence[str]) -> NDArray[np.uint32]:
    words = [[crc32(word) for word in text.casefold().encode("utf-8", "surrogatepass").split()] for text in texts]
    # a text of fewer words than a shingle has is one shingle, filled up with zeros
    filled = [row + [0] * (SHINGLE - len(row)) for row in words]
    lengths = np.array([len(row) for row in filled])
    ends = np.cumsum(lengths)
    flat = np.fromiter((word for row in filled for word in row), dtype=np.uint64, count=int(ends[-1]))
    shingles = np.zeros(len(flat) - SHINGLE + 1, dtype=np.uint64)
    for offset in range(SHINGLE):
        shingles = (shingles ^ flat[offset : offset + len(shingles)]) * _MIX
        shingles ^= shingles >> _HIGH
    starts = ends - lengths
    inside = np.ones(len(shingles), dtype=np.bool_)  # a shingle doesn't run into the next text
    for offset in range(1, SHINGLE):
        inside[ends[:-1] - offset] = False
    shingles[~inside] = 0
    signatures = np.empty((len(texts), HASHES), dtype=np.uint32)
    for column, factor in enumerate(_FACTORS):
        hashes = ((shingles * factor) >> _HIGH).astype(np.uint32)
        hashes[~inside] = np.iinfo(np.uint32).max
        signatures[:, column] = np.minimum.reduceat(hashes, starts)
    return signatures
