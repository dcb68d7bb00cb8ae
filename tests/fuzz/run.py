"""Fuzz the package, guided by what its code covers (atheris, the extra `fuzz`).

    python tests/fuzz/run.py                         # every target for ten seconds
    python tests/fuzz/run.py rows --seconds 3600     # one of them for an hour
    python tests/fuzz/run.py --corpus FOLDER         # keep what was found to cover more, and go on from there

A finding ends its target: its input is written to the current folder, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
SEEDS = HERE / "seeds"
# Longer inputs cover nothing new, and fewer of them fit into the time.
LONGEST = 2_000
# An input that takes this long, or this much memory, is a finding.
HANG_SECONDS = 20
MOST_MEGABYTES = 2_000
_INSIDE = "--inside"


def main() -> None:
    """Fuzz the targets that are named, each in a process of its own."""
    if sys.argv[1:2] == [_INSIDE]:  # this is such a process; what follows are a target and the fuzzer's own flags
        _fuzz(sys.argv[2], sys.argv[3:])
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="all where none is named")
    parser.add_argument("--seconds", type=int, default=10, help="for each target")
    parser.add_argument("--seed", type=int, default=0, help="for the same inputs in each run; 0: others each time")
    parser.add_argument("--corpus", type=Path, help="folder of inputs to start from and to add to, a folder a target")
    chosen = parser.parse_args()
    names = chosen.targets or sorted(folder.name for folder in SEEDS.iterdir())
    failed = [name for name in names if not _run(name, chosen.seconds, chosen.seed, chosen.corpus)]
    sys.exit(f"findings: {', '.join(failed)}" if failed else 0)


def _run(name: str, seconds: int, seed: int, corpus: Path | None) -> bool:
    """Fuzz one target, print one line about it, and tell whether it held."""
    with tempfile.TemporaryDirectory() as scratch:
        inputs = Path(scratch) if corpus is None else corpus / name
        inputs.mkdir(parents=True, exist_ok=True)
        for file in (SEEDS / name).iterdir():
            shutil.copy(file, inputs / file.name)
        flags = [
            f"-max_total_time={seconds}",
            f"-seed={seed}",
            f"-timeout={HANG_SECONDS}",
            f"-rss_limit_mb={MOST_MEGABYTES}",
        ]
        flags += [f"-max_len={LONGEST}", "-print_final_stats=1", f"-artifact_prefix={name}-", str(inputs)]
        ended = subprocess.run(
            [sys.executable, __file__, _INSIDE, name, *flags],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )
        found = re.search(r"number_of_executed_units: *(\d+)", ended.stdout)
        covered = re.findall(r" cov: (\d+)", ended.stdout)
        executed = int(found[1]) if found else 0
        held = ended.returncode == 0 and executed > 0
        edges, kept = covered[-1] if covered else 0, len(list(inputs.iterdir()))
        print(f"{name}: {executed} executions, {edges} edges, {kept} inputs", flush=True)
        if not held:
            print(ended.stdout[-4000:])
    return held


def _fuzz(name: str, flags: list[str]) -> None:
    import atheris

    sys.path.insert(0, str(HERE))
    with atheris.instrument_imports(include=["kerjasama_nlp"]):
        import targets

    atheris.Setup([sys.argv[0], *flags], targets.TARGETS[name])
    try:
        atheris.Fuzz()
    finally:
        targets.clear()


if __name__ == "__main__":
    main()
