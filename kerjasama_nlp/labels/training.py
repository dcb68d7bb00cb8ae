"""Fitting the classifier on labelled texts; imports scikit-learn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from kerjasama_nlp.errors import InputError
from kerjasama_nlp.i18n import _
from kerjasama_nlp.labels.classifier import (
    FORMS,
    NOT_COOPERATION,
    SECTORS,
    Classifier,
    Settings,
    feature_blocks,
    logistic,
    weigh,
)
from kerjasama_nlp.labels.features import BLOCK_TEXTS, Counts, Features, batches, collect
from kerjasama_nlp.labels.labelled import LabelledText
from kerjasama_nlp.vocabulary import Vocabulary

# Features in fewer texts are left out: structure is denser than words.
MIN_TEXTS = {"w": 2, "b": 2, "n": 2, "o": 2, "s": 5}
# Inverse strengths of the penalty (scikit-learn's C), by cross-validation over groups of texts.
FORM_C = 5.0
SECTOR_C = 20.0
# Intercept of a label that no text bears: its probability is practically 0, and stays a number.
NEVER = -30.0
# Where texts have no groups, folds are cut at random.
FOLDS = 7
# A label is given without review where the held-out share of right ones from its confidence on is this.
SURE_PRECISION = 0.95
_TEMPERATURES = np.geomspace(0.5, 4.0, 40)
_THRESHOLDS = np.round(np.arange(0.15, 0.71, 0.01), 2)


def fit(texts: Sequence[LabelledText]) -> Classifier:
    """Return a classifier fitted on labelled texts.

    Calibration and thresholds come from predictions for groups of texts (`LabelledText.group`) that the
    model predicting them hadn't seen: texts of one author or one source are alike, and a classifier
    measured on its own authors looks surer than it is.
    """
    found = {entry.form for entry in texts}
    if len(found) < 2:  # noqa: PLR2004  # there is nothing to tell apart
        raise InputError(
            _("found labelled texts of the form {form} only; expected at least two forms").format(form=found.pop())
        )
    found_names = collect((entry.text for entry in texts), MIN_TEXTS)
    counts = _counts(Features(found_names), [entry.text for entry in texts])
    forms = np.array([FORMS.index(entry.form) for entry in texts])
    sectors = np.array([[name in entry.sectors for name in SECTORS] for entry in texts])
    held_out = np.zeros((len(texts), len(FORMS) + len(SECTORS)))
    for test in _folds([entry.group for entry in texts]):
        train = np.setdiff1d(np.arange(len(texts)), test)
        chosen = _chosen(counts[train], found_names)
        names = [found_names[i] for i in chosen]
        idf = _idf(counts[train][:, chosen])
        x = _weighed(counts[train][:, chosen], names, idf)
        weights, bias = _fit_linear(x, forms[train], sectors[train], _lexical(names))
        held_out[test] = _weighed(counts[test][:, chosen], names, idf) @ weights + bias
    vocabulary, idf = Vocabulary.from_terms(found_names), _idf(counts)
    weights, bias = _fit_linear(_weighed(counts, found_names, idf), forms, sectors, _lexical(found_names))
    return Classifier(
        vocabulary, idf, weights.astype(np.float32), bias.astype(np.float32), _settings(held_out, forms, sectors)
    )


def _counts(features: Features, texts: Sequence[str]) -> Any:
    """Return how often each text (row) has each feature (column)."""
    rows, columns, values, before = [], [], [], 0
    for block in batches(texts, BLOCK_TEXTS):
        found, _reading = features.count(block)
        rows.append(found.text + before)
        columns.append(found.number)
        values.append(found.times)
        before += len(block)
    shape = (len(texts), len(features.names))
    cells = (np.concatenate(rows), np.concatenate(columns))
    return sp.csr_matrix((np.concatenate(values), cells), shape=shape, dtype=np.int64)


def _chosen(counts: Any, names: Sequence[str]) -> NDArray[np.int64]:
    """Return the features that enough texts have."""
    least = np.array([MIN_TEXTS[name[0]] for name in names], dtype=np.int64)
    return np.flatnonzero(counts.getnnz(axis=0) >= least)


def _idf(counts: Any) -> NDArray[np.float32]:
    weights: NDArray[np.float32] = (np.log((1 + counts.shape[0]) / (1 + counts.getnnz(axis=0))) + 1).astype(np.float32)
    return weights


def _weighed(counts: Any, names: Sequence[str], idf: NDArray[np.float32]) -> Any:
    """Return one row of feature values a text, as the classifier computes them."""
    text = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    found = Counts(text, counts.indices.astype(np.int64), counts.data)
    values = weigh(found, idf, feature_blocks(names), counts.shape[0])
    return sp.csr_matrix((values, counts.indices, counts.indptr), shape=counts.shape)


def _lexical(names: Sequence[str]) -> NDArray[np.int64]:
    """Return the numbers of the features that are words or pairs of words."""
    return np.array([number for number, name in enumerate(names) if name[0] in "wb"], dtype=np.int64)


def _fit_linear(
    x: Any, forms: NDArray[np.int64], sectors: NDArray[np.bool_], lexical: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return weights (features x labels) and intercepts.

    Forms are fitted on all texts and features; sectors on texts about cooperation, and on the `lexical`
    features only: who acts with how many others says little about what.
    """
    columns, bias = _logistic(x, forms, len(FORMS), FORM_C)
    weights = np.zeros((x.shape[1], len(FORMS) + len(SECTORS)))
    weights[:, : len(FORMS)] = columns
    about = forms != FORMS.index(NOT_COOPERATION)
    intercepts = [*bias]
    for sector in range(len(SECTORS)):
        columns, bias = _logistic(x[about][:, lexical], sectors[about, sector].astype(np.int64), 2, SECTOR_C)
        weights[lexical, len(FORMS) + sector] = columns[:, 1] - columns[:, 0]
        intercepts.append(bias[1] - bias[0])
    return weights, np.array(intercepts)


