"""Wrong labels planted in a labelled file: what share of them `train --check` lists among its first 3 %.

Run: python benchmarks/label_errors.py [--seeds N] [LABELS.jsonl]

One label in a hundred of LABELS.jsonl (the shipped snippets without one) gets another form at random, and sectors that
go with it. The real command lists what is likely wrong; what counts is how many of the planted labels are listed.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from kerjasama_nlp.labels.label_set import standard

SHARE = 0.01


def spoilt(rows: list[dict[str, Any]], chance: random.Random) -> set[int]:
    """Give some rows another form; return their numbers."""
    labels = standard()
    chosen = set(chance.sample(range(len(rows)), round(len(rows) * SHARE)))
    for number in sorted(chosen):
        row = rows[number]
        form = chance.choice([name for name in labels.forms if name != row["form"]])
        if form == labels.none:
            row["sectors"] = []
        elif row["form"] == labels.none:
            row["sectors"] = [chance.choice(labels.sectors)]
        row["form"] = form
    return chosen


def main() -> None:
    """Plant and look for wrong labels, with other ones for each seed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("labels", type=Path, nargs="?", default=Path("corpus/labels/snippets.jsonl"))
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    found = []
    for seed in range(arguments.seeds):
        rows = [json.loads(line) for line in arguments.labels.read_text(encoding="utf-8").splitlines()]
        planted = spoilt(rows, random.Random(seed))  # noqa: S311  # no secrets
        with tempfile.TemporaryDirectory() as name:
            file = Path(name) / "planted.jsonl"
            file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
            command = [sys.executable, "-m", "kerjasama_nlp", "train", "--labels", str(file), "--check", "--json"]
            listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
        numbers = {int(json.loads(line)["place"].split(":")[1]) - 1 for line in listed}
        found.append(len(planted & numbers) / len(planted))
        share = f"{found[-1]:.0%} of {len(planted)} planted ones"
        print(f"seed {seed}: {share} among the {len(listed)} of {len(rows)} that are listed")
    print(f"mean {statistics.mean(found):.0%}")


if __name__ == "__main__":
    main()
