"""The frame of a page, and what several pages hold: sections, tables, figures, texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kerjasama_nlp.i18n import _
from kerjasama_nlp.reports.elements import Child, Html, element, join, page_language
from kerjasama_nlp.version import VERSION

# Nothing is loaded and nothing runs, whatever stands in the page.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_CSS = """
:root { color: #222; background: #fff; font: 16px/1.5 system-ui, "DejaVu Sans", sans-serif; }
body { max-width: 60rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; border-bottom: 1px solid #bbb; }
h1, h2, p, td, th, summary { overflow-wrap: anywhere; }
table { border-collapse: collapse; margin: .7rem 0; }
th, td { padding: .2rem .8rem .2rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid #ddd; }
td.n, th.n { text-align: right; white-space: nowrap; }
tr.all > td, tr.all > th { border-top: 2px solid #222; }
figure { margin: 1rem 0; } figcaption, .note { color: #555; font-size: .9rem; }
svg { max-width: 100%; height: auto; }
.scroll { overflow-x: auto; }
.cards { display: flex; flex-wrap: wrap; gap: .7rem; padding: 0; list-style: none; }
.cards li { border: 1px solid #bbb; border-radius: .3rem; padding: .4rem .9rem; }
.cards data { display: block; font-size: 1.5rem; }
details { max-width: 46rem; } summary { cursor: pointer; }
blockquote { margin: .5rem 0; padding-left: .8rem; border-left: 3px solid #bbb; }
blockquote p { margin: 0; white-space: pre-line; unicode-bidi: isolate; }
@media print { details > * { display: block; } h2 { break-after: avoid; } figure, tr { break-inside: avoid; } }
"""

# Cells: text, markup, or None for an empty one.
Row = Sequence[Child]


def page(title: str, *content: Child) -> bytes:
    """Return a whole page as UTF-8: it needs nothing but itself."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        element("style", Html(_CSS)),
    )
    made = element(
        "footer", element("p", _("made by {program}").format(program=f"kerjasama-nlp {VERSION}"), class_="note")
    )
    body = element("body", element("h1", title), *content, made)
    return ("<!DOCTYPE html>\n" + element("html", head, body, lang=page_language()).text + "\n").encode()


def section(identity: str, heading: str, *content: Child) -> Html:
    """Return a part of a page below a heading; `identity` is its place in links."""
    return element("section", element("h2", heading), *content, id=identity)


def figure(chart: Html, caption: str | None = None) -> Html:
    """Return a chart with what is to be said of it."""
    return element("figure", chart, None if caption is None else element("figcaption", caption))


def table(header: Sequence[str], rows: Iterable[Row], *, texts: int = 1, last_is_sum: bool = False) -> Html:
    """Return a table; the first `texts` columns hold text, the others numbers.

    A column beyond the header's holds what belongs to its row without being a number.
    """
    head = [element("th", name, scope="col", class_=_kind(n, len(header), texts)) for n, name in enumerate(header)]
    listed = list(rows)
    body = [
        element(
            "tr",
            *(_cell(cell, n, len(header), texts) for n, cell in enumerate(row)),
            class_="all" if last_is_sum and row is listed[-1] else None,
        )
        for row in listed
    ]
    whole = element("table", element("thead", element("tr", *head)), element("tbody", *body))
    return element("div", whole, class_="scroll")


def _cell(cell: Child, number: int, columns: int, texts: int) -> Html:
    if number == 0:
        return element("th", cell, scope="row")
    return element("td", cell, class_=_kind(number, columns, texts))


def _kind(number: int, columns: int, texts: int) -> str | None:
    return "n" if texts <= number < columns else None


def cards(entries: Iterable[tuple[str, Html]]) -> Html:
    """Return numbers with their names, side by side."""
    return element("ul", *(element("li", value, name) for name, value in entries), class_="cards")


def details(summary: str, content: Iterable[Html]) -> Html:
    """Return what is shown on demand."""
    return element("details", element("summary", summary), *content)


def quote(text: str, *about: Child) -> Html:
    """Return a text from outside, with what is to be said of it below."""
    return element("blockquote", element("p", text, dir="auto"), element("div", join(about), class_="note"))
