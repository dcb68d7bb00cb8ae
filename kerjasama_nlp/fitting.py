"""Fitting the answerer's weights on questions with known answers; imports scikit-learn.

A question file is JSONL: {"question", "answerable", "must_contain": [["a", "or b"], ["and c"]]}. An answer
is right when it holds one string of every inner list, letter case and white space aside.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from kerjasama_nlp import answering, questions
from kerjasama_nlp.errors import InputError
from kerjasama_nlp.evidence import Features, Unit
from kerjasama_nlp.i18n import _
from kerjasama_nlp.index import Index
from kerjasama_nlp.ranking import Ranker

NAMES = tuple(Features.__dataclass_fields__)
# What orders the units of one question; the others are the same for all of them.
RANK_NAMES = tuple(name for name in NAMES if name not in {"known"})
# Inverse strength of the penalty on the weights (scikit-learn's C), chosen by cross-validation.
RANK_C = 1.0
CONFIDENCE_C = 1.0
FOLDS = 5


@dataclass(frozen=True, slots=True)
class GoldQuestion:
    """A question with what its answer must hold; without an answer in the corpus where `answerable` is false."""

    text: str
    answerable: bool
    must_contain: tuple[tuple[str, ...], ...]

    def accepts(self, answer: str | None) -> bool:
        """Tell whether `answer` is right."""
        if answer is None or not self.answerable:
            return False
        folded = _fold(answer)
        return all(any(_fold(text) in folded for text in alternatives) for alternatives in self.must_contain)


def _fold(text: str) -> str:
    return re.sub(r"\s+", " ", text).lower()


def read_questions(paths: Sequence[Path]) -> list[GoldQuestion]:
    """Read question files; raises InputError with file and line where a line isn't a question."""
    found = []
    for path in paths:
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(_("{path}: cannot be read ({reason})").format(path=path, reason=error)) from None
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    found.append(_parse(json.loads(line)))
                except (ValueError, KeyError, TypeError, RecursionError):
                    raise InputError(
                        _('{path}:{number}: expected {{"question", "answerable", "must_contain"}}').format(
                            path=path, number=number
                        )
                    ) from None
    if not any(q.answerable for q in found) or all(q.answerable for q in found):
        raise InputError(_("found questions of one sort only; expected some with and some without an answer"))
    return found


def _parse(row: Any) -> GoldQuestion:
    text, answerable = row["question"], row["answerable"]
    needed = tuple(tuple(alternatives) for alternatives in row["must_contain"])
    if not isinstance(text, str) or not isinstance(answerable, bool) or (answerable and not needed):
        raise ValueError
    if not all(isinstance(text, str) for alternatives in needed for text in alternatives):
        raise TypeError
    return GoldQuestion(text, answerable, needed)


def fit(index: Index, gold: Sequence[GoldQuestion]) -> Ranker:
    """Return the ranker fitted on `gold`: ranking by pairs of units, confidence by the best unit's correctness."""
    cases = [_Case(index, question) for question in gold]
    rank = _fit_rank(cases)
    best = [case.best(rank) for case in cases]
    x = np.array([vector for vector, _right in best])
    y = np.array([right for _vector, right in best])
    model = LogisticRegression(C=CONFIDENCE_C, max_iter=2000)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    held_out = cross_val_predict(model, x, y, cv=folds, method="predict_proba")[:, 1]
    answerable = np.array([question.answerable for question in gold])
    model.fit(x, y)
    return Ranker(
        dict(zip(NAMES, rank.round(6).tolist(), strict=True)),
        dict(zip(NAMES, model.coef_[0].round(6).tolist(), strict=True)),
        round(float(model.intercept_[0]), 6),
        best_threshold(held_out, y, answerable),
    )


class _Case:
    """One gold question with its candidate units: their features, and which of them answer it."""

    def __init__(self, index: Index, gold: GoldQuestion) -> None:
        question = questions.analyze(gold.text, index.analyzer, index)
        hits = index.search(question.concepts, answering.CANDIDATES)
        units: list[Unit] = answering.candidates(index, question, hits)
        self.x = np.array([unit.features.vector() for unit in units]).reshape(len(units), len(NAMES))
        self.right = np.array(
            [gold.accepts(answering.compose(question, unit, units)) for unit in units], dtype=bool
        )

    def best(self, weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], bool]:
        """Return the features of the unit ranked first, and whether it answers."""
        if not len(self.x):
            return np.zeros(len(NAMES)), False
        first = int(np.argmax(self.x @ weights))
        return self.x[first], bool(self.right[first])


def _fit_rank(cases: Sequence[_Case]) -> NDArray[np.float64]:
    """Fit weights under which units that answer a question come before those that don't.

    Logistic regression over the differences of all pairs (one that answers, one that doesn't); each
    question weighs the same.
    """
    columns = [NAMES.index(name) for name in RANK_NAMES]
    differences, weights = [], []
    for case in cases:
        right, wrong = case.x[case.right][:, columns], case.x[~case.right][:, columns]
        if len(right) and len(wrong):
            pairs = (right[:, None, :] - wrong[None, :, :]).reshape(-1, len(columns))
            differences.append(pairs)
            weights.append(np.full(len(pairs), 1 / len(pairs)))
    x = np.concatenate(differences)
    w = np.concatenate(weights)
    model = LogisticRegression(C=RANK_C, fit_intercept=False, max_iter=2000)
    model.fit(np.concatenate([x, -x]), np.repeat([1, 0], len(x)), sample_weight=np.concatenate([w, w]))
    found = np.zeros(len(NAMES))
    found[columns] = model.coef_[0]
    return found


def best_threshold(
    probability: NDArray[np.float64], right: NDArray[np.bool_], answerable: NDArray[np.bool_]
) -> float:
    """Return the confidence from which answering pays most on held-out predictions.

    It maximises the mean of the share of answerable questions answered rightly and the share of
    unanswerable ones refused; of equals, the middle.
    """
    grid = np.round(np.arange(0.05, 0.951, 0.01), 2)
    values = np.array(
        [
            ((probability >= t) & right)[answerable].mean() + (probability < t)[~answerable].mean()
            for t in grid
        ]
    )
    winners = grid[values >= values.max() - 1e-12]
    return float(winners[len(winners) // 2])
