"""From a question to an answer or a refusal."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from kerjasama_nlp.answers import agreement, evidence, facts
from kerjasama_nlp.answers.asked import Match
from kerjasama_nlp.answers.evidence import Unit
from kerjasama_nlp.answers.index import Hit, Index
from kerjasama_nlp.answers.questions import Question
from kerjasama_nlp.answers.ranking import Ranker, Rankers
from kerjasama_nlp.answers.translation import Translations
from kerjasama_nlp.documents.passages import ITEM_MARK, last_heading
from kerjasama_nlp.records import Agreement, Answer, Passage, Source, Span, Statement

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Known questions that are offered with a refusal, and how alike they have to be.
NEAREST = 3
NEAR = 0.45
# Passages whose units are looked at.
CANDIDATES = 15
# ... beside those that are known to answer a question like the one asked, at most so many.
CANDIDATES_ASKED = 10
# An answer's length in characters: a fact is one or two sentences, prose a paragraph, a list is whole.
MAX_FACT = 480
MAX_PROSE = 700
MAX_ANSWER = 1_200
_MORE = " …"
# A unit that speaks of this share of a comparison's concepts compares them by itself.
COMPARING_COVERAGE = 0.9
# A sentence that draws a conclusion: its reason stands before it.
_CONCLUSION = re.compile(
    r"""
      (?:[Oo]leh\ )?(?:[Kk]arena|[Ss]ebab)\ itu\b
    | [Dd]engan\ demikian\b | [Ii]tulah\ (?:sebabnya|mengapa)\b | [Aa]kibatnya\b | [Mm]aka\b
    """,
    re.VERBOSE,
)
# A sentence that can't be understood without the one before it.
_LEANING = re.compile(
    r"""
      (?:Sebelum|Sesudah|Setelah|Sejak|Selain|Di\ samping|Untuk|Dalam\ hal|Di\ luar|Pada\ saat)\ (?:itu|ini)\b
    | (?:Hal|Kedua\ hal|Angka|Jumlah|Semua|Keduanya|Ketiganya)\ (?:itu|ini|tersebut)?\b
    | (?:Sebelumnya|Sebaliknya|Sementara\ itu|Namun|Kemudian|Akan\ tetapi|Tetapi|Ia|Mereka)\b
    """,
    re.VERBOSE,
)
_FACTS = frozenset({"date", "number", "person", "place", "entity", "expansion"})
# Kinds whose answer is (or names) a thing: the heading above says which, where the sentence doesn't.
_NAMING = frozenset({"entity", "expansion", "person", "definition"})


@dataclass(frozen=True, slots=True)
class _Finding:
    """What was found for a question: its units in the order of their passages, and the best first."""

    question: Question
    hits: list[Hit]
    units: list[Unit]
    ranked: list[Unit]
    matches: list[Match]

    @property
    def best(self) -> Unit:
        """The unit that answers, if any does."""
        return self.ranked[0]


class Found(NamedTuple):
    """What is looked at for a question: passages, best first, their units, and known questions like it."""

    hits: list[Hit]
    units: list[Unit]
    matches: list[Match]


def ask(index: Index, rankers: Rankers, text: str, *, top_k: int = 5, min_confidence: float | None = None) -> Answer:
    """Answer one question from the index.

    `top_k` passages are returned as sources in any case, first those answered from, all of them even where they
    are more. The answer is None where the confidence stays below `min_confidence` (default: the
    threshold of the ranker that fits the index).
    """
    ranker, translations = rankers.of(index), rankers.translations
    threshold = ranker.threshold if min_confidence is None else min_confidence
    question = index.reader.read(text)
    finding = _find(index, ranker, translations, question, top_k)
    if finding is None:
        return Answer(text, None, 0.0, (), tuple(concept.word for concept in question.concepts))
    answered = _answered(index, ranker, translations, finding, top_k)
    confidence = min(ranker.probability(part.best) for part in answered)
    limit = (MAX_ANSWER - len(answered) + 1) // len(answered)
    parts = [compose(part.question, part.best, part.units, limit=limit) for part in answered]
    given = confidence >= threshold
    numbers = _order(finding, [part.best.number for part in answered], top_k)
    if not given:  # nothing was answered from more of them
        numbers = numbers[:top_k]
    return Answer(
        text,
        "\n".join(part.text for part in parts) if given else None,
        confidence,
        _sources(index, finding, numbers),
        finding.best.missing,
        tuple(match.known.text for match in finding.matches[:NEAREST] if match.likeness >= NEAR),
        tuple(Span(numbers.index(part.number), part.start, part.end) for part in parts) if given else (),
        _highlights(index, answered[0], parts[0], numbers) if given and len(parts) == 1 else (),
        _agreement(index, ranker, answered[0], numbers, threshold) if given and len(parts) == 1 else None,
    )


def _highlights(index: Index, finding: _Finding, part: Part, numbers: list[int]) -> tuple[Span, ...]:
    """Return where the fact stands that is asked for, in the sentence, item or list that was found to answer."""
    unit = finding.best
    text = unit.passage.text[unit.start : min(unit.end, part.end)]
    source = numbers.index(part.number)
    return tuple(
        Span(source, unit.start + fact.start, unit.start + fact.end)
        for fact in facts.find(finding.question, index.analyzer, text)
    )


def _agreement(
    index: Index, ranker: Ranker, finding: _Finding, numbers: list[int], threshold: float
) -> Agreement | None:
    """Return what the sources from other articles say of the fact that answers; None where they say nothing of it."""
    others = [unit for unit in finding.ranked[1:] if unit.number in numbers]
    least = max(threshold, ranker.threshold)
    compared = agreement.compare(finding.question, index.analyzer, ranker, finding.best, others, least)
    if compared is None or not (compared.agree or compared.differ):
        return None
    own, *rest = (
        Statement(numbers.index(said.unit.number), said.start, said.end, said.text, said.year)
        for said in (compared.own, *compared.agree, *compared.differ)
    )
    agreeing = len(compared.agree)
    return Agreement(own, tuple(rest[:agreeing]), tuple(rest[agreeing:]))


def candidates(
    index: Index,
    question: Question,
    top_k: int,
    translations: Callable[[Passage], Translations],
    without: NDArray[np.bool_] | None = None,
) -> Found:
    """Return the passages found for a question, and the units of the first CANDIDATES and of those known to answer.

    `translations` gives what to translate a passage's words by. Known questions that `without` marks aren't looked at.
    """
    asked = index.asked.look(question, without)
    known = list(dict.fromkeys(match.known.passage for match in asked.matches))
    known = known[:CANDIDATES_ASKED]
    hits = index.search(question.concepts, max(top_k, CANDIDATES), known)
    chosen = [*hits[:CANDIDATES], *(hit for hit in hits[CANDIDATES:] if hit.passage in known)]
    best = hits[0].score if hits else 0.0
    naming = evidence.naming(question.concepts)
    sought = evidence.Sought(question, index.analyzer, index.rarity, asked, best, naming)
    standing: dict[float, int] = {}  # passages of the same score stand alike, in whatever order they were read
    for place, hit in enumerate(sorted(chosen, key=lambda hit: -hit.score)):
        standing.setdefault(hit.score, place)
    units = [
        unit
        for hit in chosen
        for read in (index.read(hit.passage),)
        for unit in evidence.units(sought, read, hit, standing[hit.score], translations(read.passage))
    ]
    return Found(hits, units, asked.matches)


def _find(index: Index, ranker: Ranker, translations: Translations, question: Question, top_k: int) -> _Finding | None:
    found = candidates(index, question, top_k, lambda _passage: translations)
    if not found.units:
        return None
    ranked = sorted(found.units, key=ranker.score, reverse=True)
    return _Finding(question, found.hits, found.units, ranked, found.matches)


def _answered(
    index: Index, ranker: Ranker, translations: Translations, finding: _Finding, top_k: int
) -> list[_Finding]:
    """Return what the answer is made of: the finding, or those of a comparison's sides where it doesn't compare."""
    found = (_find(index, ranker, translations, part, top_k) for part in finding.question.sides)
    sides = [side for side in found if side is not None]
    return sides if len(sides) > 1 and not _compares(finding.best) else [finding]


def _compares(unit: Unit) -> bool:
    """Tell whether one unit settles a comparison by itself: it speaks of everything and says how they differ."""
    f = unit.features
    return unit.passage.kind != "outline" and f.kind == 1.0 and not unit.missing and f.coverage > COMPARING_COVERAGE


def _order(finding: _Finding, first: list[int], top_k: int) -> list[int]:
    """Return the passages of the sources: those answered from, then the others by their best unit, then by score.

    They are `top_k`, or more where more are answered from.
    """
    order = list(
        dict.fromkeys([*first, *(unit.number for unit in finding.ranked), *(hit.passage for hit in finding.hits)])
    )
    return order[: max(top_k, len(set(first)))]


def _sources(index: Index, finding: _Finding, numbers: list[int]) -> tuple[Source, ...]:
    """Return passages as sources, with their scores for the whole question."""
    scores = {hit.passage: hit.score for hit in finding.hits}
    if aside := [number for number in numbers if number not in scores]:  # found for one side of a comparison only
        scores |= {hit.passage: hit.score for hit in index.search(finding.question.concepts, 1, aside)}
    return tuple(
        Source(p.article_id, p.title, p.section, p.path, p.text, scores[number])
        for number in numbers
        for p in (index.passages[number],)
    )


class Part(NamedTuple):
    """A part of an answer and where it stands: `[start:end]` of the passage with that number.

    The text may have a heading before that, and behind it the mark of a cut.
    """

    text: str
    number: int
    start: int
    end: int


def compose(question: Question, unit: Unit, units: list[Unit], limit: int = MAX_ANSWER) -> Part:
    """Cut the answer: the unit, and as much of what follows it (in `units`) as its kind of question wants.

    `limit` is the most characters it may have.
    """
    heading = _naming_heading(question, unit)
    start, end = (0, len(unit.passage.text)) if unit.whole_list else _prose(question, unit, units, limit)
    text = heading + unit.passage.text[start:end]
    if unit.whole_list:
        kept, mark = _shorten_list(text, limit)
    else:
        kept, mark = _cut(text, _wanted(question, limit) if question.kind in _FACTS else limit)
    return Part(kept + mark, unit.number, start, start + max(0, len(kept) - len(heading)))


def _wanted(question: Question, limit: int) -> int:
    """Return how many characters of prose a kind of question wants, of `limit` that it may have."""
    return min(limit, MAX_FACT if question.kind in _FACTS else MAX_PROSE)


def _prose(question: Question, unit: Unit, units: list[Unit], limit: int) -> tuple[int, int]:
    """Return where in its passage an answer starts and ends that is no whole list."""
    start, end = _start(question, unit, units), unit.end
    if unit.passage.kind == "prose":
        for other in units:
            if other.number == unit.number and other.start >= end and other.end - start <= _wanted(question, limit):
                end = other.end
    return start, end


def _naming_heading(question: Question, unit: Unit) -> str:
    """Return the heading as a prefix where a name is asked for and only the heading says it, else ""."""
    heading = last_heading(unit.passage)
    unnamed = not unit.names_heading or question.kind == "expansion"
    return f"{heading}: " if heading and question.kind in _NAMING and unnamed else ""


def _start(question: Question, unit: Unit, units: list[Unit]) -> int:
    """Return where the answer starts: at the unit, or at the sentence before it where it leans on that.

    "Sebelum itu, markasnya ..." says little alone, and "Oleh karena itu, ..." gives no reason.
    """
    leans = _LEANING.match(unit.text) or (question.kind == "reason" and _CONCLUSION.match(unit.text))
    if not leans or unit.passage.kind != "prose":
        return unit.start
    before = [other.start for other in units if other.number == unit.number and other.end <= unit.start]
    return max(before, default=unit.start)


def _shorten_list(text: str, limit: int) -> tuple[str, str]:
    """Cut a list between items where it is longer than `limit` characters; return what is kept, and the mark."""
    if len(text) <= limit:
        return text, ""
    end = text.rfind("\n" + ITEM_MARK, 0, limit)
    return (text[:end], "") if end > text.find("\n" + ITEM_MARK) else _cut(text, limit)


def _cut(text: str, limit: int) -> tuple[str, str]:
    """Cut a text between words where it is longer than `limit` characters; return what is kept, and the mark.

    The mark counts too.
    """
    return (text, "") if len(text) <= limit else (text[: limit - len(_MORE)].rsplit(" ", 1)[0], _MORE)
