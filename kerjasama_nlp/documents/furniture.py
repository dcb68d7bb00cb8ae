"""Furniture of web pages: links to other articles, cookies, sharing, bylines; what of it may go, and where.

Which lines are furniture is data: `data/boilerplate.txt` anywhere on a page, `data/page_head.txt` only
between its title and its text.
"""

from __future__ import annotations

import re
from functools import cache

from kerjasama_nlp import resources
from kerjasama_nlp.documents.lines import Line

_SEE_ALSO_HEAD = re.compile(r"\W*(?:baca|lihat|simak) (?:juga|pula)\W*", re.IGNORECASE)
# Authors: up to six words, each with a capital ("Sari Dewi, Bima Putra").
_NAMES = re.compile(r"[A-Z][\w.'’-]*(?:(?:, | [&|/] | )[A-Z][\w.'’-]*){0,5},?")
# Shorter words (dan, di, dari) stand in every text.
_WORD = re.compile(r"\w{4,}")

# No furniture is longer; the patterns are many, and some look at a line more than once.
_MAX_LENGTH = 1_000


@cache
def _patterns(name: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in resources.lines(name)), re.IGNORECASE)


def is_boilerplate(line: str, *, in_head: bool = True) -> bool:
    """Tell whether a whole line is furniture; above a page's text (`in_head`) a bare date is, too.

    >>> is_boilerplate("Baca juga: Indonesia dan Jepang"), is_boilerplate("Kerja sama bilateral")
    (True, False)
    >>> is_boilerplate("12 Mei 1967"), is_boilerplate("12 Mei 1967", in_head=False)
    (True, False)
    """
    if len(line) > _MAX_LENGTH:
        return False
    if _patterns("boilerplate.txt").fullmatch(line):
        return True
    return in_head and _patterns("page_head.txt").fullmatch(line) is not None


def drop_furniture(lines: list[Line]) -> list[Line]:
    """Drop furniture and, in a page's head, authors' names; a bare "Baca juga:" takes its list of links along.

    The head ends at the first item, sentence, lead-in or long line. A line of capitalised words there, below
    the first furniture, is an author, unless the text below speaks of it: then it is a heading.
    """
    kept: list[Line] = []
    names: list[int] = []
    in_head = True
    furnished = skipping = False
    for line in lines:
        if _SEE_ALSO_HEAD.fullmatch(line.text):
            skipping = True
            furnished |= bool(kept)
            continue
        if skipping and line.item == "bullet":
            continue
        skipping = False
        if is_boilerplate(line.text, in_head=in_head and not line.item):
            furnished |= bool(kept)  # above the title it tells nothing
            continue
        if in_head and furnished and not line.level and not line.item and _NAMES.fullmatch(line.text):
            names.append(len(kept))
        elif line.item or line.is_prose() or line.is_sentence() or line.text.endswith(":"):
            in_head = False
        kept.append(line)
    if not names:
        return kept
    spoken_of = {word for line in kept[names[-1] + 1 :] for word in _WORD.findall(line.text.lower())}
    authors = {i for i in names if spoken_of.isdisjoint(_WORD.findall(kept[i].text.lower()))}
    return [line for i, line in enumerate(kept) if i not in authors]
