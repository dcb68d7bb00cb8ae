"""Where an answer stands: every span cuts what the answer holds out of its source."""

import json

import pytest
from conftest import PROJECT
from hypothesis import example, given
from hypothesis import strategies as st
from test_properties import CORPUS, _passages

from kerjasama_nlp import model
from kerjasama_nlp.answers import answering, facts, indexing, translation

QUESTIONS = [
    json.loads(line)["question"]
    for name in ("train", "held_out", "known")
    for line in (PROJECT / "corpus" / "questions" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
]
# Found for the side of a comparison, in a passage that the whole question doesn't find.
ASIDE = "Apa bedanya cara Indonesia dan Iran membela Palestina?"


def _check_answer_span(answer):
    """Each line of the answer is a heading or nothing, what its span cuts out, and the mark of a cut or nothing."""
    if answer.answer is None:
        assert answer.answer_span == ()
        return
    rest = answer.answer
    for number, span in enumerate(answer.answer_span):
        source = answer.sources[span.source]
        assert 0 <= span.start < span.end <= len(source.text)
        rest = rest.removeprefix("\n" if number else "").removeprefix(source.section.rsplit(" > ", 1)[-1] + ": ")
        cut = source.text[span.start : span.end]
        assert rest.startswith(cut)
        rest = rest[len(cut) :].removeprefix(" …")
    assert rest == ""


@given(st.sampled_from(QUESTIONS), st.integers(1, 6), st.sampled_from([None, 0.0]))
@example(ASIDE, 1, None)
@example(ASIDE, 1, 0.0)
def test_every_span_holds_its_part_of_the_answer(shipped, question, top_k, least):
    """Over the shipped corpus, answers and spans fit, however few sources are asked for and however unsure it is."""
    answer = shipped.ask(question, top_k=top_k, min_confidence=least)
    _check_answer_span(answer)
    assert len(answer.sources) <= max(top_k, len({span.source for span in answer.answer_span}))


@given(st.sampled_from(QUESTIONS))
@example("kapan dan di mana ASEAN didirikan")
@example("siapa yang meneken perjanjian persahabatan Indonesia Mesir")
def test_highlights_stand_in_the_answer(shipped, question):
    """What is emphasised is a part of the answer, one part after the other; questions for no fact have none."""
    answer = shipped.ask(question)
    whole = {(span.source, place) for span in answer.answer_span for place in range(span.start, span.end)}
    places = [(span.source, place) for span in answer.highlights for place in range(span.start, span.end)]
    assert places == sorted(set(places))
    assert set(places) <= whole
    assert all(answer.sources[span.source].text[span.start : span.end].strip() for span in answer.highlights)
    kinds = set(shipped.index.reader.read(question).kinds)
    assert not answer.highlights or kinds & set(facts.KINDS)


def test_the_fact_of_an_answer_is_marked(shipped):
    """The date of a founding is the fact that is asked for; a refusal has none, and no list of purposes."""
    answer = shipped.ask("Kapan ASEAN didirikan?")
    (span,) = answer.highlights
    assert answer.sources[span.source].text[span.start : span.end] == "8 Agustus 1967"
    assert shipped.ask("Kapan ASEAN didirikan?", min_confidence=1).highlights == ()
    assert shipped.ask("apa tujuan ASEAN").highlights == ()


def test_a_fact_that_is_cut_off_is_not_marked(shipped_ranker):
    """What the answer doesn't hold isn't emphasised in it."""
    words = " ".join(f"kata{number}" for number in range(120))
    text = f"Serikat Awan didirikan oleh {words} pada 3 Mei 1971."
    answer = model.Model(indexing.build(_passages([text])), shipped_ranker).ask(
        "kapan Serikat Awan didirikan", min_confidence=0
    )
    assert answer.answer.endswith(" …")
    assert answer.highlights == ()


@given(CORPUS, st.sampled_from(["kapan Pakta Danau Biru ditandatangani", "apa beda Pakta Danau dan Serikat Kopi"]))
def test_every_span_holds_its_part_whatever_the_texts(shipped_ranker, texts, question):
    """Texts of any characters, long headings and lists change nothing about it."""
    _check_answer_span(model.Model(indexing.build(_passages(texts)), shipped_ranker).ask(question, min_confidence=0))


def test_a_comparison_stands_in_two_sources(shipped):
    """Two sides that no sentence compares are answered from two articles, and both are sources."""
    answer = shipped.ask("perbedaan UNIDO dan ILO", top_k=1, min_confidence=0)
    assert [answer.sources[span.source].article_id for span in answer.answer_span] == ["unido-dan-wipo", "ilo"]
    assert len(answer.sources) == 2
    assert all(source.score > 0 for source in answer.sources)


@pytest.mark.parametrize("limit", [answering.MAX_ANSWER, 60, 30, 8])
def test_spans_of_what_is_cut(limit):
    """A cut shortens the span, a heading put before the answer doesn't lengthen it; a heading alone leaves nothing."""
    text = "# Kopi\n\n## Serikat Kopi\n\nBadan itu ialah perkumpulan para petani yang menanam teh di lereng gunung.\n"
    built = indexing.build(_passages([text]))
    question = built.reader.read("apa itu Serikat Kopi")
    unit = next(
        unit
        for unit in answering.candidates(built, question, 5, lambda _passage: translation.none()).units
        if unit.text.startswith("Badan")
    )
    part = answering.compose(question, unit, [unit], limit=limit)
    kept = unit.passage.text[part.start : part.end]
    assert len(part.text) <= limit
    assert part.text == f"Serikat Kopi: {kept}" if limit == answering.MAX_ANSWER else part.text.endswith(" …")
    assert part.text.removesuffix(" …").endswith(kept)
    assert (kept == "") == (limit < len("Serikat Kopi: Badan …"))
