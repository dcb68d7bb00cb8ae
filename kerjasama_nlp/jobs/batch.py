"""Batch labelling: a source of rows in, the same rows with labels out, in constant memory.

    source -> blocks of records -> workers: rows -> labels -> bytes -> output

A job with an output file may be killed at any moment: run again, it goes on (`checkpoint`). A format that
must know all columns or their types first is converted from what was written when all rows are labelled.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from kerjasama_nlp import model_files, resources
from kerjasama_nlp.files import refuse_existing, refuse_unfit, write_failures
from kerjasama_nlp.i18n import _
from kerjasama_nlp.inputs.blocks import BLOCK_ROWS
from kerjasama_nlp.inputs.rows import RowReader
from kerjasama_nlp.inputs.sources import Source, open_source
from kerjasama_nlp.jobs import checkpoint, workers
from kerjasama_nlp.jobs.checkpoint import Checkpoint
from kerjasama_nlp.jobs.formats import Plan, plan
from kerjasama_nlp.jobs.tally import Counts, Summary
from kerjasama_nlp.jobs.workers import Job
from kerjasama_nlp.version import VERSION


@dataclass(frozen=True, slots=True)
class Options:
    """How to label; all but `jobs` and `force` may change the output. It can be pickled.

    `model` is the model's folder (None: the shipped one); `text_column` to `delimiter` say how to read, see
    `sources.open_source`; `id_column` names rows in messages; `explain` adds what spoke for the form; `excel`
    makes tables safe for spreadsheets; `jobs` is the number of processes, 0 or -1 for as many as there are
    processors; `force` lets an existing output be replaced.
    """

    model: Path | None = None
    text_column: str | None = None
    id_column: str | None = None
    encoding: str = "utf-8"
    format: str | None = None
    delimiter: str | None = None
    explain: bool = False
    excel: bool = False
    jobs: int = 1
    force: bool = False
    block_rows: int = BLOCK_ROWS


class Reporter(Protocol):
    """Who is told about a job while it runs."""

    def note(self, text: str, /) -> object:
        """Take a line of text."""

    def progress(self, rows: int, resumed: int, share: float | None, /) -> object:
        """Take how many rows are done, how many of them were when the job began, and the share of the input."""


class _Sink(Protocol):
    """Where finished blocks go."""

    def recall(self, digest: bytes, /) -> Mapping[str, Any] | None: ...

    def append(self, digest: bytes, data: bytes, rows: int, about: Mapping[str, Any], /) -> None: ...


def run(
    source: str,
    output: Path | None,
    options: Options,
    *,
    standard_input: Callable[[], BinaryIO],
    write: Callable[[bytes], object],
    reporter: Reporter,
) -> Summary:
    """Label a file, a folder, or standard input ("-"); without an output, `write` is given the bytes.

    Raises UsageError, InputError, ModelError, OutputError, OutputExistsError; KeyboardInterrupt with a text
    that says how to go on. After the last three what is finished is kept, and the same call goes on from there.
    """
    if output is not None:
        _check_output(source, output, force=options.force)
    folder = options.model or resources.default_model()
    manifest = workers.manifest_digest(folder)
    sectors = model_files.read_label_set(folder).sectors

    def opened() -> Source:
        return open_source(
            source,
            standard_input,
            text_column=options.text_column,
            id_column=options.id_column,
            encoding=options.encoding,
            format=options.format,
            delimiter=options.delimiter,
            block_rows=options.block_rows,
        )

    with closing(opened()) as rows:
        planned = plan(output, rows, sectors, explain=options.explain, excel=options.excel)
        job = Job(
            folder,
            manifest,
            RowReader.of(rows),
            planned.encoder,
            explain=options.explain,
            id_column=rows.id_column,
            describe=planned.describe,
        )
        if output is None:
            write(planned.encoder.head())
            return _label(rows, job, _Pipe(write), options.jobs, reporter)
        with checkpoint.unfinished(output, _key(output, rows, job, options)) as point:
            # standard input can't be read a second time if it turns out to be another one
            if point.is_published() and not (source == "-" and options.force):
                with closing(opened()) as again:
                    summary = _recalled(again, point)
                if summary is not None:
                    point.remove()
                    return summary
            refuse_existing(output, force=options.force)
            return _label_into(point, rows, job, planned, options, reporter)


class _Pipe:
    """A sink that remembers nothing."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write

    def recall(self, _digest: bytes) -> None:
        return None

    def append(self, _digest: bytes, data: bytes, _rows: int, _about: Mapping[str, Any]) -> None:
        self._write(data)


