"""Places that can't be written, other processes at the same output, and clocks that jump."""

import ast
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import PROJECT, Reply, error_line

from kerjasama_nlp import files, load, resources
from kerjasama_nlp.model import verify

ROWS = "".join(
    json.dumps({"id": n, "text": f"Indonesia dan Jepang berunding tentang dagang, {n}."}) + "\n" for n in range(40)
)
# The real command, but training waits for a line on standard input before it writes.
WAITING = (
    "import sys; from kerjasama_nlp import cli, training; train = training.train\n"
    "def wait(*args, **options):\n"
    "    trained = train(*args, **options); print('ready', flush=True); sys.stdin.readline(); return trained\n"
    "training.train = wait; cli.main()"
)
# Writing anything outside of the folder where the command runs fails as on a full disk.
CONFINED = (
    "import errno, os, sys; from kerjasama_nlp import cli\n"
    "home = os.path.realpath(os.getcwd()) + os.sep\n"
    "def look(event, args):\n"
    "    if event == 'open' and isinstance(args[0], str) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):\n"
    "        if not os.path.realpath(args[0]).startswith((home, '/dev/')):\n"
    "            raise OSError(errno.ENOSPC, 'No space left on device', args[0])\n"
    "sys.dont_write_bytecode = True; sys.addaudithook(look); cli.main()"
)


def _environment(**more):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "KERJASAMA", "COVERAGE"))}
    return kept | {"LC_ALL": "C"} | more


def _start(code, folder, *args, **options):
    return subprocess.Popen(
        [sys.executable, "-c", code, *args],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=_environment(),
        text=True,
        **options,
    )


def _names(folder):
    return sorted(path.name for path in folder.iterdir())


def _contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _obey_permissions():
    """Give up root's right to write everywhere, in a process that is about to start."""
    import ctypes

    ctypes.CDLL(None).prctl(24, 1)  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE


@pytest.fixture
def unwritable(tmp_path):
    """Return a folder that may be read only, by processes that obey permissions."""
    folder = tmp_path / "terkunci"
    folder.mkdir()
    folder.chmod(0o555)
    probe = ["test", "-w", str(folder)]
    if subprocess.run(probe, preexec_fn=_obey_permissions, check=False).returncode == 0:
        pytest.skip("root can't be kept from writing here")
    yield folder
    folder.chmod(0o755)


def _run(folder, *args, **more):
    """Run the real command as somebody who may not write everywhere."""
    ended = subprocess.run(
        [sys.executable, "-m", "kerjasama_nlp", *map(str, args)],
        preexec_fn=_obey_permissions,  # no threads here
        capture_output=True,
        cwd=folder,
        env=_environment(**more),
        timeout=60,
        check=False,
        text=True,
    )
    return Reply(ended.returncode, ended.stdout, ended.stderr)


@pytest.mark.parametrize("name", ["b.jsonl", "baru/b.csv", "b.parquet"])
def test_labels_into_a_read_only_folder(tmp_path, unwritable, name):
    """A folder that can't be written ends in exit code 74 and one line; nothing is left, the input is as before."""
    (tmp_path / "a.jsonl").write_text(ROWS, encoding="utf-8")
    error = error_line(_run(tmp_path, "label", "a.jsonl", "-o", unwritable / name), 74)
    assert "cannot be written (Permission denied)" in error
    assert _names(unwritable) == []
    assert (tmp_path / "a.jsonl").read_text(encoding="utf-8") == ROWS


@pytest.mark.parametrize("name", ["model", "baru/model"])
def test_model_into_a_read_only_folder(small_articles, tmp_path, unwritable, name):
    """The same for a model."""
    error = error_line(_run(tmp_path, "train", "--articles", small_articles, "-o", unwritable / name), 74)
    assert "cannot be written (Permission denied)" in error
    assert _names(unwritable) == []


def test_input_in_a_read_only_folder(tmp_path, unwritable):
    """Reading writes nothing beside what is read: an unwritable folder of texts and model is no hindrance."""
    unwritable.chmod(0o755)
    (unwritable / "a.jsonl").write_text(ROWS, encoding="utf-8")
    shutil.copytree(resources.default_model(), unwritable / "model")
    (unwritable / "model").chmod(0o555)
    unwritable.chmod(0o555)
    reply = _run(tmp_path, "label", unwritable / "a.jsonl", "--model", unwritable / "model", "-o", "b.jsonl")
    assert reply.code == 0
    assert len((tmp_path / "b.jsonl").read_text(encoding="utf-8").splitlines()) == 40
    assert _run(tmp_path, "ask", "kapan ASEAN didirikan", "--model", unwritable / "model").code == 0


