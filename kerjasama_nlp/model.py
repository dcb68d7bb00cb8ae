"""The model folder: save, verify, load.

    manifest.json             format, versions, fingerprints, and size and SHA-256 of every other file
    answering.json            weights and threshold of the answerer
    passages[_offsets].npy    the passages, JSON lines as bytes, and where each starts
    terms[_offsets].npy       the index terms, sorted
    words[_offsets].npy       the corpus's words, sorted; word_stems.npy: each word's stem
    posting_{starts,passages,weights}.npy

and, in a model that labels news as well,

    labelling.json            calibration and thresholds of the classifier
    features[_offsets].npy    the names of its features, sorted
    feature_idf.npy, label_weights.npy (features x labels, row by row), label_bias.npy

Of the .npy format only what is written here is read: one dimension, one of four plain types. No pickle
is, so that loading never runs code from the folder. Large arrays are memory-mapped. The manifest is
written last.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kerjasama_nlp import answering, resources
from kerjasama_nlp.arrays import check_offsets, read_array
from kerjasama_nlp.errors import ModelError
from kerjasama_nlp.files import new_folder, write_failures
from kerjasama_nlp.i18n import _
from kerjasama_nlp.index import Index, PassageStore
from kerjasama_nlp.ranking import Ranker
from kerjasama_nlp.records import Answer, Labels
from kerjasama_nlp.tfidf import Postings
from kerjasama_nlp.vocabulary import Vocabulary

if TYPE_CHECKING:
    from kerjasama_nlp.classifier import Classifier

FORMAT = 1
MANIFEST = "manifest.json"
ANSWERING = "answering.json"
# Arrays of the index half: name -> dtype on disk, all one-dimensional.
INDEX_ARRAYS: Mapping[str, str] = {
    "passages": "|u1",
    "passages_offsets": "<i8",
    "terms": "|u1",
    "terms_offsets": "<i8",
    "words": "|u1",
    "words_offsets": "<i8",
    "word_stems": "<i4",
    "posting_starts": "<i8",
    "posting_passages": "<i4",
    "posting_weights": "<f4",
}
LABELLING = "labelling.json"
# Arrays of the labelling half.
LABEL_ARRAYS: Mapping[str, str] = {
    "features": "|u1",
    "features_offsets": "<i8",
    "feature_idf": "<f4",
    "label_weights": "<f4",
    "label_bias": "<f4",
}
# Folders up to this size are checked against their hashes whenever they are loaded (some 500 MB/s);
# larger ones when asked to (`info --verify`).
ALWAYS_VERIFIED_BYTES = 32 << 20
# A manifest is a few kilobytes.
_MAX_JSON_BYTES = 1 << 20
# What taking a foreign JSON value apart can raise.
_UNFIT = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError, OSError)


@dataclass(frozen=True)
class Model:
    """An opened model: what `ask` and `label` need, and what the manifest says.

    `fitted` is a classifier just trained; that of an opened folder is read when it is first used.
    """

    index: Index
    ranker: Ranker
    fitted: Classifier | None = None
    training: Mapping[str, Any] = field(default_factory=dict)
    manifest: Mapping[str, Any] = field(default_factory=dict)
    folder: Path | None = None

    def ask(self, question: str, *, top_k: int = 5, min_confidence: float | None = None) -> Answer:
        """Answer a question from the corpus, or refuse; see `answering.ask`."""
        return answering.ask(self.index, self.ranker, question, top_k=top_k, min_confidence=min_confidence)

    def label(self, texts: Iterable[str]) -> list[Labels]:
        """Return the labels of each text, in order; see `classifier.Classifier`.

        Raises ModelError where the model has no labelling half, or a damaged one.
        """
        return list(self.classifier.label(texts))

    @cached_property
    def classifier(self) -> Classifier:
        """The labelling half; raises ModelError where there is none, or it is damaged."""
        if self.fitted is not None:
            return self.fitted
        if self.folder is None or LABELLING not in self.manifest.get("files", {}):
            raise ModelError(
                _("{folder}: this model labels nothing; make one that does with: kerjasama train --labels FILE").format(
                    folder=self.folder
                )
            )
        from kerjasama_nlp.classifier import Classifier  # `ask` needs none of it

        try:
            arrays = {name: read_array(self.folder, name, dtype) for name, dtype in LABEL_ARRAYS.items()}
            return Classifier.from_parts(_read_json(self.folder / LABELLING), arrays)
        except _UNFIT as error:
            raise _damaged(self.folder, str(error) or type(error).__name__) from None

    @property
    def labels_news(self) -> bool:
        """Whether the model has a labelling half."""
        return self.fitted is not None or LABELLING in self.manifest.get("files", {})


def save(model: Model, path: Path, *, force: bool = False) -> None:
    """Write the model folder; it appears whole or not at all.

    Raises OutputExistsError where `path` exists (with `force`: where it is no model folder), OutputError
    where it can't be written.
    """
    import platform  # both are slow to import, and only saving needs them
    from importlib.metadata import version

    index = model.index
    arrays: dict[str, NDArray[Any]] = {
        "passages": index.passages.blob,
        "passages_offsets": index.passages.offsets,
        "terms": index.terms.blob,
        "terms_offsets": index.terms.offsets,
        "words": index.words.blob,
        "words_offsets": index.words.offsets,
        "word_stems": index.word_stems,
        "posting_starts": index.postings.starts,
        "posting_passages": index.postings.passages,
        "posting_weights": index.postings.weights,
    }
    with new_folder(path, force=force, marker=MANIFEST) as folder, write_failures(path):
        for name, dtype in INDEX_ARRAYS.items():
            np.save(folder / f"{name}.npy", arrays[name].astype(dtype, copy=False), allow_pickle=False)
        _write_json(folder / ANSWERING, model.ranker.to_json())
        if model.labels_news:
            settings, label_arrays = model.classifier.to_parts()
            for name, dtype in LABEL_ARRAYS.items():
                np.save(folder / f"{name}.npy", label_arrays[name].astype(dtype, copy=False), allow_pickle=False)
            _write_json(folder / LABELLING, settings)
        files = {file.name: {"size": file.stat().st_size, "sha256": _sha256(file)} for file in sorted(folder.iterdir())}
        manifest = {
            "format": FORMAT,
            "package": {"name": "kerjasama-nlp", "version": version("kerjasama-nlp")},
            "versions": {"python": platform.python_version(), "numpy": np.__version__},
            "passages": index.n_passages,
            "terms": len(index.terms),
            **model.training,
            "files": files,
        }
        _write_json(folder / MANIFEST, manifest)


def load(path: Path | str | None = None) -> Model:
    """Open a model folder (default: the one that ships with the package).

    Raises ModelError where it is missing, damaged, or of another format.
    """
    folder = Path(path) if path is not None else resources.default_model()
    manifest = read_manifest(folder)
    total = sum(entry["size"] for entry in manifest["files"].values())
    check_files(folder, manifest, hashes=total <= ALWAYS_VERIFIED_BYTES)
    try:
        ranker = Ranker.from_json(_read_json(folder / ANSWERING))
        index = _read_index({name: read_array(folder, name, dtype) for name, dtype in INDEX_ARRAYS.items()})
    except _UNFIT as error:
        raise _damaged(folder, str(error) or type(error).__name__) from None
    return Model(index, ranker, manifest=manifest, folder=folder)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a model folder, its form checked.

    Raises ModelError where the folder isn't a model, or of another format.
    """
    try:
        manifest = _read_json(folder / MANIFEST)
    except FileNotFoundError:
        if not folder.is_dir():
            raise ModelError(
                _("{folder}: no such model folder; make one with: kerjasama train --articles DIR -o {folder}").format(
                    folder=folder
                )
            ) from None
        raise ModelError(
            _("{folder}: found no {name}, expected a model folder made by kerjasama train").format(
                folder=folder, name=MANIFEST
            )
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(folder, f"{MANIFEST}: {error}") from None
    if not isinstance(manifest, dict):
        raise _damaged(folder, MANIFEST)
    if manifest.get("format") != FORMAT:
        raise ModelError(
            _("{folder}: found model format {found}, expected {expected}; retrain it with: kerjasama train").format(
                folder=folder, found=json.dumps(manifest.get("format"))[:40], expected=FORMAT
            )
        )
    answers = {*(f"{name}.npy" for name in INDEX_ARRAYS), ANSWERING}
    labels = {*(f"{name}.npy" for name in LABEL_ARRAYS), LABELLING}
    files = manifest.get("files")
    if not isinstance(files, dict) or set(files) not in (answers, answers | labels):
        raise _damaged(folder, _("its manifest lists other files than expected"))
    for entry in files.values():
        if not (isinstance(entry, dict) and type(entry.get("size")) is int and isinstance(entry.get("sha256"), str)):
            raise _damaged(folder, MANIFEST)
    return manifest


def check_files(folder: Path, manifest: Mapping[str, Any], *, hashes: bool) -> None:
    """Compare the folder's files with the manifest: sizes, and SHA-256 where `hashes` is set."""
    for name, entry in manifest["files"].items():
        file = folder / name
        try:
            size = file.stat().st_size
            matches = size == entry["size"] and (not hashes or _sha256(file) == entry["sha256"])
        except OSError as error:
            raise _damaged(folder, f"{name}: {error.strerror}") from None
        if not matches:
            raise _damaged(folder, _("{name} is not the file that was saved").format(name=name))


def _damaged(folder: Path, what: str) -> ModelError:
    return ModelError(
        _("{folder}: the model is damaged ({what}); copy it again or retrain it").format(folder=folder, what=what)
    )


def _read_index(arrays: Mapping[str, NDArray[Any]]) -> Index:
    """Assemble the index, lengths and bounds checked; raises ValueError where they don't fit."""
    for name in ("passages", "terms", "words"):
        check_offsets(name, arrays[f"{name}_offsets"], len(arrays[name]))
    starts, ids = arrays["posting_starts"], arrays["posting_passages"]
    check_offsets("postings", starts, len(ids))
    n_terms, n_passages = len(arrays["terms_offsets"]) - 1, len(arrays["passages_offsets"]) - 1
    if len(starts) != n_terms + 1 or len(arrays["posting_weights"]) != len(ids):
        raise ValueError("postings")
    if len(ids) and not (int(ids.min()) >= 0 and int(ids.max()) < n_passages):
        raise ValueError("posting_passages")
    if not np.isfinite(arrays["posting_weights"]).all():
        raise ValueError("posting_weights")
    stems = arrays["word_stems"]
    if len(stems) != len(arrays["words_offsets"]) - 1 or (
        len(stems) and not (int(stems.min()) >= 0 and int(stems.max()) < n_terms)
    ):
        raise ValueError("word_stems")
    return Index(
        PassageStore(arrays["passages"], arrays["passages_offsets"]),
        Vocabulary(arrays["terms"], arrays["terms_offsets"]),
        Vocabulary(arrays["words"], arrays["words_offsets"]),
        stems,
        Postings(starts, ids, arrays["posting_weights"]),
    )


def _read_json(file: Path) -> Any:
    with file.open("rb") as stream:
        data = stream.read(_MAX_JSON_BYTES + 1)
    if len(data) > _MAX_JSON_BYTES:
        raise ValueError(file.name)
    return json.loads(data)


def _write_json(file: Path, value: object) -> None:
    file.write_text(json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
