"""Choosing the rows that are most worth a look: those whose form is likely wrong, and none twice in other words.

The risk of a row is the probability that its form is wrong, as the model sees it: 1 - P(form), or P(the model's
form) where a person gave another one. Rows are then taken one by one, each time the one with the largest

    risk * (1 - c ** LIKENESS),    c: its largest cosine with a row taken before,

where a text's vector holds the classifier's weighed features; what was decided earlier counts as taken. The
power leaves texts that merely share a subject nearly alone (a cosine of 0.3 costs 9 %) and puts reprints behind
others (0.9: 81 %).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import heappush, heapreplace
from typing import TYPE_CHECKING

import numpy as np

from kerjasama_nlp.arrays import Floats, Ints
from kerjasama_nlp.i18n import _
from kerjasama_nlp.labels.features import BLOCK_TEXTS, batches
from kerjasama_nlp.review.items import Item

if TYPE_CHECKING:
    from kerjasama_nlp.labels.classifier import Classifier

# By simulation (docs/review.md): without it copies take a quarter of the places in an archive of reprints; powers
# of 1 and 4, sectors in doubt, votes of neighbours and equal shares for all forms were no better.
LIKENESS = 2
# Among so many of the riskiest rows for each one wanted, so many at least and at most, unlike ones are looked for.
_POOL_PER_ROW = 20
_LEAST_POOL, _MOST_POOL = 2_000, 20_000
# So many of the last decisions count as taken: comparing with each costs about a millisecond.
_MOST_DECIDED = 2_000
# Sectors that the reason names.
_MOST_NAMED = 2
# A sector is in doubt from this probability of being wrong on.
_DOUBT = 0.25


def choose(items: Iterable[Item], classifier: Classifier, most: int, *, decided: Sequence[Item] = ()) -> list[Item]:
    """Return at most `most` items, those most worth a look first; the same ones for the same input.

    Texts that are `decided` aren't chosen, and of equal texts the first one is. Memory doesn't grow with the
    number of items.
    """
    size = max(min(max(_POOL_PER_ROW * most, _LEAST_POOL), _MOST_POOL), most)
    pool = _riskiest(items, size, {item.key for item in decided})
    if not pool:
        return []
    decided = decided[-_MOST_DECIDED:]
    vectors = _Vectors(classifier, [item.text for item in (*pool, *decided)])
    near = np.zeros(len(pool))
    for place in range(len(pool), len(pool) + len(decided)):
        near = np.maximum(near, vectors.cosines(place)[: len(pool)])
    risks = np.array([risk(item) for item in pool])
    chosen: list[Item] = []
    free = np.ones(len(pool), dtype=np.bool_)
    while len(chosen) < min(most, len(pool)):
        worth = np.where(free, risks * (1 - near**LIKENESS), -1)
        best = int(worth.argmax())
        free[best] = False
        chosen.append(pool[best])
        near = np.maximum(near, vectors.cosines(best)[: len(pool)])
    return chosen


def risk(item: Item) -> float:
    """Return the probability that an item's form is wrong, by what the model says.

    >>> from kerjasama_nlp.review.items import Marks, Suggestion
    >>> said = Suggestion("bilateral", 0.75, ("ekonomi",), {"ekonomi": 0.5, "hukum": 0.0})
    >>> risk(Item("", {}, Marks("bilateral", frozenset({"ekonomi"})), said))
    0.25
    >>> risk(Item("", {}, Marks("bukan", frozenset()), said, by_person=True))
    0.75
    """
    sure = item.suggestion.form_confidence
    return 1 - sure if item.marks.form == item.suggestion.form else sure


def _wrong_sectors(item: Item) -> dict[str, float]:
    """Return for each sector the probability that it is given, or missing, wrongly."""
    probabilities = item.suggestion.sector_confidence
    return {name: 1 - p if name in item.marks.sectors else p for name, p in probabilities.items()}


def reason(item: Item) -> str:
    """Return why an item was chosen, for the one who looks at it."""
    said, given = item.suggestion, item.marks
    share = f"{said.form_confidence:.0%}"
    if given.form != said.form:
        return _("labelled {given} by hand, the model says {form} ({share})").format(
            given=given.form, form=said.form, share=share
        )
    parts = [_("form is {form} at {share}").format(form=said.form, share=share)]
    if given.sectors:
        wrong = sorted(_wrong_sectors(item).items(), key=lambda entry: -entry[1])
        doubtful = [name for name, p in wrong[:_MOST_NAMED] if p >= _DOUBT]
        if doubtful:
            parts.append(_("in doubt: {sectors}").format(sectors=", ".join(doubtful)))
    return "; ".join(parts)


def _riskiest(items: Iterable[Item], most: int, without: set[bytes]) -> list[Item]:
    """Return the riskiest items in falling order, equal ones as they came, each text once."""
    heap: list[tuple[float, int, bytes, Item]] = []
    inside = set(without)
    for number, item in enumerate(items):
        rank = (risk(item), -number)
        if (len(heap) >= most and rank < heap[0][:2]) or (key := item.key) in inside:
            continue
        inside.add(key)
        if len(heap) < most:
            heappush(heap, (*rank, key, item))
        else:
            inside.discard(heapreplace(heap, (*rank, key, item))[2])
    return [item for _risk, _number, _key, item in sorted(heap, reverse=True)]


class _Vectors:
    """The texts' features as the classifier weighs them, scaled to length 1; row by row, without the zeros."""

    def __init__(self, classifier: Classifier, texts: Sequence[str]) -> None:
        rows: list[Ints] = []
        numbers: list[Ints] = []
        values: list[Floats] = []
        before = 0
        for block in batches(texts, BLOCK_TEXTS):
            found, weighed = classifier.weighed(block)
            lengths = np.sqrt(np.bincount(found.text, weighed**2, len(block)))
            rows.append(found.text + before)
            numbers.append(found.number)
            values.append(weighed / lengths[found.text])
            before += len(block)
        self._n = before
        self._row, self._number, self._value = np.concatenate(rows), np.concatenate(numbers), np.concatenate(values)
        self._starts = np.searchsorted(self._row, np.arange(before + 1))
        self._dense = np.zeros(len(classifier.vocabulary))

    def cosines(self, row: int) -> Floats:
        """Return the cosine of each text with one of them."""
        part = slice(self._starts[row], self._starts[row + 1])
        self._dense[self._number[part]] = self._value[part]
        products = self._value * self._dense[self._number]
        self._dense[self._number[part]] = 0
        return np.minimum(np.bincount(self._row, products, self._n), 1)
