"""Understanding a question: what it asks for, and what it is about."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import NamedTuple, Protocol

from kerjasama_nlp import resources
from kerjasama_nlp.answers.tfidf import inverse_document_frequency
from kerjasama_nlp.language import spelling, stemming
from kerjasama_nlp.language.tokens import SURFACE, Analyzer, Token, fold, function_words, spell_out_capitals

# Longer input is no question; what is past this many characters isn't read.
MAX_CHARACTERS = 2_000
# A synonym finds less surely than the word itself (tuned on public training questions, docs/retrieval.md).
SYNONYM_WEIGHT = 0.4
# ... but a passage that holds it does speak of the same.
SYNONYM_EVIDENCE = 0.8
# A passage with another form of the word speaks of it nearly as surely as one with the very form.
STEM_WEIGHT = 0.9
# What a word that only describes the answer ("tahun", "menurut") counts beside one that names the subject.
SOFT_IMPORTANCE = 0.15
# What a word that names a facet ("contoh") counts: the answer's own facet is compared beside it.
FACET_IMPORTANCE = 0.5
# What an everyday word that the corpus doesn't hold counts beside a name that it doesn't hold.
UNKNOWN_WORD_IMPORTANCE = 0.75
# A list may answer these kinds of question.
_LIST_KINDS = frozenset({"list", "purpose", "benefit", "cost", "reason", "example", "how"})
# These ask for one thing, and these facets have one value.
_SINGLE_KINDS = frozenset({"date", "place", "number", "definition", "expansion", "comparison", "yesno"})
_SINGLE_FACETS = frozenset({"definisi", "perbedaan", "markas"})
# A comparison of more things than this is none that two definitions settle.
MAX_SIDES = 3
_CONJUNCTION = re.compile(r"\b(?:dan|dengan|serta|atau|versus|vs|daripada|dari|terhadap|maupun)\b|,")
_COMPARING = re.compile(
    r"\b(?:per(?:beda|sama|banding)an(?:nya)?|(?:beda|banding)(?:nya|kan)?|(?:ber|di|mem)(?:beda|banding)\w*|antara)\b"
)
_WORD = re.compile(r"[^\W_]+(?:[-'][^\W_]+)*")
# Words as patterns delimit them, and a pattern that is nothing but words: ways to write one thing.
_WORDS = re.compile(r"\w+")
_PLAIN_WAYS = re.compile(r"[a-z |]+")


class Lexicon(Protocol):
    """What a question may ask of the corpus's words."""

    n_passages: int

    def document_frequency(self, term: str) -> int:
        """Return how many passages hold `term` (0: none)."""

    def stem_of(self, word: str) -> str | None:
        """Return the stem of a word that the corpus holds, None for other words."""

    def frequencies(self, words: Collection[str]) -> dict[str, int]:
        """Return how many passages hold the stems (> 0) of those of `words` that the corpus holds."""


@dataclass(frozen=True, slots=True)
class Concept:
    """One thing that a question names.

    `word` is what the user wrote; `terms` maps each index term that stands for it to its weight in
    retrieval, `evidence` to how surely a text that holds it speaks of the concept, both in (0, 1];
    `rarity` (> 0) is its idf, discounted for words that only describe the answer; `importance` is that,
    discounted for words that name a facet and for everyday words that the corpus lacks; `known`
    tells whether the corpus holds it or a synonym.
    """

    word: str
    terms: Mapping[str, float]
    evidence: Mapping[str, float]
    importance: float
    rarity: float
    known: bool

    @property
    def stem(self) -> str:
        """The index term of the word itself."""
        return next(iter(self.terms))


@dataclass(frozen=True, slots=True)
class Question:
    """An analysed question: its kinds (leading kind first, never empty), facets and concepts.

    `sides` holds, for a comparison, the questions what each of the compared things is.
    """

    text: str
    kinds: tuple[str, ...]
    facets: frozenset[str]
    concepts: tuple[Concept, ...]
    sides: tuple[Question, ...] = ()

    @property
    def kind(self) -> str:
        """The leading kind."""
        return self.kinds[0]

    @property
    def wants_list(self) -> bool:
        """Whether a list may be the answer: by the kind of question, or by what it names in the plural's place."""
        if self.kind in _SINGLE_KINDS:
            return "list" in self.kinds
        return bool(_LIST_KINDS.intersection(self.kinds) or self.facets - _SINGLE_FACETS)


