"""The part of a sentence that is the fact asked for: a date, number, place or person, what an abbreviation means."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

from kerjasama_nlp import resources
from kerjasama_nlp.answers.questions import Question
from kerjasama_nlp.language.tokens import Analyzer, fold, function_words

# Kinds of question that are answered by a fact.
KINDS = ("date", "number", "place", "person", "expansion")
# A fact that stands so many characters from a word of the question is a quarter as close as one beside it.
_NEAR = 5
# A comma or a conjunction between the two counts as so many more, and so does a fact that stands before the word.
_BREAK, _BEFORE = 12, 8
_BREAKS = re.compile(r"[,;:(]|\b(?:dan|serta|lalu|kemudian|sedangkan)\b")
# A year that stands so many characters from a number, or nearer, is the year it was counted in.
_SAME_CLAUSE = 40
# "Satu" is as often an article as it is a number.
_ONE = 0.3

YEAR = r"(?:1[4-9]|20)\d\d"
MONTH = "Januari|Februari|Maret|April|Mei|Juni|Juli|Agustus|September|Oktober|November|Desember"
_YEAR_ALONE = re.compile(rf"\b{YEAR}")
_DATE = re.compile(
    rf"""
      (?<![\w.,/-])(?:\d{{1,2}}(?:\s?[-–]\s?\d{{1,2}})?\s)?(?:{MONTH})\b(?:\s{YEAR}\b)?  # 18-24 April 1955, Mei 1998
    | (?<![\w.,/-]){YEAR}(?![\w/]|[.,]\d)(?:-an\b|\s?[-–]\s?{YEAR}\b)?                   # 1967, 1990-an, 1914-1918
    | \babad\ ke-\d{{1,2}}\b
    """,
    re.VERBOSE,
)
_CAPITAL = "A-ZÀ-ÖØ-Þ"
# Capitalised words in a row, with initials and particles: Robert O. Keohane, Abdullah bin Hussein, Washington
_NAME_WORD = rf"(?:(?:[{_CAPITAL}]\.)+(?:[{_CAPITAL}][\w'’-]+)?|[{_CAPITAL}][\w'’-]*)"
_NAME = re.compile(rf"(?<![\w.]){_NAME_WORD}(?: (?:(?:bin|binti|van|von|de|da|del|al|el) )?{_NAME_WORD})*")
_BEFORE_PLACE = re.compile(
    r"\b(?:[Dd]i|[Kk]e|[Kk]ota|[Pp]ulau|[Bb]ermarkas|dekat)\s(?:(?:kota|pulau|gedung|istana|dekat|ibu\skota)\s)?$"
)
_NO_PERSON_BEHIND = re.compile(r"\b(?:[Dd]i|[Kk]e|[Dd]ari|[Dd]alam|[Bb]uku|[Kk]ota)\s$")
_BEHIND_PLACE = re.compile(r"[.,;:)\n]|\s[a-z(]|$")
_WORD = re.compile(r"\w+")
# The longest of what is looked at before a name or number, in characters.
_LOOK_BACK = 24
_BRACKETS = re.compile(r"\((?P<inside>[^()]{2,300})\)")
_SHORT = re.compile(rf"(?<!\w)[{_CAPITAL}][\w-]{{1,39}}\s?$")
_SAID = re.compile(
    r"\b(?:[Ss]ingkatan|[Kk]epanjangan)\b[\w\s-]{0,60}?\b(?:dari|ialah|adalah)\s(?P<long>[A-Z][^().,;:]{6,200})"
)
_LONG_NAME = re.compile(rf"{_NAME_WORD}(?:\s(?:(?:dan|untuk|atas|of|the|for|and|on)\s){{0,2}}{_NAME_WORD})*\s?$")
_MOST_NAME = 200
_NUMBERED = re.compile(r"\b(Pasal|pasal|ayat|Nomor|nomor|No\.|Bab|butir|[Ff]ase|[Kk]ategori)\s\(?$")
_ROUGHLY = re.compile(
    r"\b(?:[Ss]ekitar|[Ll]ebih\sdari|[Kk]urang\sdari|[Hh]ampir|[Ss]etidaknya|[Ss]edikitnya|[Mm]aksimal|Rp|US\$)\s?$"
)
_COUNTED = re.compile(r"\s(?P<noun>[a-z]+(?:-[a-z]+)*)\b(?:\s(?:AS|Amerika\sSerikat)\b)?")
_ORDINAL_ASKED = re.compile(r"\b(?:ke-?\s?berapa|urutan|nomor|peringkat)\b")


class Fact(NamedTuple):
    """A fact of some kind: `text[start:end]`."""

    kind: str
    start: int
    end: int


def find(question: Question, analyzer: Analyzer, text: str) -> list[Fact]:
    """Return the facts in a text that a question asks for, in the order of the text; they don't overlap.

    One a kind, or several of them in a row where a list is asked for. None where the text holds no fact of the
    kind, or holds several and doesn't say which belongs to what is asked.

    >>> from kerjasama_nlp.answers.questions import Concept, Question
    >>> founded = Concept("didirikan", {"diri": 1.0}, {"diri": 1.0}, 1.0, 1.0, True)
    >>> question = Question("kapan didirikan", ("date",), frozenset(), (founded,))
    >>> text = "ASEAN didirikan pada 8 Agustus 1967; piagamnya berlaku sejak 2008."
    >>> [text[fact.start : fact.end] for fact in find(question, Analyzer(), text)]
    ['8 Agustus 1967']
    """
    asked = _kinds(question)
    if not asked:
        return []
    spoken = places(question, analyzer, text)
    found: list[Fact] = []
    for kind in asked:
        facts = list(of_kind(question, analyzer, text, kind))
        if kind != "expansion":  # which says what the question says, in other words
            facts = [fact for fact in facts if not _is_asked(spoken, fact)]
        best = _nearest(text, facts, spoken)
        if best is not None:
            row = _row(text, facts, best) if "list" in question.kinds and kind in {"place", "person"} else [best]
            found += [_counted(text, fact) if kind == "number" else fact for fact in row]
    found.sort(key=lambda fact: fact.start)
    return [fact for before, fact in zip([None, *found], found, strict=False) if not before or before.end <= fact.start]


def _kinds(question: Question) -> list[str]:
    """Return the kinds of fact that a question asks for."""
    asked = [kind for kind in question.kinds if kind in KINDS]
    if "date" in asked and "number" in asked:  # "tahun berapa" is no number
        asked.remove("number")
    return asked


def holds(question: Question, analyzer: Analyzer, text: str, named: Sequence[tuple[int, int]]) -> bool:
    """Tell whether a text holds a fact of a kind asked for that the question doesn't name.

    `named` says where (start, end) the text speaks of what is asked, in its order. "Sebelum Mark Rutte, siapa sekjen
    NATO?" isn't answered by a sentence that names no one but him.
    """
    asked = _words(question.text)
    starts = [start for start, _end in named]

    def is_named(fact: Fact) -> bool:
        before = bisect_right(starts, fact.start)
        return bool(before) and fact.start < named[before - 1][1]

    return any(
        kind == "expansion" or not (is_named(fact) or _words(text[fact.start : fact.end]) <= asked)
        for kind in _kinds(question)
        for fact in of_kind(question, analyzer, text, kind)
    )


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(fold(text)))


class Place(NamedTuple):
    """Where a text speaks of a concept of the question, which is given by its number, and how much that counts."""

    start: int
    end: int
    concept: int
    importance: float


def places(question: Question, analyzer: Analyzer, text: str) -> list[Place]:
    """Return where a text speaks of what is asked, in the order of the text."""
    return [
        Place(token.start, token.end, number, concept.importance)
        for token in analyzer.tokenize(text)
        for number, concept in enumerate(question.concepts)
        if any(term in concept.evidence for term in token.terms)
    ]


def _is_asked(spoken: Sequence[Place], fact: Fact) -> bool:
    """Tell whether the question itself names the fact, or its beginning: "31,89 persen" is not what "persen" names."""
    return any(place.start <= fact.start < place.end for place in spoken)


def _nearest(text: str, facts: Sequence[Fact], spoken: Sequence[Place]) -> Fact | None:
    """Return the fact that stands closest to what is asked; None where nothing tells them apart, or nothing is near."""
    closeness = [_closeness(text, fact, spoken) for fact in facts]
    best = max(closeness, default=0.0)
    if best > 0:
        return facts[closeness.index(best)]
    return facts[0] if len(facts) == 1 and "\n" not in text else None


def _closeness(text: str, fact: Fact, spoken: Sequence[Place]) -> float:
    """Return the sum over the concepts that stand on the fact's line: importance / (1 + distance / _NEAR)^2."""
    line = text.rfind("\n", 0, fact.start) + 1, (text + "\n").index("\n", fact.end)
    closest: dict[int, float] = {}
    for place in spoken:
        if line[0] <= place.start and place.end <= line[1]:
            near = place.importance / (1 + distance(text, fact, place) / _NEAR) ** 2
            closest[place.concept] = max(closest.get(place.concept, 0.0), near)
    total = sum(closest.values())
    return total * _ONE if text[fact.start : fact.end] == "satu" else total


