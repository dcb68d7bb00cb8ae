"""The index: look-ups against plain lists, weights against the written formula, and search by both."""

from collections import Counter
from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerjasama_nlp.answers import tfidf
from kerjasama_nlp.answers.index import PassageStore
from kerjasama_nlp.answers.indexing import PassageWriter, build
from kerjasama_nlp.answers.runs import Rows, Runs, first_rows
from kerjasama_nlp.answers.tfidf import Postings, Weigher
from kerjasama_nlp.errors import InputError, ModelError
from kerjasama_nlp.language.tokens import SURFACE, Analyzer
from kerjasama_nlp.records import Passage
from kerjasama_nlp.vocabulary import Vocabulary

WORDS = st.text(st.characters(codec="utf-8"), max_size=6)
# Few letters make many common beginnings, which is where a binary search goes wrong.
NEAR_WORDS = st.text("aàb", max_size=5)
# A passage in the builder's terms: the term numbers of its title, section and text.
N_TERMS = 7
FIELD = st.lists(st.integers(0, N_TERMS - 1), max_size=8)
CORPUS = st.lists(st.tuples(FIELD, FIELD, FIELD), min_size=1, max_size=6)
SURFACES = st.lists(st.booleans(), min_size=N_TERMS, max_size=N_TERMS)


@given(st.sets(WORDS | NEAR_WORDS, max_size=40), st.lists(WORDS | NEAR_WORDS, max_size=20))
def test_find_equals_list_search(words, others):
    """`find` gives the place in the list sorted by bytes, and -1 for every other string."""
    listed = sorted(words, key=str.encode)
    vocabulary = Vocabulary.from_terms(words)
    assert len(vocabulary) == len(listed)
    assert [vocabulary.word(i) for i in range(len(vocabulary))] == listed
    for word in [*listed, *others, *(word[:-1] for word in listed), *(word + "a" for word in listed)]:
        assert vocabulary.find(word) == (listed.index(word) if word in words else -1)
    places = {word: place for place, word in enumerate(listed)}
    assert vocabulary.find_all(others) == {word: places[word] for word in others if word in words}
    assert vocabulary.find_all(words) == places


@given(st.sets(NEAR_WORDS, max_size=12), st.slices(12))
def test_vocabulary_is_a_sequence(words, part):
    """A vocabulary reads like the list of its entries: iterated, sliced, searched."""
    listed = sorted(word.encode() for word in words)
    vocabulary = Vocabulary.from_terms(words)
    assert list(vocabulary) == listed
    assert vocabulary[part] == listed[part]
    assert all(entry in vocabulary for entry in listed)


def test_damaged_entry_is_named():
    """Bytes that are no text end in an error that says which entry, whether one is read or all are."""
    vocabulary = Vocabulary(np.frombuffer(b"abc\xff", dtype=np.uint8), np.array([0, 2, 3, 4]))
    assert vocabulary.word(1) == "c"
    with pytest.raises(ModelError, match="entry 2 of its vocabulary"):
        vocabulary.word(2)
    with pytest.raises(ModelError, match="entry 2 of its vocabulary"):
        vocabulary.decoded()


def test_order_of_building_does_not_matter():
    """The same words in any order give the same bytes."""
    first, second = Vocabulary.from_terms(["pbb", "asean", "é"]), Vocabulary.from_terms(["é", "pbb", "asean"])
    assert first.blob.tobytes() == second.blob.tobytes()
    assert first.offsets.tolist() == second.offsets.tolist()


def _rows(corpus, first=0):
    """Return the rows of passages, the number of the first of which is given, sorted as `Runs` wants them."""
    counts = Counter(
        (term, passage, field)
        for passage, fields in enumerate(corpus, first)
        for field, numbers in enumerate(fields)
        for term in numbers
    )
    columns = [*zip(*sorted(counts), strict=True), [counts[key] for key in sorted(counts)]] if counts else [[]] * 4
    return Rows(*(np.array(column, dtype=np.int32) for column in columns))


