"""The searchable corpus: passages, the lexicon of their words, and their postings."""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from kerjasama_nlp.answers import asked as asked_questions
from kerjasama_nlp.answers import passage_terms, tfidf
from kerjasama_nlp.answers.asked import Asked
from kerjasama_nlp.answers.passage_terms import PassageTerms
from kerjasama_nlp.answers.questions import Concept, QuestionReader
from kerjasama_nlp.answers.tfidf import Postings
from kerjasama_nlp.documents.passages import ITEM_MARK
from kerjasama_nlp.errors import ModelError
from kerjasama_nlp.i18n import _
from kerjasama_nlp.language import stemming
from kerjasama_nlp.language.tokens import Analyzer
from kerjasama_nlp.records import Passage, PassageKind
from kerjasama_nlp.vocabulary import Vocabulary

# Passages that are kept as they were read last, some 20 kB each: questions of one session look at the same ones.
READ_PASSAGES = 1_500
_KINDS = frozenset(get_args(PassageKind))


@dataclass(frozen=True, slots=True)
class Hit:
    """A retrieved passage: its number in the index and its score (> 0)."""

    passage: int
    score: float


class PassageStore(Sequence[Passage]):
    """Passages kept as JSON lines in one byte array and parsed when asked for.

    `offsets` (n + 1 integers) says where each line starts, `sums` (n) the CRC-32 of each. Asking for a line that
    isn't a passage, or not the one that was saved, raises ModelError: reading all of them when a model opens would
    cost more than the answer.
    """

    def __init__(self, blob: NDArray[np.uint8], offsets: NDArray[np.int64], sums: NDArray[np.uint32]) -> None:
        self.blob = blob
        self.offsets = offsets
        self.sums = sums

    @classmethod
    def encode(cls, passage: Passage) -> bytes:
        """Return the JSON line of a passage; half characters, which UTF-8 can't hold, become U+FFFD."""
        row = [passage.article_id, passage.title, passage.path, passage.section, passage.text, passage.kind]
        line = json.dumps(row, ensure_ascii=False) + "\n"
        # In UTF-16 two halves that belong together meet again: only lone ones are lost.
        return line.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> Passage:  # type: ignore[override]
        line = self.blob[self.offsets[index] : self.offsets[index + 1]].tobytes()
        try:
            if zlib.crc32(line) != self.sums[index]:
                raise ValueError(index)  # noqa: TRY301  # damage like any other
            return _to_passage(json.loads(line.decode()))
        except (ValueError, TypeError, RecursionError):
            raise ModelError(
                _("the model is damaged (passage {number}); copy it again or retrain it").format(number=index)
            ) from None


def _to_passage(row: Any) -> Passage:
    """Return a stored row as a passage; raises ValueError or TypeError where it is none."""
    if not isinstance(row, list):
        raise TypeError
    article_id, title, path, section, text, kind = row
    if kind not in _KINDS or not all(isinstance(value, str) for value in row):
        raise ValueError(row)
    if kind != "prose" and "\n" + ITEM_MARK not in "\n" + text:  # a list without an item
        raise ValueError(row)
    return Passage(article_id, title, path, section, text, kind)


class Index:
    """Finds passages by the terms of a question.

    `terms` are the index terms; `words` the distinct folded words of the corpus, whose stems are
    `terms[word_stems[i]]` (-1 where a word is a compound of others or a function word). `asked` are questions
    that passages are known to answer; their words are words of the corpus.
    """

    def __init__(
        self,
        passages: PassageStore,
        terms: Vocabulary,
        words: Vocabulary,
        word_stems: NDArray[np.int32],
        postings: Postings,
        asked: Asked | None = None,
    ) -> None:
        self.passages = passages
        self.terms = terms
        self.words = words
        self.word_stems = word_stems
        self.postings = postings
        self.asked = asked_questions.heard({}) if asked is None else asked
        self.n_passages = len(passages)
        self.analyzer = Analyzer(self._stem)
        self.reader = QuestionReader(self.analyzer, self)
        self.read = lru_cache(READ_PASSAGES)(self._read)

    def _read(self, number: int) -> PassageTerms:
        """Take the passage with that number apart, or look it up among the READ_PASSAGES last ones."""
        return passage_terms.read(self.analyzer, self.passages[number])

    def _stem(self, word: str) -> str:
        return self.stem_of(word) or stemming.stem(word)

    def stem_of(self, word: str) -> str | None:
        """Return the stem of a word of the corpus, None for other words."""
        found = self.words.find(word)
        return self.terms.word(int(self.word_stems[found])) if found >= 0 else None

    def document_frequency(self, term: str) -> int:
        """Return how many passages hold `term`; where none does, how many known questions."""
        found = self.terms.find(term)
        return (self.postings.frequency(found) if found >= 0 else 0) or self.asked.frequency(term)

    def rarity(self, term: str) -> float:
        """Return the idf of a term (> 0)."""
        return tfidf.inverse_document_frequency(self.document_frequency(term), self.n_passages)

    def frequencies(self, words: Collection[str]) -> dict[str, int]:
        """Return the document frequencies (> 0) of the stems of those of `words` that are words of the corpus."""
        found = {word: self.words.find(word) for word in words} if len(words) == 1 else self.words.find_all(words)
        stems = {word: int(self.word_stems[place]) for word, place in found.items() if place >= 0}
        counts = {
            word: self.postings.frequency(stem) or self.asked.frequency(self.terms.word(stem))
            for word, stem in stems.items()
        }
        return {word: count for word, count in counts.items() if count}

    def search(self, concepts: Sequence[Concept], k: int, also: Iterable[int] = ()) -> list[Hit]:
        """Return the `k` best passages, best first, and behind them those of `also` that aren't among them."""
        query = [
            (found, weight)
            for concept in concepts
            for term, weight in concept.terms.items()
            if (found := self.terms.find(term)) >= 0
        ]
        scores = tfidf.score(self.postings, query)
        # the rarest term that enough passages hold says how much the best have at least
        enough = [term for term, _ in query if self.postings.frequency(term) >= k]
        rarest = self.postings.of(min(enough, key=self.postings.frequency))[0] if enough else None
        best = tfidf.top(scores, k, rarest).tolist()
        return [Hit(passage, float(scores[passage])) for passage in dict.fromkeys([*best, *also])]
