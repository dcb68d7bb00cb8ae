"""`evaluate --report`: what it measures beside the scores, against numbers worked out by hand, and what it refuses."""

import json
import sys
from itertools import pairwise

import numpy as np
import pytest
from conftest import PROJECT, error_line

from kerjasama_nlp.labels.label_set import standard
from kerjasama_nlp.labels.labelled import LabelledText
from kerjasama_nlp.records import Labels
from kerjasama_nlp.reports import measures

HELD_OUT = PROJECT / "corpus" / "labels" / "held_out.jsonl"
CONFIDENCE = np.array([0.95, 0.55, 0.55, 0.85, 1.0, 0.0])
RIGHT = np.array([True, False, True, True, False, True])


@pytest.fixture
def gold(tmp_path):
    """Write thirty labelled texts."""
    path = tmp_path / "uji.jsonl"
    with HELD_OUT.open(encoding="utf-8") as lines:
        path.write_text("".join(next(lines) for _ in range(30)), encoding="utf-8")
    return path


def _text(text, form="bilateral", sectors=("ekonomi",)):
    return LabelledText(text, form, frozenset(sectors), "")


def test_reliability():
    """Each tenth of confidence has its texts, their mean confidence and the share of right ones."""
    bins = measures.reliability(CONFIDENCE, RIGHT)
    assert [entry["n"] for entry in bins] == [1, 0, 0, 0, 0, 2, 0, 0, 1, 2]
    assert [(entry["from"], entry["to"]) for entry in bins][:2] == [(0.0, 0.1), (0.1, 0.2)]
    assert (bins[5]["confidence"], bins[5]["right"]) == (0.55, 0.5)
    assert (bins[9]["confidence"], bins[9]["right"]) == (0.975, 0.5)
    assert (bins[1]["confidence"], bins[1]["right"]) == (None, None)


def test_coverage():
    """The curve goes from the surest text to all of them; texts of one confidence come together."""
    assert [tuple(point.values()) for point in measures.coverage_curve(CONFIDENCE, RIGHT)] == [
        (1.0, 0.1667, 0.0),
        (0.95, 0.3333, 0.5),
        (0.85, 0.5, 0.6667),
        (0.55, 0.8333, 0.6),
        (0.0, 1.0, 0.6667),
    ]


def test_coverage_of_many_texts_is_thinned():
    """A curve has a hundred points at most, the last of them all texts."""
    points = measures.coverage_curve(np.linspace(0, 1, 5000), np.ones(5000, dtype=bool))
    assert len(points) == measures.CURVE_POINTS
    assert (points[0]["coverage"], points[-1]["coverage"]) == (0.0002, 1.0)


@pytest.mark.parametrize(
    ("threshold", "coverage", "precision"), [(0.85, 0.5, 0.6667), (0.0, 1.0, 0.6667), (2, 0, None)]
)
def test_review_threshold(threshold, coverage, precision):
    """Texts at the threshold pass, those below it don't."""
    point = measures.at_threshold(CONFIDENCE, RIGHT, threshold)
    assert (point["coverage"], point["precision"]) == (coverage, precision)


class _Explains:
    """A classifier that says what spoke for a form."""

    def explain(self, _text, _most):
        return [("w:pakta", 0.9), ("s:berdua", 0.7), ("o:asean", 0.5), ("b:a b", -0.4), ("s:x", -0.3)]


def test_the_worst_errors():
    """Wrong forms come surest first; words and parties that spoke for them are told apart from structure."""
    gold = [_text("satu"), _text("dua", "regional"), _text("tiga", "bukan", ()), _text("a" * 2000, "regional")]
    given = [
        Labels("bilateral", sure, ("ekonomi",), {}, ("Jepang",), needs_review=False) for sure in (0.99, 0.6, 0.8, 0.6)
    ]
    errors = measures.worst_errors(gold, given, _Explains())
    assert [(error["text"][:4], error["confidence"]) for error in errors] == [
        ("tiga", 0.8),
        ("dua", 0.6),
        ("aaaa", 0.6),
    ]
    assert errors[0] == {
        "text": "tiga",
        "gold": "bukan",
        "given": "bilateral",
        "confidence": 0.8,
        "gold_sectors": [],
        "given_sectors": ["ekonomi"],
        "parties": ["Jepang"],
        "because": [["w:pakta", 0.9], ["o:asean", 0.5]],
        "structure": 0.4,
    }
    assert len(errors[2]["text"]) == measures.MOST_CHARACTERS


def test_reasons_are_the_classifiers(shipped):
    """The parts of an explanation add up to the form's score, against the mean of all forms."""
    text = "Indonesia dan Jepang menandatangani perjanjian dagang di sela KTT ASEAN."
    given = shipped.label([text])
    (error,) = measures.worst_errors([_text(text, "multilateral")], given, shipped.classifier)
    parts = dict(shipped.classifier.explain(text, 1 << 20))
    assert error["because"]
    assert {name: round(parts[name], 3) for name, _part in error["because"]} == dict(error["because"])
    assert error["structure"] == pytest.approx(sum(p for name, p in parts.items() if name[0] in "rs"), abs=1e-3)


