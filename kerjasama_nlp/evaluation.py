"""Measuring a model on questions whose answers, and on news whose labels, are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerjasama_nlp.answers.gold import GoldQuestion
from kerjasama_nlp.labels.label_set import LabelSet
from kerjasama_nlp.labels.labelled import LabelledText
from kerjasama_nlp.model import Model
from kerjasama_nlp.records import Labels

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


def label_scores(gold: Sequence[LabelledText], given: Sequence[Labels], label_set: LabelSet) -> dict[str, Any]:
    """Compare the labels given to texts with the right ones; a JSON object of scores between 0 and 1.

    `form` and `sector` hold precision, recall, F1 and count by label; `confusion` counts forms, gold by
    given; sectors are compared on texts whose gold form has any; `cooperation_f1` is the F1 of having a form
    with sectors, null in a label set without such a form; `coverage_at_95` is the share of texts, surest
    first, of which 95 % have the right form.
    """
    pairs = list(zip(gold, given, strict=True))
    confusion = {a: dict.fromkeys(label_set.forms, 0) for a in label_set.forms}
    for g, p in pairs:
        confusion[g.form][p.form] += 1
    forms = {
        name: _scores(
            confusion[name][name], sum(row[name] for row in confusion.values()), sum(confusion[name].values())
        )
        for name in label_set.forms
    }
    about = [(g, p) for g, p in pairs if g.form != label_set.none]
    counts = {
        name: (
            sum(name in g.sectors and name in p.sectors for g, p in about),
            sum(name in p.sectors for _, p in about),
            sum(name in g.sectors for g, _ in about),
        )
        for name in label_set.sectors
    }
    confidence = np.array([p.form_confidence for p in given])
    right = np.array([g.form == p.form for g, p in pairs])
    cooperation = _scores(
        sum(p.form != label_set.none for _, p in about), sum(p.form != label_set.none for p in given), len(about)
    )
    return {
        "n": len(gold),
        "form_accuracy": round(float(right.mean()), 4),
        "form_macro_f1": round(float(np.mean([entry["f1"] for entry in forms.values() if entry["n"]])), 4),
        "cooperation_f1": None if label_set.none is None else cooperation["f1"],
        "sector_micro_f1": _scores(*map(sum, zip(*counts.values(), strict=True)))["f1"] if counts else None,
        "calibration_error": calibration_error(confidence, right),
        "coverage_at_95": _coverage(confidence, right),
        "to_review": round(float(np.mean([p.needs_review for p in given])), 4),
        "form": forms,
        "sector": {name: _scores(*counts[name]) for name in label_set.sectors},
        "confusion": confusion,
    }


def _scores(both: int, given: int, gold: int) -> dict[str, float]:
    """Return precision, recall, F1 (0 where undefined) and the count in the gold labels."""
    precision, recall = both / given if given else 0.0, both / gold if gold else 0.0
    f1 = 2 * both / (given + gold) if given + gold else 0.0
    return {"precision": round(precision, 4), "recall": round(recall, 4), "f1": round(f1, 4), "n": gold}


def _coverage(confidence: NDArray[np.float64], right: NDArray[np.bool_], precision: float = 0.95) -> float:
    """Return the largest share of texts, surest first, with at least `precision` right."""
    order = np.argsort(-confidence, kind="stable")
    reached = np.cumsum(right[order]) / np.arange(1, len(order) + 1) >= precision
    return round(float(np.flatnonzero(reached)[-1] + 1) / len(order), 4) if reached.any() else 0.0


def calibration_error(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Return the expected calibration error over BINS equal bins of confidence (0: perfect, 1: worst).

    Guo et al. 2017: the mean over bins of |share right - mean confidence|, weighted by the bins' sizes.

    >>> calibration_error(np.array([0.95, 0.95]), np.array([True, False]))
    0.45
    """
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [(bins == b).mean() * abs(right[bins == b].mean() - confidence[bins == b].mean()) for b in np.unique(bins)]
    return round(float(sum(gaps)), 6)
