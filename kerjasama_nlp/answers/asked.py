"""Questions that are known to be answered, and where: people ask in other words than articles use.

Each stands for a unit of a passage, as a heading in people's own words would; others are known to have no answer. How
alike two questions are is the weighted share of what they ask for (Dice): with the importance w of a concept, and the
sureness s with which a known question's terms speak of it,

    likeness = 2 * sum of w * s over the shared concepts / (sum of w of the one + sum of w of the other)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kerjasama_nlp.answers.questions import STEM_WEIGHT, Question
from kerjasama_nlp.arrays import Floats
from kerjasama_nlp.errors import ModelError
from kerjasama_nlp.i18n import _
from kerjasama_nlp.vocabulary import Vocabulary

# Known questions that are looked at beside a new one.
MOST = 40
# Questions of either sort that are thought to hold a word besides those that do.
SMOOTHING = 5.0
# In the place of a passage's number: there is none.
UNANSWERED = -1
# What a question asks for weighs less: no concept weighs more than its idf, and a question has few of them.
MAX_WEIGHT = 1e6


@dataclass(frozen=True, slots=True)
class KnownQuestion:
    """A question of some kind, which `passage.text[start:end]` of the passage with that number answers.

    No passage answers one whose `passage` is UNANSWERED.
    """

    text: str
    kind: str
    passage: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Match:
    """A known question like the one asked: how alike (0..1), and whether it is of the same kind."""

    known: KnownQuestion
    likeness: float
    same_kind: bool


class Spoken(NamedTuple):
    """A known question that `[start:end]` of a passage answers; how surely (0..1) it speaks of each concept asked."""

    start: int
    end: int
    sure: NDArray[np.float32]


class Likeness:
    """What known questions are like one that is asked.

    `matches` are the answered ones most like it, best first. `unanswered` is how alike (0..1) the unanswered one most
    like it is. `doubt` is the chance (0..1) that a question of these words has no answer, were there
    as many with as without.
    """

    def __init__(
        self, known: Asked, matches: list[Match], sure: NDArray[np.float32], likeness: Floats, doubt: float
    ) -> None:
        self.matches = matches
        self.unanswered = float(likeness[known.n_answered :].max(initial=0.0))
        self.doubt = doubt
        self._known = known
        self._sure = sure[:, : known.n_answered]
        self._any = np.asarray(self._sure.any(axis=0))

    def of_passage(self, number: int) -> list[Spoken]:
        """Return the known questions that a passage answers and that speak of anything asked."""
        found = np.flatnonzero((self._known.passages[: self._known.n_answered] == number) & self._any).tolist()
        entries = ((self._known[question], self._sure[:, question]) for question in found)
        return [Spoken(entry.start, entry.end, sure) for entry, sure in entries]


class Asked:
    """Known questions, found by the terms of their concepts; those with an answer come first.

    `lines` and `offsets` hold the questions as lines of JSON, `passages` the number of the passage that answers each
    (UNANSWERED: none does). `starts` and `ids` are postings: the questions with
    term t are `ids[starts[t]:starts[t + 1]]`; `weights` (one a question) is the importance of all its concepts.
    """

    def __init__(  # one array a file of the model
        self,
        lines: NDArray[np.uint8],
        offsets: NDArray[np.int64],
        passages: NDArray[np.int32],
        terms: Vocabulary,
        starts: NDArray[np.int64],
        ids: NDArray[np.int32],
        weights: NDArray[np.float32],
    ) -> None:
        self.lines = lines
        self.offsets = offsets
        self.passages = passages
        self.n_answered = int(np.count_nonzero(passages != UNANSWERED))
        self.terms = terms
        self.starts = starts
        self.ids = ids
        self.weights = weights

    def __len__(self) -> int:
        return len(self.weights)

    def __getitem__(self, number: int) -> KnownQuestion:
        line = self.lines[self.offsets[number] : self.offsets[number + 1]].tobytes()
        try:
            text, kind, start, end = json.loads(line.decode())
            if not (isinstance(text, str) and isinstance(kind, str) and 0 <= start < end):
                raise ValueError(number)  # noqa: TRY301  # damage like any other
            return KnownQuestion(text, kind, int(self.passages[number]), int(start), int(end))
        except (ValueError, TypeError, RecursionError):
            raise ModelError(
                _("the model is damaged (question {number}); copy it again or retrain it").format(number=number)
            ) from None

    def frequency(self, term: str) -> int:
        """Return how many known questions with an answer hold `term`."""
        number = self.terms.find(term)
        if number < 0:
            return 0
        return int(np.searchsorted(self.ids[self.starts[number] : self.starts[number + 1]], self.n_answered))

    def look(self, question: Question, without: NDArray[np.bool_] | None = None) -> Likeness:
        """Return the known questions most like `question`; those that `without` marks are left out."""
        sure = self._sure(question)
        if without is not None:
            sure[:, without] = 0.0
        importance = np.array([concept.importance for concept in question.concepts])
        likeness = np.minimum(2 * (importance @ sure) / np.maximum(self.weights + importance.sum(), 1e-9), 1.0)
        answered = likeness[: self.n_answered]
        found = np.flatnonzero(answered > 0)
        order = found[np.argsort(-answered[found], kind="stable")][:MOST].tolist()
        known = [(self[number], float(answered[number])) for number in order]
        matches = [Match(entry, like, entry.kind == question.kind) for entry, like in known]
        return Likeness(self, matches, sure, likeness, self._doubt(question, without))

    def _doubt(self, question: Question, without: NDArray[np.bool_] | None) -> float:
        """Return the chance that a question of these words has no answer, by naive Bayes over the known ones.

        That is 1 / (1 + exp(-sum of log((u + a * q) / (n + a * (1 - q)) * (1 - q) / q))) over the concepts, where u of
        the unanswered known questions and n of the answered ones hold the concept's stem, q is the share of unanswered
        ones among all, and a is SMOOTHING; 0 where all known questions are of one sort.
        """
        left = np.ones(len(self), dtype=bool) if without is None else ~without
        n_left = int(np.count_nonzero(left))
        share = np.count_nonzero(left[self.n_answered :]) / max(n_left, 1)
        if not 0 < share < 1:
            return 0.0
        odds = 0.0
        for concept in question.concepts:
            number = self.terms.find(concept.stem)
            if number >= 0:
                ids = self.ids[self.starts[number] : self.starts[number + 1]]
                ids = ids[left[ids]]
                unanswered = int(np.count_nonzero(ids >= self.n_answered))
                answered = len(ids) - unanswered
                odds += log((unanswered + SMOOTHING * share) / (answered + SMOOTHING * (1 - share)))
                odds -= log(share / (1 - share))
        return 1 / (1 + exp(-max(-30.0, min(30.0, odds))))

    def _sure(self, question: Question) -> NDArray[np.float32]:
        """Return how surely (0..1) each known question speaks of each concept: concepts x questions."""
        sure = np.zeros((len(question.concepts), len(self)), dtype=np.float32)
        for row, concept in zip(sure, question.concepts, strict=True):
            for term, weight in concept.evidence.items():
                number = self.terms.find(term)
                if number >= 0:
                    ids = self.ids[self.starts[number] : self.starts[number + 1]]
                    row[ids] = np.maximum(row[ids], weight)
        return sure


def build(known: Iterable[tuple[KnownQuestion, Question]]) -> Asked:
    """Index known questions, each given with what it was read as; those with an answer are put first."""
    lines: list[bytes] = []
    weights: list[float] = []
    postings: dict[str, list[int]] = {}
    ordered = sorted(known, key=lambda pair: pair[0].passage == UNANSWERED)
    for number, (entry, question) in enumerate(ordered):
        row: list[Any] = [entry.text, entry.kind, entry.start, entry.end]
        lines.append((json.dumps(row, ensure_ascii=False) + "\n").encode("utf-8", "replace"))
        weights.append(sum(concept.importance for concept in question.concepts))
        for term in {term for concept in question.concepts for term in _own(concept.terms)}:
            postings.setdefault(term, []).append(number)
    terms = Vocabulary.from_terms(postings)
    lists = [postings[terms.word(number)] for number in range(len(terms))]
    return Asked(
        np.frombuffer(b"".join(lines), dtype=np.uint8),
        _offsets(lines),
        np.array([entry.passage for entry, _question in ordered], dtype=np.int32),
        terms,
        _offsets(lists),
        np.array([number for entry in lists for number in entry], dtype=np.int32),
        np.array(weights, dtype=np.float32),
    )


def heard(counts: Mapping[str, int]) -> Asked:
    """Return known questions of which nothing is known but how many hold each term: enough to read them by."""
    terms = Vocabulary.from_terms(counts)
    ends = np.cumsum([0, *(counts[terms.word(number)] for number in range(len(terms)))]).astype(np.int64)
    nothing = np.zeros(0)
    # of no passage, and so before any number of answered questions: all are counted
    ids, weights = np.full(int(ends[-1]), UNANSWERED, dtype=np.int32), nothing.astype(np.float32)
    return Asked(nothing.astype(np.uint8), np.zeros(1, dtype=np.int64), ids[:0], terms, ends, ids, weights)


def _own(weights: Mapping[str, float]) -> list[str]:
    """Return a concept's terms without its synonyms, which count when a question is asked."""
    return [term for term, weight in weights.items() if weight >= STEM_WEIGHT]


def _offsets(parts: Sequence[Sequence[Any] | bytes]) -> NDArray[np.int64]:
    offsets = np.zeros(len(parts) + 1, dtype=np.int64)
    np.cumsum([len(part) for part in parts], out=offsets[1:])
    return offsets
