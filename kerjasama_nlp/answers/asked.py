"""Questions that are known to be answered, and where: people ask in other words than articles use.

Each stands for a unit of a passage, as a heading in people's own words would. How alike two questions are is the
weighted share of what they ask for (Dice): with the importance w of a concept, and the sureness s with which a
known question's terms speak of it,

    likeness = 2 * sum of w * s over the shared concepts / (sum of w of the one + sum of w of the other)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerjasama_nlp.answers.questions import STEM_WEIGHT, Question
from kerjasama_nlp.errors import ModelError
from kerjasama_nlp.i18n import _
from kerjasama_nlp.vocabulary import Vocabulary

# Known questions that are looked at beside a new one.
MOST = 40
# What a question asks for weighs less: no concept weighs more than its idf, and a question has few of them.
MAX_WEIGHT = 1e6


@dataclass(frozen=True, slots=True)
class KnownQuestion:
    """A question of some kind, which `passage.text[start:end]` of the passage with that number answers."""

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


class Asked:
    """Known questions, found by the terms of their concepts.

    `lines` and `offsets` hold the questions as lines of JSON. `starts` and `ids` are postings: the questions with
    term t are `ids[starts[t]:starts[t + 1]]`; `weights` (one a question) is the importance of all its concepts.
    """

    def __init__(  # one array a file of the model
        self,
        lines: NDArray[np.uint8],
        offsets: NDArray[np.int64],
        terms: Vocabulary,
        starts: NDArray[np.int64],
        ids: NDArray[np.int32],
        weights: NDArray[np.float32],
    ) -> None:
        self.lines = lines
        self.offsets = offsets
        self.terms = terms
        self.starts = starts
        self.ids = ids
        self.weights = weights

    def __len__(self) -> int:
        return len(self.weights)

    def __getitem__(self, number: int) -> KnownQuestion:
        line = self.lines[self.offsets[number] : self.offsets[number + 1]].tobytes()
        try:
            text, kind, passage, start, end = json.loads(line.decode())
            if not (isinstance(text, str) and isinstance(kind, str) and 0 <= start < end and passage >= 0):
                raise ValueError(number)  # noqa: TRY301  # damage like any other
            return KnownQuestion(text, kind, int(passage), int(start), int(end))
        except (ValueError, TypeError, RecursionError):
            raise ModelError(
                _("the model is damaged (question {number}); copy it again or retrain it").format(number=number)
            ) from None

    def frequency(self, term: str) -> int:
        """Return how many known questions hold `term`."""
        number = self.terms.find(term)
        return int(self.starts[number + 1] - self.starts[number]) if number >= 0 else 0

    def matches(self, question: Question, without: str | None = None) -> list[Match]:
        """Return the known questions most like `question`, best first; one that reads `without` is left out."""
        if not len(self):
            return []
        likeness = self._likeness(question)
        found = np.flatnonzero(likeness > 0)
        order = found[np.argsort(-likeness[found], kind="stable")][: MOST + 1].tolist()
        known = [(self[number], float(likeness[number])) for number in order]
        return [Match(entry, like, entry.kind == question.kind) for entry, like in known if entry.text != without][
            :MOST
        ]

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
    """Index known questions, each given with what it was read as."""
    lines: list[bytes] = []
    weights: list[float] = []
    postings: dict[str, list[int]] = {}
    for number, (entry, question) in enumerate(known):
        row: list[Any] = [entry.text, entry.kind, entry.passage, entry.start, entry.end]
        lines.append((json.dumps(row, ensure_ascii=False) + "\n").encode("utf-8", "replace"))
        weights.append(sum(concept.importance for concept in question.concepts))
        for term in {term for concept in question.concepts for term in _own(concept.terms)}:
            postings.setdefault(term, []).append(number)
    terms = Vocabulary.from_terms(postings)
    lists = [postings[terms.word(number)] for number in range(len(terms))]
    return Asked(
        np.frombuffer(b"".join(lines), dtype=np.uint8),
        _offsets(lines),
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
    ids, weights = np.zeros(int(ends[-1]), dtype=np.int32), nothing.astype(np.float32)
    return Asked(nothing.astype(np.uint8), np.zeros(1, dtype=np.int64), terms, ends, ids, weights)


def _own(weights: Mapping[str, float]) -> list[str]:
    """Return a concept's terms without its synonyms, which count when a question is asked."""
    return [term for term, weight in weights.items() if weight >= STEM_WEIGHT]


def _offsets(parts: Sequence[Sequence[Any] | bytes]) -> NDArray[np.int64]:
    offsets = np.zeros(len(parts) + 1, dtype=np.int64)
    np.cumsum([len(part) for part in parts], out=offsets[1:])
    return offsets
