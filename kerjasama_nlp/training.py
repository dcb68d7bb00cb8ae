"""Training: from articles, questions and labelled texts to a model."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from kerjasama_nlp.answers.index import Index, build
from kerjasama_nlp.answers.ranking import Ranker
from kerjasama_nlp.documents import articles, passages
from kerjasama_nlp.model import Model, load
from kerjasama_nlp.records import Article, Passage

if TYPE_CHECKING:
    from kerjasama_nlp.labels.classifier import Classifier

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
    built = build(counted)
    return built, {"articles": counted.articles, "articles_sha256": counted.fingerprint}


def train(  # each is an option of the command
    paths: Sequence[Path] = (),
    *,
    questions: Sequence[Path] = (),
    labels: Sequence[Path] = (),
    base: Path | None = None,
    encoding: str = "utf-8",
    progress: Progress | None = None,
) -> Model:
    """Return a model over the articles below `paths` and the labelled texts in `labels`.

    What isn't given comes from the model `base` (None: the shipped one): the articles, ranking and refusal
    (fitted on `questions` where there are any), and the labels.
    """
    old = cache(lambda: load(base))  # opened only where it gives something
    manifest: dict[str, object] = {}

    def keep(*names: str) -> None:
        manifest.update({name: old().manifest[name] for name in names if name in old().manifest})

    fitted = None
    if labels:
        fitted, manifest["labelled"] = _fit_labels(labels, encoding)
    elif old().labels_news:
        fitted = old().classifier
        keep("labelled")
    if paths:
        index, described = index_articles(paths, encoding=encoding, progress=progress)
        manifest |= described
    else:
        index = old().index
        keep("articles", "articles_sha256")
    if questions:
        ranker, manifest["questions"] = _fit_ranker(index, questions)
    else:
        ranker = old().ranker
        keep("questions")
    return Model(index, ranker, fitted, manifest)


def _fit_ranker(index: Index, questions: Sequence[Path]) -> tuple[Ranker, int]:
    from kerjasama_nlp.answers import fitting
    from kerjasama_nlp.answers.gold import read_questions

    gold = read_questions(questions)
    return fitting.fit(index, gold), len(gold)


def _fit_labels(paths: Sequence[Path], encoding: str) -> tuple[Classifier, int]:
    from kerjasama_nlp.labels import labelled as labels
    from kerjasama_nlp.labels import training as label_training

    texts = labels.read(paths, encoding)
    return label_training.fit(texts), len(texts)
