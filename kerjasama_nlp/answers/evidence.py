"""Units of passages that could answer a question, and what speaks for each."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from operator import attrgetter

import numpy as np

from kerjasama_nlp import resources
from kerjasama_nlp.answers import facts, questions
from kerjasama_nlp.answers.asked import Likeness, Match, Spoken
from kerjasama_nlp.answers.index import Hit
from kerjasama_nlp.answers.passage_terms import PassageTerms
from kerjasama_nlp.answers.questions import Concept, Question
from kerjasama_nlp.answers.translation import Translations
from kerjasama_nlp.language.tokens import Analyzer, Token, stems_of
from kerjasama_nlp.records import Passage

# How much it counts where a concept stands, seen from the unit: in the unit itself, in the heading above
# it, in the sentence before it, in the article's title, in an item of the list that it is (which is about its
# lead-in), or anywhere else in the passage.
IN_UNIT, IN_SECTION, IN_NEIGHBOUR, IN_TITLE, IN_ITEMS, IN_PASSAGE = 1.0, 0.95, 0.75, 0.75, 0.7, 0.5

# An answer has at least this many words; fewer are a heading's.
MIN_WORDS = 5

# Below this coverage a passage hardly speaks of what is asked.
THIN_COVERAGE = 0.6
# "X adalah", "X dalam hubungan internasional adalah": the copula comes soon after what is defined, within so many
# words and, brackets between them included, characters.
COPULA_WITHIN = 10
_COPULA_CHARACTERS = 1_000

# No abbreviation is longer than 40 letters; without a limit each letter of a long word starts a search to its end.
_SPELT_OUT = re.compile(r"(?P<short>[A-Z][\w-]{1,39}) ?\( ?(?P<long>[A-Z][^()]{6,})")
_CLAUSE = re.compile(r"[,;:.!?]|\b(?:sedangkan|sementara|bahwa|adapun)\b")
_PARENTHESES = re.compile(r"\([^()]*\)")
# What is said of a subject before the copula: "X, yang juga dikenal sebagai Y, adalah ..."
_INSERTION = re.compile(r", (?:yang|atau|disebut juga|dikenal juga) [^,;:.!?]{1,120},")
_YEAR = re.compile(rf"\b{facts.YEAR}\b")
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
    | `weakest` | how well the least covered concept is covered |
    | `heading` | likeness of heading and question |
    | `retrieval` | the passage's score against the best one's |
    | `proximity` | how close the question's concepts stand together in the unit |
    | `kind` | the unit looks like an answer of the kind asked for |
    | `lacks` | it has no date (number, name ...) although one is asked for (less is better) |
    | `facet` | heading, lead-in or unit name the facet asked for (0: another one, 0.5: none) |
    | `subject` | it defines exactly what a definition is asked of |
    | `whole_list`, `stray_list` | it is a list, and one is asked for, or isn't |
    | `wrong_list` | it is a list of another facet (less is better) |
    | `enumerates` | it is a sentence that lists things, and a list is asked for |
    | `lead` | likeness of title and question, in an article's lead |
    | `opening` | it opens its passage |
    | `fragment` | it is too short to say anything (less is better) |
    | `known` | share of the question's concepts, weighted by rarity, that the corpus holds at all |
    | `asked`, `asked_alike` | likeness of the question to one that the unit is known to answer; to one of its kind |
    | `asked_sure` | how far that likeness is above a half |
    | `asked_here` | likeness of the question to one that something in the passage is known to answer |
    | `asked_best` | likeness of the question to any that is known to be answered |
    | `unasked` | likeness to one that is known not to be answered (less is better) |
    | `unasked_more` | how far the question is more like that one (less is better) |
    | `said_headed` | share of the concepts that unit, heading or title say in own or other words (see `translation`) |
    | `likelihood` | how likely the unit's words, heading and title make it that this is asked |
    | `pooled` | share of the concepts that the unit, heading or title or a question it is known to answer speaks of |
    | `title_named` | share of the title, weighted by rarity, that the question names |
    | `standing` | 1 for the passage that retrieval found first, 1/2 for the second, and so on |
    | `no_fact` | it holds no date (number, name ...) but what the question names itself (less is better) |
    | `other_year` | the question names a year, and the passage none of those it names (less is better) |
    | `doubt` | chance that a question of these words has no answer, by the known questions (less is better) |
    """

    coverage: float
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
    enumerates: float
    lead: float
    opening: float
    fragment: float
    proximity: float
    known: float
    asked: float
    asked_alike: float
    asked_sure: float
    asked_here: float
    asked_best: float
    unasked: float
    unasked_more: float
    said_headed: float
    likelihood: float
    pooled: float
    title_named: float
    standing: float
    no_fact: float
    other_year: float
    doubt: float

    def vector(self) -> tuple[float, ...]:
        """Return the values in the order of the fields."""
        return _values(self)


