"""Who acts: states, organisations, office-holders and domestic actors in a text.

The names stand in `data/gazetteer/*.tsv`, with a comment a group:

    countries.tsv      ISO code, regions, names, capitals and seats, demonyms
    organisations.tsv  id, kind (global, regional, bloc), names, members' codes
    people.tsv         name, the state or organisation that he or she speaks for, role
    domestic.tsv       word or phrase, class of Indonesian actor or place
    masks.tsv          phrase that holds a name without meaning it ("Laut Jepang"), "-"
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from kerjasama_nlp import resources

MentionKind = Literal["state", "organisation", "person", "domestic"]
# The target of a phrase that only looks like a party.
_NOBODY = "-"
HOME = "ID"
# Shorter words in capitals are abbreviations of their own, not names in a headline.
_MIN_SHOUTED = 4
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*\.?")


@dataclass(frozen=True, slots=True)
class Mention:
    """A party in a text: `text[start:end]`.

    `key` is an ISO code for states (and people who speak for one), an organisation's id for
    organisations (and their people), or a class of domestic actor.
    """

    kind: MentionKind
    key: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class State:
    """A state: its code, its first name in Indonesian, and its regions."""

    code: str
    name: str
    regions: frozenset[str]


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation or forum: `kind` is global, regional or bloc; `members` are ISO codes (empty: unknown)."""

    key: str
    name: str
    kind: str
    members: frozenset[str]


@cache
def states() -> Mapping[str, State]:
    """Return the states by ISO code."""
    return {
        code: State(code, names.split(";")[0].strip(), frozenset(regions.split(",")))
        for code, regions, names, *_rest in resources.table("gazetteer/countries.tsv")
    }


@cache
def organisations() -> Mapping[str, Organisation]:
    """Return the organisations by id."""
    return {
        key: Organisation(key, names.split(";")[0].strip(), kind, frozenset("".join(members).split(",")) - {""})
        for key, kind, names, *members in resources.table("gazetteer/organisations.tsv")
    }


Target = tuple[MentionKind, str]
Trie = Mapping[str, Sequence[tuple[tuple[str, ...], Target]]]


@cache
def _names() -> tuple[Trie, Trie]:
    """Return the names by first word, longest first: as they are written, and folded.

    Only names that the tables write in lower case, and words in capitals ("JEPANG"), are compared
    folded: "Medan" is a city, "medan" a field.
    """
    exact: dict[str, list[tuple[tuple[str, ...], Target]]] = {}
    folded: dict[str, list[tuple[tuple[str, ...], Target]]] = {}
    for name, target in _entries():
        words = tuple(_split(name))
        if words:
            exact.setdefault(words[0], []).append((words, target))
            lowered = tuple(word.casefold() for word in words)
            folded.setdefault(lowered[0], []).append((lowered, target))
    return _longest_first(exact), _longest_first(folded)


@cache
def _lower_names() -> frozenset[str]:
    """Return the first words of the names that the tables write in lower case."""
    return frozenset(_split(name)[0] for name, _ in _entries() if name.islower())


def _longest_first(names: dict[str, list[tuple[tuple[str, ...], Target]]]) -> Trie:
    return {first: sorted(rows, key=lambda row: -len(row[0])) for first, rows in names.items()}


def _split(text: str) -> list[str]:
    return [word for word, _start, _end in _words(text)]


def _words(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield the words of a text with their places, hyphenated ones taken apart: "Indonesia-Jepang"."""
    for match in _WORD.finditer(text):
        start = match.start()
        for part in match.group().rstrip(".").split("-"):
            yield part, start, start + len(part)
            start += len(part) + 1


def _entries() -> Iterator[tuple[str, Target]]:
    """Yield every name and what it stands for."""
    for code, _regions, *columns in resources.table("gazetteer/countries.tsv"):
        for name in ";".join(columns).split(";"):
            yield name.strip(), ("state", code)
    for key, _kind, names, *_members in resources.table("gazetteer/organisations.tsv"):
        for name in names.split(";"):
            yield name.strip(), ("organisation", key)
    for name, target, *_role in resources.table("gazetteer/people.tsv"):
        yield name, ("person", target)
    for name, actor in resources.table("gazetteer/domestic.tsv"):
        yield name, ("domestic", actor)
    for name, target, *_why in resources.table("gazetteer/masks.tsv"):
        yield name, ("state" if target != _NOBODY else "domestic", target)


def find(text: str) -> list[Mention]:
    """Return the parties named in a text, in order, longest names first, none overlapping.

    Hyphenated pairs are taken apart ("Indonesia-Jepang"), names in capitals are read as names.

    >>> [(m.kind, m.key) for m in find("Presiden Jokowi dan PM Jepang di KTT ASEAN")]
    [('person', 'ID'), ('state', 'JP'), ('organisation', 'ktt_asean')]
    """
    words = list(_words(text))
    plain = [word for word, _, _ in words]
    lowered = [word.casefold() for word in plain]
    exact, folded = _names()
    mentions = []
    position = 0
    while position < len(words):
        size, target = _match(exact.get(plain[position], ()), plain, position)
        shouted = plain[position].isupper() and len(plain[position]) >= _MIN_SHOUTED
        if target is None and (shouted or lowered[position] in _lower_names()):
            size, target = _match(folded.get(lowered[position], ()), lowered, position)
        if target is None:
            position += 1
            continue
        kind, key = target
        if key != _NOBODY:
            mentions.append(Mention(kind, key, words[position][1], words[position + size - 1][2]))
        position += size
    return mentions


def _match(
    rows: Sequence[tuple[tuple[str, ...], Target]], words: Sequence[str], position: int
) -> tuple[int, Target | None]:
    for name, target in rows:
        if tuple(words[position : position + len(name)]) == name:
            return len(name), target
    return 0, None