def _postings(corpus, surface, run_rows=1 << 20):
    passages, weights = [], []
    with Runs(rows=run_rows) as runs:
        for passage, fields in enumerate(corpus):
            runs.add(_rows([fields], passage))
        held = runs.sort(np.arange(N_TERMS, dtype=np.int32))
        lengths = [[sum(not surface[t] for t in numbers) for numbers in fields] for fields in corpus]
        weigher = Weigher(np.array(lengths, dtype=np.int32), held, np.array(surface))
        for rows in runs.merged(held):
            first = first_rows(rows.terms, rows.passages)
            if not len(first):
                continue
            tf = np.add.reduceat(weigher.frequencies(rows.passages, rows.fields, rows.counts), first)
            passages.extend(rows.passages[first])
            weights.extend(weigher.weights(rows.terms[first], tf))
    starts = np.concatenate(([0], np.cumsum(held))).astype(np.int64)
    return Postings(starts, np.array(passages, dtype=np.int32), np.array(weights, dtype=np.float32), len(corpus))


def _store(lines):
    with PassageWriter() as writer:
        for line in lines:
            writer.add(line)
        return writer.store()


def _formula(corpus, surface, term, passage):
    """Return the weight of a term in a passage, step by step as the module's description writes it."""
    df = sum(any(term in field for field in fields) for fields in corpus)
    if not any(term in field for field in corpus[passage]):
        return 0.0
    tf = 0.0
    for field in range(3):
        lengths = [sum(not surface[t] for t in fields[field]) for fields in corpus]
        mean = max(sum(lengths) / len(lengths), 1e-9)
        b = tfidf.FIELD_B[field]
        count = corpus[passage][field].count(term)
        tf += tfidf.FIELD_WEIGHT[field] * count / (1 - b + b * lengths[passage] / mean)
    idf = log(1 + (len(corpus) - df + 0.5) / (df + 0.5))
    return (tfidf.SURFACE_WEIGHT if surface[term] else 1.0) * idf * tf * (tfidf.K1 + 1) / (tf + tfidf.K1)


@settings(max_examples=60)
@given(CORPUS, SURFACES, st.lists(st.tuples(st.integers(0, N_TERMS - 1), st.floats(0.1, 1.0)), max_size=5))
def test_scores_equal_the_formula(corpus, surface, query):
    """NumPy's scores are those of the formula in the module's description, computed term by term."""
    scores = tfidf.score(_postings(corpus, surface), query)
    slow = [
        sum(weight * _formula(corpus, surface, term, passage) for term, weight in query)
        for passage in range(len(corpus))
    ]
    assert scores.tolist() == pytest.approx(slow, rel=1e-5, abs=1e-6)


@settings(max_examples=60)
@given(CORPUS, SURFACES, st.randoms(use_true_random=False))
def test_order_of_passages_changes_no_score(corpus, surface, chance):
    """Each passage keeps its exact score wherever it stands in the corpus."""
    query = [(term, 1.0) for term in range(N_TERMS)]
    order = list(range(len(corpus)))
    chance.shuffle(order)
    scores = tfidf.score(_postings(corpus, surface), query)
    moved = tfidf.score(_postings([corpus[i] for i in order], surface), query)
    assert moved.tolist() == scores[order].tolist()


@settings(max_examples=60)
@given(CORPUS, SURFACES)
def test_postings_are_well_formed(corpus, surface):
    """Each term's passages ascend, are those that hold it, and weigh more than nothing."""
    postings = _postings(corpus, surface)
    assert len(postings.starts) == N_TERMS + 1
    for term in range(N_TERMS):
        passages, weights = postings.of(term)
        assert passages.tolist() == [i for i, fields in enumerate(corpus) if any(term in f for f in fields)]
        assert (weights > 0).all()


@given(st.integers(1, 10**9), st.data())
def test_rare_terms_weigh_more(n_passages, data):
    """The inverse document frequency is above zero, and no larger for a term that more passages hold."""
    df = data.draw(st.integers(0, n_passages - 1))
    rare, common = (tfidf.inverse_document_frequency(n, n_passages) for n in (df, df + 1))
    assert rare > common > 0
    assert rare == pytest.approx(log(1 + (n_passages - df + 0.5) / (df + 0.5)))


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.5]), max_size=30), st.integers(1, 35), st.data())
def test_top_equals_sorting(values, k, data):
    """The best passages are those that sorting gives: by score, equal ones by position, none at zero.

    Which passages are looked at first changes nothing.
    """
    ranked = sorted((i for i, value in enumerate(values) if value > 0), key=lambda i: (-values[i], i))
    scores = np.array(values, dtype=np.float32)
    assert tfidf.top(scores, k).tolist() == ranked[:k]
    some = data.draw(st.lists(st.sampled_from(range(len(values))), unique=True) if values else st.just([]))
    assert tfidf.top(scores, k, np.array(some, dtype=np.int32)).tolist() == ranked[:k]


