"""The classifier against its peers, its parts, and less text: one run, one training corpus, one test file.

Run: python benchmarks/labelling.py TEST.jsonl [--train corpus/labels/snippets.jsonl] [--part peers|ablation|curve]

TEST.jsonl holds {"text", "form", "sectors"} a line: real news that nothing was fitted on. Prints one JSON line a
system: macro-F1 of the form, F1 of cooperation or not, micro-F1 of the sectors (on cooperation only).

Peers: TF-IDF of PySastrawi stems with LinearSVC; fastText supervised (pip install fasttext-numpy2); a rule that counts
states and organisations of the gazetteer.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import f1_score
from sklearn.svm import LinearSVC

from kerjasama_nlp.labels import labelled as labels
from kerjasama_nlp.labels import parties
from kerjasama_nlp.labels import training as label_training
from kerjasama_nlp.labels.label_set import standard
from kerjasama_nlp.labels.labelled import LabelledText
from kerjasama_nlp.language.tokens import Analyzer

FORMS, SECTORS = standard().forms, standard().sectors
NOT_COOPERATION = standard().none

Given = list[tuple[str, set[str]]]
PARTS = {
    "words": "wb",
    "words + runs": "wbn",
    "words + organisations": "wbo",
    "words + structure": "wbs",
    "words + roles": "wbr",
    "runs + organisations + structure + roles": "nosr",
    "all but roles": "wbnos",
    "all": "wbnosr",
}
SIZES = (250, 500, 1000, 2000, 4000, 6000)


def scores(gold: Sequence[LabelledText], given: Given) -> dict[str, float]:
    """Return the three figures of a system."""
    form, truth = [entry[0] for entry in given], [entry.form for entry in gold]
    about = [
        (g.sectors, s if f != NOT_COOPERATION else set())
        for g, (f, s) in zip(gold, given, strict=True)
        if g.form != NOT_COOPERATION
    ]
    both = sum(len(g & s) for g, s in about)
    return {
        "form_macro_f1": round(float(f1_score(truth, form, labels=FORMS, average="macro")), 3),
        "cooperation_f1": round(
            float(f1_score([f != NOT_COOPERATION for f in truth], [f != NOT_COOPERATION for f in form])), 3
        ),
        "sector_micro_f1": round(2 * both / sum(len(g) + len(s) for g, s in about), 3),
    }


def ours(train: Sequence[LabelledText], test: Sequence[LabelledText]) -> Given:
    """Label with the project's classifier."""
    fitted = label_training.fit(train).classifier
    return [(found.form, set(found.sectors)) for found in fitted.label(entry.text for entry in test)]


def only(blocks: str) -> Callable[[Sequence[LabelledText], Sequence[LabelledText]], Given]:
    """Return the classifier with some blocks of features only."""

    def run(train: Sequence[LabelledText], test: Sequence[LabelledText]) -> Given:
        least = label_training.MIN_TEXTS
        label_training.MIN_TEXTS = {block: n if block in blocks else len(train) + 1 for block, n in least.items()}
        try:
            return ours(train, test)
        finally:
            label_training.MIN_TEXTS = least

    return run


def linear_svc(train: Sequence[LabelledText], test: Sequence[LabelledText]) -> Given:
    """Label with TF-IDF of stems and LinearSVC, one a form and one a sector."""
    analyzer = Analyzer()

    def stems(text: str) -> list[str]:
        return [token.terms[0] for token in analyzer.tokenize(text)]

    vectorizer = TfidfVectorizer(analyzer=stems, sublinear_tf=True)
    x, z = vectorizer.fit_transform([e.text for e in train]), vectorizer.transform([e.text for e in test])
    form = LinearSVC().fit(x, [e.form for e in train]).predict(z)
    about = np.array([e.form != NOT_COOPERATION for e in train])
    margins = np.column_stack(
        [LinearSVC().fit(x[about], [s in e.sectors for e in train if e.sectors]).decision_function(z) for s in SECTORS]
    )
    return [
        (str(f), {s for s, m in zip(SECTORS, row, strict=True) if m > 0} or {SECTORS[int(row.argmax())]})
        for f, row in zip(form, margins, strict=True)
    ]


def fasttext(train: Sequence[LabelledText], test: Sequence[LabelledText]) -> Given:
    """Label with fastText supervised: one model for the form, one (one-vs-all) for the sectors."""
    import fasttext as library

    def line(text: str) -> str:
        return " ".join(text.lower().split())

    with tempfile.TemporaryDirectory() as folder:
        form_file, sector_file = Path(folder, "form.txt"), Path(folder, "sector.txt")
        form_file.write_text("".join(f"__label__{e.form} {line(e.text)}\n" for e in train), encoding="utf-8")
        sector_file.write_text(
            "".join(
                f"{' '.join(f'__label__{s}' for s in sorted(e.sectors))} {line(e.text)}\n" for e in train if e.sectors
            ),
            encoding="utf-8",
        )
        settings = {"epoch": 25, "lr": 0.5, "wordNgrams": 2, "minn": 3, "maxn": 5, "dim": 50, "thread": 1, "verbose": 0}
        forms = library.train_supervised(str(form_file), **settings)
        sectors = library.train_supervised(str(sector_file), loss="ova", **settings)
    given = []
    for entry in test:
        form = forms.predict(line(entry.text))[0][0].removeprefix("__label__")
        found = sectors.predict(line(entry.text), k=-1, threshold=0.5)[0] or sectors.predict(line(entry.text))[0]
        given.append((form, {name.removeprefix("__label__") for name in found}))
    return given


def rule(train: Sequence[LabelledText], test: Sequence[LabelledText]) -> Given:
    """Label by counting: a global organisation, a regional one, two states or more, otherwise none."""
    common = max(SECTORS, key=lambda name: sum(name in e.sectors for e in train))
    given = []
    for entry in test:
        found = parties.find(entry.text)
        kinds = {parties.organisations()[m.key].kind for m in found if m.kind == "organisation"}
        states = {m.key for m in found if m.key in parties.states()}
        form = (
            "multilateral" if "global" in kinds
            else "regional" if kinds
            else "bilateral" if len(states) > 1
            else NOT_COOPERATION
        )  # fmt: skip
        given.append((form, {common}))
    return given


def main() -> None:
    """Run the parts asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("test", type=Path)
    parser.add_argument("--train", type=Path, default=Path("corpus/labels/snippets.jsonl"))
    parser.add_argument("--part", choices=("peers", "ablation", "curve"), default="peers")
    arguments = parser.parse_args()
    train, test = labels.read([arguments.train]), labels.read([arguments.test])
    if arguments.part == "peers":
        systems = {"kerjasama": ours, "TF-IDF + LinearSVC": linear_svc, "fastText": fasttext, "gazetteer rule": rule}
        for name, system in systems.items():
            print(json.dumps({"system": name, **scores(test, system(train, test))}), flush=True)
    elif arguments.part == "ablation":
        for name, blocks in PARTS.items():
            print(json.dumps({"features": name, **scores(test, only(blocks)(train, test))}), flush=True)
    else:
        order = np.random.default_rng(0).permutation(len(train))
        for size in (*(s for s in SIZES if s < len(train)), len(train)):
            part = [train[i] for i in order[:size]]
            print(json.dumps({"texts": size, **scores(test, ours(part, test))}), flush=True)


if __name__ == "__main__":
    main()
