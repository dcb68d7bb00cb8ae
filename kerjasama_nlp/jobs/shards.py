"""Labelling many files: each input file (a shard) into a file of the same name, here or on a Dask cluster.

    shards/a.jsonl.gz, shards/b.jsonl.gz  ->  out/a.jsonl.gz, out/b.jsonl.gz

A shard is a job of its own (`batch`), whole or not there, and may be killed at any moment. What was made of what is
remembered beside the outputs, in `.kerjasama/NAME.json`, so that the same call later only does what is left:

    {"key": "1c2d...", "input": "9f86...", "summary": {...}}

`key` names the model and all options that change the output, `input` is the SHA-256 of the shard; `summary` is there
when the shard is done.
"""

from __future__ import annotations

import glob
import hashlib
import json
import time
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from functools import partial
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

from kerjasama_nlp import resources
from kerjasama_nlp.errors import InputError, KerjasamaError, OutputExistsError, UsageError
from kerjasama_nlp.files import sha256, write_failures, write_whole
from kerjasama_nlp.i18n import _
from kerjasama_nlp.inputs.compression import unreadable
from kerjasama_nlp.jobs import batch, workers
from kerjasama_nlp.jobs.batch import Options, Reporter
from kerjasama_nlp.jobs.tally import Counts, Summary
from kerjasama_nlp.version import VERSION

_RECORDS = ".kerjasama"
# A shard whose worker is lost is given to another one so many times.
_RETRIES = 3


@dataclass(frozen=True, slots=True)
class Shard:
    """A file to label, and where its rows go."""

    source: Path
    output: Path


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a shard: its counts, or why there are none, and the exit code that goes with it."""

    shard: Shard
    counts: Counts | None
    fault: str = ""
    exit_code: int = 0
    was_done: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What became of all shards, in their order, and how long it took."""

    outcomes: Sequence[Outcome]
    seconds: float

    @property
    def exit_code(self) -> int:
        """The exit code of the first shard that failed as a whole, 0 where none did."""
        return next((outcome.exit_code for outcome in self.outcomes if outcome.counts is None), 0)

    def summary(self) -> Summary:
        """Return the sum of what was labelled; failed rows are counted, but not told one by one."""
        summary = Summary(seconds=self.seconds)
        for outcome in self.outcomes:
            if outcome.counts is not None:
                summary.add(replace(outcome.counts, failures=()))
                summary.resumed += outcome.counts.rows if outcome.was_done else 0
        return summary


def are_many(sources: Sequence[str]) -> bool:
    """Tell whether names stand for several files: there are more than one, or it is a pattern."""
    return len(sources) > 1 or (glob.has_magic(sources[0]) and not Path(sources[0]).exists())


def plan(sources: Iterable[str], folder: Path | None) -> list[Shard]:
    """Return the shards that names and patterns ("shards/*.jsonl.gz") stand for, sorted by their names.

    Raises InputError where a pattern fits no file, UsageError where two files have one name or `folder` is none.
    """
    if folder is None or (folder.exists() and not folder.is_dir()):
        raise UsageError(_("found several inputs; expected a folder for their outputs, for example -o berlabel/"))
    found: dict[str, Path] = {}
    for source in sources:
        # pathlib's patterns can't be absolute
        paths = [source] if Path(source).exists() else sorted(glob.glob(source, recursive=True))  # noqa: PTH207
        if not paths:
            raise InputError(_("{pattern}: found no such file; quote a pattern and check it").format(pattern=source))
        for path in map(Path, paths):
            if not path.is_file():
                raise UsageError(_("{path}: found a folder among several inputs, expected files").format(path=path))
            other = found.setdefault(path.name, path)
            if other != path:
                raise UsageError(
                    _("found {first} and {second}, which would have the same output; rename one of them").format(
                        first=other, second=path
                    )
                )
    if folder.exists() and any(parent.samefile(folder) for parent in {path.parent for path in found.values()}):
        raise UsageError(_("{path}: found the inputs in the folder of the outputs; name another").format(path=folder))
    return [Shard(path.absolute(), folder.absolute() / name) for name, path in sorted(found.items())]


