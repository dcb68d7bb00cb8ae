"""The files of a model folder, checked: manifest, arrays, hashes; and the labelling half, which needs no other.

What the files are stands in `model`, which writes them. A folder may come from a stranger, or from a disk that
fails: which of it is checked when, and what that costs, stands in docs/security.md.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from kerjasama_nlp import resources
from kerjasama_nlp.arrays import read_array
from kerjasama_nlp.errors import ModelError
from kerjasama_nlp.i18n import _
from kerjasama_nlp.plain_files import open_plain

if TYPE_CHECKING:
    from kerjasama_nlp.labels.classifier import Classifier
    from kerjasama_nlp.labels.label_set import LabelSet

FORMAT = 3
MANIFEST = "manifest.json"
MODEL_CARD = "MODEL_CARD.md"
ANSWERING = "answering.json"
# Arrays of the index half: name -> dtype on disk, all one-dimensional.
INDEX_ARRAYS: Mapping[str, str] = {
    "passages": "|u1",
    "passages_offsets": "<i8",
    "passages_sums": "<u4",
    "terms": "|u1",
    "terms_offsets": "<i8",
    "words": "|u1",
    "words_offsets": "<i8",
    "word_stems": "<i4",
    "posting_starts": "<i8",
    "posting_passages": "<i4",
    "posting_weights": "<f4",
    "asked": "|u1",
    "asked_offsets": "<i8",
    "asked_passages": "<i4",
    "asked_terms": "|u1",
    "asked_terms_offsets": "<i8",
    "asked_starts": "<i8",
    "asked_ids": "<i4",
    "asked_weights": "<f4",
    "translated": "|u1",
    "translated_offsets": "<i8",
    "translated_into": "|u1",
    "translated_into_offsets": "<i8",
    "translation_starts": "<i8",
    "translation_ids": "<i4",
    "translation_chances": "<f4",
    "translated_shares": "<f4",
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
ANSWERING_FILES = frozenset({*(f"{name}.npy" for name in INDEX_ARRAYS), ANSWERING, MODEL_CARD})
LABELLING_FILES = frozenset({*(f"{name}.npy" for name in LABEL_ARRAYS), LABELLING})
# With what labelling doesn't need.
_LABELS = LABELLING_FILES | {f"{LABELLED_TEXTS}.npy"}
# The answering half is checked against its hashes whenever it is opened, smallest file first, as far as so many
# bytes reach (1,700 MB/s where the processor helps with SHA-256, some 500 elsewhere); of a larger one the rest only
# when asked to (`info --verify`). The labelling half is checked whole.
ALWAYS_VERIFIED_BYTES = 32 << 20
# The manifest's own hash, over all else that stands in it.
SEAL = "sha256"
_SHA256 = re.compile(r"[0-9a-f]{64}")
# A manifest is a few kilobytes.
_MAX_JSON_BYTES = 1 << 20
# What taking a foreign JSON value apart can raise.
UNFIT = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError, OSError)


def open_folder(path: Path | str | None) -> tuple[Path, dict[str, Any]]:
    """Return a model folder (default: the one that ships with the package) and its manifest, its files' sizes checked.

    Raises ModelError where it is missing, damaged, or of another format.
    """
    folder = Path(path) if path is not None else resources.default_model()
    manifest = read_manifest(folder)
    for name, entry in manifest["files"].items():
        try:
            with open_plain(folder / name) as stream:
                size = stream.seek(0, 2)
        except OSError as error:
            raise damaged(folder, f"{name}: {error.strerror}") from None
        if size != entry["size"]:
            raise _exchanged(folder, name)
    return folder, manifest


def check_hashes(folder: Path, manifest: Mapping[str, Any], names: Iterable[str], most: int | None = None) -> None:
    """Raise ModelError unless the files of an opened folder have the manifest's SHA-256.

    The smallest are looked at first, and with `most` only as many as have so many bytes together.
    """
    entries = sorted((manifest["files"][name]["size"], name) for name in names)
    seen = 0
    for size, name in entries:
        seen += size
        if most is not None and seen > most:
            return
        try:
            with open_plain(folder / name) as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise damaged(folder, f"{name}: {error.strerror}") from None
        if digest != manifest["files"][name]["sha256"]:
            raise _exchanged(folder, name)


def read_classifier(folder: Path | None, manifest: Mapping[str, Any]) -> Classifier:
    """Return the labelling half of a folder that was opened; raises ModelError where there is none."""
    folder = _labelling_folder(folder, manifest)
    from kerjasama_nlp.labels.classifier import Classifier  # `ask` needs none of it

    check_hashes(folder, manifest, LABELLING_FILES)
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
    if manifest.get("format") != FORMAT or manifest["format"] is True:
        raise ModelError(
            _("{folder}: found model format {found}, expected {expected}; retrain it with: kerjasama train").format(
                folder=folder, found=json.dumps(manifest.get("format"))[:40], expected=FORMAT
            )
        )
    files = manifest.get("files")
    if not isinstance(files, dict) or set(files) not in (ANSWERING_FILES, ANSWERING_FILES | _LABELS):
        raise damaged(folder, _("its manifest lists other files than expected"))
    if not all(map(_is_entry, files.values())) or manifest.get(SEAL) != seal(manifest):
        raise damaged(folder, MANIFEST)
    return manifest


def _is_entry(entry: Any) -> bool:
    """Tell whether a manifest's entry of a file is a size and a SHA-256, and nothing else."""
    return (
        isinstance(entry, dict)
        and set(entry) == {"size", "sha256"}
        and type(entry["size"]) is int
        and entry["size"] >= 0
        and isinstance(entry["sha256"], str)
        and _SHA256.fullmatch(entry["sha256"]) is not None
    )


def seal(manifest: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what a manifest says beside its seal; white space and order don't count.

    It tells damage, not malice: who writes a manifest can seal it.

    >>> seal({"format": 1, "files": {}}) == seal({"files": {}, "format": 1, "sha256": "0"})
    True
    """
    sealed = {name: value for name, value in manifest.items() if name != SEAL}
    return hashlib.sha256(json.dumps(sealed, sort_keys=True).encode()).hexdigest()


def damaged(folder: Path, what: str) -> ModelError:
    """Return the error of a folder that holds something else than what was saved."""
    return ModelError(
        _("{folder}: the model is damaged ({what}); copy it again or retrain it").format(folder=folder, what=what)
    )


def _exchanged(folder: Path, name: str) -> ModelError:
    return damaged(folder, _("{name} is not the file that was saved").format(name=name))


def read_json(file: Path) -> Any:
    """Return what stands in a small JSON file.

    Raises OSError, ValueError or RecursionError where that isn't any: no plain file, more than a MiB, not UTF-8,
    a name twice in one object, NaN or Infinity.
    """
    with open_plain(file) as stream:
        data = stream.read(_MAX_JSON_BYTES + 1)
    if len(data) > _MAX_JSON_BYTES:
        raise ValueError(file.name)
    return json.loads(data.decode(), object_pairs_hook=_distinct, parse_constant=_refuse)


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object whose names are all different: of two with one name, readers differ on which counts."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(_("a name stands twice in one object"))
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
