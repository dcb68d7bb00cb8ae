"""Term weights and sparse scoring in NumPy.

A passage is scored by saturating, length-normalised TF-IDF with fields (BM25F: Robertson, Zaragoza &
Taylor 2004). For term t of passage p, with the field weights W and counts f,

    tf  = sum over fields of W[field] * f[field] / (1 - B[field] + B[field] * length[field] / mean[field])
    weight(t, p) = idf(t) * tf * (K1 + 1) / (tf + K1),    idf(t) = ln(1 + (N - df + 0.5) / (df + 0.5))

and a passage's score is the sum of the weights of the question's terms. Weights are computed when the
index is built, so that a query only adds up postings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log1p

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int32]
Weights = NDArray[np.float32]

FIELDS = ("title", "section", "text")
# Tuned on the train split of a public Indonesian question set (docs/retrieval.md).
K1 = 1.8
FIELD_WEIGHT = np.array([4.0, 2.0, 1.0])
FIELD_B = np.array([0.8, 0.6, 0.7])
# No weight is larger: idf * (K1 + 1) stays below 150 for as many passages as 64 bits can count.
MAX_WEIGHT = 1_000.0
# A surface form repeats what its stem says, only more exactly.
SURFACE_WEIGHT = 0.1


@dataclass(frozen=True, slots=True)
class Postings:
    """The inverted index: passages and weights of term t are `[starts[t]:starts[t + 1]]`.

    `starts` has one entry more than there are terms; `passages` ascend within a term.
    """

    starts: NDArray[np.int64]
    passages: Ids
    weights: Weights

    def of(self, term: int) -> tuple[Ids, Weights]:
        """Return the passages that hold `term`, and its weight in each."""
        where = slice(int(self.starts[term]), int(self.starts[term + 1]))
        return self.passages[where], self.weights[where]

    def frequency(self, term: int) -> int:
        """Return how many passages hold `term`."""
        return int(self.starts[term + 1]) - int(self.starts[term])


def inverse_document_frequency(df: int, n_passages: int) -> float:
    """Return the idf of a term that `df` of `n_passages` passages hold; always > 0.

    >>> round(inverse_document_frequency(1, 10), 2), round(inverse_document_frequency(10, 10), 2)
    (1.99, 0.05)
    """
    return log1p((n_passages - df + 0.5) / (df + 0.5))


def build_postings(
    terms: Ids, fields: NDArray[np.uint8], ends: NDArray[np.int64], n_terms: int, surface: NDArray[np.bool_]
) -> Postings:
    """Weigh all terms of all passages.

    `terms` and `fields` (an index into FIELDS) hold one entry a term occurrence, passage after
    passage; `ends` (one entry a passage) says where each passage stops. `surface` marks the terms
    that are surface forms.
    """
    n_passages = len(ends)
    lengths = np.zeros((n_passages, len(FIELDS)))
    starts = np.concatenate(([0], ends[:-1])).astype(np.int64)
    owner = np.repeat(np.arange(n_passages, dtype=np.int64), np.diff(np.append(starts, len(terms))))
    np.add.at(lengths, (owner, fields), ~surface[terms])
    mean = np.maximum(lengths.mean(axis=0), 1e-9) if n_passages else np.ones(len(FIELDS))
    normaliser = FIELD_WEIGHT / (1 - FIELD_B + FIELD_B * lengths / mean)
    order = np.argsort(terms.astype(np.int64) * n_passages + owner, kind="stable")
    sorted_terms, sorted_owner = terms[order], owner[order]
    contribution = normaliser[sorted_owner, fields[order]]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (sorted_terms[1:] != sorted_terms[:-1]) | (sorted_owner[1:] != sorted_owner[:-1])
    heads = np.flatnonzero(first)
    tf = np.add.reduceat(contribution, heads) if len(heads) else np.zeros(0)
    posting_terms = sorted_terms[heads]
    df = np.bincount(posting_terms, minlength=n_terms)
    idf = np.log1p((n_passages - df + 0.5) / (df + 0.5)) * np.where(surface, SURFACE_WEIGHT, 1.0)
    weights = idf[posting_terms] * tf * (K1 + 1) / (tf + K1)
    return Postings(
        np.concatenate(([0], np.cumsum(df))).astype(np.int64),
        sorted_owner[heads].astype(np.int32),
        weights.astype(np.float32),
    )


def score(postings: Postings, query: Sequence[tuple[int, float]], n_passages: int) -> Weights:
    """Return the score of every passage for `query`, (term, weight in the question) each."""
    scores = np.zeros(n_passages, dtype=np.float32)
    for term, weight in query:
        passages, weights = postings.of(term)
        np.add.at(scores, passages, np.float32(weight) * weights)
    return scores


def top(scores: Weights, k: int, some: Ids | None = None) -> Ids:
    """Return the `k` best passages with a score above zero, best first, ties by position.

    `some` are distinct passages: none that scores less than the k-th best of them is looked at.

    >>> top(np.array([0.0, 2.0, 1.0, 2.0], dtype=np.float32), 2).tolist()
    [1, 3]
    """
    needed = 0.0 if some is None or len(some) < k else _kth(scores[some], k)
    candidates = np.flatnonzero(scores >= needed) if needed > 0 else np.flatnonzero(scores > 0)
    reached = scores[candidates]
    if len(candidates) > k:
        keep = reached >= _kth(reached, k)
        candidates, reached = candidates[keep], reached[keep]
    order = np.lexsort((candidates, -reached))
    return candidates[order][:k].astype(np.int32)


def _kth(values: Weights, k: int) -> float:
    """Return the k-th largest of `k` values or more."""
    return float(np.partition(values, len(values) - k)[len(values) - k])
