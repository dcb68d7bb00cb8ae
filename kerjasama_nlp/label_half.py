"""The labelling half of a model: read, fitted, measured, and compared with an earlier one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kerjasama_nlp import comparison, evaluation
from kerjasama_nlp.arrays import Ints
from kerjasama_nlp.comparison import Comparison
from kerjasama_nlp.errors import InputError, ModelError
from kerjasama_nlp.i18n import _
from kerjasama_nlp.labels import folds, labelled
from kerjasama_nlp.labels.classifier import Classifier
from kerjasama_nlp.labels.label_set import LabelSet, standard
from kerjasama_nlp.labels.labelled import LabelledText, LabelledTexts
from kerjasama_nlp.model import Model
from kerjasama_nlp.records import Labels, Progress

# Fewer texts than this tell nothing about which of two models is better.
LEAST_COMPARED = 50
# Of more texts some are drawn, which tells as much.
MOST_COMPARED = 20_000


@dataclass(frozen=True, slots=True)
class LabelFiles:
    """What to fit on, and how: labelled files, their encoding, and the set of their labels.

    `tests` are labelled files that measure the finished classifier and are never fitted on. `jobs` are
    processes; the result doesn't depend on them.
    """

    paths: Sequence[Path]
    encoding: str = "utf-8"
    label_set: LabelSet | None = None
    tests: Sequence[Path] = ()
    jobs: int = 1
    max_faults: int = labelled.MAX_FAULTS

    def read(self) -> tuple[LabelledTexts, LabelledTexts]:
        """Return the texts to fit on and those to test on; raises InputError that lists what is wrong with them.

        Test texts, and texts that nearly repeat one, are left out of those to fit on.
        """
        texts = self._read(self.paths)
        tests = self._read(self.tests) if self.tests else LabelledTexts()
        kept = texts.only(folds.apart(texts, tests)) if tests else texts
        if not kept:
            raise InputError(_("found no text to train on that isn't among the test texts"))
        return kept, tests

    def _read(self, paths: Sequence[Path]) -> LabelledTexts:
        return labelled.read(paths, self.encoding, label_set=self.label_set, max_faults=self.max_faults)


@dataclass(frozen=True, slots=True)
class LabelHalf:
    """A fitted classifier, what the manifest says of it, and the fingerprints (sorted) of what it was fitted on.

    `comparison` holds it against an earlier model, None where no texts allow that.
    """

    classifier: Classifier
    manifest: dict[str, Any]
    texts: Ints
    comparison: Comparison | None


def fit(files: LabelFiles, against: Callable[[], Model], progress: Progress | None = None) -> LabelHalf:
    """Fit a classifier and measure it: by cross-validation, on the test files, and beside the model `against`.

    The comparison is on the test texts where there are any, otherwise on the cross-validated ones; either
    way on texts that the earlier model wasn't fitted on, of LEAST_COMPARED at least. Raises InputError.
    """
    from kerjasama_nlp.labels import training  # imports scikit-learn

    texts, tests = files.read()
    label_set = files.label_set or standard()
    fitted = training.fit(texts, label_set, jobs=files.jobs, progress=progress)
    cross_validated = evaluation.label_scores(texts, fitted.held_out, label_set)
    scores: dict[str, Any] = {"cross_validation": {"folds": int(fitted.fold.max()) + 1, **cross_validated}}
    measured: tuple[Sequence[LabelledText], Sequence[Labels]] = texts, fitted.held_out
    if tests:
        measured = tests, list(fitted.classifier.label(entry.text for entry in tests))
        scores["test"] = evaluation.label_scores(*measured, label_set)
    compared = _compare(*measured, label_set, against)
    if compared is not None:
        scores["against"] = compared.to_json()
    settings = fitted.classifier.settings
    manifest = {
        "fitted_with": training.LIBRARY,
        "labelled": len(texts),
        "labelled_sha256": _digest(texts),
        "labels": label_set.to_json(),
        "thresholds": {
            "temperature": settings.temperature,
            "sector": settings.sector_threshold,
            "review_below": settings.review_below,
        },
        "scores": scores,
    }
    return LabelHalf(fitted.classifier, manifest, np.sort(fingerprints(texts)), compared)


def fingerprints(texts: Sequence[LabelledText]) -> Ints:
    """Return a number for each text that stands for it, letter case and white space aside."""
    numbers = (int.from_bytes(labelled.fingerprint(entry.text), "big", signed=True) for entry in texts)
    return np.fromiter(numbers, dtype=np.int64, count=len(texts))


def unseen(texts: Sequence[LabelledText], model: Model) -> list[int] | None:
    """Return which texts a model wasn't fitted on; None where it doesn't say what it was fitted on."""
    seen = model.labelled_texts
    return None if seen is None else np.flatnonzero(~np.isin(fingerprints(texts), seen)).tolist()


def _compare(
    texts: Sequence[LabelledText], new: Sequence[Labels], label_set: LabelSet, against: Callable[[], Model]
) -> Comparison | None:
    """Compare labels with those of an earlier model.

    None where it can't be opened or gives other labels, or too few texts are new to it.
    """
    try:
        earlier = against()
        comparable = earlier.labels_news and earlier.classifier.label_set == label_set
    except ModelError:
        return None
    rows = unseen(texts, earlier) if comparable else None
    if rows is None or len(rows) < LEAST_COMPARED:
        return None
    if len(rows) > MOST_COMPARED:
        chance = np.random.default_rng(0)
        rows = sorted(chance.choice(rows, MOST_COMPARED, replace=False).tolist())
    gold = [texts[row] for row in rows]
    old = earlier.label(entry.text for entry in gold)
    return comparison.compare(gold, old, [new[row] for row in rows], label_set)


def _digest(texts: Sequence[LabelledText]) -> str:
    """Return the SHA-256 over all texts with their labels."""
    digest = hashlib.sha256()
    for entry in texts:
        digest.update(repr((entry.text, entry.form, sorted(entry.sectors))).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
