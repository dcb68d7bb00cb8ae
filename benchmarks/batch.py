"""Labelling a whole file: throughput against peers, processes, memory, and how the time of a row grows.

Run: python benchmarks/batch.py TEXTS.jsonl [--part peers|jobs|growth] [--rounds N] [--words N] [--rows N ...]

TEXTS.jsonl (or .jsonl.gz) holds {"text"} a line: any real Indonesian text, news at best. Each system is a fresh process
with cold caches that reads JSONL, labels and writes JSONL; systems take turns, and medians of wall-clock seconds count.
Peers are trained on the shipped labelled texts first: the script that a user would write (PySastrawi's stemmer with its
cache, TfidfVectorizer, LogisticRegression.predict_proba, joblib) and fastText (pip install fasttext-numpy2), once with
its defaults for the form alone, and once doing what `label` does: form and sectors, as tuned in `labelling.py`.

    peers   rows a second of each system on the first 10,000 texts; texts are joined up to --words words
    jobs    the same with --jobs 1 and --jobs 2
    growth  time of a row (beyond that of a file with one) and peak memory for each number of --rows, each a piece of
            text of --words words: new words keep coming, as they do in real text
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

LABELS = Path("corpus/labels/snippets.jsonl")
NAIVE_TRAIN = """
import json, sys, joblib
from Sastrawi.Stemmer.StemmerFactory import StemmerFactory
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
rows = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
stem = StemmerFactory().create_stemmer().stem
vectorizer = TfidfVectorizer()
x = vectorizer.fit_transform(stem(row["text"]) for row in rows)
joblib.dump((vectorizer, LogisticRegression(max_iter=1000).fit(x, [row["form"] for row in rows])), sys.argv[2])
"""
NAIVE = """
import json, sys, joblib
from Sastrawi.Stemmer.StemmerFactory import StemmerFactory
vectorizer, model = joblib.load(sys.argv[1])
stem = StemmerFactory().create_stemmer().stem
rows = [json.loads(line) for line in open(sys.argv[2], encoding="utf-8")]
probability = model.predict_proba(vectorizer.transform(stem(row["text"]) for row in rows))
with open(sys.argv[3], "w", encoding="utf-8") as stream:
    for row, p in zip(rows, probability):
        row["form"], row["form_confidence"] = model.classes_[p.argmax()], float(p.max())
        stream.write(json.dumps(row, ensure_ascii=False) + "\\n")
"""
FASTTEXT_TRAIN = """
import json, sys, fasttext
rows = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
def train(name, labels, **settings):
    with open(name + ".txt", "w", encoding="utf-8") as stream:
        for row in rows:
            if labels(row):
                names = " ".join("__label__" + label for label in labels(row))
                stream.write(f"{names} {' '.join(row['text'].lower().split())}\\n")
    fasttext.train_supervised(name + ".txt", verbose=0, thread=1, **settings).save_model(name)
train(sys.argv[2] + ".plain", lambda row: [row["form"]])
tuned = dict(epoch=25, lr=0.5, wordNgrams=2, minn=3, maxn=5, dim=50)
train(sys.argv[2] + ".form", lambda row: [row["form"]], **tuned)
train(sys.argv[2] + ".sectors", lambda row: row["sectors"], loss="ova", **tuned)
"""
FASTTEXT = """
import json, sys, fasttext
models = [fasttext.load_model(name) for name in sys.argv[1].split(",")]
with open(sys.argv[2], encoding="utf-8") as source, open(sys.argv[3], "w", encoding="utf-8") as stream:
    for line in source:
        row = json.loads(line)
        text = " ".join(row["text"].lower().split())
        labels, probability = models[0].predict(text)
        row["form"], row["form_confidence"] = labels[0].removeprefix("__label__"), float(probability[0])
        if len(models) > 1:
            labels, probability = models[1].predict(text, k=-1)
            row["sectors"] = {l.removeprefix("__label__"): float(p) for l, p in zip(labels, probability)}
        stream.write(json.dumps(row, ensure_ascii=False) + "\\n")
"""


def texts(file: Path) -> Iterator[str]:
    """Yield the texts of a JSONL file, packed or not."""
    with gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8") as stream:
        for line in stream:
            yield json.loads(line)["text"]


def joined(file: Path, words: int) -> Iterator[str]:
    """Yield texts joined until each has `words` words."""
    parts: list[str] = []
    length = 0
    for text in texts(file):
        parts.append(text)
        length += len(text.split())
        if length >= words:
            yield " ".join(parts)
            parts, length = [], 0


def cut(file: Path, words: int) -> Iterator[str]:
    """Yield pieces of all texts, of `words` words each or what is left at a text's end."""
    for text in texts(file):
        parts = text.split()
        yield from (" ".join(parts[start : start + words]) for start in range(0, len(parts), words))


