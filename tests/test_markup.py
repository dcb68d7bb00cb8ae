"""HTML to lines: blocks, lists, what is skipped, and pages that are broken."""

import pytest
from conftest import cases, growth
from hypothesis import given
from hypothesis import strategies as st

from kerjasama_nlp.documents.markup import html_to_lines

INLINE = ("b", "i", "span", "a")
BLOCKS = ("p", "div", "h2", "ul", "ol", "li", "table", "td", "blockquote", "section")
SKIPPED = ("script", "style", "nav", "footer", "svg")
# Nested (tag, content) pairs around words; their words are numbered when they are written out.
NODES = st.recursive(
    st.just("kata"),
    lambda children: st.tuples(st.sampled_from(INLINE + BLOCKS), st.lists(children, max_size=3)),
    max_leaves=12,
)
PAGES = st.lists(st.one_of(NODES, st.sampled_from(SKIPPED)), max_size=5)
PARTS = "< > </ /> <!-- --> <! <? & &# ; ' \" = p li <p> </p> <h1> </h1> <ul> <li> <br> <nav> </nav> <script> </script>"
SOUP = st.lists(st.sampled_from([*PARTS.split(" "), "teh", " ", "\n"]), max_size=40).map("".join)


def lines_of(html):
    """Return the lines of a page that hold something."""
    return [line for line in html_to_lines(html)[1].split("\n") if line]


def written(node, words, *, closed):
    """Write a node as HTML and append its words to `words`; without `closed`, end tags that may go are left out."""
    if node == "kata":
        words.append(f"kata{len(words)}")
        return f" {words[-1]} "
    if isinstance(node, str):
        return f"<{node}> buang </{node}>"
    tag, children = node
    inside = "".join(written(child, words, closed=closed) for child in children)
    end = f"</{tag}>" if closed or tag not in {"p", "li", "td"} else ""
    return f"<{tag}>{inside}{end}"


@pytest.mark.parametrize("case", cases("markup.json"))
def test_case(case):
    """Each page gives the expected title and lines."""
    title, text = html_to_lines(case["html"])
    assert title == case["title"]
    assert [line for line in text.split("\n") if line] == case["expected"]


@given(PAGES, st.booleans())
def test_the_words_of_a_page_survive_in_order(page, closed):
    """Nesting, blocks and missing end tags neither lose, glue nor swap words; skipped elements give none."""
    words = []
    html = "".join(written(node, words, closed=closed) for node in page)
    assert [word for line in lines_of(html) for word in line.split() if word.startswith(("kata", "buang"))] == words


@given(SOUP)
def test_lines_are_tidy(html):
    """Whatever the page, lines hold single spaces inside and none at their edges."""
    title, text = html_to_lines(html)
    assert [line for line in [title, *text.split("\n")] if line != " ".join(line.split())] == []


@given(SOUP)
def test_what_is_no_mark_up_is_text(text):
    """Text whose special characters are escaped comes back as it was, spaces folded."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert " ".join(lines_of(f"<p>{escaped}</p>")) == " ".join(text.split())


@pytest.mark.parametrize("case", cases("hostile_html.json"))
def test_time_grows_with_the_page(case):
    """Ten times the page takes less than twenty times as long, up to 100 000 characters."""
    assert growth(html_to_lines, case) is None
