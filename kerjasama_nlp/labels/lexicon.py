"""What the classifier knows of each word, found out once and kept by number.

A text is cut at its spaces into chunks ("Jepang,", "negara-negara"), a chunk into atoms: words and figures,
hyphenated words taken apart. News repeats its chunks, so nearly every one is a look-up, and all that is known
of its atoms comes from arrays, a block of texts at a time.

    chunk   "(Indonesia-Jepang)"
    atoms   Indonesia, Jepang
    terms   indonesia, jepang    (their numbers; see `tokens`)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kerjasama_nlp import resources
from kerjasama_nlp.arrays import Ints
from kerjasama_nlp.labels.parties import Target, gazetteer
from kerjasama_nlp.language import stemming, tokens
from kerjasama_nlp.language.tokens import SURFACE, Analyzer, fold

# Distinct chunks kept, some 400 bytes each; past it the lexicon starts anew (memory stays bounded).
CACHE_CHUNKS = 1 << 18
# The same where chunks are long, as addresses and pictures in the text are: news has some 3 million letters in as many
# chunks, and a letter costs 60 bytes at most.
CACHE_LETTERS = 1 << 22
# Numbers of terms stay below this, so that three of them fit one integer.
TERM_BITS = 21
# A term that isn't in the lexicon; and what an atom without a term has ("yang").
UNKNOWN, NO_TERM = 0, -1
# An atom that stands for nothing: inside a name, or the second half of a reduplication.
EMPTY = 0
# What an atom may be part of: bits of its `flags`.
STARTS_NAME, STARTS_PARTY, CONTINUES_PARTY, STARTS_PHRASE, IS_CUE, IS_INNER_PART = 1, 2, 4, 8, 16, 32

# What may stand around a word in its chunk.
_EDGES = ".,;:!?()[]{}<>\"'`/*_-–—…“”‘’«»"
# In the table of phrases: any figure, and no second word.
_FIGURE, _NOTHING = "0", "-"


class Phrase(NamedTuple):
    """Words that tell how many act together: any of `first`, before any of `second` unless there is none."""

    label: str
    first: frozenset[str]
    second: frozenset[str]


@cache
def cue_classes() -> tuple[str, ...]:
    """Return the classes of cue words, in the order of their bits."""
    return tuple(dict.fromkeys(name for name, _words in resources.table("cues.tsv")))


@cache
def cues() -> Mapping[str, int]:
    """Return the bits of the cue classes by term: cue words count in any inflection."""
    analyzer = Analyzer()
    bits = {name: 1 << place for place, name in enumerate(cue_classes())}
    found: dict[str, int] = {}
    for name, words in resources.table("cues.tsv"):
        for word in words.split():
            for term in analyzer.word_terms(fold(word))[:1]:
                found[term] = found.get(term, 0) | bits[name]
    return found


@cache
def phrases() -> tuple[Phrase, ...]:
    """Return the phrases of `data/phrases.tsv`, in the order of their bits."""
    return tuple(
        Phrase(label, frozenset(first.split()), frozenset() if second == _NOTHING else frozenset(second.split()))
        for label, first, second in resources.table("phrases.tsv")
    )


@cache
def _phrase_words() -> tuple[Mapping[str, int], NDArray[np.uint64]]:
    """Return the rows of the words of phrases, and in each row the bits of those it makes alone, opens and closes.

    Row 0 is that of all other words.
    """
    numbers: dict[str, int] = {}
    rows = [[0, 0, 0]]
    for place, phrase in enumerate(phrases()):
        for column, words in ((1 if phrase.second else 0, phrase.first), (2, phrase.second)):
            for word in sorted(words):
                if numbers.setdefault(word, len(rows)) == len(rows):
                    rows.append([0, 0, 0])
                rows[numbers[word]][column] |= 1 << place
    return numbers, np.array(rows, dtype=np.uint64)


class Lexicon:
    """Terms, atoms and chunks by number.

    With `known` terms, only those (and cue words) have numbers and all others are UNKNOWN; without, every term
    gets the next number as it is met. `parties` numbers what names stand for.
    """

    def __init__(self, parties: Mapping[Target, int], known: Iterable[str] | None = None) -> None:
        self.terms: list[str] = ["", *dict.fromkeys([*cues(), *(known or ())])]
        self._term_numbers = {term: number for number, term in enumerate(self.terms) if number}
        self._grows = known is None
        self._number = self.number if self._grows else self._term_numbers.get
        self._cues = np.array([cues().get(term, 0) for term in self.terms], dtype=np.uint64)
        self._parties = parties
        self._names = tokens.names()
        self._capitals = tokens.capitals()
        self._stopwords = tokens.function_words()
        self._gazetteer = gazetteer()
        self._phrase_numbers, self._phrase_bits = _phrase_words()
        # words of which there is more to know than their terms, folded; most words aren't among them
        self._notable = self._names.keys() | self._phrase_numbers.keys() | set(map(fold, self._gazetteer.words))
        self.reset()

    def reset(self) -> None:
        """Forget all chunks and atoms (not the terms)."""
        self._analyzer = Analyzer()
        self.chunk_numbers = _Chunks()
        self.chunks: list[str] = []
        self._letters = 0
        self._atom_numbers: dict[str, int] = {}
        self._composites: dict[tuple[tuple[str, ...], str], int] = {}
        # what is known of each atom, by its number
        self.written: list[str] = []
        self.folded: list[str] = []
        self._flags = _Growing(np.dtype(np.uint8))
        self._first = _Growing(np.dtype(np.int32))
        self._phrases = _Growing(np.dtype(np.int32))
        self._party = _Growing(np.dtype(np.int32))
        self._atom_terms = _Ragged()
        self._chunk_atoms = _Ragged()
        self._extend([""], [""], [NO_TERM])
        self._atom_terms.append(())

    def is_full(self) -> bool:
        """Tell whether it keeps so much that it should forget it."""
        return len(self.chunks) > CACHE_CHUNKS or self._letters > CACHE_LETTERS

    def number(self, term: str) -> int:
        """Return the number of a term, UNKNOWN where it has none."""
        found = self._term_numbers.get(term)
        if found is None:
            if not self._grows or len(self.terms) >> TERM_BITS:
                return UNKNOWN
            found = self._term_numbers[term] = len(self.terms)
            self.terms.append(term)
        return found

    def update(self) -> None:
        """Take apart the chunks that were looked up for the first time since the last call, all at once."""
        new = self.chunk_numbers.new
        words = [[core] if (core := chunk.strip(_EDGES)).isalpha() else tokens.WORD.findall(chunk) for chunk in new]
        self._add_words([word for row in words for word in row if "-" not in word])
        known = self._atom_numbers
        for row in words:
            if len(row) == 1 and row[0] in known:
                self._chunk_atoms.append((known[row[0]],))
            else:
                atoms = (self._parts(word) if "-" in word else (known[word],) for word in row)
                self._chunk_atoms.append([atom for part in atoms for atom in part])
        self.chunks += new
        self._letters += sum(map(len, new))
        new.clear()
        self._settle()

    def _settle(self) -> None:
        for column in (self._flags, self._first, self._phrases, self._party, self._atom_terms, self._chunk_atoms):
            column.update()

    def atoms_of(self, chunks: Ints) -> tuple[Ints, Ints]:
        """Return the atoms of chunks, and for each atom the position of its chunk."""
        return self._chunk_atoms.rows(chunks)

    def terms_of(self, atoms: Ints) -> tuple[Ints, Ints]:
        """Return the numbers of the known terms of atoms, and for each the position of its atom."""
        return self._atom_terms.rows(atoms)

    def first_of(self, atoms: Ints) -> Ints:
        """Return the numbers of the first terms of atoms, UNKNOWN or NO_TERM."""
        return self._first.items[atoms].astype(np.int64)

    def flags_of(self, atoms: Ints) -> NDArray[np.uint8]:
        """Return what atoms may be part of: STARTS_NAME, STARTS_PARTY and so on."""
        flags: NDArray[np.uint8] = self._flags.items[atoms]
        return flags

    def party_of(self, atoms: Ints) -> Ints:
        """Return the parties that atoms name by themselves, -1 where none."""
        return self._party.items[atoms].astype(np.int64)

    def cues_of(self, terms: Ints) -> NDArray[np.uint64]:
        """Return the classes of cue words of (known) terms, a bit each."""
        bits: NDArray[np.uint64] = self._cues[terms]
        return bits

    def phrases_of(self, atoms: Ints) -> NDArray[np.uint64]:
        """Return the phrases that atoms make alone, open and close (columns), a bit each."""
        bits: NDArray[np.uint64] = self._phrase_bits[self._phrases.items[atoms]]
        return bits

    def _add_words(self, words: Iterable[str]) -> None:
        """Add the words without hyphens that aren't known yet; their terms are those of `Analyzer.word_terms`."""
        new = [word for word in dict.fromkeys(words) if word not in self._atom_numbers]
        folded = [self._capitals.get(word) or fold(word) for word in new]
        stop, number = self._stopwords, self._number
        first: list[int] = []
        rows: list[tuple[int, ...]] = []
        for word, stem in zip(folded, stemming.stems(folded), strict=True):
            if word in stop or (len(word) == 1 and not word.isdigit()):
                first.append(NO_TERM)
                rows.append(())
                continue
            term = number(stem) or UNKNOWN
            surface = UNKNOWN if stem == word else number(SURFACE + word) or UNKNOWN
            first.append(term)
            if surface:
                rows.append((term, surface) if term else (surface,))
            else:
                rows.append((term,) if term else ())
        self._atom_numbers.update(zip(new, range(len(self.written), len(self.written) + len(new)), strict=True))
        self._extend(new, folded, first)
        for row in rows:
            self._atom_terms.append(row)

    def _parts(self, word: str) -> list[int]:
        """Add the parts of a hyphenated word; the first bears the terms of the whole: negara-negara."""
        parts = word.split("-")
        first, terms = self._numbers(self._analyzer.word_terms(fold(word)))
        self._extend(parts, [fold(part) for part in parts], [first, *(NO_TERM for _ in parts[1:])], IS_INNER_PART)
        for row in (terms, *(() for _ in parts[1:])):
            self._atom_terms.append(row)
        return list(range(len(self.written) - len(parts), len(self.written)))

    def _numbers(self, terms: Sequence[str]) -> tuple[int, Sequence[int]]:
        """Return the number of the first of `terms`, and those of all that are known."""
        numbers = [self.number(term) for term in terms]
        return numbers[0] if numbers else NO_TERM, [number for number in numbers if number != UNKNOWN]

    def _extend(self, written: Sequence[str], folded: Sequence[str], first: Sequence[int], others: int = 0) -> None:
        """Add atoms with all that is known of them beside their terms; all but the first have the flag `others`."""
        notable = self._notable
        flags, phrases, party = [0] * len(written), [0] * len(written), [-1] * len(written)
        for place, word in enumerate(folded):
            if word in notable:
                flags[place], phrases[place], party[place] = self._look_up(written[place], word)
            elif word.isdigit():
                flags[place], phrases[place] = STARTS_PHRASE, self._phrase_numbers[_FIGURE]
        for place in [place for place, term in enumerate(first) if 0 < term < len(self._cues)]:
            flags[place] |= IS_CUE * bool(self._cues[first[place]])
        flags[1:] = [flag | others for flag in flags[1:]]
        self.written += written
        self.folded += folded
        self._flags.extend(flags)
        self._first.extend(first)
        self._phrases.extend(phrases)
        self._party.extend(party)

    def _look_up(self, written: str, folded: str) -> tuple[int, int, int]:
        """Return the flags of a notable word, its row among the words of phrases, and the party that it names."""
        flags, party = 0, -1
        phrase = self._phrase_numbers.get(_FIGURE if folded.isdigit() else folded, 0)
        if phrase:
            flags |= STARTS_PHRASE
        if folded in self._names:
            flags |= STARTS_NAME
        if self._gazetteer.may_continue(written):
            flags |= CONTINUES_PARTY
        if self._gazetteer.may_start(written):
            flags |= STARTS_PARTY
            _size, target = self._gazetteer.match([written])
            party = self._parties[target] if target is not None else -1
        return flags, phrase, party

    def plain(self, atom: int) -> int:
        """Return the atom of a word by itself, for one that is a part of a hyphenated word."""
        word = self.written[atom]
        self._add_words([word])
        return self._atom_numbers[word]

    def name_at(self, atoms: Ints) -> tuple[int, int]:
        """Return how many atoms the name or compound that they start with spans (0: none), and what stands for it."""
        rows = self._names[self.folded[atoms[0]]]
        folded = tuple(self.folded[atom] for atom in atoms[: len(rows[0][0])].tolist())
        for words, canonical in rows:  # longest first
            if folded[: len(words)] == words:
                return len(words), self._composite(words, canonical)
        return 0, EMPTY

    def _composite(self, words: tuple[str, ...], canonical: str) -> int:
        found = self._composites.get((words, canonical))
        if found is None:
            terms = self._numbers(tokens.name_terms(self._analyzer, words, canonical))
            found = self._composites[words, canonical] = len(self.written)
            self._extend([""], [""], [terms[0]])
            self._atom_terms.append(terms[1])
        return found


