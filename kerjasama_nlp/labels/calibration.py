"""Calibration and thresholds, chosen on scores that texts got from models which hadn't seen them.

Imports scikit-learn.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from kerjasama_nlp.arrays import Floats, Ints
from kerjasama_nlp.labels.classifier import Settings, logistic
from kerjasama_nlp.labels.targets import Targets

# A label is given without review where the held-out share of right ones from its confidence on is this.
SURE_PRECISION = 0.95
# A source that no text came from is read as surely as the hardest folds, which hold this share of the texts: sets of
# other authors than those of the corpus were as hard as that, and real news is.
HARD = 1 / 4
# Of more texts some are drawn: fifteen numbers are chosen, which takes no more.
MOST_SCORES = 20_000
_TEMPERATURES = np.geomspace(0.5, 4.0, 40)
_THRESHOLDS = np.round(np.arange(0.15, 0.71, 0.01), 2)


def choose(scores: Floats, targets: Targets, fold: Ints) -> Settings:
    """Return the settings under which held-out scores (texts x labels; `fold`: the number of each text's fold) do best.

    The temperature of the forms and the slopes and offsets of the sectors have the least log loss (Platt
    1999, Guo et al. 2017); the threshold of the sectors has the best micro-F1; from `review_below` on,
    SURE_PRECISION of the forms are right. Temperature and `review_below` are those of the hardest folds.
    """
    if len(scores) > MOST_SCORES:
        rows = np.sort(np.random.default_rng(0).choice(len(scores), MOST_SCORES, replace=False))
        scores, targets, fold = scores[rows], targets.part(rows), fold[rows]
    form_scores = scores[:, : targets.n_forms]
    hard = _hardest(form_scores.argmax(axis=1) == targets.forms, fold)
    losses = [_log_loss(form_scores[hard] / temperature, targets.forms[hard]) for temperature in _TEMPERATURES]
    temperature = float(_TEMPERATURES[int(np.argmin(losses))])
    about = targets.with_sectors
    sectors = targets.sectors[about]
    slopes, offsets = [], []
    probabilities = np.zeros(sectors.shape)
    for sector in range(sectors.shape[1]):
        column = scores[about, targets.n_forms + sector]
        slope, offset = _platt(column, sectors[:, sector])
        slopes.append(slope)
        offsets.append(offset)
        probabilities[:, sector] = logistic(column * slope + offset)
    threshold = max(_THRESHOLDS, key=lambda t: (_sector_f1(probabilities, sectors, t), -t))
    probability = np.exp(_log_softmax(form_scores[hard] / temperature))
    return Settings(
        round(temperature, 6),
        tuple(slopes),
        tuple(offsets),
        float(threshold),
        _review_below(probability.max(axis=1), probability.argmax(axis=1) == targets.forms[hard]),
    )


def _hardest(right: NDArray[np.bool_], fold: Ints) -> Ints:
    """Return the texts of the folds with the smallest share of `right` ones, together at least HARD of all texts."""
    numbers, of_text, sizes = np.unique(fold, return_inverse=True, return_counts=True)
    order = np.argsort(np.bincount(of_text, right, len(numbers)) / sizes, kind="stable")
    enough = int(np.searchsorted(np.cumsum(sizes[order]), HARD * len(fold))) + 1
    return np.flatnonzero(np.isin(of_text, order[:enough]))


def _platt(scores: Floats, right: NDArray[np.bool_]) -> tuple[float, float]:
    """Return slope and offset of the probability that a sector is right."""
    if len(np.unique(right)) < 2:  # noqa: PLR2004  # given to all texts, or to none
        return 1.0, 0.0
    model = LogisticRegression(C=1e6).fit(scores[:, None], right)
    return round(float(model.coef_[0, 0]), 6), round(float(model.intercept_[0]), 6)


def _log_softmax(scores: Floats) -> Floats:
    result: Floats = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    return result


def _log_loss(scores: Floats, forms: Ints) -> float:
    return float(-_log_softmax(scores)[np.arange(len(forms)), forms].mean())


def _sector_f1(probability: Floats, sectors: NDArray[np.bool_], threshold: float) -> float:
    """Return the micro-F1 of giving sectors from `threshold` on, the likeliest where none reaches it."""
    if not sectors.size:
        return 0.0
    given = probability >= threshold
    none = ~given.any(axis=1)
    given[none, probability[none].argmax(axis=1)] = True
    return float(f1_score(sectors, given, average="micro"))


def _review_below(confidence: Floats, right: NDArray[np.bool_]) -> float:
    """Return the lowest confidence from which on SURE_PRECISION of held-out labels are right (1: none)."""
    order = np.argsort(-confidence, kind="stable")
    precision = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(precision >= SURE_PRECISION)
    return round(float(confidence[order][good[-1]]), 4) if len(good) else 1.0
