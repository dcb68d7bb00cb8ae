"""What other articles say of the fact that was answered: the same, or something else.

A false disagreement misleads more than a missed one, so that an article only counts where a sentence of it would be a
good answer itself, speaks of all that is asked, and has its fact beside the same words of the question.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from functools import cache
from typing import NamedTuple

from kerjasama_nlp import resources
from kerjasama_nlp.answers import facts
from kerjasama_nlp.answers.evidence import Unit
from kerjasama_nlp.answers.facts import Fact
from kerjasama_nlp.answers.questions import Concept, Question
from kerjasama_nlp.answers.ranking import Ranker
from kerjasama_nlp.documents.passages import last_heading
from kerjasama_nlp.language.tokens import Analyzer, stems_of

# A fact belongs to the words of the question that stand so near, in characters as `facts.distance` counts them.
_BESIDE = 45
# A concept this much less important than the leading one only describes the answer ("tahun", "menurut").
_DESCRIBING = 0.25
# What may stand before a sentence's subject.
_OPENING = re.compile(r"(?:Per|Pada|Sejak|Menurut|Hingga|Sampai|Dalam|Kini)\b[^,]{0,80},\s")
# Longer sentences say too much to be compared.
_MOST_CHARACTERS = 600
_DATE_PART = re.compile(rf"(?P<year>{facts.YEAR})|(?P<month>{facts.MONTH})|\b(?P<day>\d{{1,2}})\b")
_DIGITS = re.compile(r"\d+(?:\.\d{3})*(?:,\d+)?")
_WORD = re.compile(r"[a-z]+")


class Said(NamedTuple):
    """What a unit says of what is asked: `unit.passage.text[start:end]`, and the year that it gives for it or None."""

    unit: Unit
    start: int
    end: int
    year: int | None

    @property
    def text(self) -> str:
        """The fact as it is written."""
        return self.unit.passage.text[self.start : self.end]


class Compared(NamedTuple):
    """What the answer says, and what other articles say, best first: the same, and something else."""

    own: Said
    agree: tuple[Said, ...]
    differ: tuple[Said, ...]


def compare(
    question: Question, analyzer: Analyzer, ranker: Ranker, best: Unit, others: Sequence[Unit], least: float
) -> Compared | None:
    """Compare the fact of the unit that answers with those of `others`, best first; None without a fact.

    Of each other article the first unit counts that says the same, or else something else. Its probability has to be
    `least` or more.
    """
    own = _fact(question, analyzer, best)
    if own is None:
        return None
    told = _Told(best, own, _beside(question, analyzer, best, own))
    agree: dict[str, Said] = {}
    differ: dict[str, Said] = {}
    for unit in others:
        article = unit.passage.article_id
        if article in {best.passage.article_id, *agree} or not _answers(question, analyzer, ranker, unit, least):
            continue
        fact = _fact(question, analyzer, unit)
        verdict = None if fact is None else _verdict(question, analyzer, told, unit, fact)
        if fact is not None and verdict is not None:
            (agree if verdict else differ).setdefault(article, _said(unit, fact))
    return Compared(
        _said(best, own), tuple(agree.values()), tuple(said for article, said in differ.items() if article not in agree)
    )


class _Told(NamedTuple):
    """The unit that answers, its fact, and the concepts of the question, by number, that this stands beside."""

    unit: Unit
    fact: Fact
    beside: frozenset[int]


def _verdict(question: Question, analyzer: Analyzer, told: _Told, unit: Unit, fact: Fact) -> bool | None:
    """Tell whether a unit's fact is the one told or another one of the same thing; None where that isn't clear."""
    near = _beside(question, analyzer, unit, fact)
    answer, other = _text(told.unit, told.fact), _text(unit, fact)
    same = _same(question, analyzer, answer, other)
    if same:
        # half of all that happened in a year has to do with the subject: a vaguer date needs all the same words
        vaguer = question.kind == "date" and _date(answer) != _date(other)
        shared = told.beside <= near if vaguer else not told.beside or near & told.beside
        return True if shared else None
    if same is None or not _is_of_subject(question, analyzer, unit, fact, told.beside, near):
        return None
    mentioned = (_text(unit, mention) for mention in facts.of_kind(question, analyzer, unit.text, question.kind))
    return None if any(_same(question, analyzer, answer, text) for text in mentioned) else False


def _text(unit: Unit, fact: Fact) -> str:
    return unit.text[fact.start : fact.end]


def _fact(question: Question, analyzer: Analyzer, unit: Unit) -> Fact | None:
    """Return the one fact of a unit that is of the leading kind; None where there is none, or several."""
    if question.kind not in facts.KINDS or unit.end - unit.start > _MOST_CHARACTERS:
        return None
    found = [fact for fact in facts.find(question, analyzer, unit.text) if fact.kind == question.kind]
    return found[0] if len(found) == 1 else None


def _said(unit: Unit, fact: Fact) -> Said:
    return Said(unit, unit.start + fact.start, unit.start + fact.end, facts.year(unit.text, fact))


def _answers(question: Question, analyzer: Analyzer, ranker: Ranker, unit: Unit, least: float) -> bool:
    """Tell whether a unit would be a good answer itself: sure enough, and about all that is asked.

    What is asked has to stand in the unit, its heading or its article's title; elsewhere in the passage isn't enough.
    """
    if unit.whole_list or unit.missing or unit.features.lacks or ranker.probability(unit) < least:
        return False
    held = frozenset(analyzer.analyze(f"{unit.passage.title}\n{last_heading(unit.passage)}\n{unit.text}"))
    return all(_speaks_of(analyzer, concept, held) for concept in _named(question))


def _named(question: Question) -> list[Concept]:
    """Return the concepts of a question but those that only describe the answer; joined names stay."""
    most = max((concept.importance for concept in question.concepts), default=0.0)
    return [concept for concept in question.concepts if concept.importance >= _DESCRIBING * most or "-" in concept.word]


def _speaks_of(analyzer: Analyzer, concept: Concept, terms: AbstractSet[str]) -> bool:
    """Tell whether terms hold a concept, all parts of a hyphenated one: "Indonesia-Filipina" is two states."""
    parts = concept.word.split("-") if "-" in concept.word else []
    return bool(terms & concept.evidence.keys()) and all(terms & set(analyzer.word_terms(part)) for part in parts)


def _beside(question: Question, analyzer: Analyzer, unit: Unit, fact: Fact) -> frozenset[int]:
    """Return the concepts, by number, that a fact stands beside."""
    spoken = facts.places(question, analyzer, unit.text)
    return frozenset(place.concept for place in spoken if facts.distance(unit.text, fact, place) <= _BESIDE)


def _is_of_subject(  # what is compared, and what it is compared by
    question: Question, analyzer: Analyzer, unit: Unit, fact: Fact, beside: frozenset[int], near: frozenset[int]
) -> bool:
    """Tell whether a fact is one of the thing that is asked about, for dates and numbers, which a thing has one of.

    `beside` are the concepts, by number, that the answer's fact stands beside, `near` those of this one: there must be
    one that isn't the leading one, and all such must be the same (what is counted leads nowhere). A sentence is about
    what it opens with ("Per 2024, " and the like aside): that has to be of the question, and the leading concept stand
    before the fact, no other abbreviation between the two. Where the sentence leaves it out, the article's title names
    it and nothing else (what it names may stand there), and no name stands before the fact: "Organisasi itu didirikan
    pada ...".
    """
    if question.kind not in {"date", "number"}:
        return False
    counted = {place.concept for place in facts.places(question, analyzer, _text(unit, fact))}
    named = [number for number in range(len(question.concepts)) if number not in counted]
    leading = max(named, key=lambda number: question.concepts[number].importance, default=None)
    if leading is None:
        return False
    elsewhere = beside - near - {leading}
    if not beside - {leading}:
        return False
    opening = _OPENING.match(unit.text)
    first = opening.end() if opening else 0
    before = [token for token in analyzer.tokenize(unit.text) if first <= token.start and token.end <= fact.start]
    subject = question.concepts[leading].evidence.keys()
    ends = [token.end for token in before if subject & set(token.terms)]
    if ends:
        opens = any(concept.evidence.keys() & set(before[0].terms) for concept in _named(question))
        return opens and not elsewhere and not any(map(_is_abbreviation, unit.text[ends[-1] : fact.start].split()))
    words = unit.text[first : fact.start].split()
    if any(word[0].isupper() for word in words[1:]) or any(map(_is_abbreviation, words)):
        return False
    title = stems_of(analyzer.analyze(unit.passage.title))
    implied = {number for number in elsewhere if title & question.concepts[number].evidence.keys()}
    return elsewhere == implied and title <= {term for concept in question.concepts for term in concept.evidence}


def _is_abbreviation(word: str) -> bool:
    letters = [char for char in word if char.isalpha()]
    return len(letters) > 1 and "".join(letters).isupper()


def _same(question: Question, analyzer: Analyzer, one: str, other: str) -> bool | None:
    """Tell whether two facts are the same; None where they can't be compared."""
    if question.kind == "date":
        return same_date(one, other)
    if question.kind == "number":
        return same_number(analyzer, one, other)
    # one may say more: "Bangkok", "Bangkok, Thailand"
    stems = [stems_of(analyzer.analyze(text)) for text in (one, other)]
    return bool(stems[0]) and (stems[0] <= stems[1] or stems[1] <= stems[0])


