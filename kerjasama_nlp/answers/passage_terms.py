"""What a passage is made of, as questions look at it: its units, their words, and what stands above them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kerjasama_nlp.answers import questions
from kerjasama_nlp.documents.passages import ITEM_MARK, last_heading
from kerjasama_nlp.language import sentences
from kerjasama_nlp.language.tokens import Analyzer, Token
from kerjasama_nlp.records import Passage

# The end of a list's lead-in that says what the list holds, in words.
LEAD_IN_TAIL = 9
_FIELD = frozenset({"bidang"})


@dataclass(frozen=True, slots=True)
class PassageTerms:
    """A passage with its units in order: where each stands, its tokens and its terms.

    A span is (start, end, whether it is a list as a whole); `whole` is the position of that unit, None in prose.
    `section`, `title` and `heading` (the last one above; the title where there is none) are terms of these,
    `lead_in` those of what leads to a list, and `all` those of all units. `list_facets` and `heading_facets` are what
    lead-in and heading say that stands below them.
    """

    passage: Passage
    last_heading: str
    section: frozenset[str]
    title: frozenset[str]
    heading: frozenset[str]
    spans: tuple[tuple[int, int, bool], ...]
    tokens: tuple[tuple[Token, ...], ...]
    terms: tuple[frozenset[str], ...]
    whole: int | None
    lead_in: frozenset[str]
    all: frozenset[str]
    list_facets: list[frozenset[str]]
    heading_facets: list[frozenset[str]]


def read(analyzer: Analyzer, passage: Passage) -> PassageTerms:
    """Take a passage apart."""
    heading = last_heading(passage) or passage.title
    spans = tuple(_spans(passage))
    tokens = tuple(tuple(analyzer.tokenize(passage.text[start:end])) for start, end, _whole in spans)
    terms = tuple(frozenset(term for token in unit for term in token.terms) for unit in tokens)
    lead_in = _lead_in(passage)
    return PassageTerms(
        passage,
        heading,
        frozenset(analyzer.analyze(passage.section)),
        frozenset(analyzer.analyze(passage.title)),
        frozenset(analyzer.analyze(heading)),
        spans,
        tokens,
        terms,
        next((position for position, (_start, _end, whole) in enumerate(spans) if whole), None),
        frozenset(analyzer.analyze(lead_in)),
        frozenset[str]().union(*terms),
        _held(questions.facets(analyzer.tokenize(_tail(lead_in)))),
        questions.facets(analyzer.tokenize(heading)),
    )


def _spans(passage: Passage) -> Iterator[tuple[int, int, bool]]:
    """Yield (start, end, is a whole list) of each unit: the list as a whole, then its items; or sentences."""
    text = passage.text
    if passage.kind == "prose":
        for start, end in sentences.spans(text):
            yield start, end, False
        return
    yield 0, len(text), True
    if not text.startswith(ITEM_MARK):
        yield 0, text.index("\n"), False
    start = 0
    if passage.kind == "outline":  # a heading alone answers nothing
        return
    for line in text.splitlines(keepends=True):
        if line.startswith(ITEM_MARK):
            yield start + len(ITEM_MARK), start + len(line.rstrip("\n")), False
        start += len(line)


def _held(facets: list[frozenset[str]]) -> list[frozenset[str]]:
    """Return what a list holds by its lead-in: the last facet named, a mere field aside.

    "Bank Dunia didirikan dengan tujuan berikut:" lists purposes, "Contoh kerja sama di bidang ekonomi:" examples.
    """
    return [facet for facet in facets if facet != _FIELD][-1:] or facets


def _tail(lead_in: str) -> str:
    """Return the end of a lead-in, which says what its list holds: "... memiliki beberapa tujuan yaitu:"."""
    return " ".join(lead_in.split()[-LEAD_IN_TAIL:])


def _lead_in(passage: Passage) -> str:
    """Return a list's lead-in ("" without one)."""
    if passage.kind == "prose" or passage.text.startswith(ITEM_MARK):
        return ""
    return passage.text.split("\n" + ITEM_MARK, 1)[0]
