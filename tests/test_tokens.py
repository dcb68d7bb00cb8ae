"""The analyzer: compounds, names, stems, stop words, and Sastrawi as the oracle of stems."""

import pytest
from conftest import cases
from hypothesis import given
from hypothesis import strategies as st

from kerjasama_nlp import resources
from kerjasama_nlp.language import stemming, tokens
from kerjasama_nlp.language.tokens import SURFACE, Analyzer

ANALYZER = Analyzer()


@pytest.mark.parametrize("case", cases("tokens.json"))
def test_case(case):
    """Each text gives the expected stems, in order (surface forms aside)."""
    stems = [term for term in ANALYZER.analyze(case["input"]) if not term.startswith(SURFACE)]
    assert stems == case["expected"]


@pytest.mark.parametrize(
    "variants",
    [
        ("kerja sama", "kerjasama", "kerja-sama", "Kerja Sama", "bekerja sama", "bekerjasama"),
        ("antarnegara", "antar negara", "antar-negara"),
        ("PBB", "Perserikatan Bangsa-Bangsa", "UN", "United Nations"),
        ("multilateral", "multi lateral", "multi-lateral"),
        ("Non-Blok", "nonblok", "non blok"),
    ],
    ids=lambda variants: variants[0],
)
def test_variants_share_their_first_term(variants):
    """Spellings and names of one thing are found by each other."""
    assert len({ANALYZER.analyze(variant)[0] for variant in variants}) == 1


def test_surface_form_stands_beside_the_stem():
    """An affixed word is indexed as its stem and as itself."""
    assert ANALYZER.analyze("perekonomian") == ["ekonomi", "=perekonomian"]


@given(st.text(max_size=300))
def test_offsets_slice_back(text):
    """Tokens stand in order inside the text and never overlap."""
    end = 0
    for token in ANALYZER.tokenize(text):
        assert end <= token.start < token.end <= len(text)
        assert text[token.start].isalnum()
        assert text[token.end - 1].isalnum() or text[token.end - 1] == "%"
        assert token.terms
        end = token.end


def test_a_lexicon_may_hold_any_stem():
    """A stem with a hyphen for a word without one, as only a foreign model holds, is a term like any other."""
    assert Analyzer(lambda word: f"{word}-x").word_terms("padi") == ("padi-x", "=padi")


def test_what_a_name_leaves_of_a_word_stands_behind_it():
    """Where a name ends inside a hyphenated word, the rest of the word is a token of its own place."""
    text = "kerja sama-ekonomi"
    tokens_found = [(text[token.start : token.end], token.terms) for token in ANALYZER.tokenize(text)]
    assert tokens_found == [("kerja sama", ("kerjasama",)), ("ekonomi", ("ekonomi",))]


def _question_words():
    return {"apa", "siapa", "kapan", "mana", "berapa", "bagaimana", "mengapa", "kenapa"}


def test_stop_list_spares_domain_and_question_words():
    """The stop list holds no word of the field and no question word."""
    domain = {"kerja", "sama", "kerjasama", "antar", "negara", "tujuan", "anggota", "bidang", "asas"}
    assert tokens.function_words().isdisjoint(domain | _question_words())


def test_roots_are_the_dictionary_of_sastrawi():
    """The roots read from the package's file are the words that PySastrawi itself looks up."""
    from Sastrawi.Dictionary.ArrayDictionary import ArrayDictionary
    from Sastrawi.Stemmer.StemmerFactory import StemmerFactory

    assert set(stemming.roots()) == set(ArrayDictionary(StemmerFactory().get_words()).words)


@given(st.from_regex(r"(di|me|ber|ku|kau|ke|se)?[a-z]{1,9}(kan|an|i|nya|lah|isme)?", fullmatch=True))
def test_stem_equals_sastrawi_outside_the_exceptions(word):
    """Outside the exceptions file the stem is Sastrawi's."""
    expected = stemming.exceptions().get(word, stemming.sastrawi_stem()(word))
    assert stemming.stem(word) == expected


def test_exceptions_are_needed():
    """Every line of the exceptions file changes what Sastrawi says, or protects from it."""
    sastrawi = stemming.sastrawi_stem()
    rows = resources.table("stem_exceptions.tsv")
    assert [word for word, stem in rows if sastrawi(word) == stem] == []


def test_long_words_are_their_own_stem():
    """A token beyond the cap isn't handed to the stemmer."""
    word = "ber" + "a" * 10_000 + "kan"
    assert stemming.stem(word) == word


def test_analyzer_serves_scikit_learn():
    """`analyze` works as `analyzer=` of a vectorizer."""
    from sklearn.feature_extraction.text import CountVectorizer

    counts = CountVectorizer(analyzer=ANALYZER.analyze).fit(["Kerja sama antarnegara"])
    assert set(counts.get_feature_names_out()) == {"kerjasama", "antarnegara"}


def test_old_sastrawi_is_named(monkeypatch):
    """The slow package of the same name is detected and the message says what to do."""
    from Sastrawi.Dictionary.ArrayDictionary import ArrayDictionary

    class Old(ArrayDictionary):
        def __init__(self, words=None):  # noqa: ARG002
            self.words = []

    monkeypatch.setattr("Sastrawi.Dictionary.ArrayDictionary.ArrayDictionary", Old)
    stemming.roots.cache_clear()
    try:
        with pytest.raises(stemming.KerjasamaError, match=r"PySastrawi 1\.2\.1"):
            stemming.stem("perekonomian")
    finally:
        stemming.roots.cache_clear()


def test_cache_is_bounded(monkeypatch):
    """However many words pass, no more than so many are remembered, and terms stay the same."""
    monkeypatch.setattr(tokens, "CACHEWORDS", 3)
    analyzer = Analyzer()
    for word in ("negaranya", "perekonomian", "pbb", "danau", "berunding", "negaranya"):
        assert analyzer.word_terms(word) == ANALYZER.word_terms(word)
        assert len(analyzer._terms) <= 3  # noqa: SLF001  # the cache itself


def test_each_word_is_stemmed_once():
    """A word that comes again costs no stemmer."""
    stemmed = []

    def stem(word):
        stemmed.append(word)
        return stemming.stem(word)

    Analyzer(stem).analyze("negaranya berunding, negaranya berunding lagi")
    assert sorted(stemmed) == ["berunding", "lagi", "negaranya"]


@pytest.mark.parametrize(
    ("text", "firsts"),
    [
        ("UNESCO (United Nations Organization)", ["unesco", "united", "nations", "organization"]),
        ("UNESCO United Nations", ["unesco", "pbb"]),
        ("UNESCO [United Nations]", ["unesco", "pbb"]),
        ("badan (United Nations)", ["badan", "pbb"]),
        ("A (United Nations)", ["pbb"]),
        ("(United Nations)", ["pbb"]),
        ("United Nations", ["pbb"]),
    ],
)
def test_name_inside_a_spelling_out(text, firsts):
    """A name in brackets behind an abbreviation spells that one out; anywhere else it is a name of its own."""
    assert [token.terms[0] for token in ANALYZER.tokenize(text)] == firsts


def test_apostrophes_are_one():
    """All apostrophes fold to the plain one."""
    assert tokens.fold("Côte d’Ivoire Ka\u02bcbah") == "cote d'ivoire ka'bah"