class _Chunks(dict[str, int]):
    """Numbers of chunks; a new one gets the next number when it is looked up, and waits in `new`."""

    def __init__(self) -> None:
        super().__init__()
        self.new: list[str] = []

    def __missing__(self, chunk: str) -> int:
        number = self[chunk] = len(self)
        self.new.append(chunk)
        return number


class _Growing:
    """An array that grows at its end: values appended are part of `items` after `update`."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.items: NDArray[Any] = np.zeros(1 << 10, dtype)
        self._new: list[int] = []
        self._size = 0
        self.append, self.extend = self._new.append, self._new.extend

    def update(self) -> None:
        end = self._size + len(self._new)
        if end > len(self.items):
            self.items = np.concatenate([self.items, np.zeros(max(end, len(self.items)), self.items.dtype)])
        self.items[self._size : end] = self._new
        self._new.clear()
        self._size = end


class _Ragged:
    """Rows of integers of any length, one behind the other."""

    def __init__(self) -> None:
        self._flat = _Growing(np.dtype(np.int32))
        self._bounds = _Growing(np.dtype(np.int32))
        self._bounds.append(0)
        self._end = 0

    def append(self, row: Sequence[int]) -> None:
        if row:
            self._flat.extend(row)
            self._end += len(row)
        self._bounds.append(self._end)

    def update(self) -> None:
        self._flat.update()
        self._bounds.update()

    def rows(self, numbers: Ints) -> tuple[Ints, Ints]:
        """Return the values of rows, one row behind the other, and for each value the position of its row."""
        starts = self._bounds.items[numbers].astype(np.int64)
        sizes = self._bounds.items[numbers + 1] - starts
        owner = np.repeat(np.arange(len(numbers)), sizes)
        before = np.cumsum(sizes) - sizes
        return self._flat.items[(starts - before)[owner] + np.arange(len(owner))].astype(np.int64), owner
