"""Fitting the answerer's weights on questions with known answers; imports scikit-learn."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from kerjasama_nlp.answers import answering, translation
from kerjasama_nlp.answers.evidence import Features
from kerjasama_nlp.answers.gold import GoldQuestion, KnownAnswer
from kerjasama_nlp.answers.index import Index
from kerjasama_nlp.answers.indexing import build
from kerjasama_nlp.answers.ranking import Ranker, Rankers
from kerjasama_nlp.answers.translation import Translations
from kerjasama_nlp.documents.passages import last_heading
from kerjasama_nlp.errors import InputError
from kerjasama_nlp.i18n import _
from kerjasama_nlp.language.tokens import stems_of
from kerjasama_nlp.records import Passage

NAMES = tuple(Features.__dataclass_fields__)
# What orders the units of one question; the others are the same for all of them.
_SAME_FOR_ALL = frozenset({"known", "asked_best", "unasked", "unasked_more", "doubt"})
RANK_NAMES = tuple(name for name in NAMES if name not in _SAME_FOR_ALL)
# Inverse strength of the penalty on the weights (scikit-learn's C), chosen by cross-validation.
RANK_C = 1.0
# What more of a feature means for an answer: better (1, the default), worse (-1), or either (0).
_LESS_IS_BETTER = (
    *("thin", "lacks", "stray_list", "wrong_list", "fragment"),
    *("unasked", "unasked_more", "doubt", "no_fact", "other_year"),
)
SIGNS = {
    **dict.fromkeys(_LESS_IS_BETTER, -1),
    "opening": 0,
}
CONFIDENCE_C = 1.0
# The least and the most that a weight of some sign may be.
_BOUNDS = {1: (0.0, None), -1: (None, 0.0), 0: (None, None)}
_TINY = 1e-300
# An answer is given from this probability of being right on. Its source always stands beside it, so that a wrong answer
# costs less than half of what a right one is worth: 0.3 / (1 - 0.3). By cross-validation over the training questions,
# 9 % of those with an answer are refused from here on, and 2 % where there are known questions.
THRESHOLD = 0.3
# Parts of the articles, or of the authors, whose known questions are left out in turn.
FOLDS = 5
# Known questions that are asked to fit on, at most so many with an answer and so many without, and what one counts
# beside a gold question: its passage isn't the only right one, and fewer than one in three questions has no answer.
MOST_KNOWN = 2_000
KNOWN_SHARE = 0.6
# For the ranker for articles of others, known questions are asked of so many articles at a time, as few as a folder of
# one's own may hold; so many with an answer and so many without an article, and what one counts.
SMALL = 5
SMALL_ANSWERED, SMALL_UNANSWERED = 25, 8
SMALL_SHARE = 0.3
# What stands for a subject that is left out.
_THIS = "hal ini"


def fit(
    index: Index,
    gold: Sequence[GoldQuestion],
    known: Sequence[KnownAnswer] = (),
    others: Translations | None = None,
) -> Rankers:
    """Return rankers fitted on `gold`: ranking by each question's units, confidence by the best unit's correctness.

    Each question is put twice: to the articles as they are, and to the articles in the style of most web
    pages, which name their subject in headings and leave it out of their sentences. Fitted on one style
    alone, the weights fail on the other. Where the index holds known questions, a ranker that looks at them is
    fitted as well, each question's own wording left out of them.

    `known` are those questions. Some are asked of a few articles at a time, without known questions; where they are of
    several authors, some are asked of all articles, too, as if their author had written none of them. Translations are
    learned from them all; without any, they are `others` (None: none).
    """
    plain = index if not len(index.asked) else build(index.passages)
    elliptic = build(without_subject(passage) for passage in index.passages)
    pairs = list(pairs_of(index))
    if pairs:
        translations, unseen = translation.fit(pair.words for pair in pairs), _unseen(pairs)
    else:
        translations = others or translation.none()
        unseen = _always(translations)
    alone = [_Case(searched, question, unseen) for searched in (plain, elliptic) for question in gold]
    alone += _small_cases(index, known, unseen)
    asked = list(_asked_cases(index, gold, known, pairs, translations)) if pairs else []
    return Rankers(_fit(alone), _fit(asked) if asked else None, translations)


def _small_cases(
    index: Index, known: Sequence[KnownAnswer], translations: Callable[[Passage], Translations]
) -> Iterator[_Case]:
    """Yield some known questions, each asked of a few articles, its own among them, without any known questions.

    Every second time the articles leave their subject to their headings.
    """
    chosen = np.random.default_rng(0)
    passages: dict[str, list[Passage]] = {}
    for passage in index.passages:
        passages.setdefault(PurePath(passage.article_id).stem, []).append(passage)
    about: dict[str, tuple[list[KnownAnswer], list[KnownAnswer]]] = {}
    for entry in known:
        about.setdefault(entry.article, ([], []))[not entry.passage].append(entry)
    articles = sorted(passages)
    chosen.shuffle(articles)
    for first in range(0, len(articles) if known else 0, SMALL):
        some = articles[first : first + SMALL]
        own = (passage for article in some for passage in passages[article])
        small = build(own if first // SMALL % 2 else map(without_subject, own))
        for article in some:
            for entries, most in zip(about.get(article, ()), (SMALL_ANSWERED, SMALL_UNANSWERED), strict=False):
                for number in sorted(chosen.choice(len(entries), min(len(entries), most), replace=False).tolist()):
                    entry = entries[number]
                    left_out = _names_of(passages[article][0].title).sub(_THIS, entry.passage)
                    question = GoldQuestion(entry.text, bool(entry.passage), ((entry.passage, left_out),))
                    yield _Case(small, question, translations, share=SMALL_SHARE)


def _asked_cases(
    index: Index,
    gold: Sequence[GoldQuestion],
    known: Sequence[KnownAnswer],
    pairs: Sequence[Pair],
    translations: Translations,
) -> Iterator[_Case]:
    """Yield cases for the ranker that looks at known questions: the gold ones, and some of the known themselves."""
    texts = np.array([index.asked[number].text for number in range(len(index.asked))])
    for question in gold:
        yield _Case(index, question, _always(translations), texts == question.text)
    ordered = sorted(known, key=lambda entry: not entry.passage)  # as in the index
    authors = sorted({entry.author for entry in known})
    if len(authors) < FOLDS:
        return
    part = np.array([authors.index(entry.author) % FOLDS for entry in ordered])
    tables = _without_each(pairs, part.tolist())
    chosen = np.random.default_rng(0)
    answered, unanswered = np.split(np.arange(len(ordered)), [index.asked.n_answered])
    for numbers in (answered, unanswered):
        for number in sorted(chosen.choice(numbers, min(len(numbers), MOST_KNOWN), replace=False).tolist()):
            entry, table = ordered[number], _always(tables[part[number]])
            question = GoldQuestion(entry.text, bool(entry.passage), ((entry.passage,),))
            yield _Case(index, question, table, part == part[number], KNOWN_SHARE)


class Pair(NamedTuple):
    """A known question's words and those that answer it, and the article that they stand in."""

    article: str
    words: tuple[list[str], frozenset[str]]


