"""Indonesian stems, one word at a time; the only importer of Sastrawi.

The dictionary belongs to PySastrawi (CC-BY-NC-SA 3.0) and is read through that package, never copied.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container
from functools import cache

from kerjasama_nlp import resources
from kerjasama_nlp.errors import KerjasamaError
from kerjasama_nlp.i18n import _

# A longer "word" is no Indonesian word, and Sastrawi's time grows with the length (14 us a character
# on adversarial input). The longest affixed dictionary words measure 24 letters.
MAX_WORD = 32

# A word outside the dictionary that none of these affixes fits comes back from Sastrawi unchanged.
_AFFIXED = re.compile(
    r"""
      ^(?: di | ke | se | ku | kau | be | te | me | pe )  # prefixes, plain and assimilating
    | ^[^aeiou](?: er | el | em | in )[aeiou]          # infixes
    | (?: lah | kah | tah | pun | ku | mu | nya        # particles and possessives
        | kan | an | i | is | isme | isasi )$          # derivational suffixes
    | -                                                # reduplication
    """,
    re.VERBOSE,
)


@cache
def exceptions() -> dict[str, str]:
    """Return the hand-made corrections: word to stem (see `data/stem_exceptions.tsv`)."""
    rows = resources.table("stem_exceptions.tsv")
    return {word: stem for word, stem in rows} | {name: name for name in resources.lines("names.txt")}  # noqa: C416


@cache
def sastrawi() -> tuple[Callable[[str], str], Container[str]]:
    """Return PySastrawi's word stemmer and its dictionary, or say which package is in the way."""
    from Sastrawi.Dictionary.ArrayDictionary import ArrayDictionary
    from Sastrawi.Stemmer.Stemmer import Stemmer
    from Sastrawi.Stemmer.StemmerFactory import StemmerFactory

    dictionary = ArrayDictionary(StemmerFactory().get_words())
    if not isinstance(dictionary.words, dict):
        # The older distribution "Sastrawi" 1.0.1 installs the same package and looks words up in a list.
        raise KerjasamaError(
            _(
                "found the package Sastrawi 1.0.1, expected PySastrawi 1.2.1 or later (400 times faster); "
                "run: pip uninstall -y Sastrawi && pip install --force-reinstall PySastrawi"
            )
        )
    return Stemmer(dictionary).stem_word, dictionary.words


def sastrawi_stem() -> Callable[[str], str]:
    """Return PySastrawi's own stemmer of one word: the oracle that `stem` must agree with."""
    return sastrawi()[0]


def may_be_affixed(word: str) -> bool:
    """Tell whether any affix fits `word`; Sastrawi returns all other words unchanged."""
    return _AFFIXED.search(word) is not None


def is_root(word: str) -> bool:
    """Tell whether Sastrawi's dictionary holds `word`.

    >>> is_root("kerja"), is_root("mengerjakan")
    (True, False)
    """
    return word in sastrawi()[1]


def stem(word: str) -> str:
    """Return the stem of one lower-case word; not cached.

    Exceptions come first; words that no affix fits, and words longer than MAX_WORD, are their own stem.

    >>> stem("perekonomian"), stem("tujuan"), stem("negara-negara"), stem("bali")
    ('ekonomi', 'tujuan', 'negara', 'bali')
    """
    corrected = exceptions().get(word)
    if corrected is not None:
        return corrected
    if len(word) > MAX_WORD or not may_be_affixed(word):
        return word
    return sastrawi()[0](word)
