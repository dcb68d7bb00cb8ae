"""Measuring a model for a report: its scores, and beside them what the page shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerjasama_nlp.comparison import compare
from kerjasama_nlp.errors import UsageError
from kerjasama_nlp.evaluation import label_scores
from kerjasama_nlp.i18n import _
from kerjasama_nlp.label_half import unseen
from kerjasama_nlp.labels.labelled import read
from kerjasama_nlp.reports import measures

if TYPE_CHECKING:
    from kerjasama_nlp.labels.classifier import Classifier
    from kerjasama_nlp.labels.label_set import LabelSet
    from kerjasama_nlp.labels.labelled import LabelledText
    from kerjasama_nlp.model import Model
    from kerjasama_nlp.records import Progress


def evaluate(
    model: Model,
    files: Sequence[Path],
    *,
    against: Model | None = None,
    training: Path | None = None,
    errors: bool = False,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Return the scores of a model on files of labelled texts as a JSON object.

    Beside those of `evaluation.label_scores`, and "trained_on" (so many of the texts are among those that the model
    was fitted on; null: it doesn't say), "reliability", "coverage" and "review" (see `measures`): with `errors`, the
    worst ones; with another model to hold it `against`, that one's scores and a "comparison"; with a file of
    `training` texts, a "learning_curve", whose fits `progress` is told of.

    Raises InputError for texts that aren't labelled with the model's labels, UsageError where the other model has
    other labels.
    """
    label_set = model.classifier.label_set
    if against is not None:
        _check_labels(label_set, against.classifier.label_set)
    gold = read(files, label_set=label_set)
    texts = [entry.text for entry in gold]
    given = model.label(texts)
    scores = measures.measure(gold, given, label_set, model.classifier.settings.review_below)
    scores["trained_on"] = _trained_on(model, gold)
    if errors:
        scores["errors"] = measures.worst_errors(gold, given, model.classifier)
    if against is not None:
        other = against.label(texts)
        scores["against"] = measures.headline(label_scores(gold, other, label_set))
        scores["against"]["trained_on"] = _trained_on(against, gold)
        compared = compare(gold, other, given, label_set)
        scores["comparison"] = {name: asdict(difference) for name, difference in compared.differences.items()}
    if training is not None:
        learnt = read([training], label_set=label_set)
        fit = partial(_fit, label_set=label_set, progress=progress)
        scores["learning_curve"] = measures.learning_curve(gold, learnt, label_set, fit)
    return scores


def _check_labels(ours: LabelSet, theirs: LabelSet) -> None:
    if ours != theirs:
        raise UsageError(
            _("found a model to compare with that gives {theirs}, expected one that gives {ours}").format(
                theirs=", ".join([*theirs.forms, *theirs.sectors]), ours=", ".join([*ours.forms, *ours.sectors])
            )
        )


def _trained_on(model: Model, gold: Sequence[LabelledText]) -> int | None:
    """Return how many texts a model was fitted on, None where it doesn't say."""
    new = unseen(gold, model)
    return None if new is None else len(gold) - len(new)


def _fit(texts: Sequence[LabelledText], label_set: LabelSet, progress: Progress | None) -> Classifier:
    from kerjasama_nlp.labels.training import fit  # scikit-learn: only here is it needed

    return fit(texts, label_set, progress=progress).classifier
