"""Texts from strangers cost what their length says: in time here, in memory and on the terminal below."""

import pytest
from conftest import cases, growth

from kerjasama_nlp.answers import answering, index
from kerjasama_nlp.documents.articles import parse_article
from kerjasama_nlp.documents.passages import split

# Questions of the kinds whose answers are looked for in different ways.
QUESTIONS = ("apa itu danau biru", "siapa presiden danau biru", "sebutkan anggota danau biru", "kepanjangan db")


@pytest.mark.parametrize("case", cases("hostile_asked.json"))
def test_answers_take_linear_time(shipped_ranker, case):
    """A question over an article ten times as long takes about ten times as long, whatever the article says."""

    def ask(text):
        article = parse_article("a", "Danau Biru", f"Danau Biru adalah danau.\n\n{text}", path="a.txt")
        searched = index.build(split(article))
        for question in QUESTIONS:
            answering.ask(searched, shipped_ranker, question)

    assert growth(ask, case) is None
