"""The model folder: save, verify, load.

    manifest.json             format, versions, fingerprints, size and SHA-256 of every other file, and of its own
    answering.json            weights and threshold of the answerer
    passages[_offsets].npy    the passages, JSON lines as bytes, and where each starts
    passages_sums.npy         the CRC-32 of each line, checked when it is read: files too large to be checked whole
                              still give no text but what was saved
    terms[_offsets].npy       the index terms, sorted
    words[_offsets].npy       the corpus's words, sorted; word_stems.npy: each word's stem
    posting_{starts,passages,weights}.npy
    asked[_offsets].npy       questions that passages are known to answer, JSON lines as bytes, and where each starts;
                              behind them questions without an answer. asked_passages.npy: the passage of each, or -1
    asked_terms[_offsets].npy, asked_{starts,ids}.npy: their terms and postings; asked_weights.npy: what each asks for
    translated[_offsets].npy  words of questions, sorted, and translated_shares.npy, the share of each in all questions;
    translated_into[_offsets].npy, translation_{starts,ids,chances}.npy: the words of answers that they ask for

and, in a model that labels news as well,

    labelling.json            calibration and thresholds of the classifier
    features[_offsets].npy    the names of its features, sorted
    feature_idf.npy, label_weights.npy (features x labels, row by row), label_bias.npy
    labelled_texts.npy        fingerprints of the texts it was fitted on, sorted: nothing is measured on those

MODEL_CARD.md says for people what the manifest says.

Of the .npy format only what is written here is read: one dimension, one of five plain types. No pickle
is, so that loading never runs code from the folder. Large arrays are memory-mapped. The manifest is
written last.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kerjasama_nlp.answers import answering, tfidf
from kerjasama_nlp.answers.asked import MAX_WEIGHT, UNANSWERED, Asked
from kerjasama_nlp.answers.index import Index, PassageStore
from kerjasama_nlp.answers.ranking import Rankers
from kerjasama_nlp.answers.tfidf import Postings
from kerjasama_nlp.answers.translation import MIN_SHARE, Translations
from kerjasama_nlp.arrays import MAPPED_BYTES, check_offsets, check_range, read_array, write_array
from kerjasama_nlp.files import new_folder, sha256, write_failures
from kerjasama_nlp.model_files import (
    ALWAYS_VERIFIED_BYTES,
    ANSWERING,
    ANSWERING_FILES,
    FORMAT,
    INDEX_ARRAYS,
    LABEL_ARRAYS,
    LABELLED_TEXTS,
    LABELLING,
    MANIFEST,
    MODEL_CARD,
    SEAL,
    UNFIT,
    check_hashes,
    damaged,
    open_folder,
    read_classifier,
    read_json,
    seal,
)
from kerjasama_nlp.records import Answer, Labels
from kerjasama_nlp.version import VERSION
from kerjasama_nlp.vocabulary import Vocabulary

if TYPE_CHECKING:
    from kerjasama_nlp.labels.classifier import Classifier


# What of a manifest is written anew whenever a model is saved; the rest tells of the training.
_WRITTEN = frozenset({"format", "package", "versions", "passages", "terms", "files", SEAL})


@dataclass(frozen=True)
class Model:
    """An opened model: what `ask` and `label` need, and what the manifest says.

    `fitted` is a classifier just trained, `fitted_texts` the fingerprints of the texts it was fitted on; those of an
    opened folder are read when they are first used.
    """

    index: Index
    ranker: Rankers
    fitted: Classifier | None = None
    training: Mapping[str, Any] = field(default_factory=dict)
    manifest: Mapping[str, Any] = field(default_factory=dict)
    folder: Path | None = None
    fitted_texts: NDArray[np.int64] | None = None

    def ask(self, question: str, *, top_k: int = 5, min_confidence: float | None = None) -> Answer:
        """Answer a question from the corpus, or refuse; see `answering.ask`."""
        return answering.ask(self.index, self.ranker, question, top_k=top_k, min_confidence=min_confidence)

    def label(self, texts: Iterable[str]) -> list[Labels]:
        """Return the labels of each text, in order; see `classifier.Classifier`.

        Raises ModelError where the model has no labelling half, or a damaged one.
        """
        return list(self.classifier.label(texts))

    def save(self, path: Path | str, *, force: bool = False) -> None:
        """Write the model folder; see `save`."""
        save(self, Path(path), force=force)

    def explain(self, text: str, most: int = 8) -> list[tuple[str, float]]:
        """Return what speaks most for (> 0) and against (< 0) the form of a text; see `classifier.Classifier.explain`.

        Raises ModelError where the model has no labelling half, or a damaged one.
        """
        return self.classifier.explain(text, most)

    @cached_property
    def classifier(self) -> Classifier:
        """The labelling half; raises ModelError where there is none, or it is damaged."""
        return self.fitted if self.fitted is not None else read_classifier(self.folder, self.manifest)

    @cached_property
    def labelled_texts(self) -> NDArray[np.int64] | None:
        """Fingerprints of the texts that the labelling half was fitted on, sorted; None where they aren't known."""
        if self.fitted is not None or self.folder is None or not self.labels_news:
            return self.fitted_texts
        check_hashes(self.folder, self.manifest, [f"{LABELLED_TEXTS}.npy"])
        try:
            texts = read_array(self.folder, LABELLED_TEXTS, "<i8")
        except UNFIT as error:
            raise damaged(self.folder, str(error) or type(error).__name__) from None
        return texts if len(texts) else None  # saved without being told what it was fitted on

    @property
    def labels_news(self) -> bool:
        """Whether the model has a labelling half."""
        return self.fitted is not None or LABELLING in self.manifest.get("files", {})


