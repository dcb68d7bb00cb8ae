"""Training: from articles, questions and labelled texts to a model."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from kerjasama_nlp.answers import gold
from kerjasama_nlp.answers.gold import KnownAnswer
from kerjasama_nlp.answers.index import Index
from kerjasama_nlp.answers.indexing import build
from kerjasama_nlp.documents import articles, passages
from kerjasama_nlp.files import write_failures
from kerjasama_nlp.i18n import _
from kerjasama_nlp.model import Model, load
from kerjasama_nlp.records import Article, Passage, Progress, tell_nobody

if TYPE_CHECKING:
    from kerjasama_nlp.comparison import Comparison
    from kerjasama_nlp.label_half import LabelFiles

# What the manifest says of each half.
_OF_LABELS = ("fitted_with", "labelled", "labelled_sha256", "labels", "thresholds", "scores")
_OF_ARTICLES = ("articles", "articles_sha256", "known_questions")


@dataclass(frozen=True, slots=True)
class Trained:
    """A new model, and how its labels compare with an earlier model's (None: there was nothing to tell by)."""

    model: Model
    comparison: Comparison | None


class _Counted:
    """Hands articles on as passages, and keeps count and fingerprint of what went through."""

    def __init__(self, source: Iterable[Article], progress: Progress) -> None:
        self._source = source
        self._progress = progress
        self._hash = hashlib.sha256()
        self.articles = 0

    def __iter__(self) -> Iterator[Passage]:
        stage = _("articles")
        for article in self._source:
            self.articles += 1
            self._progress(stage, self.articles, 0)
            for passage in passages.split(article):
                self._hash.update(repr(passage).encode("utf-8", "surrogatepass"))
                yield passage

    @property
    def fingerprint(self) -> str:
        """SHA-256 over all passages."""
        return self._hash.hexdigest()


def index_articles(
    paths: Sequence[Path],
    *,
    known: Sequence[KnownAnswer] = (),
    encoding: str = "utf-8",
    progress: Progress | None = None,
    scratch: Path | None = None,
) -> tuple[Index, dict[str, object]]:
    """Index the articles below `paths` and questions `known` to be answered there.

    Temporary files are made in the folder `scratch` (None: where the system has them). Returns the index and what the
    manifest says of it. Raises InputError where a path can't be read or holds no text, or a passage that a known
    question names isn't there, OutputError where temporary files can't be written.
    """
    found = (article for path in paths for article in articles.read(path, encoding))
    counted = _Counted(found, progress or tell_nobody)
    with write_failures(Path(tempfile.gettempdir()) if scratch is None else scratch):
        built = build(counted, known, scratch)
    described = {"articles": counted.articles, "articles_sha256": counted.fingerprint}
    return built, {**described, "known_questions": len(known)} if known else described


def train(
    paths: Sequence[Path] = (),
    *,
    questions: Sequence[Path] = (),
    labels: LabelFiles | None = None,
    base: Path | None = None,
    against: Path | None = None,
    encoding: str = "utf-8",
    progress: Progress | None = None,
    scratch: Path | None = None,
) -> Trained:
    """Return a model over the articles below `paths` and the labelled texts of `labels`.

    What isn't given comes from the model `base` (None: the shipped one): the articles, ranking and refusal
    (fitted on `questions` where there are any), and the labels. These are compared with those of the model
    `against` (None: the base). Large indexes are made of temporary files in `scratch`; see `index_articles`.
    """
    old = cache(lambda: load(base))  # opened only where it gives something
    manifest: dict[str, object] = {}

    def keep(names: Sequence[str]) -> None:
        manifest.update({name: old().manifest[name] for name in names if name in old().manifest})

    asked = gold.read(questions)
    if asked.gold or (questions and not asked.known):
        gold.check_sorts(asked.gold)  # what nothing can be fitted on is told before the work
    if not (paths and asked.gold and asked.known and labels):
        old()  # a base that can't be opened is told before the work
    classifier, texts, compared = None, None, None
    if labels is not None:
        from kerjasama_nlp import label_half

        half = label_half.fit(labels, old if against is None else lambda: load(against), progress)
        classifier, texts, compared = half.classifier, half.texts, half.comparison
        manifest |= half.manifest
    elif old().labels_news:
        classifier, texts = old().classifier, old().labelled_texts
        keep(_OF_LABELS)
    if paths:
        index, described = index_articles(
            paths, known=asked.known, encoding=encoding, progress=progress, scratch=scratch
        )
        manifest |= described
    elif asked.known:
        index = build(old().index.passages, asked.known)
        keep(_OF_ARTICLES)
        manifest["known_questions"] = len(asked.known)
    else:
        index = old().index
        keep(_OF_ARTICLES)
    if asked.gold:
        from kerjasama_nlp.answers import fitting

        others = None if len(index.asked) else old().ranker.translations
        ranker, manifest["questions"] = fitting.fit(index, asked.gold, asked.known, others), len(asked.gold)
    else:
        ranker = old().ranker
        keep(["questions"])
    return Trained(Model(index, ranker, classifier, manifest, fitted_texts=texts), compared)
