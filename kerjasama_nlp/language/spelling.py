"""Known words near a misspelt one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from kerjasama_nlp.language.stemming import MAX_WORD

# Shorter words have too many neighbours: "bola" would become "bila".
MIN_LETTERS = 4
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def edits(word: str) -> Iterator[str]:
    """Yield all strings one edit away: a letter left out, doubled up, changed, or two swapped.

    >>> "unesco" in set(edits("unesko")), "kesehatan" in set(edits("kesehatn"))
    (True, True)
    """
    for i in range(len(word)):
        yield word[:i] + word[i + 1 :]
        if i + 1 < len(word):
            yield word[:i] + word[i + 1] + word[i] + word[i + 2 :]
    for letter in _LETTERS:
        for i in range(len(word)):
            yield word[:i] + letter + word[i + 1 :]
            yield word[:i] + letter + word[i:]
        yield word + letter


def correct(word: str, frequencies: Callable[[Collection[str]], Mapping[str, int]]) -> str | None:
    """Return the most frequent known word one edit away, or None.

    `frequencies` returns how common (> 0) each known one of some words is. Equal frequencies go to the
    alphabetically first, so that the choice doesn't depend on the order of the search. Longer words than MAX_WORD
    are left alone: their neighbours are many, and none is a word.
    """
    if not MIN_LETTERS <= len(word) <= MAX_WORD or not word.isalpha():
        return None
    known = frequencies({candidate for candidate in edits(word) if len(candidate) >= MIN_LETTERS})
    return min(known, key=lambda candidate: (-known[candidate], candidate), default=None)
