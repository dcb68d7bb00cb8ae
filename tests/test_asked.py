"""Known questions: found by their words, kept in the model, and a way to passages that use other words."""

import json

import numpy as np
import pytest
from conftest import PROJECT
from hypothesis import given
from hypothesis import strategies as st

from kerjasama_nlp import load, model, training
from kerjasama_nlp.answers import answering, asked, translation
from kerjasama_nlp.answers.gold import KnownAnswer, read, read_questions
from kerjasama_nlp.answers.indexing import build
from kerjasama_nlp.documents import articles, passages
from kerjasama_nlp.errors import InputError, ModelError

CORPUS = PROJECT / "corpus"
ARTICLE = """# Pakta Awan

Pakta Awan berdiri pada 12 Maret 1999 di Kota Senja. Kantor pusatnya berada di Kota Fajar.

## Keanggotaan

Anggota pakta ini adalah:

- Negeri Angin;
- Negeri Hujan.
"""
KNOWN = [
    KnownAnswer("alamat markas aliansi mega", "pakta", "Kantor pusatnya berada di  Kota Fajar.", "a:1"),
    KnownAnswer("siapa yang gabung pakta awan", "pakta", "Anggota pakta ini adalah:", "a:2"),
    KnownAnswer("negeri basah", "pakta", "Negeri Hujan.", "a:3"),
]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Return the passages of a small article."""
    folder = tmp_path_factory.mktemp("artikel")
    (folder / "pakta.md").write_text(ARTICLE, encoding="utf-8")
    return [passage for article in articles.read(folder, "utf-8") for passage in passages.split(article)]


@pytest.fixture(scope="module")
def index(pages):
    """Return the index of the article with its known questions."""
    return build(pages, KNOWN)


def _units(index):
    return [(entry, index.passages[entry.passage].text[entry.start : entry.end]) for entry in index.asked]


def test_each_question_knows_its_unit(index):
    """A known question stands for the sentence, item or lead-in that it names, white space aside."""
    assert [(entry.text, text) for entry, text in _units(index)] == [
        (KNOWN[0].text, "Kantor pusatnya berada di Kota Fajar."),
        (KNOWN[1].text, "Anggota pakta ini adalah:"),
        (KNOWN[2].text, "Negeri Hujan."),
    ]


@pytest.mark.parametrize(
    ("article", "passage"), [("pakta", "Negeri Salju."), ("lain", "Negeri Hujan."), ("pakta", "Negeri Hujan. Negeri")]
)
def test_a_passage_that_is_not_there(pages, article, passage):
    """A question whose passage the article doesn't hold is told by file and line."""
    with pytest.raises(InputError, match=rf"^b:7: the article {article} holds no such passage .*\(1 such lines\)"):
        build(pages, [*KNOWN, KnownAnswer("apa", article, passage, "b:7")])


def test_likeness_is_the_formula(index):
    """Twice what both ask for over what each asks for: 1 for the same words, 0 without a shared one."""
    (same, *_others) = index.asked.look(index.reader.read(KNOWN[2].text)).matches
    assert (same.known.text, same.likeness) == (KNOWN[2].text, pytest.approx(1, abs=1e-6))
    question = index.reader.read("negeri angin")
    weights = {concept.word: concept.importance for concept in question.concepts}
    known = {concept.word: concept.importance for concept in index.reader.read(KNOWN[2].text).concepts}
    (match,) = index.asked.look(question).matches
    expected = 2 * weights["negeri"] / (sum(weights.values()) + sum(known.values()))
    assert match.likeness == pytest.approx(expected, rel=1e-6)
    seen = index.asked.look(index.reader.read("cuaca esok"))
    assert (seen.matches, seen.unanswered, seen.doubt) == ([], 0.0, 0.0)


def test_other_forms_of_a_word_are_alike(pages):
    """A question finds one that has another form of its word, also where the articles hold that very form."""
    index = build(pages, [KnownAnswer("berdiri", "pakta", "Negeri Hujan.", "a:1")])
    (concept,) = index.reader.read("berdiri").concepts
    assert len(concept.terms) > 1
    assert [match.known.text for match in index.asked.look(index.reader.read("didirikan")).matches] == ["berdiri"]


def test_half_a_character_in_a_question(pages):
    """What UTF-8 can't hold is replaced; the question stays."""
    index = build(pages, [KnownAnswer("negeri \ud800 basah", "pakta", "Negeri Hujan.", "a:1")])
    assert [entry.text for entry in index.asked] == ["negeri ? basah"]


