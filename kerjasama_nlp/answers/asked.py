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
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kerjasama_nlp.answers.questions import STEM_WEIGHT, Question
from kerjasama_nlp.errors import ModelError
from kerjasama_nlp.i18n import _
from kerjasama_nlp.vocabulary import Vocabulary

# Known questions that are looked at beside a new one.
MOST = 40
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


class Likeness(NamedTuple):
    """The answered questions most like one that is asked, best first, and how alike (0..1) the unanswered one is."""

    matches: list[Match]
    unanswered: float


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
        if not len(self):
            return Likeness([], 0.0)
        likeness = self._likeness(question)
        if without is not None:
            likeness[without] = 0.0
        answered, unanswered = likeness[: self.n_answered], likeness[self.n_answered :]
        found = np.flatnonzero(answered > 0)
        order = found[np.argsort(-answered[found], kind="stable")][:MOST].tolist()
        known = [(self[number], float(answered[number])) for number in order]
        return Likeness(
            [Match(entry, like, entry.kind == question.kind) for entry, like in known],
            float(unanswered.max(initial=0.0)),
        )

    def _likeness(self, question: Question) -> NDArray[np.float64]:
        shared = np.zeros(len(self))
        for concept in question.concepts:
            sure = np.zeros(len(self))
            for term, weight in concept.evidence.items():
                number = self.terms.find(term)
                if number >= 0:
                    ids = self.ids[self.starts[number] : self.starts[number + 1]]
                    sure[ids] = np.maximum(sure[ids], weight)
            shared += concept.importance * sure
        total = sum(concept.importance for concept in question.concepts)
        likeness: NDArray[np.float64] = 2 * shared / np.maximum(self.weights + total, 1e-9)
        return np.minimum(likeness, 1.0)


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
