"""What an evaluation report holds beside the scores: calibration, coverage, errors, learning and comparison.

Everything is JSON already, rounded to four decimals, and what the page shows is taken from it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kerjasama_nlp.evaluation import BINS, label_scores
from kerjasama_nlp.labels import folds
from kerjasama_nlp.reports.samples import shortened

if TYPE_CHECKING:
    from kerjasama_nlp.labels.classifier import Classifier
    from kerjasama_nlp.labels.label_set import LabelSet
    from kerjasama_nlp.labels.labelled import LabelledText
    from kerjasama_nlp.records import Labels

# Points of the coverage curve, at most.
CURVE_POINTS = 100
# The errors shown, and the words and parties behind each.
MOST_ERRORS = 20
MOST_REASONS = 8
# So much of a text is shown.
MOST_CHARACTERS = 600
# Parts of the training texts that the learning curve fits on.
PARTS = (8, 4, 2, 1)
# Scores that follow the amount of training text.
CURVE_SCORES = ("form_macro_f1", "cooperation_f1", "sector_micro_f1")
# Features that are words or parties, by the letter before their colon (see `labels.features`).
_WORDS = "wbno"
_ALL_FEATURES = 1 << 20


def reliability(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> list[dict[str, Any]]:
    """Return, for each of BINS equal bins of confidence, its texts, their mean confidence and the share of right ones.

    The mean and the share are None in an empty bin. A bin holds its lower bound, the last one its upper bound too.

    >>> reliability(np.array([0.95, 1.0]), np.array([True, False]))[9]
    {'from': 0.9, 'to': 1.0, 'n': 2, 'confidence': 0.975, 'right': 0.5}
    """
    number = np.minimum((confidence * BINS).astype(int), BINS - 1)
    found = []
    for bin_ in range(BINS):
        inside = number == bin_
        filled = bool(inside.any())
        found.append(
            {
                "from": round(bin_ / BINS, 4),
                "to": round((bin_ + 1) / BINS, 4),
                "n": int(inside.sum()),
                "confidence": _rounded(confidence[inside].mean()) if filled else None,
                "right": _rounded(right[inside].mean()) if filled else None,
            }
        )
    return found


def coverage_curve(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> list[dict[str, float]]:
    """Return points of the share of texts at or above a confidence, and the share of right labels among them.

    Texts of one confidence come together. There are CURVE_POINTS at most, at even steps; the last has all texts.

    >>> coverage_curve(np.array([0.9, 0.5, 0.5]), np.array([True, True, False]))[0]
    {'confidence': 0.9, 'coverage': 0.3333, 'precision': 1.0}
    """
    order = np.argsort(-confidence, kind="stable")
    ranked = confidence[order]
    precision = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    ends = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    steps = np.unique(np.linspace(0, len(ends) - 1, min(CURVE_POINTS, len(ends))).round().astype(int))
    return [
        {
            "confidence": _rounded(ranked[end]),
            "coverage": _rounded((end + 1) / len(order)),
            "precision": _rounded(precision[end]),
        }
        for end in ends[steps]
    ]


def at_threshold(confidence: NDArray[np.float64], right: NDArray[np.bool_], threshold: float) -> dict[str, Any]:
    """Return the share of texts that `threshold` lets pass without review, and the share of right ones among them."""
    sure = confidence >= threshold
    return {
        "confidence": _rounded(threshold),
        "coverage": _rounded(sure.mean()),
        "precision": _rounded(right[sure].mean()) if sure.any() else None,
    }


def worst_errors(
    gold: Sequence[LabelledText], given: Sequence[Labels], classifier: Classifier
) -> list[dict[str, object]]:
    """Return the texts whose form is wrong, surest first, with what spoke for the wrong form.

    "because" lists words, runs and organisations with their parts of the score; "structure" is the part of
    everything else: how many states and organisations there are, what part they play, and whose acts are told.
    """
    wrong = [n for n, (g, p) in enumerate(zip(gold, given, strict=True)) if g.form != p.form]
    wrong.sort(key=lambda n: (-given[n].form_confidence, n))
    found: list[dict[str, object]] = []
    for n in wrong[:MOST_ERRORS]:
        parts = classifier.explain(gold[n].text, _ALL_FEATURES)
        words = [(name, part) for name, part in parts if name[0] in _WORDS]
        found.append(
            {
                "text": shortened(gold[n].text, MOST_CHARACTERS),
                "gold": gold[n].form,
                "given": given[n].form,
                "confidence": _rounded(given[n].form_confidence),
                "gold_sectors": sorted(gold[n].sectors),
                "given_sectors": list(given[n].sectors),
                "parties": list(given[n].parties),
                "because": [[name, round(part, 3)] for name, part in words if part > 0][:MOST_REASONS],
                "structure": round(sum(part for name, part in parts if name[0] not in _WORDS), 3),
            }
        )
    return found


def learning_curve(
    gold: Sequence[LabelledText],
    training: Sequence[LabelledText],
    label_set: LabelSet,
    fit: Callable[[Sequence[LabelledText]], Classifier],
) -> dict[str, Any]:
    """Return the scores on `gold` of classifiers fitted on growing parts of `training`.

    Training texts that nearly repeat one of `gold` are left out. Each part holds the one before; the order is that
    of the texts' hashes, so it doesn't depend on the file's. Parts of a single form can't be fitted, and are left out.
    """
    usable = sorted((training[number] for number in folds.apart(training, gold)), key=lambda entry: _digest(entry.text))
    points = []
    for part in _parts(usable):
        scores = label_scores(gold, list(fit(part).label([entry.text for entry in gold])), label_set)
        points.append({"texts": len(part), **{name: scores[name] for name in CURVE_SCORES if scores[name] is not None}})
    return {"left_out": len(training) - len(usable), "points": points}


def _parts(texts: Sequence[LabelledText]) -> Iterator[Sequence[LabelledText]]:
    for divisor in PARTS:
        part = texts[: len(texts) // divisor]
        if divisor == 1 or len({entry.form for entry in part}) > 1:
            yield part


def measure(
    gold: Sequence[LabelledText], given: Sequence[Labels], label_set: LabelSet, threshold: float
) -> dict[str, Any]:
    """Return the scores of labels, their reliability, the curve of coverage, and the point of the review threshold."""
    confidence = np.array([labels.form_confidence for labels in given])
    right = np.array([g.form == p.form for g, p in zip(gold, given, strict=True)])
    return {
        **label_scores(gold, given, label_set),
        "reliability": reliability(confidence, right),
        "coverage": coverage_curve(confidence, right),
        "review": at_threshold(confidence, right, threshold),
    }


def headline(scores: Mapping[str, Any]) -> dict[str, Any]:
    """Return the scores that are single numbers."""
    return {name: value for name, value in scores.items() if isinstance(value, (int, float))}


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _rounded(value: float) -> float:
    return round(float(value), 4)