def pairs_of(index: Index) -> Iterator[Pair]:
    """Yield the known questions with an answer, each with the words of its unit, the heading above it and the title."""
    stems: dict[tuple[int, int], frozenset[str]] = {}
    for known in (index.asked[number] for number in range(index.asked.n_answered)):
        passage = index.passages[known.passage]
        place = known.passage, known.start
        if place not in stems:
            whole = passage.kind != "prose" and not known.start
            text = passage.text if whole else passage.text[known.start : known.end]
            parts = (text, last_heading(passage), passage.title)
            stems[place] = stems_of(term for part in parts for term in index.analyzer.analyze(part))
        asked = [concept.stem for concept in index.reader.read(known.text).concepts]
        yield Pair(passage.article_id, (asked, stems[place]))


def _always(translations: Translations) -> Callable[[Passage], Translations]:
    return lambda _passage: translations


def _without_each(pairs: Sequence[Pair], parts: Sequence[int]) -> list[Translations]:
    """Return translations learned without each of FOLDS parts in turn; `parts` begins with the part of each pair."""
    return [
        translation.fit(pair.words for pair, part in zip(pairs, parts, strict=False) if part != left_out)
        for left_out in range(FOLDS)
    ]


def _unseen(pairs: Sequence[Pair]) -> Callable[[Passage], Translations]:
    """Return what gives, for a passage, translations learned from other articles: as they serve articles of others."""
    fold = {article: number % FOLDS for number, article in enumerate(sorted({pair.article for pair in pairs}))}
    tables = _without_each(pairs, [fold[pair.article] for pair in pairs])
    return lambda passage: tables[fold.get(passage.article_id, 0)]


