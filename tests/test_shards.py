"""Many files: each into a file of its own, here or on a cluster, and only what is left to do."""

import gzip
import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from conftest import error_line
from jobs import Told

from kerjasama_nlp.errors import InputError, OutputExistsError, UsageError
from kerjasama_nlp.jobs import batch, shards
from kerjasama_nlp.jobs.batch import Options
from kerjasama_nlp.jobs.shards import Shard

PACT = "Indonesia dan Jepang menandatangani perjanjian dagang di Tokyo."
LOCAL = "Petani Sleman panen cabai."


def _rows(start, count):
    texts = (PACT, LOCAL)
    return "".join(
        json.dumps({"id": n, "text": f"{texts[n % 2]} Nomor {n}."}) + "\n" for n in range(start, start + count)
    )


@pytest.fixture
def archive(tmp_path):
    """Return a folder of three shards, one of them packed."""
    folder = tmp_path / "arsip"
    folder.mkdir()
    (folder / "a.jsonl").write_text(_rows(0, 6), encoding="utf-8")
    (folder / "b.jsonl.gz").write_bytes(gzip.compress(_rows(6, 5).encode()))
    (folder / "c.csv").write_text(f"id;isi\n1;{PACT}\n2;\n", encoding="utf-8")
    return folder


def _run(archive, output, told=None, pattern="*", **options):
    return shards.run(shards.plan([str(archive / pattern)], output), Options(**options), told or Told())


