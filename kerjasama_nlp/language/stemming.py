"""Indonesian stems, one word at a time; the only importer of Sastrawi.

The dictionary belongs to PySastrawi (CC-BY-NC-SA 3.0) and is read through that package, never copied.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import cache
from pathlib import Path

from kerjasama_nlp import resources
from kerjasama_nlp.errors import KerjasamaError
from kerjasama_nlp.i18n import _
from kerjasama_nlp.language import affixes

# A longer "word" is no Indonesian word. The longest affixed dictionary words measure 24 letters.
MAX_WORD = 32


@cache
def exceptions() -> dict[str, str]:
    """Return the hand-made corrections: word to stem (see `data/stem_exceptions.tsv`)."""
    rows = resources.table("stem_exceptions.tsv")
    return {word: stem for word, stem in rows} | {name: name for name in resources.lines("names.txt")}  # noqa: C416


@cache
def roots() -> Collection[str]:
    """Return the roots of PySastrawi's dictionary, or say which package is in the way.

    Its file is read without the classes around it: they take longer to import than the file to read.
    """
    from Sastrawi import Stemmer
    from Sastrawi.Dictionary.ArrayDictionary import ArrayDictionary

    if not isinstance(ArrayDictionary().words, dict):
        # The older distribution "Sastrawi" 1.0.1 installs the same package and looks words up in a list.
        raise KerjasamaError(
            _(
                "found the package Sastrawi 1.0.1, expected PySastrawi 1.2.1 or later (400 times faster); "
                "run: pip uninstall -y Sastrawi && pip install --force-reinstall PySastrawi"
            )
        )
    text = (Path(next(iter(Stemmer.__path__))) / "data" / "kata-dasar.txt").read_text(encoding="utf-8")
    # A dictionary frees its words in the order they were made, a set in a random one: 4 ms more at exit.
    return dict.fromkeys(word for word in text.split("\n") if word.strip())


def sastrawi_stem() -> Callable[[str], str]:
    """Return PySastrawi's own stemmer of one word: the oracle that `stem` must agree with."""
    from Sastrawi.Dictionary.ArrayDictionary import ArrayDictionary
    from Sastrawi.Stemmer.Stemmer import Stemmer
    from Sastrawi.Stemmer.StemmerFactory import StemmerFactory

    stem_word: Callable[[str], str] = Stemmer(ArrayDictionary(StemmerFactory().get_words())).stem_word
    return stem_word


def is_root(word: str) -> bool:
    """Tell whether Sastrawi's dictionary holds `word`.

    >>> is_root("kerja"), is_root("mengerjakan")
    (True, False)
    """
    return word in roots()


def stem(word: str) -> str:
    """Return the stem of one lower-case word; not cached.

    Exceptions come first; a word longer than MAX_WORD, or without a root, is its own stem. Raises KerjasamaError
    where another package stands in PySastrawi's place.

    >>> stem("perekonomian"), stem("tujuan"), stem("negara-negara"), stem("bali")
    ('ekonomi', 'tujuan', 'negara', 'bali')
    """
    return stems([word])[0]


def stems(words: Iterable[str]) -> list[str]:
    """Return the `stem` of each word."""
    corrected, known = exceptions(), roots()
    return [corrected.get(word) or (word if len(word) > MAX_WORD else affixes.stem_word(word, known)) for word in words]
