"""The index against its peers: rate of questions, rank of the right passage, time, size and memory, in one run.

Run: python benchmarks/retrieval.py PASSAGES.jsonl[.gz] ... --questions QUESTIONS.jsonl[.gz] [--split dev]
         [--sizes 10000 50000] [--systems kerjasama bm25s-numba ...] [--naive]

PASSAGES hold {"id", "title", "text"} a line, QUESTIONS {"question", "passage_ids", "split"}. With --sizes, only so many
passages are searched, those that answer a question among them.

Each system indexes in a process of its own and writes its index; then processes that open it answer all questions, one
a call, on one thread, in turn, ROUNDS times, of which the quickest counts. A question's time is that from its text to
the numbers of ten passages: with its analysis. Peers (pip install bm25s numba tantivy rank_bm25) that aren't there are
left out.

What each gets: kerjasama the file. bm25s, tantivy, rank_bm25 and scikit-learn the title and the text in one; their
words in lower case, the project's function and question words left out, each distinct word stemmed once by the
project's stemmer. That is the best they can get, and 80 times faster than PySastrawi; what their users would spend is
told by --naive: PySastrawi's CachedStemmer over all passages.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import json
import os
import pickle
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

K = 10
ROUNDS = 3
# Systems that take a good part of a second a question answer so many, once.
SLOW = {"rank_bm25": 1_000}
WARM_UP = 20
# Fresh processes of which the median counts.
COLD = 7
_WORD = re.compile(r"\w\w+")

# From a question to the best passages, and from one of these to its id, which isn't timed.
Search = Callable[[str], Sequence[Any]]
Name = Callable[[Any], str]


def lines(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a JSONL file, packed or not."""
    with gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8") as stream:
        yield from map(json.loads, stream)


# --- what the peers get ---------------------------------------------------------------------------------------------


@cache
def stop_words() -> frozenset[str]:
    """Return the words that no peer gets."""
    from kerjasama_nlp.answers.questions import question_words
    from kerjasama_nlp.language.tokens import function_words

    return function_words() | question_words()


@cache
def stem(word: str) -> str:
    """Return a word's stem, found once."""
    from kerjasama_nlp.language import stemming

    return stemming.stem(word)


def stems(text: str) -> list[str]:
    """Return the stems of a text."""
    return [stem(word) for word in _WORD.findall(text.lower()) if word not in stop_words()]


def texts(folder: Path) -> tuple[list[str], list[str]]:
    """Return the numbers and the texts of all passages."""
    rows = list(lines(folder / "passages.jsonl"))
    return [str(row["id"]) for row in rows], [f"{row.get('title', '')} {row['text']}" for row in rows]


def keep_ids(folder: Path, ids: Sequence[str]) -> None:
    """Write the numbers of the passages, in order."""
    (folder / "ids.json").write_text(json.dumps(ids), encoding="utf-8")


def kept_ids(folder: Path) -> list[str]:
    """Return what `keep_ids` wrote."""
    found: list[str] = json.loads((folder / "ids.json").read_text(encoding="utf-8"))
    return found


# --- the systems: index(folder, out), then open(out) -> search ------------------------------------------------------


def index_kerjasama(folder: Path, out: Path) -> None:
    """Train with the command's own code."""
    from kerjasama_nlp import cli

    sys.argv = ["kerjasama", "train", "--articles", str(folder / "passages.jsonl"), "-o", str(out), "--force"]
    cli.main()


def open_kerjasama(out: Path) -> tuple[Search, Name]:
    """Search as `ask` does."""
    from kerjasama_nlp.model import load

    index = load(out).index
    return (
        lambda question: index.search(index.reader.read(question).concepts, K),
        lambda hit: index.passages[hit.passage].article_id,
    )


def open_ask(out: Path) -> tuple[Search, Name]:
    """Answer whole questions."""
    from kerjasama_nlp.model import load

    model = load(out)
    return lambda question: model.ask(question, top_k=K).sources, lambda source: source.article_id


