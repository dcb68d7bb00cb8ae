"""The affix rules: every word gets the stem that PySastrawi, the oracle, gives it."""

import json

import pytest
from conftest import DATA, PROJECT
from hypothesis import given, settings
from hypothesis import strategies as st
from Sastrawi.Dictionary.ArrayDictionary import ArrayDictionary
from Sastrawi.Stemmer.Stemmer import Stemmer

from kerjasama_nlp.language import affixes, stemming
from kerjasama_nlp.language.tokens import Analyzer

ORACLE = stemming.sastrawi_stem()
ROOTS = stemming.roots()

PREFIXES = (
    *affixes.PLAIN_PREFIXES,
    *"ber be bel ter te me mem men meng meny menge mempe memper per pe pem pen peng peny penge pel ku kau".split(),
)
ENDINGS = (*affixes.PARTICLES, *affixes.PRONOUNS, *affixes.SUFFIXES, "-nya", "-ku", "--lah", "k", "-")
BASES = st.one_of(st.sampled_from(sorted(ROOTS)), st.text("abdegiklmnprstuy", min_size=1, max_size=5))


# What no root of the dictionary brings up: a word, and a root that a rule one letter too wide would find in it.
RARE = (
    ("berraera", "raera"),  # rule 3
    ("perraera", "raera"),  # rule 24
    ("berb1a", "b1a"),  # rule 2
    ("perb1a", "b1a"),  # rule 23
    ("terrerba", "rerba"),  # rule 35
    ("terlerba", "lerba"),
    ("teryerba", "yerba"),
    ("per1a", "r1a"),  # rule 34 finds this one
)


def _different(words):
    """Return the words that get another stem than the oracle's, with both stems."""
    pairs = ((word, affixes.stem_word(word, ROOTS), ORACLE(word)) for word in words)
    return [(word, stem, expected) for word, stem, expected in pairs if stem != expected]


def _affixed(base, prefixes, swallowed, infix, endings, shape):
    bare = base[1:] if swallowed else base
    word = "".join((*prefixes, bare[:1], infix, bare[1:], *endings))
    return shape.format(base=base, word=word)


# A root, or something like one, with affixes before, inside and behind it, perhaps reduplicated.
AFFIXED = st.builds(
    _affixed,
    BASES,
    st.lists(st.sampled_from(PREFIXES), max_size=3),
    st.sampled_from((False, False, False, True)),
    st.sampled_from(("", "", "", "", *sorted(affixes.INFIXES))),
    st.lists(st.sampled_from(ENDINGS), max_size=3),
    st.sampled_from(
        ("{word}", "{word}", "{word}", "{base}-{word}", "{word}-{base}", "{word}-{word}", "{base}-nya-{word}")
    ),
)

# Where a piece of a word begins and ends, and what is put before and behind it.
PIECES = st.lists(
    st.tuples(
        st.sampled_from(("", "", "k", "m", "n", "ng", "ny", "p", "r", "s", "t")),
        st.integers(0, 9),
        st.integers(0, 6),
        st.sampled_from(("", "", "k")),
    ),
    min_size=1,
    max_size=4,
)


def test_listed_words():
    """Words that reach each rule, order and slip get the oracle's stem."""
    lines = (DATA / "affixed_words.txt").read_text(encoding="utf-8").splitlines()
    words = [word for line in lines if not line.startswith("#") for word in line.split()]
    assert len(words) > 700
    assert _different(words) == []


@settings(max_examples=1000)
@given(AFFIXED)
def test_affixed_roots(word):
    """Roots of the dictionary under any affixes get the oracle's stem, however odd the word."""
    assert _different([word]) == []


@settings(max_examples=1000)
@given(AFFIXED, PIECES)
def test_any_dictionary(word, pieces):
    """With pieces of the word for roots, so that any way through the rules may end in one, the oracle agrees too."""
    roots = {before + word[start : len(word) - cut] + behind for before, start, cut, behind in pieces}
    roots = {root for root in roots if len(root) > 1}
    assert affixes.stem_word(word, roots) == Stemmer(ArrayDictionary(roots)).stem_word(word)


@pytest.mark.parametrize(("word", "root"), RARE)
def test_rare_words(word, root):
    """Where the dictionary has no such root, the oracle with a dictionary of this root alone agrees."""
    assert affixes.stem_word(word, {root}) == Stemmer(ArrayDictionary([root])).stem_word(word)


@settings(max_examples=500)
@given(st.text("abcdefghijklmnopqrstuvwxyz-'0123456789éßñøжé", max_size=40))
def test_any_string(word):
    """Letters of all kinds, digits, hyphens and apostrophes in any order get the oracle's stem."""
    assert _different([word]) == []


def test_words_of_the_corpus():
    """Each word that the analyzer asks a stem for in the shipped articles and labelled texts gets the oracle's."""
    asked = set()

    def stem(word):
        asked.add(word)
        return stemming.stem(word)

    analyzer = Analyzer(stem=stem)
    for path in sorted((PROJECT / "corpus" / "articles").glob("*.md")):
        analyzer.analyze(path.read_text(encoding="utf-8"))
    for path in sorted((PROJECT / "corpus" / "labels").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            analyzer.analyze(json.loads(line)["text"])
    assert len(asked) > 5000
    assert _different(sorted(asked)) == []
