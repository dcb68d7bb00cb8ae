"""What a cold `kerjasama ask` costs, in CPU time and as ratios of one run.

Each command runs in a fresh process, in turn, ROUNDS times; the median counts. Compared with
(a) importing what any such tool imports, NumPy, typer and PySastrawi with its dictionary, and
(b) the same question through a joblib-pickled scikit-learn TfidfVectorizer over the same passages.

Run: python benchmarks/start_up.py
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

QUESTION = "apa tujuan kerja sama internasional"
ROUNDS = 11

IMPORTS = (
    "import numpy, typer; from Sastrawi.Stemmer.StemmerFactory import StemmerFactory; StemmerFactory().create_stemmer()"
)
MAKE_PICKLE = """
import sys, joblib
from sklearn.feature_extraction.text import TfidfVectorizer
from kerjasama_nlp import load
texts = [p.section + " " + p.text for p in load().index.passages]
vectorizer = TfidfVectorizer()
joblib.dump((vectorizer, vectorizer.fit_transform(texts), texts), sys.argv[1])
"""
ASK_PICKLE = """
import sys, joblib
vectorizer, matrix, texts = joblib.load(sys.argv[1])
print(texts[(matrix @ vectorizer.transform([sys.argv[2]]).T).toarray().argmax()])
"""


def cpu_seconds(command: list[str]) -> float:
    """Return user + system seconds of one run of `command`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure and print one JSON line."""
    kerjasama = str(Path(sys.executable).with_name("kerjasama"))
    with tempfile.TemporaryDirectory() as folder:
        pickle = str(Path(folder) / "tfidf.joblib")
        subprocess.run([sys.executable, "-c", MAKE_PICKLE, pickle], check=True)
        commands = {
            "ask": [kerjasama, "ask", QUESTION],
            "imports": [sys.executable, "-c", IMPORTS],
            "sklearn": [sys.executable, "-c", ASK_PICKLE, pickle, QUESTION],
        }
        seconds: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(ROUNDS):
            for name, command in commands.items():
                seconds[name].append(cpu_seconds(command))
    median = {name: statistics.median(values) for name, values in seconds.items()}
    print(
        json.dumps(
            {
                "cpu_s": {name: round(value, 3) for name, value in median.items()},
                "ask / imports": round(median["ask"] / median["imports"], 2),
                "sklearn / ask": round(median["sklearn"] / median["ask"], 2),
            }
        )
    )


if __name__ == "__main__":
    main()
