"""Sentence boundaries of Indonesian prose, as offsets."""

from __future__ import annotations

import re
from functools import cache

from kerjasama_nlp import resources

_BOUNDARY = re.compile(
    r"""
      (?P<mark>[.!?…]+)                 # the mark
      (?P<closing>["'”’)\]]*)           # what closes with it
      (?:\[\d+\])*                      # footnote numbers
      \s+
      (?=["'“‘(\[]*[A-Z0-9À-Ý])         # a sentence starts with a capital or a figure
    | \n+
    """,
    re.VERBOSE,
)
_LAST_WORD = re.compile(r"([^\W\d_]+|\d+)$")


@cache
def _abbreviations() -> frozenset[str]:
    return frozenset(resources.lines("abbreviations.txt"))


def spans(text: str) -> list[tuple[int, int]]:
    """Return the (start, end) of each sentence of `text`; blank stretches aren't sentences.

    >>> text = "Menurut K.J. Holsti, ada lima unsur. Dr. Hatta setuju."
    >>> [text[start:end] for start, end in spans(text)]
    ['Menurut K.J. Holsti, ada lima unsur.', 'Dr. Hatta setuju.']
    """
    found = []
    start = 0
    for match in _BOUNDARY.finditer(text):
        if match["mark"] == "." and not match["closing"] and _is_abbreviation(text, match.start()):
            continue
        end = match.end("closing") if match["mark"] else match.start()
        found.append((start, end))
        start = match.end()
    found.append((start, len(text)))
    return [trimmed for span in found if (trimmed := _trim(text, span)) is not None]


def _is_abbreviation(text: str, dot: int) -> bool:
    """Tell whether the full stop at `dot` belongs to an abbreviation, an initial or a list number."""
    word = _LAST_WORD.search(text, max(0, dot - 20), dot)
    if word is None:
        return False
    found = word.group()
    if found.isdigit():  # "1. Nama": a number that starts the line
        return text[: word.start()].rstrip(" ").endswith("\n") or not text[: word.start()].strip()
    return (len(found) == 1 and found.isupper()) or found.lower() in _abbreviations()


def _trim(text: str, span: tuple[int, int]) -> tuple[int, int] | None:
    start, end = span
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return (start, end) if start < end else None