class _Fitted:
    """A classifier that labels everything as it was taught most."""

    def __init__(self, texts):
        self.texts = texts

    def label(self, texts):
        return [Labels(self.texts[0].form, 0.5, ("ekonomi",), {}, (), needs_review=False) for _ in texts]


def test_learning_curve():
    """Parts double, each holds the one before, texts of the measured ones are left out, and order is no matter."""
    training = [_text(f"teks {n}", ("bilateral", "regional")[n % 2]) for n in range(80)]
    gold = [_text("TEKS  3", "regional"), _text("lain")]
    fits = {}
    curves = []
    for name, texts in (("forth", training), ("back", training[::-1])):
        fits[name] = []
        fit = fits[name].append
        curves.append(
            measures.learning_curve(gold, texts, standard(), lambda part, fit=fit: fit(part) or _Fitted(part))
        )
    assert curves[0] == curves[1]
    assert fits["forth"] == fits["back"]
    assert curves[0]["left_out"] == 1
    assert [point["texts"] for point in curves[0]["points"]] == [9, 19, 39, 79]
    parts = [{entry.text for entry in part} for part in fits["forth"]]
    assert all(small < large for small, large in pairwise(parts))
    assert "teks 3" not in parts[-1]


def test_near_repetitions_teach_nothing():
    """A training text that repeats a measured one but for a word or two is left out."""
    text = "Indonesia dan Jepang menandatangani perjanjian dagang baru di Tokyo pada hari Senin pagi"
    training = [_text(text + " itu"), _text("Harga cabai naik", "regional"), _text("Kabut asap dibahas")]
    curve = measures.learning_curve([_text(text)], training, standard(), _Fitted)
    assert (curve["left_out"], curve["points"][-1]["texts"]) == (1, 2)


def test_parts_of_one_form_are_left_out():
    """What can't be fitted makes no point."""
    training = [_text("a"), _text("b", "regional")]
    curve = measures.learning_curve([_text("lain")], training, standard(), _Fitted)
    assert [point["texts"] for point in curve["points"]] == [2]


# The command


def test_json_holds_more_with_a_report(call, gold, tmp_path):
    """The report adds the worst errors to the JSON, and changes nothing else in it."""
    plain = json.loads(call("evaluate", "--labels", gold, "--json").out)
    reply = call("evaluate", "--labels", gold, "--json", "--report", "a.html")
    scores = json.loads(reply.out)
    assert reply.err == "a.html: the report is written\n"
    assert {name: value for name, value in scores.items() if name != "errors"} == plain
    assert len(scores["errors"]) == sum(n for a, row in scores["confusion"].items() for b, n in row.items() if a != b)
    assert sum(entry["n"] for entry in scores["reliability"]) == scores["n"] == 30
    assert (tmp_path / "a.html").read_bytes().startswith(b"<!DOCTYPE html>")


def test_the_table_stays_beside_the_report(call, gold):
    """Without --json the same table is printed, with a report and without."""
    table = call("evaluate", "--labels", gold).out
    assert table.startswith("n ")
    assert call("evaluate", "--labels", gold, "--report", "a.html").out == table


def test_the_same_page_twice(call, gold, tmp_path):
    """Nothing of time or chance is in a page."""
    for name in ("a.html", "b.html"):
        assert call("evaluate", "--labels", gold, "--report", name).code == 0
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_an_existing_report_is_kept(call, gold, tmp_path):
    """Only --force overwrites a report, and nothing is measured in vain."""
    (tmp_path / "a.html").write_text("lama", encoding="utf-8")
    error_line(call("evaluate", "--labels", gold, "--report", "a.html"), 6)
    assert (tmp_path / "a.html").read_text(encoding="utf-8") == "lama"
    assert call("evaluate", "--labels", gold, "--report", "a.html", "--force").code == 0
    assert (tmp_path / "a.html").read_bytes().startswith(b"<!DOCTYPE html>")


def test_inputs_are_never_overwritten(call, gold):
    """Neither the measured texts nor those to learn from are a place for the report."""
    before = gold.read_bytes()
    args = ("evaluate", "--labels", HELD_OUT, "--learning-curve", gold, "--report", gold, "--force")
    assert "never overwritten" in error_line(call(*args), 2)
    error_line(call("evaluate", "--labels", gold, "--report", gold, "--force"), 2)
    assert gold.read_bytes() == before


def test_reports_are_of_labels(call, tmp_path):
    """Questions have no report; what is asked for in vain is refused."""
    questions = tmp_path / "q.jsonl"
    for extra in (("--report", "a.html"), ("--against", "model"), ("--learning-curve", "b.jsonl")):
        assert "--labels FILE" in error_line(call("evaluate", "--questions", questions, *extra), 2)


def test_without_the_extra(call, gold, monkeypatch):
    """A report needs matplotlib, and says how to get it before anything is read; the scores don't."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    reply = call("evaluate", "--labels", "tidak-ada.jsonl", "--report", "a.html")
    assert "pip install 'kerjasama-nlp[report]'" in error_line(reply, 2)
    assert call("evaluate", "--labels", gold).code == 0
