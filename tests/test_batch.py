"""Batch jobs: a row out for a row in, and the same bytes whatever happened on the way to them."""

import gzip
import io
import json
import multiprocessing
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from jobs import BLOCK_ROWS, Told, run

from kerjasama_nlp import resources
from kerjasama_nlp.errors import InputError, KerjasamaError, ModelError, OutputError, OutputExistsError, UsageError
from kerjasama_nlp.inputs.blocks import Block
from kerjasama_nlp.inputs.rows import RowReader
from kerjasama_nlp.jobs import checkpoint, journal, pool, workers
from kerjasama_nlp.jobs.checkpoint import Checkpoint
from kerjasama_nlp.jobs.outputs import JsonEncoder

TEXTS = (
    "Indonesia dan Jepang menandatangani perjanjian dagang di Tokyo.",
    "Petani Sleman panen cabai.",
    "ASEAN membahas kesehatan dan pendidikan bersama PBB di Jakarta.",
)
# The real command, with blocks so small that a short file has many.
COMMAND = (
    "from functools import partial; from kerjasama_nlp import cli; from kerjasama_nlp.jobs import batch; "
    "batch.Options = partial(batch.Options, block_rows={rows}); cli.main()"
)
RESULT = "hasil.jsonl"


def _line(number):
    return json.dumps({"id": number, "text": f"{TEXTS[number % len(TEXTS)]} Nomor {number}."}) + "\n"


def _write_rows(path, numbers):
    path.write_text("".join(map(_line, numbers)), encoding="utf-8")
    return path


@pytest.fixture
def source(tmp_path):
    """Return a file of eleven blocks, the last one not full."""
    return _write_rows(tmp_path / "a.jsonl", range(BLOCK_ROWS * 10 + 2))


def _run(*args, **options):
    """Run a job in this process; return its summary."""
    return run(*args, **options).summary


def _interrupt(source, output, rows, **options):
    """Run a job until so many rows are done."""
    with pytest.raises(KeyboardInterrupt):
        _run(source, output, Told(stop_at=rows), **options)


def _expected(source, tmp_path, name=RESULT, **options):
    """Return what a run without any trouble writes."""
    folder = tmp_path / "utuh"
    _run(source, folder / name, **options)
    data = (folder / name).read_bytes()
    shutil.rmtree(folder)
    return data


def _hidden(folder):
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