_values = attrgetter(*Features.__dataclass_fields__)  # dataclasses.astuple copies each number


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence, a list item, or a whole list: `passage.text[start:end]`.

    `names_heading` tells whether it names what its heading names; true where there is no heading.
    """

    passage: Passage
    number: int
    start: int
    end: int
    whole_list: bool
    names_heading: bool
    features: Features
    missing: tuple[str, ...]

    @property
    def text(self) -> str:
        """The unit's text."""
        return self.passage.text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for in all passages: a question, known questions like it, and what its words are worth.

    `rarity` gives the idf of a term, `best_score` is the retrieval score of the best passage. `naming` gives the
    concepts, by number, that a term speaks of.
    """

    question: Question
    analyzer: Analyzer
    rarity: Callable[[str], float]
    asked: Likeness
    best_score: float
    naming: Mapping[str, tuple[int, ...]]


@cache
def _sign_patterns() -> Mapping[str, str]:
    return dict(resources.table("answer_kinds.tsv"))  # type: ignore[arg-type]  # two columns, see the file


@cache
def _sign(kind: str) -> re.Pattern[str]:
    """Return the look of an answer to a kind of question; compiled when first needed."""
    return re.compile(_sign_patterns()[kind])


def units(sought: Sought, read: PassageTerms, hit: Hit, standing: int, translations: Translations) -> Iterator[Unit]:
    """Yield the units of a passage that was found as `hit`, behind `standing` better ones.

    Features are those of `Features`; `translations` are other words.
    """
    question, asked = sought.question, sought.asked
    passage, concepts = read.passage, question.concepts
    heading = max(_likeness(concepts, read.heading), _likeness(concepts, read.section | read.title))
    total = sum(concept.importance for concept in concepts) or 1.0
    known = sum(c.rarity for c in concepts if c.known) / (sum(c.rarity for c in concepts) or 1.0)
    here = [match for match in asked.matches if match.known.passage == hit.passage]
    of_kind = [match for match in here if match.same_kind]
    spoken = asked.of_passage(hit.passage)
    asked_here = max((match.likeness for match in here), default=0.0)
    asked_best = max((match.likeness for match in asked.matches), default=0.0)
    title_named = _title_named(sought, read)
    other_year = _other_year(question, passage)
    for position, (start, end, whole) in enumerate(read.spans):
        text, words, tokens = passage.text[start:end], read.terms[position], read.tokens[position]
        shown = f"{read.last_heading}: {text}" if question.kind == "expansion" else text
        neighbour = read.terms[max(position - 1, 0) if read.whole is None or whole else read.whole]
        own = read.lead_in if whole else words
        named = [(i, number) for i, token in enumerate(tokens) for number in _numbers(sought.naming, token)]
        spans = [(tokens[i].start, tokens[i].end) for i, _number in named]
        places = (
            (own, IN_UNIT),
            (words, IN_UNIT if not whole else IN_ITEMS),
            (read.section, IN_SECTION),
            (neighbour, IN_NEIGHBOUR),
            (read.title, IN_TITLE),
            (read.all, IN_PASSAGE),
        )
        shares = [_share(concept, places) for concept in concepts]
        coverage = sum(c.importance * s for c, s in zip(concepts, shares, strict=True)) / total
        exact = sum(c.importance for c in concepts if _says_exactly(c, own))
        headed_words = words | read.heading | read.title
        names_heading = not read.heading or bool(read.heading & words)
        subject = _subject_match(question, sought.analyzer, text, 0.0 if names_heading or position else heading)
        own_facets = questions.facets(tokens) if passage.kind == "prose" else read.list_facets
        facet = _facet_match(question, (own_facets, read.heading_facets))
        kind = _kind_match(question, sought.analyzer, shown, whole=whole)
        alike = _asked(here, start, end, whole=whole)
        said_headed = [translations.bridge(c.stem, headed_words) for c in concepts]
        features = Features(
            coverage=coverage,
            weakest=min(shares, default=0.0),
            thin=max(0.0, 1 - coverage / THIN_COVERAGE),
            exact=exact / total,
            heading=heading,
            retrieval=hit.score / sought.best_score if sought.best_score else 0.0,
            kind=max(subject, kind),
            lacks=float(question.kind in _NEEDED and not kind),
            facet=facet,
            subject=subject,
            whole_list=float(whole and question.wants_list),
            stray_list=float(whole and not question.wants_list),
            wrong_list=float(whole and facet == 0.0),
            enumerates=float(question.wants_list and not whole and bool(_sign("list").search(text))),
            lead=0.0 if passage.section else heading,
            opening=float(position == 0),
            fragment=float(
                not whole and (len(text.split()) < MIN_WORDS or (text.endswith(":") and question.kind not in _NEEDED))
            ),
            proximity=_proximity(len(concepts), named),
            known=known,
            asked=alike,
            asked_sure=max(0.0, 2 * alike - 1),
            asked_alike=_asked(of_kind, start, end, whole=whole),
            asked_here=asked_here,
            asked_best=asked_best,
            unasked=asked.unanswered,
            unasked_more=max(0.0, asked.unanswered - asked_best),
            said_headed=_weighted(concepts, said_headed) / total,
            likelihood=sum(c.importance * translations.likelihood(c.stem, headed_words) for c in concepts) / total,
            pooled=_weighted(
                concepts,
                [
                    max(bridge, _share(concept, ((headed_words, 1.0),)), asked_for)
                    for concept, bridge, asked_for in zip(
                        concepts, said_headed, _pooled(concepts, spoken, start, end, whole=whole), strict=True
                    )
                ],
            )
            / total,
            title_named=title_named,
            standing=1 / (1 + standing),
            no_fact=float(question.kind in facts.KINDS and not facts.holds(question, sought.analyzer, text, spans)),
            other_year=other_year,
            doubt=asked.doubt,
        )
        missing = tuple(c.word for c, s in zip(concepts, shares, strict=True) if s < IN_PASSAGE / 2)
        yield Unit(passage, hit.passage, start, end, whole, names_heading, features, missing)


def _weighted(concepts: Sequence[Concept], values: Sequence[float]) -> float:
    return sum(concept.importance * value for concept, value in zip(concepts, values, strict=True))


def _pooled(concepts: Sequence[Concept], spoken: Sequence[Spoken], start: int, end: int, *, whole: bool) -> list[float]:
    """Return how surely any question that a unit is known to answer speaks of each concept."""
    sure = [each.sure for each in spoken if _answers(each.start, each.end, start, end, whole=whole)]
    return np.max(sure, axis=0).tolist() if sure else [0.0] * len(concepts)


def _title_named(sought: Sought, read: PassageTerms) -> float:
    """Return the share of the title that the question names, each word counted by its rarity."""
    named = {term for concept in sought.question.concepts for term in concept.evidence}
    rarity = {term: sought.rarity(term) for term in sorted(stems_of(read.title))}
    total = sum(rarity.values())
    return sum(rare for term, rare in rarity.items() if term in named) / total if total else 0.0


def _other_year(question: Question, passage: Passage) -> float:
    """Return 1 where the question names years and the passage none of them, else 0."""
    years = _YEAR.findall(question.text)
    return float(bool(years) and not any(year in passage.text or year in passage.section for year in years))


def _asked(matches: Sequence[Match], start: int, end: int, *, whole: bool) -> float:
    """Return how alike the known question is that a unit answers; a list as a whole answers that of its lead-in."""
    return max(
        (match.likeness for match in matches if _answers(match.known.start, match.known.end, start, end, whole=whole)),
        default=0.0,
    )


def _answers(known_start: int, known_end: int, start: int, end: int, *, whole: bool) -> bool:
    """Tell whether what is known to answer a question is the unit `[start:end]`, or stands in it."""
    return known_start == start if whole else known_start < end and known_end > start


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
    stems = stems_of(heading)
    matched = [c for c in concepts if any(term in stems for term in c.terms)]
    named = {term for c in concepts for term in c.terms}
    extra = sum(term not in named for term in stems)
    union = sum(c.importance for c in concepts) + extra
    return sum(c.importance for c in matched) / union if union else 0.0


def naming(concepts: Sequence[Concept]) -> Mapping[str, tuple[int, ...]]:
    """Return the concepts, by number, that each term speaks of."""
    found: dict[str, tuple[int, ...]] = {}
    for number, concept in enumerate(concepts):
        for term in concept.evidence:
            found[term] = (*found.get(term, ()), number)
    return found


def _numbers(naming: Mapping[str, tuple[int, ...]], token: Token) -> Collection[int]:
    """Return the numbers of the concepts that a token speaks of."""
    found = [naming[term] for term in token.terms if term in naming]
    return found[0] if len(found) == 1 else sorted({number for numbers in found for number in numbers})


def _proximity(n_concepts: int, named: Sequence[tuple[int, int]]) -> float:
    """Return the mean closeness of neighbouring concepts: 1 side by side, 1/d at d words, 0 where one lacks.

    `named` are the places of words, ascending, each with the number of a concept that it speaks of. A question of one
    concept has no neighbours: 1 where the text holds it, else 0.
    """
    places: list[list[int]] = [[] for _ in range(n_concepts)]
    for place, number in named:
        places[number].append(place)
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
    return any(asked & frozenset(analyzer.analyze(match["short"])) for match in _SPELT_OUT.finditer(text))


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
        clause = _CLAUSE.split(_INSERTION.sub(" ", _PARENTHESES.sub(" ", before)))[-1]
        named = stems_of(analyzer.analyze(" ".join(clause.split()[-COPULA_WITHIN:])))
        if named:
            hits = [c for c in question.concepts if any(term in named for term in c.evidence)]
            recall = sum(c.importance for c in hits) / total
            matches.append(recall * min(1.0, len(hits) / len(named)))
    return max(matches)
