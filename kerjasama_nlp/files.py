"""Files that appear whole or not at all."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from kerjasama_nlp.errors import OutputError, OutputExistsError, UsageError
from kerjasama_nlp.i18n import _

try:
    import fcntl
except ImportError:  # Windows: what a killed process left stays there
    fcntl = None  # type: ignore[assignment]

# Folders beside an output: what becomes it, and what it replaces.
_NEW = ".kerjasama-new"
_OLD = ".kerjasama-old"


def refuse_existing(path: Path, *, force: bool, marker: str | None = None) -> None:
    """Raise OutputExistsError where something stands at `path` that may not be overwritten.

    With `force` it may, unless a `marker` is given and it isn't a folder that holds a file of that name
    (nor an empty one): a slip of the hand then costs no folder of other things. Raises OutputError where
    `path` can't be looked at.
    """
    with write_failures(path):
        if not _stands(path):
            return
        replaceable = marker is None or (path.is_dir() and ((path / marker).is_file() or not any(path.iterdir())))
    if not force:
        raise OutputExistsError(
            _("{path} exists already; choose another name, or overwrite it with --force").format(path=path)
        )
    if not replaceable:
        raise OutputExistsError(
            _("{path} exists and holds no {marker}, so --force doesn't overwrite it; choose another name").format(
                path=path, marker=marker
            )
        )


def refuse_unfit(path: Path, inputs: Iterable[Path | str]) -> None:
    """Raise UsageError where an output is one of the inputs, OutputExistsError where it is no file."""
    if any(is_same(path, source) for source in inputs):
        raise UsageError(_("{path} is the input, which is never overwritten; choose another name").format(path=path))
    with write_failures(path):
        if path.exists() and not path.is_file():
            raise OutputExistsError(_("{path} is a folder or a device; choose another name").format(path=path))


def is_same(path: Path, other: Path | str) -> bool:
    """Tell whether two names stand for one file."""
    try:
        return path.samefile(other)
    except (OSError, ValueError):  # one of them isn't there, or can't be
        return False


def _stands(path: Path) -> bool:
    """Tell whether anything stands at `path`, a link that leads nowhere included."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


@contextmanager
def write_failures(path: Path) -> Iterator[None]:
    """Turn the system's write errors into an OutputError that names `path`."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            _("{path}: cannot be written ({reason}); nothing was left under that name").format(
                path=path, reason=error.strerror or error
            )
        ) from error


@contextmanager
def new_folder(path: Path, *, force: bool, marker: str | None = None) -> Iterator[Path]:
    """Yield an empty temporary folder that takes the place of `path` when the block succeeds.

    The folder is made beside `path`, its files are flushed to disk, and it is renamed; after an error
    nothing of it is left, and what stood at `path` stands there still. What a killed process left behind is
    removed by the next one; where it died between moving the old folder aside and renaming the new one, the old
    one is put back. See `refuse_existing` for what may be replaced.
    """
    _tidy(path)
    refuse_existing(path, force=force, marker=marker)
    with ExitStack() as stack:
        with write_failures(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = stack.enter_context(_beside(path, _NEW))
        yield temporary
        with write_failures(path):
            for file in temporary.iterdir():
                flush(file)
            temporary.chmod(0o755)
            refuse_existing(path, force=force, marker=marker)  # it may have appeared while the block ran
            _replace(temporary, path)


def write_whole(path: Path, data: bytes) -> None:
    """Write a small file that replaces what stands at `path`, whole or not at all."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def folder_of(path: Path) -> Path:
    """Return the nearest folder above a path that is there already."""
    return next(folder for folder in path.absolute().parents if folder.is_dir())


def sha256(file: Path) -> str:
    """Return the SHA-256 of a file's bytes; raises OSError where it can't be read."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def flush(file: Path) -> None:
    """Wait until a file or folder is on the disk."""
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _replace(new: Path, path: Path) -> None:
    """Rename `new` to `path`; what stood there is moved aside first and removed after."""
    if not _stands(path):
        new.rename(path)
        return
    with _beside(path, _OLD) as old:
        path.rename(old / path.name)
        new.rename(path)


@contextmanager
def _beside(path: Path, suffix: str) -> Iterator[Path]:
    """Yield a folder beside `path` that other processes leave alone as long as this one lives.

    After the block it is gone; what was moved into it from `path` is back there, unless something has taken its place.
    """
    while True:
        folder = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=suffix, dir=path.parent))
        lock = _lock(folder, wait=True)
        if _stands(folder):  # otherwise another process took it for a dead one's before it was locked
            break
        _unlock(lock)
    try:
        yield folder
    finally:
        try:
            _dissolve(folder, path)
        finally:
            _unlock(lock)


def _names_beside(name: str) -> re.Pattern[str]:
    """Return the looks of the names of the folders that are made beside one of that name."""
    return re.compile(rf"\.{re.escape(name)}\.\w{{8}}(?:{re.escape(_NEW)}|{re.escape(_OLD)})")


def _tidy(path: Path) -> None:
    """Dissolve the folders that killed processes left beside `path`."""
    name = _names_beside(path.name)
    with suppress(OSError):
        for folder in [entry for entry in path.parent.iterdir() if name.fullmatch(entry.name)]:
            lock = _lock(folder, wait=False)
            if lock is not None:
                _dissolve(folder, path)
                _unlock(lock)


def _dissolve(folder: Path, path: Path) -> None:
    """Remove a folder beside `path`, after putting back what was moved into it where nothing stands at `path`."""
    aside = folder / path.name
    if folder.name.endswith(_OLD) and _stands(aside) and not _stands(path):
        try:
            aside.rename(path)
        except OSError as error:
            told = _("{reason}; what stood there waits in {place}, and the next run puts it back")
            raise OSError(error.errno, told.format(reason=error.strerror, place=aside)) from error
    shutil.rmtree(folder, ignore_errors=True)


def _lock(folder: Path, *, wait: bool) -> int | None:
    """Return a lock that this process holds until `_unlock`, or its end; None where it can't be had."""
    if fcntl is None:
        return None
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # it is another process's, or the file system has no locks
        os.close(descriptor)
        return None
    return descriptor


def _unlock(lock: int | None) -> None:
    if lock is not None:
        os.close(lock)