class _Rewrite(NamedTuple):
    """What is put in the place of a pattern; `words` begin what it matches (none: anything may)."""

    pattern: re.Pattern[str]
    replacement: str
    words: frozenset[str]


@cache
def _rewrites() -> tuple[_Rewrite, ...]:
    return tuple(
        _Rewrite(
            re.compile(rf"\b(?:{pattern})(?!\w)"),
            replacement,
            frozenset(way.split()[0] for way in pattern.split("|")) if _PLAIN_WAYS.fullmatch(pattern) else frozenset(),
        )
        for pattern, replacement in resources.table("rewrites.tsv")
    )


def _rewrite(text: str) -> str:
    """Bring ways of asking to one (see `data/rewrites.tsv`)."""
    words: frozenset[str] | None = None
    for pattern, replacement, first in _rewrites():
        if words is None:
            words = frozenset(_WORDS.findall(text))
        if first and words.isdisjoint(first):  # most are looked for by a word that isn't there
            continue
        before, text = text, pattern.sub(replacement, text)
        if text != before:
            words = None
    return text


@cache
def _kinds() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (kind, re.compile(rf"(?<!\w)(?:{pattern})(?!\w)")) for kind, pattern in resources.table("question_kinds.tsv")
    )


@cache
def question_words() -> frozenset[str]:
    """Return the words of questions that name no subject."""
    return frozenset(word for entry in resources.lines("question_words.txt") for word in entry.split())


@cache
def _groups() -> tuple[tuple[str, ...], ...]:
    """Return the groups of synonyms, single words only."""
    return tuple(
        tuple(word.strip() for word in row.split(";") if " " not in word.strip())
        for row in resources.lines("synonyms.tsv")
    )


@cache
def _facets() -> Mapping[str, frozenset[str]]:
    """Return the facets by word form: a word that is its own stem, and the marked form of one that isn't."""
    found: dict[str, set[str]] = {}
    for facet, words in resources.table("facets.tsv"):
        for word in words.split():
            for form in (word, SURFACE + word):
                found.setdefault(form, set()).add(facet)
    return {form: frozenset(names) for form, names in found.items()}


def facets(tokens: Iterable[Token]) -> list[frozenset[str]]:
    """Return the facets that each of a text's tokens names, in order (see `data/facets.tsv`).

    Exact forms count: "bentuk" names a facet, "dibentuk" doesn't.
    """
    return [_facets()[token.terms[-1]] for token in tokens if token.terms[-1] in _facets()]


@cache
def soft_words() -> frozenset[str]:
    """Return the words that describe the answer or the asking; a passage need not repeat them."""
    return frozenset(resources.lines("soft_words.txt"))


