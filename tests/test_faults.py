"""Faults while something is written: no half output gets a final name, and a later run makes it good.

Each case fails the real command at one step of its writing, in a process that fails on demand (`faults.py`). A normal
run takes a thirtieth of all steps and faults, chosen by chance, the same ones each time; with
`KERJASAMA_ALL_FAULTS=1` it takes all.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import DATA

ERRORS = ("ENOSPC", "EIO", "EPIPE", "FULL", "FROZEN")
FAULTS = (*ERRORS, "SHORT", "KILL", "TERM", "TERM AFTER")
STRIDE = 1 if os.environ.get("KERJASAMA_ALL_FAULTS") else 30
SCENARIOS = {case.pop("label"): case for case in json.loads((DATA / "fault_scenarios.json").read_text("utf-8"))}


class Faulty:
    """The process that runs commands with faults."""

    def __init__(self, articles):
        self._process = subprocess.Popen(
            [sys.executable, Path(__file__).parent / "faults.py", articles],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"LC_ALL": "C", "OPENBLAS_NUM_THREADS": "1"},
        )

    def run(self, folder, args, fault="", at=-1):
        """Run a command in a folder; return its steps, exit code, signal and output."""
        case = {"args": args, "folder": str(folder), "fault": fault, "at": at}
        self._process.stdin.write(json.dumps(case) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self):
        """End the process."""
        self._process.communicate(timeout=30)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    """Return the process, with a small model trained."""
    folder = tmp_path_factory.mktemp("artikel")
    text = "# Serikat Kopi\n\nSerikat Kopi ialah organisasi negara penghasil kopi, didirikan pada 1971 di Bogota.\n"
    (folder / "kopi.md").write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith(("LC_", "LANG", "KERJASAMA")):
                patch.delenv(name)
        process = Faulty(folder)
    yield process
    process.close()


def _contents(path):
    """Return all files below a path; None where nothing stands there."""
    if path.is_file():
        return path.read_bytes()
    if not path.exists():
        return None
    return {file.relative_to(path).as_posix(): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()}


def _shown(contents):
    """Return the contents that have a name for people."""
    return {n: d for n, d in contents.items() if not n.startswith(".")} if isinstance(contents, dict) else contents


class Stage(NamedTuple):
    """A folder that a command writes into, as it is before."""

    folder: Path
    args: list[str]
    output: Path
    inputs: dict[str, bytes]
    before: object

    def reset(self):
        """Put the folder back to where the command has not run."""
        for path in self.folder.iterdir():
            if path.name not in self.inputs:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        if self.before is not None and isinstance(self.before, dict):
            self.output.mkdir()
            for name, data in self.before.items():
                (self.output / name).write_bytes(data)
        elif self.before is not None:
            self.output.write_bytes(self.before)

    def leftovers(self):
        """Return what stands here besides inputs and output."""
        return sorted(path.name for path in self.folder.iterdir() if path.name not in {*self.inputs, self.output.name})


def _stage(folder, scenario):
    folder.mkdir()
    inputs = {}
    for name in scenario["inputs"]:
        rows = [{"id": n, "text": f"Indonesia dan Jepang berunding tentang dagang, {name}, {n}."} for n in range(10)]
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        inputs[name] = (folder / name).read_bytes()
    before = scenario.get("before")
    stage = Stage(
        folder,
        scenario["args"],
        folder / scenario["output"],
        inputs,
        before.encode() if isinstance(before, str) else before and {n: t.encode() for n, t in before.items()},
    )
    stage.reset()
    return stage


def _found(stage, fault):
    """Return what a command that failed left of its output."""
    found = _shown(_contents(stage.output))
    if found is None and fault in {"KILL", "FROZEN"}:  # between two renames the old output stands aside, and comes back
        found = next((_contents(path) for path in stage.folder.glob(f".*.kerjasama-old/{stage.output.name}")), None)
    return found


def _fail_at(faulty, stage, whole, fault, at):
    """Run a command with a fault, then without; return what is wrong with what they leave."""
    stage.reset()
    ended = faulty.run(stage.folder, stage.args, fault, at)
    found = _found(stage, fault)
    is_old, is_whole = found == _shown(stage.before), found == whole
    if isinstance(whole, dict) and "manifest.json" not in whole:  # a folder of shards: each is whole or not there
        is_old = all(whole.get(name) == data for name, data in (found or {}).items())
    allowed = {"SHORT": {0}, "KILL": {None}}.get(fault, {0, 130} if fault.startswith("TERM") else {0, 74})
    wrong = []
    if ended["code"] not in allowed or (ended["signal"] == signal.SIGKILL) != (fault == "KILL"):
        wrong.append(f"ended with {ended['code']}")
    if "Traceback" in ended["err"] or ended["out"]:
        wrong.append("more was said than an error")
    told = {74: "cannot be written", 130: "kerjasama: error: interrupted"}.get(ended["code"], "")
    if told not in ended["err"] or "standard output" in ended["err"]:
        wrong.append("no error was told")
    if not (is_whole or (is_old and ended["code"] != 0)):
        wrong.append("the output is neither as before nor whole")
    again = faulty.run(stage.folder, stage.args)
    if again["code"] != (6 if is_whole and again["code"] and "--force" not in stage.args else 0):
        wrong.append(f"the run after it ended with {again['code']}")
    if _shown(_contents(stage.output)) != whole:
        wrong.append("the run after it made something else")
    if {name: _contents(stage.folder / name) for name in stage.inputs} != stage.inputs:
        wrong.append("an input was touched")
    if stage.leftovers() and again["code"] == 0:
        wrong.append(f"left: {stage.leftovers()}")
    return [f"{fault} at step {at}: {what}: {ended['err'][-300:]} {again['err'][-300:]}" for what in wrong]


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_fault_at_each_step(faulty, tmp_path, name):
    """The output is whole or as it was, inputs are untouched, the error is told, and the next run mends it.

    The faults are errors, disks that fill up or freeze, short writes, and signals.
    """
    stage = _stage(tmp_path / "kerja", SCENARIOS[name])
    sound = faulty.run(stage.folder, stage.args)
    assert sound["code"] == 0, sound["err"]
    whole = _shown(_contents(stage.output))
    assert whole
    assert stage.leftovers() == []
    places = [(fault, at) for at in range(len(sound["steps"])) for fault in FAULTS]
    chosen = random.Random(name).sample(places, len(places) // STRIDE)  # noqa: S311  # not a secret
    assert len(chosen) >= 5
    wrong = [line for fault, at in chosen for line in _fail_at(faulty, stage, whole, fault, at)]
    assert "\n".join(wrong) == ""
