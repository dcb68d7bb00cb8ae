"""Label sets: what describes one, and every fault of such a description."""

import json

import pytest
from conftest import cases, error_line
from hypothesis import given
from hypothesis import strategies as st

from kerjasama_nlp.labels import label_set
from kerjasama_nlp.labels.label_set import LabelSet

PANTRY = {
    "forms": ["pasar", "cuaca"],
    "none": "cuaca",
    "sectors": ["sayur", "buah"],
    "meanings": {"pasar": "prices | and goods"},
}


@pytest.mark.parametrize("case", cases("label_set_faults.json"))
def test_fault(call, tmp_path, case):
    """Each fault of a label set is told with its file; nothing is read or trained, exit code 3."""
    (tmp_path / "label.json").write_text(case["text"], encoding="utf-8")
    error = error_line(call("train", "--label-set", "label.json", "--labels", "tidak-ada.csv", "-o", "m"), 3)
    assert error.startswith("kerjasama: error: label.json: found no label set (")
    assert case["says"] in error
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("name", ["tidak-ada.json", "."])
def test_a_file_that_cannot_be_read(call, name):
    """A file that is missing, or a folder, is told as such."""
    error = error_line(call("train", "--label-set", name, "--labels", "a.csv", "-o", "m"), 3)
    assert error.startswith(f"kerjasama: error: {name}: cannot be read (")


def test_a_label_set_needs_texts(call, tmp_path):
    """A label set without labelled texts is wrong usage."""
    (tmp_path / "label.json").write_text(json.dumps(PANTRY), encoding="utf-8")
    error = error_line(call("train", "--label-set", "label.json", "-o", "m"), 2)
    assert "go with --labels FILE" in error


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(tmp_path, encoding):
    """A byte order mark, as Windows writes it, is no matter."""
    path = tmp_path / "label.json"
    path.write_text(json.dumps(PANTRY, ensure_ascii=False), encoding=encoding)
    assert label_set.read(path).to_json() == PANTRY


def test_endless_nesting(tmp_path):
    """A file made to exhaust the reader is no label set."""
    path = tmp_path / "label.json"
    path.write_text("[" * 500_000, encoding="utf-8")
    with pytest.raises(label_set.InputError, match="found no label set"):
        label_set.read(path)


_NAMES = st.lists(
    st.text(st.characters(categories=["L", "N", "P"], exclude_characters=";"), min_size=1, max_size=60),
    min_size=2,
    max_size=6,
    unique=True,
)


@given(_NAMES, _NAMES, st.data())
def test_json_gives_it_back(forms, sectors, data):
    """Whatever the names, their order, and whether there is a form without sectors: a set survives its own JSON."""
    none = data.draw(st.sampled_from([None, *forms]))
    meanings = data.draw(st.dictionaries(st.sampled_from([*forms, *sectors]), st.text(max_size=20)))
    found = LabelSet(tuple(forms), none, tuple(sectors), meanings)
    again = LabelSet.from_json(json.loads(json.dumps(found.to_json())))
    assert again == found
    assert again.meanings == meanings


def test_what_may_be_left_out():
    """`none` and `meanings` may be left out; the order of names is kept, and tells sets apart."""
    found = LabelSet.from_json({"forms": ["b", "a"], "sectors": []})
    assert (found.forms, found.none, found.sectors, found.meanings) == (("b", "a"), None, (), {})
    assert found != LabelSet.from_json({"forms": ["a", "b"], "sectors": []})


@pytest.mark.parametrize(
    ("none", "sectors", "form", "given_sectors", "says"),
    [
        ("cuaca", ["sayur"], "cuaca", [], []),
        ("cuaca", ["sayur"], "pasar", ["sayur"], []),
        ("cuaca", ["sayur"], "pasar", [], ["cuaca has no sector, every other form at least one"]),
        ("cuaca", ["sayur"], "cuaca", ["sayur"], ["cuaca has no sector, every other form at least one"]),
        (None, ["sayur"], "cuaca", ["sayur"], []),
        (None, ["sayur"], "cuaca", [], ["every form has at least one sector"]),
        (None, [], "cuaca", [], []),
        ("cuaca", [], "pasar", [], []),
        ("cuaca", [], "pasar", ["sayur"], ["unknown sector 'sayur'"]),
        (None, ["sayur"], "bukan", ["x"], ["found form 'bukan', expected one of pasar, cuaca", "unknown sector 'x'"]),
        (None, ["sayur"], ["pasar"], None, ["found form ['pasar'], expected one of pasar, cuaca"]),
    ],
)
def test_labels_of_a_text(none, sectors, form, given_sectors, says):
    """A text's labels are held to the set's own rules, every fault of them told."""
    found = LabelSet(("pasar", "cuaca"), none, tuple(sectors)).faults(form, given_sectors)
    assert [fault for fault in found if "expected a list" not in fault] == says
    assert any("expected a list" in fault for fault in found) == (given_sectors is None)


def test_the_standard_set_is_whole():
    """Every label that ships has a meaning, and `bukan` is the form without sectors."""
    found = label_set.standard()
    assert set(found.meanings) == {*found.forms, *found.sectors}
    assert found.none == "bukan"
