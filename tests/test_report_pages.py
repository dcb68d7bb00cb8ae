"""Reports in a real browser: they render, nothing runs or leaves, and the numbers are those of the JSON."""

import json
import os
import subprocess
import sys
import unicodedata
from functools import cache
from pathlib import Path
from typing import NamedTuple

import browser
import pytest
from conftest import DATA, PROJECT
from PIL import Image

HOSTILE = [case["text"] for case in json.loads((DATA / "hostile_reports.json").read_text(encoding="utf-8"))]
HELD_OUT = PROJECT / "corpus" / "labels" / "held_out.jsonl"
PAGE = "laporan.html"
# All that reports consist of; the rest of SVG's elements begin with a capital letter inside (clipPath).
ELEMENTS = set(
    "html head meta title style body h1 h2 p section figure figcaption div table thead tbody tr th td ul li data "
    "details summary blockquote b footer svg defs g path use text clippath rect image tspan pattern".split()
)
HARMFUL = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def _kerjasama(folder, *args, code=0):
    """Run the real command; return its output as JSON."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "KERJASAMA"))}
    ended = subprocess.run(
        [sys.executable, "-m", "kerjasama_nlp", *map(str, args)],
        capture_output=True,
        env=environment | {"LC_ALL": "C"},
        cwd=folder,
        timeout=120,
        check=False,
    )
    assert ended.returncode == code, ended.stderr.decode()
    return json.loads(ended.stdout or b"null")


def _jsonl(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def _gold(number):
    with HELD_OUT.open(encoding="utf-8") as lines:
        return [json.loads(line) for line, _ in zip(lines, range(number), strict=False)]


def _evaluation(folder):
    """Evaluate the shipped model, with a learning curve, and beside another one whose name attacks the page."""
    gold, learn = _jsonl(folder / "uji.jsonl", _gold(60)), _jsonl(folder / "belajar.jsonl", _gold(160)[40:])
    other = "<img src=x onerror=alert(1)>"
    _kerjasama(folder, "train", "--labels", learn, "-o", other)
    more = ("--learning-curve", learn, "--against", other)
    return _kerjasama(folder, "evaluate", "--labels", gold, "--report", PAGE, *more, "--json")


def _hostile_evaluation(folder):
    """Evaluate on texts that attack the page, each of them an error."""
    pact = "Indonesia dan Jepang menandatangani perjanjian dagang."
    rows = [{"text": f"{text} {pact}", "form": "regional", "sectors": ["ekonomi"]} for text in HOSTILE]
    gold = _jsonl(folder / "<img src=x onerror=alert(1)>\u202e.jsonl", rows)
    return _kerjasama(folder, "evaluate", "--labels", gold, "--report", PAGE, "--json")


def _archive(folder):
    """Report on rows as `label` writes them."""
    rows = [
        row
        | {"tanggal": f"{n % 28 + 1} Mei 20{n % 7 + 19}", "form_confidence": 0.5, "needs_review": False, "error": None}
        | {"parties": ["Indonesia", "Jepang", "ASEAN"][: 1 + len(row["sectors"])]}
        for n, row in enumerate(_gold(60))
    ]
    return _kerjasama(folder, "report", _jsonl(folder / "arsip.jsonl", rows), "-o", PAGE, "--json")


def _hostile_archive(folder):
    """Report on rows whose texts, dates, labels and parties attack the page; one row's form can't be shown."""
    row = {"form": "bilateral", "form_confidence": 0.25, "needs_review": True, "error": None}
    rows = [
        row
        | {"text": text, "date": text if n % 2 else "2025-01-01"}
        | {"sectors": ["ekonomi", f"<script>{n}</script>"], "parties": [text, "Jepang"]}
        for n, text in enumerate(HOSTILE)
    ]
    rows += [rows[0] | {"form": "<img src=x onerror=alert(1)>"}, rows[0] | {"form": "form\u202eyang berbalik"}]
    source = _jsonl(folder / '"><img src=x onerror=alert(1)>.jsonl', rows)
    return _kerjasama(folder, "report", source, "-o", PAGE, "--json", code=4)


MAKERS = {
    "evaluation": _evaluation,
    "hostile evaluation": _hostile_evaluation,
    "archive": _archive,
    "hostile archive": _hostile_archive,
}


class Report(NamedTuple):
    """A page: its file, how the browser sees it, and the JSON of the same call."""

    page: Path
    seen: browser.Opened
    numbers: dict


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Make a report by the name of its maker, once."""

    @cache
    def make(name):
        folder = tmp_path_factory.mktemp("report")
        numbers = MAKERS[name](folder)
        return Report(folder / PAGE, browser.opened(folder / PAGE, folder), numbers)

    return make


@pytest.fixture(params=MAKERS)
def report(request, made):
    """Return each report."""
    return made(request.param)


def test_the_browser_tells_on_a_bad_page(tmp_path):
    """What these tests look for is seen where it happens: scripts, their complaints, and requests."""
    page = tmp_path / "buruk.html"
    page.write_text(
        '<!DOCTYPE html><p>x<img src="http://example.invalid/a.png">'
        '<script>console.error("aduh"); document.body.append(document.createElement("hr"))</script>',
        encoding="utf-8",
    )
    seen = browser.opened(page, tmp_path)
    assert seen.console == ['"aduh"']
    assert seen.requests == ["http://example.invalid/a.png"]
    assert len(seen.named("hr")) == 1


