"""Answers from three small articles: what speaks for each sentence and list, which one is chosen, what is cut of it.

The expected values in `data/answering/expected.json` are those of the code as it was when they were read through; a
change that means to change them makes them anew with `python tests/test_answering.py`.
"""

import json
import sys
from dataclasses import asdict, fields, replace
from pathlib import Path

import pytest

from kerjasama_nlp import training
from kerjasama_nlp.answers import answering, translation
from kerjasama_nlp.answers.answering import MAX_ANSWER, MAX_FACT
from kerjasama_nlp.answers.evidence import Features
from kerjasama_nlp.answers.ranking import MIN_KNOWN, Ranker, Rankers

FOLDER = Path(__file__).parent / "data" / "answering"
EXPECTED = FOLDER / "expected.json"
QUESTIONS = json.loads((FOLDER / "questions.json").read_text(encoding="utf-8"))
# What is better the less there is of it.
AGAINST = {"thin", "lacks", "stray_list", "wrong_list", "fragment", "no_fact", "other_year"}
# Nobody fitted these weights: each feature counts, so that a change of any one shows.
WEIGHTS = {
    field.name: (-1 if field.name in AGAINST else 1) * (1 + position / 10)
    for position, field in enumerate(fields(Features))
}
RANKER = Ranker(WEIGHTS, {name: weight / 8 for name, weight in WEIGHTS.items()}, -2.0, 0.4)
# Other words for some of the articles'.
PAIRS = [(["alamat"], {"markas", "forum"}), (["lahir"], {"diri", "pakta"}), (["guna"], {"tuju", "forum"})]
RANKERS = Rankers(RANKER, None, translation.fit(PAIRS * 9))


def _index():
    return training.index_articles([FOLDER])[0]


def _candidates(index, question, top_k=answering.CANDIDATES):
    return answering.candidates(index, question, top_k, lambda _passage: RANKERS.translations)


def _units(index, text):
    """Return what speaks for each unit of the passages that a question finds, as far as it isn't nothing."""
    question = index.reader.read(text)
    return [
        {
            "text": unit.text,
            "whole_list": unit.whole_list,
            "missing": list(unit.missing),
            **{name: round(value, 5) for name, value in asdict(unit.features).items() if value},
        }
        for unit in _candidates(index, question).units
    ]


def _answer(index, text):
    answer = answering.ask(index, RANKERS, text, top_k=3)
    return {
        "question": answer.question,
        "answer": answer.answer,
        "confidence": round(answer.confidence, 5),
        "missing": list(answer.missing),
        "sources": [
            [each.article_id, each.title, each.section, each.path, each.text[:30], round(each.score, 4)]
            for each in answer.sources
        ],
    }


@pytest.fixture(scope="module")
def index():
    """Return the index of the three articles."""
    return _index()


@pytest.fixture(scope="module")
def expected():
    """Return what is expected of each question."""
    return json.loads(EXPECTED.read_text(encoding="utf-8"))


def test_all_questions_are_expected(expected):
    """Each question has its expectation, and all features occur in them but those of known questions."""
    assert list(expected) == QUESTIONS
    named = {name for case in expected.values() for unit in case["units"] for name in unit}
    unnamed = {field.name for field in fields(Features)} - named
    known = {"asked", "asked_alike", "asked_here", "asked_sure", "asked_best"}
    assert unnamed == known | {"unasked", "unasked_more", "doubt"}  # see test_asked.py


@pytest.mark.parametrize(
    ("question", "concepts"),
    [
        ("hubungan Kopi-Danau", ["hubungan", "kopi", "danau"]),
        ("apa itu Asia-Afrika-Pasifik", ["asia", "afrika", "pasifik"]),
        ("tepi-tepi danau", ["tepi-tepi", "danau"]),
        ("negara dan negara-negara", ["negara"]),
        ("konferensi asia-afrika", ["konferensi asia-afrika"]),
    ],
)
def test_joined_names_are_two(index, question, concepts):
    """A hyphen between two things names both; a word said twice, and a name with a hyphen, are one."""
    assert [concept.word for concept in index.reader.read(question).concepts] == concepts


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_speaks_for_each_unit(index, expected, question):
    """Each sentence, list and item of the passages found has the features that were read through."""
    assert _units(index, question) == expected[question]["units"]


