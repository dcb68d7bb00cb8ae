"""One article states a fact, another one states it too, or another one: what is agreement, and what difference."""

import json
from dataclasses import replace

import pytest
from conftest import cases
from hypothesis import given
from hypothesis import strategies as st

from kerjasama_nlp import model
from kerjasama_nlp.answers import agreement, answering, indexing, translation
from kerjasama_nlp.documents.articles import parse_article
from kerjasama_nlp.documents.passages import split
from kerjasama_nlp.language.tokens import Analyzer
from kerjasama_nlp.terminal import render

QUESTION = "kapan Serikat Kopi didirikan"
FOUNDED = "Serikat Kopi didirikan pada 3 Mei 1971."
FILLING = ("Petani Sleman panen cabai.", "Pakta Danau Biru adalah perjanjian tentang air danau.")


def _index(*texts, titles=()):
    """Return the index of articles with those texts and titles (or numbers), and of two about something else."""
    articles = [
        parse_article(f"a{n}", dict(titles).get(n, f"Artikel {n}"), text, path=f"a{n}.md")
        for n, text in enumerate((*texts, *FILLING))
    ]
    return indexing.build([passage for article in articles for passage in split(article)])


def _compared(shipped_ranker, question, own, *others, least=0.0, titles=()):
    """Return what the unit of the first text and those of the others compare to."""
    built = _index(own, *others, titles=titles)
    read = built.reader.read(question)
    units = answering.candidates(built, read, 9, lambda _passage: translation.none()).units
    best = next(unit for unit in units if unit.text == own)
    rest = sorted((unit for unit in units if unit is not best), key=lambda unit: unit.number)
    return agreement.compare(read, built.analyzer, shipped_ranker.plain, best, rest, least)


@pytest.mark.parametrize("case", cases("agreement.json"))
def test_what_another_article_says(shipped_ranker, case):
    """The same fact counts as agreement, another one of the same thing as difference, all else as neither."""
    titles = [(1, case["title"])] if "title" in case else []
    compared = _compared(shipped_ranker, case["question"], case["own"], case["other"], titles=titles)
    found = compared and (bool(compared.agree), bool(compared.differ))
    assert found in ({True: [(True, False)], False: [(False, True)], None: [None, (False, False)]}[case["same"]])


def test_each_article_counts_once(shipped_ranker):
    """Where sentences of one article say the same and something else, it agrees; the answer's own doesn't count."""
    other = "\n\n".join(f"Serikat Kopi didirikan pada {date}." for date in ("1972", "1971", "Mei 1971"))
    compared = _compared(shipped_ranker, QUESTION, FOUNDED, other, "Serikat Kopi didirikan pada 1980.")
    assert [(said.unit.passage.article_id, said.text) for said in compared.agree] == [("a1", "1971")]
    assert [(said.unit.passage.article_id, said.text) for said in compared.differ] == [("a2", "1980")]
    assert compared.own.text == "3 Mei 1971"


def test_unsure_sentences_do_not_count(shipped_ranker):
    """A sentence counts only where it would be an answer itself."""
    sure = _compared(shipped_ranker, QUESTION, FOUNDED, "Serikat Kopi didirikan pada 1971.")
    assert len(sure.agree) == 1
    unsure = _compared(shipped_ranker, QUESTION, FOUNDED, "Serikat Kopi didirikan pada 1971.", least=1.0)
    assert unsure.agree == ()


@given(st.integers(0, 10**15))
def test_numbers_in_figures(amount):
    """Figures are read with their full stops, in whatever company."""
    written = f"{amount:,}".replace(",", ".")
    assert agreement.number(f"sekitar {written} orang") == (amount, "orang")
    assert agreement.number(f"{written},5 persen") == (amount + 0.5, "persen")


@pytest.mark.parametrize(
    ("words", "amount"),
    [
        ("sebelas", 11),
        ("dua belas", 12),
        ("sembilan puluh sembilan", 99),
        ("seratus satu", 101),
        ("tiga ratus dua puluh", 320),
        ("seribu seratus", 1100),
        ("dua ratus ribu lima", 200_005),
        ("satu juta dua ratus ribu", 1_200_000),
        ("setengah", 0),
    ],
)
def test_numbers_in_words(words, amount):
    """Words of numbers add up and multiply as they do in Indonesian."""
    assert agreement.number(f"{words} negara")[0] == amount


