"""Scores of labels, against numbers worked out by hand."""

import pytest

from kerjasama_nlp import evaluation
from kerjasama_nlp.labels.label_set import standard
from kerjasama_nlp.labels.labelled import LabelledText
from kerjasama_nlp.records import Labels

# gold form and sectors, given form, its confidence and sectors, to be looked at
ROWS = (
    ("bilateral", "ekonomi", "bilateral", 0.95, "ekonomi", False),
    ("bilateral", "ekonomi politik", "regional", 0.55, "politik hukum", True),
    ("regional", "politik", "regional", 0.85, "politik", False),
    ("multilateral", "kesehatan", "bukan", 0.65, "", True),
    ("bukan", "", "bukan", 0.75, "", False),
    ("bukan", "", "bilateral", 0.45, "budaya", True),
)


def _given(rows):
    """Return the labels that the rows say were given."""
    return [
        Labels(form, confidence, tuple(sectors.split()), {}, (), review)
        for _, _, form, confidence, sectors, review in rows
    ]


def _score(rows):
    gold = [LabelledText(str(n), row[0], frozenset(row[1].split()), "") for n, row in enumerate(rows)]
    return evaluation.label_scores(gold, _given(rows), standard())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n", 6),
        ("form_accuracy", 0.5),  # 3 of 6
        ("form_macro_f1", 0.4167),  # (1/2 + 2/3 + 0 + 1/2) / 4
        ("cooperation_f1", 0.75),  # 3 right of 4 given and 4 gold
        ("sector_micro_f1", 0.6667),  # 3 right, 4 given and 5 gold among texts about cooperation
        ("calibration_error", 0.35),  # a row a bin, gaps .05 .55 .15 .65 .25 .45: 2.1 / 6
        ("coverage_at_95", 0.5),  # the three surest are right
        ("to_review", 0.5),
    ],
)
def test_overall(name, value):
    """Overall scores are those of the definitions."""
    assert _score(ROWS)[name] == pytest.approx(value, abs=1e-4)


def test_by_form():
    """Precision, recall and F1 of each form, 0 where nothing was given."""
    assert _score(ROWS)["form"] == {
        "bilateral": {"precision": 0.5, "recall": 0.5, "f1": 0.5, "n": 2},
        "regional": {"precision": 0.5, "recall": 1.0, "f1": 0.6667, "n": 1},
        "multilateral": {"precision": 0.0, "recall": 0.0, "f1": 0.0, "n": 1},
        "bukan": {"precision": 0.5, "recall": 0.5, "f1": 0.5, "n": 2},
    }


def test_by_sector():
    """Sectors are compared on texts whose gold form isn't `bukan`."""
    sectors = _score(ROWS)["sector"]
    assert sectors["ekonomi"] == {"precision": 1.0, "recall": 0.5, "f1": 0.6667, "n": 2}
    assert sectors["politik"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0, "n": 2}
    assert sectors["hukum"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "n": 0}
    assert sectors["budaya"]["precision"] == 0.0
    assert len(sectors) == 10


def test_confusion():
    """Forms are counted gold by given."""
    confusion = _score(ROWS)["confusion"]
    found = {(a, b): n for a, row in confusion.items() for b, n in row.items() if n}
    assert found == {
        ("bilateral", "bilateral"): 1,
        ("bilateral", "regional"): 1,
        ("regional", "regional"): 1,
        ("multilateral", "bukan"): 1,
        ("bukan", "bukan"): 1,
        ("bukan", "bilateral"): 1,
    }


def test_absent_forms_do_not_lower_the_mean():
    """The mean over forms is over those that the gold labels hold."""
    assert _score(ROWS[:1])["form_macro_f1"] == 1.0
    assert _score(ROWS[:1])["coverage_at_95"] == 1.0


def test_a_sure_mistake_costs_coverage():
    """Where the surest label is wrong, no share of the texts is 95 % right."""
    sure = ("regional", "politik", "bilateral", 0.99, "politik", False)
    assert _score([sure, *ROWS[:1]])["coverage_at_95"] == 0.0