def test_nothing_runs_and_nothing_leaves(report):
    """The console stays silent, the network unused, and the page consists of harmless elements only."""
    seen = report.seen
    assert (seen.console, seen.requests) == ([], [])
    metas = [element.attributes for element in seen.named("meta")]
    policies = {meta["http-equiv"]: meta["content"] for meta in metas if "http-equiv" in meta}
    assert policies["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert {element.name for element in seen.elements} - ELEMENTS == set()
    handlers = [(e.name, key) for e in seen.elements for key in e.attributes if key.startswith("on")]
    assert handlers == []
    links = {value for e in seen.elements for key, value in e.attributes.items() if key.endswith(("href", "src"))}
    assert [link for link in links if not link.startswith("#")] == []


def test_every_drawing_is_whole(report):
    """Each section's chart is drawn, with a name for screen readers, and ids are given once."""
    seen = report.seen
    drawings = seen.named("svg")
    assert len(drawings) >= 5
    assert [e for e in drawings if not e.attributes.get("aria-label")] == []
    ids = [e.attributes["id"] for e in seen.elements if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    used = {e.attributes["xlink:href"][1:] for e in seen.named("use")}
    assert used
    assert used <= set(ids)


def test_no_control_character_is_shown(report):
    """Neither text nor drawing holds a character that turns or hides what stands beside it."""
    seen = report.seen
    everything = next(element for element in seen.elements if element.name == "body").text
    assert {c for c in everything if unicodedata.category(c) in HARMFUL} <= {"\n"}


def _at(value, pointer):
    for key in (part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]):
        value = value[int(key)] if isinstance(value, list) else value[key]
    return value


def _numbers_in(value, path=""):
    """Yield where numbers and nulls stand in a JSON value."""
    if isinstance(value, dict):
        for key, entry in value.items():
            yield from _numbers_in(entry, f"{path}/{key.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for number, entry in enumerate(value):
            yield from _numbers_in(entry, f"{path}/{number}")
    elif not isinstance(value, str):
        yield path


def _read(text):
    """Return the number that a reader sees, with half of its last digit."""
    text, scale = (text.removesuffix(" %"), 100) if text.endswith(" %") else (text, 1)
    decimals = len(text.partition(".")[2])
    return float(text.replace(",", "")) / scale, 0.5 / 10**decimals / scale


def test_the_numbers_are_those_of_the_json(report):
    """Each number on the page is the one that the JSON has in its place, and reads as it."""
    seen, numbers = report.seen, report.numbers
    data = seen.named("data")
    assert len(data) > 50
    for element in data:
        expected = _at(numbers, element.attributes["data-key"])
        assert json.loads(element.attributes["value"]) == expected
        if expected is None:
            assert element.text == "–"
        else:
            read, half = _read(element.text)
            assert read == pytest.approx(expected, abs=half * 1.001)


def test_every_number_of_the_json_is_on_the_page(report):
    """Nothing that the JSON counts is left out of the page."""
    seen, numbers = report.seen, report.numbers
    assert set(_numbers_in(numbers)) == {element.attributes["data-key"] for element in seen.named("data")}


def test_foreign_names_are_shown_as_they_are(made):
    """A name that is markup is read as text, in tables and charts, without what can't be shown."""
    _page, seen, counts = made("hostile archive")
    cells = {element.text for element in seen.named("th")}
    assert {"<script>document.title='x'</script>", "<img src=x onerror=alert(1)>", "amangnp.exe"} <= cells
    drawn = {element.text for element in seen.named("text")}
    assert "$\\frac{1}{0}$ \\undefined $" in drawn
    assert (counts["faulty"], counts["rows"]) == (1, len(HOSTILE) + 2)


def test_hostile_errors_are_shown_as_they_are(made):
    """The worst errors show their texts, whatever these hold."""
    _page, seen, scores = made("hostile evaluation")
    texts = {element.text for element in seen.named("p")}
    assert len(scores["errors"]) == len(HOSTILE)
    assert any(text.startswith("</svg><script>alert(1)</script> Indonesia") for text in texts)


def test_the_page_can_be_seen(made, tmp_path):
    """A picture of the page has ink, bars in their colour included."""
    browser.screenshot(made("archive").page, tmp_path / "a.png", tmp_path)
    with Image.open(tmp_path / "a.png") as picture:
        colours = dict(map(reversed, picture.convert("RGB").getcolors(1 << 24)))
    whole = sum(colours.values())
    assert 0.5 < colours[255, 255, 255] / whole < 0.97
    assert colours[0, 0x72, 0xB2] / whole > 0.02


def test_a_missing_browser_fails_where_it_is_required(monkeypatch):
    """A machine that must test pages doesn't skip them in silence; another one may."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv(browser.REQUIRED, "1")
    with pytest.raises(pytest.fail.Exception, match="found no Chromium"):
        browser.find()
    monkeypatch.delenv(browser.REQUIRED)
    with pytest.raises(pytest.skip.Exception, match="found no Chromium"):
        browser.find()
