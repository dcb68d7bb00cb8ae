"""What the classifier knows of each word, found out once and kept by number.

A text is cut at its spaces into chunks ("Jepang,", "negara-negara"), a chunk into atoms: words and figures,
hyphenated words taken apart. News repeats its chunks, so nearly every one is a look-up, and all that is known
of its atoms comes from arrays, a block of texts at a time. Of the new ones, four in five are a word of ASCII's
letters with or without punctuation: these are found out in arrays, too, and only new words become strings.

    chunk   "(Indonesia-Jepang)"
    atoms   Indonesia, Jepang
    terms   indonesia, jepang    (their numbers; see `tokens`)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kerjasama_nlp import resources
from kerjasama_nlp.arrays import Ints
from kerjasama_nlp.labels.growing import Growing, Ragged, Values
from kerjasama_nlp.labels.numbering import Numbering
from kerjasama_nlp.labels.parties import Target, gazetteer
from kerjasama_nlp.labels.pieces import EDGES, Pieces, plain_words
from kerjasama_nlp.language import stemming, tokens
from kerjasama_nlp.language.tokens import SURFACE, Analyzer, fold, fold_all

# Distinct chunks kept, some 150 bytes each; past it the lexicon starts anew (memory stays bounded).
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
STARTS_NAME, STARTS_PARTY, STARTS_PHRASE, IS_CUE, IS_INNER_PART, IS_CAPITALS = 1, 2, 4, 8, 16, 32
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


# Any word that isn't a link, as a class of links.
NO_LINK = "-"


@cache
def link_classes() -> tuple[str, ...]:
    """Return the classes of words that tell what part a party plays, in the order of their numbers."""
    return (NO_LINK, *(name for name, _words in resources.table("links.tsv")))


@cache
def _links() -> Mapping[str, int]:
    """Return the numbers of the classes of links by word."""
    return {
        word: number for number, (_name, words) in enumerate(resources.table("links.tsv"), 1) for word in words.split()
    }


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
        self._cues = np.array([cues().get(term, 0) for term in self.terms], dtype=np.uint64)
        self._parties = parties
        self._names = tokens.names()
        self._capitals = tokens.capitals()
        self._stopwords = tokens.function_words()
        self._gazetteer = gazetteer()
        self._phrase_numbers, self._phrase_bits = _phrase_words()
        # words of which there is more to know than their terms, folded; most words aren't among them
        in_names = {word for rows in self._names.values() for words, _canonical in rows for word in words}
        in_parties = set(map(fold, self._gazetteer.words)) | set(self._capitals.values())
        self._notable = in_names | in_parties | self._phrase_numbers.keys() | _links().keys()
        self._chunks = Numbering(CACHE_CHUNKS)
        # words of ASCII's letters by number, and their atoms
        self._plain = Numbering(CACHE_CHUNKS)
        self._plain_atoms = Growing(np.int32, CACHE_CHUNKS)
        # what is known of each atom, by its number
        self._flags = Growing(np.uint8, CACHE_CHUNKS)
        self._first = Growing(np.int32, CACHE_CHUNKS)
        self._phrases = Growing(np.int32, CACHE_CHUNKS)
        self._party = Growing(np.int32, CACHE_CHUNKS)
        self._party_words = Growing(np.int32, CACHE_CHUNKS)
        self._link = Growing(np.uint8, CACHE_CHUNKS)
        self._atom_terms = Ragged(CACHE_CHUNKS)
        self._chunk_atoms = Ragged(CACHE_CHUNKS)
        self.reset()

    def reset(self) -> None:
        """Forget all chunks and atoms (not the terms)."""
        self._analyzer = Analyzer()
        self._parts: dict[str, Sequence[int]] = {}
        self._composites: dict[tuple[tuple[str, ...], str], int] = {}
        # notable words and parts of hyphenated ones by their atoms, as they are written and folded
        self._written: dict[int, str] = {}
        self._folded: dict[int, str] = {}
        for kept in (self._chunks, self._plain, self._plain_atoms, self._atom_terms, self._chunk_atoms):
            kept.clear()
        for column in (self._flags, self._first, self._phrases, self._party, self._party_words, self._link):
            column.clear()
        self._plain_atoms.extend([EMPTY])  # their numbers start with 1
        self._chunk_atoms.extend([], [0])
        self._add([""], [""], [NO_TERM])
        self._atom_terms.extend([], [0])

    def is_full(self) -> bool:
        """Tell whether it keeps so much that it should forget it."""
        return len(self._chunks) > CACHE_CHUNKS or self._chunks.letters > CACHE_LETTERS

    def number(self, term: str) -> int:
        """Return the number of a term, UNKNOWN where it has none."""
        found = self._term_numbers.get(term)
        if found is None:
            if not self._grows or len(self.terms) >> TERM_BITS:
                return UNKNOWN
            found = self._term_numbers[term] = len(self.terms)
            self.terms.append(term)
        return found

    def chunks_of(self, pieces: Pieces) -> Ints:
        """Return the numbers of chunks; those met for the first time are taken apart."""
        chunks, new = self._chunks.look_up(pieces)
        if len(new):
            self._take_apart(pieces.at(new))
        return chunks

    def _take_apart(self, chunks: Pieces) -> None:
        """Add the atoms of new chunks."""
        words, is_word = plain_words(chunks)
        numbers, new = self._plain.look_up(words)
        start = self._flags.size
        self._add_words(words.at(new).texts())
        self._plain_atoms.extend(np.arange(start, start + len(new)))
        others = self._atoms_of_others(chunks.at(~is_word).texts())
        sizes = np.ones(len(is_word), dtype=np.int64)
        sizes[~is_word] = [len(row) for row in others]
        flat = np.empty(sizes.sum(), dtype=np.int32)
        of_word = np.repeat(is_word, sizes)
        flat[of_word] = self._plain_atoms.items[numbers]
        flat[~of_word] = [atom for row in others for atom in row]
        self._chunk_atoms.extend(flat, sizes)

    def _atoms_of_others(self, chunks: Sequence[str]) -> list[list[int]]:
        """Return the atoms of chunks that are more, or less, than a word of ASCII's letters."""
        rows = [[core] if (core := chunk.strip(EDGES)).isalpha() else tokens.WORD.findall(chunk) for chunk in chunks]
        words = dict.fromkeys(chain.from_iterable(rows))
        self._add_hyphenated([word for word in words if "-" in word and word not in self._parts])
        # those without a hyphen, mostly figures, hardly come again in a chunk that is new
        single = [word for word in words if "-" not in word]
        atoms = dict(zip(single, range(self._flags.size, self._flags.size + len(single)), strict=True))
        self._add_words(single)
        return [[atom for word in row for atom in (self._parts.get(word) or (atoms[word],))] for row in rows]

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

    def party_words_of(self, atoms: Ints) -> Ints:
        """Return the numbers of atoms among the words of the gazetteer, 0 for those of no name."""
        return self._party_words.items[atoms].astype(np.int64)

    def links_of(self, atoms: Ints) -> Ints:
        """Return the classes of links that atoms are, by their positions in `link_classes`."""
        return self._link.items[atoms].astype(np.int64)

    def cues_of(self, terms: Ints) -> NDArray[np.uint64]:
        """Return the classes of cue words of (known) terms, a bit each."""
        bits: NDArray[np.uint64] = self._cues[terms]
        return bits

    def phrases_of(self, atoms: Ints) -> NDArray[np.uint64]:
        """Return the phrases that atoms make alone, open and close (columns), a bit each."""
        bits: NDArray[np.uint64] = self._phrase_bits[self._phrases.items[atoms]]
        return bits

    def _add_words(self, words: Sequence[str]) -> None:
        """Add atoms for words without hyphens; their terms are those of `Analyzer.word_terms`."""
        folded = fold_all(words)
        for place in [place for place, word in enumerate(words) if word.isupper()]:
            folded[place] = self._capitals.get(words[place]) or folded[place]
        stop = self._stopwords
        places = [n for n, word in enumerate(folded) if word not in stop and (len(word) > 1 or word.isdigit())]
        content = [folded[place] for place in places]
        stems = stemming.stems(content)
        changed = [n for n, (word, stem) in enumerate(zip(content, stems, strict=True)) if word != stem]
        # columns: the term of the stem, that of the surface form; NO_TERM is left out of the terms as UNKNOWN is
        terms = np.full((len(words), 2), NO_TERM, dtype=np.int32)
        terms[places, 0] = self.numbers(stems)
        terms[[places[n] for n in changed], 1] = self.numbers([SURFACE + content[n] for n in changed])
        known = terms > UNKNOWN
        self._add(words, folded, terms[:, 0])
        self._atom_terms.extend(terms[known], known.sum(axis=1))

    def _add_hyphenated(self, words: Sequence[str]) -> None:
        """Add the parts of hyphenated words; the first bears the terms of the whole: negara-negara."""
        written: list[str] = []
        first: list[int] = []
        terms: list[Sequence[int]] = []
        inner: list[int] = []
        start = self._flags.size
        for word in words:
            parts = word.split("-")
            number, known = self._first_and_known(self._analyzer.word_terms(fold(word)))
            self._parts[word] = range(start + len(written), start + len(written) + len(parts))
            inner += range(len(written) + 1, len(written) + len(parts))
            written += parts
            rest = len(parts) - 1
            first += [number, *[NO_TERM] * rest]
            terms += [known, *[()] * rest]
        self._written.update(enumerate(written, start))
        self._add(written, list(map(fold, written)), first, inner)
        self._atom_terms.extend(list(chain.from_iterable(terms)), list(map(len, terms)))

    def numbers(self, terms: Sequence[str]) -> list[int]:
        """Return the numbers of terms, UNKNOWN for those that have none."""
        if self._grows:
            return list(map(self.number, terms))
        find = self._term_numbers.get
        return [find(term, UNKNOWN) for term in terms]

    def _first_and_known(self, terms: Sequence[str]) -> tuple[int, Sequence[int]]:
        """Return the number of the first of `terms`, and those of all that are known."""
        numbers = self.numbers(terms)
        return numbers[0] if numbers else NO_TERM, [number for number in numbers if number != UNKNOWN]

    def _add(self, written: Sequence[str], folded: Sequence[str], first: Values, inner: Sequence[int] = ()) -> None:
        """Add atoms with all that is known of them but their terms; `inner` are positions of parts, but first ones."""
        start, notable, figure = self._flags.size, self._notable, self._phrase_numbers[_FIGURE]
        first = np.asarray(first, dtype=np.int32)
        flags = np.zeros(len(written), dtype=np.uint8)
        phrases, words = np.zeros((2, len(written)), dtype=np.int32)
        party = np.full(len(written), -1, dtype=np.int32)
        link = np.zeros(len(written), dtype=np.uint8)
        for place in [place for place, word in enumerate(folded) if word in notable]:
            self._written[start + place], self._folded[start + place] = written[place], folded[place]
            words[place] = self._gazetteer.words.get(written[place].lower(), 0)
            flags[place], phrases[place], party[place] = self._look_up(written[place], folded[place])
            link[place] = _links().get(folded[place], 0)
        figures = [place for place, word in enumerate(folded) if word.isdigit() and word not in notable]
        flags[figures], phrases[figures] = STARTS_PHRASE, figure
        may_be_cue = (first > UNKNOWN) & (first < len(self._cues))
        flags[may_be_cue] |= np.where(self._cues[first[may_be_cue]] != 0, IS_CUE, 0).astype(np.uint8)
        flags[[place for place, word in enumerate(written) if len(word) > 1 and word.isupper()]] |= IS_CAPITALS
        flags[np.array(inner, dtype=np.int64)] |= IS_INNER_PART
        self._flags.extend(flags)
        self._first.extend(first)
        self._phrases.extend(phrases)
        self._party.extend(party)
        self._party_words.extend(words)
        self._link.extend(link)

    def _look_up(self, written: str, folded: str) -> tuple[int, int, int]:
        """Return the flags of a notable word, its row among the words of phrases, and the party that it names."""
        flags, party = 0, -1
        phrase = self._phrase_numbers.get(_FIGURE if folded.isdigit() else folded, 0)
        if phrase:
            flags |= STARTS_PHRASE
        if folded in self._names:
            flags |= STARTS_NAME
        if self._gazetteer.may_start(written):
            flags |= STARTS_PARTY
            _size, target = self._gazetteer.match([written])
            party = self._parties[target] if target is not None else -1
        return flags, phrase, party

    def plain(self, atom: int) -> int:
        """Return the atom of a word by itself, for one that is a part of a hyphenated word."""
        return self._atoms_of_others([self._written[atom]])[0][0]

    def chunk(self, number: int) -> str:
        """Return a chunk as it stands in the text."""
        return self._chunks.text(number)

    def written(self, atom: int) -> str:
        """Return a word as it stands in the text, "" for one that no name, party or phrase holds."""
        return self._written.get(atom, "")

    def name_at(self, atoms: Ints) -> tuple[int, int]:
        """Return how many atoms the name or compound that they start with spans (0: none), and what stands for it."""
        found = self._folded
        rows = self._names[found[int(atoms[0])]]
        folded = tuple(found.get(atom, "") for atom in atoms[: len(rows[0][0])].tolist())
        for words, canonical in rows:  # longest first
            if folded[: len(words)] == words:
                return len(words), self._composite(words, canonical)
        return 0, EMPTY

    def _composite(self, words: tuple[str, ...], canonical: str) -> int:
        found = self._composites.get((words, canonical))
        if found is None:
            first, terms = self._first_and_known(tokens.name_terms(self._analyzer, words, canonical))
            found = self._composites[words, canonical] = self._flags.size
            self._add([""], [""], [first])
            self._atom_terms.extend(terms, [len(terms)])
        return found
