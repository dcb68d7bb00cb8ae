"""What a reviewer sees: everything that is needed in 80 columns and 24 lines, and nothing that breaks the window."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from review import LABELS, item, several

from kerjasama_nlp.review.session import ENTER, HELP, NEXT_PAGE, SKIP, press, start
from kerjasama_nlp.terminal.review_screen import Window, draw, marks, plain
from kerjasama_nlp.terminal.wrapping import cut, width, wrap

USUAL = Window(80, 24, colour=False)
LONG = " ".join(f"kata{number}" for number in range(600))
CODES = re.compile(r"\x1b\[\d*m")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


def _state(*rows):
    return start(LABELS, [], rows)


def test_a_row_in_the_usual_window():
    """Text, reason, parties, all labels with their keys and what the model said of them, and the commands."""
    row = item("Padi " * 30, sure=0.6, probable={"ekonomi": 0.7, "hukum": 0.4})
    drawn = draw(_state(row, *several(4)), USUAL)
    for shown in (
        "row 1 of 5; 0 labelled, 0 skipped",
        "Padi Padi",
        "why: form is bilateral at 60%; in doubt: hukum, ekonomi",
        "parties: Indonesia, Jepang",
        "1 (•) bilateral 60%",
        "4 ( ) bukan",
        "a [x] ekonomi 70%",
        "d [ ] hukum 40%",
        "j [ ] lingkungan 0%",
        "Enter accepts",
    ):
        assert shown in drawn
    assert drawn.count("\r\n") <= 23


def test_marks_follow_the_keys():
    """What is marked is seen, and a message too."""
    drawn = draw(press(press(press(_state(item()), "3"), "b"), "é"), USUAL)
    assert "3 (•) multilateral" in drawn
    assert "[x] politik" in drawn
    assert drawn.endswith("no such key; ? lists them")
    assert marks(press(_state(item()), "b")) == "bilateral, ekonomi, politik"


def test_all_pages_hold_the_whole_text():
    """A long text is turned page by page, each word on one of them, and the last page is followed by the first."""
    state = _state(item(LONG))
    first = draw(state, USUAL)
    pages = int(re.search(r"page 1 of (\d+), Space turns", first)[1])
    words = []
    for _ in range(pages):
        words += re.findall(r"\bkata\d+\b", draw(state, USUAL))
        state = press(state, NEXT_PAGE)
    assert (words, pages > 2) == (LONG.split(), True)
    assert draw(state, USUAL) == first


def test_help_explains_every_key():
    """The help names each label and each command; a label's meaning stands beside it."""
    labels = replace(LABELS, meanings={"bilateral": "dua negara"})
    shown = plain(press(start(labels, [], [item()]), HELP))
    for line in ("1 bilateral: dua negara", "j lingkungan", "s: skip the row; it isn't shown again"):
        assert line in shown.splitlines()


def test_end_of_the_rows():
    """Behind the last row, the screen says what ends the session."""
    assert "All rows are decided. Enter ends" in draw(press(_state(item()), SKIP), USUAL)
    assert "1 of 1; 1 labelled" in plain(press(_state(item()), ENTER))


@given(TEXTS, st.integers(1, 140), st.integers(1, 60), st.booleans(), st.lists(st.sampled_from("2b ?sé"), max_size=4))
def test_fits_every_window(text, columns, lines, colour, keys):
    """Whatever the text and the window, no more lines and columns than it has, down to the least, and no control."""
    state = _state(item(text), item(LONG))
    for key in keys:
        state = press(state, key)
    drawn = CODES.sub("", draw(state, Window(columns, lines, colour))).split("\r\n")
    assert len(drawn) <= max(lines, 8)
    assert max(map(width, drawn)) <= max(columns, 20)
    assert all(line.isprintable() or not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e]", line) for line in drawn)
    assert "\x1b" not in draw(state, Window(columns, lines, colour=False))


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (80, 16), (60, 24), (132, 50)])
def test_labels_are_always_seen(columns, lines):
    """In windows of sixteen lines or more every label stands on the screen, and the text has some lines."""
    drawn = draw(_state(item(LONG)), Window(columns, lines, colour=False))
    for name in (*LABELS.forms, *LABELS.sectors):
        assert name in drawn
    assert "kata0" in drawn


@given(TEXTS, st.integers(2, 100))
def test_wrapping_keeps_all_words(text, columns):
    """Wrapped text has the characters of the text in their order, no line is too long, none ends in a space."""
    lines = wrap(text, columns)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(width(line) <= columns and line == line.strip() for line in lines)


@given(TEXTS, st.integers(2, 100))
def test_cutting_fits(text, columns):
    """A cut line fits, and one that fits isn't cut."""
    assert width(cut(text, columns)) <= columns
    assert width(text) > columns or cut(text, columns) == text
