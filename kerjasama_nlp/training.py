"""Training: from articles (and questions) to a model."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from kerjasama_nlp import articles, index, passages
from kerjasama_nlp.index import Index
from kerjasama_nlp.model import Model, load
from kerjasama_nlp.records import Article, Passage

Progress = Callable[[int], None]


class _Counted:
    """Hands articles on as passages, and keeps count and fingerprint of what went through."""

    def __init__(self, source: Iterable[Article], progress: Progress | None) -> None:
        self._source = source
        self._progress = progress
        self._hash = hashlib.sha256()
        self.articles = 0

    def __iter__(self) -> Iterator[Passage]:
        for article in self._source:
            self.articles += 1
            if self._progress is not None:
                self._progress(self.articles)
            for passage in passages.split(article):
                self._hash.update(repr(passage).encode("utf-8", "surrogatepass"))
                yield passage

    @property
    def fingerprint(self) -> str:
        """SHA-256 over all passages."""
        return self._hash.hexdigest()


def index_articles(
    paths: Sequence[Path], *, encoding: str = "utf-8", progress: Progress | None = None
) -> tuple[Index, dict[str, object]]:
    """Index the articles below `paths`; return the index and what the manifest says of them.

    Raises InputError where a path can't be read or holds no text.
    """
    counted = _Counted((article for path in paths for article in articles.read(path, encoding)), progress)
    built = index.build(counted)
    return built, {"articles": counted.articles, "articles_sha256": counted.fingerprint}


def train(
    paths: Sequence[Path],
    *,
    questions: Sequence[Path] = (),
    base: Path | None = None,
    encoding: str = "utf-8",
    progress: Progress | None = None,
) -> Model:
    """Return a model over the articles below `paths`.

    Ranking and refusal are fitted on `questions` where there are any, otherwise taken from the model
    `base` (None: the shipped one).
    """
    if questions:
        from kerjasama_nlp import fitting
        from kerjasama_nlp.gold import read_questions

        gold = read_questions(questions)
        built, training = index_articles(paths, encoding=encoding, progress=progress)
        return Model(built, fitting.fit(built, gold), {**training, "questions": len(gold)})
    ranker = load(base).ranker
    built, training = index_articles(paths, encoding=encoding, progress=progress)
    return Model(built, ranker, training)
