"""HTML to the Markdown-like lines that `structure` reads.

The scanner is the project's own: the standard library's differs between Python's patch releases, gives up on
declarations that it doesn't know, and takes quadratic time over what is never closed.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator
from typing import Literal, NamedTuple

# Their content is never article text. Boxes end the line that they stand in, the others stand inside one.
_BOXES = frozenset("nav header footer aside dialog figcaption".split())
_SKIPPED = _BOXES | frozenset(
    "script style noscript template svg math iframe object button select option datalist textarea label legend".split()
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCK = frozenset(
    "address article blockquote body caption center dd details div dl dt fieldset figure form head hr html main ol p "
    "pre section summary table tbody td tfoot th thead tr ul".split()
)
# A skipped element that is never closed ends where text starts: a box may hold lists and tables before that.
_AFTER_BOX = frozenset({"main", "article", "section", "p", *_HEADINGS})
_AFTER_OTHERS = _BLOCK | {"li", *_HEADINGS}
# Up to their closing tags, everything in them is text.
_RAW = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in ("script", "style", "title", "textarea")}

_TAG = re.compile(r"<(?P<slash>/?)(?P<name>[a-zA-Z][^\s/>]*)")
_QUOTE_OR_END = re.compile(r"""=\s*(?P<quote>["'])|>""")


class _Event(NamedTuple):
    """`text` is the name of the element that opens or closes, or the text between tags or of the title."""

    kind: Literal["open", "close", "text", "title"]
    text: str


class _Scanner:
    """Cuts a page into events.

    What the rest of the page doesn't hold is looked for once, so the time grows with the page.
    """

    def __init__(self, page: str) -> None:
        self._page = page
        self._missing: set[str] = set()

    def events(self) -> Iterator[_Event]:
        page = self._page
        position = 0
        while (start := page.find("<", position)) >= 0:
            if start > position:
                yield _Event("text", html.unescape(page[position:start]))
            tag = _TAG.match(page, start)
            end = self._tag_end(tag.end()) if tag else self._other_end(start)
            if end < 0:  # a less-than sign; or a page that is cut off, without another tag
                position = start + 1 if ">" not in self._missing else len(page)
                yield _Event("text", html.unescape(page[start:position]))
                continue
            position = end
            if tag:
                name = tag["name"].lower()
                yield _Event("close" if tag["slash"] else "open", name)
                if page[end - 2] == "/":
                    yield _Event("close", name)
                elif name in _RAW and not tag["slash"]:
                    position = self._raw_end(name, end)
                    if name == "title":
                        yield _Event("title", html.unescape(page[end:position]))
        yield _Event("text", html.unescape(page[position:]))

    def _find(self, wanted: str, start: int) -> int:
        found = -1 if wanted in self._missing else self._page.find(wanted, start)
        if found < 0:
            self._missing.add(wanted)
        return found

    def _tag_end(self, position: int) -> int:
        """Return where a tag ends (-1: nowhere); a ">" in a quoted value doesn't end it, if the quote is closed."""
        while ">" not in self._missing:
            match = _QUOTE_OR_END.search(self._page, position)
            if match is None:
                self._missing.add(">")
            elif not match["quote"]:
                return match.end()
            else:
                position = max(match.end(), self._find(match["quote"], match.end()) + 1)
        return -1

    def _other_end(self, start: int) -> int:
        """Return where a comment, a declaration or an instruction ends (-1: nowhere, or it is none)."""
        if self._page.startswith("<!--", start) and (end := self._find("-->", start + 2)) >= 0:
            return end + len("-->")
        if self._page.startswith(("<!", "<?", "</"), start) and (end := self._find(">", start)) >= 0:
            return end + 1
        return -1

    def _raw_end(self, name: str, start: int) -> int:
        """Return where the text of a script or title ends; a script that is never closed takes the rest along."""
        closing = None if name in self._missing else _RAW[name].search(self._page, start)
        if closing:
            return closing.start()
        self._missing.add(name)
        return len(self._page) if name in {"script", "style"} else start


def _kept(events: list[_Event]) -> Iterator[_Event]:
    """Yield the events outside skipped elements; in the place of a box, a block."""
    unclosed = _unclosed(events)
    open_elements: list[tuple[str, bool]] = []
    counts: Counter[str] = Counter()  # of the open elements' names; "" counts those that will be closed
    for position, event in enumerate(events):
        kind, name = event
        if kind == "open" and name in _SKIPPED:
            if name in _BOXES and not open_elements:
                yield _Event("open", "div")
            open_elements.append((name, position not in unclosed))
            counts.update([name, *([""] if position not in unclosed else [])])
        elif kind == "close" and name in _SKIPPED:
            while counts[name]:
                last, closed = open_elements.pop()
                counts.subtract([last, *([""] if closed else [])])
                if last == name:
                    break
        elif open_elements and kind == "open" and not counts[""]:
            in_box = any(counts[box] for box in _BOXES)
            if name in (_AFTER_BOX if in_box else _AFTER_OTHERS):
                open_elements.clear()
                counts.clear()
                yield event
        elif not open_elements:
            yield event


def _unclosed(events: list[_Event]) -> set[int]:
    """Return where skipped elements open that are never closed, not by the end of one around them either."""
    open_elements: list[int] = []
    counts: Counter[str] = Counter()
    for position, (kind, name) in enumerate(events):
        if name not in _SKIPPED:
            continue
        if kind == "open":
            open_elements.append(position)
            counts[name] += 1
        elif kind == "close":
            while counts[name]:
                last = events[open_elements.pop()].text
                counts[last] -= 1
                if last == name:
                    break
    return set(open_elements)


class _Writer:
    """Collects lines; a block element ends the line before and after it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.title = ""
        self._prefix = ""
        self._buffer: list[str] = []
        self._lists: list[int | None] = []

    def write(self, event: _Event) -> None:
        if event.kind == "text":
            self._buffer.append(event.text)
        elif event.kind == "title":
            self.title = self.title or " ".join(event.text.split())
        elif event.kind == "open":
            self._open(event.text)
        else:
            self._close(event.text)

    def _open(self, name: str) -> None:
        if name in _HEADINGS:
            self.end_line()
            self._prefix = "#" * _HEADINGS[name] + " "
        elif name in {"ul", "ol"}:
            self.end_line()
            self._lists.append(0 if name == "ol" else None)
        elif name == "li":
            self.end_line()
            self._prefix = self._item_marker()
        elif name == "br" and self._prefix.startswith("#"):
            self._buffer.append(" ")
        elif name in _BLOCK or name == "br":
            self.end_line(keep_prefix=True)

    def _item_marker(self) -> str:
        if not self._lists or self._lists[-1] is None:
            return "- "
        self._lists[-1] += 1
        return f"{self._lists[-1]}. "

    def _close(self, name: str) -> None:
        if name in _HEADINGS or name == "li":
            self.end_line()
        elif name in {"ul", "ol"}:
            self.end_line()
            if self._lists:
                self._lists.pop()
        elif name in _BLOCK:
            self.end_line(keep_prefix=True)

    def end_line(self, *, keep_prefix: bool = False) -> None:
        text = " ".join("".join(self._buffer).split())
        self._buffer.clear()
        if text:
            self.lines.extend((self._prefix + text, "") if not self._prefix.startswith("-") else (self._prefix + text,))
            self._prefix = ""
        elif not keep_prefix:
            self._prefix = ""


def html_to_lines(text: str) -> tuple[str, str]:
    r"""Return the page's title ("" when it has none) and its text: a line a block, Markdown headings and lists.

    >>> html_to_lines("<title>ASEAN</title><h2>Tujuan</h2><ul><li>damai<li>makmur</ul>")
    ('ASEAN', '## Tujuan\n\n- damai\n- makmur')
    """
    writer = _Writer()
    for event in _kept(list(_Scanner(text).events())):
        writer.write(event)
    writer.end_line()
    return writer.title, "\n".join(writer.lines)