@pytest.mark.parametrize(
    "args",
    [
        ("label", "a.jsonl", "-o", "b.jsonl"),
        ("label", "a.jsonl", "-o", "b.csv.gz"),
        ("label", "a.jsonl", "c.jsonl", "-o", "out"),
        ("train", "--articles", "artikel", "-o", "model"),
        ("ask", "kapan ASEAN didirikan"),
        ("info", "--verify"),
    ],
    ids=lambda args: " ".join(args[::3]),
)
def test_no_room_for_temporary_files(small_articles, tmp_path, args):
    """Nothing is written outside the output's folder: a full /tmp, home or cache stops no command."""
    assert small_articles.exists()
    for name in ("a.jsonl", "c.jsonl"):
        (tmp_path / name).write_text(ROWS, encoding="utf-8")
    process = _start(CONFINED, tmp_path, *args)
    _out, err = process.communicate(timeout=60)
    assert (process.returncode, "No space" in err) == (0, False), err


def test_processes_without_room_for_temporary_files(tmp_path, unwritable):
    """Several processes need none either: TMPDIR may be a place where nothing can be written."""
    (tmp_path / "a.jsonl").write_text(ROWS, encoding="utf-8")
    places = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(unwritable))
    assert _run(tmp_path, "label", "a.jsonl", "-o", "b.jsonl", "--jobs", "2", **places).code == 0
    assert len((tmp_path / "b.jsonl").read_text(encoding="utf-8").splitlines()) == 40


@pytest.mark.parametrize("force", [False, True], ids=["a new model", "with --force"])
def test_two_trainings_with_one_output(small_articles, tmp_path, force):
    """The first one to finish saves; the other one is refused, or replaces the whole with --force; nothing is mixed."""
    more = ["--force"] if force else []
    one = _start(WAITING, tmp_path, "train", "--articles", "artikel", "-o", "model", *more)
    other = _start(WAITING, tmp_path, "train", "--articles", "artikel/pakta.txt", "-o", "model", *more)
    assert [process.stdout.readline() for process in (one, other)] == ["ready\n", "ready\n"]
    assert small_articles.exists()
    one.communicate("\n", timeout=60)
    assert load(tmp_path / "model").manifest["articles"] == 3
    _out, err = other.communicate("\n", timeout=60)
    assert (one.returncode, other.returncode) == (0, 0 if force else 6), err
    verify(tmp_path / "model")
    assert load(tmp_path / "model").manifest["articles"] == (1 if force else 3)
    assert _names(tmp_path) == ["artikel", "model"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["a request to end", "Ctrl-C"])
def test_signal_while_training(small_articles, tmp_path, number):
    """A signal ends training with exit code 130 and one line, and nothing is left."""
    assert small_articles.exists()
    process = _start(WAITING, tmp_path, "train", "--articles", "artikel", "-o", "model")
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    _out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "kerjasama: error: interrupted\n")
    assert _names(tmp_path) == ["artikel"]


# What a killed process left


def _leave(path, suffix, **content):
    """Leave a folder beside an output as a killed process does, and return it."""
    folder = path.with_name(f".{path.name}.a1_b2c3d{suffix}")
    folder.mkdir()
    for name, text in content.items():
        (folder / name).mkdir()
        (folder / name / "isi.txt").write_text(text, encoding="utf-8")
    return folder


def _save(path, *, force=False):
    with files.new_folder(path, force=force) as folder:
        (folder / "isi.txt").write_text("baru", encoding="utf-8")


def test_leftovers_of_dead_processes_go(tmp_path):
    """What processes that were killed while saving left beside the output is removed by the next one."""
    path = tmp_path / "model"
    _leave(path, ".kerjasama-new", separuh="separuh")
    (tmp_path / ".model.zzzzzzzz.kerjasama-new").mkdir()
    _save(path)
    assert _names(tmp_path) == ["model"]
    _leave(path, ".kerjasama-old", model="lama")
    _save(path, force=True)
    assert _names(tmp_path) == ["model"]
    assert (path / "isi.txt").read_text(encoding="utf-8") == "baru"


