"""Labelling blocks, in this process or in several: the same bytes in the same order."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from kerjasama_nlp import model_files
from kerjasama_nlp.errors import KerjasamaError, ModelError
from kerjasama_nlp.i18n import _
from kerjasama_nlp.inputs.rows import RowReader
from kerjasama_nlp.inputs.sources import Block
from kerjasama_nlp.jobs.labelling import Labeller
from kerjasama_nlp.jobs.outputs import Encoder
from kerjasama_nlp.jobs.tally import Counts

# More than anything that labelling a block of ordinary rows takes at once.
_KEPT_BYTES = 4 << 20


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
    rows = _labeller_of(job).label(job.reader.rows(block.records))
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


def _pooled(job: Job, blocks: Iterable[Block], processes: int, first_row: int) -> Generator[Done, None, None]:
    """Label blocks in processes."""
    from kerjasama_nlp.jobs import pool  # most calls need none

    failures: list[KerjasamaError] = []
    rows: deque[int] = deque()  # of the blocks that are on their way
    labelled = pool.in_order(
        partial(work, job), _counted(_until_failure(blocks, failures), rows), processes, partial(_labeller_of, job)
    )
    try:
        with closing(labelled):
            for done in labelled:
                first_row += rows.popleft()
                yield done
    except pool.DiedTwiceError:
        raise KerjasamaError(
            _(
                "a process was killed twice while labelling rows {first} to {last}, perhaps for want of memory; "
                "run the same command again with --jobs 1"
            ).format(first=first_row, last=first_row + rows[0] - 1)
        ) from None
    except OSError as error:  # a container without shared memory, a limit on processes
        raise KerjasamaError(
            _("processes cannot be started ({reason}); run the same command with --jobs 1").format(
                reason=error.strerror or error
            )
        ) from None
    for failure in failures:
        raise failure


def _counted(blocks: Iterable[Block], rows: deque[int]) -> Iterator[Block]:
    """Yield blocks, and keep how many rows each has."""
    for block in blocks:
        rows.append(len(block.records))
        yield block


def _until_failure(blocks: Iterable[Block], failures: list[KerjasamaError]) -> Iterator[Block]:
    """Yield blocks up to where reading them fails; the failure waits in `failures` for the blocks before it."""
    try:
        yield from blocks
    except KerjasamaError as error:
        failures.append(error)


def _keep_freed_memory() -> None:
    """Keep what a block took for the next block, instead of giving it back to the system and asking for it again.

    So does glibc with pieces up to the size of the largest that was freed; other systems don't mind.
    """
    np.empty(_KEPT_BYTES, dtype=np.uint8)


def _processors() -> int:
    from joblib import cpu_count  # it knows of the limits of containers

    return int(cpu_count())


def _labeller_of(job: Job) -> Labeller:
    return _labeller(job.folder, job.manifest, explain=job.explain)


@lru_cache(maxsize=1)
def _labeller(folder: Path, manifest: str, *, explain: bool) -> Labeller:
    """Open the model, once a process."""
    _keep_freed_memory()
    if manifest_digest(folder) != manifest:
        raise ModelError(_("{folder}: the model has changed since the job began; start it again").format(folder=folder))
    return Labeller(model_files.read_classifier(*model_files.open_folder(folder)), explain=explain)