def _check_output(source: str, output: Path, *, force: bool) -> None:
    """Raise UsageError or OutputExistsError where it is sure already that the output can't be written."""
    refuse_unfit(output, [] if source == "-" else [source])
    with write_failures(output):
        begun = checkpoint.exists(output)
    if not begun:
        refuse_existing(output, force=force)


def _key(output: Path, source: Source, job: Job, options: Options) -> str:
    """Return what is the same for two runs if and only if they make the same output of the same input."""
    told = {
        "version": VERSION,
        "model": job.manifest,
        "output": output.name,
        "encoder": repr(job.encoder),
        "source": [source.kind, source.columns, source.delimiter, source.text_column, source.encoding],
        "id_column": source.id_column,
        "language": _("no text"),  # what is wrong with a row is written in the reader's language
        "explain": options.explain,
        "block_rows": options.block_rows,
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _recalled(source: Source, point: Checkpoint) -> Summary | None:
    """Return the summary of a job that is finished, None where its input is another one now."""
    summary = Summary()
    for block, finished in zip_longest(source.blocks(), point.finished()):
        if block is None or finished is None or block.digest.hex() != finished[0]:
            return None
        summary.add(Counts.from_json(finished[1]))
    summary.resumed = summary.rows
    return summary


def _label_into(
    point: Checkpoint, source: Source, job: Job, planned: Plan, options: Options, reporter: Reporter
) -> Summary:
    """Label a source into an output that is kept from run to run."""
    if point.is_of_another_job:
        reporter.note(
            _("{path}: begun with other options or another model, so it starts over").format(path=point.output)
        )
    try:
        point.begin(job.encoder.head())
        summary = _label(source, job, point, options.jobs, reporter)
        if planned.convert is None:
            point.publish(force=options.force)
        else:
            kinds = {**dict.fromkeys(source.columns or (), ""), **summary.kinds}
            with point.converted(partial(planned.convert, kinds)) as target:
                point.publish(target, force=options.force)
    except KeyboardInterrupt:
        if not point.rows:
            raise
        raise KeyboardInterrupt(
            _("interrupted; run the same command again, and it goes on from row {row}").format(row=point.rows + 1)
        ) from None
    return summary


def _label(source: Source, job: Job, sink: _Sink, jobs: int, reporter: Reporter) -> Summary:
    """Label the blocks of a source that the sink doesn't know yet."""
    summary = Summary()
    blocks = source.blocks()
    for block in blocks:
        known = sink.recall(block.digest)
        if known is None:
            blocks = chain([block], blocks)
            break
        summary.add(Counts.from_json(known))
        reporter.progress(summary.rows, summary.rows, source.progress())
    summary.resumed = summary.rows
    if summary.resumed:
        reporter.note(_("{rows} rows are finished already; going on behind them").format(rows=summary.resumed))
    started = time.monotonic()
    with closing(workers.results(job, blocks, jobs=jobs, first_row=summary.rows + 1)) as results:
        for done in results:
            sink.append(done.digest, done.data, done.counts.rows, done.counts.to_json())
            summary.add(done.counts)
            reporter.progress(summary.rows, summary.resumed, source.progress())
    summary.seconds = time.monotonic() - started
    return summary
