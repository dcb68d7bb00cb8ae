"""The fact in a sentence: which date, number, place, person or meaning is the one asked for."""

import pytest
from conftest import cases

from kerjasama_nlp.answers import facts


@pytest.mark.parametrize("case", cases("facts.json"))
def test_the_fact_that_is_asked_for(shipped, case):
    """Of all dates, numbers and names of a sentence it is the one that belongs to what is asked."""
    question = shipped.index.reader.read(case["question"])
    found = facts.find(question, shipped.index.analyzer, case["text"])
    assert [case["text"][fact.start : fact.end] for fact in found] == case["facts"]
