"""Cleaning: each kind of dirt, and idempotence."""

import re
import sys
import unicodedata

import pytest
from conftest import cases
from hypothesis import given
from hypothesis import strategies as st

from kerjasama_nlp.language import clean as module
from kerjasama_nlp.language.clean import STEPS, clean

DIRTY = st.text(
    alphabet=st.one_of(
        st.sampled_from("&#;xampnbsltgq123 \t\r\n\v\f\u00a0\u200b\u202e\u2028\ufeff\u00ad\x1b\x07e\u0301"),
        st.characters(codec="utf-8"),
    )
)


@pytest.mark.parametrize("case", cases("clean.json"))
def test_case(case):
    """Each case cleans to what is expected."""
    assert clean(case["input"]) == case["expected"]


@given(DIRTY)
def test_cleaning_clean_text_changes_nothing(text):
    """The chain is idempotent, whatever the text."""
    once = clean(text)
    assert clean(once) == once


@given(DIRTY)
def test_clean_text_is_a_fixed_point_of_every_step(text):
    """No step would change the chain's result any more."""
    cleaned = clean(text)
    assert [step.__name__ for step in STEPS if step(cleaned) != cleaned] == []


def test_layers_of_entities_end():
    """A bomb of nested entities ends, in text without an entity."""
    text = "&am" * 200 + "&#8203;" * 200 + "p;" * 200
    assert clean(clean(text)) == clean(text)


# The steps that look before they replace, each as the replacement that it stands for.
PLAIN = {
    "unify_line_ends": lambda text: re.sub(r"\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]", "\n", text),
    "drop_invisible": lambda text: re.sub(
        "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
        "\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]",
        "",
        text,
    ),
    "limit_marks": lambda text: re.sub(
        r"[^\w\s!-~]{31,}",
        lambda match: "".join(
            character
            for number, character in enumerate(match[0])
            if not all(map(unicodedata.combining, match[0][max(0, number - 30) : number + 1])) or number < 30
        ),
        text,
    ),
    "squeeze_spaces": lambda text: re.sub(" *\n *", "\n", re.sub(r"[^\S\n]+", " ", text)).strip(" "),
    "squeeze_blank_lines": lambda text: re.sub(r"\n{3,}", "\n\n", text).strip("\n"),
}
MARKED = st.builds(
    "".join, st.lists(st.sampled_from(["a", "e\u0301", "\u0301" * 31, "\u0316", "\x01", " ", "…", "&amp;"]))
)

NEARLY_CLEAN = ["a  b", "a\n\n\nb", "a \nb", "a\n b", " a", "a ", "\na", "a\n", "e\u0301", "a&lt;b", "a\u00a0b", "a\rb"]


def _plain(text):
    """Clean a text step by step, without a short cut."""
    before = None
    while text != before:
        before = text
        for step in STEPS:
            text = PLAIN.get(step.__name__, step)(text)
    return text


@given(st.one_of(DIRTY, MARKED))
def test_short_cuts_change_nothing(text):
    """Each step, and the chain, gives what the plain replacements give."""
    for step in STEPS:
        assert step(text) == PLAIN.get(step.__name__, step)(text)
    assert clean(text) == _plain(text)


@pytest.mark.parametrize("text", [*NEARLY_CLEAN, "b" + 31 * "\u0301", 16 * "b\u0301\u0301"], ids=ascii)
def test_short_cuts_see_the_one_thing_to_do(text):
    """A text in which a single step finds something to do isn't taken for clean; one with many marks may be."""
    assert clean(text) == _plain(text)


def test_short_cuts_take_no_character_wrongly():
    """Whatever the character, a text that is told to be clean is."""
    for code in range(sys.maxunicode + 1):
        text = f"a{chr(code)}b"
        if module._is_clean(text):  # noqa: SLF001  # the short cut itself
            assert [name for name, plain in PLAIN.items() if plain(text) != text] == []


def test_entities_that_never_end():
    """Entities hidden in entities are given up after some rounds: what is left is plain text for good."""
    cleaned = clean("&" + "#38;" * 20 + "lt;b")
    assert clean(cleaned) == cleaned
    assert "&" not in cleaned
    assert cleaned.endswith("lt;b")


@pytest.mark.parametrize(("before", "after"), [(29, 29), (30, 30), (31, 30), (1000, 30)])
def test_marks_on_one_letter(before, after):
    """A letter keeps thirty marks, each letter its own; what stands between them stays."""
    mark = "\u0301"
    text = f"a{mark * before}e{mark * before} é—{mark * before}b"
    assert module.limit_marks(text) == f"a{mark * after}e{mark * after} é—{mark * after}b"