@settings(max_examples=60)
@given(CORPUS, SURFACES, st.lists(st.tuples(st.integers(0, N_TERMS - 1), st.floats(0.1, 1.0)), max_size=5))
def test_scores_are_plain_sums(corpus, surface, query):
    """Scores are what adding up single-precision weights in the question's order gives, to the last bit."""
    postings = _postings(corpus, surface)
    plain = np.zeros(len(corpus), dtype=np.float32)
    for term, weight in query:
        for passage, value in zip(*postings.of(term), strict=True):
            plain[passage] += np.float32(weight) * value
    assert tfidf.score(postings, query).tolist() == plain.tolist()


@settings(max_examples=60)
@given(CORPUS, SURFACES, st.integers(1, 20))
def test_runs_change_no_posting(corpus, surface, rows):
    """Postings are the same however many rows are sorted at once."""
    whole, parts = _postings(corpus, surface), _postings(corpus, surface, rows)
    for name in ("starts", "passages", "weights"):
        assert getattr(whole, name).tolist() == getattr(parts, name).tolist()


@pytest.mark.parametrize("passage", [-1, 3])
def test_a_passage_that_is_none_is_told(passage):
    """Postings of passages that aren't there are a damaged model, told when they are looked up."""
    ids, weights = np.array([0, passage], dtype=np.int32), np.ones(2, dtype=np.float32)
    with pytest.raises(ModelError, match="postings of term 0"):
        Postings(np.array([0, 2]), ids, weights, 3).of(0)


@pytest.mark.parametrize("weight", [-1.0, 3e38, np.inf, np.nan, np.nextafter(np.float32(1000), np.float32(2000))])
def test_a_weight_beyond_all_reason_is_told(weight):
    """So are weights that no formula gives; the largest that is allowed isn't."""
    starts, ids = np.array([0, 2]), np.array([0, 1], dtype=np.int32)
    with pytest.raises(ModelError, match="postings of term 0"):
        Postings(starts, ids, np.array([1, weight], dtype=np.float32), 3).of(0)
    Postings(starts, ids, np.array([0, tfidf.MAX_WEIGHT], dtype=np.float32), 3).of(0)


def test_unknown_terms_score_nothing():
    """An empty query scores every passage zero."""
    empty = Postings(np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32), 3)
    assert tfidf.score(empty, []).tolist() == [0.0, 0.0, 0.0]


def _passage(number, text, title="Pakta Danau", section="Isi"):
    return Passage(f"a{number}", title, f"a{number}.txt", section, text)


PASSAGES = [
    _passage(0, "Lima negara menandatangani pakta tentang air danau."),
    _passage(1, "Perikanan danau diatur bersama.", section="Perikanan"),
    _passage(2, "Kereta api menghubungkan kedua pelabuhan.", title="Rel Selatan"),
    _passage(3, "Air danau turun, dan negara-negara di tepinya berunding.", section=""),
]


def test_document_frequency_is_a_count():
    """A term's document frequency is the number of passages in whose title, heading or text it stands."""
    index = build(PASSAGES)
    analyzer = Analyzer()
    terms = [set(analyzer.analyze(f"{p.title} | {p.section} | {p.text}")) for p in PASSAGES]
    assert {term: index.document_frequency(term) for found in terms for term in found} == {
        term: sum(term in found for found in terms) for found in terms for term in found
    }
    assert index.document_frequency("tak-ada") == 0


def test_search_puts_the_passage_asked_for_first():
    """A question finds the passages that speak of it, best first, and no other."""
    index = build(PASSAGES)
    hits = index.search(index.reader.read("kereta api ke pelabuhan").concepts, 4)
    assert [hit.passage for hit in hits] == [2]
    hits = index.search(index.reader.read("perikanan danau").concepts, 4)
    assert hits[0].passage == 1
    assert sorted(hits, key=lambda hit: -hit.score) == hits


