"""Labelling texts by form and sectors: linear models over `features`, served in NumPy.

A text's features are weighted by block: words, pairs, runs and organisations by TF-IDF,

    (1 + ln count) * idf,    idf = ln((1 + n) / (1 + df)) + 1,

scaled to unit length (words and pairs, runs and organisations together); structural features count
STRUCTURE each. A score is a dot product with a label's weights; forms are calibrated together (softmax of
score / temperature), each sector on its own (logistic).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import isfinite, log
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from kerjasama_nlp import features, parties
from kerjasama_nlp.arrays import check_offsets
from kerjasama_nlp.records import Labels
from kerjasama_nlp.tokens import Analyzer
from kerjasama_nlp.vocabulary import Vocabulary

FORMS = ("bilateral", "regional", "multilateral", "bukan")
NOT_COOPERATION = "bukan"
SECTORS = (
    "ekonomi",
    "politik",
    "pertahanan_keamanan",
    "hukum",
    "sosial",
    "budaya",
    "pendidikan",
    "kesehatan",
    "iptek",
    "lingkungan",
)
# What a structural feature counts beside a text's words, whose weights together have length 1.
STRUCTURE = 0.27
# A feature's block by the letter before its colon; blocks 0 and 1 are scaled to unit length each.
BLOCKS = {"w": 0, "b": 0, "n": 1, "o": 1, "s": 2}
_STRUCTURE_BLOCK = 2


@dataclass(frozen=True, slots=True)
class Settings:
    """What was chosen on held-out predictions.

    `temperature` divides form scores; `slopes` and `offsets` (one a sector) calibrate sector scores;
    `sector_threshold` is the least probability at which a sector is given; texts whose form's
    probability stays below `review_below` are to be looked at.
    """

    temperature: float
    slopes: tuple[float, ...]
    offsets: tuple[float, ...]
    sector_threshold: float
    review_below: float

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Restore settings; raises ValueError, TypeError or LookupError where the object isn't any."""
        slopes, offsets = tuple(map(float, value["slopes"])), tuple(map(float, value["offsets"]))
        single = [float(value[name]) for name in ("temperature", "sector_threshold", "review_below")]
        if len(slopes) != len(SECTORS) or len(offsets) != len(SECTORS) or single[0] <= 0:
            raise ValueError("labelling.json")
        if not all(map(isfinite, (*slopes, *offsets, *single))):
            raise ValueError("labelling.json")
        return cls(single[0], slopes, offsets, single[1], single[2])


