"""Choosing rows to review: which ones, in which order, and how rows become items."""

import json
import random
from dataclasses import replace

import pytest
from conftest import cases
from hypothesis import given
from hypothesis import strategies as st
from review import LABELS, item

from kerjasama_nlp.inputs.rows import Row
from kerjasama_nlp.labels.labelled import read as read_labelled
from kerjasama_nlp.review import choosing, items
from kerjasama_nlp.review.items import Marks


@pytest.fixture(scope="module")
def classifier(shipped):
    """Return the shipped classifier."""
    return shipped.classifier


@pytest.fixture(scope="module")
def news(classifier):
    """Return 120 held-out snippets as items."""
    from conftest import PROJECT

    texts = [entry.text for entry in read_labelled([PROJECT / "corpus/labels/held_out.jsonl"])][:120]
    return items.read([Row({"n": n}, text) for n, text in enumerate(texts)], classifier)


# Rows become items


@pytest.mark.parametrize("case", cases("review_rows.json"))
def test_row(classifier, case):
    """Labels that stand in a row count, whoever gave them; what is missing or broken is labelled by the model."""
    text = "Indonesia dan Jepang menandatangani perjanjian dagang."
    found = items.read([Row(case["fields"], text)], classifier)
    if case["found"] is None:
        assert found == []
        return
    (one,) = found
    assert [one.marks.form, sorted(one.marks.sectors)] == case["found"]
    assert one.by_person == case["by_person"]
    (said,) = classifier.label([text])
    assert (one.suggestion.form_confidence == said.form_confidence) == case["by_model"]
    assert set(one.fields) == set(case["kept"])


def test_what_label_writes_is_read(classifier, call, tmp_path):
    """Confidences go from `label` to an item through JSONL and CSV alike, to their four decimals."""
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"text": "Indonesia dan Jepang menandatangani perjanjian dagang."}), encoding="utf-8")
    (expected,) = items.read([Row({}, "Indonesia dan Jepang menandatangani perjanjian dagang.")], classifier)
    labelled = json.loads(call("label", path).out)
    assert items.Suggestion.from_json(labelled, LABELS).to_json() == expected.suggestion.to_json()
    cells = {name: ";".join(value) if isinstance(value, list) else value for name, value in labelled.items()}
    cells["sector_confidence"] = json.dumps(labelled["sector_confidence"])
    assert items.Suggestion.from_json(cells, LABELS).to_json() == expected.suggestion.to_json()


def test_faulty_rows_are_no_items(classifier):
    """A row without a text isn't shown."""
    assert items.read([Row({}, "", "no text")], classifier) == []


# Risk


def test_risk_of_a_form():
    """The less sure of the form, the riskier; a person's label that the model surely contradicts is the riskiest."""
    sure, unsure = item(form="bukan", sure=0.9, sectors=()), item(form="bukan", sure=0.4, sectors=())
    contradicted = replace(sure, marks=Marks("bilateral", frozenset({"ekonomi"})), by_person=True)
    agreed = replace(sure, by_person=True)
    risks = [choosing.risk(one) for one in (agreed, sure, unsure, contradicted)]
    assert risks == sorted(risks)
    assert risks[0] == risks[1] < risks[2]


# Choosing


def test_twins_wait(classifier):
    """A text much like one that is chosen comes after unlike ones of the same risk."""
    first, twin, other = (
        item(text, sure=sure)
        for text, sure in [
            ("Indonesia dan Jepang menandatangani perjanjian dagang di Tokyo kemarin.", 0.50),
            ("Indonesia dan Jepang menandatangani perjanjian dagang di Tokyo.", 0.51),
            ("ASEAN membahas kabut asap lintas batas bersama Malaysia.", 0.52),
        ]
    )
    assert choosing.choose([twin, other, first], classifier, 3) == [first, other, twin]
    assert choosing.choose([twin, other], classifier, 1, decided=[first]) == [other]


def test_the_same_rows_whatever_the_order(classifier, news):
    """The choice depends on the rows, not on where they stand."""
    expected = choosing.choose(news, classifier, 30)
    shuffled = list(news)
    random.Random(1).shuffle(shuffled)  # noqa: S311  # an order, no secret
    assert choosing.choose(shuffled, classifier, 30) == expected


def test_going_on_chooses_what_would_have_come(classifier, news):
    """Whoever ends after some rows is shown the others the next time, in the order of one session."""
    whole = choosing.choose(news, classifier, 24)
    for decided in (1, 7, 23):
        rest = choosing.choose(news, classifier, 24 - decided, decided=whole[:decided])
        assert rest == whole[decided:]


def test_each_text_once(classifier, news):
    """Of equal texts one is shown, and none that is decided; all the others, if so many are wanted."""
    found = choosing.choose([*news, *news], classifier, 1000, decided=news[:20])
    assert sorted(one.fields["n"] for one in found) == list(range(20, 120))


def test_nothing_to_choose_from(classifier, news):
    """Without rows, or with all of them decided, nothing is chosen."""
    assert choosing.choose([], classifier, 5, decided=news[:3]) == []
    assert choosing.choose(news[:3], classifier, 5, decided=news[:3]) == []


def test_texts_without_features(classifier):
    """Texts of which the model knows no word are chosen by their risk."""
    rows = [item(text, sure=sure) for text, sure in (("zzqx", 0.5), ("qqxz", 0.4), ("xxqz", 0.6))]
    assert [one.text for one in choosing.choose(rows, classifier, 3)] == ["qqxz", "zzqx", "xxqz"]


@given(st.lists(st.integers(0, 8), max_size=60), st.integers(1, 12))
def test_riskiest_of_many(sures, most):
    """One pass with a bounded memory keeps the riskiest rows, of equal ones the first, of equal texts one."""
    rows = [item(f"teks {sure} {n % 3}", form="bukan", sure=sure / 8, sectors=(), n=n) for n, sure in enumerate(sures)]
    first = {}
    for row in rows:
        first.setdefault(row.text, row)
    expected = sorted(first.values(), key=lambda row: (-choosing.risk(row), row.fields["n"]))[:most]
    assert choosing._riskiest(iter(rows), most, set()) == expected  # noqa: SLF001  # the memory's bound