def same_date(one: str, other: str) -> bool | None:
    """Tell whether two dates are the same as far as both say; None where they say nothing of the same.

    >>> same_date("8 Agustus 1967", "1967"), same_date("Mei 1998", "Juni 1998"), same_date("1 Mei", "1998")
    (True, False, None)
    """
    shared = [pair for pair in zip(_date(one), _date(other), strict=True) if all(pair)]
    return all(left == right for left, right in shared) if shared else None


def _date(text: str) -> tuple[str, str, str]:
    """Return the first year, month and day of a date, each "" where it doesn't say."""
    parts: dict[str, str] = {}
    for match in _DATE_PART.finditer(text):
        parts.setdefault(match.lastgroup or "", match.group().lstrip("0"))
    return parts.get("year", ""), parts.get("month", ""), parts.get("day", "")


def same_number(analyzer: Analyzer, one: str, other: str) -> bool | None:
    """Tell whether two numbers of the same things are the same; None where they may count different things.

    >>> same_number(Analyzer(), "sepuluh negara", "10 negara"), same_number(Analyzer(), "10 negara", "11 pasal")
    (True, None)
    """
    (left, counted), (right, other_counted) = number(one), number(other)
    shared = set(analyzer.word_terms(counted)) & set(analyzer.word_terms(other_counted))
    if left == right and (shared or not counted or not other_counted):
        return True
    return False if shared else None


