"""Cleaning: each kind of dirt, and idempotence."""

import pytest
from conftest import cases
from hypothesis import given
from hypothesis import strategies as st

from kerjasama_nlp.clean import STEPS, clean

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
