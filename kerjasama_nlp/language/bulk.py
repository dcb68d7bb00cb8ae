"""The analyzer over many texts at once: the terms that `tokens.Analyzer` gives, by number, in arrays.

A text is cut at its white space into chunks ("kerja", "sama,", "(ASEAN)"). Texts repeat their chunks, so most are a
look-up. Only a chunk that may start a name of several words is looked at with what follows it, and a text where that
isn't clear from whole chunks ("kerja-sama/kemitraan") goes through the analyzer itself.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kerjasama_nlp.language import stemming, tokens
from kerjasama_nlp.language.tokens import SURFACE, WORD, Analyzer, fold

Ids = NDArray[np.int32]

# Distinct chunks kept, and the letters of those, some 300 bytes each and 60; past it they are forgotten (memory stays
# bounded).
CACHE_CHUNKS = 1 << 18
CACHE_LETTERS = 1 << 22
# What a chunk may be: without a name's first word; that word alone; or that word among others.
_PLAIN, _STARTS_NAME, _TANGLED = 0, 1, 2
# The chunk that stands for nothing, inside a name, and one whose terms weren't needed yet.
_EMPTY, _UNREAD = 0, -1
# What may stand around a word in its chunk.
_EDGES = ".,;:!?()[]{}<>\"'`/*_-–—…“”‘’«»"


class BulkAnalyzer:
    """Turns blocks of texts into numbers of terms; a term gets the next number when it is first met.

    `terms` holds all terms met, `numbers` their numbers, and `stems` the number of the stem of each word that is one
    term. These grow with the vocabulary; nothing else grows.
    """

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.terms: list[str] = []
        self.stems: dict[str, int] = {}
        self._names = tokens.names()
        self._capitals = tokens.capitals()
        self._met: list[str] = []
        self._forget()

    def _forget(self) -> None:
        """Start anew with the chunks."""
        self._analyzer = Analyzer(self._stem)
        self._chunks = _Chunks()
        self._composites: dict[tuple[tuple[str, ...], str], int] = {}
        self._spelled: dict[int, tuple[tuple[str, ...], str]] = {}
        # by the number of a chunk: its words, folded; what it may be; where its terms start in `_flat`, and how many
        self._words: list[tuple[str, ...]] = []
        self._kinds = bytearray()
        self._starts, self._sizes = array("i"), array("i")
        self._flat = array("i")
        self._add((), _PLAIN)
        self._starts[_EMPTY] = 0

    def _add(self, words: tuple[str, ...], kind: int) -> int:
        self._words.append(words)
        self._kinds.append(kind)
        self._starts.append(_UNREAD)
        self._sizes.append(0)
        return len(self._words) - 1

    def _stem(self, word: str) -> str:
        known = self.stems.get(word)
        if known is not None and "-" not in word:  # parts of a hyphenated word may be terms, its stem isn't
            return self.terms[known]
        self._met.append(word)
        return stemming.stem(word)

    def analyze(self, text: str) -> list[str]:
        """Return all terms of one text, in order."""
        terms = self._analyzer.analyze(text)
        for term in terms:
            self._number(term)
        self._keep_stems()
        return terms

    def read(self, texts: Sequence[str]) -> tuple[Ids, Ids]:
        """Return the numbers of all terms of `texts`, not in order, and for each the text (by position) that holds it.

        >>> bulk = BulkAnalyzer()
        >>> terms, owners = bulk.read(["kerja sama negara", "negara"])
        >>> [bulk.terms[term] for term in terms], owners.tolist()
        (['kerjasama', 'negara', 'negara'], [0, 0, 1])
        """
        if len(self._words) > CACHE_CHUNKS or self._chunks.letters > CACHE_LETTERS:
            self._forget()
        look_up = self._chunks.__getitem__
        cut = [np.zeros(0, dtype=np.int32)]
        for text in texts:
            pieces = text.split()
            cut.append(np.fromiter(map(look_up, pieces), np.int32, len(pieces)))
        self._take_apart()
        chunks = np.concatenate(cut)
        ends = np.cumsum([len(part) for part in cut[1:]]).tolist()
        owners = np.repeat(np.arange(len(texts), dtype=np.int32), [len(part) for part in cut[1:]])
        tangled = self._join_names(chunks, owners, ends)
        for number in tangled:
            chunks[ends[number - 1] if number else 0 : ends[number]] = _EMPTY
        self._read_terms(chunks)
        starts, sizes = (np.frombuffer(column, dtype=np.int32)[chunks] for column in (self._starts, self._sizes))
        before = np.cumsum(sizes) - sizes
        places = np.repeat(starts - before, sizes) + np.arange(sizes.sum())
        found = [np.frombuffer(self._flat, dtype=np.int32)[places] if len(places) else np.zeros(0, dtype=np.int32)]
        whose = [np.repeat(owners, sizes)]
        for number in tangled:
            terms = [self._number(term) for term in self._analyzer.analyze(texts[number])]
            found.append(np.array(terms, dtype=np.int32))
            whose.append(np.full(len(terms), number, dtype=np.int32))
        self._keep_stems()
        return np.concatenate(found), np.concatenate(whose)

    def _number(self, term: str) -> int:
        number = self.numbers.get(term)
        if number is None:
            number = self.numbers[term] = len(self.terms)
            self.terms.append(term)
        return number

    def _take_apart(self) -> None:
        """Find the words of the chunks that were looked up for the first time."""
        for chunk in self._chunks.new:
            words = [core] if (core := chunk.strip(_EDGES)).isalpha() else WORD.findall(chunk)
            folded = tuple(self._capitals.get(word) or fold(word) for word in words)
            kind = _PLAIN
            if any(part in self._names for word in folded for part in word.split("-")):
                alone = len(folded) == 1 and "-" not in folded[0] and "(" not in chunk
                kind = _STARTS_NAME if alone else _TANGLED
            self._add(folded, kind)
        self._chunks.new.clear()

    def _join_names(self, chunks: Ids, owners: Ids, ends: Sequence[int]) -> list[int]:
        """Put what stands for a name in the place of its chunks; return the texts where that isn't clear."""
        kinds = np.frombuffer(self._kinds, dtype=np.uint8)[chunks]
        tangled = set(np.unique(owners[kinds == _TANGLED]).tolist())
        done = 0
        for position in np.flatnonzero(kinds == _STARTS_NAME).tolist():
            text = int(owners[position])
            if position < done or text in tangled:
                continue
            size, name = self._name_at(chunks, position, ends[text])
            if name == _UNREAD:
                tangled.add(text)
            elif size:
                chunks[position : position + size] = _EMPTY
                chunks[position] = name
                done = position + size
        return sorted(tangled)

    def _name_at(self, chunks: Ids, position: int, end: int) -> tuple[int, int]:
        """Return how many chunks the name at `position` takes (0: there is none), and the number that stands for it.

        The number is _UNREAD where a chunk holds more than the next word of a name.
        """
        for words, canonical in self._names[self._words[chunks[position]][0]]:  # longest first
            place = position + 1
            for word in words[1:]:
                while place < end and not self._words[chunks[place]]:
                    place += 1
                following = self._words[chunks[place]] if place < end else ("",)
                if following[0].split("-")[0] != word:
                    break
                if following != (word,):
                    return 0, _UNREAD
                place += 1
            else:
                return place - position, self._composite(words, canonical)
        return 0, _EMPTY

    def _composite(self, words: tuple[str, ...], canonical: str) -> int:
        found = self._composites.get((words, canonical))
        if found is None:
            found = self._composites[words, canonical] = self._chunks.reserve()
            self._spelled[found] = words, canonical
            self._add(words, _PLAIN)
        return found

    def _read_terms(self, chunks: Ids) -> None:
        """Find the terms of the chunks that are needed for the first time."""
        unread = np.frombuffer(self._starts, dtype=np.int32)[chunks] == _UNREAD
        analyzer = self._analyzer
        for chunk in np.unique(chunks[unread]).tolist():
            self._starts[chunk] = len(self._flat)
            if chunk in self._spelled:
                self._flat.extend(map(self._number, tokens.name_terms(analyzer, *self._spelled[chunk])))
            else:
                for word in self._words[chunk]:
                    self._flat.extend(map(self._number, analyzer.word_terms(word)))
            self._sizes[chunk] = len(self._flat) - self._starts[chunk]

    def _keep_stems(self) -> None:
        """Keep the stems of the words met since the last call that are one term."""
        met, self._met = self._met, []
        for word in met:
            if word not in self.stems and len(word) <= stemming.MAX_WORD:
                terms = self._analyzer.word_terms(word)
                if len(terms) == 1 or terms[1:] == (SURFACE + word,):
                    self.stems[word] = self.numbers[terms[0]]
        self._met.clear()


class _Chunks(dict[str, int]):
    """Numbers of chunks; a new one gets the next number when it is looked up, and waits in `new`."""

    def __init__(self) -> None:
        super().__init__()
        self.new: list[str] = []
        self.letters = 0
        self._next = _EMPTY + 1

    def reserve(self) -> int:
        """Return the next number."""
        number = self._next
        self._next += 1
        return number

    def __missing__(self, chunk: str) -> int:
        self.new.append(chunk)
        self.letters += len(chunk)
        number = self[chunk] = self.reserve()
        return number
