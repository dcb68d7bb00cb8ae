"""A process that runs the command again and again, each time with one fault at one step of its writing.

It reads a case a line, JSON, and answers each with a line, JSON:

    {"args": ["label", "a.jsonl", ...], "folder": "/tmp/x", "fault": "ENOSPC", "at": 7}
    {"steps": ["mkdir", "open", "write", ...], "code": 74, "signal": 0, "out": "", "err": "kerjasama: error: ..."}

A step is a call that changes the file system: opening a file for writing, writing, truncating, flushing,
closing, making, renaming or removing. Faults:

- an error's name: step `at` fails with it;
- "FULL": from step `at` on, whatever needs room fails with ENOSPC;
- "FROZEN": from step `at` on, whatever changes something fails with EROFS, as after an error of the disk;
- "SHORT": a write at step `at` takes one byte only;
- "KILL", "TERM": the process gets that signal before step `at`; "TERM AFTER": when the step is done.

Each case is a child of this process, forked with everything imported: its start costs nothing. What is opened
through `open` is written by `_File`, which tells of each write; what Parquet's library writes isn't seen.
"""

import builtins
import errno
import io
import json
import os
import signal
import sys
import tempfile
import traceback
from functools import partial
from pathlib import Path

from kerjasama_nlp import cli, model, training
from kerjasama_nlp.jobs import batch

# So small that a short file has several blocks.
BLOCK_ROWS = 4
# Calls of `os` that change the file system; os.open is looked at apart.
CHANGES = ("mkdir", "rename", "replace", "unlink", "remove", "rmdir", "chmod", "fsync", "truncate", "ftruncate")
NEED_ROOM = {"mkdir", "open", "write", "fsync", "close"}
SIGNALS = {"KILL": signal.SIGKILL, "TERM": signal.SIGTERM, "TERM AFTER": signal.SIGTERM}


class Faults:
    """Counts steps, and makes the chosen one fail."""

    def __init__(self, fault, at):
        self.steps = []
        self._fault = fault
        self._at = at

    def step(self, name, run, *args, **kwargs):
        """Do a step, or fail at it."""
        self.steps.append(name)
        number = len(self.steps) - 1
        is_chosen = number == self._at
        if is_chosen and self._fault in {"KILL", "TERM"}:
            os.kill(os.getpid(), SIGNALS[self._fault])
        if self._fault == "FULL" and number >= self._at >= 0 and name in NEED_ROOM:
            self._fail("ENOSPC", args)
        if self._fault == "FROZEN" and number >= self._at >= 0:
            self._fail("EROFS", args)
        if is_chosen and self._fault.startswith("E"):
            self._fail(self._fault, args)
        result = run(*args, **kwargs)
        if is_chosen and self._fault == "TERM AFTER":
            os.kill(os.getpid(), signal.SIGTERM)
        return result

    @staticmethod
    def _fail(name, args):
        number = getattr(errno, name)
        path = args[0] if args and isinstance(args[0], (str, os.PathLike)) else None  # what is done to a name tells it
        raise OSError(number, os.strerror(number), path)

    def is_short(self):
        """Tell whether the step just begun is a write that takes one byte."""
        return self._fault == "SHORT" and len(self.steps) - 1 == self._at

    def install(self):
        """Put the steps before the system's calls."""
        for name in CHANGES:
            setattr(os, name, partial(self.step, name, getattr(os, name)))
        system_open = os.open

        def opened(path, flags, *args, **kwargs):
            if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) and path != os.devnull:
                return self.step("open", system_open, path, flags, *args, **kwargs)
            return system_open(path, flags, *args, **kwargs)

        os.open = opened
        plain_open = builtins.open

        def open_file(file, mode="r", buffering=-1, encoding=None, errors=None, newline=None, **options):
            if not set(mode) & set("wxa+"):
                return plain_open(file, mode, buffering, encoding, errors, newline, **options)
            raw = _File(self, file, mode.replace("b", "").replace("t", ""), **options)
            if buffering == 0:
                return raw
            buffered = _Buffered(raw)
            return buffered if "b" in mode else io.TextIOWrapper(buffered, encoding, errors, newline)

        builtins.open = io.open = open_file


class _File(io.FileIO):
    """A file whose opening, writes, truncations and closing are steps."""

    def __init__(self, faults, file, mode, **options):
        self._faults = faults
        faults.step("open", super().__init__, file, mode, **options)

    def write(self, data):
        """Write, all or as much as the fault allows."""
        return self._faults.step("write", self._write, data)

    def _write(self, data):
        return super().write(bytes(data)[:1] if self._faults.is_short() else data)

    def truncate(self, size=None):
        """Cut off."""
        return self._faults.step("truncate", super().truncate, size)

    def close(self):
        """Close; the file is closed whether or not that fails."""
        if self.closed:
            return
        try:
            self._faults.step("close", int)
        finally:
            super().close()


class _Buffered(io.BufferedWriter):
    """A buffer that libraries can't reach round: they write through it or not at all."""

    def fileno(self):
        """Return the file's number, which NumPy would take to write behind our back."""
        if "numpy" in sys._getframe(1).f_globals.get("__name__", ""):  # noqa: SLF001  # who asks?
            raise io.UnsupportedOperation
        return super().fileno()


def _child(case, out, err, told):
    """Run the command with the case's fault; never returns."""
    code = 1
    faults = Faults(case["fault"], case["at"])
    try:
        os.chdir(case["folder"])
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        sys.stdin = sys.__stdin__ = os.fdopen(os.open(os.devnull, os.O_RDONLY))
        sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
        sys.argv = ["kerjasama", *case["args"]]
        faults.install()
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
    except BaseException:  # noqa: BLE001  # as Python itself does at the end of a program
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os.write(told, json.dumps([code, faults.steps]).encode())
        os._exit(0)


def _run(case):
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        reading, writing = os.pipe()
        process = os.fork()
        if not process:
            os.close(reading)
            _child(case, out, err, writing)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            told = pipe.read()
        status = os.waitpid(process, 0)[1]
        code, steps = json.loads(told) if told else (None, None)
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode())
        number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        return {"steps": steps, "code": code, "signal": number, "out": texts[0], "err": texts[1]}


def main(articles):
    """Answer cases until there are no more; `train` is given a model of `articles` that was trained once."""
    batch.Options = partial(batch.Options, block_rows=BLOCK_ROWS)
    warm = model.load()
    warm.label(["Indonesia dan Jepang menandatangani perjanjian dagang di Tokyo."])
    index, about = training.index_articles([Path(articles)])
    trained = model.Model(index, warm.ranker, fitted=warm.classifier, training=about)
    training.train = lambda *_args, **_options: training.Trained(trained, None)
    for line in sys.stdin:
        print(json.dumps(_run(json.loads(line))), flush=True)  # noqa: T201  # the answer


if __name__ == "__main__":
    main(sys.argv[1])
