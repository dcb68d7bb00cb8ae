"""Training in a notebook as on the command line: a few names, paths as text or `Path`, a model as the result."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from kerjasama_nlp.label_half import LabelFiles
from kerjasama_nlp.labels.label_set import LabelSet
from kerjasama_nlp.model import Model
from kerjasama_nlp.training import train as train_model

Paths = Iterable[Path | str]


def train(  # the command's options
    *,
    articles: Paths = (),
    questions: Paths = (),
    labels: Paths = (),
    tests: Paths = (),
    label_set: LabelSet | None = None,
    base: Path | str | None = None,
    encoding: str = "utf-8",
    jobs: int = 1,
) -> Model:
    """Return a model trained on articles, questions and labelled texts; `Model.save` writes it.

    What isn't given comes from the model `base` (None: the shipped one). `tests` are labelled files that
    measure the model and are never trained on; what it scores stands in `Model.training`. Raises InputError for
    files that can't be read or hold faulty labels, ModelError for a base that can't be opened.
    """
    chosen = _paths(labels)
    files = LabelFiles(chosen, encoding, label_set, _paths(tests), jobs) if chosen else None
    return train_model(
        _paths(articles),
        questions=_paths(questions),
        labels=files,
        base=None if base is None else Path(base),
        encoding=encoding,
    ).model


def _paths(paths: Paths) -> list[Path]:
    return [Path(path) for path in paths]
