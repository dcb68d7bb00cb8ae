"""From the lines of an article to blocks: headings, paragraphs, and lists with their lead-ins.

Works on plain text as people save it from web pages, where nothing marks a heading, and on Markdown
(to which HTML is brought first, see `markup`). Decisions that need more than one line are taken here; what
a line shows by itself is told in `lines`, what of a web page is no part of the article in `furniture`.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

from kerjasama_nlp.documents.furniture import drop_furniture
from kerjasama_nlp.documents.lines import MAX_HEADING_WORDS, SENTENCE_END, Line, read
from kerjasama_nlp.language import sentences
from kerjasama_nlp.records import Block

_COPULA = re.compile(r"\b(?:adalah|ialah|merupakan|yaitu|yakni|telah|akan|tersebut)\b", re.IGNORECASE)
_LEAD_IN = re.compile(
    r"(?::|(?:berikut(?: ini)?|antara lain|di antaranya|yaitu|yakni|tujuan|adalah|meliputi|seperti))\W*$",
    re.IGNORECASE,
)

# Without capitals only the shortest lines are headings ("Tujuan kerja sama internasional").
MAX_PLAIN_HEADING_WORDS = 8
MIN_CAPITALISED = 0.6
# The level of a heading that no mark-up ranks.
UNMARKED = 7
# The subject's main word stands in this many headings, its other words in this share of those.
MIN_SUBJECT_HEADINGS = 3
SUBJECT_SHARE = 0.75
# Two lines or more make a list of names.
MIN_NAMES = 2
# Shorter words (dan, di, dari) aren't capitalised in titles.
TITLE_WORD_LETTERS = 4


def parse(text: str) -> list[Block]:
    r"""Return the blocks of a cleaned text.

    >>> blocks = parse("Tujuan ASEAN\n\nTujuan ASEAN antara lain:\n- damai\n- makmur")
    >>> [(b.kind, b.text, b.items) for b in blocks]
    [('heading', 'Tujuan ASEAN', ()), ('list', 'Tujuan ASEAN antara lain:', ('damai', 'makmur'))]
    """
    lines = drop_furniture(read(text))
    _mark_names(lines)
    _mark_headings(lines)
    _nest_headings(lines)
    return _assemble(lines)


def _mark_names(lines: list[Line]) -> None:
    """Make items of the names, one a line, directly below a lead-in ("Anggotanya:", "Laos", "Kenya").

    A name with a text directly below it heads that text, it is no item.
    """
    for position, line in enumerate(lines):
        if not line.text.endswith(":"):
            continue
        end = position + 1
        while end < len(lines) and _is_name(lines[end]):
            end += 1
        if end < len(lines) and not lines[end].after_blank and not lines[end].level:
            end -= 1
        if end - position - 1 >= MIN_NAMES:
            for name in lines[position + 1 : end]:
                name.item = "bullet"


def _is_name(line: Line) -> bool:
    if line.level or line.item or line.row or line.after_blank or len(line.text.split()) > MAX_HEADING_WORDS:
        return False
    return not line.is_sentence() and not line.text.endswith((":", "?"))


def _looks_like_heading(text: str) -> bool:
    words = text.split()
    if len(words) > MAX_HEADING_WORDS or SENTENCE_END.search(text) or text.endswith(":"):
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


def _mark_headings(lines: list[Line]) -> None:
    """Give unmarked headings a level: short lines that head a paragraph or a list.

    A numbered line is a heading when it neither follows nor precedes another item: "1. Kerja Sama
    Bilateral" above its paragraph. A table's row never is.
    """
    for position, line in enumerate(lines):
        following = lines[position + 1] if position + 1 < len(lines) else None
        previous = lines[position - 1] if position else None
        if line.level or line.row or following is None or line.item == "bullet":
            continue
        if line.item == "number":
            in_list = following.item or (previous is not None and previous.item)
            text_follows = following.is_prose() or following.is_sentence()
            if in_list or not _looks_like_heading(line.text) or not text_follows:
                continue
            line.item = ""
            line.level = UNMARKED
        elif _looks_like_heading(line.text) and (_heads(following) or following.is_prose()):
            line.level = UNMARKED


def _heads(following: Line) -> bool:
    """Tell whether what follows a short line lets it be a heading: an item, a row, a heading, or a sentence."""
    return bool(following.item or following.row or following.level or following.is_sentence()) or (
        _looks_like_heading(following.text) or bool(_LEAD_IN.search(following.text))
    )


def _nest_headings(lines: list[Line]) -> None:
    """Bring heading levels to 1 (section) and 2 (below a section).

    Marked levels keep their order.
    """
    levels = sorted({line.level for line in lines if 0 < line.level < UNMARKED})
    if levels:
        top = levels[1] if len(levels) > 1 and sum(line.level == levels[0] for line in lines) == 1 else levels[0]
        for line in lines:
            if line.level:
                line.level = 1 if line.level <= top else 2
        return
    _nest_unmarked(lines)


def _nest_unmarked(lines: list[Line]) -> None:
    """Tell sections and sub-headings apart where no mark-up does.

    A numbered heading is a sub-heading, and one directly below a lead-in ("... antara lain adalah:") or below
    another heading opens a run of sub-headings, which lasts until a heading names the article's subject again
    ("Asas Kerjasama Internasional"). Directly below a lead-in even such a heading is one of those that are
    announced ("Kerja Sama Bilateral"), unless it has headings of its own.
    """
    subject = _subject([line.text for line in lines if line.level])
    nested = sectioned = False
    sibling = ""
    previous: Line | None = None
    sections = _with_headings_of_their_own(lines, subject)
    for position, line in enumerate(lines):
        if line.level:
            if nested and sibling and line.text.split()[:2] == sibling.split()[:2]:
                pass  # a sister of the sub-heading before, whose number was forgotten
            elif line.numbered:
                nested = sectioned
            elif position not in sections and _is_lead_in(previous):
                nested = True
            elif subject and subject <= _key_words(line.text):
                nested = False
            elif previous is not None and previous.level:
                nested = previous.level != 2 or nested  # noqa: PLR2004
            line.level = 2 if nested else 1
            sectioned |= not nested
            sibling = line.text if nested else ""
        previous = line


def _is_lead_in(line: Line | None) -> bool:
    return line is not None and not line.level and line.text.endswith(":")


def _with_headings_of_their_own(lines: list[Line], subject: frozenset[str]) -> set[int]:
    """Return where headings stand that name the subject and have a heading below them that doesn't."""
    headings = [(position, subject <= _key_words(line.text)) for position, line in enumerate(lines) if line.level]
    return {position for (position, named), (_, below) in pairwise(headings) if subject and named and not below}


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


def _assemble(lines: list[Line]) -> list[Block]:
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
    if not SENTENCE_END.search(last) or _LEAD_IN.search(last):
        return paragraph[:last_start].rstrip(), last
    return paragraph, ""
