"""What the classifier sees in a text: named features, by number.

    w:TERM, b:STEM STEM      its words (stems and surface forms) and pairs of neighbouring words
    n:...                    runs of two or three words with the parties replaced by what they are:
                             "n:bantu NEGARA", "n:RI dan NEGARA", "n:presiden NEGARA"
    o:ID                     an organisation that is named
    r:...                    the part that a party plays: "r:dengan NEGARA", "r:NEGARA di ORG" (see `roles`)
    s:...                    structure: how many states from how many regions, which kinds of
                             organisation, whose acts the verbs report, and these two by two

Inside, a feature is a key: the numbers of its terms, packed into one integer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain, islice
from tempfile import TemporaryFile
from typing import Any, BinaryIO, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from kerjasama_nlp.arrays import Ints
from kerjasama_nlp.labels import roles, structural
from kerjasama_nlp.labels.lexicon import TERM_BITS, UNKNOWN, Lexicon
from kerjasama_nlp.labels.reading import Reader, Reading, all_parties

# Texts read at once: enough for arrays to pay, few enough to stay in the processor's cache.
BLOCK_TEXTS = 128
_KINDS = ("w", "b", "n2", "n3", "o", "r", "s")
# Keys below this are looked up in an array.
_DIRECT = 1 << 18
# Bits of what stands for a key in a first look, and the odd number whose products with keys have them on top.
_SIEVE_BITS = 17
_SIEVE_FACTOR = np.uint64(0x9E3779B97F4A7C15)
# So many keys of a kind are counted at once; a key and its count take 16 bytes.
_MOST_KEYS = 1 << 22
_MASK = (1 << TERM_BITS) - 1


class Counts(NamedTuple):
    """Features of a block of texts: text `text[i]` has feature `number[i]` `times[i]` times.

    Sorted by text, then by number; organisations and structure count 1.
    """

    text: Ints
    number: Ints
    times: Ints


def _keys(reading: Reading) -> dict[str, tuple[Ints, Ints]]:
    """Return for each kind of feature the texts that have one, and its key; unknown terms make no feature."""
    found = {"w": (reading.term_text, reading.term)}
    text, first = reading.word_text, reading.word_first
    pairs = (first[:-1] != UNKNOWN) & (first[1:] != UNKNOWN) & (text[:-1] == text[1:])
    found["b"] = text[:-1][pairs], (first[:-1][pairs] << TERM_BITS) | first[1:][pairs]
    text, symbol = reading.symbol_text, reading.symbol
    known, party = symbol != UNKNOWN, reading.symbol_party
    two = known[:-1] & known[1:] & (party[:-1] | party[1:]) & (text[:-1] == text[1:])
    key = (symbol[:-1][two] << TERM_BITS) | symbol[1:][two]
    found["n2"] = text[:-1][two], key
    three = known[:-2] & known[1:-1] & known[2:] & (party[:-2] | party[1:-1] | party[2:]) & (text[:-2] == text[2:])
    key = (((symbol[:-2][three] << TERM_BITS) | symbol[1:-1][three]) << TERM_BITS) | symbol[2:][three]
    found["n3"] = text[:-2][three], key
    organisation = _is_organisation()[reading.mention_party]
    found["o"] = reading.mention_text[organisation], reading.mention_party[organisation]
    found["r"] = roles.find(reading)
    found["s"] = np.nonzero(structural.table(reading))  # type: ignore[assignment]
    return found


@cache
def _is_organisation() -> NDArray[np.bool_]:
    return np.array([party.target[0] == "organisation" for party in all_parties()], dtype=np.bool_)


@cache
def _organisations() -> Mapping[str, int]:
    return {party.target[1]: n for n, party in enumerate(all_parties()) if party.target[0] == "organisation"}


@cache
def _roles() -> Mapping[str, int]:
    return {name: number for number, name in enumerate(roles.names())}


@cache
def _structures() -> Mapping[str, int]:
    return {name: column for column, name in enumerate(structural.names())}


class Features:
    """The features of a model: their names, numbered in the order given.

    Raises ValueError where a name is none of a feature.

    >>> features = Features(["b:padi asean", "o:asean", "w:padi"])
    >>> features.of("Padi ASEAN, padi ASEAN.")
    {'b:padi asean': 2, 'o:asean': 1, 'w:padi': 2}
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        parsed = [_parse(name) for name in names]
        parts: dict[str, list[str]] = {kind: [] for kind in _KINDS}
        for kind, terms in parsed:
            parts[kind] += terms
        self._reader = Reader(chain.from_iterable(parts[kind] for kind in _KINDS if kind not in _NAMED))
        kinds = np.array([_KINDS.index(kind) for kind, _terms in parsed], dtype=np.int64)
        self._once = np.isin(kinds, [_KINDS.index(kind) for kind in _NAMED])
        self._tables = {
            kind: _Table(self._keys(kind, parts[kind]), np.flatnonzero(kinds == place))
            for place, kind in enumerate(_KINDS)
        }

    def _keys(self, kind: str, parts: Sequence[str]) -> Ints:
        """Return the keys of all features of a kind; `parts` are the terms or names that they are made of."""
        if kind in _NAMED:  # one that the gazetteer no longer has occurs in no text
            return np.array([_NAMED[kind]().get(name, -1) for name in parts], dtype=np.int64)
        numbers = np.array(self._reader.lexicon.numbers(parts), dtype=np.int64).reshape(-1, _PARTS[kind])
        keys: Ints = (numbers << TERM_BITS * np.arange(_PARTS[kind])[::-1]).sum(axis=1)
        return keys

    def count(self, texts: Sequence[str]) -> tuple[Counts, Reading]:
        """Return the features of texts, and what the texts were read as."""
        reading = self._reader.read(texts)
        found = _keys(reading)
        pairs = [self._tables[kind].find(*found[kind]) for kind in _KINDS]
        text = np.concatenate([text for text, _ in pairs])
        number = np.concatenate([number for _, number in pairs])
        size = max(len(self.names), 1)
        unique, count = np.unique(text * size + number, return_counts=True)
        text, number = np.divmod(unique, size)
        count[self._once[number]] = 1
        return Counts(text, number, count), reading

    def of(self, text: str) -> dict[str, int]:
        """Return the features of one text by name."""
        found, _reading = self.count([text])
        return {self.names[n]: k for n, k in zip(found.number.tolist(), found.times.tolist(), strict=True)}


