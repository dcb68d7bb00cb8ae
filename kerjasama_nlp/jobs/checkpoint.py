"""Work in progress: a job's finished blocks, and the journal that vouches for them.

Beside the output OUT stand, as long as it isn't complete,

    .OUT.part      the head of the output and the blocks finished so far, one after the other
    .OUT.journal   first {"key": "1c2d...", "end": 57, "output": ...}, then a line a finished block,
                   {"input": "9f86...", "end": 183211, "output": "60303a...", "rows": 512, "about": {...}},
                   and {"complete": "60303a..."} just before the output appears under its name

`key` names the job: model, options, all that changes the output. `input` is the digest of the block's
input; `end` and `rows` tell how many bytes and rows are finished with it, and `output` is the SHA-256 of
those bytes. `about` is what the job wants to know of the block. A line is written after the bytes that it
vouches for; what a crash left behind the last sound line, or a sound line without its bytes, is cut off.
"""

from __future__ import annotations

import hashlib
import os
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from kerjasama_nlp.errors import OutputError, OutputExistsError
from kerjasama_nlp.files import flush, refuse_existing, sha256, write_failures
from kerjasama_nlp.i18n import _
from kerjasama_nlp.jobs import journal

try:
    import fcntl
except ImportError:  # Windows: two processes with one output aren't kept apart there
    fcntl = None  # type: ignore[assignment]

# Locked files. A lock lasts as long as any process has its file open, also one that was forked meanwhile.
_locked: weakref.WeakSet[IO[bytes]] = weakref.WeakSet()


def _let_go() -> None:
    for lines in _locked:
        lines.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)

# A power cut costs no more work than this.
_SYNC_SECONDS = 5.0
_CHUNK_BYTES = 1 << 20


