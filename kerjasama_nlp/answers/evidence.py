"""Units of passages that could answer a question, and what speaks for each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import cache
from itertools import pairwise

from kerjasama_nlp import resources
from kerjasama_nlp.answers import questions
from kerjasama_nlp.answers.asked import Match
from kerjasama_nlp.answers.questions import Concept, Question
from kerjasama_nlp.answers.tfidf import K1
from kerjasama_nlp.documents.passages import ITEM_MARK, SECTION_SEPARATOR
from kerjasama_nlp.language import sentences
from kerjasama_nlp.language.tokens import SURFACE, Analyzer, Token
from kerjasama_nlp.records import Passage

# How much it counts where a concept stands, seen from the unit: in the unit itself, in the heading above
# it, in the sentence before it, in the article's title, in an item of the list that it is (which is about its
# lead-in), or anywhere else in the passage.
IN_UNIT, IN_SECTION, IN_NEIGHBOUR, IN_TITLE, IN_ITEMS, IN_PASSAGE = 1.0, 0.95, 0.75, 0.75, 0.7, 0.5

# An answer has at least this many words; fewer are a heading's.
MIN_WORDS = 5

# Below this coverage a passage hardly speaks of what is asked.
THIN_COVERAGE = 0.6
# The end of a list's lead-in that says what the list holds, in words.
LEAD_IN_TAIL = 9
# "X adalah", "X dalam hubungan internasional adalah": the copula comes soon after what is defined, within so many
# words and, brackets between them included, characters.
COPULA_WITHIN = 10
_COPULA_CHARACTERS = 1_000

# No abbreviation is longer than 40 letters; without a limit each letter of a long word starts a search to its end.
_SPELT_OUT = re.compile(r"(?P<short>[A-Z][\w-]{1,39}) ?\( ?(?P<long>[A-Z][^()]{6,})")
_FIELD = frozenset({"bidang"})
_CLAUSE = re.compile(r"[,;:.!?]|\b(?:sedangkan|sementara|bahwa|adapun)\b")
_PARENTHESES = re.compile(r"\([^()]*\)")
# Kinds whose answer must show its sign: there is no date without a date.
_NEEDED = frozenset({"date", "number", "expansion", "place", "person"})

_COPULA = re.compile(
    r"""\b(?:
        adalah | ialah | merupakan | yaitu | yakni | berarti | artinya | disebut
      | (?:(?:di|men)?definisi | (?:di|meng)?arti)\w*(?:\ [\w ]{1,40})?\ sebagai    # diartikan ... sebagai
    )\b""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Features:
    """What speaks for a unit; each between 0 and 1, more is better unless said otherwise.

    | feature | meaning |
    | --- | --- |
    | `coverage` | weighted share of the question's concepts that the unit and its surroundings speak of |
    | `thin` | how far the coverage stays below THIN_COVERAGE (less is better) |
    | `exact` | the coverage by the very words of the question in the unit itself |
    | `beyond` | the same in the unit alone, of what neither heading nor title speaks of (1: nothing is left) |
    | `weakest` | how well the least covered concept is covered |
    | `heading` | likeness of heading and question |
    | `retrieval`, `match` | the passage's score against the best one's, and against the most it could have |
    | `proximity` | how close the question's concepts stand together in the unit |
    | `kind` | the unit looks like an answer of the kind asked for |
    | `lacks` | it has no date (number, name ...) although one is asked for (less is better) |
    | `facet` | heading, lead-in or unit name the facet asked for (0: another one, 0.5: none) |
    | `subject` | it defines exactly what a definition is asked of |
    | `whole_list`, `stray_list` | it is a list, and one is asked for, or isn't |
    | `wrong_list` | it is a list of another facet (less is better) |
    | `outline` | it is a list of headings |
    | `enumerates` | it is a sentence that lists things, and a list is asked for |
    | `lead` | likeness of title and question, in an article's lead |
    | `opening` | it opens its passage |
    | `fragment` | it is too short to say anything (less is better) |
    | `names_heading` | it names what its heading names |
    | `known` | share of the question's concepts, weighted by rarity, that the corpus holds at all |
    | `asked`, `asked_alike` | likeness of the question to one that the unit is known to answer; to one of its kind |
    | `asked_sure` | how far that likeness is above a half |
    | `asked_here` | likeness of the question to one that something in the passage is known to answer |
    """

    coverage: float
    beyond: float
    thin: float
    exact: float
    weakest: float
    heading: float
    retrieval: float
    kind: float
    lacks: float
    facet: float
    subject: float
    whole_list: float
    stray_list: float
    wrong_list: float
    outline: float
    enumerates: float
    lead: float
    opening: float
    fragment: float
    names_heading: float
    match: float
    proximity: float
    known: float
    asked: float
    asked_alike: float
    asked_sure: float
    asked_here: float

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
def _sign_patterns() -> Mapping[str, str]:
    return dict(resources.table("answer_kinds.tsv"))  # type: ignore[arg-type]  # two columns, see the file