def _logistic(
    x: Any, y: NDArray[np.int64], n_classes: int, strength: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return weights (features x classes) and intercepts; a class without an example is never the best one."""
    weights, bias = np.zeros((x.shape[1], n_classes)), np.full(n_classes, NEVER)
    seen = np.unique(y)
    bias[seen] = 0.0
    if len(seen) < 2 or not x.shape[1]:  # noqa: PLR2004  # there is nothing to tell apart, or by
        return weights, bias
    model = LogisticRegression(C=strength, max_iter=3000).fit(x, y)
    if len(seen) == 2:  # noqa: PLR2004  # one row of weights, for the second class
        weights[:, seen[1]], bias[seen[1]] = model.coef_[0], model.intercept_[0]
    else:
        weights[:, seen], bias[seen] = model.coef_.T, model.intercept_
    return weights, bias


def _folds(groups: Sequence[str]) -> Iterator[NDArray[np.int64]]:
    """Yield the texts held out in each round: a group each, or random parts where there are no groups."""
    named = np.array(groups)
    distinct = sorted(set(groups))
    if len(distinct) > 1:
        for group in distinct:
            yield np.flatnonzero(named == group)
        return
    order = np.random.default_rng(0).permutation(len(groups))
    for part in np.array_split(order, min(FOLDS, len(order))):
        yield np.sort(part)


def _settings(scores: NDArray[np.float64], forms: NDArray[np.int64], sectors: NDArray[np.bool_]) -> Settings:
    """Choose calibration and thresholds on held-out scores."""
    form_scores = scores[:, : len(FORMS)]
    losses = [_log_loss(form_scores / temperature, forms) for temperature in _TEMPERATURES]
    temperature = float(_TEMPERATURES[int(np.argmin(losses))])
    about = forms != FORMS.index(NOT_COOPERATION)
    slopes, offsets = [], []
    probabilities = np.zeros((int(about.sum()), len(SECTORS)))
    for sector in range(len(SECTORS)):
        column = scores[about, len(FORMS) + sector][:, None]
        if len(np.unique(sectors[about, sector])) == 1:  # given to all texts, or to none
            slope, offset = 1.0, 0.0
        else:
            platt = LogisticRegression(C=1e6).fit(column, sectors[about, sector])
            slope, offset = float(platt.coef_[0, 0]), float(platt.intercept_[0])
        slopes.append(round(slope, 6))
        offsets.append(round(offset, 6))
        probabilities[:, sector] = logistic(column[:, 0] * slope + offset)
    threshold = max(_THRESHOLDS, key=lambda t: (_sector_f1(probabilities, sectors[about], t), -t))
    probability = np.exp(_log_softmax(form_scores / temperature))
    return Settings(
        round(temperature, 6),
        tuple(slopes),
        tuple(offsets),
        float(threshold),
        _review_below(probability.max(axis=1), probability.argmax(axis=1) == forms),
    )


def _log_softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    return result


def _log_loss(scores: NDArray[np.float64], forms: NDArray[np.int64]) -> float:
    return float(-_log_softmax(scores)[np.arange(len(forms)), forms].mean())


def _sector_f1(probability: NDArray[np.float64], sectors: NDArray[np.bool_], threshold: float) -> float:
    """Return the micro-F1 of giving sectors from `threshold` on, the likeliest where none reaches it."""
    given = probability >= threshold
    none = ~given.any(axis=1)
    given[none, probability[none].argmax(axis=1)] = True
    return float(f1_score(sectors, given, average="micro"))


def _review_below(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Return the lowest confidence from which on SURE_PRECISION of held-out labels are right (1: none)."""
    order = np.argsort(-confidence, kind="stable")
    precision = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(precision >= SURE_PRECISION)
    return round(float(confidence[order][good[-1]]), 4) if len(good) else 1.0
