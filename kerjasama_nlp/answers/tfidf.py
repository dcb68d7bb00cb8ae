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

from kerjasama_nlp.errors import ModelError
from kerjasama_nlp.i18n import _

Ids = NDArray[np.int32]
Weights = NDArray[np.float32]

FIELDS = ("title", "section", "text")
# Tuned on the train split of a public Indonesian question set (docs/retrieval.md).
K1 = 1.8
FIELD_WEIGHT = np.array([4.0, 2.0, 1.0])
FIELD_B = np.array([0.8, 0.6, 0.7])
# No weight is larger: idf * (K1 + 1) stays below 150 for as many passages as 64 bits can count.
MAX_WEIGHT = 1_000.0
_MAX_WEIGHT_BITS = np.float32(MAX_WEIGHT).view(np.uint32)
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
    n_passages: int

    def of(self, term: int) -> tuple[Ids, Weights]:
        """Return the passages that hold `term`, and its weight in each.

        Raises ModelError where they hold what can't be: of large models nobody looked at all of them before.
        """
        where = slice(int(self.starts[term]), int(self.starts[term + 1]))
        passages, weights = self.passages[where], self.weights[where]
        # as unsigned numbers, what is below zero or no number at all is larger than what is allowed
        if len(passages) and (
            np.maximum.reduce(passages.view(np.uint32)) >= self.n_passages
            or np.maximum.reduce(weights.view(np.uint32)) > _MAX_WEIGHT_BITS
        ):
            raise ModelError(
                _("the model is damaged (postings of term {number}); copy it again or retrain it").format(number=term)
            )
        return passages, weights

    def frequency(self, term: int) -> int:
        """Return how many passages hold `term`."""
        return int(self.starts[term + 1]) - int(self.starts[term])


def inverse_document_frequency(df: int, n_passages: int) -> float:
    """Return the idf of a term that `df` of `n_passages` passages hold; always > 0.

    >>> round(inverse_document_frequency(1, 10), 2), round(inverse_document_frequency(10, 10), 2)
    (1.99, 0.05)
    """
    return log1p((n_passages - df + 0.5) / (df + 0.5))


class Weigher:
    """Weighs terms in passages.

    `lengths` (passages x FIELDS) are the words in each field, surface forms left out; `held` says how many passages
    hold each term, `surface` which terms are surface forms.
    """

    def __init__(self, lengths: NDArray[np.int32], held: NDArray[np.int64], surface: NDArray[np.bool_]) -> None:
        n_passages = len(lengths)
        self._lengths = lengths
        self._mean = np.maximum(lengths.mean(axis=0), 1e-9) if n_passages else np.ones(len(FIELDS))
        self._idf = np.log1p((n_passages - held + 0.5) / (held + 0.5)) * np.where(surface, SURFACE_WEIGHT, 1.0)

    def frequencies(self, passages: Ids, fields: Ids, counts: Ids) -> NDArray[np.float64]:
        """Return what each count adds to the tf of its term: counted `counts[i]` times in `fields[i]`."""
        b, length = FIELD_B[fields], self._lengths[passages, fields]
        added: NDArray[np.float64] = counts * (FIELD_WEIGHT[fields] / (1 - b + b * length / self._mean[fields]))
        return added

    def weights(self, terms: Ids, tf: NDArray[np.float64]) -> Weights:
        """Return the weights of terms, each with its tf in some passage."""
        return (self._idf[terms] * tf * (K1 + 1) / (tf + K1)).astype(np.float32)


def score(postings: Postings, query: Sequence[tuple[int, float]]) -> Weights:
    """Return the score of every passage for `query`, (term, weight in the question) each."""
    scores = np.zeros(postings.n_passages, dtype=np.float32)
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
    candidates = _places(scores >= needed if needed > 0 else scores > 0)
    reached = scores[candidates]
    if len(candidates) > k:
        keep = reached >= _kth(reached, k)
        candidates, reached = candidates[keep], reached[keep]
    order = np.lexsort((candidates, -reached))
    return candidates[order][:k].astype(np.int32)


def _places(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return where a mask is true, quicker than NumPy where that is in few places: it is looked at by the eight."""
    whole = len(mask) - len(mask) % 8
    eights = np.flatnonzero(mask[:whole].view(np.uint64))
    places = np.append((eights[:, None] * 8 + np.arange(8)).ravel(), np.arange(whole, len(mask)))
    found: NDArray[np.int64] = places[mask[places]]
    return found


def _kth(values: Weights, k: int) -> float:
    """Return the k-th largest of `k` values or more."""
    return float(np.partition(values, len(values) - k)[len(values) - k])
