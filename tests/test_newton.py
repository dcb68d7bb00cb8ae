"""The solver for very many texts: scikit-learn's solution where it may go on for long, earlier where it may not."""

from itertools import pairwise

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression

from kerjasama_nlp.labels import newton, training
from kerjasama_nlp.labels.targets import Targets

TEXTS, FEATURES, FORMS, SECTORS = 300, 40, 3, 4
# Enough for the minimum itself.
EXACT = (10,) * 12


@pytest.fixture(scope="module")
def x():
    """Return feature values of random texts, each feature in fewer texts than the one before."""
    chance = np.random.default_rng(1)
    there = chance.random((TEXTS, FEATURES)) < np.geomspace(0.6, 0.02, FEATURES)
    return sp.csr_matrix((there * chance.random((TEXTS, FEATURES))).astype(np.float32))


@pytest.fixture(scope="module")
def targets(x):
    """Return labels that depend on the features, by chance; the last form has no sectors."""
    chance = np.random.default_rng(2)
    scores = x @ chance.normal(0, 3, (FEATURES, FORMS + SECTORS))
    forms = (scores[:, :FORMS] + chance.gumbel(size=(TEXTS, FORMS))).argmax(axis=1)
    sectors = scores[:, FORMS:] + chance.logistic(size=(TEXTS, SECTORS)) > 1
    sectors[forms == FORMS - 1] = False
    return Targets(forms, sectors, FORMS, FORMS - 1)


LEXICAL = np.arange(0, FEATURES, 2)


def _reference(x, y, strength):
    return LogisticRegression(C=strength, solver="newton-cholesky", tol=1e-10).fit(x.astype(np.float64), y)


def test_the_minimum_is_scikit_learns(x, targets, monkeypatch):
    """Forms on all texts and features, sectors on texts that may have some and on words: scikit-learn's weights."""
    monkeypatch.setattr(newton, "ROUNDS", EXACT)
    monkeypatch.setattr(training, "FORM_C", 5.0)  # with hardly any penalty the minimum is flat and far off
    weights, bias = training._fit_quickly(x, targets, LEXICAL)  # noqa: SLF001  # fit() goes this way above MOST_EXACT
    forms = _reference(x, targets.forms, training.FORM_C)
    # scores of classes that exclude each other are the same with anything added to all of them
    found, expected = weights[:, :FORMS].T, forms.coef_
    assert found - found.mean(axis=0) == pytest.approx(expected - expected.mean(axis=0), abs=2e-3)
    assert bias[:FORMS] - bias[:FORMS].mean() == pytest.approx(forms.intercept_ - forms.intercept_.mean(), abs=2e-3)
    about = targets.with_sectors
    for sector in range(SECTORS):
        model = _reference(x[about][:, LEXICAL], targets.sectors[about, sector], training.SECTOR_C)
        assert weights[LEXICAL, FORMS + sector] == pytest.approx(model.coef_[0], abs=2e-3)
        assert bias[FORMS + sector] == pytest.approx(model.intercept_[0], abs=2e-3)
    assert not weights[np.setdiff1d(np.arange(FEATURES), LEXICAL), FORMS:].any()


def test_every_step_lessens_every_loss(x, targets, monkeypatch):
    """No label's loss is ever larger than before the step."""
    losses = []
    step = newton._Problem.step  # noqa: SLF001  # what is recorded

    def recorded(problem, rounds):
        losses.append(problem._loss)  # noqa: SLF001
        step(problem, rounds)
        losses.append(problem._loss)  # noqa: SLF001

    monkeypatch.setattr(newton._Problem, "step", recorded)  # noqa: SLF001
    training._fit_quickly(x, targets, LEXICAL)  # noqa: SLF001
    assert len(losses) == 2 * len(newton.ROUNDS)
    assert (losses[1] < losses[0]).all()
    assert all((after <= before).all() for before, after in pairwise(losses))


class _TooFar(newton._Problem):  # noqa: SLF001  # nothing else takes a step that leads up
    """Goes so many times as far as it should."""

    factor = 1.0

    def _direction(self, rounds):
        return tuple(np.float32(self.factor) * part for part in super()._direction(rounds))


@pytest.mark.parametrize(("factor", "moves"), [(6.0, True), (-1.0, False)])
def test_a_step_that_leads_up_is_shortened_or_left_out(x, targets, monkeypatch, factor, moves):
    """One that goes too far is shortened; after one that only leads up everything is as it was."""
    monkeypatch.setattr(newton, "_Problem", _TooFar)
    monkeypatch.setattr(_TooFar, "factor", factor)
    weights, bias = training._fit_quickly(x, targets, LEXICAL)  # noqa: SLF001
    if moves:
        right = (x @ weights + bias)[:, :FORMS].argmax(axis=1) == targets.forms
        assert right.mean() > 0.6
    else:
        assert weights == pytest.approx(np.zeros_like(weights), abs=1e-6)


def test_pieces_are_no_copies(x, monkeypatch):
    """The pieces hold all texts, in the memory that these are in."""
    monkeypatch.setattr(newton, "_PIECE", 70)
    pieces = [*newton._pieces(x)]  # noqa: SLF001
    assert (sp.vstack([piece for _rows, piece in pieces]) != x).nnz == 0
    assert all(np.shares_memory(piece.data, x.data) for _rows, piece in pieces)
    assert all(np.shares_memory(piece.indices, x.indices) for _rows, piece in pieces)


def test_pieces_change_nothing(x, targets, monkeypatch):
    """The weights are the same, rounding aside, however many texts are looked at together."""
    expected = training._fit_quickly(x, targets, LEXICAL)  # noqa: SLF001
    monkeypatch.setattr(newton, "_PIECE", 70)
    monkeypatch.setattr(newton, "_CELLS", 100)
    for found, value in zip(training._fit_quickly(x, targets, LEXICAL), expected, strict=True):  # noqa: SLF001
        assert found == pytest.approx(value, abs=1e-3)


@pytest.mark.parametrize("borne", [False, True])
def test_labels_that_there_is_nothing_to_learn_of(x, targets, borne):
    """A form or sector that no text bears is never the best; a sector that all bear has its intercept alone."""
    sectors = targets.sectors.copy()
    sectors[:, 1] = borne
    few = Targets(targets.forms, sectors, FORMS + 1, FORMS - 1)
    weights, bias = training._fit_quickly(x, few, LEXICAL)  # noqa: SLF001
    assert bias[FORMS] == training.NEVER
    assert bias[FORMS + 2] == (-training.NEVER if borne else training.NEVER)
    assert not weights[:, [FORMS, FORMS + 2]].any()
    assert np.isfinite(bias).all()


def test_texts_of_one_form_without_sectors(x):
    """Where there is nothing to tell apart, as in a part of a cross-validation, the one form is given."""
    none = np.zeros((TEXTS, SECTORS), dtype=np.bool_)
    weights, bias = training._fit_quickly(x, Targets(np.zeros(TEXTS, dtype=np.int64), none, 2, 0), LEXICAL)  # noqa: SLF001
    assert not weights.any()
    assert bias.tolist() == [0.0, *[training.NEVER] * (1 + SECTORS)]


def test_many_texts_go_this_way(x, targets, monkeypatch):
    """Above MOST_EXACT texts everything is fitted at once."""
    asked = []
    monkeypatch.setattr(newton, "fit", lambda x, _outputs: asked.append(x.shape) or (0.0, 0.0))
    for most in (TEXTS, TEXTS - 1):
        monkeypatch.setattr(training, "MOST_EXACT", most)
        training._fit_linear(x, targets, LEXICAL)  # noqa: SLF001
    assert asked == [x.shape]