# What the names of features are made of: terms, or one name.
_PARTS = {"w": 1, "b": 2, "n2": 2, "n3": 3, "o": 1, "r": 1, "s": 1}
_NAMED = {"o": _organisations, "r": _roles, "s": _structures}


def _parse(name: str) -> tuple[str, list[str]]:
    """Return the kind of a feature and what it is made of; raises ValueError where the name is none of a feature."""
    kind, colon, rest = name.partition(":")
    parts = [rest] if kind in _NAMED else rest.split(" ")
    if kind == "n":
        kind = f"n{len(parts)}"
    if not colon or kind not in _PARTS or len(parts) != _PARTS[kind]:
        raise ValueError(name)
    return kind, parts


def _sieve(keys: Ints) -> Ints:
    """Return a number of _SIEVE_BITS bits for each key: most keys that aren't features' differ from all that are."""
    hashed = keys.astype(np.uint64) * _SIEVE_FACTOR >> np.uint64(64 - _SIEVE_BITS)
    return hashed.astype(np.int64)


class _Table:
    """Keys of one kind of feature with the features' numbers."""

    def __init__(self, keys: Ints, numbers: Ints) -> None:
        order = np.argsort(keys, kind="stable")
        self._keys, self._numbers = keys[order], numbers[order]
        self._may_be = np.zeros(1 << _SIEVE_BITS, dtype=np.bool_)
        self._may_be[_sieve(self._keys)] = True
        self._direct: Ints | None = None
        if len(keys) and self._keys[-1] < _DIRECT:  # an array of all keys there may be is quicker than a search
            self._direct = np.full(_DIRECT, -1, dtype=np.int64)
            self._direct[self._keys[self._keys >= 0]] = self._numbers[self._keys >= 0]

    def find(self, text: Ints, key: Ints) -> tuple[Ints, Ints]:
        """Return the texts and numbers of those keys that are features."""
        if not len(self._keys):
            return text[:0], key[:0]
        if self._direct is not None:
            number = self._direct[np.minimum(key, _DIRECT - 1)]
            known = number >= 0
            return text[known], number[known]
        likely = np.flatnonzero(self._may_be[_sieve(key)])  # a search takes ten times as long
        text, key = text[likely], key[likely]
        place = np.minimum(np.searchsorted(self._keys, key), len(self._keys) - 1)
        known = self._keys[place] == key
        return text[known], self._numbers[place[known]]