def test_search_keeps_scores_when_articles_move():
    """Indexing the articles in another order changes no score."""

    def scores(passages):
        index = build(passages)
        concepts = index.reader.read("air danau dan negara di tepi rel").concepts
        return {passages[hit.passage].article_id: hit.score for hit in index.search(concepts, 9)}

    assert scores(PASSAGES) == scores(PASSAGES[::-1])
    assert len(scores(PASSAGES)) == 4


def test_words_of_the_corpus_have_their_stems():
    """The lexicon gives a corpus word's stem, and nothing for other words."""
    index = build(PASSAGES)
    assert index.stem_of("berunding") == "runding"
    assert index.stem_of("diatur") == "atur"
    assert index.stem_of("pesawat") is None


def test_no_passage_is_an_input_error():
    """Nothing to index is told, not indexed."""
    with pytest.raises(InputError, match="found no text"):
        build([])


@pytest.mark.parametrize("text", ["... !!! ???", "yang dan di"], ids=["only marks", "only function words"])
def test_passages_without_a_term(text):
    """Text of which nothing can be found is told as an input error, or indexed as what finds nothing."""
    try:
        index = build([_passage(0, text, title="", section="")])
    except InputError:
        return
    assert index.search(index.reader.read("apa itu pakta").concepts, 3) == []


@given(st.lists(st.tuples(*[st.text(st.characters(codec="utf-8"), max_size=20)] * 5), max_size=5))
def test_stored_passages_come_back(rows):
    """A passage is stored without loss, whatever characters it holds."""
    passages = [Passage(*row) for row in rows]
    store = _store([PassageStore.encode(passage) for passage in passages])
    assert [store[i] for i in range(len(store))] == passages


@pytest.mark.parametrize("kind", ["list", "outline"])
def test_a_stored_list_has_an_item(kind):
    """A passage that calls itself a list is one: items stand on lines of their own."""
    for text, sound in (("Tujuan:\n- damai", True), ("- damai", True), ("Tujuan: - damai", False), ("", False)):
        passage = Passage("a", "Pakta", "a.md", "", text, kind=kind)
        store = _store([PassageStore.encode(passage)])
        if sound:
            assert list(store) == [passage]
        else:
            with pytest.raises(ModelError, match="passage 0"):
                list(store)


def test_half_a_character_is_stored():
    """Half of an emoji, as cut-off JSON holds it, doesn't stop the index from being built."""
    index = build([_passage(0, "Pakta Danau \ud83d ditandatangani.")])
    assert "ditandatangani" in index.passages[0].text


def test_half_a_character_is_found_nowhere():
    """A look-up of what no vocabulary can hold is no error."""
    assert Vocabulary.from_terms(["pbb"]).find("pbb\ud83d") == -1


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\xff",
        b"{}",
        b"[1, 2]",
        b"[" * 100_000,
        b'["a", "b", "c", "d", "e", "tabel"]',
        b'["a", "b", "c", "d", 5, "prose"]',
        b'["a", "b", "c", "d", "e", []]',
    ],
    ids=["nothing", "no UTF-8", "an object", "too few", "nested", "another kind", "a number", "a list as kind"],
)
def test_damaged_passage_is_told(line):
    """A stored line that isn't a passage is a damaged model, told when the passage is asked for."""
    store = _store([line])
    with pytest.raises(ModelError, match=r"damaged \(passage 0\)"):
        store[0]


def test_damaged_vocabulary_is_told():
    """An entry that isn't text is a damaged model, told when it is read."""
    vocabulary = Vocabulary(np.array([255], dtype=np.uint8), np.array([0, 1]))
    with pytest.raises(ModelError, match=r"damaged \(entry 0"):
        vocabulary.word(0)


def test_surface_forms_stand_beside_stems():
    """The very form of a word is a term of its own, which weighs less than its stem."""
    index = build(PASSAGES)
    stem, surface = (index.terms.find(term) for term in ("atur", f"{SURFACE}diatur"))
    assert stem >= 0
    assert surface >= 0
    assert index.postings.of(surface)[1][0] < index.postings.of(stem)[1][0]