def _start(folder, *args, rows=BLOCK_ROWS, stdin=subprocess.DEVNULL, **options):
    """Start the real command with small blocks."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "KERJASAMA", "PYTHONUNBUF"))}
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND.format(rows=rows), *map(str, args)],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=environment | {"LC_ALL": "C"},
        **options,
    )


def _wait_for(true, process):
    """Wait until something is true, or a process has ended."""
    deadline = time.monotonic() + 60
    while not true() and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def _size(path):
    return path.stat().st_size if path.exists() else 0


def _end(process):
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err.decode()


# Going on


@pytest.mark.parametrize("name", ["b.jsonl", "b.jsonl.gz", "b.csv", "b.csv.zst", "b.tsv", "b.parquet"])
@pytest.mark.parametrize("rows", [1, 12, 42])
def test_interrupted_job_goes_on(source, tmp_path, name, rows):
    """A job that was interrupted, at its last block too, goes on and ends in the bytes of one that wasn't."""
    whole = _expected(source, tmp_path, name)
    _interrupt(source, tmp_path / name, rows)
    assert _hidden(tmp_path) == [f".{name}.journal", f".{name}.part"]
    assert not (tmp_path / name).exists()
    told = Told()
    summary = _run(source, tmp_path / name, told)
    done = min(-(-rows // BLOCK_ROWS) * BLOCK_ROWS, summary.rows)
    assert (summary.rows, summary.resumed, told.notes) == (
        42,
        done,
        [f"{done} rows are finished already; going on behind them"],
    )
    assert (tmp_path / name).read_bytes() == whole
    assert _hidden(tmp_path) == []


def test_summary_of_a_resumed_job_counts_all_rows(tmp_path):
    """Forms, errors and the names of failed rows are those of the whole job."""
    source = tmp_path / "a.jsonl"
    source.write_text("rusak\n" + "".join(map(_line, range(20))) + '{"id": "A-9"}\n', encoding="utf-8")
    whole = _run(source, tmp_path / "utuh.jsonl", id_column="id")
    _interrupt(source, tmp_path / RESULT, 8, id_column="id")
    resumed = _run(source, tmp_path / RESULT, id_column="id")
    assert (resumed.rows, resumed.errors, resumed.review) == (whole.rows, whole.errors, whole.review) != (0, 0, 0)
    assert (resumed.forms, resumed.sectors, resumed.failures) == (whole.forms, whole.sectors, whole.failures)
    assert [(failure.row, failure.row_id, failure.fault) for failure in whole.failures] == [
        (1, None, "not JSON"),
        (22, "A-9", "no text"),
    ]


def test_kill_at_twenty_moments(tmp_path):
    """Killed without a warning twenty times, the job goes on each time, and its bytes are those of a whole run."""
    source = _write_rows(tmp_path / "a.jsonl", range(2400))
    whole = _expected(source, tmp_path, block_rows=8)
    chance = random.Random(4)  # noqa: S311  # not a secret
    part = tmp_path / f".{RESULT}.part"
    for share in sorted(chance.uniform(0, 0.9) for _ in range(20)):
        process = _start(tmp_path, "label", "a.jsonl", "-o", RESULT, rows=8)
        _wait_for(lambda share=share: _size(part) > share * len(whole), process)
        time.sleep(chance.uniform(0, 0.002))
        process.kill()
        assert _end(process)[0] == -signal.SIGKILL
        assert not (tmp_path / RESULT).exists()
    code, _out, err = _end(_start(tmp_path, "label", "a.jsonl", "-o", RESULT, rows=8))
    assert (code, "rows are finished already" in err) == (0, True)
    assert (tmp_path / RESULT).read_bytes() == whole
    assert _hidden(tmp_path) == []


def _cut(data, at):
    return data[:at]


def _flip(data, at):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def _insert(data, at):
    return data[:at] + b"\0\xff\n{}\n" + data[at:]


@pytest.mark.parametrize("damage", [_cut, _flip, _insert, None], ids=["cut off", "changed", "grown", "removed"])
@pytest.mark.parametrize("file", ["journal", "part"])
def test_damaged_work_in_progress(source, tmp_path, file, damage):
    """Whatever became of part and journal, at any place: what is sound is used, and the result is the same."""
    whole = _expected(source, tmp_path)
    _interrupt(source, tmp_path / RESULT, 24)
    files = {kind: tmp_path / f".{RESULT}.{kind}" for kind in ("journal", "part")}
    kept = {kind: path.read_bytes() for kind, path in files.items()}
    found = set()
    for step in range(30):
        at = len(kept[file]) * step // 30
        for kind, path in files.items():
            path.write_bytes(kept[kind])
        if damage is None:
            files[file].unlink()
        else:
            files[file].write_bytes(damage(kept[file], at))
        found.add(_run(source, tmp_path / RESULT).resumed)
        assert (tmp_path / RESULT).read_bytes() == whole
        assert _hidden(tmp_path) == []
        (tmp_path / RESULT).unlink()
        if damage is None:
            break
    assert found == ({0} if damage is None else {0, 4, 8, 12, 16, 20})


@pytest.mark.parametrize(
    ("numbers", "resumed"),
    [
        ([99, *range(1, 42)], 0),
        ([*range(42), 43, 44], 24),
        ([*range(8), 99, *range(8, 42)], 8),
        (range(10), 8),
        (range(24), 24),
        ((), 0),
    ],
    ids=["first row changed", "rows added", "a row inserted", "cut in a block", "cut at a block's end", "emptied"],
)
def test_changed_input(source, tmp_path, numbers, resumed):
    """Blocks whose input has changed, and all behind them, are made anew; rows are never matched by number alone."""
    _interrupt(source, tmp_path / RESULT, 24)
    _write_rows(source, numbers)
    assert _run(source, tmp_path / RESULT).resumed == resumed
    assert (tmp_path / RESULT).read_bytes() == _expected(source, tmp_path)
    assert _hidden(tmp_path) == []


@pytest.mark.parametrize(
    "options",
    [{"explain": True}, {"text_column": "id"}, {"block_rows": 5}, {"encoding": "cp1252"}, {"id_column": "id"}],
    ids=lambda options: next(iter(options)),
)
def test_changed_options(source, tmp_path, options):
    """Work that was begun with other options isn't used, and a note says so."""
    _interrupt(source, tmp_path / RESULT, 24)
    told = Told()
    assert _run(source, tmp_path / RESULT, told, **options).resumed == 0
    assert told.notes == [f"{tmp_path / RESULT}: begun with other options or another model, so it starts over"]
    assert (tmp_path / RESULT).read_bytes() == _expected(source, tmp_path, **options)


def test_changed_model(source, tmp_path):
    """Work that was begun with another model isn't used; with the same one at another place it is."""
    models = [shutil.copytree(resources.default_model(), tmp_path / f"model{n}") for n in range(2)]
    _interrupt(source, tmp_path / RESULT, 24)
    assert _run(source, tmp_path / RESULT, model=models[0]).resumed == 24
    (tmp_path / RESULT).unlink()
    _interrupt(source, tmp_path / RESULT, 24, model=models[0])
    manifest = models[1] / "manifest.json"
    manifest.write_text(manifest.read_text(encoding="utf-8") + " ", encoding="utf-8")
    assert _run(source, tmp_path / RESULT, model=models[1]).resumed == 0


def test_other_language_of_faults(monkeypatch, tmp_path):
    """What is wrong with a row is told in one language from the first row to the last."""
    source = tmp_path / "a.jsonl"
    source.write_text("rusak\n" * 20, encoding="utf-8")
    _interrupt(source, tmp_path / RESULT, 8)
    monkeypatch.setenv("KERJASAMA_LANG", "id")
    assert _run(source, tmp_path / RESULT).resumed == 0
    assert (tmp_path / RESULT).read_text(encoding="utf-8").count("bukan JSON") == 20


def test_other_columns(tmp_path):
    """A table whose header has changed is another table, whatever its rows are."""
    source = tmp_path / "a.csv"
    rows = "".join(f"{TEXTS[0]},{n}\n" for n in range(20))
    source.write_text("text,nomor\n" + rows, encoding="utf-8")
    _interrupt(source, tmp_path / "b.csv", 8)
    source.write_text("text,angka\n" + rows, encoding="utf-8")
    assert _run(source, tmp_path / "b.csv").resumed == 0
    assert (tmp_path / "b.csv").read_text(encoding="utf-8").startswith("text,angka,form,")


@pytest.mark.parametrize("name", ["b.jsonl", "b.csv"])
@pytest.mark.parametrize("left", [("part", "journal"), ("journal",)], ids=["both left", "journal left"])
def test_death_after_the_output_appeared(monkeypatch, source, tmp_path, name, left):
    """A job that died between giving the output its name and removing the journal is done, and nothing is redone."""
    output = tmp_path / name

    def die(point):
        if left == ("journal",):
            point.part_path.unlink(missing_ok=True)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoint, "remove", die)
        with pytest.raises(KeyboardInterrupt):
            _run(source, output)
    before = (output.read_bytes(), output.stat().st_mtime_ns, output.stat().st_ino)
    kept = {path: path.read_bytes() for path in tmp_path.iterdir() if path.name.startswith(".")}
    assert _hidden(tmp_path)
    summary = _run(source, output)
    assert (summary.rows, summary.resumed) == (42, 42)
    assert (output.read_bytes(), output.stat().st_mtime_ns, output.stat().st_ino) == before
    assert _hidden(tmp_path) == []
    # another input is another job, for which the output's name is taken
    for path, data in kept.items():
        path.write_bytes(data)
    _write_rows(source, range(41))
    with pytest.raises(OutputExistsError, match="exists already"):
        _run(source, output)
    _run(source, output, force=True)
    assert output.read_bytes() == _expected(source, tmp_path, name)
    assert _hidden(tmp_path) == []


def test_death_before_the_output_appeared(monkeypatch, source, tmp_path):
    """A job that died with all its rows finished only gives the output its name."""
    whole = _expected(source, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "refuse_existing", _interrupt_now)
        with pytest.raises(KeyboardInterrupt, match="goes on from row 43"):
            _run(source, tmp_path / RESULT)
    assert _run(source, tmp_path / RESULT).resumed == 42
    assert (tmp_path / RESULT).read_bytes() == whole


def _interrupt_now(*_args, **_options):
    raise KeyboardInterrupt


def test_death_while_converting(source, tmp_path):
    """What a job that died while converting left behind is gone when the next one is done, whatever it reads."""
    (tmp_path / ".b.csv.whole").write_text("separuh", encoding="utf-8")
    (tmp_path / "a.csv").write_text("text\nsatu\n", encoding="utf-8")
    for name in (source.name, "a.csv"):
        _run(tmp_path / name, tmp_path / "b.csv", force=True)
        assert _hidden(tmp_path) == []
        (tmp_path / ".b.csv.whole").write_text("separuh", encoding="utf-8")


def test_output_that_appears_meanwhile(source, tmp_path):
    """What someone else puts under the name meanwhile is kept, and so is the work, for --force."""

    class Meddler(Told):
        def progress(self, *_args):
            (tmp_path / RESULT).write_text("orang lain", encoding="utf-8")

    with pytest.raises(OutputExistsError):
        _run(source, tmp_path / RESULT, Meddler())
    assert (tmp_path / RESULT).read_text(encoding="utf-8") == "orang lain"
    assert _run(source, tmp_path / RESULT, force=True).resumed == 42


def test_refused_output_costs_no_work(source, tmp_path):
    """An output that may not be replaced leaves work in progress as it is."""
    _interrupt(source, tmp_path / RESULT, 24)
    (tmp_path / RESULT).write_text("lama", encoding="utf-8")
    for options in ({}, {"explain": True}):
        with pytest.raises(OutputExistsError, match="exists already"):
            _run(source, tmp_path / RESULT, **options)
    assert _run(source, tmp_path / RESULT, force=True).resumed == 24


def test_standard_input_goes_on(source, tmp_path):
    """A job that reads a pipe goes on when it is given the same bytes again."""
    data = source.read_bytes()
    _interrupt("-", tmp_path / RESULT, 24, stdin=data)
    assert _run("-", tmp_path / RESULT, stdin=data).resumed == 24
    assert (tmp_path / RESULT).read_bytes() == _expected(source, tmp_path)


def test_damaged_archive_keeps_what_is_read(tmp_path):
    """Where a compressed file is cut off, the rows before are finished; the mended file costs only the rest."""
    data = gzip.compress(b"".join(_line(n).encode() for n in range(42)), mtime=0)
    source = tmp_path / "a.jsonl.gz"
    for jobs in (1, 2):
        source.write_bytes(data[: len(data) // 2])
        with pytest.raises(InputError, match="damaged or cut off"):
            _run(source, tmp_path / RESULT, jobs=jobs)
        source.write_bytes(data)
        summary = _run(source, tmp_path / RESULT)
        assert summary.rows == 42
        assert 0 < summary.resumed < 42
        assert (tmp_path / RESULT).read_bytes() == _expected(source, tmp_path)
        (tmp_path / RESULT).unlink()


# Interrupts, full disks, other processes


@pytest.mark.parametrize(
    ("number", "jobs", "rows"),
    [(signal.SIGINT, 1, 40), (signal.SIGINT, 2, 28), (signal.SIGTERM, 1, 40)],
    ids=["Ctrl-C", "Ctrl-C, two processes", "a request to end"],
)
def test_interrupt(source, tmp_path, number, jobs, rows):
    """Ctrl-C ends with exit code 130, one line that says how to go on, and no process left.

    The pipe stays open, so the job waits for its last block; two processes have three more to do at that time.
    """
    data = source.read_bytes()
    process = _start(tmp_path, "label", "-", "-o", RESULT, "--jobs", jobs, stdin=subprocess.PIPE, process_group=0)
    process.stdin.write(data)
    process.stdin.flush()
    _wait_for(lambda: _journal_rows(tmp_path) >= rows, process)
    os.killpg(process.pid, number)
    code, out, err = _end(process)
    assert (code, out) == (130, b"")
    assert err == f"kerjasama: error: interrupted; run the same command again, and it goes on from row {rows + 1}\n"
    _wait_until_gone(process.pid)
    process = _start(tmp_path, "label", "-", "-o", RESULT, stdin=subprocess.PIPE)
    err = process.communicate(data, timeout=60)[1].decode()
    assert (process.returncode, err.split("\n")[0]) == (0, f"{rows} rows are finished already; going on behind them")
    assert (tmp_path / RESULT).read_bytes() == _expected(source, tmp_path)


def _journal_rows(folder):
    path = folder / f".{RESULT}.journal"
    return journal.last(path).get("rows", 0) if path.exists() else 0


def _wait_until_gone(group):
    """Wait until no process of a group is left."""
    deadline = time.monotonic() + 10
    with suppress(ProcessLookupError):
        while True:
            os.killpg(group, 0)
            assert time.monotonic() < deadline, "processes are left"
            time.sleep(0.01)


def test_killed_job_leaves_no_workers(tmp_path):
    """Even when the job is killed without a warning, its workers end by themselves."""
    _write_rows(tmp_path / "a.jsonl", range(4000))
    process = _start(tmp_path, "label", "a.jsonl", "-o", RESULT, "--jobs", 2, process_group=0)
    _wait_for(lambda: _journal_rows(tmp_path) >= 12, process)
    process.kill()
    _end(process)
    _wait_until_gone(process.pid)


def _limit_files():
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))


def test_full_disk(monkeypatch, source, tmp_path):
    """A disk without room ends with exit code 74 and says how to go on; nothing that is finished is lost."""
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)  # its data would find no room either
    code, _out, err = _end(_start(tmp_path, "label", "a.jsonl", "-o", RESULT, preexec_fn=_limit_files))
    assert code == 74
    assert err.startswith(f"kerjasama: error: {RESULT}: cannot be written (File too large); mend that")
    rows = int(err.split()[-1]) - 1
    assert 0 < rows < 42
    assert err.count("\n") == 1
    summary = _run(source, tmp_path / RESULT, Told())
    assert summary.rows == 42
    assert (tmp_path / RESULT).read_bytes() == _expected(source, tmp_path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounting takes root")
def test_full_file_system(source, tmp_path):
    """The same on a real file system that is full: everything is as it was once there is room."""
    disk = tmp_path / "kecil"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", disk], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting isn't permitted")
    try:
        with pytest.raises(OutputError, match=r"No space left on device.*goes on from row \d+"):
            _run(source, disk / RESULT)
        subprocess.run(["mount", "-o", "remount,size=1m", disk], check=True)
        assert _run(source, disk / RESULT).resumed > 0
        assert (disk / RESULT).read_bytes() == _expected(source, tmp_path)
        assert _hidden(disk) == []
    finally:
        subprocess.run(["umount", disk], check=True)