def _fit(cases: Sequence[_Case]) -> Ranker:
    """Return the ranker fitted on questions with their candidates."""
    rank = _fit_rank(cases)
    best = [case.best(rank) for case in cases]
    x = np.array([vector for vector, _right in best])
    y = np.array([right for _vector, right in best])
    share = np.array([case.share for case in cases])
    confidence, bias = _logistic(x, y, share, NAMES, intercept=True, strength=CONFIDENCE_C)
    # Known questions teach what to doubt. But they are asked as if some of the others weren't known, and more of them
    # have no answer: how much is to be doubted is for the gold questions to say.
    of_gold = share == 1.0
    slope, offset = _recalibrated((x @ confidence + bias)[of_gold], y[of_gold])
    confidence, bias = slope * confidence, slope * bias + offset
    return Ranker(
        dict(zip(NAMES, rank.round(6).tolist(), strict=True)),
        dict(zip(NAMES, confidence.round(6).tolist(), strict=True)),
        round(bias, 6),
        THRESHOLD,
    )


def _recalibrated(scores: NDArray[np.float64], right: NDArray[np.bool_]) -> tuple[float, float]:
    """Return slope and offset under which scores mean what they say (Platt 1999)."""
    if len(np.unique(right)) < 2:  # noqa: PLR2004  # always right, or never
        return 1.0, 0.0
    model = LogisticRegression(C=1e6).fit(scores[:, None], right)
    return max(float(model.coef_[0, 0]), 0.0), float(model.intercept_[0])


def _logistic(  # one fit, its data and its settings
    x: NDArray[np.float64],
    y: NDArray[np.bool_],
    share: NDArray[np.float64],
    names: Sequence[str],
    *,
    intercept: bool,
    strength: float,
) -> tuple[NDArray[np.float64], float]:
    """Fit logistic weights whose signs agree with what the features mean; return them and the intercept.

    Features that go together can share out an effect with one of them turned around ("the more of the
    question is known, the worse"), which is an accident of the sample. A feature whose weight comes out
    with the wrong sign is left out and the rest fitted anew, until all signs are right.
    """
    kept = list(range(len(names)))
    while True:
        model = LogisticRegression(C=strength, fit_intercept=intercept, max_iter=5000)
        model.fit(x[:, kept], y, sample_weight=share)
        wrong = [i for i, weight in zip(kept, model.coef_[0], strict=True) if weight * SIGNS.get(names[i], 1) < 0]
        if not wrong:
            break
        kept = [i for i in kept if i not in wrong]
    weights = np.zeros(len(names))
    weights[kept] = model.coef_[0]
    return weights, float(model.intercept_[0]) if intercept else 0.0


