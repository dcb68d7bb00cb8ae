"""Training on many labelled texts: time, memory and quality beside the script that a user would write.

Run: python benchmarks/retraining.py FILLER.jsonl [--rows 20000 200000] [--jobs N]

FILLER.jsonl (or .jsonl.gz) holds {"text"} a line: any real Indonesian text. A labelled text of about 100 words is one
of the shipped labelled snippets, with every sentence but one kept or dropped at random, in the middle of a piece of
filler that occurs in no other text; its labels are the snippet's. So the labels can be learned, and new
words keep coming as they do in real text. Test texts are made of the held-out snippets in the same way, with
filler of their own.

Both systems are fresh processes that read JSONL, train on form and sectors, and write a model; a second process of each
labels the test texts. The naive script has no calibration, no cross-validation and no thresholds. On a machine that
others use, the processor's time says more than the clock's.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from sklearn.metrics import f1_score

CORPUS = Path("corpus/labels")
WORDS = 100
TEST_ROWS = 4_000
NAIVE_TRAIN = """
import json, sys, time, joblib
from Sastrawi.Stemmer.StemmerFactory import StemmerFactory
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.preprocessing import MultiLabelBinarizer
rows = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
stem = StemmerFactory().create_stemmer().stem
started = time.monotonic()
stems = [stem(row["text"]) for row in rows]
print(time.monotonic() - started)
vectorizer = TfidfVectorizer()
x = vectorizer.fit_transform(stems)
form = LogisticRegression(max_iter=1000).fit(x, [row["form"] for row in rows])
names = MultiLabelBinarizer()
borne = names.fit_transform([row["sectors"] for row in rows])
sectors = OneVsRestClassifier(LogisticRegression(max_iter=1000)).fit(x, borne)
joblib.dump((vectorizer, form, names, sectors), sys.argv[2])
"""
NAIVE_LABEL = """
import json, sys, joblib
from Sastrawi.Stemmer.StemmerFactory import StemmerFactory
vectorizer, form, names, sectors = joblib.load(sys.argv[1])
stem = StemmerFactory().create_stemmer().stem
rows = [json.loads(line) for line in open(sys.argv[2], encoding="utf-8")]
x = vectorizer.transform(stem(row["text"]) for row in rows)
with open(sys.argv[3], "w", encoding="utf-8") as stream:
    for label, given in zip(form.predict(x), names.inverse_transform(sectors.predict(x))):
        stream.write(json.dumps({"form": label, "sectors": list(given)}) + "\\n")
"""


def pieces(file: Path, words: int) -> Iterator[list[str]]:
    """Yield pieces of real text, each of `words` words; when the text is used up, it starts again."""
    waiting: list[str] = []
    while True:
        with gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8") as stream:
            for line in stream:
                waiting += json.loads(line)["text"].split()
                while len(waiting) >= words:
                    yield waiting[:words]
                    del waiting[:words]


def grown(snippets: Path, filler: Iterator[list[str]], most: int, seed: int) -> Iterator[dict[str, object]]:
    """Yield so many labelled texts."""
    rows = [json.loads(line) for line in snippets.open(encoding="utf-8")]
    chance = random.Random(seed)  # noqa: S311  # no secrets
    for number in range(most):
        row = rows[chance.randrange(len(rows))]
        sentences = row["text"].replace(". ", ".\n").split("\n")
        kept = chance.randrange(len(sentences))
        snippet = [s for place, s in enumerate(sentences) if place == kept or chance.random() < 0.7]
        around = next(filler)[: max(10, WORDS - len(" ".join(snippet).split()))]
        cut = chance.randrange(len(around))
        text = " ".join([*around[:cut], *snippet, *around[cut:]])
        yield {"id": number, "text": text, "form": row["form"], "sectors": row["sectors"]}


def write(file: Path, rows: Iterator[dict[str, object]]) -> None:
    """Write rows as JSONL."""
    with file.open("w", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


class Run(NamedTuple):
    """What a command took: seconds, those of the processor, peak memory in MB, and what it printed before."""

    seconds: float
    processor: float
    memory: float
    printed: list[str]


def measured(command: list[str]) -> Run:
    """Run a command."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    started = time.monotonic()
    code = (
        "import resource, subprocess, sys; code = subprocess.call(sys.argv[1:]); "
        "used = resource.getrusage(resource.RUSAGE_CHILDREN); "
        "print(used.ru_utime + used.ru_stime, used.ru_maxrss); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *command], env=environment, check=True, capture_output=True, text=True
    )
    *printed, processor, memory = done.stdout.split()
    return Run(time.monotonic() - started, float(processor), int(memory) / 1024, printed)


def scores(test: Path, labelled: Path) -> str:
    """Return form macro-F1 and sector micro-F1 of labelled texts."""
    gold = [json.loads(line) for line in test.open(encoding="utf-8")]
    given = [json.loads(line) for line in labelled.open(encoding="utf-8")]
    names = sorted({name for row in gold for name in row["sectors"]})
    about = [(g, p) for g, p in zip(gold, given, strict=True) if g["form"] != "bukan"]
    sectors = [[[name in row["sectors"] for name in names] for row in side] for side in zip(*about, strict=True)]
    form = f1_score([row["form"] for row in gold], [row["form"] for row in given], average="macro")
    return f"form {form:.3f}, sectors {f1_score(*sectors, average='micro'):.3f}"


def main() -> None:
    """Measure both systems at each size."""
    parser = argparse.ArgumentParser()
    parser.add_argument("filler", type=Path)
    parser.add_argument("--rows", type=int, nargs="+", default=[20_000, 200_000])
    parser.add_argument("--jobs", default="1")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        filler = pieces(arguments.filler, WORDS)
        test, train, out = folder / "test.jsonl", folder / "train.jsonl", folder / "out.jsonl"
        write(test, grown(CORPUS / "held_out.jsonl", filler, TEST_ROWS, seed=1))
        kerjasama = [sys.executable, "-m", "kerjasama_nlp"]
        for rows in arguments.rows:
            write(train, grown(CORPUS / "snippets.jsonl", filler, rows, seed=rows))
            model, pickled = folder / f"model{rows}", folder / "naive.joblib"
            ours = measured([*kerjasama, "train", "--labels", str(train), "-o", str(model), "--jobs", arguments.jobs])
            naive = measured([sys.executable, "-c", NAIVE_TRAIN, str(train), str(pickled)])
            measured([*kerjasama, "label", str(test), "-o", str(out), "--model", str(model), "--force"])
            quality = scores(test, out)
            measured([sys.executable, "-c", NAIVE_LABEL, str(pickled), str(test), str(out)])
            print(f"{rows} rows of {WORDS} words")
            for system, run, found in (("ours", ours, quality), ("naive", naive, scores(test, out))):
                a_row, used = run.seconds / rows * 1e6, f"({run.processor:.1f} s of the processor)"
                print(f"  {system:6s} {run.seconds:7.1f} s {used} {a_row:6.0f} us a row {run.memory:6.0f} MB  {found}")
            of = [getattr(ours, name) / getattr(naive, name) for name in ("seconds", "processor", "memory")]
            ratio = f"{of[0]:.2f} of the time, {of[1]:.2f} of the processor's, {of[2]:.2f} of the memory"
            stemming = float(naive.printed[0])
            print(
                f"  ratio  {ratio}; stemming is {stemming / naive.seconds:.0%} of the naive script's time", flush=True
            )


if __name__ == "__main__":
    main()
