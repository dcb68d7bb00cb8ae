"""From a question to an answer or a refusal."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from kerjasama_nlp.answers import evidence
from kerjasama_nlp.answers.asked import Match
from kerjasama_nlp.answers.evidence import Unit
from kerjasama_nlp.answers.index import Hit, Index
from kerjasama_nlp.answers.questions import Question
from kerjasama_nlp.answers.ranking import Ranker, Rankers
from kerjasama_nlp.answers.translation import Translations
from kerjasama_nlp.documents.passages import ITEM_MARK, SECTION_SEPARATOR
from kerjasama_nlp.records import Answer, Passage, Source

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
    """The best unit for a question, and the units around it."""

    question: Question
    hits: list[Hit]
    best: Unit
    units: list[Unit]
    matches: list[Match]


class Found(NamedTuple):
    """What is looked at for a question: passages, best first, their units, and known questions like it."""

    hits: list[Hit]
    units: list[Unit]
    matches: list[Match]


def ask(index: Index, rankers: Rankers, text: str, *, top_k: int = 5, min_confidence: float | None = None) -> Answer:
    """Answer one question from the index.

    `top_k` passages are returned as sources in any case, the one answered from first. The answer is
    None where the confidence stays below `min_confidence` (default: the threshold of the ranker that fits the index).
    """
    ranker, translations = rankers.of(index), rankers.translations
    threshold = ranker.threshold if min_confidence is None else min_confidence
    question = index.reader.read(text)
    finding = _find(index, ranker, translations, question, top_k)
    if finding is None:
        return Answer(text, None, 0.0, (), tuple(concept.word for concept in question.concepts))
    confidence = ranker.probability(finding.best)
    answer = compose(question, finding.best, finding.units)
    numbers = [finding.best.number]
    sides = [side for part in question.sides if (side := _find(index, ranker, translations, part, top_k)) is not None]
    if len(sides) > 1 and not _compares(finding.best):
        confidence = min(ranker.probability(side.best) for side in sides)
        answer = "\n".join(
            compose(side.question, side.best, side.units, limit=(MAX_ANSWER - len(sides) + 1) // len(sides))
            for side in sides
        )
        numbers = [side.best.number for side in sides]
    return Answer(
        text,
        answer if confidence >= threshold else None,
        confidence,
        _sources(index, finding, ranker, numbers, top_k),
        finding.best.missing,
        tuple(match.known.text for match in finding.matches[:NEAREST] if match.likeness >= NEAR),
    )


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
    units = [
        unit
        for hit in chosen
        for read in (index.read(hit.passage),)
        for unit in evidence.units(
            question,
            index.analyzer,
            read,
            hit,
            hits[0].score,
            translations(read.passage),
            asked,
        )
    ]
    return Found(hits, units, asked.matches)


def _find(index: Index, ranker: Ranker, translations: Translations, question: Question, top_k: int) -> _Finding | None:
    found = candidates(index, question, top_k, lambda _passage: translations)
    if not found.units:
        return None
    return _Finding(question, found.hits, max(found.units, key=ranker.score), found.units, found.matches)


def _compares(unit: Unit) -> bool:
    """Tell whether one unit settles a comparison by itself: it speaks of everything and says how they differ."""
    f = unit.features
    return unit.passage.kind != "outline" and f.kind == 1.0 and not unit.missing and f.coverage > COMPARING_COVERAGE


def _sources(index: Index, finding: _Finding, ranker: Ranker, first: list[int], top_k: int) -> tuple[Source, ...]:
    """Return the passages as sources: those answered from, then the others by their best unit, then by score."""
    scores = {hit.passage: hit.score for hit in finding.hits}
    by_unit = [unit.number for unit in sorted(finding.units, key=ranker.score, reverse=True)]
    order = list(dict.fromkeys([*(n for n in first if n in scores), *by_unit, *scores]))[:top_k]
    return tuple(
        Source(p.article_id, p.title, p.section, p.path, p.text, scores[number])
        for number in order
        for p in (index.passages[number],)
    )


def compose(question: Question, unit: Unit, units: list[Unit], limit: int = MAX_ANSWER) -> str:
    """Cut the answer: the unit, and as much of what follows it (in `units`) as its kind of question wants.

    `limit` is the most characters it may have.
    """
    text = unit.passage.text
    prefix = _naming_heading(question, unit)
    if unit.whole_list:
        return _shorten_list(prefix + text, limit)
    start, end = _start(question, unit, units), unit.end
    wanted = min(limit, MAX_FACT if question.kind in _FACTS else MAX_PROSE)
    if unit.passage.kind == "prose":
        for other in units:
            if other.number == unit.number and other.start >= end and other.end - start <= wanted:
                end = other.end
    answer = prefix + text[start:end]
    return _cut(answer, wanted if question.kind in _FACTS else limit)


def _naming_heading(question: Question, unit: Unit) -> str:
    """Return the heading as a prefix where a name is asked for and only the heading says it, else ""."""
    heading = unit.passage.section.rsplit(SECTION_SEPARATOR, 1)[-1]
    unnamed = not unit.features.names_heading or question.kind == "expansion"
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


def _shorten_list(text: str, limit: int) -> str:
    """Cut a list between items where it is longer than `limit` characters."""
    if len(text) <= limit:
        return text
    end = text.rfind("\n" + ITEM_MARK, 0, limit)
    return text[:end] if end > text.find("\n" + ITEM_MARK) else _cut(text, limit)


def _cut(text: str, limit: int) -> str:
    """Cut a text between words where it is longer than `limit` characters, the mark of the cut included."""
    return text if len(text) <= limit else text[: limit - len(_MORE)].rsplit(" ", 1)[0] + _MORE
