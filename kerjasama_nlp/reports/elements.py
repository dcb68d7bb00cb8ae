"""HTML that can't be broken by what stands in it: text is escaped, only `Html` is not.

    element("p", "a < b", element("b", "!"), class_="note")  ->  <p class="note">a &lt; b<b>!</b></p>

Every number of a page is a `<data value="..." data-key="...">`: its value as the JSON of the same report has
it, and where it stands there (a JSON Pointer, RFC 6901). So a test, or a reader's script, can compare the two.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass

from kerjasama_nlp.i18n import language
from kerjasama_nlp.terminal.render import printable

# Elements that have no end tag.
_VOID = frozenset({"meta"})
_INDONESIAN = "id"
# English separators to those of Indonesian.
_SEPARATORS = str.maketrans(",.", ".,")


@dataclass(frozen=True, slots=True)
class Html:
    """Markup made here, to be written as it is."""

    text: str


Child = Html | str | None
Number = int | float


def element(name: str, /, *children: Child, **attributes: str | None) -> Html:
    """Return an element; a `class_` is a class, `data_key` a data-key, attributes that are None are left out.

    >>> element("td", "<script>", title='"').text
    '<td title="&quot;">&lt;script&gt;</td>'
    """
    parts = [
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    ]
    start = f"<{name}{''.join(parts)}>"
    return Html(start if name in _VOID else f"{start}{join(children).text}</{name}>")


def join(children: Iterable[Child]) -> Html:
    """Return several pieces as one; texts among them are escaped."""
    return Html("".join(child.text if isinstance(child, Html) else escape(child or "") for child in children))


def escape(text: str) -> str:
    r"""Return a text as HTML shows it: markup, control and direction characters have no effect.

    >>> escape('</svg><b>\u202e\x00')
    '&lt;/svg&gt;&lt;b&gt;'
    """
    return html.escape(harmless(text), quote=True)


def harmless(text: str) -> str:
    r"""Return a text that any document can hold: `printable`, and no code point that XML and HTML forbid.

    >>> harmless("a\ufffe\u202eb")
    'a\ufffdb'
    """
    return "".join("\ufffd" if _is_noncharacter(ord(character)) else character for character in printable(text))


def _is_noncharacter(code: int) -> bool:
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF  # noqa: PLR2004  # Unicode's noncharacters


def number(value: Number | None, *keys: str | int, percent: bool = False, signed: bool = False) -> Html:
    """Return a number as a reader sees it; `keys` lead to it in the report's JSON. None is a dash.

    Whole numbers have separators, others three decimals; with `percent`, one decimal of a hundred times.

    >>> number(0.5, "form", "bukan", "f1").text
    '<data value="0.5" data-key="/form/bukan/f1">0.500</data>'
    """
    shown = "–" if value is None else formatted(value, percent=percent, signed=signed)
    return element("data", shown, value="null" if value is None else repr(value), data_key=pointer(*keys))


def formatted(value: Number, *, percent: bool = False, signed: bool = False) -> str:
    """Return a number in the page's language.

    >>> formatted(12345), formatted(0.25, percent=True), formatted(0.5, signed=True)
    ('12,345', '25.0 %', '+0.500')
    """
    sign = "+" if signed else ""
    if percent:
        text = f"{100 * value:{sign},.1f} %"
    elif isinstance(value, int):
        text = f"{value:{sign},}"
    else:
        text = f"{value:{sign},.3f}"
    return text.translate(_SEPARATORS) if page_language() == _INDONESIAN else text


def pointer(*keys: str | int) -> str:
    """Return a JSON Pointer.

    >>> pointer("states", 0, "a/b")
    '/states/0/a~1b'
    """
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in keys)


def page_language() -> str:
    """Return the code of the language that pages are written in."""
    return _INDONESIAN if language() == _INDONESIAN else "en"
