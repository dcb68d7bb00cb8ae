"""What must hold for any corpus and any texts: order, company and a stay on disk change nothing."""

import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from kerjasama_nlp import load, model
from kerjasama_nlp.answers import indexing
from kerjasama_nlp.documents.articles import parse_article
from kerjasama_nlp.documents.passages import split

SENTENCES = st.sampled_from(
    [
        "Pakta Danau Biru adalah perjanjian dua negara.",
        "Pakta Danau Biru ditandatangani pada 3 Mei 1971 di Bogota.",
        "Tujuan Serikat Kopi ialah menjaga harga kopi, melatih petani dan membuka pasar.",
        "Indonesia dan Jepang menandatangani perjanjian dagang di Tokyo.",
        "PBB menggelar sidang darurat tentang gempa di Haiti.",
        "## Tujuan\n\n- damai\n- makmur\n",
        "Petani Sleman panen cabai.",
    ]
)
TEXTS = st.lists(SENTENCES | st.text(max_size=40), min_size=1, max_size=6).map("\n\n".join)
CORPUS = st.lists(TEXTS, min_size=2, max_size=6)
QUESTIONS = ("kapan Pakta Danau Biru ditandatangani", "apa tujuan Serikat Kopi", "siapa penyanyi lagu ini")


def _passages(texts):
    """Return the passages of articles with those texts; one that always has words comes with them."""
    sure = parse_article("tentu", "Serikat Kopi", "Serikat Kopi menjaga harga kopi.", path="tentu.md")
    named = [parse_article(f"a{n}", f"Artikel {n}", text, path=f"a{n}.md") for n, text in enumerate(texts)]
    return [passage for article in [sure, *named] for passage in split(article)]


@given(CORPUS, st.randoms(use_true_random=False))
def test_order_of_articles_changes_no_score(shipped_ranker, texts, chance):
    """A question finds the same passages with the same scores in whatever order the corpus was read."""
    passages = _passages(texts)
    shuffled = chance.sample(passages, len(passages))
    for question in QUESTIONS:
        found = []
        for order in (passages, shuffled):
            answered = model.Model(indexing.build(order), shipped_ranker).ask(question, top_k=len(passages))
            scores = sorted((round(source.score, 4), source.article_id, source.text) for source in answered.sources)
            found.append((scores, round(answered.confidence, 6)))
        assert found[0] == found[1]


@settings(max_examples=25)
@given(CORPUS)
def test_a_saved_model_answers_identically(shipped_ranker, tmp_path_factory, texts):
    """Saved and opened again, a model gives the same answers, confidences and sources, to the last bit."""
    in_memory = model.Model(indexing.build(_passages(texts)), shipped_ranker)
    folder = tmp_path_factory.mktemp("simpan") / "model"
    model.save(in_memory, folder)
    opened = load(folder)
    assert [opened.ask(question) for question in QUESTIONS] == [in_memory.ask(question) for question in QUESTIONS]


@given(st.lists(TEXTS | st.text(), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_company_and_order_change_no_label(shipped, texts, chance):
    """A text has the same labels alone, among others, and in another order."""
    together = shipped.label(texts)
    order = random.Random(chance.random()).sample(range(len(texts)), len(texts))  # noqa: S311
    shuffled = shipped.label([texts[n] for n in order])
    for number, text in enumerate(texts):
        (alone,) = shipped.label([text])
        for other in (together[number], shuffled[order.index(number)]):
            assert _rounded(other) == _rounded(alone)


def _rounded(labels):
    """Return labels with probabilities to twelve digits: sums of other lengths may end in other bits."""
    shares = {name: round(share, 12) for name, share in labels.sector_confidence.items()}
    return replace(labels, form_confidence=round(labels.form_confidence, 12), sector_confidence=shares)