class Checkpoint:
    """The finished blocks of one output, kept from run to run; `unfinished` opens it.

    After `begin`, `recall` each block of the input in order; from the first one that it doesn't know on,
    `append` what was made of it. `publish` gives the output its name.
    """

    _part: IO[bytes]

    def __init__(self, output: Path, key: str, lines: IO[bytes]) -> None:
        self.output = output
        self.part_path = _beside(output, "part")
        self._key = key
        self._journal = lines
        self._lines = _beside(output, "journal").open("rb")
        first = self._next_line()
        self._first_end = self._lines.tell()
        self._is_new = first is None
        self._is_known = first is not None and first.get("key") == key
        self._begun = self._removed = False
        self._recalling = self._is_known
        # how much is finished and vouched for: blocks, rows, bytes of the part, bytes of the journal
        self._blocks = self._rows = self._end = self._journal_end = 0
        self._hash = hashlib.sha256()
        self._synced = time.monotonic()

    @property
    def is_of_another_job(self) -> bool:
        """Whether what stands here was made with other options or another model."""
        return not (self._is_new or self._is_known)

    @property
    def rows(self) -> int:
        """How many rows are finished, for all that is known yet."""
        return max(self._rows, self._last_line().get("rows", 0)) if self._recalling else self._rows

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing that a later run could go on with."""
        return not (self._recalling or self._blocks or self._removed) and (self._begun or self._is_new)

    def begin(self, head: bytes) -> None:
        """Get ready for the first block; `head` is what stands before it. Another job's work is thrown away."""
        with self.failures():
            self._part = _open(self.part_path)
            self._begun = True
            if self._is_known and self._advance(len(head), hashlib.sha256(head).hexdigest()):
                self._lines.seek(self._first_end)
                self._journal_end = self._first_end
            else:
                self._forget_rest()
                self._add(head, {"key": self._key})

    def recall(self, digest: bytes) -> Mapping[str, Any] | None:
        """Return what was noted about the next block, None where it isn't finished or its input has changed.

        After None the rest of an earlier run's work is gone.
        """
        if not self._recalling:
            return None
        with self.failures():
            line = self._next_line()
            if line is None or line.get("input") != digest.hex() or not self._advance(line["end"], line["output"]):
                self._forget_rest()
                return None
        self._rows = line["rows"]
        self._blocks += 1
        self._journal_end = self._lines.tell()
        about: Mapping[str, Any] = line["about"]
        return about

    def append(self, digest: bytes, data: bytes, rows: int, about: Mapping[str, Any]) -> None:
        """Add a finished block: its input's digest, its output, how many rows, and what to note about it."""
        with self.failures():
            self._add(data, {"input": digest.hex(), "rows": self._rows + rows, "about": about})
            self._rows += rows
            self._blocks += 1
            if time.monotonic() - self._synced > _SYNC_SECONDS:
                self._sync()

    def publish(self, converted: Path | None = None, *, force: bool) -> None:
        """Give the output its name: the part, or what was `converted` from it; then remove part and journal."""
        with self.failures():
            self._forget_rest()  # what an earlier run made of a longer input
            path = converted or self.part_path
            path.chmod(0o644)
            flush(path)
            line = journal.encode({"complete": sha256(path) if converted else self._hash.hexdigest()})
            _write(self._journal, line)
            self._sync()
            self._part.close()  # Windows renames no open file
            refuse_existing(self.output, force=force)  # it may have appeared meanwhile
            path.replace(self.output)
            if os.name != "nt":  # where no folder can be opened
                flush(self.output.parent)
        self.remove()

    def is_published(self) -> bool:
        """Tell whether an earlier run of this job died when the output had appeared, and it stands there still."""
        complete = self._last_line().get("complete")
        try:
            return self._is_known and complete is not None and sha256(self.output) == complete
        except OSError:
            return False

    def finished(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield each finished block's digest of its input, and what was noted about it."""
        while (line := self._next_line()) is not None and "input" in line:
            yield line["input"], line["about"]

    @contextmanager
    def converted(self, convert: Callable[[Path, Path], object]) -> Iterator[Path]:
        """Yield the file that `convert` writes of the part; it is gone after the block unless it was published."""
        target = _beside(self.output, "whole")
        try:
            with self.failures():
                convert(self.part_path, target)
            yield target
        finally:
            with suppress(OSError):  # a later run removes it too
                target.unlink(missing_ok=True)

    @contextmanager
    def failures(self) -> Iterator[None]:
        """Turn the system's errors into an OutputError that says how to go on."""
        try:
            yield
        except OSError as error:
            with suppress(OSError, ValueError):  # give back what the disk has no room for, if it isn't closed yet
                if self._begun:
                    self._forget_rest()
            raise OutputError(
                _(
                    "{path}: cannot be written ({reason}); mend that, for example free space, and run the same "
                    "command again: it goes on from row {row}"
                ).format(path=self.output, reason=error.strerror or error, row=self._rows + 1)
            ) from error

    def remove(self) -> None:
        """Remove all traces of the work; the journal last, it tells a later run what the others are."""
        self._removed = True
        with suppress(OSError):
            for path in (self.part_path, _beside(self.output, "whole"), _beside(self.output, "journal")):
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the files, so that other processes may have them; what must not be lost was flushed before."""
        if fcntl is not None and not self._journal.closed:  # closing is enough only once forked processes have let go
            fcntl.flock(self._journal, fcntl.LOCK_UN)
        for stream in (self._lines, self._journal, *([self._part] if self._begun else [])):
            with suppress(OSError):
                stream.close()

    def _advance(self, end: int, expected: str) -> bool:
        """Take the part's bytes up to `end` for finished if they are what was written."""
        found = self._hash.copy()
        self._part.seek(self._end)
        left = end - self._end
        while left > 0 and (chunk := self._part.read(min(left, _CHUNK_BYTES))):
            found.update(chunk)
            left -= len(chunk)
        if left or found.hexdigest() != expected:
            return False
        self._hash, self._end = found, end
        return True

    def _forget_rest(self) -> None:
        """Cut off what isn't vouched for; from here on blocks are appended."""
        self._recalling = False
        for stream, end in ((self._part, self._end), (self._journal, self._journal_end)):
            stream.truncate(end)
            stream.seek(end)

    def _add(self, data: bytes, line: Mapping[str, Any]) -> None:
        _write(self._part, data)
        self._hash.update(data)
        end = self._end + len(data)
        text = journal.encode({**line, "end": end, "output": self._hash.hexdigest()})
        _write(self._journal, text)
        self._end = end
        self._journal_end += len(text)

    def _sync(self) -> None:
        os.fsync(self._part.fileno())
        os.fsync(self._journal.fileno())
        self._synced = time.monotonic()

    def _next_line(self) -> dict[str, Any] | None:
        return journal.parse(self._lines.readline())

    def _last_line(self) -> dict[str, Any]:
        return journal.last(_beside(self.output, "journal"))


@contextmanager
def unfinished(output: Path, key: str) -> Iterator[Checkpoint]:
    """Open the work in progress on `output` for this process alone; `key` names the job.

    What is finished when the block ends, however it ends, is kept; where that is nothing, no trace is.
    Raises OutputExistsError while another process works on the same output, OutputError where its folder
    can't be written.
    """
    with write_failures(output):
        made = [folder for folder in output.parents if not folder.exists()]
        output.parent.mkdir(parents=True, exist_ok=True)
    try:
        with write_failures(output), ExitStack() as opened:
            checkpoint = Checkpoint(output, key, opened.enter_context(_lock(output)))
            opened.pop_all()
        try:
            yield checkpoint
        finally:
            if checkpoint.is_empty:
                checkpoint.remove()
            checkpoint.close()
    finally:
        with suppress(OSError):  # the output stands in them, or the work in progress
            for folder in made:
                folder.rmdir()


def exists(output: Path) -> bool:
    """Tell whether there may be work in progress on an output."""
    return _beside(output, "journal").exists()


def _beside(output: Path, suffix: str) -> Path:
    return output.with_name(f".{output.name}.{suffix}")


def _open(path: Path) -> IO[bytes]:
    """Open a file for reading and writing, unbuffered; make it where there is none."""
    return open(path, "r+b", buffering=0, opener=lambda name, flags: os.open(name, flags | os.O_CREAT, 0o644))


def _lock(output: Path) -> IO[bytes]:
    """Open the journal of an output and lock it until it is closed."""
    path = _beside(output, "journal")
    while True:
        lines = _open(path)
        try:
            if fcntl is not None:
                fcntl.flock(lines, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lines.close()
            raise OutputExistsError(
                _("{path} is being written by another process; wait for it, or choose another name").format(path=output)
            ) from None
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(lines.fileno()), path.stat()):
                _locked.add(lines)
                return lines
        lines.close()  # its last owner removed it after it was opened here


def _write(stream: IO[bytes], data: bytes) -> None:
    """Write all of `data`: the system may take less at a time."""
    view = memoryview(data)
    while view:
        view = view[stream.write(view) :]