@given(st.integers(1, 28), st.integers(0, 11), st.integers(1401, 2099))
def test_dates_agree_with_their_parts(day, month, year):
    """A date agrees with what leaves out its day or month, and with no other year, month or day."""
    names = "Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember".split()
    date = f"{day} {names[month]} {year}"
    for coarser in (date, f"{names[month]} {year}", str(year), f"{day} {names[month]}"):
        assert agreement.same_date(date, coarser) is True
        assert agreement.same_date(coarser, date) is True
    for other in (f"{day + 1} {names[month]} {year}", f"{names[month - 1]} {year}", str(year - 1)):
        assert agreement.same_date(date, other) is False


def test_counted_things_are_compared():
    """Numbers of different things are neither the same nor different; one that counts nothing may be the same."""
    analyzer = Analyzer()
    assert agreement.same_number(analyzer, "10 negara", "11 negara") is False
    assert agreement.same_number(analyzer, "10 negara", "10 pasal") is None
    assert agreement.same_number(analyzer, "10", "sepuluh negara") is True
    assert agreement.same_number(analyzer, "10", "11 negara") is None


MEMBERS = (
    "Per 2023, Serikat Kopi beranggotakan 10 negara.",
    "Per 2024, Serikat Kopi beranggotakan 11 negara.",
    "Serikat Kopi beranggotakan sepuluh negara penghasil kopi.",
)


def _asked(ranker, top_k=5):
    found = model.Model(_index(*MEMBERS), ranker).ask("berapa negara anggota Serikat Kopi", top_k=top_k)
    assert found.answer is not None
    return found


def test_answers_tell_what_other_articles_say(shipped_ranker):
    """The statements of an answer's agreement stand in its sources, word for word, with their years."""
    answer = _asked(shipped_ranker)
    statements = {(said.text, said.year) for said in (answer.agreement.own, *answer.agreement.agree)}
    statements |= {(said.text, said.year) for said in answer.agreement.differ}
    assert statements == {("10 negara", 2023), ("11 negara", 2024), ("sepuluh negara", None)}
    own = answer.agreement.own
    assert (own.source, own.start, own.end) == tuple(
        getattr(answer.highlights[0], name) for name in ("source", "start", "end")
    )
    for said in (own, *answer.agreement.agree, *answer.agreement.differ):
        assert answer.sources[said.source].text[said.start : said.end] == said.text
    row = json.loads(render.answer_json(answer))["agreement"]
    assert row["own"] == {"source": own.source, "start": own.start, "end": own.end, "text": own.text, "year": own.year}
    assert len(row["agree"]) + len(row["differ"]) == 2


def test_readers_see_what_other_articles_say(shipped_ranker):
    """Below the source stand the articles that say the same, and the facts that differ with articles and years."""
    assert render.answer_text(_asked(shipped_ranker)).splitlines()[-2:] == [
        "Juga menurut 1 artikel lain: Artikel 0",
        "Berbeda antarartikel: sepuluh negara (Artikel 2) / 11 negara (Artikel 1, 2024)",
    ]


def test_only_sources_are_compared(shipped_ranker):
    """What isn't among the sources isn't told of; refusals compare nothing, nor do answers that nobody else gives."""
    assert _asked(shipped_ranker, top_k=1).agreement is None
    built = model.Model(_index(*MEMBERS), shipped_ranker)
    assert built.ask("berapa negara anggota Serikat Kopi", min_confidence=1).agreement is None
    unsure = replace(shipped_ranker, plain=replace(shipped_ranker.plain, threshold=1.0))
    forced = model.Model(_index(*MEMBERS), unsure).ask("berapa negara anggota Serikat Kopi", min_confidence=0)
    assert (forced.answer is None, forced.agreement) == (False, None)
    alone = model.Model(_index(MEMBERS[0]), shipped_ranker)
    assert alone.ask("berapa negara anggota Serikat Kopi").agreement is None