def _outputs(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def _alone(archive, folder):
    """Return what labelling each shard by itself gives."""
    for source in archive.iterdir():
        batch.run(str(source), folder / source.name, Options(), standard_input=lambda: None, write=len, reporter=Told())
    return _outputs(folder)


def test_each_shard_is_what_it_is_alone(archive, tmp_path):
    """Shards come out under their names, in their formats, with the bytes of a job of their own; rows add up."""
    result = _run(archive, tmp_path / "out")
    assert _outputs(tmp_path / "out") == _alone(archive, tmp_path / "sendiri")
    summary = result.summary()
    assert (summary.rows, summary.errors, summary.resumed, result.exit_code) == (13, 1, 0, 0)
    assert sum(summary.forms.values()) == 12
    assert summary.seconds > 0


def test_only_what_is_left_is_done(archive, tmp_path, monkeypatch):
    """A second call labels new shards only, and counts the others as done."""
    before = _run(archive, tmp_path / "out").summary()
    labelled = []
    run = batch.run

    def counted(source, *args, **options):
        labelled.append(source)
        return run(source, *args, **options)

    monkeypatch.setattr(batch, "run", counted)
    (archive / "d.jsonl").write_text(_rows(20, 3), encoding="utf-8")
    after = _run(archive, tmp_path / "out").summary()
    assert labelled == [str(archive / "d.jsonl")]
    assert (after.rows, after.resumed, after.errors) == (before.rows + 3, before.rows, before.errors)


@pytest.mark.parametrize("keep_part", [True, False], ids=["killed within", "killed before it could say so"])
def test_killed_shard_goes_on(archive, tmp_path, monkeypatch, keep_part):
    """A shard whose process died is done by the next call, whether or not its output had appeared."""
    expected = _alone(archive, tmp_path / "sendiri")
    monkeypatch.setattr(shards, "_RECORDS", ".kerjasama")
    if keep_part:
        monkeypatch.setattr(batch, "run", lambda *_args, **_options: os.abort())
    real = shards._record  # noqa: SLF001  # its process dies there

    def record(shard, value):
        if "summary" in value:
            raise KeyboardInterrupt
        real(shard, value)
        if keep_part:
            raise KeyboardInterrupt

    monkeypatch.setattr(shards, "_record", record)
    with pytest.raises(KeyboardInterrupt):
        _run(archive, tmp_path / "out")
    assert (tmp_path / "out" / "a.jsonl").exists() != keep_part
    monkeypatch.undo()
    assert _run(archive, tmp_path / "out").summary().rows == 13
    assert _outputs(tmp_path / "out") == expected


def test_one_bad_shard_keeps_nobody_waiting(archive, tmp_path):
    """A shard that can't be read is told, the others are labelled, and the exit code is that of the fault."""
    (archive / "b.jsonl.gz").write_bytes(gzip.compress(_rows(0, 50).encode())[:60])
    told = Told()
    result = _run(archive, tmp_path / "out", told)
    assert sorted(_outputs(tmp_path / "out")) == ["a.jsonl", "c.csv"]
    assert result.exit_code == 3
    assert len(told.notes) == 1
    assert "b.jsonl.gz: the compressed data is damaged" in told.notes[0]
    assert result.summary().rows == 8


def test_nothing_is_overwritten(archive, tmp_path):
    """What stands at an output, or was made with other options, stops the job before any work."""
    output = tmp_path / "out"
    output.mkdir()
    (output / "c.csv").write_text("milik saya")
    with pytest.raises(OutputExistsError, match=r"c\.csv exists already"):
        _run(archive, output)
    assert sorted(_outputs(output)) == ["c.csv"]
    assert _run(archive, output, force=True).summary().rows == 13
    with pytest.raises(OutputExistsError, match=r"a\.jsonl exists already"):
        _run(archive, output, explain=True)
    assert _run(archive, output, jobs=2).summary().resumed == 13


def test_changed_shard_is_not_taken_for_the_old_one(archive, tmp_path):
    """A shard that changed under its name isn't skipped; its output is kept until it may be overwritten."""
    _run(archive, tmp_path / "out")
    before = _outputs(tmp_path / "out")
    (archive / "a.jsonl").write_text(_rows(50, 2), encoding="utf-8")
    result = _run(archive, tmp_path / "out")
    assert result.exit_code == 6
    assert _outputs(tmp_path / "out") == before
    assert _run(archive, tmp_path / "out", force=True).exit_code == 0
    assert len(_outputs(tmp_path / "out")["a.jsonl"].splitlines()) == 2


def test_damaged_record_is_none(archive, tmp_path):
    """A record that can't be read is as good as none: the output counts as somebody else's."""
    _run(archive, tmp_path / "out")
    for damage in (b"", b"[1]", b"\xff"):
        (tmp_path / "out" / ".kerjasama" / "a.jsonl.json").write_bytes(damage)
        with pytest.raises(OutputExistsError):
            _run(archive, tmp_path / "out")


def test_plan(archive, tmp_path):
    """Names and patterns become shards, each once, by name."""
    planned = shards.plan([str(archive / "*.csv"), str(archive / "a.jsonl"), str(archive / "?.jsonl")], tmp_path / "o")
    assert planned == [
        Shard(archive / "a.jsonl", tmp_path / "o" / "a.jsonl"),
        Shard(archive / "c.csv", tmp_path / "o" / "c.csv"),
    ]
    assert shards.are_many(["a", "b"])
    assert shards.are_many([str(archive / "*")])
    assert not shards.are_many([str(archive)])
    (archive / "[x].jsonl").write_text("")
    assert not shards.are_many([str(archive / "[x].jsonl")])


def test_refused_plans(archive, tmp_path):
    """What can't be a plan is told."""
    other = tmp_path / "lain"
    other.mkdir()
    (other / "a.jsonl").write_text("")
    with pytest.raises(InputError, match="found no such file"):
        shards.plan([str(archive / "*.xyz")], tmp_path / "o")
    with pytest.raises(UsageError, match="the same output"):
        shards.plan([str(archive / "a.jsonl"), str(other / "a.jsonl")], tmp_path / "o")
    with pytest.raises(UsageError, match="found a folder"):
        shards.plan([str(archive), str(other)], tmp_path / "o")
    with pytest.raises(UsageError, match="in the folder of the outputs"):
        shards.plan([str(archive / "*")], archive)
    for folder in (None, archive / "a.jsonl"):
        with pytest.raises(UsageError, match="expected a folder"):
            shards.plan([str(archive / "*")], folder)


def test_command(call, archive, tmp_path):
    """The command takes a pattern or several names, and ends in the worst of what happened."""
    reply = call("label", archive / "*", "-o", tmp_path / "out")
    assert (reply.code, reply.out) == (4, "")
    assert reply.err.startswith("13 rows, 1 with errors, ")
    again = call("label", archive / "a.jsonl", archive / "c.csv", "-o", tmp_path / "out")
    assert (again.code, again.err.startswith("8 rows, 1 with errors, ")) == (4, True)
    error_line(call("label", archive / "*"), 2)
    error_line(call("label", archive / "*.xyz", "-o", tmp_path / "out"), 3)


def test_no_scheduler(call, archive, tmp_path, monkeypatch):
    """Where no scheduler answers, the command says so."""
    monkeypatch.setenv("DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT", "1s")
    reply = call("label", archive / "*", "-o", tmp_path / "out", "--dask", "tcp://127.0.0.1:1")
    assert "no Dask scheduler answers there" in error_line(reply, 2)


# On a cluster


@pytest.fixture
def cluster(tmp_path):
    """Start a scheduler and two worker processes; give the scheduler's address and the workers."""
    file = tmp_path / "scheduler.json"
    environment = os.environ | {"DASK_LOGGING__DISTRIBUTED": "error"}

    def start(*command):
        with (tmp_path / "cluster.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", *command], stdout=log, stderr=log, env=environment, cwd=tmp_path
            )

    options = ("--host", "127.0.0.1", "--scheduler-file", str(file), "--no-dashboard")
    processes = [start("distributed.cli.dask_scheduler", "--port", "0", *options)]
    try:
        deadline = time.monotonic() + 60
        while not file.exists() or not file.read_text():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        worker = ("--no-nanny", "--nthreads", "1", "--memory-limit", "0", *options)
        processes += [start("distributed.cli.dask_worker", *worker) for _ in range(2)]
        yield json.loads(file.read_text())["address"], processes[1:]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def test_lost_worker_costs_its_shard_only(cluster, tmp_path):
    """A cluster of two workers, one killed in the middle, ends in the bytes of one process; nothing is done twice."""
    address, workers = cluster
    archive = tmp_path / "arsip"
    archive.mkdir()
    for number in range(8):
        (archive / f"{number}.jsonl").write_text(_rows(number * 4000, 4000), encoding="utf-8")
    output = tmp_path / "out"

    def kill_when_busy():
        while not list(output.glob(".*.jsonl.part")) or len(list(output.glob("*.jsonl"))) < 2:
            time.sleep(0.005)
        workers[0].send_signal(signal.SIGKILL)

    killer = threading.Thread(target=kill_when_busy)
    killer.start()
    planned = shards.plan([str(archive / "*")], output)
    result = shards.run(planned, Options(block_rows=100), Told(), dask=address)
    killer.join(timeout=60)
    assert workers[0].wait(timeout=10) == -signal.SIGKILL
    assert [outcome.fault for outcome in result.outcomes] == [""] * 8
    assert result.summary().rows == 32_000
    there = _outputs(output)
    assert list(output.glob(".*.part")) == []
    here = shards.run(shards.plan([str(archive / "*")], tmp_path / "sini"), Options(block_rows=100), Told())
    assert there == _outputs(tmp_path / "sini")
    assert here.summary().forms == result.summary().forms
    before = {path: path.stat().st_mtime_ns for path in output.glob("*.jsonl")}
    assert shards.run(planned, Options(block_rows=100), Told(), dask=address).summary().resumed == 32_000
    assert {path: path.stat().st_mtime_ns for path in output.glob("*.jsonl")} == before


def test_shard_that_vanishes(archive, tmp_path):
    """A shard that is gone when its turn comes is told; the others are labelled."""
    planned = shards.plan([str(archive / "*")], tmp_path / "out")
    (archive / "b.jsonl.gz").unlink()
    told = Told()
    result = shards.run(planned, Options(), told)
    assert (result.exit_code, result.summary().rows) == (3, 8)
    assert [("b.jsonl.gz" in note, "No such file" in note) for note in told.notes] == [(True, True)]


def test_dask_that_is_missing(call, archive, tmp_path, monkeypatch):
    """Without the package the message says what to install."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    reply = call("label", archive / "*", "-o", tmp_path / "out", "--dask", "tcp://127.0.0.1:1")
    assert "pip install 'kerjasama-nlp[dask]'" in error_line(reply, 2)
