"""The searchable corpus: passages, the lexicon of their words, and their postings."""

from __future__ import annotations

import json
import zlib
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Self, get_args

import numpy as np
from numpy.typing import NDArray

from kerjasama_nlp.answers import asked as asked_questions
from kerjasama_nlp.answers import tfidf
from kerjasama_nlp.answers.asked import Asked, KnownQuestion
from kerjasama_nlp.answers.questions import Concept, QuestionReader
from kerjasama_nlp.answers.tfidf import Postings
from kerjasama_nlp.documents.passages import ITEM_MARK
from kerjasama_nlp.errors import InputError, ModelError
from kerjasama_nlp.i18n import _
from kerjasama_nlp.language import stemming
from kerjasama_nlp.language.tokens import SURFACE, Analyzer
from kerjasama_nlp.records import Passage, PassageKind
from kerjasama_nlp.vocabulary import Vocabulary

if TYPE_CHECKING:
    from kerjasama_nlp.answers.gold import KnownAnswer

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
    def of(cls, lines: Sequence[bytes]) -> Self:
        """Store passages that are encoded already."""
        offsets = np.zeros(len(lines) + 1, dtype=np.int64)
        np.cumsum([len(line) for line in lines], out=offsets[1:])
        sums = np.array([zlib.crc32(line) for line in lines], dtype=np.uint32)
        return cls(np.frombuffer(b"".join(lines), dtype=np.uint8), offsets, sums)

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

    def frequencies(self, words: Collection[str]) -> dict[str, int]:
        """Return the document frequencies (> 0) of the stems of those of `words` that are words of the corpus."""
        stems = {word: int(self.word_stems[found]) for word, found in self.words.find_all(words).items()}
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
        scores = tfidf.score(self.postings, query, self.n_passages)
        # the rarest term that enough passages hold says how much the best have at least
        enough = [term for term, _ in query if self.postings.frequency(term) >= k]
        rarest = self.postings.of(min(enough, key=self.postings.frequency))[0] if enough else None
        best = tfidf.top(scores, k, rarest).tolist()
        return [Hit(passage, float(scores[passage])) for passage in dict.fromkeys([*best, *also])]


def build(passages: Iterable[Passage], known: Sequence[KnownAnswer] = ()) -> Index:
    """Index passages, and questions that they are `known` to answer.

    Raises InputError where there is no passage, no word in them that could be asked for, or no such unit as a
    known question names.
    """
    analyzer = Analyzer()
    numbers: dict[str, int] = {}
    occurrences, fields = array("i"), array("B")
    ends = array("q")
    lines: list[bytes] = []
    places = _Places(known)
    for number, passage in enumerate(passages):
        places.look(number, passage)
        for field, text in enumerate((passage.title, passage.section or passage.title, passage.text)):
            for term in analyzer.analyze(text):
                occurrences.append(numbers.setdefault(term, len(numbers)))
                fields.append(field)
        ends.append(len(occurrences))
        lines.append(PassageStore.encode(passage))
    if not numbers:
        raise InputError(_("found no text in the articles; expected at least one paragraph"))
    found = places.found()
    heard = Counter[str]()
    for entry in found:  # asked for in other words than the articles', which become words of the corpus, too
        heard.update(set(analyzer.analyze(entry.text)))
    for term in heard:
        numbers.setdefault(term, len(numbers))
    terms = Vocabulary.from_terms(numbers)
    rank = np.empty(len(numbers), dtype=np.int32)
    rank[[numbers[terms.word(i)] for i in range(len(terms))]] = np.arange(len(terms), dtype=np.int32)
    surface = np.array([terms[i].startswith(SURFACE.encode()) for i in range(len(terms))])
    postings = tfidf.build_postings(
        rank[np.frombuffer(occurrences, dtype=np.int32)],
        np.frombuffer(fields, dtype=np.uint8),
        np.frombuffer(ends, dtype=np.int64),
        len(terms),
        surface,
    )
    stems = {word: numbers[word_terms[0]] for word, word_terms in analyzer.seen() if word_terms[0] in numbers}
    words = Vocabulary.from_terms(stems)
    word_stems = rank[[stems[words.word(i)] for i in range(len(words))]]
    index = Index(PassageStore.of(lines), terms, words, word_stems, postings, asked_questions.heard(heard))
    if not found:
        return index
    read = ((entry, index.reader.read(entry.text)) for entry in found)
    asked = asked_questions.build((replace(entry, kind=question.kind), question) for entry, question in read)
    return Index(index.passages, terms, words, word_stems, postings, asked)


class _Places:
    """Finds the units that known questions name, while the passages go by."""

    def __init__(self, known: Sequence[KnownAnswer]) -> None:
        self._known = known
        self._waiting: dict[str, list[int]] = {}
        self._found: dict[int, KnownQuestion] = {}
        for number, entry in enumerate(known):
            self._waiting.setdefault(entry.article, []).append(number)

    def look(self, number: int, passage: Passage) -> None:
        """Look for units in a passage."""
        article = PurePath(passage.article_id).stem
        for asked in self._waiting.get(article, ()):
            if asked not in self._found:
                entry = self._known[asked]
                start, end = _span(passage.text, entry.passage)
                if start < end:
                    self._found[asked] = KnownQuestion(entry.text, "", number, start, end)

    def found(self) -> list[KnownQuestion]:
        """Return all known questions; raises InputError that names those whose unit isn't there."""
        missing = [entry for number, entry in enumerate(self._known) if number not in self._found]
        if missing:
            first = missing[0]
            fault = _("{place}: the article {article} holds no such passage word for word ({count} such lines)")
            raise InputError(fault.format(place=first.place, article=first.article, count=len(missing)))
        return [self._found[number] for number in range(len(self._known))]


def _span(text: str, part: str) -> tuple[int, int]:
    """Return where a part stands in a text, white space aside; (0, 0) where it doesn't."""
    words = part.split()
    start = text.find(words[0])
    while start >= 0:
        end = start
        for word in words:
            while text[end : end + 1].isspace():
                end += 1
            if not text.startswith(word, end):
                break
            end += len(word)
        else:
            return start, end
        start = text.find(words[0], start + 1)
    return 0, 0
