"""Sentence boundaries of Indonesian prose, as offsets."""

from __future__ import annotations

import re
from functools import cache

from kerjasama_nlp import resources

_BOUNDARY = re.compile(
    r"""
      (?P<mark>(?<![.!?…])[.!?…]+)      # the mark; a run of them is tried once, from its start
      (?P<closing>["'”’)\]]*)           # what closes with it
      (?:\[\d+\])*                      # footnote numbers
      \s+
      (?=["'“‘(\[]*[A-Z0-9À-Ý])         # a sentence starts with a capital or a figure
    | \n+
    """,
    re.VERBOSE,
)
# "Prof", "12", and with its inner stops "s.d"
_LAST_WORD = re.compile(r"((?:[^\W\d_]+\.)*[^\W\d_]+|\d+)$")
_FIGURE = re.compile(r"[(\[]?(?:\d|[IVX]+\b)")
# No abbreviation is longer, and longer numbers than this number nothing.
_MAX_WORD = 20


@cache
def _abbreviations() -> dict[str, bool]:
    """Return the abbreviations, each with whether it counts in front of figures only."""
    entries = (line.partition(" ") for line in resources.lines("abbreviations.txt"))
    return {word: bool(mark) for word, _, mark in entries}


def spans(text: str) -> list[tuple[int, int]]:
    """Return the (start, end) of each sentence of `text`; blank stretches aren't sentences.

    >>> text = "Menurut K.J. Holsti, ada lima unsur. Dr. Hatta setuju."
    >>> [text[start:end] for start, end in spans(text)]
    ['Menurut K.J. Holsti, ada lima unsur.', 'Dr. Hatta setuju.']
    """
    found = []
    start = 0
    for match in _BOUNDARY.finditer(text):
        within_line = match["mark"] == "." and not match["closing"] and "\n" not in match.group()
        if within_line and _is_abbreviation(text, match.start(), match.end()):
            continue
        end = match.end("closing") if match["mark"] else match.start()
        found.append((start, end))
        start = match.end()
    found.append((start, len(text)))
    return [trimmed for span in found if (trimmed := _trim(text, span)) is not None]


def _is_abbreviation(text: str, dot: int, following: int) -> bool:
    """Tell whether the full stop at `dot` belongs to an abbreviation, an initial or a list number.

    `following` is where the text goes on behind it.
    """
    word = _LAST_WORD.search(text, max(0, dot - _MAX_WORD), dot)
    if word is None:
        return False
    found = word.group()
    if found.isdigit():  # "1. Nama": a number that starts the line
        return _starts_line(text, word.start())
    last = found.rpartition(".")[2]
    if len(last) == 1 and last.isupper():
        return True
    abbreviations = _abbreviations()
    before_figures = abbreviations.get(found.lower(), abbreviations.get(last.lower()))
    if before_figures is None:
        return False
    return not before_figures or _FIGURE.match(text, following) is not None


def _starts_line(text: str, position: int) -> bool:
    while position and text[position - 1].isspace() and text[position - 1] != "\n":
        position -= 1
    return position == 0 or text[position - 1] == "\n"


def _trim(text: str, span: tuple[int, int]) -> tuple[int, int] | None:
    start, end = span
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return (start, end) if start < end else None