@pytest.mark.parametrize("call", range(1, 8))
@pytest.mark.parametrize("name", ["b.jsonl", "b.csv"])
def test_failing_disk(monkeypatch, source, tmp_path, name, call):
    """Whichever call to flush or rename fails, it is told as a failed write, and the next run mends it."""
    calls = 0

    def failing(original):
        def fail(*args, **options):
            nonlocal calls
            calls += 1
            if calls == call:
                raise OSError(5, "Input/output error")
            return original(*args, **options)

        return fail

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "_SYNC_SECONDS", 0)
        patch.setattr(os, "fsync", failing(os.fsync))
        patch.setattr(Path, "replace", failing(Path.replace))
        with pytest.raises(OutputError, match="Input/output error"):
            _run(source, tmp_path / name)
    _run(source, tmp_path / name)
    assert (tmp_path / name).read_bytes() == _expected(source, tmp_path, name)
    assert _hidden(tmp_path) == []


def test_disk_that_takes_little_at_a_time(monkeypatch, source, tmp_path):
    """Whatever the system takes at once, all bytes are written."""
    opened = checkpoint._open  # noqa: SLF001  # nothing else stands between the job and the disk

    class Slow(io.FileIO):
        def __init__(self, path):
            opened(path).close()
            super().__init__(path, "r+b")

        def write(self, data):
            return super().write(bytes(data)[:100])

    monkeypatch.setattr(checkpoint, "_open", Slow)
    _interrupt(source, tmp_path / RESULT, 24)
    assert _run(source, tmp_path / RESULT).resumed == 24
    monkeypatch.setattr(checkpoint, "_open", opened)
    assert (tmp_path / RESULT).read_bytes() == _expected(source, tmp_path)