class Counted:
    """The features of many texts: their names, and how often each text has each of them.

    Texts are read once. What they hold is kept in a temporary file until it is known which features are in
    enough texts: `least` by the first letter of the name; of more than `most`, those in the fewest texts are left
    out. Names are sorted.

    >>> least = {"w": 2, "b": 2, "n": 2, "o": 2, "r": 3, "s": 3}
    >>> with Counted(["Padi ASEAN, padi.", "Padi ASEAN."], least, 100) as counted:
    ...     counted.names, [block.times.tolist() for block in counted.blocks()]
    (['b:padi asean', 'n:padi KAWASAN', 'o:asean', 'w:asean', 'w:padi'], [[1, 1, 1, 1, 2, 1, 1, 1, 1, 1]])
    """

    def __init__(self, texts: Iterable[str], least: Mapping[str, int], most: int) -> None:
        self._file: BinaryIO = TemporaryFile()  # noqa: SIM115  # closed by __exit__
        self._lengths: list[list[int]] = []
        self._most_times = 1
        reader = Reader()
        tallies = {kind: _Tally() for kind in _KINDS}
        for block in batches(texts, BLOCK_TEXTS):
            lengths = []
            for kind, (text, key) in _keys(reader.read(block)).items():
                text, key, times = _distinct(text, key)  # noqa: PLW2901  # the same, each once
                self._most_times = max(self._most_times, int(times.max(initial=1)))
                tallies[kind].add(*np.unique(key, return_counts=True))
                for column, dtype in zip((text, key, times), _SPOOLED, strict=True):
                    self._file.write(np.minimum(column, np.iinfo(dtype).max).astype(dtype).tobytes())
                lengths.append(len(key))
            self._lengths.append(lengths)
        chosen = sorted(_chosen(tallies, least, most, reader.lexicon))
        self.names = [name for name, _kind, _key in chosen]
        found: dict[str, list[tuple[int, int]]] = {kind: [] for kind in _KINDS}
        for number, (_text, kind, feature) in enumerate(chosen):
            found[kind].append((feature, number))
        self._tables = {kind: _Table(*np.array(rows, dtype=np.int64).reshape(-1, 2).T) for kind, rows in found.items()}

    def __enter__(self) -> Self:
        return self

    @property
    def times_dtype(self) -> np.dtype[np.unsignedinteger[Any]]:
        """The smallest type that holds how often any text has any feature."""
        return np.min_scalar_type(min(self._most_times, np.iinfo(_SPOOLED[2]).max))

    @property
    def most_cells(self) -> int:
        """How many pairs of a text and a feature there are at most."""
        return sum(map(sum, self._lengths))

    def __exit__(self, *_error: object) -> None:
        self._file.close()

    def blocks(self) -> Iterator[Counts]:
        """Yield the features of BLOCK_TEXTS texts after the other; the texts of each block are numbered from 0."""
        self._file.seek(0)
        for lengths in self._lengths:
            columns: list[tuple[Ints, Ints, Ints]] = []
            for kind, length in zip(_KINDS, lengths, strict=True):
                text, key, times = (
                    np.frombuffer(self._file.read(length * np.dtype(dtype).itemsize), dtype).astype(np.int64)
                    for dtype in _SPOOLED
                )
                place, number = self._tables[kind].find(np.arange(length), key)
                once = kind in _NAMED
                columns.append((text[place], number, np.ones_like(number) if once else times[place]))
            text, number, times = (np.concatenate(column) for column in zip(*columns, strict=True))
            order = np.lexsort((number, text))
            yield Counts(text[order], number[order], times[order])


