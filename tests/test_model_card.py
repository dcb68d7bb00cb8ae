"""The model card: whatever a manifest holds, its tables stay tables."""

import json
import re

import pytest
from conftest import PROJECT
from hypothesis import given
from hypothesis import strategies as st

from kerjasama_nlp import model_card

# A bar that ends a cell: one without a backslash before it, or with an even number of them.
BAR = re.compile(r"(?<!\\)(?:\\\\)*\|")


@pytest.fixture(scope="module")
def manifest():
    """Return the manifest of the shipped model."""
    (path,) = (PROJECT / "models").glob("*/manifest.json")
    return json.loads(path.read_text(encoding="utf-8"))


def _shape(card):
    """Return how many cells each line has."""
    return [len(BAR.findall(line)) for line in re.split(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]", card)]


@given(meaning=st.text(st.sampled_from("a|\\\n\r\v\x85\u2028 `<é"), max_size=12))
def test_no_meaning_breaks_a_table(manifest, meaning):
    """Bars, backslashes and line ends in what a label means end neither a cell nor a line."""
    labels = manifest["labels"]
    changed = {**manifest, "labels": {**labels, "meanings": {**labels["meanings"], labels["forms"][0]: meaning}}}
    assert _shape(model_card.render(changed)) == _shape(model_card.render(manifest))


def test_a_name_of_bars(manifest):
    """A bar in a label's name is shown, and is no end of a cell."""
    renamed = json.loads(json.dumps(manifest).replace('"bukan"', '"a|b"'))
    card = model_card.render(renamed)
    assert "| a\\|b | " in card
    assert _shape(card) == _shape(model_card.render(manifest))


def test_a_model_without_labels(manifest):
    """A model that labels nothing has a card of its articles alone; what isn't known is a question mark."""
    card = model_card.render({name: manifest[name] for name in ("package", "versions", "passages")})
    assert "## Labels" not in card
    assert "| articles | ? |" in card
    assert f"| passages | {manifest['passages']} |" in card