def save(model: Model, path: Path, *, force: bool = False) -> None:
    """Write the model folder; it appears whole or not at all.

    Raises OutputExistsError where `path` exists (with `force`: where it is no model folder), OutputError
    where it can't be written.
    """
    import platform  # slow to import, and only saving needs it

    from kerjasama_nlp import model_card

    index, translations = model.index, model.ranker.translations
    arrays: dict[str, NDArray[Any]] = {
        "passages": index.passages.blob,
        "passages_offsets": index.passages.offsets,
        "passages_sums": index.passages.sums,
        "terms": index.terms.blob,
        "terms_offsets": index.terms.offsets,
        "words": index.words.blob,
        "words_offsets": index.words.offsets,
        "word_stems": index.word_stems,
        "posting_starts": index.postings.starts,
        "posting_passages": index.postings.passages,
        "posting_weights": index.postings.weights,
        "asked": index.asked.lines,
        "asked_offsets": index.asked.offsets,
        "asked_passages": index.asked.passages,
        "asked_terms": index.asked.terms.blob,
        "asked_terms_offsets": index.asked.terms.offsets,
        "asked_starts": index.asked.starts,
        "asked_ids": index.asked.ids,
        "asked_weights": index.asked.weights,
        "translated": translations.asked.blob,
        "translated_offsets": translations.asked.offsets,
        "translated_into": translations.said.blob,
        "translated_into_offsets": translations.said.offsets,
        "translation_starts": translations.starts,
        "translation_ids": translations.ids,
        "translation_chances": translations.chances,
        "translated_shares": translations.shares,
    }
    with new_folder(path, force=force, marker=MANIFEST) as folder, write_failures(path):
        for name, dtype in INDEX_ARRAYS.items():
            write_array(folder / f"{name}.npy", arrays[name].astype(dtype, copy=False))
        _write_json(folder / ANSWERING, model.ranker.to_json())
        if model.labels_news:
            settings, label_arrays = model.classifier.to_parts()
            for name, dtype in LABEL_ARRAYS.items():
                write_array(folder / f"{name}.npy", label_arrays[name].astype(dtype, copy=False))
            _write_json(folder / LABELLING, settings)
            texts = np.zeros(0, dtype=np.int64) if model.labelled_texts is None else model.labelled_texts
            write_array(folder / f"{LABELLED_TEXTS}.npy", texts.astype("<i8"))
        described = {
            "format": FORMAT,
            "package": {"name": "kerjasama-nlp", "version": VERSION},
            "versions": {"python": platform.python_version(), "numpy": np.__version__},
            "passages": index.n_passages,
            "terms": len(index.terms),
            **model.training,
        }
        (folder / MODEL_CARD).write_text(model_card.render(described), encoding="utf-8")
        files = {file.name: {"size": file.stat().st_size, "sha256": sha256(file)} for file in sorted(folder.iterdir())}
        manifest = {**described, "files": files}
        _write_json(folder / MANIFEST, {**manifest, SEAL: seal(manifest)})


def load(path: Path | str | None = None) -> Model:
    """Open a model folder (default: the one that ships with the package).

    Raises ModelError where it is missing, damaged, or of another format.
    """
    folder, manifest = open_folder(path)
    check_hashes(folder, manifest, ANSWERING_FILES, ALWAYS_VERIFIED_BYTES)
    try:
        arrays = {name: read_array(folder, name, dtype) for name, dtype in INDEX_ARRAYS.items()}
        index = _read_index(arrays)
        ranker = Rankers.from_json(read_json(folder / ANSWERING), _read_translations(arrays))
    except UNFIT as error:
        raise damaged(folder, str(error) or type(error).__name__) from None
    trained = {name: value for name, value in manifest.items() if name not in _WRITTEN}
    return Model(index, ranker, training=trained, manifest=manifest, folder=folder)