def test_unwritable_place(source, tmp_path):
    """An output below a file, or of an impossible name, is told; nothing is left."""
    for output in (source / "b.jsonl", tmp_path / ("m" * 300), tmp_path / "baru" / ("m" * 250)):
        with pytest.raises(OutputError, match="cannot be written"):
            _run(source, output)
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]


@pytest.mark.parametrize("name", ["folder", "/dev/null"])
def test_output_that_is_no_file(source, tmp_path, name):
    """A folder or a device isn't replaced, whatever --force says."""
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputExistsError, match="a folder or a device"):
        _run(source, tmp_path / name, force=True)
    assert (tmp_path / "folder").is_dir()


def _shell(folder, rest):
    """Run the command as a shell does, with `rest` of the line behind it."""
    line = ["sh", "-c", f'"$0" -m kerjasama_nlp {rest}', sys.executable]
    return subprocess.run(line, capture_output=True, cwd=folder, timeout=60, check=False)


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_full_standard_output(tmp_path, jobs):
    """Standard output without room is exit code 74."""
    _write_rows(tmp_path / "a.jsonl", range(42))
    ended = _shell(tmp_path, f"label a.jsonl --jobs {jobs} > /dev/full")
    assert (ended.returncode, ended.stderr) == (
        74,
        b"kerjasama: error: standard output cannot be written (No space left on device)\n",
    )