def without_subject(passage: Passage) -> Passage:
    """Return a passage whose text says "hal ini" where it names its article's subject.

    >>> without_subject(Passage("a", "OPEC (Organisasi Minyak)", "a.md", "Markas", "OPEC bermarkas di Wina.")).text
    'hal ini bermarkas di Wina.'
    """
    return replace(passage, text=_names_of(passage.title).sub(_THIS, passage.text))


def _names_of(title: str) -> re.Pattern[str]:
    """Return what finds the names that a title gives its subject: "OPEC" and "Organisasi Minyak"."""
    names = sorted((name.strip() for name in re.split(r"[(:)]", title) if name.strip()), key=len, reverse=True)
    return re.compile("|".join(rf"\b{re.escape(name)}\b" for name in names) or r"(?!)", re.IGNORECASE)


class _Case:
    """One question with its candidate units: their features, which of them answer it, and how much it counts.

    Known questions that `without` marks aren't looked at.
    """

    def __init__(
        self,
        index: Index,
        gold: GoldQuestion,
        translations: Callable[[Passage], Translations],
        without: NDArray[np.bool_] | None = None,
        share: float = 1.0,
    ) -> None:
        self.share = share
        question = index.reader.read(gold.text)
        units = answering.candidates(index, question, answering.CANDIDATES, translations, without).units
        self.x = np.array([unit.features.vector() for unit in units]).reshape(len(units), len(NAMES))
        answers = [answering.compose(question, unit, units).text for unit in units]
        self.answers = np.array([gold.accepts(answer) for answer in answers], dtype=bool)
        # An answer goes on beyond its unit and may hold the gold strings by chance: where the unit
        # itself holds them, only such units are right.
        exact = self.answers & np.array([gold.accepts(unit.text) for unit in units], dtype=bool)
        self.right = exact if exact.any() else self.answers

    def best(self, weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], bool]:
        """Return the features of the unit ranked first, and whether it answers."""
        if not len(self.x):
            return np.zeros(len(NAMES)), False
        first = int(np.argmax(self.x @ weights))
        return self.x[first], bool(self.answers[first])


def _fit_rank(cases: Sequence[_Case]) -> NDArray[np.float64]:
    """Fit weights under which the units that answer a question come before those that don't.

    The likelihood of the right units under a softmax over all units of their question is maximised (the top-one
    loss of Cao et al. 2007), less the squares of the weights over twice RANK_C; each question counts its share. Unlike
    pairs with the highest of the wrong ones, it bears a few that are right but not known to be. What a sign forbids is
    a bound.
    """
    told = [case for case in cases if case.right.any() and not case.right.all()]
    if not told:
        raise InputError(_("found no question that the articles answer; expected questions over these articles"))
    columns = [NAMES.index(name) for name in RANK_NAMES]
    x = np.concatenate([case.x for case in told])[:, columns]
    right = np.concatenate([case.right for case in told])
    sizes = np.array([len(case.x) for case in told])
    starts, case_of = np.cumsum(sizes) - sizes, np.repeat(np.arange(len(told)), sizes)
    share = np.array([case.share for case in told])

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        scores = x @ weights
        each = np.exp(scores - np.maximum.reduceat(scores, starts)[case_of])
        of_all = np.add.reduceat(each, starts)
        of_right = np.maximum(np.add.reduceat(each * right, starts), _TINY)
        slope = share[case_of] * each * (1 / of_all[case_of] - right / of_right[case_of])
        penalty = weights @ weights / (2 * RANK_C)
        return float(share @ (np.log(of_all) - np.log(of_right)) + penalty), x.T @ slope + weights / RANK_C

    fitted = minimize(
        loss,
        np.zeros(len(columns)),
        jac=True,
        method="L-BFGS-B",
        bounds=[_BOUNDS[SIGNS.get(name, 1)] for name in RANK_NAMES],
        options={"maxiter": 1_000, "ftol": 1e-12},
    )
    weights = np.zeros(len(NAMES))
    weights[columns] = fitted.x
    return weights
