"""Folders of articles: their files in order, and what stands in one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from kerjasama_nlp.errors import InputError
from kerjasama_nlp.i18n import _
from kerjasama_nlp.inputs.blocks import frame
from kerjasama_nlp.inputs.compression import TEXT_SUFFIXES, suffix

COLUMNS = ["id", "title"]
_CHUNK = 1 << 20


class Folder:
    """The articles below a folder; raises InputError where there are none, OSError where it can't be looked at."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._number = sum(1 for _name in _names(self._path))
        self._taken = 0
        if not self._number:
            raise InputError(_("{path}: found no text; expected .txt, .md or .html files").format(path=path))

    def records(self) -> Iterator[tuple[str, int, str]]:
        """Yield each file's name, relative to the folder, its size, and both name and content for a digest."""
        for name in _names(self._path):
            content, size = sha256(), 0
            try:
                with (self._path / name).open("rb") as file:
                    while chunk := file.read(_CHUNK):
                        content.update(chunk)
                        size += len(chunk)
                what = content.hexdigest()
            except OSError as error:  # its row will say so
                what = str(error)
            self._taken += 1
            yield name, size, frame([name, what])

    def progress(self) -> float:
        """Return the share of the files that was read."""
        return min(self._taken / self._number, 1.0)

    def close(self) -> None:
        """Do nothing: no file stays open."""


def _names(folder: Path) -> Iterator[str]:
    """Yield the names of the articles below a folder, sorted; links to folders aren't followed."""
    levels = [_entries(folder)]
    while levels:
        entry = next(levels[-1], None)
        if entry is None:
            levels.pop()
        elif entry.is_dir(follow_symlinks=False):
            levels.append(_entries(Path(entry.path)))
        elif suffix(entry.name) in TEXT_SUFFIXES and entry.is_file():
            yield Path(entry.path).relative_to(folder).as_posix()


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return iter(sorted(entries, key=lambda entry: entry.name))
