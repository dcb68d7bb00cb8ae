"""Fitting the weights that order units: the likelihood of those that answer, within what their signs allow."""

import numpy as np
import pytest

from kerjasama_nlp import training
from kerjasama_nlp.answers import fitting, translation
from kerjasama_nlp.answers.fitting import NAMES, RANK_C, RANK_NAMES
from kerjasama_nlp.answers.gold import KnownAnswer
from kerjasama_nlp.errors import InputError

COVERAGE, LACKS, OPENING, STANDING = (NAMES.index(name) for name in ("coverage", "lacks", "opening", "standing"))


class _Case:
    """A question whose units have given features, some of which answer it."""

    def __init__(self, x, right, share=1.0):
        self.x, self.right, self.share = x, right, share


@pytest.fixture(scope="module")
def told():
    """Return questions whose answers have a high coverage and, which must not show, lack their sign."""
    chosen = np.random.default_rng(0)
    made = []
    for number in range(100):
        x = np.zeros((6, len(NAMES)))
        x[:, [COVERAGE, LACKS, OPENING, STANDING]] = chosen.random((6, 4))
        scores = 4 * x[:, COVERAGE] + 2 * x[:, LACKS] - 4 * x[:, OPENING] + chosen.gumbel(size=6)
        made.append(_Case(x, scores >= np.sort(scores)[-1 - number % 2], share=1 + number % 3))
    return made


def _loss(weights, cases):
    """Return what is minimised, as its docstring has it: by case, without tricks."""
    total = weights @ weights / (2 * RANK_C)
    for case in cases:
        each = np.exp(case.x @ weights)
        total -= case.share * np.log(each[case.right].sum() / each.sum())
    return total


def test_weights_are_at_the_optimum(told):
    """No weight can be moved, as far as its sign allows, to make the answers likelier."""
    fitted = fitting._fit_rank(told)  # noqa: SLF001  # fit() needs a corpus
    assert fitted[COVERAGE] > 1
    assert fitted[LACKS] == 0
    assert fitted[OPENING] < 0  # of either sign
    least = _loss(fitted, told)
    for column in (COVERAGE, OPENING, STANDING):
        for step in (-0.01, 0.01):
            moved = fitted.copy()
            moved[column] += step
            assert moved[column] < 0 or _loss(moved, told) > least
    assert not fitted[[NAMES.index(name) for name in set(NAMES) - set(RANK_NAMES)]].any()


def test_cases_that_tell_nothing(told):
    """Questions of which all units are right, or none, are passed over; with no others nothing can be fitted."""
    x = told[0].x
    silent = [
        _Case(x, np.ones(6, dtype=bool)),
        _Case(x, np.zeros(6, dtype=bool)),
        _Case(x[:0], np.zeros(0, dtype=bool)),
    ]
    np.testing.assert_array_equal(fitting._fit_rank([*told, *silent]), fitting._fit_rank(told))  # noqa: SLF001
    with pytest.raises(InputError, match="found no question that the articles answer"):
        fitting._fit_rank(silent)  # noqa: SLF001


def test_known_questions_are_asked_of_a_few_articles(tmp_path):
    """Each article's are asked where its passages are, so that those with an answer find it, and count their share."""
    for number in range(fitting.SMALL + 2):
        (tmp_path / f"a{number}.md").write_text(
            f"# Pakta {number}\n\nMarkas pakta {number} di kota.\n", encoding="utf-8"
        )
    known = [
        KnownAnswer(f"letak pakta {number}", f"a{number}", f"Markas pakta {number} di kota.", "q:1")
        for number in range(7)
    ]
    known.append(KnownAnswer("ketua pakta 3", "a3", "", "q:8"))
    index = training.index_articles([tmp_path], known=known)[0]
    cases = list(fitting._small_cases(index, known, lambda _passage: translation.none()))  # noqa: SLF001
    assert sorted(case.right.any() for case in cases) == [False, *[True] * 7]
    assert {case.share for case in cases} == {fitting.SMALL_SHARE}
    assert max(len(case.x) for case in cases) == fitting.SMALL