@pytest.mark.parametrize("question", QUESTIONS)
def test_answer(index, expected, question):
    """The answer, its confidence, what it lacks and its sources are those that were read through."""
    assert _answer(index, question) == expected[question]["answer"]


def test_threshold_and_number_of_sources(index):
    """An answer is given from the threshold on, the caller's or the ranker's; sources are as many as asked for."""
    question = QUESTIONS[1]
    sure = answering.ask(index, RANKERS, question)
    assert sure.answer is not None
    assert answering.ask(index, RANKERS, question, min_confidence=sure.confidence).answer == sure.answer
    above = answering.ask(index, RANKERS, question, min_confidence=sure.confidence + 1e-9)
    assert (above.answer, above.confidence, above.sources) == (None, sure.confidence, sure.sources)
    for number in (1, 2, 4):
        assert len(answering.ask(index, RANKERS, question, top_k=number).sources) == number
    assert len(sure.sources) == 5


def test_probability(index):
    """The probability follows the logistic function of the features, less where the corpus knows little."""
    question = index.reader.read(QUESTIONS[1])
    for unit in _candidates(index, question).units:
        odds = RANKER.bias + sum(RANKER.confidence[name] * value for name, value in asdict(unit.features).items())
        trust = min(1.0, unit.features.known / MIN_KNOWN)
        assert RANKER.probability(unit) == pytest.approx(trust / (1 + 2.718281828459045**-odds))
        assert RANKER.score(unit) == pytest.approx(
            sum(WEIGHTS[name] * value for name, value in asdict(unit.features).items())
        )
    strange = index.reader.read("cara membuat rendang Padang pedas di Bogota")
    found = _candidates(index, strange, 1).units
    sure = Ranker(WEIGHTS, dict.fromkeys(WEIGHTS, 0.0), 100.0, 0.0)
    assert sure.probability(found[0]) == pytest.approx(found[0].features.known / MIN_KNOWN)
    assert 0 < found[0].features.known < MIN_KNOWN
    assert Ranker(WEIGHTS, dict.fromkeys(WEIGHTS, 0.0), -100.0, 0.0).probability(found[0]) > 0


@pytest.mark.parametrize(
    "change",
    [{"rank": {}}, {"confidence": {**WEIGHTS, "lain": 1.0}}, {"bias": float("nan")}, {"threshold": True}],
    ids=["no weights", "too many weights", "no number", "a truth value"],
)
def test_what_is_no_ranker(change):
    """Weights of other features, and what is no finite number, are refused with the name of their file."""
    with pytest.raises(ValueError, match=r"^answering\.json$"):
        Ranker.from_json(RANKER.to_json() | change)
    assert Ranker.from_json(RANKER.to_json()) == RANKER


def test_long_answers_are_cut(tmp_path):
    """Lists are cut between items, facts between words, and neither is longer than it may be."""
    items = "".join(f"- butir nomor {number} tentang penghijauan lereng gunung;\n" for number in range(60))
    words = " ".join(f"kata{number}" for number in range(200))
    (tmp_path / "panjang.md").write_text(
        f"# Forum Lereng\n\n## Tujuan Forum Lereng\n\nTujuan Forum Lereng ialah:\n\n{items}\n"
        f"## Sejarah\n\nForum Lereng didirikan pada 1990 dengan {words} dan selesai.\n",
        encoding="utf-8",
    )
    built = training.index_articles([tmp_path])[0]
    listed = answering.ask(built, RANKERS, "apa tujuan Forum Lereng", min_confidence=0).answer
    assert len(listed) <= MAX_ANSWER
    assert len(listed) > MAX_ANSWER - 60
    assert listed.startswith("Tujuan Forum Lereng ialah:\n- butir nomor 0 ")
    assert listed.endswith("gunung;")
    fact = answering.ask(built, RANKERS, "kapan Forum Lereng didirikan", min_confidence=0).answer
    assert len(fact) <= MAX_FACT
    assert len(fact) > MAX_FACT - 10
    assert fact.endswith(" …")
    assert fact.removesuffix(" …").rsplit(" ", 1)[1] in words.split()


