"""A block of texts taken apart, in arrays: their words, the parties they name, and both in one sequence.

    text      Presiden Jokowi membantu Jepang
    words     presiden, jokowi, bantu, jepang
    symbols   PEJABAT_RI, bantu, NEGARA

Texts are read by the block because arrays are quick by the thousand; what a text is read as doesn't depend on
its block.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from kerjasama_nlp.arrays import Ints
from kerjasama_nlp.labels import parties
from kerjasama_nlp.labels.lexicon import (
    EMPTY,
    IS_CAPITALS,
    IS_CUE,
    IS_INNER_PART,
    NO_TERM,
    STARTS_NAME,
    STARTS_PARTY,
    STARTS_PHRASE,
    Lexicon,
    link_classes,
)
from kerjasama_nlp.labels.parties import HOME, Target
from kerjasama_nlp.labels.pieces import cut


@dataclass(frozen=True, slots=True)
class Party:
    """A party as the classifier sees it: what it is, and which symbol stands for it in a text."""

    target: Target
    symbol: str


@cache
def all_parties() -> tuple[Party, ...]:
    """Return all parties that the gazetteer can name; mentions hold their positions here."""
    return tuple(Party(target, _symbol(*target)) for target in sorted(parties.gazetteer().targets))


@cache
def _positions() -> dict[Target, int]:
    return {party.target: position for position, party in enumerate(all_parties())}


def _symbol(kind: str, key: str) -> str:
    if kind == "state":
        return "RI" if key == HOME else "NEGARA"
    if kind == "organisation":
        return {"global": "ORG", "regional": "KAWASAN", "bloc": "BLOK"}[parties.organisations()[key].kind]
    if kind == "person":
        if key == HOME:
            return "PEJABAT_RI"
        return "PEJABAT" if key in parties.states() else "PEJABAT_ORG"
    return key.upper()


@cache
def bodies() -> Ints:
    """Return for each of `all_parties` a number of the state or body that it is or speaks for."""
    keys = {key: number for number, key in enumerate(sorted({party.target[1] for party in all_parties()}))}
    return np.array([keys[party.target[1]] for party in all_parties()], dtype=np.int64)


@cache
def _state() -> Ints:
    """Return the number of each of `all_parties` among `bodies`, -1 for those that are no state and no person."""
    return np.where([party.target[0] in {"state", "person"} for party in all_parties()], bodies(), -1)


@cache
def symbols() -> tuple[str, ...]:
    """Return the symbols of parties, sorted."""
    return tuple(sorted({party.symbol for party in all_parties()}))


@dataclass(frozen=True, slots=True)
class Reading:
    """A block of `n` texts. Arrays of one group have one entry a word, symbol, mention ..., in order of the text.

    `..._text` holds the number of the text (0 to n - 1, ascending). Terms are numbers of the lexicon.
    """

    n: int
    # words that are terms: the first term of each (UNKNOWN: none that the lexicon holds) ...
    word_text: Ints
    word_first: Ints
    # ... and all known terms of all words
    term_text: Ints
    term: Ints
    # words and parties, in one sequence: a term or a symbol each, and its place in the text
    symbol_text: Ints
    symbol: Ints
    symbol_place: Ints
    symbol_party: NDArray[np.bool_]
    # cue words by their positions among the symbols, with their classes, a bit each
    cue_symbol: Ints
    cue_classes: NDArray[np.uint64]
    # parties by their positions in `all_parties`, and their own positions among the symbols
    mention_text: Ints
    mention_party: Ints
    mention_symbol: Ints
    # the function words before and after each party by their positions in `lexicon.link_classes`; their number at
    # the ends of the text
    mention_before: Ints
    mention_after: Ints
    # what stands between states or their people (mentions by position) and the next of their text, at most a word
    joints: list[tuple[int, str]]
    # phrases, not in order: text, and the phrase's position in `lexicon.phrases`
    phrase_text: Ints
    phrase: Ints


class Reader:
    """Reads blocks of texts with a lexicon of `known` terms, or of all that are met."""

    def __init__(self, known: Iterable[str] | None = None) -> None:
        self.lexicon = lexicon = Lexicon(_positions(), known)
        self._symbols = np.array([lexicon.number(party.symbol) for party in all_parties()], dtype=np.int64)

    def read(self, texts: Sequence[str]) -> Reading:
        """Take texts apart."""
        lexicon = self.lexicon
        if lexicon.is_full():
            lexicon.reset()
        pieces, sizes = cut(texts)
        chunks = lexicon.chunks_of(pieces)
        atoms, chunk_of = lexicon.atoms_of(chunks)
        text_of = np.repeat(np.arange(len(texts)), sizes)[chunk_of]
        ends = np.cumsum(np.bincount(text_of, minlength=len(texts)))
        block = _Block(lexicon, chunks, chunk_of, atoms, lexicon.flags_of(atoms), text_of, ends)
        phrase_text, phrase = block.phrases()
        position, size, which = block.mentions()
        words = block.with_names()
        first = lexicon.first_of(words)
        is_word = first != NO_TERM
        term, owner = lexicon.terms_of(words)
        symbol, party = first.copy(), np.zeros(len(words), dtype=np.bool_)
        for extra in range(1, int(size.max(initial=1))):
            symbol[position[size > extra] + extra] = NO_TERM
        symbol[position] = self._symbols[which]
        party[position] = True
        kept = symbol != NO_TERM
        symbol_text = text_of[kept]
        place = np.cumsum(kept) - 1
        counts = np.bincount(symbol_text, minlength=len(texts))
        (cue,) = np.nonzero(kept & ~party & (lexicon.flags_of(words) & IS_CUE != 0))
        return Reading(
            n=len(texts),
            word_text=text_of[is_word],
            word_first=first[is_word],
            term_text=text_of[owner],
            term=term,
            symbol_text=symbol_text,
            symbol=symbol[kept],
            symbol_place=np.arange(len(symbol_text)) - np.repeat(np.cumsum(counts) - counts, counts),
            symbol_party=party[kept],
            cue_symbol=place[cue],
            cue_classes=lexicon.cues_of(first[cue]),
            mention_text=text_of[position],
            mention_party=which,
            mention_symbol=place[position],
            mention_before=block.links(position, position - 1),
            mention_after=block.links(position, position + size),
            joints=block.joints(position, size, which),
            phrase_text=phrase_text,
            phrase=phrase,
        )


@dataclass(frozen=True, slots=True)
class _Block:
    """The chunks of a block; its atoms, their chunks' positions, flags and texts; where each text's atoms end."""

    lexicon: Lexicon
    chunks: Ints
    chunk_of: Ints
    atoms: Ints
    flags: NDArray[np.uint8]
    text_of: Ints
    ends: Ints

    def _flagged(self, what: int) -> Ints:
        """Return the positions of atoms that may be the start of something."""
        return np.nonzero(self.flags & what != 0)[0]

    def _chunk(self, atom: int) -> str:
        """Return the chunk that an atom (by its position) stands in."""
        return self.lexicon.chunk(int(self.chunks[self.chunk_of[atom]]))

    def _written(self, atom: int) -> str:
        """Return an atom (by its position) that belongs to a party as it stands in the text."""
        return self.lexicon.written(int(self.atoms[atom]))

    def phrases(self) -> tuple[Ints, Ints]:
        """Return the phrases in the block: their texts, and which they are; more than once where they recur."""
        here = self._flagged(STARTS_PHRASE)
        following = np.minimum(here + 1, len(self.atoms) - 1)
        alone, opens, _ = self.lexicon.phrases_of(self.atoms[here]).T
        closes = self.lexicon.phrases_of(self.atoms[following])[:, 2]
        same = (self.text_of[here] == self.text_of[following]) & (following > here)
        bits = alone | np.where(same, opens & closes, 0)
        here, bits = here[bits != 0], bits[bits != 0]
        owner, phrase = np.nonzero((bits[:, None] >> np.arange(32, dtype=np.uint64)) & 1)
        return self.text_of[here[owner]], phrase

    def mentions(self) -> tuple[Ints, Ints, Ints]:
        """Return the parties named: their positions, their sizes in atoms, and which they are."""
        gazetteer, written, atoms = parties.gazetteer(), self.lexicon.written, self.atoms
        starting = self._flagged(STARTS_PARTY)
        party = np.full(len(self.atoms), -1, dtype=np.int64)
        party[starting] = self.lexicon.party_of(self.atoms[starting])
        size = np.ones(len(self.atoms), dtype=np.int64)
        # Few pairs of words start a name: only there the names of more than a word are looked for.
        following = np.minimum(starting + 1, len(self.atoms) - 1)
        second = self.lexicon.party_words_of(self.atoms[following])
        likely = (second > 0) & (self.text_of[following] == self.text_of[starting]) & (following > starting)
        longer = starting[likely]
        longer = longer[gazetteer.may_join(self.lexicon.party_words_of(self.atoms[longer]), second[likely])]
        done = 0
        for position, end in zip(longer.tolist(), self.ends[self.text_of[longer]].tolist(), strict=True):
            if position < done:
                continue
            stop = min(end, position + gazetteer.longest)
            length, target = gazetteer.match(list(map(written, atoms[position:stop].tolist())))
            if length > 1:
                done = position + length
                party[position:done] = -1
                party[position] = _positions()[target] if target is not None else -1
                size[position] = length
        (found,) = np.nonzero(party >= 0)
        return found, size[found], party[found]

    def links(self, position: Ints, neighbour: Ints) -> Ints:
        """Return the classes of the atoms at `neighbour`; behind all classes where their text ends before."""
        there = np.clip(neighbour, 0, len(self.atoms) - 1)
        inside = (there == neighbour) & (self.text_of[there] == self.text_of[position])
        return np.where(inside, self.lexicon.links_of(self.atoms[there]), len(link_classes()))

    def joints(self, position: Ints, size: Ints, party: Ints) -> list[tuple[int, str]]:
        """Return what joins states (or their people) to the next one of their text: (mention, what stands between).

        At most a word stands between them.
        """
        last, following = position[:-1] + size[:-1] - 1, position[1:]
        near = (following - last <= 2) & (self.text_of[last] == self.text_of[following])  # noqa: PLR2004  # a word
        state = _state()[party]
        near &= (state[:-1] >= 0) & (state[1:] >= 0) & (state[:-1] != state[1:])
        found = []
        for mention in np.nonzero(near)[0].tolist():
            left, right = int(last[mention]), int(following[mention])
            chunks = self.chunks[self.chunk_of[left] : self.chunk_of[right] + 1].tolist()
            between = " ".join(self.lexicon.chunk(chunk) for chunk in chunks)
            # names that recur within their chunk are too odd to care
            _, _, between = between.partition(self._written(left))
            between, _, _ = between.rpartition(self._written(right))
            found.append((mention, between.strip()))
        return found

    def with_names(self) -> Ints:
        """Return the atoms, each name and compound replaced by the atom that stands for it."""
        words = self.atoms.copy()
        flagged = self._flagged(STARTS_NAME)
        done = 0
        for position, end in zip(flagged.tolist(), self.ends[self.text_of[flagged]].tolist(), strict=True):
            if position < done or self._spells_out(position):
                continue
            size, name = self.lexicon.name_at(self.atoms[position:end])
            if size:
                words[position : position + size] = EMPTY
                words[position] = name
                done = position + size
                rest = done  # of a hyphenated word that the name ended in: Uni Eropa-Jepang
                while rest < end and self.flags[rest] & IS_INNER_PART:
                    words[rest] = self.lexicon.plain(int(words[rest]))
                    rest += 1
        return words

    def _spells_out(self, position: int) -> bool:
        """Tell whether an atom opens the spelling out of an abbreviation: "UNESCO (United Nations ...".

        A name inside it ("United Nations") is then no name of its own.
        """
        if position == 0 or self.text_of[position - 1] != self.text_of[position]:
            return False
        return (
            bool(self.flags[position - 1] & IS_CAPITALS)
            and self.chunk_of[position - 1] != self.chunk_of[position]
            and self._chunk(position).startswith("(")
        )
