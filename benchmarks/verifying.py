"""What it costs to check a model's files whenever it is opened, as a share of a cold `kerjasama ask`, in CPU time.

Run: python benchmarks/verifying.py
"""

from __future__ import annotations

import hashlib
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

from kerjasama_nlp import model_files

QUESTION = "apa tujuan kerja sama internasional"
ROUNDS = 11
MEGABYTES = 32
DIGESTS = ("sha256", "blake2b", "sha1")


def milliseconds(function: object, *args: object) -> float:
    """Return the least CPU time of some calls."""
    found = []
    for _ in range(ROUNDS):
        start = time.process_time()
        function(*args)  # type: ignore[operator]
        found.append(time.process_time() - start)
    return 1000 * min(found)


def cold_ask() -> float:
    """Return the median CPU time of a cold `ask`, in milliseconds."""
    command = [str(Path(sys.executable).with_name("kerjasama")), "ask", QUESTION]
    found = []
    for _ in range(ROUNDS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return 1000 * statistics.median(found)


def main() -> None:
    """Measure and print one JSON line."""
    folder, manifest = model_files.open_folder(None)
    ask = cold_ask()
    halves = {"answering": model_files.ANSWERING_FILES, "labelling": model_files.LABELLING_FILES}
    spent = {name: milliseconds(model_files.check_hashes, folder, manifest, files) for name, files in halves.items()}
    data = bytes(MEGABYTES << 20)
    rates = {name: (MEGABYTES << 20) / milliseconds(hashlib.new, name, data) / 1000 for name in DIGESTS}
    most = model_files.ALWAYS_VERIFIED_BYTES / rates["sha256"] / 1000
    print(
        json.dumps(
            {
                "cold_ask_ms": round(ask),
                "manifest_and_sizes_ms": round(milliseconds(model_files.open_folder, None), 2),
                **{f"{name}_half_ms": round(value, 2) for name, value in spent.items()},
                "answering_half / ask": round(spent["answering"] / ask, 4),
                "mb_per_s": {name: round(rate) for name, rate in rates.items()},
                "most that is always checked, ms": round(most, 1),
                "most / ask": round(most / ask, 3),
            }
        )
    )


if __name__ == "__main__":
    main()