def test_long_explanation_is_a_paragraph(tmp_path):
    """What is no fact may be as long as its list or sentence is, and takes what follows up to a paragraph."""
    long = "Forum Lereng adalah perkumpulan yang " + " ".join(f"merawat{number}" for number in range(70)) + "."
    (tmp_path / "panjang.md").write_text(f"# Forum Lereng\n\n{long} Ia ada.\n", encoding="utf-8")
    built = training.index_articles([tmp_path])[0]
    answer = answering.ask(built, RANKERS, "apa itu Forum Lereng", min_confidence=0).answer
    assert len(long) > answering.MAX_PROSE
    assert answer == long


LIST = "Ada tiga:\n- satu;\n- dua;\n- tiga."


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [
        ("satu dua tiga", 13, "satu dua tiga"),
        ("satu dua tiga", 12, "satu dua …"),
        ("satu dua tiga", 11, "satu dua …"),
        ("satu dua tiga", 10, "satu …"),
        ("satu dua\ntiga empat", 16, "satu dua\ntiga …"),
        ("satu dua\ntiga empat", 14, "satu …"),
        ("satu dua tiga empat", 18, "satu dua tiga …"),
        ("tidakadaspasi", 8, "tidaka …"),
    ],
)
def test_cut_between_words(text, limit, cut):
    """A text that is too long ends between words, with a mark that counts too."""
    kept, mark = answering._cut(text, limit)  # noqa: SLF001  # what all answers go through
    assert kept + mark == cut
    assert text.startswith(kept)
    assert len(cut) <= limit


@pytest.mark.parametrize(
    ("limit", "cut"),
    [
        (len(LIST), LIST),
        (len(LIST) - 1, "Ada tiga:\n- satu;\n- dua;"),
        (len("Ada tiga:\n- satu;\n- dua;\n- "), "Ada tiga:\n- satu;\n- dua;"),
        (len("Ada tiga:\n- satu;\n- dua;\n-"), "Ada tiga:\n- satu;"),
        (len("Ada tiga:\n- satu;\n-"), "Ada tiga:\n- …"),
        (len("Ada tiga:\n- satu;"), "Ada tiga:\n- …"),
        (8, "Ada …"),
    ],
)
def test_cut_between_items(limit, cut):
    """A list that is too long ends behind an item; where not even one fits, between words."""
    kept, mark = answering._shorten_list(LIST, limit)  # noqa: SLF001  # what all lists go through
    assert kept + mark == cut
    assert LIST.startswith(kept)
    assert len(cut) <= limit


def test_what_settles_a_comparison(index):
    """A unit compares by itself where it looks like a comparison, lacks nothing, and isn't a list of headings."""
    question = index.reader.read("apa perbedaan kerja sama bilateral dan regional")
    unit = _candidates(index, question).units[0]
    good = replace(unit, features=replace(unit.features, kind=1.0, coverage=0.95), missing=())
    outline = replace(good, passage=replace(good.passage, kind="outline"))
    others = [
        outline,
        replace(good, missing=("regional",)),
        replace(good, features=replace(good.features, kind=0.8)),
        replace(good, features=replace(good.features, coverage=answering.COMPARING_COVERAGE)),
    ]
    assert answering._compares(good)  # noqa: SLF001  # four conditions at once, which questions rarely take apart
    assert [answering._compares(other) for other in others] == [False] * 4  # noqa: SLF001


if __name__ == "__main__":
    made = {text: {"units": _units(_index(), text), "answer": _answer(_index(), text)} for text in QUESTIONS}
    text = json.dumps(made, ensure_ascii=False, indent=1)
    (Path(sys.argv[1]) if len(sys.argv) > 1 else EXPECTED).write_text(text + "\n", encoding="utf-8")