def verify(path: Path | str | None = None) -> Model:
    """Open a model folder as `load` does, and check all that `load` leaves out or leaves for later.

    That is the SHA-256 of every file, and the form of every passage, word and feature. Raises ModelError.
    """
    folder, manifest = open_folder(path)
    check_hashes(folder, manifest, manifest["files"])
    model = load(folder)
    index = model.index
    for _passage in index.passages:
        pass
    for number in range(len(index.asked)):
        place = index.asked[number]
        if place.passage != UNANSWERED and place.end > len(index.passages[place.passage].text):
            raise damaged(folder, "asked")
    try:
        for name, vocabulary in (
            ("terms", index.terms),
            ("words", index.words),
            ("translated", model.ranker.translations.asked),
            ("translated_into", model.ranker.translations.said),
        ):
            entries = vocabulary.decoded()
            if any(before.encode() >= after.encode() for before, after in pairwise(entries)):
                raise ValueError(name)  # as from the other checks
        _check_postings(index.postings)
        ids, starts = index.postings.passages, index.postings.starts
        climbs = np.diff(ids) > 0
        climbs[starts[(starts > 0) & (starts < len(ids))] - 1] = True  # between two terms
        if not climbs.all():
            raise ValueError("posting_passages")
    except UNFIT as error:
        raise damaged(folder, str(error)) from None
    if model.labels_news:
        model.classifier  # noqa: B018  # reading it checks it
    return model


def _read_index(arrays: Mapping[str, NDArray[Any]]) -> Index:
    """Assemble the index, lengths and bounds checked; raises ValueError where they don't fit."""
    for name in ("passages", "terms", "words"):
        check_offsets(name, arrays[f"{name}_offsets"], len(arrays[name]))
    starts, ids = arrays["posting_starts"], arrays["posting_passages"]
    check_offsets("postings", starts, len(ids))
    n_terms, n_passages = len(arrays["terms_offsets"]) - 1, len(arrays["passages_offsets"]) - 1
    if len(arrays["passages_sums"]) != n_passages:
        raise ValueError("passages_sums")
    if len(starts) != n_terms + 1 or len(arrays["posting_weights"]) != len(ids):
        raise ValueError("postings")
    postings = Postings(starts, ids, arrays["posting_weights"], n_passages)
    if ids.nbytes < MAPPED_BYTES:  # of larger ones, each term's when they are looked up: reading all costs an answer
        _check_postings(postings)
    stems = arrays["word_stems"]
    if len(stems) != len(arrays["words_offsets"]) - 1:
        raise ValueError("word_stems")
    check_range("word_stems", stems, 0, n_terms - 1)
    return Index(
        PassageStore(arrays["passages"], arrays["passages_offsets"], arrays["passages_sums"]),
        Vocabulary(arrays["terms"], arrays["terms_offsets"]),
        Vocabulary(arrays["words"], arrays["words_offsets"]),
        stems,
        postings,
        _read_asked(arrays, n_passages),
    )


def _check_postings(postings: Postings) -> None:
    check_range("posting_passages", postings.passages, 0, postings.n_passages - 1)
    check_range("posting_weights", postings.weights, 0, tfidf.MAX_WEIGHT)


def _read_asked(arrays: Mapping[str, NDArray[Any]], n_passages: int) -> Asked:
    """Assemble the known questions, lengths and bounds checked; raises ValueError where they don't fit."""
    for name in ("asked", "asked_terms"):
        check_offsets(name, arrays[f"{name}_offsets"], len(arrays[name]))
    starts, ids, weights = arrays["asked_starts"], arrays["asked_ids"], arrays["asked_weights"]
    check_offsets("asked_starts", starts, len(ids))
    n_questions = len(arrays["asked_offsets"]) - 1
    places = arrays["asked_passages"]
    if not len(weights) == len(places) == n_questions or len(starts) != len(arrays["asked_terms_offsets"]):
        raise ValueError("asked")
    answered = places != UNANSWERED
    if (np.diff(answered.astype(np.int8)) > 0).any():
        raise ValueError("asked_passages")
    check_range("asked_passages", places[answered], 0, n_passages - 1)
    check_range("asked_ids", ids, 0, n_questions - 1)
    check_range("asked_weights", weights, 0, MAX_WEIGHT)
    terms = Vocabulary(arrays["asked_terms"], arrays["asked_terms_offsets"])
    return Asked(arrays["asked"], arrays["asked_offsets"], places, terms, starts, ids, weights)


def _read_translations(arrays: Mapping[str, NDArray[Any]]) -> Translations:
    """Assemble the translations, lengths and bounds checked; raises ValueError where they don't fit."""
    for name in ("translated", "translated_into"):
        check_offsets(name, arrays[f"{name}_offsets"], len(arrays[name]))
    starts, ids = arrays["translation_starts"], arrays["translation_ids"]
    chances, shares = arrays["translation_chances"], arrays["translated_shares"]
    check_offsets("translation_starts", starts, len(ids))
    asked = Vocabulary(arrays["translated"], arrays["translated_offsets"])
    said = Vocabulary(arrays["translated_into"], arrays["translated_into_offsets"])
    if len(chances) != len(ids) or len(shares) != len(asked) or len(starts) != len(asked) + 1:
        raise ValueError("translations")
    check_range("translation_ids", ids, 0, len(said) - 1)
    check_range("translation_chances", chances, 0, 1)
    check_range("translated_shares", shares, MIN_SHARE, 1)
    return Translations(asked, said, starts, ids, chances, shares)


def _write_json(file: Path, value: object) -> None:
    file.write_text(json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