def test_input_is_never_overwritten(source, tmp_path):
    """An output that is the input, under whatever name, is refused, --force or not."""
    before = source.read_bytes()
    (tmp_path / "lain.jsonl").hardlink_to(source)
    for output in (source, tmp_path / "lain.jsonl"):
        for force in (False, True):
            with pytest.raises(UsageError, match="is the input"):
                _run(source, output, force=force)
    assert source.read_bytes() == before
    assert _hidden(tmp_path) == []


def test_two_processes_with_one_output(source, tmp_path):
    """Where one process writes, another one is told so; the first one ends as if it had been alone."""
    data = source.read_bytes()
    first = _start(tmp_path, "label", "-", "-o", RESULT, stdin=subprocess.PIPE)
    first.stdin.write(data)
    first.stdin.flush()
    _wait_for((tmp_path / f".{RESULT}.journal").exists, first)
    code, _out, err = _end(_start(tmp_path, "label", "a.jsonl", "-o", RESULT))
    assert (code, err) == (
        6,
        f"kerjasama: error: {RESULT} is being written by another process; wait for it, or choose another name\n",
    )
    first.communicate(timeout=60)
    assert first.returncode == 0
    assert (tmp_path / RESULT).read_bytes() == _expected(source, tmp_path)
    assert _hidden(tmp_path) == []


