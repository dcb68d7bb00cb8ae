"""Blocks from lines: headings without mark-up, lists with their lead-ins, and the furniture of web pages."""

import re

import pytest
from conftest import cases, growth, shown
from hypothesis import given
from hypothesis import strategies as st

from kerjasama_nlp.documents.furniture import is_boilerplate
from kerjasama_nlp.documents.structure import parse
from kerjasama_nlp.language.clean import clean

SENTENCE = "Serikat Teh lahir dari pertemuan tujuh negara yang ingin menjaga harga daun teh di pasar dunia."
# Lines without furniture, of every kind that `parse` tells apart.
LINES = st.lists(
    st.sampled_from(
        [
            "",
            "# Serikat Teh",
            "## Sejarah",
            "**Tujuan**",
            "Anggota Serikat Teh",
            "Kantor di Garut dan kota lain",
            "Tujuannya antara lain:",
            "Serikat itu lahir di Garut. Anggotanya yaitu:",
            "- menjaga harga",
            "2. Melatih Petani",
            "(c) membuka pasar",
            "dan kawasan",
            "Sidangnya ramai.",
            "| Laos | Vientiane |",
            SENTENCE,
        ]
    ),
    max_size=12,
)


def words(text):
    """Return the words of two letters or more, in order."""
    return re.findall(r"[A-Za-z]{2,}", text)


def words_of(blocks):
    """Return the words of blocks in reading order."""
    return [word for block in blocks for text in (block.text, *block.items) for word in words(text)]


@pytest.mark.parametrize("case", cases("boilerplate.json"))
def test_furniture(case):
    """Furniture of web pages is told from sentences and headings that look like it."""
    assert is_boilerplate(case["line"]) is case["furniture"]


@pytest.mark.parametrize("case", cases("structure.json"))
def test_case(case):
    """Each text gives the expected blocks."""
    assert shown(parse(case["input"])) == case["expected"]


@pytest.mark.parametrize("case", cases("bullets.json"))
def test_bullets(case):
    """Each kind of bullet makes a list of the lines it opens."""
    text = "Tujuannya:\n{0} menjaga harga\n{0} melatih petani".format(case["bullet"])
    assert shown(parse(clean(text))) == [["Tujuannya:", "menjaga harga", "melatih petani"]]


@given(LINES)
def test_no_word_is_lost(lines):
    """The words of a text without furniture stand in its blocks, in the same order."""
    text = "\n".join(lines)
    assert words_of(parse(text)) == words(text)


@given(st.text(alphabet=st.one_of(st.sampled_from("#*-_•1a.:)( \n[]|AbBaca juga"), st.characters(codec="utf-8"))))
def test_blocks_are_well_formed(text):
    """Whatever the text: headings have level 1 or 2 and a text, lists have items, paragraphs have a text."""
    for block in parse(clean(text)):
        assert (block.kind == "heading") == (block.level in {1, 2})
        assert (block.kind == "list") == bool(block.items)
        assert block.kind == "list" or block.text.strip()
        assert "\n" not in block.text + "".join(block.items)


@given(LINES)
def test_blank_lines_add_no_blocks(lines):
    """More blank lines where there is one change nothing."""
    text = "\n".join(lines)
    assert parse(text.replace("\n\n", "\n\n\n\n")) == parse(text)


@pytest.mark.parametrize("case", cases("hostile_structure.json"))
def test_time_grows_with_the_text(case):
    """Ten times the text takes less than twenty times as long, up to 100 000 characters."""
    assert growth(parse, case) is None
