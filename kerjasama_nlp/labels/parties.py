"""Who acts: states, organisations, office-holders and domestic actors in a text.

The names stand in `data/gazetteer/*.tsv`, with a comment a group; how each table is kept stands in the README there:

    countries.tsv      ISO code, regions, names, capitals and seats, demonyms
    organisations.tsv  id, kind (global, regional, bloc), names, members' codes
    people.tsv         name, the state or organisation that he or she speaks for, role
    domestic.tsv       word or phrase, class of Indonesian actor or place
    masks.tsv          phrase that holds a name without meaning it ("Laut Jepang"), "-"
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from kerjasama_nlp import resources
from kerjasama_nlp.arrays import Ints
from kerjasama_nlp.language.tokens import WORD

MentionKind = Literal["state", "organisation", "person", "domestic"]
# The target of a phrase that only looks like a party.
NOBODY = "-"
HOME = "ID"
# Shorter words in capitals are abbreviations of their own, not names in a headline.
_MIN_SHOUTED = 4


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
Number = TypeVar("Number", int, Ints)


class _Names:
    """Names by their words; `sizes` tells, by first word, how many words they have."""

    def __init__(self) -> None:
        self.sizes: dict[str, set[int]] = {}
        self._targets: dict[tuple[str, ...], Target] = {}

    def add(self, words: tuple[str, ...], target: Target) -> None:
        """Add a name; of two parties with one name, the first has it."""
        self._targets.setdefault(words, target)
        self.sizes.setdefault(words[0], set()).add(len(words))

    def match(self, words: Sequence[str]) -> tuple[int, Target | None]:
        """Return how many of `words` the longest name at their start spans (0: none), and what it names."""
        for size in sorted(self.sizes.get(words[0], ()), reverse=True):
            name = tuple(words[:size])
            if len(name) == size and name in self._targets:
                return size, self._targets[name]
        return 0, None


def _split(text: str) -> tuple[str, ...]:
    words = text.split()
    if "".join(words).isalpha():
        return tuple(words)
    return tuple(part for word in WORD.findall(text) for part in word.split("-"))


def _words(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield the words of a text with their places, hyphenated ones taken apart: "Indonesia-Jepang"."""
    for match in WORD.finditer(text):
        start = match.start()
        for part in match.group().split("-"):
            yield part, start, start + len(part)
            start += len(part) + 1


def entries() -> Iterator[tuple[str, Target]]:
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
        yield name, ("state" if target != NOBODY else "domestic", target)


def _spellings(names: Iterable[tuple[str, Target]]) -> Iterator[tuple[str, Target]]:
    """Yield all names, those with an apostrophe also with the one that typesetters use: "N’Djamena"."""
    for name, target in names:
        yield name, target
        if "'" in name:
            yield name.replace("'", "’"), target


class Gazetteer:
    """All names, to be found in lists of words.

    `words` are those of all names, in small letters, numbered from 1; `longest` is the number of words of the longest;
    `targets` is all that they name.

    Only names that the tables write in lower case, and words in capitals ("JEPANG"), are compared
    without regard to case: "Medan" is a city, "medan" a field.
    """

    def __init__(self, names: Iterable[tuple[str, Target]]) -> None:
        exact, folded = _Names(), _Names()
        found: set[Target] = set()
        lower: set[str] = set()
        words_of_names: list[tuple[str, ...]] = []
        for name, target in _spellings(names):
            words = _split(name)
            if not words:
                continue
            if target[1] != NOBODY:
                found.add(target)
            lowered = tuple(word.lower() for word in words)
            exact.add(words, target)
            folded.add(lowered, target)
            if name.islower():
                lower.add(words[0])
            words_of_names.append(lowered)
        self._exact, self._folded = exact, folded
        self._lower = frozenset(lower)
        self.targets = frozenset(found)
        self.words = {word: number for number, word in enumerate(dict.fromkeys(chain.from_iterable(words_of_names)), 1)}
        pairs = {(self.words[words[0]], self.words[words[1]]) for words in words_of_names if len(words) > 1}
        self._starts = np.array(sorted(self._pair(*pair) for pair in pairs), dtype=np.int64)
        self.longest = max(map(max, folded.sizes.values()))

    def may_start(self, word: str) -> bool:
        """Tell whether a name may start with `word`; where not, `match` finds none."""
        return word in self._exact.sizes or (self._ignores_case(word) and word.lower() in self._folded.sizes)

    def may_join(self, first: Ints, second: Ints) -> NDArray[np.bool_]:
        """Tell for pairs of words, by their numbers in `words`, whether a name of more than a word may start so.

        Where it doesn't, the name there is one word or none.
        """
        pairs = self._pair(first, second)
        place = np.minimum(np.searchsorted(self._starts, pairs), len(self._starts) - 1)
        found: NDArray[np.bool_] = self._starts[place] == pairs
        return found

    def _pair(self, first: Number, second: Number) -> Number:
        return first * (len(self.words) + 1) + second

    def match(self, words: Sequence[str]) -> tuple[int, Target | None]:
        """Return how many of `words` the longest name at their start spans (0: none), and the party that it names.

        A phrase that only looks like a party ("Laut Jepang") has a size, and no party.
        """
        size, target = self._exact.match(words)
        if target is None and self._ignores_case(words[0]):
            size, target = self._folded.match([word.lower() for word in words[: self.longest]])
        return (size, None) if target is None or target[1] == NOBODY else (size, target)

    def _ignores_case(self, word: str) -> bool:
        return word.lower() in self._lower or (word.isupper() and len(word) >= _MIN_SHOUTED)


@cache
def gazetteer() -> Gazetteer:
    """Return the gazetteer of the packaged tables."""
    return Gazetteer(entries())


def find(text: str) -> list[Mention]:
    """Return the parties named in a text, in order, longest names first, none overlapping.

    Hyphenated pairs are taken apart ("Indonesia-Jepang"), names in capitals are read as names.

    >>> [(m.kind, m.key) for m in find("Presiden Jokowi dan PM Jepang di KTT ASEAN")]
    [('person', 'ID'), ('state', 'JP'), ('organisation', 'ktt_asean')]
    """
    words = list(_words(text))
    plain = [word for word, _, _ in words]
    mentions = []
    position = 0
    while position < len(words):
        size, target = gazetteer().match(plain[position : position + gazetteer().longest])
        if target is not None:
            mentions.append(Mention(*target, words[position][1], words[position + size - 1][2]))
        position += size or 1
    return mentions
