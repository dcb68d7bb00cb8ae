"""The files of a model folder, checked: manifest, arrays, hashes; and the labelling half, which needs no other.

What the files are stands in `model`, which writes them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerjasama_nlp import resources
from kerjasama_nlp.arrays import read_array
from kerjasama_nlp.errors import ModelError
from kerjasama_nlp.files import sha256
from kerjasama_nlp.i18n import _

if TYPE_CHECKING:
    from kerjasama_nlp.labels.classifier import Classifier
    from kerjasama_nlp.labels.label_set import LabelSet

FORMAT = 1
MANIFEST = "manifest.json"
MODEL_CARD = "MODEL_CARD.md"
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
# Which texts a model was fitted on; labelling doesn't need it.
LABELLED_TEXTS = "labelled_texts"
# Folders up to this size are checked against their hashes whenever they are loaded (some 500 MB/s);
# larger ones when asked to (`info --verify`).
ALWAYS_VERIFIED_BYTES = 32 << 20
# A manifest is a few kilobytes.
_MAX_JSON_BYTES = 1 << 20
# What taking a foreign JSON value apart can raise.
UNFIT = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError, OSError)


def open_folder(path: Path | str | None) -> tuple[Path, dict[str, Any]]:
    """Return a model folder (default: the one that ships with the package) and its manifest, its files checked.

    Raises ModelError where it is missing, damaged, or of another format.
    """
    folder = Path(path) if path is not None else resources.default_model()
    manifest = read_manifest(folder)
    total = sum(entry["size"] for entry in manifest["files"].values())
    check_files(folder, manifest, hashes=total <= ALWAYS_VERIFIED_BYTES)
    return folder, manifest


def read_classifier(folder: Path | None, manifest: Mapping[str, Any]) -> Classifier:
    """Return the labelling half of a folder that was opened; raises ModelError where there is none."""
    folder = _labelling_folder(folder, manifest)
    from kerjasama_nlp.labels.classifier import Classifier  # `ask` needs none of it

    try:
        arrays = {name: read_array(folder, name, dtype) for name, dtype in LABEL_ARRAYS.items()}
        return Classifier.from_parts(read_json(folder / LABELLING), arrays)
    except UNFIT as error:
        raise damaged(folder, str(error) or type(error).__name__) from None


def read_label_set(folder: Path) -> LabelSet:
    """Return the labels that the model in a folder gives; raises ModelError where it gives none."""
    from kerjasama_nlp.labels.label_set import LabelSet

    folder = _labelling_folder(folder, read_manifest(folder))
    try:
        return LabelSet.from_json(read_json(folder / LABELLING)["labels"])
    except UNFIT as error:
        raise damaged(folder, str(error) or type(error).__name__) from None


def _labelling_folder(folder: Path | None, manifest: Mapping[str, Any]) -> Path:
    """Return the folder of a model that labels news; raises ModelError where it doesn't."""
    if folder is None or LABELLING not in manifest.get("files", {}):
        raise ModelError(
            _("{folder}: this model labels nothing; make one that does with: kerjasama train --labels FILE").format(
                folder=folder
            )
        )
    return folder


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a model folder, its form checked.

    Raises ModelError where the folder isn't a model, or of another format.
    """
    try:
        manifest = read_json(folder / MANIFEST)
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
        raise damaged(folder, f"{MANIFEST}: {error}") from None
    if not isinstance(manifest, dict):
        raise damaged(folder, MANIFEST)
    if manifest.get("format") != FORMAT:
        raise ModelError(
            _("{folder}: found model format {found}, expected {expected}; retrain it with: kerjasama train").format(
                folder=folder, found=json.dumps(manifest.get("format"))[:40], expected=FORMAT
            )
        )
    answers = {*(f"{name}.npy" for name in INDEX_ARRAYS), ANSWERING, MODEL_CARD}
    labels = {*(f"{name}.npy" for name in (*LABEL_ARRAYS, LABELLED_TEXTS)), LABELLING}
    files = manifest.get("files")
    if not isinstance(files, dict) or set(files) not in (answers, answers | labels):
        raise damaged(folder, _("its manifest lists other files than expected"))
    for entry in files.values():
        if not (isinstance(entry, dict) and type(entry.get("size")) is int and isinstance(entry.get("sha256"), str)):
            raise damaged(folder, MANIFEST)
    return manifest


def check_files(folder: Path, manifest: Mapping[str, Any], *, hashes: bool) -> None:
    """Compare the folder's files with the manifest: sizes, and SHA-256 where `hashes` is set."""
    for name, entry in manifest["files"].items():
        file = folder / name
        try:
            size = file.stat().st_size
            matches = size == entry["size"] and (not hashes or sha256(file) == entry["sha256"])
        except OSError as error:
            raise damaged(folder, f"{name}: {error.strerror}") from None
        if not matches:
            raise damaged(folder, _("{name} is not the file that was saved").format(name=name))


def damaged(folder: Path, what: str) -> ModelError:
    """Return the error of a folder that holds something else than what was saved."""
    return ModelError(
        _("{folder}: the model is damaged ({what}); copy it again or retrain it").format(folder=folder, what=what)
    )


def read_json(file: Path) -> Any:
    """Return what stands in a small JSON file; raises OSError, ValueError or RecursionError where that isn't any."""
    with file.open("rb") as stream:
        data = stream.read(_MAX_JSON_BYTES + 1)
    if len(data) > _MAX_JSON_BYTES:
        raise ValueError(file.name)
    return json.loads(data)