def test_journal_that_its_owner_removes_meanwhile(monkeypatch, source, tmp_path):
    """A process that got hold of a journal just as its owner removed it takes a new one."""
    opened = checkpoint._open  # noqa: SLF001  # nothing else stands between opening and locking
    path = tmp_path / f".{RESULT}.journal"

    def lose_one(name):
        stream = opened(name)
        if name == path:
            monkeypatch.setattr(checkpoint, "_open", opened)
            path.unlink()
        return stream

    monkeypatch.setattr(checkpoint, "_open", lose_one)
    _interrupt(source, tmp_path / RESULT, 24)
    assert _run(source, tmp_path / RESULT).resumed == 24


@pytest.mark.parametrize("jobs", [1, 2])
def test_closed_pipe_is_quiet(tmp_path, jobs):
    """A reader that has seen enough ends the command without a word, its workers too."""
    _write_rows(tmp_path / "a.jsonl", range(3000))
    ended = _shell(tmp_path, f"label a.jsonl --jobs {jobs} | head -n 1")
    assert (ended.stdout.count(b"\n"), ended.stderr) == (1, b"")


def test_finished_blocks_are_written_at_once(tmp_path):
    """Without an output file, who reads the pipe gets each block when it is done, not when the input ends."""
    process = _start(tmp_path, "label", "-", stdin=subprocess.PIPE)
    process.stdin.write("".join(map(_line, range(BLOCK_ROWS * 2))).encode())
    process.stdin.flush()
    readable, _, _ = select.select([process.stdout], [], [], 30)
    first = process.stdout.readline() if readable else b"{}"
    assert _end(process)[0] == 0
    assert json.loads(first).get("id") == 0


