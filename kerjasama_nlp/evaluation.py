"""Measuring a model on questions whose answers are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerjasama_nlp.gold import GoldQuestion
from kerjasama_nlp.model import Model

BINS = 10


@dataclass(frozen=True, slots=True)
class QuestionScores:
    """How well questions were answered; shares between 0 and 1.

    `answer_accuracy`: answerable questions answered rightly; `refusal_recall`: unanswerable ones refused;
    `false_refusals`: answerable ones refused; `calibration_error`: see `calibration_error`, of the
    confidence that the best candidate is right.
    """

    answerable: int
    unanswerable: int
    answer_accuracy: float
    refusal_recall: float
    false_refusals: float
    calibration_error: float

    def to_json(self) -> dict[str, Any]:
        """Return the scores as a JSON object, rounded to four digits."""
        return {name: round(getattr(self, name), 4) for name in self.__dataclass_fields__}


def score_questions(model: Model, gold: Sequence[GoldQuestion]) -> QuestionScores:
    """Ask every question and compare; needs questions of both sorts."""
    given, best = [], []
    confidence = np.zeros(len(gold))
    for i, question in enumerate(gold):
        reply = model.ask(question.text)
        forced = reply if reply.answer is not None else model.ask(question.text, min_confidence=0.0)
        given.append(reply.answer)
        best.append(question.accepts(forced.answer))
        confidence[i] = reply.confidence
    answerable = np.array([question.answerable for question in gold])
    refused = np.array([answer is None for answer in given])
    right = np.array([question.accepts(answer) for question, answer in zip(gold, given, strict=True)])
    return QuestionScores(
        int(answerable.sum()),
        int((~answerable).sum()),
        float(right[answerable].mean()),
        float(refused[~answerable].mean()),
        float(refused[answerable].mean()),
        calibration_error(confidence, np.array(best)),
    )


def calibration_error(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Return the expected calibration error over BINS equal bins of confidence (0: perfect, 1: worst).

    Guo et al. 2017: the mean over bins of |share right - mean confidence|, weighted by the bins' sizes.

    >>> calibration_error(np.array([0.95, 0.95]), np.array([True, False]))
    0.45
    """
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [(bins == b).mean() * abs(right[bins == b].mean() - confidence[bins == b].mean()) for b in np.unique(bins)]
    return round(float(sum(gaps)), 6)
