"""Understanding a question: what it asks for, and what it is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from kerjasama_nlp import resources, spelling, stemming
from kerjasama_nlp.tfidf import inverse_document_frequency
from kerjasama_nlp.tokens import SURFACE, Analyzer, Token, fold, function_words, spell_out_capitals

# Longer input is no question; what is past this many characters isn't read.
MAX_CHARACTERS = 2_000
# A synonym finds less surely than the word itself (tuned on public training questions, docs/retrieval.md).
SYNONYM_WEIGHT = 0.4
# What a word that only describes the answer ("tahun", "menurut") counts beside one that names the subject.
SOFT_IMPORTANCE = 0.15
# What an everyday word that the corpus doesn't hold counts beside a name that it doesn't hold.
UNKNOWN_WORD_IMPORTANCE = 0.5
# A list may answer these kinds of question.
_LIST_KINDS = frozenset({"list", "purpose", "benefit", "cost", "reason", "example", "how"})
# A comparison of more things than this is none that two definitions settle.
MAX_SIDES = 3
_CONJUNCTION = re.compile(r"\b(?:dan|dengan|serta|atau|versus|vs|daripada|dari|terhadap|maupun)\b|,")
_COMPARING = re.compile(r"\b(?:per)?(?:beda|banding|sama)(?:an|kan)?(?:nya)?\b|\b(?:ber|di|mem)(?:beda|banding)\w*|\bantara\b")
_WORD = re.compile(r"[^\W_]+(?:[-'][^\W_]+)*")


class Lexicon(Protocol):
    """What a question may ask of the corpus's words."""

    n_passages: int

    def document_frequency(self, term: str) -> int:
        """Return how many passages hold `term` (0: none)."""

    def stem_of(self, word: str) -> str | None:
        """Return the stem of a word that the corpus holds, None for other words."""


@dataclass(frozen=True, slots=True)
class Concept:
    """One thing that a question names.

    `word` is what the user wrote; `terms` maps each index term that stands for it to a weight in
    (0, 1]; `importance` (> 0) is its idf, discounted for words that only describe the answer; `known`
    tells whether the corpus holds it or a synonym.
    """

    word: str
    terms: Mapping[str, float]
    importance: float
    known: bool


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
        """Whether a list may be the answer."""
        return bool(_LIST_KINDS.intersection(self.kinds))


@cache
def _rewrites() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple(
        (re.compile(rf"\b(?:{pattern})(?!\w)"), replacement)
        for pattern, replacement in resources.table("rewrites.tsv")
    )


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
def _synonyms() -> Mapping[str, frozenset[str]]:
    """Return the terms that may stand for a term: stem -> stems of its groups, itself left out."""
    analyzer = Analyzer()
    found: dict[str, set[str]] = {}
    for row in resources.lines("synonyms.tsv"):
        group = {token.terms[0] for entry in row.split(";") if " " not in entry for token in analyzer.tokenize(entry)}
        for term in group:
            found.setdefault(term, set()).update(group - {term})
    return {term: frozenset(others) for term, others in found.items()}


def analyze(text: str, analyzer: Analyzer, lexicon: Lexicon) -> Question:
    """Analyse a question in the light of the corpus's words."""
    folded = fold(spell_out_capitals(text[:MAX_CHARACTERS]))
    words = _repair(_WORD.findall(folded), lexicon)
    rewritten = " ".join(words)
    for pattern, replacement in _rewrites():
        rewritten = pattern.sub(replacement, rewritten)
    kinds = tuple(kind for kind, pattern in _kinds() if pattern.search(rewritten)) or ("general",)
    concepts = _concepts(rewritten, analyzer, lexicon)
    asked = facets(analyzer.analyze(rewritten)) | ({"definisi"} if kinds[0] == "definition" else set())
    sides = _sides(rewritten, analyzer, lexicon) if kinds[0] == "comparison" else ()
    return Question(text, kinds, frozenset(asked), concepts, sides)