# Several processes


@pytest.mark.parametrize(("name", "jobs"), [("b.jsonl.gz", 2), ("b.csv", 3), ("b.parquet", 2)])
def test_any_number_of_jobs_gives_the_same_bytes(source, tmp_path, name, jobs):
    """The output doesn't show how many processes made it."""
    assert _run(source, tmp_path / name, jobs=jobs).rows == 42
    assert (tmp_path / name).read_bytes() == _expected(source, tmp_path, name)


def test_jobs_may_change_between_runs(source, tmp_path):
    """A job goes on with another number of processes."""
    _interrupt(source, tmp_path / RESULT, 12, jobs=2)
    assert _run(source, tmp_path / RESULT, jobs=1).resumed >= 12
    assert (tmp_path / RESULT).read_bytes() == _expected(source, tmp_path)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the workers in /proc")
def test_killed_worker(tmp_path):
    """A worker that is killed costs time, but no row."""
    source = _write_rows(tmp_path / "a.jsonl", range(2000))
    whole = _expected(source, tmp_path)
    process = _start(tmp_path, "label", "a.jsonl", "-o", RESULT, "--jobs", 2)
    _wait_for(lambda: _journal_rows(tmp_path) >= 100, process)
    os.kill(max(_children(process.pid)), signal.SIGKILL)
    code, _out, err = _end(process)
    assert (code, err.startswith("2000 rows, 0 with errors")) == (0, True)
    assert (tmp_path / RESULT).read_bytes() == whole


