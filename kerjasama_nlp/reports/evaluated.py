"""Measuring a model for a report: its scores, and beside them what the page shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerjasama_nlp.evaluation import label_scores
from kerjasama_nlp.reports import measures

if TYPE_CHECKING:
    from kerjasama_nlp.labels.classifier import Classifier
    from kerjasama_nlp.labels.label_set import LabelSet
    from kerjasama_nlp.labels.labelled import LabelledText
    from kerjasama_nlp.model import Model

Progress = Callable[[int], object]


def evaluate(
    model: Model,
    gold: Sequence[LabelledText],
    *,
    against: Model | None = None,
    training: Path | None = None,
    errors: bool = False,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Return the scores of a model on labelled texts as a JSON object.

    Beside those of `evaluation.label_scores`, and "reliability", "coverage" and "review" (see `measures`):
    with `errors`, the worst ones; with another model to hold it `against`, that one's scores and a "comparison";
    with a file of `training` texts, a "learning_curve", whose fits `progress` is told of.
    """
    texts = [entry.text for entry in gold]
    label_set = model.classifier.label_set
    given = model.label(texts)
    scores = measures.measure(gold, given, model.classifier)
    if errors:
        scores["errors"] = measures.worst_errors(gold, given, model.classifier)
    if against is not None:
        from kerjasama_nlp.comparison import compare

        other = against.label(texts)
        scores["against"] = measures.headline(label_scores(gold, other, label_set))
        scores["comparison"] = {
            name: asdict(difference) for name, difference in compare(gold, other, given, label_set).differences.items()
        }
    if training is not None:
        from kerjasama_nlp.labels.labelled import read

        scores["learning_curve"] = measures.learning_curve(
            gold, read([training], label_set=label_set), partial(_fit, label_set), progress
        )
    return scores


def _fit(label_set: LabelSet, texts: Sequence[LabelledText]) -> Classifier:
    from kerjasama_nlp.labels.training import fit  # scikit-learn: only here is it needed

    return fit(texts, label_set).classifier