def distance(text: str, fact: Fact, place: Place) -> int:
    """Return how far a fact stands from a word of the question, in characters; a break counts as several."""
    behind = fact.start >= place.end
    between = text[place.end : fact.start] if behind else text[fact.end : place.start]
    breaks = sum(1 for _ in _BREAKS.finditer(between))
    return len(between) + _BREAK * breaks + (0 if behind or fact.kind == "number" else _BEFORE)


def year(text: str, fact: Fact) -> int | None:
    """Return the year that a text gives for a number: "per 2024", "(2023)"; None where none stands near."""
    if fact.kind != "number":
        return None
    dates = (Fact("date", *match.span()) for match in _DATE.finditer(text))
    near = [(_gap(text, fact, date), date) for date in dates if _YEAR_ALONE.search(text, date.start, date.end)]
    gap, date = min(near, default=(_SAME_CLAUSE + 1, fact))
    return int(_YEAR_ALONE.findall(text, date.start, date.end)[0]) if gap <= _SAME_CLAUSE else None


def _gap(text: str, fact: Fact, date: Fact) -> int:
    between = text[date.end : fact.start] if date.start < fact.start else text[fact.end : date.start]
    return len(between) + _SAME_CLAUSE * between.count("\n")


def _row(text: str, facts: Sequence[Fact], best: Fact) -> list[Fact]:
    """Return a fact and those that stand in one row with it: "A, B, dan C"."""
    position = facts.index(best)
    first = last = position
    while first and _joined(text[facts[first - 1].end : facts[first].start]):
        first -= 1
    while last + 1 < len(facts) and _joined(text[facts[last].end : facts[last + 1].start]):
        last += 1
    return list(facts[first : last + 1])