def _chosen(
    tallies: Mapping[str, _Tally], least: Mapping[str, int], most: int, lexicon: Lexicon
) -> list[tuple[str, str, int]]:
    """Return name, kind and key of the features in enough texts: of too many the most frequent, then the first ones."""
    found = {kind: tally.most_frequent(least[kind[0]], most) for kind, tally in tallies.items()}
    every = np.concatenate([counts for _keys, counts in found.values()])
    # only the rarest that may be left have to be told apart by their names
    lowest = -np.partition(-every, most - 1)[most - 1] if 0 < most < len(every) else 0
    sure: list[tuple[str, str, int]] = []
    rarest: list[tuple[str, str, int]] = []
    for kind, (keys, counts) in found.items():
        for group, there in ((sure, counts > lowest), (rarest, counts == lowest)):
            group += [(_name(kind, key, lexicon), kind, key) for key in keys[there].tolist()]
    return (sure + sorted(rarest))[:most]


# How the text in its block, the key and the count of a feature are kept.
_SPOOLED: tuple[type[np.integer[Any]], ...] = (np.uint16, np.int64, np.uint16)


def _distinct(text: Ints, key: Ints) -> tuple[Ints, Ints, Ints]:
    """Return texts and keys, each pair once, and how often each occurred."""
    order = np.lexsort((key, text))
    text, key = text[order], key[order]
    first = np.ones(len(key), dtype=np.bool_)
    first[1:] = (text[1:] != text[:-1]) | (key[1:] != key[:-1])
    starts = np.flatnonzero(first)
    return text[starts], key[starts], np.diff(np.append(starts, len(key)))


class _Tally:
    """In how many texts each key occurs, in bounded memory.

    Of more than _MOST_KEYS keys, the rarest are forgotten (lossy counting, Manku and Motwani 2002): one that
    comes again counts from 1, so that a rare key may come out too low, but none too high.
    """

    def __init__(self) -> None:
        # room for all of them at once: memory that was never written to takes none
        self._keys = np.empty(_MOST_KEYS, dtype=np.int64)
        self._counts = np.empty(_MOST_KEYS, dtype=np.int32)
        self._size = 0

    def add(self, keys: Ints, counts: Ints) -> None:
        """Add the counts of a block."""
        added: tuple[Ints, NDArray[np.integer[Any]]] = keys, counts
        if self._size + len(keys) > _MOST_KEYS:
            added = self._with(keys, counts)
            least = 1
            while len(added[0]) > _MOST_KEYS // 2:
                least += 1
                frequent = added[1] >= least
                added = added[0][frequent], added[1][frequent]
            self._size = 0
        start, self._size = self._size, self._size + len(added[0])
        self._keys[start : self._size], self._counts[start : self._size] = added

    def most_frequent(self, least: int, most: int) -> tuple[Ints, Ints]:
        """Return the keys that at least so many texts have, `most` of them at most, and their counts."""
        keys, counts = self._with(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
        frequent = np.flatnonzero(counts >= least)
        kept = frequent[np.argsort(-counts[frequent], kind="stable")[:most]]
        return keys[kept], counts[kept].astype(np.int64)

    def _with(self, keys: Ints, counts: Ints) -> tuple[Ints, NDArray[np.int32]]:
        """Return all keys and the given ones, each once and sorted, and their counts."""
        keys = np.concatenate([self._keys[: self._size], keys])
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        starts = np.flatnonzero(np.append(True, keys[1:] != keys[:-1])[: len(keys)])
        counted = np.concatenate([self._counts[: self._size], counts.astype(np.int32)])[order]
        return keys[starts], np.add.reduceat(counted, starts) if len(starts) else counted


def _name(kind: str, key: int, lexicon: Lexicon) -> str:
    """Return the name of the feature that a key stands for."""
    if kind == "r":
        return f"r:{roles.names()[key]}"
    if kind == "s":
        return f"s:{structural.names()[key]}"
    if kind == "o":
        return f"o:{all_parties()[key].target[1]}"
    terms = [lexicon.terms[key >> TERM_BITS * place & _MASK] for place in reversed(range(_PARTS[kind]))]
    return f"{kind[0]}:{' '.join(terms)}"


def batches(texts: Iterable[str], size: int) -> Iterator[list[str]]:
    """Yield lists of `size` texts; the last may be shorter."""
    remaining = iter(texts)
    while block := list(islice(remaining, size)):
        yield block