def _concepts(rewritten: str, analyzer: Analyzer, lexicon: Lexicon) -> tuple[Concept, ...]:
    concepts: dict[str, Concept] = {}
    for token in analyzer.tokenize(rewritten):
        word = rewritten[token.start : token.end]
        if word not in question_words() and token.terms[0] not in concepts:
            concepts[token.terms[0]] = _concept(word, token, lexicon)
    return tuple(concepts.values())


def _sides(rewritten: str, analyzer: Analyzer, lexicon: Lexicon) -> tuple[Question, ...]:
    """Return what a comparison compares, each as the question what it is; empty where that isn't clear.

    "perbedaan kerja sama regional dan bilateral" compares what stands around the conjunction; words of
    comparing belong to no side.
    """
    sides = []
    for part in _CONJUNCTION.split(_COMPARING.sub(" ", rewritten)):
        concepts = _concepts(part, analyzer, lexicon)
        if concepts:
            sides.append(Question(part.strip(), ("definition",), frozenset({"definisi"}), concepts))
    return tuple(sides) if 1 < len(sides) <= MAX_SIDES else ()


def facets(terms: Iterable[str]) -> frozenset[str]:
    """Return the facets that a text's terms name (see `data/facets.tsv`)."""
    return frozenset(facet for term in terms for facet in _facets().get(term, ()))


@cache
def _facets() -> Mapping[str, frozenset[str]]:
    """Return the facets by term; exact forms only, for "bentuk" isn't "dibentuk"."""
    analyzer = Analyzer()
    found: dict[str, set[str]] = {}
    for facet, words in resources.table("facets.tsv"):
        for word in words.split():
            *_, most_exact = analyzer.word_terms(word)
            found.setdefault(most_exact, set()).add(facet)
    return {term: frozenset(names) for term, names in found.items()}


def _concept(word: str, token: Token, lexicon: Lexicon) -> Concept:
    main = token.terms[0]
    terms = dict.fromkeys(t for t in token.terms if t == main or t == SURFACE + word)
    weights = dict.fromkeys(terms, 1.0)
    for other in sorted(_synonyms().get(main, ())):
        if lexicon.document_frequency(other):
            weights.setdefault(other, SYNONYM_WEIGHT)
    df = lexicon.document_frequency(main)
    known = df > 0 or len(weights) > len(terms)
    if not df and known:  # only synonyms are known: as telling as the rarest of them
        df = min(lexicon.document_frequency(term) for term in weights if term not in terms)
    importance = inverse_document_frequency(df, lexicon.n_passages)
    if word in soft_words():
        importance *= SOFT_IMPORTANCE
    elif not known and _is_indonesian(word):
        importance *= UNKNOWN_WORD_IMPORTANCE
    return Concept(word, weights, importance, known)


@cache
def soft_words() -> frozenset[str]:
    """Return the words that describe the answer or the asking; a passage need not repeat them."""
    return frozenset(resources.lines("soft_words.txt"))


def _repair(words: list[str], lexicon: Lexicon) -> list[str]:
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
        if following and lexicon.stem_of(joined) and not (_familiar(word, lexicon) and _familiar(following, lexicon)):
            repaired.append(joined)
            position += 2
            continue
        if not _familiar(word, lexicon) and not _is_indonesian(word):
            word = spelling.correct(word, lambda candidate: _frequency(candidate, lexicon)) or word
        repaired.append(word)
        position += 1
    return repaired


def _familiar(word: str, lexicon: Lexicon) -> bool:
    return _frequency(word, lexicon) > 0


def _frequency(word: str, lexicon: Lexicon) -> float:
    """Return how common a word is: its stem's passages; function and question words beat all others."""
    if word in function_words() or word in question_words() or _is_rewritten(word):
        return float(lexicon.n_passages + 1)
    stem = lexicon.stem_of(word)
    return float(lexicon.document_frequency(stem)) if stem else 0.0


@cache
def _is_rewritten(word: str) -> bool:
    """Tell whether the tables of rewrites and kinds know the word: it is no misspelling."""
    return any(pattern.fullmatch(word) for pattern, _ in _rewrites()) or any(
        pattern.fullmatch(word) for _, pattern in _kinds()
    )


def _is_indonesian(word: str) -> bool:
    return stemming.is_root(stemming.stem(word))