def write(file: Path, rows: Iterator[str], most: int) -> int:
    """Write up to `most` rows as JSONL and return how many there are."""
    number = 0
    with file.open("w", encoding="utf-8") as stream:
        for number, text in zip(range(1, most + 1), rows, strict=False):
            stream.write(json.dumps({"id": number, "text": text}, ensure_ascii=False) + "\n")
    return number


def run(command: list[str]) -> tuple[float, int]:
    """Return the wall-clock seconds of a command, and its peak memory in kilobytes."""
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)[:200]} ended with {process.returncode}")
    return time.perf_counter() - start, usage.ru_maxrss


def turns(commands: dict[str, list[str]], rounds: int) -> dict[str, float]:
    """Return the median seconds of commands that take turns."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            seconds[name].append(run(command)[0])
    return {name: statistics.median(values) for name, values in seconds.items()}


def label(source: Path, output: Path, jobs: int = 1) -> list[str]:
    """Return the command that labels a file."""
    program = str(Path(sys.executable).with_name("kerjasama"))
    return [program, "label", str(source), "-o", str(output), "--jobs", str(jobs), "--force"]


def peers(folder: Path, source: Path, rows: int, rounds: int) -> dict[str, object]:
    """Measure all systems in turn."""
    models = {"naive": folder / "naive.joblib", "fasttext": folder / "fasttext"}
    tuned = f"{models['fasttext']}.form,{models['fasttext']}.sectors"
    for script, name in ((NAIVE_TRAIN, "naive"), (FASTTEXT_TRAIN, "fasttext")):
        subprocess.run([sys.executable, "-c", script, str(LABELS), str(models[name])], check=True)
    commands = {
        "kerjasama": label(source, folder / "out.jsonl"),
        "naive": [sys.executable, "-c", NAIVE, str(models["naive"]), str(source), str(folder / "naive.jsonl")],
        "fasttext": [
            sys.executable,
            "-c",
            FASTTEXT,
            f"{models['fasttext']}.plain",
            str(source),
            str(folder / "f.jsonl"),
        ],
        "fasttext, same job": [sys.executable, "-c", FASTTEXT, tuned, str(source), str(folder / "f.jsonl")],
    }
    seconds = turns(commands, rounds)
    return {
        "rows": rows,
        "rows_per_s": {name: round(rows / value) for name, value in seconds.items()},
        "kerjasama / naive": round(seconds["naive"] / seconds["kerjasama"], 2),
        "kerjasama / fasttext": round(seconds["fasttext"] / seconds["kerjasama"], 2),
        "kerjasama / fasttext, same job": round(seconds["fasttext, same job"] / seconds["kerjasama"], 2),
    }


def jobs(folder: Path, source: Path, rows: int, rounds: int) -> dict[str, object]:
    """Measure one process against two."""
    commands = {str(n): label(source, folder / f"{n}.jsonl", n) for n in (1, 2)}
    seconds = turns(commands, rounds)
    same = (folder / "1.jsonl").read_bytes() == (folder / "2.jsonl").read_bytes()
    return {
        "rows": rows,
        "rows_per_s": {f"--jobs {name}": round(rows / value) for name, value in seconds.items()},
        "--jobs 2 / --jobs 1": round(seconds["1"] / seconds["2"], 2),
        "identical": same,
    }


def growth(folder: Path, file: Path, sizes: list[int], words: int) -> Iterator[dict[str, object]]:
    """Measure files of growing length."""
    source, output = folder / "texts.jsonl", folder / "out.jsonl"
    write(source, cut(file, words), 1)
    start_up = statistics.median(run(label(source, output))[0] for _ in range(3))
    for size in sizes:
        rows = write(source, cut(file, words), size)
        seconds, peak = run(label(source, output))
        yield {
            "rows": rows,
            "megabytes": round(source.stat().st_size / 1e6, 1),
            "start_up_s": round(start_up, 2),
            "us_per_row": round((seconds - start_up) / rows * 1e6, 1),
            "peak_MB": round(peak / 1024),
        }


def main() -> None:
    """Measure and print JSON lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", type=Path)
    parser.add_argument("--part", choices=("peers", "jobs", "growth"), default="peers")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--words", type=int, default=200)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if arguments.part == "growth":
            for found in growth(folder, arguments.texts, arguments.rows, arguments.words):
                print(json.dumps(found), flush=True)
            return
        source = folder / "texts.jsonl"
        rows = write(source, joined(arguments.texts, arguments.words), arguments.rows[0])
        measure = peers if arguments.part == "peers" else jobs
        print(json.dumps(measure(folder, source, rows, arguments.rounds)))


if __name__ == "__main__":
    main()
