"""Fitting the classifier on labelled texts, and predictions for each text by a model that hadn't seen it.

Imports scikit-learn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
import sklearn
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from kerjasama_nlp.arrays import Floats, Ints
from kerjasama_nlp.errors import InputError
from kerjasama_nlp.i18n import _
from kerjasama_nlp.labels import calibration, folds, newton
from kerjasama_nlp.labels.classifier import Classifier, Settings, feature_blocks, logistic, softmax, weigh
from kerjasama_nlp.labels.features import BLOCK_TEXTS, Counted, Counts
from kerjasama_nlp.labels.label_set import LabelSet, standard
from kerjasama_nlp.labels.labelled import LabelledText
from kerjasama_nlp.labels.targets import Targets
from kerjasama_nlp.records import Labels, Progress, tell_nobody
from kerjasama_nlp.vocabulary import Vocabulary

# Features in fewer texts are left out: structure is denser than words.
MIN_TEXTS = {"w": 2, "b": 2, "n": 2, "o": 2, "r": 5, "s": 5}
# Of more features than this the rarest are left out: opening a model takes time and memory for each.
MAX_FEATURES = 200_000
# Up to so many texts weights are found exactly; of more, all labels' at once and stopped early (see `newton`), which
# generalises better: by cross-validation over the groups of the shipped texts a macro-F1 of forms of .86 for .82. It
# takes no copy of the texts, and at 200,000 of them a quarter of the time of scikit-learn's sag.
MOST_EXACT = 1_000
EXACT: Mapping[str, Any] = {"solver": "newton-cg"}
# Inverse strengths of the penalty (scikit-learn's C), by the same cross-validation. Stopping early holds the weights
# back by itself: forms come out at .83, .85 and .86 with 5, 60 and 200, and no better with 1,000.
EXACT_FORM_C = 5.0
FORM_C = 200.0
SECTOR_C = 20.0
# Named in the manifest: its releases differ in the last digits of the weights.
LIBRARY = f"scikit-learn {sklearn.__version__}"
# Of more texts than this some are drawn to fit a part of the cross-validation on: its scores are then those of a
# smaller model, a little too low, and the time stays that of one fit.
MOST_VALIDATED = 20_000
# Texts and cells of the matrix that are worked on at once.
_TEXTS_SCORED = 8_192
_CELLS = 1 << 20
# Intercept of a label that no text bears: its probability is practically 0, and stays a number.
NEVER = -30.0


@dataclass(frozen=True, slots=True)
class Fitted:
    """A classifier, and for each text what models fitted without the text's group give it, in the texts' order.

    `held_out` labels and `form_probability` (texts x forms) come from weights that have seen nothing of the text's
    fold, calibrated on the held-out scores of the other folds; `fold` is the number of each text's fold.
    """

    classifier: Classifier
    held_out: Sequence[Labels]
    form_probability: Floats
    sector_probability: Floats
    fold: Ints


def fit(
    texts: Sequence[LabelledText],
    label_set: LabelSet | None = None,
    *,
    jobs: int = 1,
    progress: Progress | None = None,
) -> Fitted:
    """Return a classifier fitted on texts labelled from `label_set` (default: the standard one).

    Calibration and thresholds come from predictions for groups of texts (see `folds`) that the model
    predicting them hadn't seen: texts of one author or one source are alike, and a classifier measured on its
    own authors looks surer than it is. The result doesn't depend on `jobs`, the number of processes.

    Raises InputError where all texts have one form.
    """
    label_set = label_set or standard()
    tell = progress or tell_nobody
    forms = {entry.form for entry in texts}
    if len(forms) < 2:  # noqa: PLR2004  # there is nothing to tell apart
        raise InputError(
            _("found labelled texts of the form {form} only; expected at least two forms").format(form=forms.pop())
        )
    with Counted(_told(texts, tell), MIN_TEXTS, MAX_FEATURES) as counted:
        names, counts = _counts(counted, len(texts))
    targets = Targets.of(texts, label_set)
    parts = folds.split(texts)
    everything = np.arange(len(texts))
    training = [*(_some(np.setdiff1d(everything, part)) for part in parts), everything]
    fits = Parallel(n_jobs=jobs, return_as="generator")(
        delayed(_fit_part)(counts, names, targets, rows) for rows in training
    )
    scores = np.zeros((len(texts), len(label_set.forms) + len(label_set.sectors)))
    fold = np.zeros(len(texts), dtype=np.int64)
    for number, part in enumerate(parts):  # results come in order, whatever the number of processes
        tell(_("fits"), number, len(training))
        scores[part] = next(fits).scores(counts, names, part)
        fold[part] = number
    tell(_("fits"), len(parts), len(training))
    classifier = _classifier(next(fits), names, label_set, calibration.choose(scores, targets, fold))
    return _measured(classifier, scores, targets, fold)


def _classifier(final: _Fit, names: Sequence[str], label_set: LabelSet, settings: Settings) -> Classifier:
    """Return the classifier of the last fit, its features sorted by name."""
    order = sorted(range(len(names)), key=names.__getitem__)
    weights = final.weights.astype(np.float32)[order]
    vocabulary = Vocabulary.from_terms(names)
    return Classifier(label_set, vocabulary, final.idf[order], weights, final.bias.astype(np.float32), settings)


def _some(rows: Ints) -> Ints:
    """Return rows to fit a part of the cross-validation on: all, or of very many some that are drawn."""
    if len(rows) <= MOST_VALIDATED:
        return rows
    return np.sort(np.random.default_rng(0).choice(rows, MOST_VALIDATED, replace=False))


class _Fit(NamedTuple):
    """What a fit gives: the features it kept (their numbers), idf and weights of all features, intercepts."""

    chosen: Ints
    idf: NDArray[np.float32]
    weights: Floats
    bias: Floats

    def scores(self, counts: Any, names: Sequence[str], rows: Ints) -> Floats:
        """Return the scores of some texts, a row each."""
        chosen_names = [names[number] for number in self.chosen]
        idf, weights = self.idf[self.chosen], self.weights[self.chosen]
        found = []
        for first in range(0, len(rows), _TEXTS_SCORED):
            part = counts[rows[first : first + _TEXTS_SCORED]][:, self.chosen]
            found.append(_weighed(part, chosen_names, idf) @ weights + self.bias)
        return np.concatenate(found)


def _fit_part(counts: Any, names: Sequence[str], targets: Targets, rows: Ints) -> _Fit:
    """Fit on some of the texts, on the features that enough of them have."""
    part = counts if len(rows) == counts.shape[0] else counts[rows]
    frequency = _frequency(part.indices, len(names))
    chosen = _chosen(frequency, names)
    if not np.array_equal(chosen, np.arange(len(names))):  # of all texts every feature is chosen, and nothing copied
        part = part[:, chosen]
        part.sort_indices()
    chosen_names = [names[number] for number in chosen]
    kept_idf = _idf(frequency[chosen], len(rows))
    fitted, bias = _fit_linear(_weighed(part, chosen_names, kept_idf), targets.part(rows), _lexical(chosen_names))
    idf, weights = np.zeros(len(names), dtype=np.float32), np.zeros((len(names), fitted.shape[1]), dtype=fitted.dtype)
    idf[chosen], weights[chosen] = kept_idf, fitted
    return _Fit(chosen, idf, weights, bias)


def _measured(classifier: Classifier, scores: Floats, targets: Targets, fold: Ints) -> Fitted:
    """Return what held-out scores mean, those of each fold calibrated on the other folds."""
    labels: dict[int, Labels] = {}
    probability = np.zeros((len(scores), targets.n_forms))
    sector = np.zeros(targets.sectors.shape)
    for number in range(int(fold.max()) + 1):
        inside, others = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        settings = calibration.choose(scores[others], targets.part(others), fold[others])
        labels.update(zip(inside.tolist(), classifier.decide(scores[inside], settings, brief=True), strict=True))
        probability[inside] = softmax(scores[inside, : targets.n_forms] / settings.temperature)
        sector[inside] = logistic(scores[inside, targets.n_forms :] * settings.slopes + settings.offsets)
    return Fitted(classifier, [labels[text] for text in range(len(scores))], probability, sector, fold)


def _told(texts: Sequence[LabelledText], progress: Progress) -> Iterator[str]:
    """Yield the texts alone, and tell how far that went."""
    for number, entry in enumerate(texts):
        if number % BLOCK_TEXTS == 0:
            progress(_("features"), number, len(texts))
        yield entry.text


def _counts(counted: Counted, size: int) -> tuple[list[str], Any]:
    """Return names of features, the most frequent first, and how often each of `size` texts (rows) has each (columns).

    What most texts have stands side by side: memory is read in that order.
    """
    columns = np.empty(counted.most_cells, dtype=np.int32)
    values = np.empty(counted.most_cells, dtype=counted.times_dtype)
    starts = np.zeros(size + 1, dtype=np.int32 if counted.most_cells < 1 << 31 else np.int64)
    end = text = 0
    for block in counted.blocks():
        start, end = end, end + len(block.number)
        columns[start:end], values[start:end] = block.number, block.times
        within = np.bincount(block.text, minlength=min(BLOCK_TEXTS, size - text))
        starts[text + 1 : text + 1 + len(within)] = start + np.cumsum(within)
        text += len(within)
    order = np.argsort(-_frequency(columns[:end], len(counted.names)), kind="stable")
    rank = np.empty(len(order), dtype=np.int32)
    rank[order] = np.arange(len(order))
    for first in range(0, end, _CELLS):
        columns[first : min(first + _CELLS, end)] = rank[columns[first : min(first + _CELLS, end)]]
    counts = sp.csr_matrix((values[:end], columns[:end], starts), shape=(size, len(order)))
    counts.sort_indices()
    return [counted.names[number] for number in order], counts


def _frequency(columns: NDArray[np.int32], size: int) -> Ints:
    """Return how many cells each of `size` columns has."""
    total = np.zeros(size, dtype=np.int64)
    for first in range(0, len(columns), _CELLS):  # piece by piece: bincount takes eight bytes a cell
        total += np.bincount(columns[first : first + _CELLS], minlength=size)
    return total


def _chosen(frequency: Ints, names: Sequence[str]) -> Ints:
    """Return the features that enough texts have, the most frequent first, then by name."""
    least = np.array([MIN_TEXTS[name[0]] for name in names], dtype=np.int64)
    found = np.flatnonzero(frequency >= least).tolist()
    return np.array(sorted(found, key=lambda number: (-frequency[number], names[number])), dtype=np.int64)


def _idf(frequency: Ints, size: int) -> NDArray[np.float32]:
    weights: NDArray[np.float32] = (np.log((1 + size) / (1 + frequency)) + 1).astype(np.float32)
    return weights


def _weighed(counts: Any, names: Sequence[str], idf: NDArray[np.float32]) -> Any:
    """Return one row of feature values a text, as the classifier computes them, in single precision."""
    blocks = feature_blocks(names)
    values = np.empty(counts.nnz, dtype=np.float32)
    for first in range(0, counts.shape[0], BLOCK_TEXTS):  # piece by piece: the steps take eight bytes a number
        last = min(first + BLOCK_TEXTS, counts.shape[0])
        start, end = counts.indptr[first], counts.indptr[last]
        text = np.repeat(np.arange(last - first), np.diff(counts.indptr[first : last + 1]))
        found = Counts(text, counts.indices[start:end].astype(np.int64), counts.data[start:end].astype(np.int64))
        values[start:end] = weigh(found, idf, blocks, last - first)
    return sp.csr_matrix((values, counts.indices, counts.indptr), shape=counts.shape)


def _lexical(names: Sequence[str]) -> Ints:
    """Return the numbers of the features that are words or pairs of words."""
    return np.array([number for number, name in enumerate(names) if name[0] in "wb"], dtype=np.int64)


def _fit_linear(x: Any, targets: Targets, lexical: Ints) -> tuple[Floats, Floats]:
    """Return weights (features x labels) and intercepts.

    Forms are fitted on all texts and features; sectors on texts whose form has sectors, and on the `lexical`
    features only: who acts with how many others says little about what.
    """
    return (_fit_exactly if x.shape[0] <= MOST_EXACT else _fit_quickly)(x, targets, lexical)


def _fit_quickly(x: Any, targets: Targets, lexical: Ints) -> tuple[Floats, Floats]:
    """Fit all labels at once; one that no text bears, or every text, has an intercept alone."""
    about, n_forms, size = targets.with_sectors, targets.n_forms, targets.n_forms + targets.sectors.shape[1]
    right = np.zeros((len(targets.forms), size), dtype=np.bool_)
    right[np.arange(len(right)), targets.forms] = True
    right[:, n_forms:] = targets.sectors
    borne = np.concatenate([right[:, :n_forms].any(axis=0), right[about, n_forms:].any(axis=0)])
    always = borne & np.concatenate([right[:, :n_forms].all(axis=0), right[about, n_forms:].all(axis=0)])
    fitted = np.flatnonzero(borne & ~always)
    penalty = np.where(fitted < n_forms, 1 / FORM_C, 1 / SECTOR_C).astype(np.float32)
    is_lexical = np.zeros(x.shape[1], dtype=np.bool_)
    is_lexical[lexical] = True
    outputs = newton.Outputs(right[:, fitted], int((fitted < n_forms).sum()), about, is_lexical, penalty)
    weights, bias = np.zeros((x.shape[1], size), dtype=np.float32), np.where(always, -NEVER, NEVER)
    bias[:n_forms][always[:n_forms]] = 0.0
    weights[:, fitted], bias[fitted] = newton.fit(x, outputs)
    return weights, bias


def _fit_exactly(x: Any, targets: Targets, lexical: Ints) -> tuple[Floats, Floats]:
    """Fit the forms, then each sector."""
    columns, bias = _logistic(x, targets.forms, targets.n_forms, EXACT_FORM_C)
    weights = np.zeros((x.shape[1], targets.n_forms + targets.sectors.shape[1]))
    weights[:, : targets.n_forms] = columns
    intercepts = [*bias]
    about = targets.with_sectors
    words = x[about][:, lexical]
    for sector, borne in enumerate(targets.sectors[about].T.astype(np.int64)):
        columns, bias = _logistic(words, borne, 2, SECTOR_C)
        weights[lexical, targets.n_forms + sector] = columns[:, 1] - columns[:, 0]
        intercepts.append(bias[1] - bias[0])
    return weights, np.array(intercepts)


def _logistic(x: Any, y: Ints, n_classes: int, strength: float) -> tuple[Floats, Floats]:
    """Return weights (features x classes) and intercepts; a class without an example is never the best one."""
    weights, bias = np.zeros((x.shape[1], n_classes)), np.full(n_classes, NEVER)
    seen = np.unique(y)
    bias[seen] = 0.0
    if len(seen) < 2 or not x.shape[1]:  # noqa: PLR2004  # there is nothing to tell apart, or by
        return weights, bias
    model = LogisticRegression(C=strength, max_iter=1000, **EXACT).fit(x, y)
    if len(seen) == 2:  # noqa: PLR2004  # one row of weights, for the second class
        weights[:, seen[1]], bias[seen[1]] = model.coef_[0], model.intercept_[0]
    else:
        weights[:, seen], bias[seen] = model.coef_.T, model.intercept_
    return weights, bias
