"""Whether one set of labels is better than another: paired bootstrap over the same texts.

Efron and Tibshirani 1993: texts are drawn again and again, with replacement, both sets are scored on each
draw, and the differences that 95 % of the draws lie between are the interval. Where it doesn't hold 0, the
difference isn't an accident of the texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerjasama_nlp.arrays import Floats
from kerjasama_nlp.labels.label_set import LabelSet
from kerjasama_nlp.labels.labelled import LabelledText
from kerjasama_nlp.records import Labels

ROUNDS = 1000
LEVEL = 0.95
# Draws are held in memory so many at a time: eight bytes a text each.
_ROUNDS_AT_ONCE = 50
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Difference:
    """A score of two sets of labels (0..1), new minus old, and the interval of that difference."""

    old: float
    new: float
    difference: float
    low: float
    high: float

    @property
    def is_better(self) -> bool:
        """Whether the new set is significantly better."""
        return self.low > 0

    @property
    def is_worse(self) -> bool:
        """Whether the new set is significantly worse."""
        return self.high < 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sets of labels for the same `n` texts; scores that a label set doesn't have are None."""

    n: int
    form_accuracy: Difference
    form_macro_f1: Difference
    cooperation_f1: Difference | None
    sector_micro_f1: Difference | None

    @property
    def differences(self) -> dict[str, Difference]:
        """The differences there are, by name."""
        found = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "n"}
        return {name: value for name, value in found.items() if value is not None}

    @property
    def is_worse(self) -> bool:
        """Whether the new set is significantly worse by some score, and significantly better by none."""
        values = self.differences.values()
        return any(value.is_worse for value in values) and not any(value.is_better for value in values)

    def to_json(self) -> dict[str, Any]:
        """Return the comparison as a JSON object."""
        return asdict(self)


def compare(
    gold: Sequence[LabelledText],
    old: Sequence[Labels],
    new: Sequence[Labels],
    label_set: LabelSet,
    *,
    rounds: int = ROUNDS,
    seed: int = 0,
) -> Comparison:
    """Compare two sets of labels for the same texts; `rounds` draws, always the same ones for a `seed`.

    Raises ValueError where there is no text, or the sequences aren't equally long.
    """
    if not gold:
        raise ValueError("no text")
    sides = [_Side(gold, labels, label_set) for labels in (old, new)]
    was, now = (side.scores(np.ones((1, len(gold))))[:, 0] for side in sides)
    drawn = np.concatenate([_drawn(sides, weights) for weights in _draws(len(gold), rounds, seed)], axis=1)
    accuracy, form, cooperation, sector = (_difference(*values) for values in zip(was, now, drawn, strict=True))
    return Comparison(
        len(gold),
        accuracy,
        form,
        None if label_set.none is None else cooperation,
        sector if label_set.sectors else None,
    )


def _difference(old: float, new: float, drawn: Floats) -> Difference:
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return Difference(*(round(float(value), _DIGITS) for value in (old, new, new - old, low, high)))


def _draws(size: int, rounds: int, seed: int) -> Iterator[Floats]:
    """Yield how often each text is drawn, some rounds (rows) at a time."""
    chance = np.random.default_rng(seed)
    for first in range(0, rounds, _ROUNDS_AT_ONCE):
        drawn = [chance.integers(0, size, size) for _round in range(min(_ROUNDS_AT_ONCE, rounds - first))]
        yield np.array([np.bincount(texts, minlength=size) for texts in drawn], dtype=np.float64)


def _drawn(sides: Sequence[_Side], weights: Floats) -> Floats:
    """Return the differences (scores x draws) of two sides."""
    old, new = (side.scores(weights) for side in sides)
    return new - old


class _Side:
    """One set of labels beside the right ones, as counts a text of what F1 scores are made of."""

    def __init__(self, gold: Sequence[LabelledText], given: Sequence[Labels], label_set: LabelSet) -> None:
        forms = np.array(label_set.forms)
        self._right = np.array([entry.form for entry in gold])[:, None] == forms
        self._given = np.array([labels.form for labels in given])[:, None] == forms
        none = label_set.none
        about = [(entry.form != none, labels.form != none) for entry, labels in zip(gold, given, strict=True)]
        self._about = np.array([(a and b, a, b) for a, b in about], dtype=np.float64)
        self._sectors = np.array(
            [
                (len(entry.sectors.intersection(labels.sectors)), len(labels.sectors), len(entry.sectors))
                if entry.form != none
                else (0, 0, 0)
                for entry, labels in zip(gold, given, strict=True)
            ],
            dtype=np.float64,
        )

    def scores(self, weights: Floats) -> Floats:
        """Return accuracy and macro-F1 of forms, cooperation F1 and sector micro-F1 (rows) by weights (columns)."""
        both = weights @ (self._right & self._given)
        right, given = weights @ self._right, weights @ self._given
        present = right > 0
        f1 = _f1(both, given, right)
        macro = np.where(present, f1, 0).sum(axis=1) / np.maximum(present.sum(axis=1), 1)
        accuracy = both.sum(axis=1) / weights.sum(axis=1)
        return np.stack([accuracy, macro, _f1(*(weights @ self._about).T), _f1(*(weights @ self._sectors).T)])


def _f1(both: Floats, given: Floats, right: Floats) -> Floats:
    total: NDArray[np.float64] = given + right
    result: Floats = np.divide(2 * both, total, out=np.zeros_like(total), where=total > 0)
    return result
