"""`evaluate --against`: another model beside this one."""

import json

import pytest
from conftest import PROJECT, error_line

HELD_OUT = PROJECT / "corpus" / "labels" / "held_out.jsonl"
SCORES = {"form_macro_f1", "cooperation_f1", "sector_micro_f1"}


@pytest.fixture(scope="module")
def rows():
    """Return some labelled lines."""
    with HELD_OUT.open(encoding="utf-8") as lines:
        return [next(lines) for _ in range(120)]


@pytest.fixture
def files(tmp_path, rows):
    """Write texts to measure on, and others to learn from."""
    (tmp_path / "uji.jsonl").write_text("".join(rows[:40]), encoding="utf-8")
    (tmp_path / "latih.jsonl").write_text("".join(rows[40:]), encoding="utf-8")
    return tmp_path


@pytest.mark.usefixtures("files")
def test_against_another_model(call):
    """The other model's scores are those of its own evaluation; the differences are told with their intervals."""
    assert call("train", "--labels", "latih.jsonl", "-o", "lain").code == 0
    scores = json.loads(call("evaluate", "--labels", "uji.jsonl", "--against", "lain", "--json").out)
    other = json.loads(call("evaluate", "--labels", "uji.jsonl", "--model", "lain", "--json").out)
    assert {"n", *SCORES} <= set(scores["against"])
    assert scores["against"] == {name: other[name] for name in scores["against"]}
    assert set(scores["comparison"]) >= SCORES
    for name, found in scores["comparison"].items():
        assert found["new"] == pytest.approx(scores[name], abs=1e-4)
        assert found["old"] == pytest.approx(other[name], abs=1e-4)
        assert found["difference"] == pytest.approx(scores[name] - other[name], abs=2e-4)
        assert found["low"] <= found["difference"] <= found["high"]
    table = call("evaluate", "--labels", "uji.jsonl", "--against", "lain").out
    assert "sector_micro_f1" in table.split("comparison", 1)[1]


@pytest.mark.usefixtures("files")
def test_texts_that_a_model_has_seen(call):
    """How many of the measured texts a model was trained on stands beside its scores, which are the better for it."""
    assert call("train", "--labels", "latih.jsonl", "-o", "lain").code == 0
    for source, seen in (("uji.jsonl", 0), ("latih.jsonl", 80)):
        assert json.loads(call("evaluate", "--labels", source, "--model", "lain", "--json").out)["trained_on"] == seen


@pytest.mark.usefixtures("files")
def test_a_model_of_other_labels(call, tmp_path):
    """Models that give different labels can't be compared, and the message names both sets."""
    labels = {"forms": ["dua", "tidak"], "none": "tidak", "sectors": ["laut"]}
    (tmp_path / "label.json").write_text(json.dumps(labels), encoding="utf-8")
    texts = [
        {"text": f"nelayan {n} melaut" if n % 2 else f"pasar {n} sepi", "form": ("tidak", "dua")[n % 2]}
        | {"sectors": ["laut"] if n % 2 else []}
        for n in range(40)
    ]
    (tmp_path / "laut.jsonl").write_text("".join(json.dumps(text) + "\n" for text in texts), encoding="utf-8")
    trained = call("train", "--labels", "laut.jsonl", "--label-set", "label.json", "-o", "laut")
    assert trained.code == 0, trained.err
    message = error_line(call("evaluate", "--labels", "uji.jsonl", "--against", "laut"), 2)
    assert "dua, tidak, laut" in message
    assert "bilateral" in message
    reply = call("evaluate", "--labels", "laut.jsonl", "--model", "laut", "--report", "a.html", "--json")
    scores = json.loads(reply.out)
    assert list(scores["confusion"]) == ["dua", "tidak"]
    assert (tmp_path / "a.html").is_file()
