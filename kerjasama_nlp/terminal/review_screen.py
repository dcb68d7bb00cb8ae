"""What a reviewer sees: a session's state as lines that fit a window."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from kerjasama_nlp.i18n import _
from kerjasama_nlp.review import choosing, session
from kerjasama_nlp.review.items import Item
from kerjasama_nlp.review.session import State
from kerjasama_nlp.terminal.render import BOLD, PLAIN, printable
from kerjasama_nlp.terminal.wrapping import cut, width, wrap

# Of a text no more than this is shown: nobody pages through a book to label it.
_MOST_SHOWN = 20_000
# A window smaller than this is treated as one of this size, and loses its edges.
_LEAST_COLUMNS, _LEAST_LINES = 20, 8
# The text gets so many lines at least, as long as there is something else to leave out.
_LEAST_TEXT = 4
_PLAIN_COLUMNS = 80
_FAINT, _MARKED = "\x1b[2m", "\x1b[7m"


class Window(NamedTuple):
    """How many columns and lines there are, and whether they can be coloured."""

    columns: int
    lines: int
    colour: bool


def draw(state: State, window: Window) -> str:
    """Return the whole window, each line of it, as a terminal is told to draw it."""
    window = Window(max(window.columns, _LEAST_COLUMNS), max(window.lines, _LEAST_LINES), window.colour)
    return "\r\n".join(_screen(state, window)[: window.lines])


def plain(state: State) -> str:
    """Return a state for a reader who has no window: all of the text, then the labels and the message."""
    window = Window(_PLAIN_COLUMNS, sys.maxsize, colour=False)
    if state.helping:
        body = _help(state, window.columns)
    elif state.item is None:
        body = [_done()]
    else:
        body = [*_text(state.item.text, window.columns), *_foot(state, state.item, window)]
    return "\n".join([_head(state, window.columns), *(line.rstrip() for line in (*body, state.message) if line)])


def marks(state: State) -> str:
    """Return the labels of the row that is shown, and the message, for a reader who has seen the rest."""
    names = [state.marks.form, *(name for name in state.label_set.sectors if name in state.marks.sectors)]
    return printable("; ".join(name for name in (", ".join(names), state.message) if name))


def _done() -> str:
    return _("All rows are decided. Enter ends, u goes back to the last one.")


def _screen(state: State, window: Window) -> list[str]:
    head = _coloured(_head(state, window.columns), BOLD, window)
    message = _coloured(cut(state.message, window.columns), _MARKED, window) if state.message else ""
    if state.helping:
        foot = [_coloured(cut(_("any other key goes back"), window.columns), _FAINT, window)]
        body = _page(_help(state, window.columns), window.lines - 1 - len(foot), state.page, window.columns)
        return [head, *body, *foot]
    if state.item is None:
        return [head, "", *wrap(_done(), window.columns), message]
    foot = _foot(state, state.item, window)
    room = max(window.lines - 2 - len(foot), _LEAST_TEXT)
    body = _page(_text(state.item.text, window.columns), room, state.page, window.columns)
    return [head, *body, *foot, message]


def _head(state: State, columns: int) -> str:
    done = len(state.decisions)
    skipped = sum(decision.skipped for decision in state.decisions)
    line = _("row {row} of {rows}; {labelled} labelled, {skipped} skipped").format(
        row=min(done + 1, len(state.queue)), rows=len(state.queue), labelled=done - skipped, skipped=skipped
    )
    return cut(line, columns)


@lru_cache(maxsize=4)
def _text(text: str, columns: int) -> list[str]:
    shown = text if len(text) <= _MOST_SHOWN else text[:_MOST_SHOWN] + "…"
    return wrap(printable(shown).replace("\t", " "), columns)


def _page(lines: list[str], room: int, page: int, columns: int) -> list[str]:
    """Return so many lines exactly; what doesn't fit goes on further pages, after the last comes the first."""
    if len(lines) <= room:
        return lines + [""] * (room - len(lines))
    each = max(room - 1, 1)
    pages = -(-len(lines) // each)
    start = page % pages * each
    part = lines[start : start + each]
    more = _("— page {page} of {pages}, Space turns —").format(page=page % pages + 1, pages=pages)
    return [*part, *[""] * (each - len(part)), cut(more, columns)]


def _foot(state: State, item: Item, window: Window) -> list[str]:
    """Return the lines below the text; in a low window the less important ones are left out."""
    keys = _("Enter accepts   s skips   u undoes   Space turns the page   q quits   ? helps")
    optional = [
        ("keys", [_coloured(cut(keys, window.columns), _FAINT, window)]),
        ("parties", _named(_("parties"), printable(", ".join(item.suggestion.parties)), window.columns)),
        ("why", _named(_("why"), choosing.reason(item), window.columns)),
    ]
    labels = [*_forms(state, item, window), *_sectors(state, item, window)]
    parts = {"labels": labels, **dict(optional)}
    for name, _lines in optional:
        if sum(map(len, parts.values())) + _LEAST_TEXT + 3 > window.lines:
            parts[name] = []
    return ["", *parts["why"], *parts["parties"], *parts["labels"], *parts["keys"]]


def _named(name: str, value: str, columns: int) -> list[str]:
    return [cut(f"{name}: {value}", columns)] if value else []


def _forms(state: State, item: Item, window: Window) -> list[str]:
    said = {item.suggestion.form: item.suggestion.form_confidence}
    cells = [
        _cell(key, "(•)" if name == state.marks.form else "( )", name, said.get(name))
        for key, name in session.form_keys(state.label_set).items()
    ]
    return _grid(cells, [name == state.marks.form for name in state.label_set.forms], window)


def _sectors(state: State, item: Item, window: Window) -> list[str]:
    given = state.marks.sectors
    cells = [
        _cell(key, "[x]" if name in given else "[ ]", name, item.suggestion.sector_confidence.get(name))
        for key, name in session.sector_keys(state.label_set).items()
    ]
    return _grid(cells, [name in given for name in state.label_set.sectors], window)


def _cell(key: str, box: str, name: str, probability: float | None) -> str:
    share = "" if probability is None else f" {probability:.0%}"
    return f"{key} {box} {printable(name)}{share}"


def _grid(cells: list[str], chosen: list[bool], window: Window) -> list[str]:
    """Return cells in columns of the same width, as many beside each other as fit."""
    if not cells:
        return []
    broad = min(max(map(width, cells)) + 2, window.columns)
    across = max(window.columns // broad, 1)
    lines = []
    for start in range(0, len(cells), across):
        row = zip(cells[start : start + across], chosen[start : start + across], strict=True)
        lines.append("".join(_padded(cut(cell, broad), broad, bold=bold and window.colour) for cell, bold in row))
    return lines


def _padded(cell: str, columns: int, *, bold: bool) -> str:
    space = " " * (columns - width(cell))
    return f"{BOLD}{cell}{PLAIN}{space}" if bold else cell + space


def _help(state: State, columns: int) -> list[str]:
    lines = [
        *wrap(_("Look at the text, mend the labels where they are wrong, and press Enter."), columns),
        "",
        *_keys(session.form_keys(state.label_set), state.label_set.meanings, columns),
        "",
        *_keys(session.sector_keys(state.label_set), state.label_set.meanings, columns),
        "",
    ]
    commands = {
        "Enter": _("accept the labels and go on"),
        "s": _("skip the row; it isn't shown again"),
        "u": _("undo, any number of steps back"),
        "Space": _("turn the page"),
        "q": _("quit; the same command goes on from here"),
    }
    return lines + [line for key, what in commands.items() for line in wrap(f"{key}: {what}", columns, "  ")]


def _keys(names: Mapping[str, str], meanings: Mapping[str, str], columns: int) -> list[str]:
    lines = []
    for key, name in names.items():
        meaning = f": {meanings[name]}" if name in meanings else ""
        lines += wrap(printable(f"{key} {name}{meaning}"), columns, "  ")
    return lines


def _coloured(line: str, code: str, window: Window) -> str:
    return f"{code}{line}{PLAIN}" if window.colour and line else line