class QuestionReader:
    """Reads questions in the light of one corpus's words.

    All stems come from the corpus's lexicon where it has them: a word that it lacks finds nothing
    anyway, and the stemmer stays unloaded.
    """

    def __init__(self, analyzer: Analyzer, lexicon: Lexicon) -> None:
        self._analyzer = analyzer
        self._lexicon = lexicon

    def read(self, text: str) -> Question:
        """Analyse a question: repair its spelling, find its kinds, facets and concepts."""
        folded = fold(spell_out_capitals(text[:MAX_CHARACTERS]))
        rewritten = _rewrite(" ".join(self._repair(_WORD.findall(folded))))
        kinds = tuple(kind for kind, pattern in _kinds() if pattern.search(rewritten)) or ("general",)
        asked = frozenset[str]().union(*facets(self._analyzer.tokenize(rewritten)))
        if kinds[0] == "definition":
            asked |= {"definisi"}
        sides = self._sides(rewritten) if kinds[0] == "comparison" else ()
        return Question(text, kinds, asked, self._concepts(rewritten), sides)

    def _concepts(self, rewritten: str) -> tuple[Concept, ...]:
        concepts: dict[str, Concept] = {}
        for token in self._analyzer.tokenize(rewritten):
            for word, part in self._parts(rewritten[token.start : token.end], token):
                if word not in question_words() and part.terms[0] not in concepts:
                    concepts[part.terms[0]] = self._concept(word, part)
        return tuple(concepts.values())

    def _parts(self, word: str, token: Token) -> Iterator[tuple[str, Token]]:
        """Yield what a token names: two things where it joins them ("indonesia-mesir"), else itself."""
        words = word.split("-")
        parts = [self._analyzer.word_terms(part) for part in words]
        if len(words) > 1 and all(parts) and token.terms == tuple(term for terms in parts for term in terms):
            yield from ((part, Token(terms, token.start, token.end)) for part, terms in zip(words, parts, strict=True))
        else:
            yield word, token

    def _sides(self, rewritten: str) -> tuple[Question, ...]:
        """Return what a comparison compares, each as the question what it is; empty where that isn't clear.

        "perbedaan kerja sama regional dan bilateral" compares what stands around the conjunction; words
        of comparing belong to no side.
        """
        sides = []
        for part in _CONJUNCTION.split(_COMPARING.sub(" ", rewritten)):
            concepts = self._concepts(part)
            if concepts:
                sides.append(Question(part.strip(), ("definition",), frozenset({"definisi"}), concepts))
        return tuple(sides) if 1 < len(sides) <= MAX_SIDES else ()

    def _concept(self, word: str, token: Token) -> Concept:
        main, surface = token.terms[0], SURFACE + word
        weights = {main: 1.0}
        if surface in token.terms and self._lexicon.document_frequency(surface):
            weights = {main: STEM_WEIGHT, surface: 1.0}
        own = frozenset(weights)
        for other in sorted(self._synonyms.get(main, ())):
            weights.setdefault(other, SYNONYM_WEIGHT)
        df = self._lexicon.document_frequency(main)
        known = df > 0 or len(weights) > len(own)
        if not df and known:  # only synonyms are known: as telling as the rarest of them
            df = min(self._lexicon.document_frequency(term) for term in weights if term not in own)
        soft = word in soft_words()
        rarity = inverse_document_frequency(df, self._lexicon.n_passages) * (SOFT_IMPORTANCE if soft else 1.0)
        importance = rarity
        if not soft and token.terms[-1] in _facets():
            importance *= FACET_IMPORTANCE
        elif not soft and not known and _is_indonesian(word):
            importance *= UNKNOWN_WORD_IMPORTANCE
        evidence = {term: weight if term in own else SYNONYM_EVIDENCE for term, weight in weights.items()}
        return Concept(word, weights, evidence, importance, rarity, known)

    @cached_property
    def _synonyms(self) -> Mapping[str, frozenset[str]]:
        """Return the corpus's terms that may stand for a term: term -> terms of its groups, itself left out."""
        found: dict[str, set[str]] = {}
        for group in _groups():
            terms = {word: self._lexicon.stem_of(word) for word in group}
            known = {term for term in terms.values() if term is not None}
            for word, term in terms.items():
                key = term or word
                found.setdefault(key, set()).update(known - {key})
        return {term: frozenset(others) for term, others in found.items() if others}

    def _repair(self, words: list[str]) -> list[str]:
        """Join words that were split by mistake, and correct words that are one edit from a known one.

        A word is left alone when the corpus, the function words or the dictionary of Indonesian roots
        hold it: "rendang" isn't a misspelt "rentang".
        """
        repaired: list[str] = []
        position = 0
        while position < len(words):
            word = words[position]
            following = words[position + 1] if position + 1 < len(words) else ""
            joined = word + following
            if following and self._lexicon.stem_of(joined) and not (self._knows(word) and self._knows(following)):
                repaired.append(joined)
                position += 2
                continue
            if not self._knows(word) and not _is_indonesian(word):
                word = spelling.correct(word, self._frequencies) or word
            repaired.append(word)
            position += 1
        return repaired

    def _knows(self, word: str) -> bool:
        return _is_everyday(word) or bool(self._lexicon.frequencies((word,))) or _is_cue(word)

    def _frequencies(self, words: Collection[str]) -> dict[str, int]:
        """Return how common those of `words` are that are known: function and question words beat all others."""
        most = self._lexicon.n_passages + 1
        everyday = {word: most for word in words if _is_everyday(word) or _is_cue(word)}
        return self._lexicon.frequencies(words) | everyday


def _is_everyday(word: str) -> bool:
    return word in function_words() or word in question_words()


@cache
def _cues() -> re.Pattern[str]:
    """Return what all rewrites and kinds look for, in one: a tenth of the time of trying each."""
    tables = (
        resources.table("rewrites.tsv"),
        ((pattern, kind) for kind, pattern in resources.table("question_kinds.tsv")),
    )
    return re.compile("|".join(f"(?:{pattern})" for rows in tables for pattern, _ in rows))


def _is_cue(word: str) -> bool:
    """Tell whether the tables of rewrites and kinds know the word: it is no misspelling."""
    return _cues().fullmatch(word) is not None


def _is_indonesian(word: str) -> bool:
    return stemming.is_root(stemming.stem(word))
