"""What pages are made of: elements that no text breaks, and charts that are the same everywhere."""

import json
import re
import unicodedata
from xml.etree import ElementTree as ET

import pytest
from conftest import DATA
from hypothesis import given
from hypothesis import strategies as st

from kerjasama_nlp.reports import charts, elements
from kerjasama_nlp.reports.charts import Series

HOSTILE = [case["text"] for case in json.loads((DATA / "hostile_reports.json").read_text(encoding="utf-8"))]
ANY_TEXT = (
    st.text(st.characters(), max_size=20)
    | st.sampled_from(HOSTILE)
    | st.text("<>&\"'\u202e\ud83d\ufffe\n\t", max_size=9)
)
POINT = {"confidence": 0.5, "coverage": 0.4, "precision": 0.9}
BIN = {"from": 0.0, "to": 0.1, "n": 3, "confidence": 0.05, "right": 0.2}
CHARTS = {
    "bars": lambda name: charts.bars("a", name, [(name, 3), ("lain", 0)]),
    "stacked": lambda name: charts.stacked(
        "a", name, ["2025-01", "2025-02"], [Series(name, [1, 2]), Series("b", [0, 4])]
    ),
    "matrix": lambda name: charts.matrix("a", (name, "kolom"), [name], ["x", name], [[1, 2]]),
    "dots": lambda name: charts.dots("a", name, [name, "b"], [Series(name, [0.1, None])]),
    "reliability": lambda name: charts.reliability("a", (name, "benar"), [BIN, BIN | {"n": 0, "right": None}]),
    "coverage": lambda name: charts.coverage("a", (name, "benar"), [POINT], (name, POINT | {"precision": None})),
    "lines": lambda name: charts.lines("a", (name, "nilai"), [10, 20], [Series(name, [0.4, 0.6])]),
    "intervals": lambda name: charts.intervals("a", name, [(name, 0.1, -0.1, 0.3)]),
}
EMPTY = {
    "bars": lambda: charts.bars("a", "x", []),
    "stacked": lambda: charts.stacked("a", "x", [], []),
    "matrix": lambda: charts.matrix("a", ("x", "y"), ["b"], ["c"], [[0]]),
    "dots": lambda: charts.dots("a", "x", [], []),
    "reliability": lambda: charts.reliability("a", ("x", "y"), []),
    "lines": lambda: charts.lines("a", ("x", "y"), [5], [Series("b", [None])]),
}


@given(ANY_TEXT, ANY_TEXT)
def test_texts_stay_texts(text, value):
    """Whatever stands in an element or attribute, a parser finds one element with that text."""
    made = elements.element("p", text, title=value).text
    parsed = ET.fromstring(made.encode("utf-8"))  # noqa: S314  # XML is stricter than HTML
    assert len(parsed) == 0
    assert (parsed.text or "") == elements.harmless(text)
    assert list(parsed.attrib) == ["title"]


@given(ANY_TEXT)
def test_harmless_text_controls_nothing(text):
    """No character is left that hides or turns others, and doing it twice changes nothing."""
    shown = elements.harmless(text)
    assert {c for c in shown if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}} <= {"\n", "\t"}
    assert elements.harmless(shown) == shown


@pytest.mark.parametrize(
    ("value", "options", "shown"),
    [
        (1234567, {}, "1.234.567"),
        (0.1254, {}, "0,125"),
        (0.1254, {"percent": True}, "12,5 %"),
        (-0.02, {"signed": True}, "-0,020"),
        (0.0, {"signed": True}, "+0,000"),
    ],
)
def test_numbers_in_indonesian(monkeypatch, value, options, shown):
    """In Indonesian, a comma stands before decimals and a full stop between thousands."""
    monkeypatch.setenv("KERJASAMA_LANG", "id")
    assert elements.formatted(value, **options) == shown


@pytest.mark.parametrize("name", CHARTS)
def test_charts_show_names_as_text(name):
    """A name is one text in the drawing, never markup or mathematics; all ids have the chart's name before them."""
    text = "</svg><b>$\\frac$\u202e\x00\ufffe"
    drawing = ET.fromstring(CHARTS[name](text).text)  # noqa: S314  # made a moment ago
    tags = {element.tag.split("}")[1] for element in drawing.iter()}
    assert tags <= {"svg", "defs", "style", "g", "path", "use", "text", "clipPath", "rect", "pattern"}
    texts = {"".join(element.itertext()) for element in drawing.iter() if element.tag.endswith("}text")}
    assert elements.harmless(text) in texts
    assert [e.attrib["id"] for e in drawing.iter() if not e.attrib.get("id", "a-").startswith("a-")] == []
    assert drawing.attrib["aria-label"].startswith(elements.harmless(text))


def test_every_hostile_name_has_its_bar():
    """Names of all kinds stand beside their bars, the first letters of long ones."""
    drawing = ET.fromstring(charts.bars("a", "x", [(text, 1) for text in HOSTILE]).text)  # noqa: S314  # as above
    texts = {"".join(element.itertext())[:20] for element in drawing.iter() if element.tag.endswith("}text")}
    assert {" ".join(elements.harmless(text).split())[:20] for text in HOSTILE} <= texts


@pytest.mark.parametrize("name", CHARTS)
def test_charts_are_the_same_each_time(name):
    """The same numbers give the same bytes, whatever the user has set for charts of their own."""
    import matplotlib as mpl

    first = CHARTS[name]("nama").text
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red", "svg.hashsalt": None, "text.usetex": True}):
        assert CHARTS[name]("nama").text == first
    assert "date" not in first.lower()


@pytest.mark.parametrize("name", EMPTY)
def test_charts_of_nothing(name):
    """A chart without numbers is drawn, too."""
    assert EMPTY[name]().text.startswith("<svg ")


def test_ids_of_two_charts_differ():
    """Charts on one page don't take each other's parts."""
    found = [set(re.findall(r' id="([^"]+)"', charts.bars(name, "x", [("b", 1)]).text)) for name in ("satu", "dua")]
    assert all(found)
    assert found[0].isdisjoint(found[1])