@cache
def _number_words() -> dict[str, int]:
    return {word: int(value) for word, value in resources.table("number_words.tsv")}  # two columns, see the file


def number(text: str) -> tuple[float, str]:
    """Return the amount that a text says in figures or words, and the word behind it ("" without one).

    >>> number("sekitar 1.234,5 juta orang"), number("dua puluh lima negara"), number("43 persen")
    ((1234500000.0, 'orang'), (25.0, 'negara'), (43.0, 'persen'))
    """
    digits = _DIGITS.search(text)
    behind = text[digits.end() :] if digits else text
    amount = [float(digits.group().replace(".", "").replace(",", "."))] if digits else []
    noun = ""
    for word in _WORD.findall(behind):
        if word not in _number_words():
            if amount:
                noun = word
                break
            continue
        _say(amount, word)
    return sum(amount), "%" if behind.startswith("%") else noun


def _say(amount: list[float], word: str) -> None:
    """Add a word to the addends of a number: "dua", "dua puluh", "dua puluh lima", "dua puluh lima ribu"."""
    value = float(_number_words()[word])
    if word == "belas":
        amount.append(value)
    elif word in {"puluh", "ratus"}:
        amount.append((amount.pop() if amount else 1.0) * value)
    elif value >= 1000 and not word.startswith("se"):  # noqa: PLR2004  # multiplies what is smaller
        smaller = sum(addend for addend in amount if addend < value)
        amount[:] = [*(addend for addend in amount if addend >= value), (smaller or 1.0) * value]
    else:
        amount.append(value)