class Classifier:
    """Labels texts.

    `vocabulary` holds the names of n features, `idf` (n) their weights, `weights` (n x 14) one column a
    form and a sector, `bias` (14) the intercepts.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        idf: NDArray[np.float32],
        weights: NDArray[np.float32],
        bias: NDArray[np.float32],
        settings: Settings,
        analyzer: Analyzer | None = None,
    ) -> None:
        self.vocabulary = vocabulary
        self.idf = idf
        self.weights = weights
        self.bias = bias
        self.settings = settings
        self._analyzer = analyzer or Analyzer()
        self._numbers: dict[str, int] = {}

    @classmethod
    def from_parts(cls, settings: Any, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Assemble a classifier from what `to_parts` gave; raises ValueError, TypeError or LookupError."""
        check_offsets("features", arrays["features_offsets"], len(arrays["features"]))
        vocabulary = Vocabulary(arrays["features"], arrays["features_offsets"])
        outputs = len(FORMS) + len(SECTORS)
        if settings["forms"] != list(FORMS) or settings["sectors"] != list(SECTORS):
            raise ValueError("labels")
        if len(arrays["feature_idf"]) != len(vocabulary) or len(arrays["label_bias"]) != outputs:
            raise ValueError("features")
        if not all(np.isfinite(arrays[name]).all() for name in ("feature_idf", "label_weights", "label_bias")):
            raise ValueError("label_weights")
        return cls(
            vocabulary,
            arrays["feature_idf"],
            arrays["label_weights"].reshape(len(vocabulary), outputs),
            arrays["label_bias"],
            Settings.from_json(settings),
        )

    def to_parts(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return settings as a JSON object, and the arrays."""
        arrays: dict[str, NDArray[Any]] = {
            "features": self.vocabulary.blob,
            "features_offsets": self.vocabulary.offsets,
            "feature_idf": self.idf,
            "label_weights": np.ascontiguousarray(self.weights).reshape(-1),
            "label_bias": self.bias,
        }
        return {"forms": list(FORMS), "sectors": list(SECTORS), **asdict(self.settings)}, arrays

    def label(self, texts: Iterable[str]) -> Iterator[Labels]:
        """Yield the labels of each text, in order."""
        for text in texts:
            yield self.label_one(text)

    def label_one(self, text: str) -> Labels:
        """Return the labels of one text."""
        reading = features.read(text, self._analyzer)
        numbers, values = self.vector(features.count(reading))
        scores = values @ self.weights[numbers] + self.bias
        form_probability = softmax(scores[: len(FORMS)] / self.settings.temperature)
        sector_probability = logistic(
            scores[len(FORMS) :] * np.array(self.settings.slopes) + np.array(self.settings.offsets)
        )
        best = int(form_probability.argmax())
        form = FORMS[best]
        given = [] if form == NOT_COOPERATION else self._sectors(sector_probability)
        return Labels(
            form,
            float(form_probability[best]),
            tuple(given),
            {name: float(p) for name, p in zip(SECTORS, sector_probability, strict=True)},
            party_names(reading.mentions),
            bool(form_probability[best] < self.settings.review_below),
        )

    def _sectors(self, probability: NDArray[np.float64]) -> list[str]:
        """Return the sectors at or above the threshold, the likeliest where none is."""
        given = [name for name, p in zip(SECTORS, probability, strict=True) if p >= self.settings.sector_threshold]
        return given or [SECTORS[int(probability.argmax())]]

    def explain(self, text: str, most: int = 8) -> list[tuple[str, float]]:
        """Return the features that speak most for (> 0) and against (< 0) the form given to a text.

        Each with its part of the score, against the mean of all forms, strongest first.
        """
        counts = features.count(features.read(text, self._analyzer))
        numbers, values = self.vector(counts)
        columns = self.weights[numbers, : len(FORMS)]
        form = FORMS.index(self.label_one(text).form)
        parts = values * (columns[:, form] - columns.mean(axis=1))
        order = np.argsort(-np.abs(parts), kind="stable")[:most]
        return [(self.vocabulary.word(int(numbers[i])), float(parts[i])) for i in order]

    def vector(self, counts: Mapping[str, int]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the numbers of the known features of a text, ascending, and their values."""
        found = sorted(
            (number, name[0], count) for name, count in counts.items() if (number := self._number(name)) >= 0
        )
        numbers = np.array([number for number, _, _ in found], dtype=np.int64)
        return numbers, weigh(found, self.idf[numbers])

    def _number(self, name: str) -> int:
        number = self._numbers.get(name)
        if number is None:
            if len(self._numbers) >= features.CACHE_FEATURES:
                self._numbers.clear()
            number = self._numbers[name] = self.vocabulary.find(name)
        return number


def weigh(found: Sequence[tuple[int, str, int]], idf: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the values of features given as (number, block letter, count)."""
    values = np.array([1 + log(count) for _, _, count in found], dtype=np.float64) * idf.astype(np.float64)
    blocks = np.array([BLOCKS[letter] for _, letter, _ in found], dtype=np.int64)
    for block in range(_STRUCTURE_BLOCK):
        inside = blocks == block
        length = np.sqrt((values[inside] ** 2).sum())
        if length:
            values[inside] /= length
    values[blocks == _STRUCTURE_BLOCK] = STRUCTURE
    return values


def softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return probabilities that sum to 1.

    >>> softmax(np.array([0.0, 0.0])).tolist()
    [0.5, 0.5]
    """
    exponents = np.exp(scores - scores.max())
    result: NDArray[np.float64] = exponents / exponents.sum()
    return result


def logistic(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a probability for each score."""
    result: NDArray[np.float64] = 1 / (1 + np.exp(-np.clip(scores, -30, 30)))
    return result


def party_names(mentions: Sequence[parties.Mention]) -> tuple[str, ...]:
    """Return the names of the states and organisations in a text, each once, in order of appearance."""
    names = []
    for mention in mentions:
        if mention.key in parties.states():
            names.append(parties.states()[mention.key].name)
        elif mention.key in parties.organisations():
            names.append(parties.organisations()[mention.key].name)
    return tuple(dict.fromkeys(names))