@cache
def _sign(kind: str) -> re.Pattern[str]:
    """Return the look of an answer to a kind of question; compiled when first needed."""
    return re.compile(_sign_patterns()[kind])


def units(
    question: Question,
    analyzer: Analyzer,
    passage: Passage,
    number: int,
    score: float,
    best_score: float,
    asked: Sequence[Match] = (),
) -> Iterator[Unit]:
    """Yield the units of one passage; `score` is its retrieval score, `best_score` the best passage's.

    `asked` are the known questions like this one that the passage answers.
    """
    section_terms = _terms(analyzer, passage.section)
    title_terms = _terms(analyzer, passage.title)
    last_heading = passage.section.rsplit(SECTION_SEPARATOR, 1)[-1] or passage.title
    heading_terms = _terms(analyzer, last_heading)
    heading = max(
        _likeness(question.concepts, heading_terms), _likeness(question.concepts, section_terms | title_terms)
    )
    total = sum(concept.importance for concept in question.concepts) or 1.0
    known = sum(c.rarity for c in question.concepts if c.known) / (sum(c.rarity for c in question.concepts) or 1.0)
    headed = ((section_terms, 1.0), (title_terms, 1.0))
    left = [concept for concept in question.concepts if not _share(concept, headed)]
    left_total = sum(concept.importance for concept in left)
    match = min(score / (total * (K1 + 1)), 1.0)
    spans = list(_spans(passage))
    span_tokens = [list(analyzer.tokenize(passage.text[start:end])) for start, end, _ in spans]
    span_terms = [frozenset(term for token in tokens for term in token.terms) for tokens in span_tokens]
    lead_in = _lead_in(passage)
    lead_terms = _terms(analyzer, lead_in)
    above = [
        _held(questions.facets(analyzer.tokenize(_tail(lead_in)))),
        questions.facets(analyzer.tokenize(last_heading)),
    ]
    passage_terms = frozenset[str]().union(*span_terms)
    lead = next((i for i, (_, _, whole) in enumerate(spans) if whole), None)
    of_kind = [match for match in asked if match.same_kind]
    asked_here = max((match.likeness for match in asked), default=0.0)
    for position, (start, end, whole) in enumerate(spans):
        text = passage.text[start:end]
        shown = f"{last_heading}: {text}" if question.kind == "expansion" else text
        neighbour = span_terms[lead] if lead is not None and not whole else span_terms[max(position - 1, 0)]
        own = span_terms[position] if not whole else lead_terms
        places = (
            (own, IN_UNIT),
            (span_terms[position], IN_UNIT if not whole else IN_ITEMS),
            (section_terms, IN_SECTION),
            (neighbour, IN_NEIGHBOUR),
            (title_terms, IN_TITLE),
            (passage_terms, IN_PASSAGE),
        )
        shares = [_share(concept, places) for concept in question.concepts]
        coverage = sum(c.importance * s for c, s in zip(question.concepts, shares, strict=True)) / total
        exact = sum(c.importance for c in question.concepts if _says_exactly(c, own))
        inside = sum(c.importance * _share(c, places[:2]) for c in left)
        names_heading = not heading_terms or bool(heading_terms & span_terms[position])
        subject = _subject_match(question, analyzer, text, 0.0 if names_heading or position else heading)
        own_facets = questions.facets(span_tokens[position]) if passage.kind == "prose" else above[0]
        facet = _facet_match(question, (own_facets, above[1]))
        kind = _kind_match(question, analyzer, shown, whole=whole)
        alike = _asked(asked, start, end, whole=whole)
        features = Features(
            coverage=coverage,
            beyond=inside / left_total if left_total else 1.0,
            weakest=min(shares, default=0.0),
            thin=max(0.0, 1 - coverage / THIN_COVERAGE),
            exact=exact / total,
            heading=heading,
            retrieval=score / best_score if best_score else 0.0,
            kind=max(subject, kind),
            lacks=float(question.kind in _NEEDED and not kind),
            facet=facet,
            subject=subject,
            whole_list=float(whole and question.wants_list),
            stray_list=float(whole and not question.wants_list),
            wrong_list=float(whole and facet == 0.0),
            outline=float(whole and passage.kind == "outline"),
            enumerates=float(question.wants_list and not whole and bool(_sign("list").search(text))),
            lead=0.0 if passage.section else heading,
            opening=float(position == 0),
            fragment=float(
                not whole and (len(text.split()) < MIN_WORDS or (text.endswith(":") and question.kind not in _NEEDED))
            ),
            names_heading=float(names_heading),
            match=match,
            proximity=_proximity(question.concepts, span_tokens[position]),
            known=known,
            asked=alike,
            asked_sure=max(0.0, 2 * alike - 1),
            asked_alike=_asked(of_kind, start, end, whole=whole),
            asked_here=asked_here,
        )
        missing = tuple(c.word for c, s in zip(question.concepts, shares, strict=True) if s < IN_PASSAGE / 2)
        yield Unit(passage, number, start, end, whole, features, missing)