def test_some_can_be_left_out(index):
    """While weights are fitted, a question doesn't find itself, nor others of its author."""
    question = index.reader.read(KNOWN[1].text)
    without = np.array([entry.text == KNOWN[1].text for entry in KNOWN])
    assert index.asked.look(question).matches[0].known.text == KNOWN[1].text
    assert KNOWN[1].text not in {match.known.text for match in index.asked.look(question, without).matches}


UNANSWERED = [KnownAnswer("siapa ketua pakta awan", "pakta", "", "a:4"), KnownAnswer("resep rendang", "", "", "a:5")]


def test_questions_without_an_answer(pages, shipped_ranker, tmp_path):
    """They match no passage, tell how alike they are, come last in the index, and come back from a model's folder."""
    index = build(pages, [UNANSWERED[0], *KNOWN, UNANSWERED[1]])
    assert [entry.text for entry in index.asked] == [entry.text for entry in (*KNOWN, *UNANSWERED)]
    model.save(model.Model(index, shipped_ranker), tmp_path / "m")
    for found in (index, model.verify(tmp_path / "m").index):
        seen = found.asked.look(found.reader.read(UNANSWERED[0].text))
        assert seen.unanswered == pytest.approx(1, abs=1e-6)
        assert seen.matches
        assert {match.known.text for match in seen.matches} <= {entry.text for entry in KNOWN}
        assert found.asked.look(found.reader.read("negeri basah")).unanswered == 0.0
        without = np.array([False] * len(KNOWN) + [True, False])
        assert found.asked.look(found.reader.read(UNANSWERED[0].text), without).unanswered == 0.0


def test_what_a_passage_is_asked_for(pages, index):
    """Each question that a passage answers says how surely it speaks of each concept asked."""
    question = index.reader.read("alamat negeri basah aliansi")
    look = index.asked.look(question)
    (number,) = [number for number, page in enumerate(pages) if "Negeri Hujan" in page.text]
    spoken = look.of_passage(number)
    assert [pages[number].text[each.start : each.end] for each in spoken] == ["Negeri Hujan."]
    assert spoken[0].sure.tolist() == [0, 1, 1, 0]
    assert [each.sure.tolist() for each in look.of_passage(0)] == [[1, 0, 0, 1]]
    assert look.of_passage(len(pages)) == []
    without = np.array([False, False, True])
    assert index.asked.look(question, without).of_passage(number) == []


def test_questions_of_one_unit_count_together(pages):
    """What one of a sentence's questions asks and another one doesn't, both make it speak of."""
    sentence = "Kantor pusatnya berada di Kota Fajar."
    known = [KnownAnswer(text, "pakta", sentence, "a:1") for text in ("alamat markas", "aliansi mega")]
    index = build(pages, known)
    question = index.reader.read("alamat aliansi")
    found = answering.candidates(index, question, 5, lambda _passage: translation.none())
    features = {unit.text: unit.features for unit in found.units}
    assert features[sentence].pooled == 1
    assert features[sentence].asked < 0.6
    assert not any(each.pooled for text, each in features.items() if text != sentence)


def test_words_of_questions_without_an_answer_raise_doubt(pages):
    """The chance by the words is that of the formula; what is left out doesn't count."""
    index = build(pages, [*KNOWN, *UNANSWERED])
    question = index.reader.read("siapa ketua negeri basah")
    look = index.asked.look(question)
    smoothing, share = asked.SMOOTHING, 2 / 5
    held = {"ketua": (1, 0), "negeri": (0, 1), "basah": (0, 1)}
    odds = 0.0
    for unanswered, known in held.values():
        odds += np.log((unanswered + smoothing * share) / (known + smoothing * (1 - share)) * (1 - share) / share)
    assert [concept.word for concept in question.concepts] == list(held)
    assert look.doubt == pytest.approx(1 / (1 + np.exp(-odds)))
    assert index.asked.look(question, np.array([False] * 3 + [True] * 2)).doubt == 0.0
    assert index.asked.look(question, np.array([False] * 3 + [True, False])).doubt < look.doubt


def test_words_without_an_answer_are_no_words_of_the_corpus(pages):
    """What is only asked for in vain stays unknown."""
    index = build(pages, [*KNOWN, *UNANSWERED])
    known = {concept.word: concept.known for concept in index.reader.read("resep rendang negeri basah").concepts}
    assert known == {"resep": False, "rendang": False, "negeri": True, "basah": True}