def _children(parent):
    """Return the ids of the processes that a process has started."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if path.joinpath("stat").read_text().rsplit(")", 1)[1].split()[1] == str(parent):
                found.append(int(path.name))
    return found


class Deadly(JsonEncoder):
    """Kills the process that labels the row with id 9."""

    def encode(self, rows):
        """Return the rows of a block."""
        if any(labelled.row.fields["id"] == 9 for labelled in rows):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().encode(rows)


def _a_job(**changed):
    folder = resources.default_model()
    reader = RowReader("jsonl", (), None, None, "utf-8", "")
    return workers.Job(
        **{"folder": folder, "manifest": workers.manifest_digest(folder), "reader": reader, "encoder": JsonEncoder()}
        | changed
    )


def _blocks(count):
    return [Block([_line(n).encode() for n in range(k * 4, k * 4 + 4)], bytes([k])) for k in range(count)]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_block_that_kills_twice(monkeypatch, method):
    """A block that costs a process its life twice ends the job after the blocks before it, and its rows are named."""
    monkeypatch.setattr(pool, "_context", lambda: multiprocessing.get_context(method))
    results = workers.results(_a_job(encoder=Deadly()), _blocks(6), jobs=2, first_row=101)
    assert [next(results).digest, next(results).digest] == [b"\0", b"\1"]
    with pytest.raises(KerjasamaError, match=r"rows 109 to 112.*--jobs 1"):
        next(results)


def _fails_at_two(number):
    if number == 2:
        raise ValueError(number)
    return -number


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_pool(monkeypatch, method):
    """Results come in order, an exception in the place of its result; forked processes share what was prepared."""
    monkeypatch.setattr(pool, "_context", lambda: multiprocessing.get_context(method))
    prepared = []
    results = pool.in_order(_fails_at_two, iter(range(5)), 3, lambda: prepared.append(1))
    assert [next(results), next(results)] == [0, -1]
    assert prepared == ([1] if method == "fork" else [])
    with pytest.raises(ValueError, match="2") as raised:
        next(results)
    assert "_fails_at_two" in raised.value.__notes__[0]
    assert list(pool.in_order(_fails_at_two, iter(()), 2, lambda: None)) == []


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="nothing is forked here")
def test_forked_process_holds_no_lock(tmp_path):
    """An output is free for the next job when its own has ended, whatever processes were forked meanwhile."""
    with checkpoint.unfinished(tmp_path / RESULT, "1") as point:
        point.begin(b"")
        point.append(b"1", b"{}\n", 1, {})
        process = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
        process.start()
        with pytest.raises(OutputExistsError), checkpoint.unfinished(tmp_path / RESULT, "1"):
            pass
    try:
        with checkpoint.unfinished(tmp_path / RESULT, "1"):
            assert process.is_alive()
    finally:
        process.kill()
        process.join()


@pytest.mark.parametrize("jobs", [1, 2])
def test_model_that_is_replaced_meanwhile(jobs):
    """A worker that finds another model than the job began with says so."""
    results = workers.results(_a_job(manifest="0" * 64), _blocks(3), jobs=jobs, first_row=1)
    with pytest.raises(ModelError, match="has changed since the job began"):
        next(results)


def test_all_processors(monkeypatch, source, tmp_path):
    """--jobs 0 and -1 take as many processes as there are processors; one needs no pool."""
    monkeypatch.setattr("joblib.cpu_count", lambda: 1)
    monkeypatch.setattr(workers, "_pooled", _interrupt_now)
    assert [_run(source, tmp_path / f"{jobs}.jsonl", jobs=jobs).rows for jobs in (0, -1)] == [42, 42]


def test_processes_that_cannot_be_started(monkeypatch, source, tmp_path):
    """Where the system allows no more processes, the message says what does work."""

    def refuse(*_args, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("multiprocessing.process.BaseProcess.start", refuse)
    with pytest.raises(KerjasamaError, match=r"cannot be started \(Permission denied\).*--jobs 1"):
        _run(source, tmp_path / RESULT, jobs=2)
    assert _hidden(tmp_path) == []