def index_bm25s(folder: Path, out: Path) -> None:
    """Index with bm25s, its own tokeniser; it stems each distinct word once."""
    import bm25s

    from kerjasama_nlp.language import stemming

    ids, passages = texts(folder)
    words = bm25s.tokenize(
        passages,
        stopwords=sorted(stop_words()),
        stemmer=stemming.stems,
        token_pattern=_WORD.pattern,
        show_progress=False,
    )
    retriever = bm25s.BM25()
    retriever.index(words, show_progress=False)
    retriever.save(out)
    keep_ids(out, ids)


def open_bm25s(backend: str) -> Callable[[Path], tuple[Search, Name]]:
    """Search with one of its backends."""

    def opened(out: Path) -> tuple[Search, Name]:
        import bm25s

        retriever = bm25s.BM25.load(out)
        if backend == "numba":
            retriever.backend = "numba"
            retriever.activate_numba_scorer()
        ids = kept_ids(out)

        def search(question: str) -> Sequence[Any]:
            found, _ = retriever.retrieve([stems(question)], k=K, show_progress=False, n_threads=0)
            return found[0]

        return search, ids.__getitem__

    return opened


def index_tantivy(folder: Path, out: Path) -> None:
    """Index stems, joined by spaces, with tantivy; one thread."""
    import tantivy

    ids, passages = texts(folder)
    schema = tantivy.SchemaBuilder()
    schema.add_text_field("text", tokenizer_name="whitespace", stored=False)
    schema.add_unsigned_field("number", stored=True)
    out.mkdir()
    writer = tantivy.Index(schema.build(), path=str(out)).writer(heap_size=256 << 20, num_threads=1)
    for number, passage in enumerate(passages):
        writer.add_document(tantivy.Document(text=" ".join(stems(passage)), number=number))
    writer.commit()
    writer.wait_merging_threads()
    keep_ids(out, ids)


def open_tantivy(out: Path) -> tuple[Search, Name]:
    """Search for any of the stems."""
    import tantivy

    index = tantivy.Index.open(str(out))
    searcher, ids, schema = index.searcher(), kept_ids(out), index.schema

    def search(question: str) -> Sequence[Any]:
        terms = [(tantivy.Occur.Should, tantivy.Query.term_query(schema, "text", word)) for word in stems(question)]
        return searcher.search(tantivy.Query.boolean_query(terms), K, count=False).hits

    return search, lambda hit: ids[searcher.doc(hit[1])["number"][0]]


def index_rank_bm25(folder: Path, out: Path) -> None:
    """Index with rank_bm25, pickled."""
    import rank_bm25

    ids, passages = texts(folder)
    made = rank_bm25.BM25Okapi([stems(passage) for passage in passages])
    out.mkdir()
    with (out / "index.pickle").open("wb") as stream:
        pickle.dump(made, stream)
    keep_ids(out, ids)


def open_rank_bm25(out: Path) -> tuple[Search, Name]:
    """Score every passage."""
    made = pickle.loads((out / "index.pickle").read_bytes())
    return lambda question: best(made.get_scores(stems(question))), kept_ids(out).__getitem__