def _joined(between: str) -> bool:
    return between.strip() in {",", "dan", "serta", ", dan", ", serta", "&"}


def of_kind(question: Question, analyzer: Analyzer, text: str, kind: str) -> Iterator[Fact]:
    """Yield all facts of a kind in a text, numbers without what they count."""
    if kind == "date":
        yield from (Fact(kind, *match.span()) for match in _DATE.finditer(text))
    elif kind == "number":
        yield from _numbers(question, text)
    elif kind == "place":
        yield from _towns(text)
    elif kind == "person":
        yield from _people(text)
    else:
        yield from _meanings(question, analyzer, text)


@cache
def _number() -> re.Pattern[str]:
    """Return what numbers look like: 1.234,5 juta, 11%, 13/PUU-XVI/2018, ke-60, dua belas."""
    words = "|".join(sorted((word for word, _ in resources.table("number_words.tsv")), key=len, reverse=True))
    return re.compile(
        rf"""
          (?<![\w.,/-])(?P<ordinal>ke-)?
          (?:\d{{1,3}}(?:\.\d{{3}})+(?:,\d+)?|\d+(?:,\d+)?|\d+(?:/[\w-]+)+)(?![\w/]|[.,]\d)
          (?:\s(?:ribu|juta|miliar|triliun)\b)*(?:%|\s(?:persen|derajat)\b)?
        | (?<![\w-])(?:{words})(?![\w-])(?:\s(?:{words})(?![\w-]))*
        """,
        re.VERBOSE,
    )