def _asked(matches: Sequence[Match], start: int, end: int, *, whole: bool) -> float:
    """Return how alike the known question is that a unit answers; a list as a whole answers that of its lead-in."""
    return max(
        (
            match.likeness
            for match in matches
            if (match.known.start == start if whole else match.known.start < end and match.known.end > start)
        ),
        default=0.0,
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


def _terms(analyzer: Analyzer, text: str) -> frozenset[str]:
    return frozenset(analyzer.analyze(text))


def _share(concept: Concept, places: Sequence[tuple[frozenset[str], float]]) -> float:
    """Return how well the places speak of a concept (0..1): the best of place times term weight."""
    return max(
        (place * weight for terms, place in places for term, weight in concept.evidence.items() if term in terms),
        default=0.0,
    )


def _says_exactly(concept: Concept, terms: frozenset[str]) -> bool:
    return any(weight == 1.0 and term in terms for term, weight in concept.evidence.items())


def _likeness(concepts: Sequence[Concept], heading: frozenset[str]) -> float:
    """Return the overlap of question and heading: matched importance over that of both (weighted Jaccard)."""
    stems = _stems(heading)
    matched = [c for c in concepts if any(term in stems for term in c.terms)]
    named = {term for c in concepts for term in c.terms}
    extra = sum(term not in named for term in stems)
    union = sum(c.importance for c in concepts) + extra
    return sum(c.importance for c in matched) / union if union else 0.0


def _proximity(concepts: Sequence[Concept], tokens: Sequence[Token]) -> float:
    """Return the mean closeness of neighbouring concepts: 1 side by side, 1/d at d words, 0 where one lacks.

    A question of one concept has no neighbours: 1 where the text holds it, else 0.
    """
    places = [
        [i for i, token in enumerate(tokens) if any(term in concept.evidence for term in token.terms)]
        for concept in concepts
    ]
    if len(places) == 1:
        return float(bool(places[0]))
    closeness = [_closeness(left, right) for left, right in pairwise(places)]
    return sum(closeness) / len(closeness) if closeness else 0.0


def _closeness(left: Sequence[int], right: Sequence[int]) -> float:
    """Return 1/d for the least distance d > 0 between two runs of ascending places, 1 for 0, and 0 where one is empty.

    >>> _closeness([0, 10], [4, 13]), _closeness([1], [1]), _closeness([1], [])
    (0.3333333333333333, 1.0, 0.0)
    """
    best = 0.0
    i = j = 0
    while i < len(left) and j < len(right):
        best = max(best, 1 / max(abs(left[i] - right[j]), 1))
        if left[i] < right[j]:
            i += 1
        else:
            j += 1
    return best


def _kind_match(question: Question, analyzer: Analyzer, text: str, *, whole: bool) -> float:
    """Return how much the text looks like an answer of the question's kinds (1 where no look is needed).

    The leading kind counts most; a kind in _NEEDED must show, or nothing does. A list that is asked for
    looks right whatever it holds.
    """
    if whole and question.wants_list:
        return 1.0
    signs = [_shows(question, analyzer, text, kind) for kind in question.kinds if kind in _sign_patterns()]
    if not signs:
        return 1.0
    leading = question.kind not in _sign_patterns() or signs[0]
    if question.kind in _NEEDED and not leading:
        return 0.0
    return 0.6 * leading + 0.4 * sum(signs) / len(signs)


def _facet_match(question: Question, named: Sequence[list[frozenset[str]]]) -> float:
    """Return 1 where the first facet that is named is asked for, 0 where it is another one, else 0.5.

    The first facet is what a text is about: "Contoh kerja sama bidang ekonomi" gives examples.
    """
    if not question.facets:
        return 0.5
    for facets in named:
        if facets:
            return float(bool(facets[0] & question.facets))
    return 0.5


def _shows(question: Question, analyzer: Analyzer, text: str, kind: str) -> bool:
    """Tell whether a text shows the sign of a kind; a spelling-out must be of what is asked."""
    if kind != "expansion":
        return _sign(kind).search(text) is not None
    asked = {term for concept in question.concepts for term in concept.evidence}
    return any(asked & _terms(analyzer, match["short"]) for match in _SPELT_OUT.finditer(text))


def _subject_match(question: Question, analyzer: Analyzer, text: str, heading: float) -> float:
    """Return how exactly the question's subject stands before a copula: "X adalah ..." defines X.

    1 where the clause before the copula names what is asked and nothing else ("Semboyan X adalah"
    defines the motto), brackets aside.

    The opening of a section may leave out the subject that its heading names: "Badan PBB yang ...";
    `heading` is then the heading's likeness to the question, else 0. 0 unless a definition is asked for.
    """
    if "definition" not in question.kinds:
        return 0.0
    total = sum(concept.importance for concept in question.concepts) or 1.0
    matches = [heading]
    for copula in _COPULA.finditer(text):
        before = text[max(0, copula.start() - _COPULA_CHARACTERS) : copula.start()]
        clause = _CLAUSE.split(_PARENTHESES.sub(" ", before))[-1]
        named = _stems(_terms(analyzer, " ".join(clause.split()[-COPULA_WITHIN:])))
        if named:
            hits = [c for c in question.concepts if any(term in named for term in c.evidence)]
            recall = sum(c.importance for c in hits) / total
            matches.append(recall * min(1.0, len(hits) / len(named)))
    return max(matches)


def _stems(terms: frozenset[str]) -> frozenset[str]:
    """Return the terms without surface forms and function words' remains: one a word."""
    return frozenset(term for term in terms if not term.startswith(SURFACE))
