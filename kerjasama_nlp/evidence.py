"""Units of passages that could answer a question, and what speaks for each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import cache

from kerjasama_nlp import questions, resources, sentences
from kerjasama_nlp.passages import ITEM_MARK, SECTION_SEPARATOR
from kerjasama_nlp.questions import Concept, Question
from kerjasama_nlp.records import Passage
from kerjasama_nlp.tfidf import K1
from kerjasama_nlp.tokens import SURFACE, Analyzer

# How much it counts where a concept stands, seen from the unit: in the unit itself, in the heading above
# it, in the sentence before it, in the article's title, or anywhere else in the passage.
IN_UNIT, IN_SECTION, IN_NEIGHBOUR, IN_TITLE, IN_PASSAGE = 1.0, 0.95, 0.75, 0.75, 0.5

# An answer has at least this many words; fewer are a heading's.
MIN_WORDS = 5

# The end of a list's lead-in that says what the list holds, in words.
LEAD_IN_TAIL = 9
# "X adalah", "X dalam hubungan internasional adalah": the copula comes soon after what is defined.
COPULA_WITHIN = 10

_COPULA = re.compile(r"\b(?:adalah|ialah|merupakan|yaitu|yakni|berarti|didefinisikan|disebut|artinya|diartikan)\b")


@dataclass(frozen=True, slots=True)
class Features:
    """What speaks for a unit; each between 0 and 1, more is better unless said otherwise.

    `coverage`: weighted share of the question's concepts that the unit and its surroundings speak
    of; `unit_coverage`: the same in the unit alone; `weakest`: the least covered concept's share;
    `heading`: likeness of heading and question; `retrieval`: the passage's score against the best one's;
    `kind`: the unit looks like an answer of the kind asked for; `facet`: heading, lead-in or unit name the
    facet asked for (0: another one, 0.5: none); `subject`: a definition's share of
    concepts before the copula; `whole_list`, `stray_list`: the unit is a list and one is (isn't) asked
    for; `opening`: it opens its passage; `fragment`: it is too short to say anything (less is better);
    `names_heading`: it names what its heading names;
    `match`: the passage's score against the most it could have; `known`: weighted share of the question's
    concepts that the corpus holds at all.
    """

    coverage: float
    unit_coverage: float
    weakest: float
    heading: float
    retrieval: float
    kind: float
    facet: float
    subject: float
    whole_list: float
    stray_list: float
    opening: float
    fragment: float
    names_heading: float
    match: float
    known: float

    def vector(self) -> tuple[float, ...]:
        """Return the values in the order of the fields."""
        return astuple(self)


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence, a list item, or a whole list: `passage.text[start:end]`."""

    passage: Passage
    number: int
    start: int
    end: int
    whole_list: bool
    features: Features
    missing: tuple[str, ...]

    @property
    def text(self) -> str:
        """The unit's text."""
        return self.passage.text[self.start : self.end]


@cache
def _signs() -> Mapping[str, re.Pattern[str]]:
    """Return the look of an answer by kind of question."""
    return {kind: re.compile(pattern) for kind, pattern in resources.table("answer_kinds.tsv")}


def units(
    question: Question, analyzer: Analyzer, passage: Passage, number: int, score: float, best_score: float
) -> Iterator[Unit]:
    """Yield the units of one passage; `score` is its retrieval score, `best_score` the best passage's."""
    section_terms = _terms(analyzer, passage.section)
    title_terms = _terms(analyzer, passage.title)
    last_heading = passage.section.rsplit(SECTION_SEPARATOR, 1)[-1] or passage.title
    heading_terms = _terms(analyzer, last_heading)
    heading = _likeness(question.concepts, heading_terms)
    passage_terms = _terms(analyzer, passage.text)
    total = sum(concept.importance for concept in question.concepts) or 1.0
    known = sum(concept.importance for concept in question.concepts if concept.known) / total
    match = min(score / (total * (K1 + 1)), 1.0)
    spans = list(_spans(passage))
    span_terms = [_terms(analyzer, passage.text[start:end]) for start, end, _ in spans]
    lead_in = _lead_in_tail(passage)
    lead = next((i for i, (_, _, whole) in enumerate(spans) if whole), None)
    for position, (start, end, whole) in enumerate(spans):
        text = passage.text[start:end]
        neighbour = span_terms[lead] if lead is not None and not whole else span_terms[max(position - 1, 0)]
        places = (
            (span_terms[position], IN_UNIT),
            (section_terms, IN_SECTION),
            (neighbour, IN_NEIGHBOUR),
            (title_terms, IN_TITLE),
            (passage_terms, IN_PASSAGE),
        )
        shares = [_share(concept, places) for concept in question.concepts]
        coverage = sum(c.importance * s for c, s in zip(question.concepts, shares, strict=True)) / total
        inside = sum(c.importance * _share(c, places[:1]) for c in question.concepts) / total
        features = Features(
            coverage=coverage,
            unit_coverage=inside,
            weakest=min(shares, default=0.0),
            heading=heading,
            retrieval=score / best_score,
            kind=_kind_match(question, text, whole=whole),
            facet=_facet_match(question, (text if not whole else lead_in, last_heading), analyzer),
            subject=_subject_match(question, analyzer, text, heading if position == 0 else 0.0),
            whole_list=float(whole and question.wants_list),
            stray_list=float(whole and not question.wants_list),
            opening=float(position == 0),
            fragment=float(not whole and len(text.split()) < MIN_WORDS),
            names_heading=float(not heading_terms or bool(heading_terms & span_terms[position])),
            match=match,
            known=known,
        )
        missing = tuple(c.word for c, s in zip(question.concepts, shares, strict=True) if s < IN_PASSAGE / 2)
        yield Unit(passage, number, start, end, whole, features, missing)


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


def _lead_in_tail(passage: Passage) -> str:
    """Return the end of a list's lead-in, which says what the list holds: "... memiliki tujuan yaitu:"."""
    if passage.kind == "prose" or passage.text.startswith(ITEM_MARK):
        return ""
    return " ".join(passage.text.split("\n" + ITEM_MARK, 1)[0].split()[-LEAD_IN_TAIL:])


def _terms(analyzer: Analyzer, text: str) -> frozenset[str]:
    return frozenset(analyzer.analyze(text))


def _share(concept: Concept, places: Sequence[tuple[frozenset[str], float]]) -> float:
    """Return how well the places speak of a concept (0..1): the best of place times term weight."""
    return max(
        (place * weight for terms, place in places for term, weight in concept.terms.items() if term in terms),
        default=0.0,
    )


def _likeness(concepts: Sequence[Concept], heading: frozenset[str]) -> float:
    """Return the overlap of question and heading: matched importance over that of both (weighted Jaccard)."""
    stems = {term for term in heading if not term.startswith(SURFACE)}
    matched = [c for c in concepts if any(term in stems for term in c.terms)]
    named = {term for c in concepts for term in c.terms}
    extra = sum(term not in named for term in stems)
    union = sum(c.importance for c in concepts) + extra
    return sum(c.importance for c in matched) / union if union else 0.0


def _kind_match(question: Question, text: str, *, whole: bool) -> float:
    """Return the share of the question's kinds whose sign the text shows (1 where none is needed)."""
    signs = [_signs()[kind] for kind in question.kinds if kind in _signs()]
    if not signs:
        return 1.0
    if whole and question.wants_list:
        return 1.0
    leading = _signs().get(question.kind)
    first = 1.0 if leading is None or leading.search(text) else 0.0
    return 0.6 * first + 0.4 * sum(bool(sign.search(text)) for sign in signs) / len(signs)


def _facet_match(question: Question, texts: Sequence[str], analyzer: Analyzer) -> float:
    """Return 1 where a text names a facet that is asked for, 0 where only others are named, else 0.5."""
    if not question.facets:
        return 0.5
    for text in texts:
        named = questions.facets(analyzer.analyze(text))
        if named:
            return float(bool(named & question.facets))
    return 0.5


def _subject_match(question: Question, analyzer: Analyzer, text: str, heading: float) -> float:
    """Return how much of the question stands before the copula: "X adalah ..." defines X.

    The opening of a section whose heading is like the question (`heading`) may leave its subject out:
    "Organisasi ini merupakan ...", or just "Badan PBB yang ...". 0 unless a definition is asked for.
    """
    if "definition" not in question.kinds:
        return 0.0
    copula = _COPULA.search(text)
    if copula is None or len(text[: copula.start()].split()) > COPULA_WITHIN:
        return heading
    before = ((_terms(analyzer, text[: copula.start()]), 1.0),)
    total = sum(concept.importance for concept in question.concepts) or 1.0
    return max(heading, sum(c.importance * _share(c, before) for c in question.concepts) / total)
