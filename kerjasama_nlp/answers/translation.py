"""Which words of a passage stand for which words of a question, learned from questions with known answers.

People ask for the "alamat" of what an article calls "markas". The chance t(x | w) that a word w of an answer is asked
for as x is that of IBM's first translation model (Brown et al. 1993, section 4), fitted by expectation maximisation
over pairs of a question and the words that answer it; retrieval by it is due to Berger & Lafferty (1999), and so is the
word of no meaning that every answer holds: what questions say whatever is asked. Words are stems.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from math import log1p, sqrt

import numpy as np
from numpy.typing import NDArray

from kerjasama_nlp.arrays import Floats
from kerjasama_nlp.vocabulary import Vocabulary

# Rounds of expectation maximisation; from here on the chances hardly move.
ROUNDS = 6
# What a word of answers has been asked for as besides, had it been seen more often: rare words translate into nothing.
SMOOTHING = 3.0
# Smaller chances say nothing.
LEAST = 0.002
# How much of a unit's words stand for themselves, and not for what they translate into (Xue, Jeon & Croft 2008).
THEMSELVES = 0.5
# How much of a question is explained by a unit, and how much by what is asked in general.
EXPLAINED = 0.9
# The share of a word that is asked for once in so many words that it doesn't matter.
MIN_SHARE = 1e-12
_NOTHING: Mapping[str, float] = {}
_NULL = ""


class Translations:
    """Chances that a word of an answer is asked for as a word of a question.

    `asked` are words of questions, `said` words of answers, both sorted. Question word i is said as
    `said[ids[starts[i]:starts[i + 1]]]` with the `chances` (0..1) at the same places; `shares[i]` is its share in the
    words of all questions.
    """

    def __init__(  # one array a file of the model
        self,
        asked: Vocabulary,
        said: Vocabulary,
        starts: NDArray[np.int64],
        ids: NDArray[np.int32],
        chances: NDArray[np.float32],
        shares: NDArray[np.float32],
    ) -> None:
        self.asked = asked
        self.said = said
        self.starts = starts
        self.ids = ids
        self.chances = chances
        self.shares = shares
        self._read: dict[str, tuple[Mapping[str, float], float]] = {}

    def __len__(self) -> int:
        return len(self.ids)

    def of(self, word: str) -> Mapping[str, float]:
        """Return the words of answers that `word` may ask for, and the chance of each."""
        return self._entry(word)[0]

    def share(self, word: str) -> float:
        """Return the share of `word` in the words of questions; that of the rarest ones where it isn't among them."""
        return self._entry(word)[1]

    def _entry(self, word: str) -> tuple[Mapping[str, float], float]:
        if word not in self._read:
            number = self.asked.find(word)
            if number < 0:
                return _NOTHING, self._least
            where = slice(int(self.starts[number]), int(self.starts[number + 1]))
            said = [self.said.word(entry) for entry in self.ids[where].tolist()]
            self._read[word] = dict(zip(said, self.chances[where].tolist(), strict=True)), float(self.shares[number])
        return self._read[word]

    @property
    def _least(self) -> float:
        return float(self.shares.min()) if len(self.shares) else 1.0

    def _chances(self, word: str, words: AbstractSet[str]) -> list[float]:
        """Return the chances that `words` are asked for as `word`, sorted: sets have no order to add in."""
        chances = self.of(word)
        return sorted([chances[said] for said in chances.keys() & words])

    def bridge(self, word: str, words: AbstractSet[str]) -> float:
        """Return how surely `words` speak of `word` (0..1): 1 where it is among them, else by its best translation."""
        if word in words:
            return 1.0
        return sqrt(max(self._chances(word, words), default=0.0))

    def likelihood(self, word: str, words: AbstractSet[str]) -> float:
        """Return how far `words` make it likely that `word` is asked for (0: not at all; about 1 at most).

        That is log(1 + p / q) over the most it could be, where p is EXPLAINED of its chance under the words (the
        mean over them, THEMSELVES of each standing for itself), and q the rest of its share in all questions.
        """
        if not words:
            return 0.0
        chance = THEMSELVES * (word in words) + (1 - THEMSELVES) * sum(self._chances(word, words))
        odds = EXPLAINED / (1 - EXPLAINED)
        return log1p(odds * chance / len(words) / self.share(word)) / log1p(odds / self._least)


def none() -> Translations:
    """Return translations that know nothing."""
    nothing = np.zeros(0)
    empty = Vocabulary.from_terms(())
    return Translations(
        empty,
        empty,
        np.zeros(1, dtype=np.int64),
        nothing.astype(np.int32),
        nothing.astype(np.float32),
        nothing.astype(np.float32),
    )


def fit(pairs: Iterable[tuple[Sequence[str], Collection[str]]]) -> Translations:
    """Return translations learned from pairs of a question's words and the words that answer it.

    >>> learned = fit([(["alamat"], {"markas"}), (["anggota"], {"opec"})] * 20)
    >>> {word: round(chance, 1) for word, chance in learned.of("alamat").items()}
    {'markas': 0.8}
    """
    read = [(sorted(set(question)), sorted({*answer, _NULL})) for question, answer in pairs]
    if not read:
        return none()
    asked = Vocabulary.from_terms({word for question, _answer in read for word in question})
    said = Vocabulary.from_terms({word for _question, answer in read for word in answer})
    question_number = {word: number for number, word in enumerate(asked.decoded())}
    answer_number = {word: number for number, word in enumerate(said.decoded())}
    # One entry a question word beside a word of its answer: the pair of words, and the question word's place.
    cells, places = [], []
    n_places = 0
    for question, answer in read:
        left = np.array([question_number[word] for word in question], dtype=np.int64)
        right = np.array([answer_number[word] for word in answer], dtype=np.int64)
        cells.append((left[:, None] * len(said) + right).ravel())
        places.append(np.repeat(np.arange(n_places, n_places + len(left)), len(right)))
        n_places += len(left)
    cell, entry = np.unique(np.concatenate(cells), return_inverse=True)
    place = np.concatenate(places)
    asked_of, said_of = np.divmod(cell, len(said))
    chances = _maximise(entry, place, said_of)
    shares = np.bincount(asked_of[entry], weights=1 / np.bincount(place)[place], minlength=len(asked))
    kept = np.flatnonzero((chances >= LEAST) & (said_of != answer_number[_NULL]))
    return Translations(
        asked,
        said,
        np.searchsorted(asked_of[kept], np.arange(len(asked) + 1)).astype(np.int64),
        said_of[kept].astype(np.int32),
        chances[kept].astype(np.float32),
        (shares / shares.sum()).astype(np.float32),
    )


def _maximise(entry: NDArray[np.int64], place: NDArray[np.int64], said_of: NDArray[np.int64]) -> Floats:
    """Return t(x | w) for each pair of words x and w (`entry` holds their numbers, `said_of` their w)."""
    chances = np.ones(len(said_of))
    for _round in range(ROUNDS):
        each = chances[entry]
        counts = np.bincount(entry, weights=each / np.bincount(place, weights=each)[place])
        chances = counts / (np.bincount(said_of, weights=counts)[said_of] + SMOOTHING)
    return chances