def test_old_output_of_a_dead_process_comes_back(tmp_path):
    """Killed between moving the old folder aside and renaming the new one: the old one is there again, and counts."""
    path = tmp_path / "model"
    _leave(path, ".kerjasama-old", model="lama")
    with pytest.raises(files.OutputExistsError, match="exists already"):
        _save(path)
    assert _contents(path) == {"isi.txt": b"lama"}
    assert _names(tmp_path) == ["model"]


def test_folders_in_use_and_of_others_stay(tmp_path):
    """What a living process works on isn't touched, nor what only looks alike."""
    path = tmp_path / "model"
    others = [".model.tmp", ".model.a1_b2c3d.tmp", ".model2.a1_b2c3d.kerjasama-new", "model.a1_b2c3d.kerjasama-new"]
    for name in others:
        (tmp_path / name).mkdir()
    holder = _start(
        "import sys; from pathlib import Path; from kerjasama_nlp import files\n"
        "with files.new_folder(Path('model'), force=True) as folder:\n"
        "    (folder / 'isi.txt').write_text('lain'); print(folder.name, flush=True); sys.stdin.readline()",
        tmp_path,
    )
    held = holder.stdout.readline().strip()
    _save(path)
    assert _names(tmp_path) == sorted([*others, "model", held])
    holder.communicate("\n", timeout=60)
    assert _contents(path) == {"isi.txt": b"lain"}
    assert _names(tmp_path) == sorted([*others, "model"])


def test_folder_taken_for_a_dead_ones(monkeypatch, tmp_path):
    """Where another process tidies the new folder away before it is locked, another one is made."""
    made = files.tempfile.mkdtemp
    names = []

    def lose_the_first(**options):
        names.append(made(**options))
        if len(names) == 1:
            Path(names[0]).rmdir()
        return names[-1]

    monkeypatch.setattr(files.tempfile, "mkdtemp", lose_the_first)
    _save(tmp_path / "model")
    assert len(names) == 2
    assert _names(tmp_path) == ["model"]


def test_leftovers_that_cannot_be_opened_stay(monkeypatch, tmp_path):
    """What can't be locked is left alone, and hinders nobody."""
    left = _leave(tmp_path / "model", ".kerjasama-new")
    opened = os.open

    def refuse(path, *args, **options):
        if path == left:
            raise PermissionError(13, "Permission denied")
        return opened(path, *args, **options)

    monkeypatch.setattr(os, "open", refuse)
    _save(tmp_path / "model")
    assert _names(tmp_path) == [left.name, "model"]


def test_small_file_is_written_whole_or_not_at_all(monkeypatch, tmp_path):
    """A small file that can't be flushed leaves the old one, and nothing beside it."""
    path = tmp_path / "a.json"
    files.write_whole(path, b"lama")

    def fail(_descriptor):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="Input/output error"):
        files.write_whole(path, b"baru")
    assert _contents(tmp_path) == {"a.json": b"lama"}


# Clocks


def test_no_decision_by_the_clock_of_the_wall():
    """No module asks what time it is, nor how old a file is: lengths of time come from a clock that only runs on."""
    asking = {"time.time", "time.time_ns", "datetime.now", "datetime.today", "datetime.utcnow", "date.today"}
    ages = {"st_mtime", "st_mtime_ns", "st_ctime", "st_ctime_ns", "getmtime", "getctime"}
    found = [
        f"{path.name}:{node.lineno}"
        for path in sorted((PROJECT / "kerjasama_nlp").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and (ast.unparse(node) in asking or node.attr in ages)
    ]
    assert found == []


@pytest.mark.parametrize("jump", [-1e9, 1e9], ids=["back", "ahead"])
def test_clock_that_jumps(monkeypatch, call, tmp_path, jump):
    """A clock of the wall that jumps while a job runs changes nothing, files from the future neither."""
    (tmp_path / "a.jsonl").write_text(ROWS, encoding="utf-8")
    assert call("label", "a.jsonl", "-o", "b.jsonl.gz").code == 0
    real, calls = time.time, [0]

    def jumping():
        calls[0] += 1
        return real() + jump * (calls[0] % 2)

    monkeypatch.setattr(time, "time", jumping)
    os.utime(tmp_path / "a.jsonl", (abs(jump) * 3, abs(jump) * 3))
    assert call("label", "a.jsonl", "-o", "c.jsonl.gz").code == 0
    assert (tmp_path / "c.jsonl.gz").read_bytes() == (tmp_path / "b.jsonl.gz").read_bytes()
