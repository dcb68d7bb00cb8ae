"""The frozen records that travel between modules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

BlockKind = Literal["heading", "paragraph", "list"]
# prose: sentences; list: items below their lead-in; outline: sub-headings below what announces them
PassageKind = Literal["prose", "list", "outline"]
# Is told what is being done, how much of it is done, and how much there is (0: nobody knows).
Progress = Callable[[str, int, int], object]


def tell_nobody(_stage: str, _done: int, _size: int) -> None:
    """Be the progress that nobody wants to hear of."""


@dataclass(frozen=True, slots=True)
class Block:
    """One structural piece of an article, in reading order.

    `text` is the heading, the paragraph, or the lead-in sentence of a list ("" when it has none).
    `items` are the list's items (empty for other kinds); `level` is 1 for a section heading, 2 for a
    heading below it, 0 for anything that isn't a heading.
    """

    kind: BlockKind
    text: str
    items: tuple[str, ...] = ()
    level: int = 0


@dataclass(frozen=True, slots=True)
class Article:
    """One article as read: where it came from, its title, and its blocks in reading order."""

    article_id: str
    title: str
    path: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """What the index retrieves: a run of paragraphs, or a list together with its lead-in.

    `section` is the heading path joined by " > ". `text` is what a reader sees; the items of a list or
    outline stand on lines of their own that start with "- ", after the lead-in's line.
    """

    article_id: str
    title: str
    path: str
    section: str
    text: str
    kind: PassageKind = "prose"


@dataclass(frozen=True, slots=True)
class Source:
    """A passage offered as evidence; `score` is the retrieval score (>= 0, comparable within one question)."""

    article_id: str
    title: str
    section: str
    path: str
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Span:
    """A part of an answer's sources: `sources[source].text[start:end]`, counted in Unicode code points."""

    source: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Statement:
    """What a source says of the fact that was asked for: `text`, which is `sources[source].text[start:end]`.

    `year` is the year that it gives for a number, None where it gives none, and for other facts.
    """

    source: int
    start: int
    end: int
    text: str
    year: int | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the sources say of the fact that was asked for: the answer's own, and one of each other article.

    Those in `agree` say the same, those in `differ` something else; not both are empty.
    """

    own: Statement
    agree: tuple[Statement, ...]
    differ: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """The reply to one question.

    `answer` is None for a refusal; `confidence` (0..1) estimates the probability that the best
    candidate answers the question, whether or not it was given. `missing` are the question's words
    that the best candidate doesn't speak of, `similar` questions like it that the corpus is known to answer.
    `answer_span` says where the lines of the answer stand in the sources, one span a thing answered about: a heading
    that was put before it and the mark of a cut aside. `highlights` are the parts of it that are the very fact asked
    for (a date, a number, a place, people, what an abbreviation means), where it is one. `agreement` compares it with
    what other articles among the sources say, where they do. A refusal has none of these.
    """

    question: str
    answer: str | None
    confidence: float
    sources: tuple[Source, ...] = ()
    missing: tuple[str, ...] = field(default=())
    similar: tuple[str, ...] = ()
    answer_span: tuple[Span, ...] = ()
    highlights: tuple[Span, ...] = ()
    agreement: Agreement | None = None


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of one text.

    `form_confidence` is the probability of `form`; `sector_confidence` the probability of every sector
    if the text is about cooperation; `parties` names states and organisations, each once, as they
    appear; `needs_review` marks forms that the classifier isn't sure of.
    """

    form: str
    form_confidence: float
    sectors: tuple[str, ...]
    sector_confidence: Mapping[str, float]
    parties: tuple[str, ...]
    needs_review: bool
