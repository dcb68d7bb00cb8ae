"""Retraining the labels: sets of one's own, honest figures, the same bytes each time, and no better model lost."""

import csv
import gzip
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from conftest import cases, error_line
from retraining import contents, mislabelled, rows, texts, write

from kerjasama_nlp import label_half, load, model, model_card
from kerjasama_nlp.labels import calibration, labelled, training
from kerjasama_nlp.labels.classifier import Settings
from kerjasama_nlp.labels.label_set import LabelSet, standard
from kerjasama_nlp.labels.targets import Targets


@pytest.fixture
def train(call, small_model, tmp_path):
    """Return a function that trains labels on rows, by the command, over the articles of a small model."""

    def run(given, output="baru", *options, base=small_model):
        path = write(tmp_path / f"{output}.jsonl", given)
        return call("train", "--labels", path, "--base", base, "-o", output, *options)

    return run


def _manifest(folder):
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


# Label sets of one's own


@pytest.mark.parametrize("case", cases("retraining.json"))
def test_own_label_set(train, call, tmp_path, case):
    """Other forms and sectors are trained, saved, loaded, served in every format and measured, without code."""
    labels = case["set"]
    (tmp_path / "label.json").write_text(json.dumps(labels), encoding="utf-8")
    given, asked = rows(60, labels), rows(12, labels, seed=1)
    assert train(given, "baru", "--label-set", "label.json").code == 0
    manifest = _manifest(tmp_path / "baru")
    assert manifest["labels"] == labels

    fitted = training.fit(texts(given), LabelSet.from_json(labels)).classifier
    expected = list(fitted.label(row["text"] for row in asked))
    assert load(tmp_path / "baru").label([row["text"] for row in asked]) == expected
    assert {label.form for label in expected} == set(labels["forms"])
    right = [label.form == row["form"] for label, row in zip(expected, asked, strict=True)]
    assert sum(right) >= 10  # of 12: columns that were mixed up would give a third

    write(tmp_path / "tanya.jsonl", [{"text": row["text"]} for row in asked])
    for name in ("a.jsonl", "a.csv", "a.parquet"):
        reply = call("label", "tanya.jsonl", "--model", "baru", "-o", name)
        assert (reply.code, reply.out) == (0, "")
    written = [json.loads(line) for line in (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()]
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as stream:
        cells = list(csv.DictReader(stream))
    table = pq.read_table(tmp_path / "a.parquet").to_pylist()
    for label, line, cell, row in zip(expected, written, cells, table, strict=True):
        assert line["form"] == cell["form"] == row["form"] == label.form
        assert line["sectors"] == row["sectors"] == list(label.sectors)
        assert cell["sectors"] == ";".join(label.sectors)
        assert list(line["sector_confidence"]) == labels["sectors"]
        assert line["sector_confidence"] == pytest.approx(dict(label.sector_confidence), abs=1e-4)
        assert json.loads(cell["sector_confidence"]) == line["sector_confidence"]
        assert row["sector_confidence"] == (line["sector_confidence"] or "{}")

    write(tmp_path / "uji.jsonl", asked)
    scores = json.loads(call("evaluate", "--labels", "uji.jsonl", "--model", "baru", "--json").out)
    assert (scores["n"], scores["form_accuracy"]) == (12, round(sum(right) / 12, 4))
    assert list(scores["form"]) == labels["forms"]
    assert (scores["sector_micro_f1"] is None) == (not labels["sectors"])
    assert (scores["cooperation_f1"] is None) == (labels["none"] is None)


def test_a_label_of_another_set_is_a_fault(train, tmp_path):
    """With a label set of one's own, the shipped labels are unknown; nothing is written."""
    (tmp_path / "label.json").write_text('{"forms": ["a", "b"], "sectors": []}', encoding="utf-8")
    error = error_line(train(rows(4), "baru", "--label-set", "label.json", "--max-errors", "1"), 3)
    assert error.startswith("kerjasama: error: baru.jsonl:1: found form 'bilateral', expected one of a, b; and ")
    assert not (tmp_path / "baru").exists()


@pytest.mark.parametrize(("most", "listed"), [(1, 1), (3, 3), (9, 5)])
def test_max_errors(train, most, listed):
    """So many faults are listed, the rest is counted."""
    given = rows(8)
    for row in given[:5]:
        row["form"] = "trilateral"
    error = error_line(train(given, "baru", "--max-errors", most), 3)
    assert [int(line) for line in re.findall(r"baru\.jsonl:(\d+): ", error)] == list(range(1, listed + 1))
    assert ("; and" in error) == (listed < 5)
    assert error.endswith(f"; and {5 - listed} more\n") == (listed < 5)


# Files


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl.gz", "a.jsonl.zst", "a.parquet"])
def test_the_format_of_the_file_is_no_matter(tmp_path, name):
    """The same texts are read from every format, placed by file and line (in Parquet: row)."""
    given = rows(24)
    table = [{**row, "sectors": ";".join(row["sectors"])} for row in given]
    packed = {".gz": gzip.compress, ".zst": zstandard.compress}.get(Path(name).suffix)
    if packed is not None:
        (tmp_path / name).write_bytes(packed(write(tmp_path / "b.jsonl", given).read_bytes()))
    elif name.endswith(".parquet"):
        pq.write_table(pa.Table.from_pylist(given), tmp_path / name)
    else:
        with (tmp_path / name).open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(table[0]), delimiter="\t" if name == "a.tsv" else ",")
            writer.writeheader()
            writer.writerows(table)
    first = 2 if name in {"a.csv", "a.tsv"} else 1  # below the header
    expected = [replace(entry, place=f"{name}:{line}") for line, entry in enumerate(texts(given), first)]
    assert list(labelled.read([tmp_path / name])) == expected


