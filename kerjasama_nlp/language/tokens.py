"""The one analyzer: text to terms, the same for articles, questions and news.

A term is either a stem ("negara"), the canonical token of a name ("pbb"), or a surface form marked
by SURFACE ("=negaranya"), which is added where it differs from the stem: stems and surface forms
together rank better than either alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

from kerjasama_nlp import resources
from kerjasama_nlp.language import stemming

SURFACE = "="
# Distinct words kept analysed, about 200 bytes each; past it the cache starts anew (memory stays bounded). Longer ones
# than MAX_WORD aren't kept: they are their own stems, and may have a million letters.
CACHEWORDS = 1 << 18

# A word or a figure; hyphenated words are one.
WORD = re.compile(
    r"""
      \d+(?:[.,:/]\d+)*%?                          # 1955, 318,6, 11%, 24/2000
    | [^\W\d_]+(?:['’ʼ-][^\W\d_]+)*\d*             # kata, negara-negara, Pasifik-Asia, G20 without the hyphen
    """,
    re.VERBOSE,
)
_CLITIC = re.compile(r"^(ku|mu|nya|lah|kah|tah|pun|an)$")


class Token(NamedTuple):
    """One word of a text: its terms, and where it stands (`text[start:end]`)."""

    terms: tuple[str, ...]
    start: int
    end: int


def fold(text: str) -> str:
    """Return `text` case-folded and without accents, compatibility forms replaced.

    >>> fold("Côte d’Ivoire")
    "cote d'ivoire"
    """
    if text.isascii():
        return text.lower()
    text = text.casefold().replace("’", "'").replace("ʼ", "'")
    decomposed = unicodedata.normalize("NFKD", text)
    if decomposed.count(" ") > text.count(
        " "
    ):  # signs that stand for a phrase, such as U+FDFA, would cut a word in two
        kept = (c for c in text if c.isspace() or " " not in unicodedata.normalize("NFKD", c))
        decomposed = unicodedata.normalize("NFKD", "".join(kept))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def fold_all(words: Sequence[str]) -> list[str]:
    r"""Return words, none of which holds a line's end, folded: those of ASCII all at once, which is faster.

    >>> fold_all(["Padi", "Côte"]), fold_all(["UN"]), fold_all([])
    (['padi', 'cote'], ['un'], [])
    """
    joined = "\n".join(words)
    return joined.lower().split("\n") if joined.isascii() and joined else list(map(fold, words))


@cache
def function_words() -> frozenset[str]:
    """Return the function words that are never terms."""
    return frozenset(resources.lines("stopwords.txt"))


@cache
def names() -> dict[str, tuple[tuple[tuple[str, ...], str], ...]]:
    """Return the multi-word names and compounds by first word: (words, canonical token), longest first."""
    found: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for variant, canonical in resources.table("compounds.tsv"):
        words = tuple(variant.split())
        found.setdefault(words[0], []).append((words, canonical))
        found.setdefault("".join(words), []).append((("".join(words),), canonical))
    for canonical, names in resources.table("expansions.tsv"):
        for name in names.split(";"):
            if not name.isupper():
                words = tuple(name.split())
                found.setdefault(words[0], []).append((words, canonical))
    return {first: tuple(sorted(rows, key=lambda row: -len(row[0]))) for first, rows in found.items()}


@cache
def _compounds() -> frozenset[str]:
    """Return the written forms of compounds: their parts are no terms of their own."""
    return frozenset(canonical for _, canonical in resources.table("compounds.tsv"))


@cache
def capitals() -> dict[str, str]:
    """Return the abbreviations that count only in capitals: "UN" -> "pbb"."""
    rows = resources.table("expansions.tsv")
    return {name: canonical for canonical, names in rows for name in names.split(";") if name.isupper()}


def spell_out_capitals(text: str) -> str:
    """Replace abbreviations that count only in capitals by their canonical token.

    >>> spell_out_capitals("apa itu UN?")
    'apa itu pbb?'
    """
    return WORD.sub(lambda match: capitals().get(match.group(), match.group()), text)


class _Parts(NamedTuple):
    """The hyphen-free parts of the words of a text, folded, and the number of the word that each belongs to.

    `places` holds, by the parts' positions, where those of hyphenated words stand in the text.
    """

    texts: list[str]
    owners: list[int]
    places: dict[int, tuple[int, int]]


def _split_hyphens(text: str, spans: Sequence[tuple[str, int, int]]) -> _Parts:
    """Take hyphenated words apart; `spans` are the words of a text, folded, and where they stand."""
    texts: list[str] = []
    owners: list[int] = []
    places: dict[int, tuple[int, int]] = {}
    for owner, (word, start, end) in enumerate(spans):
        if "-" not in word:
            texts.append(word)
            owners.append(owner)
            continue
        place = start
        for folded, written in zip(word.split("-"), text[start:end].split("-"), strict=True):
            places[len(texts)] = place, place + len(written)
            texts.append(folded)
            owners.append(owner)
            place += len(written) + 1
    return _Parts(texts, owners, places)


def _spells_out(text: str, start: int, spans: list[tuple[str, int, int]], index: int) -> bool:
    """Tell whether the word at `start` opens the spelling out of an abbreviation: "UNESCO (United Nations ...".

    A name inside it ("United Nations") is then no name of its own.
    """
    if index == 0 or text[start - 1] != "(":
        return False
    _, before_start, before_end = spans[index - 1]
    return before_end - before_start > 1 and text[before_start:before_end].isupper()


class Analyzer:
    """Turns text into terms, stemming each distinct word once.

    `stem` maps a folded word to its stem. A model passes its own lexicon here, so that words it has
    seen cost a look-up and no stemmer. `stopwords` (default: `function_words()`) are no terms.
    """

    def __init__(self, stem: Callable[[str], str] = stemming.stem, stopwords: frozenset[str] | None = None) -> None:
        self._stem = stem
        self._stopwords = function_words() if stopwords is None else stopwords
        self._terms: dict[str, tuple[str, ...]] = {}

    def word_terms(self, word: str) -> tuple[str, ...]:
        """Return the terms of one folded word: its stem, then its surface form where that differs.

        A hyphenated word that isn't a reduplication is taken apart: its parts are words of their own.

        >>> analyzer = Analyzer()
        >>> analyzer.word_terms("negaranya"), analyzer.word_terms("pbb"), analyzer.word_terms("yang")
        (('negara', '=negaranya'), ('pbb',), ())
        """
        if len(word) > stemming.MAX_WORD:
            return self._analyze_word(word)
        terms = self._terms.get(word)
        if terms is None:
            if len(self._terms) >= CACHEWORDS:
                self._terms.clear()
            terms = self._terms[word] = self._analyze_word(word)
        return terms

    def _analyze_word(self, word: str) -> tuple[str, ...]:
        if not word or word in self._stopwords or (self._stopwords and len(word) == 1 and not word.isdigit()):
            return ()
        stem = self._stem(word)
        if "-" in stem and "-" in word:  # a foreign lexicon may hold any stem
            parts = [part for part in word.split("-") if not _CLITIC.match(part)]
            return tuple(term for part in dict.fromkeys(parts) for term in self.word_terms(part))
        return (stem,) if stem == word else (stem, SURFACE + word)

    def tokenize(self, text: str) -> Iterator[Token]:
        """Yield the tokens of `text` in order, names and compounds joined.

        A name yields one token that holds its canonical term first and the terms of its words after
        it, so that "Perserikatan Bangsa-Bangsa" is found by "PBB" and by "bangsa".

        >>> [t.terms[0] for t in Analyzer().tokenize("Apa tujuan kerja sama antarnegara di PBB?")]
        ['apa', 'tujuan', 'kerjasama', 'antarnegara', 'pbb']
        """
        spans = [
            (capitals().get(match.group()) or fold(match.group()), match.start(), match.end())
            for match in WORD.finditer(text)
        ]
        parts, owners, places = _split_hyphens(text, spans)
        table = names()
        position = 0
        while position < len(parts):
            whole, start, _ = spans[owners[position]]
            rows = table.get(parts[position], ())
            if rows and _spells_out(text, start, spans, owners[position]):
                rows = ()
            size, terms = self._name_at(parts, position, rows)
            if not size and whole != parts[position] and (position == 0 or owners[position - 1] != owners[position]):
                size, terms = whole.count("-") + 1, self.word_terms(whole)
            elif not size:
                size, terms = 1, self.word_terms(parts[position])
            first, last = position, position + size - 1
            position += size
            if terms:
                start = places[first][0] if first in places else start
                yield Token(terms, start, places[last][1] if last in places else spans[owners[last]][2])

    def _name_at(
        self, parts: list[str], position: int, rows: tuple[tuple[tuple[str, ...], str], ...]
    ) -> tuple[int, tuple[str, ...]]:
        """Return how many parts the name at `position` spans (0: none) and its terms."""
        for words, canonical in rows:
            if tuple(parts[position : position + len(words)]) == words:
                return len(words), name_terms(self, words, canonical)
        return 0, ()

    def analyze(self, text: str) -> list[str]:
        """Return all terms of `text`, in order; usable as `analyzer=` of a scikit-learn vectorizer.

        >>> Analyzer().analyze("Kerjasama ini disebut kerja sama")
        ['kerjasama', 'sebut', '=disebut', 'kerjasama']
        """
        return [term for token in self.tokenize(text) for term in token.terms]


def stems_of(terms: Iterable[str]) -> frozenset[str]:
    """Return terms without the surface forms beside them: one a word.

    >>> sorted(stems_of(Analyzer().analyze("negaranya bersidang")))
    ['negara', 'sidang']
    """
    return frozenset(term for term in terms if not term.startswith(SURFACE))


def name_terms(analyzer: Analyzer, words: Sequence[str], canonical: str) -> tuple[str, ...]:
    """Return the terms of a name: its canonical token's, then (unless it is a compound) those of its words."""
    spelled_out = () if canonical in _compounds() else words
    return tuple(dict.fromkeys(term for word in (canonical, *spelled_out) for term in analyzer.word_terms(word)))
