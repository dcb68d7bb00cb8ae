"""The model folder: save, verify, load.

    manifest.json             format, versions, fingerprints, and size and SHA-256 of every other file
    answering.json            weights and threshold of the answerer
    passages[_offsets].npy    the passages, JSON lines as bytes, and where each starts
    terms[_offsets].npy       the index terms, sorted
    words[_offsets].npy       the corpus's words, sorted; word_stems.npy: each word's stem
    posting_{starts,passages,weights}.npy

Of the .npy format only what is written here is read: one dimension, one of four plain types. No pickle
is, so that loading never runs code from the folder. Large arrays are memory-mapped. The manifest is
written last.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kerjasama_nlp import answering, resources
from kerjasama_nlp.errors import ModelError
from kerjasama_nlp.files import new_folder, write_failures
from kerjasama_nlp.i18n import _
from kerjasama_nlp.index import Index, PassageStore
from kerjasama_nlp.ranking import Ranker
from kerjasama_nlp.records import Answer
from kerjasama_nlp.tfidf import Postings
from kerjasama_nlp.vocabulary import Vocabulary

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
# Folders up to this size are checked against their hashes whenever they are loaded (some 500 MB/s);
# larger ones when asked to (`info --verify`).
ALWAYS_VERIFIED_BYTES = 32 << 20
# Arrays from this size on are memory-mapped.
MAPPED_BYTES = 1 << 20
# A manifest is a few kilobytes.
_MAX_JSON_BYTES = 1 << 20
# An array file starts with this, the header's length in two bytes, and the header: a Python dictionary
# (the text below, padded with spaces). NumPy's own reader parses whatever stands there, and reserves as
# much memory as it promises.
_NPY_MAGIC = b"\x93NUMPY\x01\x00"
_NPY_HEADER = re.compile(
    rb"\{'descr': '(?P<descr>[|<][uif][1-8])', 'fortran_order': False, 'shape': \((?P<length>\d{1,18}),\), \} *\n"
)
# What taking a foreign JSON value apart can raise.
_UNFIT = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError, OSError)


@dataclass(frozen=True, slots=True)
class Model:
    """An opened model: what `ask` needs, and what the manifest says."""

    index: Index
    ranker: Ranker
    training: Mapping[str, Any] = field(default_factory=dict)
    manifest: Mapping[str, Any] = field(default_factory=dict)

    def ask(self, question: str, *, top_k: int = 5, min_confidence: float | None = None) -> Answer:
        """Answer a question from the corpus, or refuse; see `answering.ask`."""
        return answering.ask(self.index, self.ranker, question, top_k=top_k, min_confidence=min_confidence)


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
        index = _read_index({name: _read_array(folder, name, dtype) for name, dtype in INDEX_ARRAYS.items()})
    except _UNFIT as error:
        raise _damaged(folder, str(error) or type(error).__name__) from None
    return Model(index, ranker, manifest=manifest)


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
    expected = {*(f"{name}.npy" for name in INDEX_ARRAYS), ANSWERING}
    files = manifest.get("files")
    if not isinstance(files, dict) or set(files) != expected:
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
        _check_offsets(name, arrays[f"{name}_offsets"], len(arrays[name]))
    starts, ids = arrays["posting_starts"], arrays["posting_passages"]
    _check_offsets("postings", starts, len(ids))
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


def _check_offsets(name: str, offsets: NDArray[np.int64], length: int) -> None:
    if not len(offsets) or offsets[0] != 0 or offsets[-1] != length or bool((offsets[1:] < offsets[:-1]).any()):
        raise ValueError(name)


def _read_array(folder: Path, name: str, dtype: str) -> NDArray[Any]:
    """Return an array, memory-mapped where it is large; raises ValueError where it is no such array."""
    file = folder / f"{name}.npy"
    expected = np.dtype(dtype)
    with file.open("rb") as stream:
        start = stream.read(len(_NPY_MAGIC) + 2)
        header = stream.read(int.from_bytes(start[len(_NPY_MAGIC) :], "little"))
        match = _NPY_HEADER.fullmatch(header)
        if not start.startswith(_NPY_MAGIC) or match is None or match["descr"] != expected.str.encode():
            raise ValueError(file.name)
        length, size = int(match["length"]), file.stat().st_size
        if length * expected.itemsize != size - stream.tell():
            raise ValueError(file.name)
        if length and size >= MAPPED_BYTES:
            return np.asarray(np.memmap(stream, expected, "r", stream.tell()))
        return np.fromfile(stream, expected)


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
