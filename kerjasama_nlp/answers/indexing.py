"""Building the index: passages in, one at a time, the searchable corpus out, in memory that the vocabulary bounds.

Beside the vocabulary and some 30 bytes a passage, nothing is held that grows with the corpus: passages and postings
are written to temporary files, from which the index is mapped.
"""

from __future__ import annotations

import zlib
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from kerjasama_nlp.answers import asked as asked_questions
from kerjasama_nlp.answers.asked import UNANSWERED, KnownQuestion
from kerjasama_nlp.answers.index import Index, PassageStore
from kerjasama_nlp.answers.runs import RUN_ROWS, Rows, Runs, first_rows
from kerjasama_nlp.answers.tfidf import FIELDS, Ids, Postings, Weigher
from kerjasama_nlp.arrays import Spool
from kerjasama_nlp.errors import InputError
from kerjasama_nlp.i18n import _
from kerjasama_nlp.language.bulk import BulkAnalyzer
from kerjasama_nlp.language.tokens import SURFACE
from kerjasama_nlp.records import Passage
from kerjasama_nlp.vocabulary import Vocabulary

if TYPE_CHECKING:
    from kerjasama_nlp.answers.gold import KnownAnswer

# Passages that are analysed at once, or as many as have so many characters.
BLOCK_PASSAGES = 1_000
BLOCK_CHARACTERS = 1 << 20


class PassageWriter:
    """Writes passages one by one to where a store reads them."""

    def __init__(self, folder: Path | None = None) -> None:
        self._lines = Spool("|u1", folder)
        self._offsets, self._sums = array("q", [0]), array("I")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.__exit__()

    def add(self, line: bytes) -> None:
        """Add a passage that is encoded already."""
        self._lines.write(line)
        self._offsets.append(self._offsets[-1] + len(line))
        self._sums.append(zlib.crc32(line))

    def store(self) -> PassageStore:
        """Return what was written."""
        offsets = np.array(self._offsets, dtype=np.int64)
        return PassageStore(self._lines.array(), offsets, np.array(self._sums, dtype=np.uint32))


def build(
    passages: Iterable[Passage],
    known: Sequence[KnownAnswer] = (),
    folder: Path | None = None,
    rows: int = RUN_ROWS,
) -> Index:
    """Index passages, and questions that they are `known` to answer.

    Temporary files are made in `folder` (None: where the system has them); `rows` postings are sorted at once, which
    changes nothing but the memory taken. Raises InputError where there is no passage, no word in them that could be
    asked for, or no such unit as a known question names; OSError where temporary files can't be written.
    """
    places = _Places(known)
    with PassageWriter(folder) as lines, Runs(folder, rows) as runs:
        corpus = _Corpus(lines, runs)
        for block in _blocks(passages):
            for number, passage in enumerate(block, corpus.n_passages):
                places.look(number, passage)
            corpus.add(block)
        if not corpus.bulk.terms:
            raise InputError(_("found no text in the articles; expected at least one paragraph"))
        found = places.found()
        heard = Counter[str]()
        for entry in found:  # asked for in other words than the articles', which become words of the corpus, too
            if entry.passage != UNANSWERED:
                heard.update(set(corpus.bulk.analyze(entry.text)))
        index = corpus.index(asked_questions.heard(heard), folder)
    if not found:
        return index
    read = ((entry, index.reader.read(entry.text)) for entry in found)
    asked = asked_questions.build((replace(entry, kind=question.kind), question) for entry, question in read)
    return Index(index.passages, index.terms, index.words, index.word_stems, index.postings, asked)


def _blocks(passages: Iterable[Passage]) -> Iterator[list[Passage]]:
    block: list[Passage] = []
    characters = 0
    for passage in passages:
        block.append(passage)
        characters += len(passage.text)
        if len(block) >= BLOCK_PASSAGES or characters >= BLOCK_CHARACTERS:
            yield block
            block, characters = [], 0
    if block:
        yield block


class _Corpus:
    """The passages seen so far: their lines, their lengths, and how often they hold which terms."""

    def __init__(self, lines: PassageWriter, runs: Runs) -> None:
        self.bulk = BulkAnalyzer()
        self.n_passages = 0
        self._lines = lines
        self._runs = runs
        self._lengths = array("i")
        self._surface = bytearray()  # by the number of a term: 1 for a surface form

    def add(self, block: Sequence[Passage]) -> None:
        """Add passages."""
        for passage in block:
            self._lines.add(PassageStore.encode(passage))
        texts = [text for p in block for text in (p.title, p.section or p.title, p.text)]
        terms, owners = self.bulk.read(texts)
        self._surface.extend(term.startswith(SURFACE) for term in self.bulk.terms[len(self._surface) :])
        is_stem = np.frombuffer(self._surface, dtype=np.uint8)[terms] == 0
        self._lengths.frombytes(np.bincount(owners[is_stem], minlength=len(texts)).astype(np.int32).tobytes())
        places = np.sort(terms.astype(np.int64) * len(texts) + owners)
        first = np.flatnonzero(np.diff(places, prepend=-1))
        term, owner = np.divmod(places[first], len(texts))
        number, field = np.divmod(owner, len(FIELDS))
        self._runs.add(Rows(term, number + self.n_passages, field, np.diff(first, append=len(places))))
        self.n_passages += len(block)

    def index(self, asked: asked_questions.Asked, folder: Path | None) -> Index:
        """Return the index of all passages, mapped from temporary files in `folder`; the corpus is used up."""
        spoken, stems = self.bulk.terms, self.bulk.stems
        del self.bulk
        terms, words = Vocabulary.from_terms(spoken), Vocabulary.from_terms(stems)
        order = sorted(range(len(spoken)), key=lambda number: spoken[number].encode())
        rank = np.empty(len(order), dtype=np.int32)
        rank[order] = np.arange(len(order), dtype=np.int32)
        surface = np.array([spoken[number].startswith(SURFACE) for number in order], dtype=bool)
        word_stems = rank[[stems[word] for word in words.decoded()]]
        return Index(self._lines.store(), terms, words, word_stems, self._postings(rank, surface, folder), asked)

    def _postings(self, rank: Ids, surface: NDArray[np.bool_], folder: Path | None) -> Postings:
        held = self._runs.sort(rank)
        weigher = Weigher(np.array(self._lengths, dtype=np.int32).reshape(-1, len(FIELDS)), held, surface)
        starts = np.concatenate(([0], np.cumsum(held))).astype(np.int64)
        with Spool("<i4", folder) as passages, Spool("<f4", folder) as weights:
            for rows in self._runs.merged(held):
                first = first_rows(rows.terms, rows.passages)
                if len(first):
                    tf = np.add.reduceat(weigher.frequencies(rows.passages, rows.fields, rows.counts), first)
                    passages.write(rows.passages[first].tobytes())
                    weights.write(weigher.weights(rows.terms[first], tf).tobytes())
            return Postings(starts, passages.array(), weights.array(), self.n_passages)


class _Places:
    """Finds the units that known questions name, while the passages go by."""

    def __init__(self, known: Sequence[KnownAnswer]) -> None:
        self._known = known
        self._waiting: dict[str, list[int]] = {}
        self._found: dict[int, KnownQuestion] = {}
        for number, entry in enumerate(known):
            if entry.passage:
                self._waiting.setdefault(entry.article, []).append(number)
            else:
                self._found[number] = KnownQuestion(entry.text, "", UNANSWERED, 0, 1)

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
