"""Texts that are nothing out of the ordinary: a "yes" is never wrong."""

import sys

from hypothesis import given
from hypothesis import strategies as st

from kerjasama_nlp.language.clean import clean
from kerjasama_nlp.language.plain import are_clean, are_printable

TEXTS = st.lists(
    st.text(
        st.one_of(
            st.sampled_from(" \n&;amp\t\r\x00é\u0301\xa0\xad\u200b–“…\u2028ʼ\U0001f600"), st.characters(codec="utf-8")
        )
    )
)
ORDINARY = {*range(0x20, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x300), *range(0x2010, 0x2028)}


def _characters():
    return [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]


def test_every_character():
    """Just the ordinary characters pass, and between letters cleaning leaves each of them as it is."""
    characters = _characters()
    printable = are_printable([f"a{character}b".encode() for character in characters]).tolist()
    passed = [character for character, plain in zip(characters, printable, strict=True) if plain]
    assert set(map(ord, passed)) == ORDINARY | {10}
    assert [character for character in passed if not (character.isprintable() or character == "\n")] == []
    is_clean = are_clean([f"a{character}b" for character in characters]).tolist()
    passed = [character for character, plain in zip(characters, is_clean, strict=True) if plain]
    assert set(map(ord, passed)) == (ORDINARY | {10}) - {ord("&")}
    assert [character for character in passed if clean(f"a{character}b") != f"a{character}b"] == []


def test_half_a_character():
    """Half of a surrogate pair, which no text should hold, doesn't pass."""
    assert are_clean(["a", "a\ud800"]).tolist() == [True, False]


@given(TEXTS)
def test_clean_texts_stay_as_they_are(texts):
    """What passes is left as it is by cleaning, and isn't blank."""
    for text, passed in zip(texts, are_clean(texts).tolist(), strict=True):
        assert not passed or (clean(text) == text and text.strip())


@given(TEXTS)
def test_neighbours_dont_matter(texts):
    """A text passes or not whatever stands before and after it."""
    assert are_clean(texts).tolist() == [are_clean([text])[0] for text in texts]
    encoded = [text.encode() for text in texts]
    assert are_printable(encoded).tolist() == [are_printable([text])[0] for text in encoded]


def test_ordinary_news_passes():
    """Paragraphs, dashes, quotation marks and accents need no closer look."""
    assert are_clean(["“Kerja sama” RI–Jepang…\n\nCôte d’Ivoire, 24/7 (50%)"] * 100).all()