def index_sklearn(folder: Path, out: Path) -> None:
    """Index with scikit-learn's TF-IDF, pickled."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    ids, passages = texts(folder)
    vectorizer = TfidfVectorizer(analyzer=stems)
    matrix = vectorizer.fit_transform(passages)
    out.mkdir()
    with (out / "index.pickle").open("wb") as stream:
        pickle.dump((vectorizer, matrix), stream)
    keep_ids(out, ids)


def open_sklearn(out: Path) -> tuple[Search, Name]:
    """Take the cosine with every passage."""
    vectorizer, matrix = pickle.loads((out / "index.pickle").read_bytes())
    return lambda question: best((matrix @ vectorizer.transform([question]).T).toarray().ravel()), kept_ids(
        out
    ).__getitem__


def best(scores: Any) -> Sequence[Any]:
    """Return where the highest scores stand, highest first."""
    found = scores.argpartition(-K)[-K:]
    result: Sequence[Any] = found[(-scores[found]).argsort()]
    return result


# System -> what it needs, how it indexes (the name of another: it takes that one's), how it is opened.
SYSTEMS: dict[str, tuple[str, Callable[[Path, Path], None] | str, Callable[[Path], tuple[Search, Name]]]] = {
    "kerjasama": ("kerjasama_nlp", index_kerjasama, open_kerjasama),
    "kerjasama ask": ("kerjasama_nlp", "kerjasama", open_ask),
    "bm25s": ("bm25s", index_bm25s, open_bm25s("numpy")),
    "bm25s-numba": ("numba", "bm25s", open_bm25s("numba")),
    "tantivy": ("tantivy", index_tantivy, open_tantivy),
    "rank_bm25": ("rank_bm25", index_rank_bm25, open_rank_bm25),
    "sklearn": ("sklearn", index_sklearn, open_sklearn),
}


# --- one process ----------------------------------------------------------------------------------------------------


def answer(system: str, folder: Path, out: Path) -> dict[str, float]:
    """Answer all questions; return milliseconds a question and MRR."""
    questions = list(lines(folder / "questions.jsonl"))[: SLOW.get(system)]
    search, name = SYSTEMS[system][2](out)
    for row in questions[: WARM_UP if system not in SLOW else 1]:
        search(row["question"])
    started = time.perf_counter()
    found = [search(row["question"]) for row in questions]
    seconds = time.perf_counter() - started
    total = 0.0
    for row, hits in zip(questions, found, strict=True):
        ids = dict.fromkeys(map(name, hits))
        ranks = [rank for rank, number in enumerate(ids, 1) if number in row["passage_ids"]]
        total += 1 / ranks[0] if ranks else 0
    return {"ms": seconds / len(questions) * 1000, "mrr": total / len(questions)}


def parts(folder: Path, out: Path) -> dict[str, float]:
    """Return what a question costs: milliseconds of reading it and of the search, and the postings added up."""
    from kerjasama_nlp.model import load

    index = load(out).index
    questions = [row["question"] for row in lines(folder / "questions.jsonl")]
    taken: dict[str, float] = {}
    for _ in range(ROUNDS):
        started = time.perf_counter()
        read = [index.reader.read(question).concepts for question in questions]
        between = time.perf_counter()
        for concepts in read:
            index.search(concepts, K)
        now = {"reading ms": between - started, "search ms": time.perf_counter() - between}
        taken = {name: min(taken.get(name, seconds), seconds) for name, seconds in now.items()}
    terms = [index.terms.find(term) for concepts in read for concept in concepts for term in concept.terms]
    added = sum(index.postings.frequency(term) for term in terms if term >= 0)
    return {name: seconds / len(questions) * 1000 for name, seconds in taken.items()} | {
        "postings": added / len(questions)
    }


def cold(model: list[str]) -> float:
    """Return the CPU seconds of one question asked in a fresh process, the median of some."""
    command = [sys.executable, "-m", "kerjasama_nlp", "ask", "apa tujuan kerja sama internasional", *model]
    seconds = []
    for _ in range(COLD):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
        seconds.append(usage.ru_utime + usage.ru_stime)
    return statistics.median(seconds)


def naive_stemming(folder: Path) -> None:
    """Stem all passages as PySastrawi's own documentation does."""
    from Sastrawi.Stemmer.StemmerFactory import StemmerFactory

    stemmer = StemmerFactory().create_stemmer()
    for passage in texts(folder)[1]:
        stemmer.stem(passage)


