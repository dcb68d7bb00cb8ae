"""From the raw lines of an article to lines that know what they are: marked headings, list items, table rows.

Works on plain text and on Markdown. Only what a line shows by itself, or as one of a counted run, is
decided here; what its neighbours make of it is left to `furniture` and `structure`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

_ITEM = re.compile(
    r"""
    (?: (?P<number>\d{1,2}) [.)] (?=\s|[^\W\d_]{2})           # 1.  2)  3.Kata
      | (?!\(c\)\ ?\d{4}\b)                                   # (c) 2023: copyright
        \((?P<bracketed>\d{1,2}|[A-Za-z]|[ivx]{2,5})\)        # (1)  (a)  (ii)
      | (?P<letter>[a-z]|[ivx]{2,5}) [.)] (?=\s)              # a.  b)  iii.
      | (?P<capital>[A-Z]|[IVX]{2,5}) [.)] (?=\s)             # A.  II.  where they are counted on, see _items
      | (?P<bullet> [-*+·–—»o] (?=\s)                         # bullets that are something else inside a word
          | [•●▪◦‣⁃○■□▸►▶➢➤➔→✓✔✅❖◆◇★☆\uf020-\uf0ff] \ufe0f? ) # the last are word processors' symbol fonts
    )
    \s* (?P<body>\S.*)
    """,
    re.VERBOSE,
)
_HASHES = re.compile(r"(?P<marks>\#{1,6})\s+(?P<body>.*)")
_BOLD_LINE = re.compile(r"(?:\*\*|__)(?P<body>[^*_]+)(?:\*\*|__):?")
# Up to the next mark of its kind, so that marks never closed cost no search to the end.
_EMPHASIS = re.compile(r"(\*\*|__|`)(?=\S)((?:(?!\1).)+)(?<=\S)\1")
# [words](address), ![words](address "title"); the address may hold a pair of brackets
_LINK = re.compile(
    r"""!?\[([^\[\]]*)\] \( (?:[^()\s]|\([^()\s]*\))* (?:\s+(?:"[^"]*"|'[^']*'))? \s? \)""",
    re.VERBOSE,
)
_RULE = re.compile(r"(?:[-*_=]\s*){3,}|(?=.*---)[\s|:+-]+")
_INLINE_SEE_ALSO = re.compile(r" ?[(\[](?:baca|lihat|simak) (?:juga|pula)\b[^()\[\]]*[)\]]", re.IGNORECASE)
_EDIT_LINK = re.compile(r" ?\[(?:sunting|edit)(?: ?\| ?(?:sunting|edit) (?:sumber|source))?\]", re.IGNORECASE)
# "KOMPAS.com - ", "JAKARTA, CNN Indonesia -- ", "Jakarta (ANTARA) - " in front of a paragraph. Agencies are
# named: any other name in brackets is an abbreviation ("Perhimpunan Bangsa-Bangsa (PBB) - yang ...").
_DATELINE = re.compile(
    r"(?:[A-Z][\w /]{1,30}, ?)?(?:[\w]{2,30}\.(?:com|co|id|net|org)(?:\.id)?(?:, [A-Z][\w ]{1,30})?|CNN Indonesia|"
    r"[A-Z][\w ]{1,30} ?\((?:(?:ANTARA|Antara)(?: News)?|AFP|AP|Bernama|Kyodo|Reuters|REUTERS|Xinhua)\))"
    r"\s*(?:[-–—]+|:)\s+"
)
SENTENCE_END = re.compile(r"[.!;,…][\"'”’)\]]*$")
_ROMAN = "I II III IV V VI VII VIII IX X XI XII XIII XIV XV XVI XVII XVIII XIX XX".split()

# A heading is short: longer unmarked lines are paragraphs that lack their full stop.
MAX_HEADING_WORDS = 14
# An unmarked line this long is prose, and prose of this many words ends a page's head.
MIN_PROSE_WORDS = 16
# The level of headings in bold: below all those that hashes rank.
BOLD_LEVEL = 6
# Hard-wrapped text: most lines stop within this range and not at a sentence's end.
WRAP_WIDTH = (50, 100)
MIN_WRAPPED = 4
WRAPPED_SHARE = 0.6


@dataclass(slots=True)
class Line:
    """A line on its way to a block.

    `level` is 0 for what isn't a heading, 1 to 6 for marked headings, and more for those found by their
    looks; `item` is a list item's kind of marker ("bullet", "number", "" for none); `numbered` tells that a
    number stood in front, be it an item or a heading; `row` tells a table's row.
    """

    text: str
    level: int = 0
    item: str = ""
    numbered: bool = False
    row: bool = False
    after_blank: bool = False

    def is_prose(self) -> bool:
        """Tell whether the line is long enough for a paragraph, not for a heading or a caption."""
        return not self.level and len(self.text.split()) >= MIN_PROSE_WORDS

    def is_sentence(self) -> bool:
        """Tell whether the line ends like a sentence or a part of one."""
        return SENTENCE_END.search(self.text) is not None


def read(text: str) -> list[Line]:
    r"""Return the lines of a cleaned text: wrapped ones joined, rules and inline mark-up gone.

    >>> [(line.text, line.level, line.item) for line in read("## Tujuan ##\n1. damai\ndan **makmur**")]
    [('Tujuan', 2, ''), ('damai dan makmur', 0, 'number')]
    """
    raw = text.split("\n")
    wrapped = _is_wrapped(raw)
    lines: list[Line] = []
    parts: list[list[str]] = []
    blank = True
    for source, item in zip(raw, _items(raw), strict=True):
        if not source or _RULE.fullmatch(source):
            blank = True
            continue
        line = _marked(source, item)
        if not blank and lines and _continues(lines[-1], line, wrapped=wrapped):
            parts[-1].append(line.text)
        else:
            line.after_blank = blank
            lines.append(line)
            parts.append([line.text])
        blank = False
    for line, pieces in zip(lines, parts, strict=True):
        line.text = _plain(" ".join(pieces))
        if not line.item and line.is_prose() and (dateline := _DATELINE.match(line.text)):
            line.text = line.text[dateline.end() :]
    return [line for line in lines if line.text]


def _is_wrapped(raw: list[str]) -> bool:
    inner = [line for line, following in pairwise(raw) if line and following]
    wrapped = [line for line in inner if WRAP_WIDTH[0] <= len(line) <= WRAP_WIDTH[1] and not SENTENCE_END.search(line)]
    return len(inner) >= MIN_WRAPPED and len(wrapped) >= WRAPPED_SHARE * len(inner)


def _continues(previous: Line, line: Line, *, wrapped: bool) -> bool:
    """Tell whether a line directly below another goes on with its text.

    In hard-wrapped text all but marked lines do; elsewhere a line does that starts small below an item.
    """
    if line.level or line.item or line.row or previous.level or previous.row:
        return False
    return wrapped or (previous.item != "" and line.text[0].islower())


def _items(raw: list[str]) -> list[re.Match[str] | None]:
    """Match the list items among raw lines.

    A capital in front of a line may be an initial ("K. J. Holsti"): it is a number where it is counted on,
    "A." with a "B." after it, "I." with a "II.".
    """
    matches = [_ITEM.fullmatch(line) for line in raw]
    runs: dict[str, list[int]] = {"letters": [], "Roman": []}
    counted: set[int] = set()
    for position, match in enumerate(matches):
        capital = match["capital"] if match else None
        if not capital:
            continue
        letter = ord(capital) - ord("A") + 1 if len(capital) == 1 else 0
        roman = _ROMAN.index(capital) + 1 if capital in _ROMAN else 0
        for style, value in (("letters", letter), ("Roman", roman)):
            if value == 1:
                runs[style] = [position]
                break
            if value and value == len(runs[style]) + 1:
                runs[style].append(position)
                counted.update(runs[style][-2:])
                break
    return [
        match if match and (not match["capital"] or position in counted) else None
        for position, match in enumerate(matches)
    ]


def _marked(text: str, item: re.Match[str] | None) -> Line:
    if hashes := _HASHES.fullmatch(text):
        body = hashes["body"]
        open_end = body.rstrip("#")
        return Line(open_end.rstrip() if open_end[-1:] in {"", " "} else body, level=len(hashes["marks"]))
    if (bold := _BOLD_LINE.fullmatch(text)) and _may_head(bold["body"].strip()):
        return Line(bold["body"].strip(), level=BOLD_LEVEL)
    if item:
        kind = "bullet" if item["bullet"] else "number"
        return Line(item["body"], item=kind, numbered=kind == "number")
    return Line(text, row=text.startswith("|"))


def _may_head(text: str) -> bool:
    return len(text.split()) <= MAX_HEADING_WORDS and not SENTENCE_END.search(text)


def _plain(text: str) -> str:
    """Return a line's text without links, emphasis, hints to other articles and edit links."""
    if "[" in text or "(" in text:
        text = _EDIT_LINK.sub("", _INLINE_SEE_ALSO.sub("", _LINK.sub(r"\1", text)))
    return _EMPHASIS.sub(r"\2", text).replace("**", "").strip(" |")