def test_a_question_known_to_have_no_answer_is_refused(pages, shipped_ranker):
    """Being asked in the same words as one without an answer speaks against any answer."""
    question = UNANSWERED[0].text
    unwarned = model.Model(build(pages, KNOWN), shipped_ranker).ask(question)
    warned = model.Model(build(pages, [*KNOWN, *UNANSWERED]), shipped_ranker).ask(question)
    assert warned.confidence < unwarned.confidence


def test_words_of_known_questions_are_words_of_the_corpus(pages, index):
    """A word that only a known question holds is known, and isn't taken for a misspelt one."""
    (concept,) = index.reader.read("basah").concepts
    assert (concept.word, concept.known) == ("basah", True)
    assert not build(pages).reader.read("basah").concepts[0].known


def test_other_words_lead_to_the_answer(pages, index, shipped_ranker):
    """The passage that a like question leads to is answered from, though it shares no word with the question."""
    found = model.Model(index, shipped_ranker).ask("alamat markas aliansi mega", min_confidence=0.0)
    assert "Kota Fajar" in found.answer
    without = model.Model(build(pages), shipped_ranker).ask("alamat markas aliansi mega", min_confidence=0.0)
    assert found.confidence > without.confidence


def test_refusals_offer_like_questions(index, shipped_ranker):
    """A refusal names questions like the one asked that the corpus answers."""
    reply = model.Model(index, shipped_ranker).ask("markas aliansi mega apa", min_confidence=1.0)
    assert reply.answer is None
    assert reply.similar[0] == KNOWN[0].text


def test_a_saved_model_knows_them(index, shipped_ranker, tmp_path):
    """Known questions come back from the folder, every one of them."""
    made = model.Model(index, shipped_ranker)
    model.save(made, tmp_path / "m")
    opened = load(tmp_path / "m")
    assert _units(opened.index) == _units(index)
    for entry in KNOWN:
        assert opened.ask(entry.text) == made.ask(entry.text)


@given(st.binary(max_size=60))
def test_a_damaged_line_is_told(data):
    """What isn't a known question is a damaged model, never a traceback or a wrong question."""
    line = np.frombuffer(data, dtype=np.uint8)
    passages = np.zeros(1, dtype=np.int32)
    damaged = asked.Asked(line, np.array([0, len(line)]), passages, None, None, None, np.ones(1, np.float32))
    try:
        entry = damaged[0]
    except ModelError:
        return
    assert json.loads(data) == [entry.text, entry.kind, entry.start, entry.end]


def test_questions_of_both_sorts_in_one_file(tmp_path):
    """Lines that say what an answer must contain fit; lines that name a passage are known."""
    path = tmp_path / "q.jsonl"
    path.write_text(
        '{"question": "a", "answerable": true, "must_contain": [["b"]], "article": "x", "passage": "y"}\n'
        '{"question": "c", "answerable": false, "must_contain": []}\n'
        '{"question": "d", "article": "x", "passage": "y"}\n',
        encoding="utf-8",
    )
    assert [entry.text for entry in read_questions([path])] == ["a", "c"]
    assert read([path]).known == [KnownAnswer("d", "x", "y", "q.jsonl:3")]
    path.write_text('{"question": "d", "article": "x", "passage": 7}\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"q\.jsonl:1: expected"):
        read([path])


def test_known_questions_alone_extend_a_model(tmp_path, small_model):
    """Without articles and without questions to fit on, they are added to the base model's articles."""
    base = load(small_model)
    passage = base.index.passages[0]
    line = passage.text.split("\n")[0]
    row = {"question": "kata kunci rahasia", "article": passage.article_id.removesuffix(".md"), "passage": line}
    (tmp_path / "q.jsonl").write_text(json.dumps(row), encoding="utf-8")
    trained = training.train(questions=[tmp_path / "q.jsonl"], base=small_model).model
    assert trained.ranker == base.ranker
    assert [entry.text for entry in trained.index.asked] == ["kata kunci rahasia"]
    assert trained.training["known_questions"] == 1


def test_shipped_questions_are_apart():
    """No known question is one of those that fit or measure the answerer, and none comes twice."""

    def folded(text):
        return " ".join("".join(c if c.isalnum() else " " for c in text.lower()).split())

    lines = (CORPUS / "questions" / "known.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line)["question"] for line in lines]
    others = read_questions([CORPUS / "questions" / name for name in ("train.jsonl", "held_out.jsonl")])
    known = [folded(text) for text in rows]
    assert len(known) == len(set(known)) == 35865
    assert not {folded(question.text) for question in others}.intersection(known)
