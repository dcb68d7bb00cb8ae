"""Two models on the same texts: their scores, and how sure their difference is."""

import json

import pytest
from conftest import PROJECT
from test_evaluation import ROWS

from kerjasama_nlp import comparison, evaluation
from kerjasama_nlp.labels.labelled import LabelledText
from kerjasama_nlp.records import Labels

HELD_OUT = PROJECT / "corpus" / "labels" / "held_out.jsonl"
SCORES = ("form_accuracy", "form_macro_f1", "cooperation_f1", "sector_micro_f1")


def _gold(times=1):
    return [LabelledText(str(n), row[0], frozenset(row[1].split()), "") for n, row in enumerate(ROWS * times)]


def _right(gold):
    return [Labels(entry.form, 1.0, tuple(sorted(entry.sectors)), {}, (), needs_review=False) for entry in gold]


def _as_given(times=1):
    return [Labels(row[2], row[3], tuple(row[4].split()), {}, (), needs_review=row[5]) for row in ROWS * times]


def test_scores_are_those_of_the_evaluation():
    """Old and new have the scores that evaluating each of them gives."""
    gold = _gold()
    found = comparison.compare(gold, _as_given(), _right(gold), rounds=20).differences
    assert tuple(found) == SCORES
    for given, side in ((_as_given(), "old"), (_right(gold), "new")):
        scores = evaluation.label_scores(gold, given)
        assert {name: getattr(found[name], side) for name in SCORES} == pytest.approx(
            {n: scores[n] for n in SCORES}, abs=1e-4
        )


def test_a_model_compared_with_itself():
    """Drawing the same texts for both, the same labels never differ."""
    gold = _gold()
    for difference in comparison.compare(gold, _as_given(), _as_given(), rounds=50).differences.values():
        assert (difference.difference, difference.low, difference.high) == (0.0, 0.0, 0.0)


def test_intervals_hold_the_difference_and_shrink():
    """The interval lies around the difference, excludes 0 for a model that is always right, and narrows with texts."""
    widths = []
    for times in (10, 90):
        gold = _gold(times)
        found = comparison.compare(gold, _as_given(times), _right(gold)).differences["form_accuracy"]
        assert 0 < found.low < found.difference < found.high
        widths.append(found.high - found.low)
    assert widths[1] == pytest.approx(widths[0] / 3, rel=0.2)


def test_the_seed_decides():
    """The same seed gives the same interval, another one another."""
    gold = _gold(10)
    first, again, other = (comparison.compare(gold, _as_given(10), _right(gold), 100, seed) for seed in (0, 0, 1))
    assert first == again
    assert first != other


def test_against_another_model(call, tmp_path):
    """`evaluate --against` adds the other model's scores and the differences, to the table as well."""
    gold = tmp_path / "uji.jsonl"
    with HELD_OUT.open(encoding="utf-8") as lines:
        rows = [next(lines) for _ in range(120)]
    gold.write_text("".join(rows[:40]), encoding="utf-8")
    (tmp_path / "latih.jsonl").write_text("".join(rows[40:]), encoding="utf-8")
    assert call("train", "--labels", "latih.jsonl", "-o", "lain").code == 0
    scores = json.loads(call("evaluate", "--labels", gold, "--against", "lain", "--json").out)
    other = json.loads(call("evaluate", "--labels", gold, "--model", "lain", "--json").out)
    assert scores["against"] == {name: other[name] for name in scores["against"]}
    assert {"n", *SCORES} <= set(scores["against"])
    for name in SCORES:
        assert scores["comparison"][name]["new"] == pytest.approx(scores[name], abs=1e-4)
        assert scores["comparison"][name]["old"] == pytest.approx(other[name], abs=1e-4)
    table = call("evaluate", "--labels", gold, "--against", "lain").out
    assert "sector_micro_f1" in table.split("comparison", 1)[1]