def _numbers(question: Question, text: str) -> Iterator[Fact]:
    """Yield the numbers that count: no dates, no numbers of articles of law unless one is asked for."""
    dates = [match.span() for match in _DATE.finditer(text)]
    ordinal = _ORDINAL_ASKED.search(question.text.lower()) is not None
    for match in _number().finditer(text):
        start, end = match.span()
        before = text[max(0, start - _LOOK_BACK) : start]
        numbered = _NUMBERED.search(before)
        if (
            any(start < last and first < end for first, last in dates)
            or (match["ordinal"] and not ordinal)
            or (numbered and numbered[1].lower() not in question.text.lower())
            or before.endswith(("salah ", "Salah "))
        ):
            continue
        yield Fact("number", start, end)


def _counted(text: str, number: Fact) -> Fact:
    """Return a number together with what it counts, and how exactly: "lebih dari 100 negara"."""
    before = text[max(0, number.start - _LOOK_BACK) : number.start]
    roughly = _ROUGHLY.search(before)
    noun = None if text[number.end - 1] == "%" or _NUMBERED.search(before) else _COUNTED.match(text, number.end)
    return Fact(
        "number",
        number.start - len(roughly[0]) if roughly else number.start,
        noun.end() if noun and noun["noun"] not in function_words() else number.end,
    )


def _towns(text: str) -> Iterator[Fact]:
    """Yield the names behind a word of place, with what they lie in: "Bangkok, Thailand"."""
    names = [match.span() for match in _NAME.finditer(text)]
    for position, (start, end) in enumerate(names):
        if _BEFORE_PLACE.search(text[max(0, start - _LOOK_BACK) : start]):
            last = end
            for first, following in names[position + 1 : position + 3]:
                if (
                    text[last:first] != ", "
                    or _is_title(text[first:following])
                    or not _BEHIND_PLACE.match(text, following)
                ):
                    break
                last = following
            yield Fact("place", start, last)


@cache
def _name_words() -> dict[str, str]:
    return dict(resources.table("name_words.tsv"))  # type: ignore[arg-type]  # two columns, see the file


def _people(text: str) -> Iterator[Fact]:
    """Yield the names of people: two words or more, or one behind a title, none of them a thing's or a state's."""
    for match in _NAME.finditer(text):
        if _NO_PERSON_BEHIND.search(text[max(0, match.start() - _LOOK_BACK) : match.start()]):
            continue
        words = match.group().split()
        titles = [number for number, word in enumerate(words) if _is_title(word)]
        own = _without_state(words[titles[-1] + 1 :]) if titles else words
        things = any(word in _name_words() for word in own) or " ".join(own) in _states()
        if own and not things and (titles or len(own) > 1):
            yield Fact("person", match.end() - len(" ".join(own)), match.end())


def _is_title(word: str) -> bool:
    """Tell whether a word only stands before a name: a title, or the abbreviation of a body."""
    return _name_words().get(word) == "title" or (len(word) > 1 and word.isupper() and "." not in word)


@cache
def _states() -> frozenset[str]:
    """Return the names of states."""
    return frozenset(name for row in resources.table("gazetteer/countries.tsv") for name in row[2].split(";"))


def _without_state(words: list[str]) -> list[str]:
    """Return the words behind a title without the state that the title is of: "Perdana Menteri Australia Bob Hawke"."""
    sizes = (size for size in (3, 2, 1) if " ".join(words[:size]) in _states())
    return words[next(sizes, 0) :]


def _meanings(question: Question, analyzer: Analyzer, text: str) -> Iterator[Fact]:
    """Yield what the abbreviation that is asked for stands for: "WTO (World Trade Organization)" and the reverse."""
    asked = {term for concept in question.concepts for term in concept.evidence}
    for match in _BRACKETS.finditer(text):
        before = text[max(0, match.start() - _MOST_NAME) : match.start()]
        short, long = _SHORT.search(before), _LONG_NAME.search(before)
        if short and asked.intersection(analyzer.analyze(short[0])) and " " in match["inside"]:
            yield Fact("expansion", *match.span("inside"))
        elif long and " " in long[0].strip() and asked.intersection(analyzer.analyze(match["inside"])):
            yield Fact("expansion", match.start() - len(long[0]), match.start() - len(long[0]) + len(long[0].rstrip()))
    yield from (Fact("expansion", *match.span("long")) for match in _SAID.finditer(text))
