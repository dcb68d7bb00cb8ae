"""The file of corrections: a decision a line, on the disk before the next row is shown.

    {"text": "...", "form": "bilateral", "sectors": ["ekonomi"], ...the row's own fields...,
     "reviewed": true, "suggested": {"form": "bukan", "form_confidence": 0.48, ...}}

which is what `train --labels` reads. Rows that were skipped stand beside it, in a file of the same name with
".skipped" at its end, each with the number of corrections `after` which it was skipped:

    {"after": 12, "row": {"text": "...", ...}}

Undoing cuts the last line off. The beginning of a line that a crash left at the end is cut off when the file is
opened the next time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from kerjasama_nlp import files
from kerjasama_nlp.errors import OutputError, OutputExistsError, UsageError
from kerjasama_nlp.i18n import _
from kerjasama_nlp.jobs.outputs import to_json
from kerjasama_nlp.labels.label_set import LabelSet
from kerjasama_nlp.review import items
from kerjasama_nlp.review.session import Decision

SUFFIX = ".jsonl"
SKIPPED = ".skipped"
# What the lines of each file start with: a line that is torn starts so, as far as it goes.
_START = b'{"text": '
_SKIPPED_START = b'{"after": '
_Parsed = TypeVar("_Parsed")


class Corrections:
    """The decisions of this session and of earlier ones, and the files that hold them.

    Raises UsageError for a name that isn't one of JSONL, OutputExistsError where something else than
    corrections stands there, OutputError where it can't be read or written.
    """

    def __init__(self, path: Path, label_set: LabelSet) -> None:
        if path.suffix.lower() != SUFFIX:
            raise UsageError(_("found the output {name}, expected a name that ends in .jsonl").format(name=path.name))
        self._label_set = label_set
        self._made = _Lines(path, _START)
        self._skipped: _Lines | None = None
        try:
            labelled = self._made.read(self._decision)
            self._skipped = _Lines(path.with_name(path.name + SKIPPED), _SKIPPED_START)
            skipped = self._skipped.read(self._skip)
        except BaseException:
            self.close()
            raise
        self.decisions = _merged(labelled, skipped)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _decision(self, value: Mapping[str, Any]) -> Decision | None:
        found = items.from_json(value, self._label_set)
        return Decision(*found) if found is not None else None

    def _skip(self, value: Mapping[str, Any]) -> tuple[int, Decision] | None:
        after, row = value.get("after"), value.get("row")
        decision = self._decision(row) if isinstance(row, dict) else None
        if decision is None or not isinstance(after, int):
            return None
        return after, Decision(decision.item, decision.item.marks, skipped=True)

    def add(self, decision: Decision) -> None:
        """Keep a decision; when this returns, it is on the disk."""
        if decision.skipped:
            row = items.to_json(decision.item, decision.item.marks)
            self._file(decision).append({"after": self._made.count, "row": row})
        else:
            self._file(decision).append(items.to_json(decision.item, decision.marks))
        self.decisions.append(decision)

    def undo(self) -> None:
        """Forget the last decision."""
        self._file(self.decisions[-1]).cut()
        self.decisions.pop()

    def _file(self, decision: Decision) -> _Lines:
        if decision.skipped and self._skipped is not None:
            return self._skipped
        return self._made

    @property
    def labelled(self) -> int:
        """How many corrections the file holds."""
        return self._made.count

    def close(self) -> None:
        """Close the files; one without a line is removed."""
        for lines in (self._made, self._skipped):
            if lines is not None:
                lines.close()


def _merged(labelled: list[Decision], skipped: list[tuple[int, Decision]]) -> list[Decision]:
    """Return all decisions in the order in which they were made."""
    merged: list[Decision] = []
    waiting = iter(skipped)
    pending = next(waiting, None)
    for count, decision in enumerate(labelled):
        while pending is not None and pending[0] <= count:
            merged.append(pending[1])
            pending = next(waiting, None)
        merged.append(decision)
    if pending is not None:
        merged += [pending[1], *(decision for _after, decision in waiting)]
    return merged


class _Lines:
    """A file of JSON lines that grows and shrinks at its end; each change is on the disk before it returns."""

    def __init__(self, path: Path, start: bytes) -> None:
        self._path = path
        self._start = start
        self._ends = [0]
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            is_new = not path.exists()
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
            self._descriptor = os.open(path, flags, 0o666)
            if is_new:
                files.flush(path.parent)
        except OSError as error:
            raise self._failure(error) from error

    @property
    def count(self) -> int:
        """How many lines there are."""
        return len(self._ends) - 1

    def read(self, parse: Callable[[Mapping[str, Any]], _Parsed | None]) -> list[_Parsed]:
        """Return what the lines hold; a torn one at the end is cut off.

        Raises OutputExistsError where a line is none of these, and leaves the file as it is.
        """
        found = []
        try:
            with os.fdopen(os.dup(self._descriptor), "rb") as stream:
                for number, line in enumerate(stream, 1):
                    value = _object(line)
                    parsed = parse(value) if value is not None else None
                    if parsed is None:
                        if line.endswith(b"\n") or not self._is_torn(line):
                            raise self._foreign(number)
                        os.ftruncate(self._descriptor, self._ends[-1])
                        break
                    ending = 0 if line.endswith(b"\n") else os.write(self._descriptor, b"\n")  # an editor left it out
                    found.append(parsed)
                    self._ends.append(self._ends[-1] + len(line) + ending)
        except OSError as error:
            raise self._failure(error) from error
        return found

    def _is_torn(self, line: bytes) -> bool:
        """Tell whether a line without its end is the beginning of one that was written here."""
        return self.count > 0 or line.startswith(self._start) or self._start.startswith(line)

    def append(self, value: Mapping[str, Any]) -> None:
        """Write a line."""
        line = to_json(value).encode("utf-8", "replace") + b"\n"
        try:
            self._check()
            rest = memoryview(line)
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
            os.fsync(self._descriptor)
        except OSError as error:
            self._reset()
            raise self._failure(error) from error
        self._ends.append(self._ends[-1] + len(line))

    def cut(self) -> None:
        """Take the last line away."""
        try:
            self._check()
            os.ftruncate(self._descriptor, self._ends[-2])
            os.fsync(self._descriptor)
        except OSError as error:
            raise self._failure(error) from error
        self._ends.pop()

    def _check(self) -> None:
        """Refuse to change a file that somebody else has changed, or put away, since it was opened."""
        held = os.fstat(self._descriptor)
        try:
            same = os.path.samestat(held, self._path.stat())
        except FileNotFoundError:
            same = False
        if not same or held.st_size != self._ends[-1]:
            raise OutputError(
                _("{path} was changed by another program; what it holds stays, run the command again").format(
                    path=self._path
                )
            )

    def _reset(self) -> None:
        """Take away what a failed write left behind; if that fails too, the next opening does."""
        try:
            os.ftruncate(self._descriptor, self._ends[-1])
        except OSError:
            return

    def close(self) -> None:
        """Close the file, and remove it where it is empty."""
        try:
            empty = os.fstat(self._descriptor).st_size == 0
            os.close(self._descriptor)
            if empty:
                self._path.unlink(missing_ok=True)
        except OSError as error:
            raise self._failure(error) from error

    def _failure(self, error: OSError) -> OutputError:
        return OutputError(
            _("{path}: cannot be written ({reason}); what was decided before is kept").format(
                path=self._path, reason=error.strerror or error
            )
        )

    def _foreign(self, number: int) -> OutputExistsError:
        return OutputExistsError(
            _(
                "{path} exists, but its line {number} is no correction in the model's labels; choose another name"
            ).format(path=self._path, number=number)
        )


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