def run(shards: Sequence[Shard], options: Options, reporter: Reporter, *, dask: str | None = None) -> Result:
    """Label shards, one after the other, or with `dask`, a scheduler's address, as many at once as it has workers.

    A shard that fails doesn't keep the others from being labelled. Raises OutputExistsError, before any work, where
    something else stands at an output; ModelError, and UsageError where Dask isn't installed or doesn't answer.
    """
    folder = options.model or resources.default_model()
    options = replace(options, model=folder.absolute())
    key = _key(options, workers.manifest_digest(folder))
    if not options.force:
        _refuse_existing(shards, key)
    finished = _here(shards, options, key) if dask is None else _on_cluster(shards, options, key, dask)
    outcomes: dict[Shard, Outcome] = {}
    rows = resumed = 0
    started = time.monotonic()
    with closing(finished):
        for outcome in finished:
            outcomes[outcome.shard] = outcome
            if outcome.counts is not None:
                rows += outcome.counts.rows
                resumed += outcome.counts.rows if outcome.was_done else 0
            else:
                reporter.note(outcome.fault)
            reporter.progress(rows, resumed, len(outcomes) / len(shards))
    return Result([outcomes[shard] for shard in shards], time.monotonic() - started)


def _here(shards: Sequence[Shard], options: Options, key: str) -> Generator[Outcome]:
    return (label_shard(shard, options, key) for shard in shards)


def _on_cluster(shards: Sequence[Shard], options: Options, key: str, address: str) -> Generator[Outcome]:
    """Yield the outcomes of shards as the workers of a cluster are done with them."""
    try:
        distributed: Any = import_module("distributed")
    except ImportError:
        raise UsageError(_("--dask needs a package; install it with: pip install 'kerjasama-nlp[dask]'")) from None
    try:
        client = distributed.Client(address)
    except (OSError, ValueError) as error:
        raise UsageError(
            _("{address}: no Dask scheduler answers there ({reason})").format(address=address, reason=error)
        ) from None
    with client:
        submit = partial(client.submit, label_shard, pure=False, retries=_RETRIES)  # files may change between calls
        futures = {submit(shard, options, key): shard for shard in shards}
        for future in distributed.as_completed(futures):
            try:
                yield future.result()
            except Exception as error:  # noqa: BLE001  # whatever a worker dies of, the other shards go on
                fault = _("{path}: its workers were lost ({reason})").format(path=futures[future].source, reason=error)
                yield Outcome(futures[future], None, fault, KerjasamaError.exit_code)


def label_shard(shard: Shard, options: Options, key: str) -> Outcome:
    """Label one shard unless that is done already; errors that a user can mend become part of the outcome."""
    try:
        try:
            digest = sha256(shard.source)
        except OSError as error:
            raise unreadable(str(shard.source), error) from None
        record = _recorded(shard)
        if shard.output.exists() and record.get("key") == key and record.get("input") == digest:
            if "summary" in record:
                return Outcome(shard, Counts.from_json(record["summary"]), was_done=True)
            options = replace(options, force=True)  # it was finished, and its process killed before it could say so
        _record(shard, {"key": key, "input": digest})
        summary = batch.run(
            str(shard.source), shard.output, options, standard_input=BytesIO, write=len, reporter=_Silent()
        )
        counts = Counts(
            summary.rows, summary.errors, summary.review, dict(summary.forms), dict(summary.sectors), summary.failures
        )
        _record(shard, {"key": key, "input": digest, "summary": counts.to_json()})
        return Outcome(shard, counts)
    except KerjasamaError as error:
        return Outcome(shard, None, str(error), error.exit_code)


class _Silent:
    """A reporter on a machine where nobody reads what it says."""

    def note(self, text: str, /) -> None:
        """Say nothing."""

    def progress(self, rows: int, resumed: int, share: float | None, /) -> None:
        """Draw nothing."""


def _key(options: Options, manifest: str) -> str:
    told = {**asdict(replace(options, jobs=1, force=False, model=None)), "model": manifest, "version": VERSION}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _refuse_existing(shards: Iterable[Shard], key: str) -> None:
    for shard in shards:
        if shard.output.exists() and _recorded(shard).get("key") != key:
            raise OutputExistsError(
                _("{path} exists already; choose another name, or overwrite it with --force").format(path=shard.output)
            )


def _record_path(shard: Shard) -> Path:
    return shard.output.parent / _RECORDS / f"{shard.output.name}.json"


def _recorded(shard: Shard) -> dict[str, Any]:
    """Return what is remembered of a shard; nothing where that is damaged."""
    try:
        value = json.loads(_record_path(shard).read_bytes())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _record(shard: Shard, value: dict[str, Any]) -> None:
    path = _record_path(shard)
    with write_failures(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps(value).encode())
