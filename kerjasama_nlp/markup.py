"""HTML to the Markdown-like lines that `structure` reads."""

from __future__ import annotations

import re
from html.parser import HTMLParser

# Their content is never article text.
_SKIPPED = frozenset(
    "script style noscript template svg math iframe object nav header footer aside form button select option "
    "textarea figcaption dialog head".split()
)
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
_BLOCK = frozenset(
    "address article blockquote body center dd div dl dt fieldset figure hr html main ol p pre section table tbody "
    "td tfoot th thead tr ul".split()
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
# Deeper nesting than any page has; the parser's own state stays small on hostile input.
_MAX_DEPTH = 256


class _Reader(HTMLParser):
    """Collects lines; a block element ends the line before and after it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self.title = ""
        self._prefix = ""
        self._buffer: list[str] = []
        self._skipped: list[str] = []
        self._lists: list[int | None] = []
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag == "title":
            self._in_title = True
        if tag in _SKIPPED and len(self._skipped) < _MAX_DEPTH:
            self._skipped.append(tag)
        if self._skipped or tag in _VOID - {"br", "hr"}:
            return
        if tag in _HEADINGS:
            self._end_line()
            self._prefix = "#" * _HEADINGS[tag] + " "
        elif tag in {"ul", "ol"}:
            self._end_line()
            if len(self._lists) < _MAX_DEPTH:
                self._lists.append(0 if tag == "ol" else None)
        elif tag == "li":
            self._end_line()
            self._prefix = self._item_marker()
        elif tag in _BLOCK or tag == "br":
            self._end_line(keep_prefix=tag != "br")

    def _item_marker(self) -> str:
        if not self._lists or self._lists[-1] is None:
            return "- "
        self._lists[-1] += 1
        return f"{self._lists[-1]}. "

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        if self._skipped:
            if tag in self._skipped:
                del self._skipped[self._skipped.index(tag) :]
            return
        if tag in _HEADINGS or tag == "li":
            self._end_line()
        elif tag in {"ul", "ol"}:
            self._end_line()
            if self._lists:
                self._lists.pop()
        elif tag in _BLOCK:
            self._end_line(keep_prefix=True)

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data
        elif not self._skipped:
            self._buffer.append(data)

    def close(self) -> None:
        super().close()
        self._end_line()

    def _end_line(self, *, keep_prefix: bool = False) -> None:
        text = re.sub(r"\s+", " ", "".join(self._buffer)).strip()
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
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return re.sub(r"\s+", " ", reader.title).strip(), "\n".join(reader.lines)
