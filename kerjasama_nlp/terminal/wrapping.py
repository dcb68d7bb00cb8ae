"""Text in the columns of a terminal: wide characters take two, combining ones none."""

from __future__ import annotations

import unicodedata


def width(text: str) -> int:
    """Return the columns that a text takes.

    >>> width("RI"), width("日本"), width("e\u0301")
    (2, 4, 1)
    """
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def wrap(text: str, columns: int, indent: str = "") -> list[str]:
    """Return lines of at most `columns` columns, cut at spaces where there are any; those after the first indented.

    Line ends of the text stay; runs of blank lines become one.

    >>> wrap("Indonesia dan Jepang", 12), wrap("Yogyakarta", 4)
    (['Indonesia', 'dan Jepang'], ['Yogy', 'akar', 'ta'])
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        words = paragraph.split()
        if not words and lines and lines[-1]:
            lines.append("")
        line = ""
        for word in words:
            if line and width(line) + 1 + width(word) <= columns:
                line += " " + word
                continue
            if line:
                lines.append(line)
            line = word if not lines else indent + word
            while width(line) > columns:
                end = max(_fitting(line, columns), len(indent) + 1)
                lines.append(line[:end])
                line = indent + line[end:]
        if line:
            lines.append(line)
    return lines[:-1] if lines and not lines[-1] else lines


def _fitting(text: str, columns: int) -> int:
    """Return how many characters of the beginning fit."""
    taken = 0
    for position, char in enumerate(text):
        taken += _columns(char)
        if taken > columns:
            return position
    return len(text)


def cut(text: str, columns: int) -> str:
    """Return a line that fits, its end left out where it doesn't.

    >>> cut("bilateral", 5)
    'bila…'
    """
    return text if width(text) <= columns else text[: _fitting(text, columns - 1)] + "…"