def run(action: str, system: str, folder: Path) -> tuple[float, float, dict[str, float]]:
    """Run one step in a fresh process; return its seconds, its peak memory in MB, and what it tells."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    command = [sys.executable, __file__, "--step", action, system, str(folder)]
    started = time.perf_counter()
    with (folder / "told.json").open("wb") as told:
        process = subprocess.Popen(command, stdout=told, stderr=subprocess.DEVNULL, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{action} {system}: ended with {process.returncode}")
    text = (folder / "told.json").read_text(encoding="utf-8").strip()
    return time.perf_counter() - started, usage.ru_maxrss / 1024, json.loads(text.splitlines()[-1]) if text else {}


def step(action: str, system: str, folder: Path) -> None:
    """Do one step, in a process of its own."""
    source = SYSTEMS[system][1] if system in SYSTEMS else ""
    out = folder / f"index-{source if isinstance(source, str) else system}"
    if action == "naive":
        naive_stemming(folder)
    elif action == "parts":
        print(json.dumps(parts(folder, out)))
    elif action == "index" and not isinstance(source, str):
        source(folder, out)
    else:
        print(json.dumps(answer(system, folder, out)))


# --- all of them ----------------------------------------------------------------------------------------------------


def prepare(passages: Sequence[Path], questions: list[dict[str, Any]], size: int | None, folder: Path) -> int:
    """Write what all systems read; return how many passages there are."""
    needed = {number for row in questions for number in row["passage_ids"]}
    room = None if size is None else max(size - len(needed), 0)
    written = others = 0
    with (folder / "passages.jsonl").open("w", encoding="utf-8") as stream:
        for row in (row for file in passages for row in lines(file)):
            if row["id"] not in needed:
                if room is not None and others >= room:
                    continue
                others += 1
            written += 1
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")
    with (folder / "questions.jsonl").open("w", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in questions)
    return written


def disk(out: Path) -> float:
    """Return the size of a folder in MB."""
    return sum(file.stat().st_size for file in out.rglob("*") if file.is_file()) / 1e6


def compare(systems: Sequence[str], folder: Path, *, naive: bool) -> None:
    """Print a table of all systems over the passages of a folder."""
    built: dict[str, tuple[float, float, float]] = {}
    for system in systems:
        if not isinstance(SYSTEMS[system][1], str):
            seconds, memory, _ = run("index", system, folder)
            built[system] = seconds, memory, disk(folder / f"index-{system}")
    told: dict[str, list[tuple[float, float, dict[str, float]]]] = {system: [] for system in systems}
    for turn in range(ROUNDS):
        for system in systems:
            if turn == 0 or system not in SLOW:
                told[system].append(run("answer", system, folder))
    print("| system | questions/s | MRR@10 | index s | index MB on disk | peak MB, indexing | peak MB, answering |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for system in systems:
        best = min(entry[2]["ms"] for entry in told[system])
        made = SYSTEMS[system][1]
        seconds, memory, size = built[made if isinstance(made, str) else system]
        peak = max(entry[1] for entry in told[system])
        mrr = told[system][0][2]["mrr"]
        print(f"| {system} | {1000 / best:,.0f} | {mrr:.3f} | {seconds:.1f} | {size:.0f} | {memory:.0f} | {peak:.0f} |")
    if "kerjasama" in systems:
        model = ["--model", str(folder / "index-kerjasama")]
        found = run("parts", "kerjasama", folder)[2] | {"cold ask, x of shipped": cold(model) / cold([])}
        print("\nkerjasama, a question:", ", ".join(f"{name} {value:,.2f}" for name, value in found.items()))
    if naive:
        print(f"PySastrawi's CachedStemmer over all passages: {run('naive', '', folder)[0]:.1f} s", flush=True)


def main() -> None:
    """Compare at each size, or do one step of that."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("passages", type=Path, nargs="*")
    parser.add_argument("--questions", type=Path)
    parser.add_argument("--split")
    parser.add_argument("--sizes", type=int, nargs="+")
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS))
    parser.add_argument("--naive", action="store_true")
    parser.add_argument("--step", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        action, system, folder = arguments.step
        step(action, system, Path(folder))
        return
    if not arguments.passages or arguments.questions is None:
        parser.error("found no passages or no questions; expected PASSAGES.jsonl ... --questions QUESTIONS.jsonl")
    questions = [row for row in lines(arguments.questions) if arguments.split in (None, row.get("split"))]
    there = [name for name in arguments.systems if importlib.util.find_spec(SYSTEMS[name][0]) is not None]
    for name in sorted(set(arguments.systems) - set(there)):
        print(f"{name}: not installed, left out", file=sys.stderr)
    for size in arguments.sizes or [None]:
        with tempfile.TemporaryDirectory() as name:
            written = prepare(arguments.passages, questions, size, Path(name))
            print(f"\n{written:,} passages, {len(questions)} questions\n", flush=True)
            compare(there, Path(name), naive=arguments.naive)


if __name__ == "__main__":
    main()
