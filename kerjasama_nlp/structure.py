"""From the lines of an article to blocks: headings, paragraphs, and lists with their lead-ins.

Works on plain text as people save it from web pages, where nothing marks a heading, and on Markdown
(to which HTML is brought first, see `markup`). Decisions that need more than one line are taken here;
whether a line is furniture of a web page is data (`data/boilerplate.txt`).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from kerjasama_nlp import resources, sentences
from kerjasama_nlp.records import Block

_ITEM = re.compile(
    r"""
    (?: (?P<number>\d{1,2}) [.)] (?=\s)                       # 1.  2)
      | \((?P<bracketed>\d{1,2}|[a-z])\)                      # (1)  (a)
      | (?P<letter>[a-z]) [.)] (?=\s)                         # a.  b)
      | (?P<bullet>[-*+•·●▪◦‣⁃○■□▸►➢➤✓✔–—»]) (?=\s)            # bullets of every kind
    )
    \s* (?P<body>\S.*)
    """,
    re.VERBOSE,
)
_HASHES = re.compile(r"(?P<marks>\#{1,6})\s+(?P<body>.*?)\s*\#*")
_BOLD_LINE = re.compile(r"(?:\*\*|__)\s*(?P<body>[^*_]+?)\s*(?:\*\*|__):?")
_EMPHASIS = re.compile(r"(\*\*|__|`)(?=\S)(.+?)(?<=\S)\1")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
_RULE = re.compile(r"(?:[-*_=]\s*){3,}|[\s|:+-]*-{3,}[\s|:+-]*")
_SEE_ALSO_HEAD = re.compile(r"\W*(?:baca|lihat|simak) (?:juga|pula)\W*", re.IGNORECASE)
_INLINE_SEE_ALSO = re.compile(r"\s*[(\[](?:baca|lihat|simak) (?:juga|pula)\b[^()\[\]]*[)\]]", re.IGNORECASE)
# "KOMPAS.com - ", "JAKARTA, CNN Indonesia -- ", "Jakarta (ANTARA) - " in front of a paragraph
_DATELINE = re.compile(
    r"(?:[A-Z][\w /]{1,30}, ?)?(?:[\w]{2,30}\.(?:com|co|id|net|org)(?:\.id)?(?:, [A-Z][\w ]{1,30})?|CNN Indonesia|"
    r"[A-Z][\w ]{1,30} ?\([A-Z][\w. ]{1,30}\))\s*(?:[-–—]+|:)\s+"
)
_SENTENCE_END = re.compile(r"[.!;,…][\"'”’)\]]*$")
_COPULA = re.compile(r"\b(?:adalah|ialah|merupakan|yaitu|yakni|telah|akan|tersebut)\b", re.IGNORECASE)
_LEAD_IN = re.compile(
    r"(?::|(?:berikut(?: ini)?|antara lain|di antaranya|yaitu|yakni|tujuan|adalah|meliputi|seperti))\W*$",
    re.IGNORECASE,
)

# A heading is short: longer unmarked lines are paragraphs that lack their full stop.
MAX_HEADING_WORDS = 14
# Without capitals only the shortest lines are headings ("Tujuan kerja sama internasional").
MAX_PLAIN_HEADING_WORDS = 8
MIN_CAPITALISED = 0.6
# The level of a heading that no mark-up ranks.
UNMARKED = 7
# The subject's main word stands in this many headings, its other words in this share of those.
MIN_SUBJECT_HEADINGS = 3
SUBJECT_SHARE = 0.75
# An unmarked line this long is prose, and prose of this many words ends a page's head.
MIN_PROSE_WORDS = 16
# Hard-wrapped text: most lines stop within this range and not at a sentence's end.
WRAP_WIDTH = (50, 100)
MIN_WRAPPED = 4
WRAPPED_SHARE = 0.6
# Shorter words (dan, di, dari) aren't capitalised in titles.
TITLE_WORD_LETTERS = 4


@dataclass(slots=True)
class _Line:
    """A line on its way to a block.

    `level` is 0 for what isn't a heading, 1 to 6 for marked headings, UNMARKED for those found by their
    looks; `item` is a list item's kind of marker; `number` its number (0: none).
    """

    text: str
    level: int = 0
    item: str = ""
    number: int = 0
    after_blank: bool = False


@cache
def _boilerplate() -> re.Pattern[str]:
    patterns = resources.lines("boilerplate.txt")
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


def is_boilerplate(line: str) -> bool:
    """Tell whether a whole line is web-page furniture: links to other articles, cookies, sharing ...

    >>> is_boilerplate("Baca juga: Indonesia dan Jepang"), is_boilerplate("Kerja sama bilateral")
    (True, False)
    """
    return _boilerplate().fullmatch(line) is not None


def parse(text: str) -> list[Block]:
    r"""Return the blocks of a cleaned text.

    >>> blocks = parse("Tujuan ASEAN\n\nTujuan ASEAN antara lain:\n- damai\n- makmur")
    >>> [(b.kind, b.text, b.items) for b in blocks]
    [('heading', 'Tujuan ASEAN', ()), ('list', 'Tujuan ASEAN antara lain:', ('damai', 'makmur'))]
    """
    lines = _mark(_unwrap(text.split("\n")))
    lines = _drop_page_head(_drop_boilerplate(lines))
    _mark_headings(lines)
    _nest_headings(lines)
    return _assemble(lines)


def _unwrap(raw: list[str]) -> list[str]:
    """Join the lines of hard-wrapped paragraphs; text with a line a paragraph stays as it is."""
    inner = [line for line, following in pairwise(raw) if line and following]
    wrapped = [line for line in inner if WRAP_WIDTH[0] <= len(line) <= WRAP_WIDTH[1] and not _SENTENCE_END.search(line)]
    if len(inner) < MIN_WRAPPED or len(wrapped) < WRAPPED_SHARE * len(inner):
        return raw
    joined: list[str] = []
    for line in raw:
        if joined and joined[-1] and line and not _ITEM.fullmatch(line) and not _HASHES.fullmatch(line):
            joined[-1] += " " + line
        else:
            joined.append(line)
    return joined


def _mark(raw: list[str]) -> list[_Line]:
    """Recognise marked headings and list items; drop rules and inline mark-up."""
    lines: list[_Line] = []
    blank = True
    for text in raw:
        if not text or _RULE.fullmatch(text):
            blank = True
            continue
        line = _Line(text, after_blank=blank)
        if hashes := _HASHES.fullmatch(text):
            line.level, line.text = len(hashes["marks"]), hashes["body"]
        elif bold := _BOLD_LINE.fullmatch(text):
            line.level, line.text = 6, bold["body"]
        elif item := _ITEM.fullmatch(text):
            line.item = "bullet" if item["bullet"] else "number"
            line.text = item["body"]
            ordinal = item["number"] or item["bracketed"] or item["letter"] or "0"
            line.number = int(ordinal) if ordinal.isdigit() else ord(ordinal) - ord("a") + 1
        elif not blank and lines and lines[-1].item and text[0].islower():
            lines[-1].text += " " + text  # an item's wrapped line
            continue
        line.text = _INLINE_SEE_ALSO.sub("", _LINK.sub(r"\1", line.text))
        line.text = _EMPHASIS.sub(r"\2", line.text).replace("**", "").strip(" |")
        if not line.item and _is_prose(line):
            line.text = _DATELINE.sub("", line.text)
        if line.text:
            lines.append(line)
        blank = False
    return lines


def _drop_boilerplate(lines: list[_Line]) -> list[_Line]:
    """Drop web-page furniture; a bare "Baca juga:" takes the list of links below it along."""
    kept: list[_Line] = []
    skipping = False
    for line in lines:
        if _SEE_ALSO_HEAD.fullmatch(line.text):
            skipping = True
        elif skipping and line.item == "bullet":
            continue
        else:
            skipping = False
            if not is_boilerplate(line.text):
                kept.append(line)
            elif kept and not _is_prose(line):
                line.text = ""  # marks where a page's head goes on, see _drop_page_head
                kept.append(line)
    return kept


def _drop_page_head(lines: list[_Line]) -> list[_Line]:
    """Drop authors' names between a page's title and its first prose.

    Names look like headings. They stand next to a date line or desk that was already recognised (an
    emptied line), before the first paragraph.
    """
    first_prose = next((i for i, line in enumerate(lines) if _is_prose(line)), 0)
    furniture = [i for i in range(first_prose) if not lines[i].text]
    start = furniture[0] if furniture else first_prose
    head = [line for line in lines[:start] if line.text]
    rest = [line for line in lines[start:first_prose] if line.level]
    return head + rest + [line for line in lines[first_prose:] if line.text]


def _is_prose(line: _Line) -> bool:
    return not line.level and len(line.text.split()) >= MIN_PROSE_WORDS


def _looks_like_heading(text: str) -> bool:
    words = text.split()
    if len(words) > MAX_HEADING_WORDS or _SENTENCE_END.search(text) or text.endswith(":"):
        return False
    if not text[0].isupper() and not text[0].isdigit() and not text[:2].isupper():
        return False
    if text.endswith("?"):
        return True
    long_words = [word for word in words if len(word) >= TITLE_WORD_LETTERS] or words
    capitalised = sum(not word[0].islower() for word in long_words) / len(long_words)
    if capitalised >= MIN_CAPITALISED:
        return True
    return len(words) <= MAX_PLAIN_HEADING_WORDS and not _COPULA.search(text)


def _mark_headings(lines: list[_Line]) -> None:
    """Give unmarked headings a level: short lines that head a paragraph or a list.

    A numbered line is a heading when it neither follows nor precedes another item: "1. Kerja Sama
    Bilateral" above its paragraph.
    """
    for position, line in enumerate(lines):
        following = lines[position + 1] if position + 1 < len(lines) else None
        previous = lines[position - 1] if position else None
        if line.level or following is None or line.item == "bullet":
            continue
        if line.item == "number":
            in_list = following.item or (previous is not None and previous.item)
            if in_list or not _looks_like_heading(line.text) or not _is_prose(following):
                continue
            line.item = ""
            line.level = UNMARKED
        elif _looks_like_heading(line.text) and (_heads(following) or _is_prose(following)):
            line.level = UNMARKED


def _heads(following: _Line) -> bool:
    """Tell whether what follows a short line lets it be a heading: an item, a heading, or a sentence."""
    return bool(following.item or following.level or _SENTENCE_END.search(following.text)) or (
        _looks_like_heading(following.text) or bool(_LEAD_IN.search(following.text))
    )


def _nest_headings(lines: list[_Line]) -> None:
    """Bring heading levels to 1 (section) and 2 (below a section).

    Marked levels keep their order. Among unmarked ones a numbered heading is a sub-heading, and one directly
    below a lead-in ("... antara lain adalah:") or below another heading opens a run of sub-headings, which
    lasts until a heading names the article's subject again ("Asas Kerjasama Internasional").
    """
    levels = sorted({line.level for line in lines if 0 < line.level < UNMARKED})
    if levels:
        top = levels[1] if len(levels) > 1 and sum(line.level == levels[0] for line in lines) == 1 else levels[0]
        for line in lines:
            if line.level:
                line.level = 1 if line.level <= top else 2
        return
    subject = _subject([line.text for line in lines if line.level])
    nested = False
    sibling = ""
    previous: _Line | None = None
    for line in lines:
        if line.level:
            if nested and sibling and line.text.split()[:2] == sibling.split()[:2]:
                pass  # a sister of the sub-heading before, whose number was forgotten
            elif line.number:
                nested = previous is not None and any(before.level == 1 for before in lines)
            elif subject and subject <= _key_words(line.text):
                nested = False
            elif previous is not None and (previous.level or previous.text.endswith(":")):
                nested = previous.level != 2 or nested  # noqa: PLR2004
            line.level = 2 if nested else 1
            sibling = line.text if nested else ""
        previous = line


def _key_words(text: str) -> frozenset[str]:
    folded = text.lower().replace("kerja sama", "kerjasama").replace("-", " ")
    return frozenset(re.findall(r"\w{4,}", folded))


def _subject(headings: list[str]) -> frozenset[str]:
    """Return the words that name the article's subject in its headings (empty: none does).

    They are the most frequent word, in three headings at least, and those that go along with it.
    """
    sets = [_key_words(heading) for heading in headings]
    counts = Counter(word for words in sets for word in words)
    if not counts:
        return frozenset()
    word, most = max(counts.items(), key=lambda entry: (entry[1], entry[0]))
    if most < MIN_SUBJECT_HEADINGS:
        return frozenset()
    together = Counter(other for words in sets if word in words for other in words)
    return frozenset(other for other, n in together.items() if n >= SUBJECT_SHARE * most)


def _assemble(lines: list[_Line]) -> list[Block]:
    """Join items into lists, and give each list the sentence that leads to it."""
    blocks: list[Block] = []
    position = 0
    while position < len(lines):
        line = lines[position]
        if line.level:
            blocks.append(Block("heading", line.text, level=line.level))
            position += 1
        elif line.item:
            end = position
            while end < len(lines) and lines[end].item and not lines[end].level:
                end += 1
            items = tuple(entry.text for entry in lines[position:end])
            lead = ""
            if blocks and blocks[-1].kind == "paragraph":
                before, lead = _split_lead_in(blocks[-1].text)
                blocks.pop()
                if before:
                    blocks.append(Block("paragraph", before))
            blocks.append(Block("list", lead, items))
            position = end
        else:
            blocks.append(Block("paragraph", line.text))
            position += 1
    return blocks


def _split_lead_in(paragraph: str) -> tuple[str, str]:
    """Return the paragraph without its last sentence, and that sentence when it leads to a list."""
    last_start, last_end = sentences.spans(paragraph)[-1]
    last = paragraph[last_start:last_end]
    if not _SENTENCE_END.search(last) or _LEAD_IN.search(last):
        return paragraph[:last_start].rstrip(), last
    return paragraph, ""
