"""What rows chosen by `review` teach a classifier, against random ones, and how many wrong labels it finds.

Run: python benchmarks/review.py POOL.jsonl TEST.jsonl... [--part gain|planted] [--reprints]
     [--base 500] [--rows 200] [--seeds 10] [--batches 1]

All files hold {"text", "form", "sectors"} a line.

gain: for each seed, a model is trained on `--base` random rows of the pool; of the others, `--rows` are chosen,
their labels are revealed, and a second model is trained on both. Prints one JSON line a way to choose and a test
file: by how many points macro-F1 of the form and micro-F1 of the sectors (on cooperation only) rise over the first
model, the mean of the seeds with its standard error; the same against random rows of the same seed; and how many
different `texts` were chosen. With `--reprints` each row of the pool comes three times, as news archives hold agency
stories: once with a place line, and once cut short. With `--batches` the rows are also chosen in that many parts, the
model trained anew before each.

planted: one label in a hundred of the others is made wrong; prints the share of those among the rows chosen.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from labelling import scores

from kerjasama_nlp.inputs.rows import Row
from kerjasama_nlp.labels import labelled, training
from kerjasama_nlp.labels.classifier import Classifier
from kerjasama_nlp.labels.label_set import standard
from kerjasama_nlp.labels.labelled import LabelledText
from kerjasama_nlp.review import choosing, items
from kerjasama_nlp.review.items import Item

FIGURES = ("form_macro_f1", "sector_micro_f1")
WRONG_SHARE = 0.01
# A power that lets no text but an equal one count as alike.
_NEVER = 1000
# Returns the places in the pool that are chosen.
Chooser = Callable[[Classifier, Sequence[LabelledText], int, np.random.Generator], list[int]]


def fit(texts: Sequence[LabelledText]) -> Classifier:
    """Return a classifier fitted on texts."""
    return training.fit(texts).classifier


def at_random(_model: Classifier, pool: Sequence[LabelledText], n: int, rng: np.random.Generator) -> list[int]:
    """Choose any rows."""
    return rng.permutation(len(pool))[:n].tolist()


def reviewed(
    model: Classifier, pool: Sequence[LabelledText], n: int, _rng: np.random.Generator, **constants: float
) -> list[int]:
    """Choose as the command does, with other constants where they are given."""
    places = {entry.text: place for place, entry in reversed(list(enumerate(pool)))}
    before = {name: getattr(choosing, name) for name in constants}
    for name, value in constants.items():
        setattr(choosing, name, value)
    try:
        rows = [Row({}, entry.text) for entry in pool]
        return [places[item.text] for item in choosing.choose(_items(rows, model), model, n)]
    finally:
        for name, value in before.items():
            setattr(choosing, name, value)


def _items(rows: Sequence[Row], model: Classifier) -> list[Item]:
    return items.read(rows, model)


def in_batches(
    parts: int, base: Sequence[LabelledText], model: Classifier, pool: Sequence[LabelledText], n: int
) -> list[int]:
    """Choose as the command does, a part of the rows at a time, each with a model trained on those before."""
    chosen: list[int] = []
    for _part in range(parts):
        rest = [place for place in range(len(pool)) if place not in set(chosen)]
        found = reviewed(model, [pool[place] for place in rest], n // parts, np.random.default_rng(0))
        chosen += [rest[place] for place in found]
        model = fit([*base, *(pool[place] for place in chosen)])
    return chosen


VARIANTS: Mapping[str, Chooser] = {
    "random": at_random,
    "risk alone": partial(reviewed, LIKENESS=_NEVER),
    "review": reviewed,
}


def measure(model: Classifier, tests: Sequence[Sequence[LabelledText]]) -> np.ndarray:
    """Return the figures on each test file."""
    rows = []
    for test in tests:
        given = [(found.form, set(found.sectors)) for found in model.label(entry.text for entry in test)]
        found = scores(test, given)
        rows.append([found[name] for name in FIGURES])
    return np.array(rows)


def gain(
    pool: Sequence[LabelledText], tests: Mapping[str, Sequence[LabelledText]], arguments: argparse.Namespace
) -> None:
    """Print what each way to choose brings."""
    before: list[np.ndarray] = []
    after: dict[str, list[np.ndarray]] = {}
    texts: dict[str, list[int]] = {}
    for seed in range(arguments.seeds):
        base, rest = _split(pool, arguments.base, seed)
        if arguments.reprints:
            rest = [copy for entry in rest for copy in _reprints(entry)]
        model = fit(base)
        rng = np.random.default_rng(seed)
        chosen = {name: choose(model, rest, arguments.rows, rng) for name, choose in VARIANTS.items()}
        if arguments.batches > 1:
            chosen[f"review, {arguments.batches} batches"] = in_batches(
                arguments.batches, base, model, rest, arguments.rows
            )
        before.append(measure(model, list(tests.values())))
        for name, places in chosen.items():
            texts.setdefault(name, []).append(len({place // (3 if arguments.reprints else 1) for place in places}))
            learned = fit([*base, *(rest[place] for place in places)])
            after.setdefault(name, []).append(measure(learned, list(tests.values())))
    for name, found in after.items():
        for number, test in enumerate(tests):
            line: dict[str, object] = {"chosen": name, "test": test, "texts": float(np.mean(texts[name]))}
            for column, figure in enumerate(FIGURES):
                values = np.array(found)[:, number, column]
                first = np.array(before)[:, number, column]
                random = np.array(after["random"])[:, number, column]
                line[figure] = round(float(first.mean()), 4)
                line[f"{figure}_gain"] = _mean(values - first)
                line[f"{figure}_against_random"] = _mean(values - random)
            print(json.dumps(line), flush=True)


def _reprints(entry: LabelledText) -> list[LabelledText]:
    """Return a text, the same with a place line, and the same cut short."""
    words = entry.text.split()
    short = " ".join(words[: len(words) - max(len(words) // 8, 1)])
    return [replace(entry, text=text) for text in (entry.text, f"JAKARTA - {entry.text}", f"{short} (Antara)")]


def _mean(differences: np.ndarray) -> list[float]:
    """Return mean and standard error, in points."""
    error = differences.std(ddof=1) / np.sqrt(len(differences))
    return [round(100 * float(differences.mean()), 2), round(100 * float(error), 2)]


def _split(pool: Sequence[LabelledText], n: int, seed: int) -> tuple[list[LabelledText], list[LabelledText]]:
    order = np.random.default_rng(seed).permutation(len(pool))
    return [pool[place] for place in order[:n]], [pool[place] for place in order[n:]]


def planted(pool: Sequence[LabelledText], arguments: argparse.Namespace) -> None:
    """Print how many of the wrong labels of a labelled file are among the rows chosen."""
    labels = standard()
    found = []
    for seed in range(arguments.seeds):
        base, rest = _split(pool, arguments.base, seed)
        rng = np.random.default_rng(seed)
        wrong = set(rng.permutation(len(rest))[: int(WRONG_SHARE * len(rest))].tolist())
        rows = []
        for place, entry in enumerate(rest):
            form, sectors = entry.form, sorted(entry.sectors)
            if place in wrong:
                form = str(rng.choice([name for name in labels.forms if name != form]))
                sectors = [] if form == labels.none else sectors or [str(rng.choice(labels.sectors))]
            rows.append(Row({"place": place, "form": form, "sectors": sectors}, entry.text))
        model = fit(base)
        chosen = choosing.choose(_items(rows, model), model, arguments.rows)
        found.append(len(wrong & {item.fields["place"] for item in chosen}) / len(wrong))
    by_chance = arguments.rows / (len(pool) - arguments.base)
    print(json.dumps({"share_found": _mean(np.array(found)), "by_chance": round(100 * by_chance, 2)}))


def main() -> None:
    """Run the part asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pool", type=Path)
    parser.add_argument("tests", type=Path, nargs="*")
    parser.add_argument("--part", choices=("gain", "planted"), default="gain")
    parser.add_argument("--base", type=int, default=500)
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--batches", type=int, default=1)
    parser.add_argument("--reprints", action="store_true")
    arguments = parser.parse_args()
    pool = labelled.read([arguments.pool])
    if arguments.part == "planted":
        planted(pool, arguments)
    else:
        gain(pool, {path.name: labelled.read([path]) for path in arguments.tests}, arguments)


if __name__ == "__main__":
    main()
