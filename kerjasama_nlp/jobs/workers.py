"""Labelling blocks, in this process or in several: the same bytes in the same order."""

from __future__ import annotations

import gc
import hashlib
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from kerjasama_nlp import model_files
from kerjasama_nlp.errors import KerjasamaError, ModelError
from kerjasama_nlp.i18n import _
from kerjasama_nlp.inputs.rows import RowReader
from kerjasama_nlp.inputs.sources import Block
from kerjasama_nlp.jobs.labelling import Labeller
from kerjasama_nlp.jobs.outputs import Encoder
from kerjasama_nlp.jobs.tally import Counts

if TYPE_CHECKING:
    from concurrent.futures import Future

# Blocks at a time for each process: one that it labels, one that waits for it.
_BLOCKS_PER_PROCESS = 2
# A worker looks so often whether there is still anybody to work for.
_WATCH_SECONDS = 1.0
_PATIENCE_SECONDS = 1.0


@dataclass(frozen=True)
class Job:
    """What labelling takes besides the rows; it can be pickled.

    `folder` is the model's, `manifest` the SHA-256 of its manifest. `describe` asks for the columns and the
    kinds of their values.
    """

    folder: Path
    manifest: str
    reader: RowReader
    encoder: Encoder
    explain: bool = False
    id_column: str | None = None
    describe: bool = False


class Done(NamedTuple):
    """A labelled block: the digest of its input, its output, and its counts."""

    digest: bytes
    data: bytes
    counts: Counts


def manifest_digest(folder: Path) -> str:
    """Return the SHA-256 of a model's manifest, which names all its files; raises ModelError where it is no model."""
    model_files.read_manifest(folder)
    return hashlib.sha256((folder / model_files.MANIFEST).read_bytes()).hexdigest()


def work(job: Job, block: Block) -> Done:
    """Label a block."""
    rows = _labeller(job.folder, job.manifest, explain=job.explain).label(job.reader.rows(block.records))
    counts = Counts.of(rows, id_column=job.id_column, describe=job.describe)
    return Done(block.digest, job.encoder.encode(rows), counts)


def results(job: Job, blocks: Iterable[Block], *, jobs: int, first_row: int) -> Generator[Done, None, None]:
    """Yield each block labelled, in order, by so many processes; by one a processor where `jobs` isn't positive.

    `first_row` is the number of the first row. Raises KerjasamaError where the same block costs a process its
    life twice, and what reading the blocks raises, after the blocks before it.
    """
    processes = jobs if jobs > 0 else _processors()
    if processes == 1:
        return (work(job, block) for block in blocks)
    return _pooled(job, blocks, processes, first_row)


def _processors() -> int:
    from joblib import cpu_count  # it knows of the limits of containers

    return int(cpu_count())


@lru_cache(maxsize=1)
def _labeller(folder: Path, manifest: str, *, explain: bool) -> Labeller:
    """Open the model, once a process."""
    if manifest_digest(folder) != manifest:
        raise ModelError(_("{folder}: the model has changed since the job began; start it again").format(folder=folder))
    return Labeller(model_files.read_classifier(*model_files.open_folder(folder)), explain=explain)


def _pooled(job: Job, blocks: Iterable[Block], processes: int, first_row: int) -> Generator[Done, None, None]:
    """Label blocks in processes of joblib's pool.

    Its executor is used, not its `Parallel`: that one hands out blocks as fast as they are labelled, however
    many results wait to be written, and memory would grow with them. When a process dies, nobody knows at which
    of the blocks that were handed out: each of them is tried again, alone.
    """
    from joblib.externals.loky import BrokenProcessPool

    failures: list[KerjasamaError] = []
    unread = _until_failure(blocks, failures)
    waiting: deque[Block] = deque()
    futures: deque[Future[Done]] = deque()
    suspects = 0
    pool = _pool(processes)
    try:
        while True:
            while len(waiting) < processes * _BLOCKS_PER_PROCESS and (block := next(unread, None)) is not None:
                waiting.append(block)
            if not waiting:
                break
            try:
                with _interrupts_kept_from_workers():
                    while len(futures) < (1 if suspects else len(waiting)):
                        futures.append(pool.submit(work, job, waiting[len(futures)]))
                done = futures[0].result()
            except BrokenProcessPool:
                _kill(pool, futures)
                if suspects:
                    raise _killed_twice(first_row, len(waiting[0].records)) from None
                suspects = max(1, len(futures))
                pool = _pool(processes)
                futures.clear()
                continue
            waiting.popleft()
            futures.popleft()
            suspects = max(0, suspects - 1)
            first_row += done.counts.rows
            yield done
    finally:
        _kill(pool, futures)
    for failure in failures:
        raise failure


def _until_failure(blocks: Iterable[Block], failures: list[KerjasamaError]) -> Iterator[Block]:
    """Yield blocks up to where reading them fails; the failure waits in `failures` for the blocks before it."""
    try:
        yield from blocks
    except KerjasamaError as error:
        failures.append(error)


def _killed_twice(first_row: int, rows: int) -> KerjasamaError:
    return KerjasamaError(
        _(
            "a process was killed twice while labelling rows {first} to {last}, perhaps for want of memory; "
            "run the same command again with --jobs 1"
        ).format(first=first_row, last=first_row + rows - 1)
    )


def _pool(processes: int) -> Any:
    from joblib.externals.loky import ProcessPoolExecutor

    try:
        with _interrupts_kept_from_workers():
            return ProcessPoolExecutor(processes, initializer=_serve, initargs=(os.getpid(), gc.get_threshold()))
    except OSError as error:  # a container without shared memory, a limit on processes
        raise KerjasamaError(
            _("processes cannot be started ({reason}); run the same command with --jobs 1").format(
                reason=error.strerror or error
            )
        ) from None


def _kill(pool: Any, futures: Iterable[Future[Done]]) -> None:
    """End a pool and its processes, whatever they do.

    Its thread stumbles over work that it hasn't handed on yet, which takes it a moment.
    """
    until = time.monotonic() + _PATIENCE_SECONDS
    while not all(future.running() or future.done() for future in futures) and time.monotonic() < until:
        time.sleep(0.001)
    pool.shutdown(wait=True, kill_workers=True)


def _serve(parent: int, collect: tuple[int, ...]) -> None:
    """Prepare a new process: it ends when its parent has been killed, leaves Ctrl-C to it, and collects as rarely."""
    gc.set_threshold(*collect)
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(_WATCH_SECONDS)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=look, daemon=True).start()


@contextmanager
def _interrupts_kept_from_workers() -> Iterator[None]:
    """Start processes that are deaf to Ctrl-C from their first moment: it reaches all processes of a terminal."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # which would end the deafness when it is started later
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
