"""Sentence boundaries: abbreviations, figures, quotations, line breaks; and offsets that hold."""

import re

import pytest
from conftest import cases, growth
from hypothesis import given
from hypothesis import strategies as st

from kerjasama_nlp.language.sentences import spans

PROSE = st.text(
    alphabet=st.one_of(
        st.sampled_from("aB.1 \n?!…\"'”’)(]["),
        st.characters(codec="utf-8"),
    )
)
PIECES = st.lists(
    st.sampled_from(
        ["Dr.", "K.J.", "Holsti", "hal.", "segala", "1.", "12.500", "merdeka.", "Siapa?", '"Ya."', "(Ya.)", "[1]", "\n"]
    )
).map(" ".join)


def sentences_of(text):
    """Return the sentences of `text`, sliced by their spans."""
    return [text[start:end] for start, end in spans(text)]


@pytest.mark.parametrize("case", cases("sentences.json"))
def test_case(case):
    """Each text splits into the expected sentences."""
    assert sentences_of(case["input"]) == case["expected"]


@given(st.one_of(PROSE, PIECES))
def test_spans_are_ordered_disjoint_and_tight(text):
    """Spans follow each other inside the text, and neither start nor end with a space."""
    end = 0
    for start, stop in spans(text):
        assert end <= start < stop <= len(text)
        assert text[start:stop] == text[start:stop].strip()
        end = stop


@given(st.one_of(PROSE, PIECES))
def test_everything_but_space_and_footnote_numbers_is_covered(text):
    """What stands between the sentences is white space, or footnote numbers behind a full stop."""
    edges = [0, *(edge for span in spans(text) for edge in span), len(text)]
    gaps = [text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]
    assert gaps[0].strip() == ""
    assert [gap for gap in gaps[1:] if not re.fullmatch(r"(\[\d+\])*\s*", gap)] == []


@given(PIECES)
def test_a_sentence_of_a_text_is_one_sentence(text):
    """Splitting a sentence again gives that sentence: boundaries don't hang on what stands far off."""
    sentences = sentences_of(text)
    assert [sentences_of(sentence) for sentence in sentences] == [[sentence] for sentence in sentences]


@pytest.mark.parametrize("case", cases("hostile_sentences.json"))
def test_time_grows_with_the_text(case):
    """Ten times the text takes less than twenty times as long, up to 100 000 characters."""
    assert growth(spans, case) is None