# Figures


def test_the_same_bytes_whatever_the_number_of_jobs(train, tmp_path):
    """The same texts give the same folder, byte for byte, fitted in one process or in two."""
    for output, jobs in (("satu", 1), ("lagi", 1), ("dua", 2)):
        assert train(rows(60), output, "--jobs", jobs, "--test", write(tmp_path / "uji", rows(20, seed=1))).code == 0
    first = contents(tmp_path / "satu")
    assert contents(tmp_path / "lagi") == first
    assert contents(tmp_path / "dua") == first


@pytest.mark.parametrize("fold", range(3))
def test_weights_know_nothing_of_the_fold_they_predict(monkeypatch, fold):
    """With one calibration for all, other labels in a fold change nothing in what its texts are given."""
    settings = Settings(1.0, (1.0,) * 10, (0.0,) * 10, 0.5, 0.5)
    monkeypatch.setattr(calibration, "choose", lambda _scores, _targets, _fold: settings)
    given = texts(rows(48))
    honest = training.fit(given)
    inside = honest.fold == fold
    wrong = texts(mislabelled(rows(48)))
    changed = training.fit([wrong[n] if inside[n] else entry for n, entry in enumerate(given)])
    assert changed.fold.tolist() == honest.fold.tolist()
    assert (changed.form_probability[inside] == honest.form_probability[inside]).all()
    kept = [
        (labels.form, labels.sectors, labels.sector_confidence, labels.needs_review)
        for fitted in (honest, changed)
        for labels, there in zip(fitted.held_out, inside, strict=True)
        if there
    ]
    assert kept[: len(kept) // 2] == kept[len(kept) // 2 :]
    assert (changed.form_probability[~inside] != honest.form_probability[~inside]).all()


def test_a_fold_is_calibrated_on_the_others(monkeypatch):
    """The classifier's settings come from all held-out scores, those of a fold from the other folds' alone."""
    seen = []
    choose = calibration.choose

    def recorded(scores, targets, fold):
        seen.append((scores, targets.forms.tolist(), fold))
        return choose(scores, targets, fold)

    monkeypatch.setattr(calibration, "choose", recorded)
    given = texts(rows(48))
    fold = training.fit(given).fold
    (everything, forms, given_fold), *others = seen
    assert (given_fold == fold).all()
    assert forms == [standard().forms.index(entry.form) for entry in given]
    assert len(others) == fold.max() + 1
    for number, (scores, part, part_fold) in enumerate(others):
        outside = np.flatnonzero(fold != number)
        assert (scores == everything[outside]).all()
        assert (part_fold == fold[outside]).all()
        assert part == [forms[place] for place in outside]


def test_a_new_source_is_taken_to_be_as_hard_as_the_hardest_folds():
    """Temperature and review come from the folds with the most wrong labels, whatever the others are like."""
    forms = np.array([0, 1] * 200)
    scores = np.zeros((400, 2))
    scores[np.arange(400), forms] = 4.0  # surely right ...
    fold = np.arange(400) // 100
    wrong = (fold == 2) & (np.arange(400) % 3 == 0)  # ... but for a third of a fold
    scores[wrong] = scores[wrong, ::-1]
    targets = Targets(forms, np.zeros((400, 0), dtype=np.bool_), 2, None)
    chosen = calibration.choose(scores, targets, fold)
    inside = np.flatnonzero(fold == 2)
    assert chosen == calibration.choose(scores[inside], targets.part(inside), fold[inside])
    assert chosen.temperature > calibration.choose(scores, targets, np.zeros(400, dtype=np.int64)).temperature


def test_each_fit_has_the_rows_of_the_other_folds(monkeypatch):
    """One fit a fold, on the rows outside of it, and the last on all."""
    seen = []
    fit_part = training._fit_part  # noqa: SLF001  # what is recorded

    def recorded(counts, names, targets, chosen):
        seen.append(chosen.tolist())
        return fit_part(counts, names, targets, chosen)

    monkeypatch.setattr(training, "_fit_part", recorded)
    fold = training.fit(texts(rows(30))).fold
    assert seen == [*(np.flatnonzero(fold != number).tolist() for number in range(5)), list(range(30))]


def test_all_texts_of_one_group(train, tmp_path):
    """Texts that all bear one group's name are split all the same, and measured on what the models hadn't seen."""
    assert train([{**row, "set": "arsip"} for row in rows(40)], "bernama").code == 0
    assert train(rows(40), "polos").code == 0
    named, plain = (_manifest(tmp_path / name)["scores"] for name in ("bernama", "polos"))
    assert named["cross_validation"]["folds"] == 5
    assert named == plain


def test_test_texts_are_not_trained_on(train, call, tmp_path):
    """Test texts, and near-duplicates of them, are left out; their scores are what `evaluate` gives."""
    tests = rows(20, seed=1)
    copies = [{**row, "text": row["text"].upper()} for row in tests[:3]]
    edited = [{**row, "text": row["text"] + " sekali"} for row in tests[3:6]]
    path = write(tmp_path / "uji.jsonl", tests)
    assert train([*rows(40), *copies, *edited], "baru", "--test", path).code == 0
    manifest = _manifest(tmp_path / "baru")
    assert manifest["labelled"] == manifest["scores"]["cross_validation"]["n"] == 40
    assert manifest["scores"]["test"]["n"] == 20
    trained = load(tmp_path / "baru")
    assert label_half.unseen(texts(tests), trained) == list(range(20))
    assert label_half.unseen(texts([*rows(2), *edited]), trained) == [2, 3, 4]
    evaluated = json.loads(call("evaluate", "--labels", path, "--model", "baru", "--json").out)
    assert evaluated["trained_on"] == 0
    assert {name: evaluated[name] for name in manifest["scores"]["test"]} == manifest["scores"]["test"]
    assert train(rows(40), "tanpa").code == 0
    same = contents(tmp_path / "tanpa")
    differing = {name for name, data in contents(tmp_path / "baru").items() if same[name] != data}
    assert differing == {"manifest.json", "MODEL_CARD.md"}


def test_nothing_but_test_texts(train, tmp_path):
    """Where all texts are test texts there is nothing to train on."""
    path = write(tmp_path / "uji.jsonl", rows(8))
    assert "isn't among the test texts" in error_line(train(rows(8), "baru", "--test", path), 3)


def test_evaluate_tells_what_the_model_has_seen(train, call, tmp_path):
    """Scores on texts that a model was trained on say so."""
    assert train(rows(40)).code == 0
    path = write(tmp_path / "uji.jsonl", [*rows(15), *rows(10, seed=1)])
    assert json.loads(call("evaluate", "--labels", path, "--model", "baru", "--json").out)["trained_on"] == 15


def test_a_model_that_does_not_know_its_texts_says_so(small_model, tmp_path):
    """A classifier saved without the texts it was fitted on isn't taken for one that has seen none."""
    old = load(small_model)
    classifier = training.fit(texts(rows(20))).classifier
    model.save(model.Model(old.index, old.ranker, classifier), tmp_path / "m")
    assert load(tmp_path / "m").labelled_texts is None
    assert label_half.unseen(texts(rows(20)), load(tmp_path / "m")) is None


# Better than the one before?


@pytest.mark.parametrize(("known", "compared"), [(60, 60), (70, 50), (71, None)])
def test_comparison_on_texts_new_to_both(train, tmp_path, known, compared):
    """The base model is compared with on texts it wasn't fitted on, where there are fifty."""
    given = rows(120)
    assert train(given[:known], "lama").code == 0
    reply = train(given, "baru", base=tmp_path / "lama")
    against = _manifest(tmp_path / "baru")["scores"].get("against")
    assert (against and against["n"]) == compared
    said = f"on {compared} texts that neither has seen:" if compared else "not compared with the earlier model: "
    assert said in reply.err


def test_no_comparison_with_other_labels(train, tmp_path):
    """A base model with other labels isn't compared with."""
    (tmp_path / "label.json").write_text('{"forms": ["cuaca", "panen"], "sectors": []}', encoding="utf-8")
    labels = {"forms": ["cuaca", "panen"], "none": None, "sectors": []}
    assert train(rows(60)[:30], "lama").code == 0
    reply = train(rows(60, labels), "baru", "--label-set", "label.json", base=tmp_path / "lama")
    assert "or gives other labels" in reply.err
    assert "against" not in _manifest(tmp_path / "baru")["scores"]


@pytest.fixture
def good_and_tests(train, tmp_path):
    """Train a good model at `model`; return its folder and the options that name a file of test texts."""
    assert train(rows(60), "model").code == 0
    return tmp_path / "model", ("--test", write(tmp_path / "uji.jsonl", rows(60, seed=1)))


def test_replace_keeps_a_better_model(train, good_and_tests):
    """A model that is significantly worse doesn't take a better one's place: exit code 6, not a byte changed."""
    folder, tests = good_and_tests
    before = contents(folder)
    reply = train(mislabelled(rows(60)), "model", "--replace", *tests)
    assert (reply.code, reply.out) == (6, "")
    assert reply.err.endswith(
        "kerjasama: error: model: the model there labels better, so it was kept; --force overwrites it\n"
    )
    assert "form_accuracy 1.000 -> 0.000" in reply.err
    assert contents(folder) == before


def test_force_replaces_a_better_model(train, good_and_tests):
    """With --force the worse model is written, and its manifest says that it is worse."""
    folder, tests = good_and_tests
    assert train(mislabelled(rows(60)), "model", "--replace", "--force", *tests).code == 0
    assert _manifest(folder)["scores"]["against"]["form_accuracy"]["high"] < 0


def test_replace_by_a_better_model(train, good_and_tests):
    """A model that isn't worse takes the place, whether or not it is better."""
    folder, tests = good_and_tests
    assert train(mislabelled(rows(60)), "model", "--force", *tests).code == 0
    assert train(rows(60), "model", "--replace", *tests).code == 0
    assert _manifest(folder)["scores"]["against"]["form_accuracy"]["low"] > 0
    assert train([*rows(60), *rows(8, seed=2)], "model", "--replace", *tests).code == 0
    against = _manifest(folder)["scores"]["against"]["form_accuracy"]
    assert against["low"] <= 0 <= against["high"]


def test_replace_takes_only_a_models_place(train, tmp_path):
    """Without a model there, --replace writes one; a folder that is no model is never replaced."""
    assert train(rows(20), "baru", "--replace").code == 0
    (tmp_path / "lain").mkdir()
    (tmp_path / "lain" / "surat.txt").write_text("penting", encoding="utf-8")
    assert train(rows(20), "lain", "--replace").code == 6
    assert [file.name for file in (tmp_path / "lain").iterdir()] == ["surat.txt"]


# Labels that may be wrong


@pytest.mark.parametrize("group", ["", "arsip"], ids=["no group", "one group"])
def test_check_finds_planted_errors(call, tmp_path, group):
    """Wrong labels head the list, 3 % of the file long, with place and likely labels; nothing is written."""
    given = [{**row, "set": group} for row in rows(100, most=1)]
    planted = (17, 42, 70)
    for number in planted:
        given[number] = mislabelled([given[number]])[0]
    path = write(tmp_path / "a.jsonl", given)
    before = contents(tmp_path)
    reply = call("train", "--check", "--json", "--labels", path)
    found = [json.loads(line) for line in reply.out.splitlines()]
    assert reply.code == 0
    assert sorted(suspect["place"] for suspect in found) == sorted(f"a.jsonl:{number + 1}" for number in planted)
    assert [suspect["doubt"] for suspect in found] == sorted((suspect["doubt"] for suspect in found), reverse=True)
    right = rows(100, most=1)
    for suspect in found:
        number = int(suspect["place"].partition(":")[2]) - 1
        assert (suspect["text"], suspect["form"]) == (given[number]["text"], given[number]["form"])
        assert suspect["likely_form"] == right[number]["form"]
        assert 0.5 < suspect["doubt"] <= 1
    assert reply.err.endswith("3 of 100 texts, likeliest errors first; look at each before you change it\n")
    shown = call("train", "--check", "--labels", path)
    heads = [f"{suspect['place']}  {suspect['doubt']:.2f}" for suspect in found]
    assert [line for line in shown.out.splitlines() if not line.startswith(" ")] == heads
    assert contents(tmp_path) == before


def test_check_finds_a_wrong_sector(call, tmp_path):
    """A right form with a sector that the text doesn't speak of is listed, too."""
    given = rows(100, most=1)
    sectors = {"ekonomi": "politik", "politik": "kesehatan", "kesehatan": "ekonomi"}
    given[21]["sectors"] = [sectors[given[21]["sectors"][0]]]
    reply = call("train", "--check", "--json", "--labels", write(tmp_path / "a.jsonl", given))
    first = json.loads(reply.out.splitlines()[0])
    assert (first["place"], first["form"]) == ("a.jsonl:22", first["likely_form"])
    assert given[21]["sectors"][0] not in first["likely_sectors"]
    assert first["doubt"] > 0.5


def test_check_lists_a_small_part(call, tmp_path):
    """However many labels look wrong, 3 % of the file are listed: more would not be looked at."""
    given = rows(100)
    given[::4] = mislabelled(given[::4])
    reply = call("train", "--check", "--labels", write(tmp_path / "a.jsonl", given), "--json")
    assert len(reply.out.splitlines()) == 3


def test_check_finds_nothing(call, tmp_path):
    """Where the labels are as models expect them, the list is empty."""
    labels = {"forms": ["cuaca", "panen"], "none": None, "sectors": []}
    (tmp_path / "label.json").write_text(json.dumps(labels), encoding="utf-8")
    path = write(tmp_path / "a.jsonl", rows(60, labels))
    reply = call("train", "--check", "--json", "--labels", path, "--label-set", "label.json")
    assert (reply.code, reply.out) == (0, "")
    assert reply.err.endswith("0 of 60 texts, likeliest errors first; look at each before you change it\n")


@pytest.mark.parametrize("options", [(), ("--labels", "a.jsonl", "--articles", "artikel")], ids=["alone", "articles"])
def test_check_looks_at_labels_alone(call, options):
    """Checking needs labelled files, and trains nothing else."""
    assert "--check looks at labels alone" in error_line(call("train", "--check", *options), 2)


# The card


def test_the_card_says_what_the_manifest_says(train, good_and_tests):
    """The card is made of the manifest alone: each headline score of it, every label, the comparison."""
    folder, tests = good_and_tests
    assert train([*rows(60), *rows(8, seed=2)], "model", "--replace", *tests).code == 0
    manifest = _manifest(folder)
    card = (folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert card == model_card.render(manifest)
    for scores in (manifest["scores"]["cross_validation"], manifest["scores"]["test"]):
        assert f"{scores['form_macro_f1']:.3f}" in card
        assert f"{scores['sector_micro_f1']:.3f}" in card
    for name, found in manifest["scores"]["test"]["form"].items():
        cells = [name, *(f"{found[key]:.3f}" for key in ("precision", "recall", "f1")), str(found["n"])]
        assert f"| {' | '.join(cells)} | {standard().meanings[name]} |" in card
    assert f"on {manifest['scores']['against']['n']} texts that neither was fitted on" in card
    changed = json.loads(json.dumps(manifest))
    changed["scores"]["test"]["form_macro_f1"] = 0.1234
    assert "0.123" in model_card.render(changed)
