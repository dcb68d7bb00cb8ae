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


@pytest.mark.parametrize("case", cases("unnamed_facts.json"))
def test_a_fact_that_the_question_does_not_name(shipped, case):
    """A fact of the kind asked for counts unless the question itself names it."""
    question, analyzer = shipped.index.reader.read(case["question"]), shipped.index.analyzer
    named = [(place.start, place.end) for place in facts.places(question, analyzer, case["text"])]
    assert facts.holds(question, analyzer, case["text"], named) is case["held"]
