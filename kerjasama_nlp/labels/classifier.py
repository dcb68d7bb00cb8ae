"""Labelling texts by form and sectors: linear models over `features`, served in NumPy.

A text's features are weighted by block: words, pairs, runs and organisations by TF-IDF,

    (1 + ln count) * idf,    idf = ln((1 + n) / (1 + df)) + 1,

scaled to unit length (words and pairs, runs and organisations together); roles and structural features
count STRUCTURE each. A score is a dot product with a label's weights; forms are calibrated together (softmax of
score / temperature), each sector on its own (logistic).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from kerjasama_nlp.arrays import Floats, Ints, check_offsets, check_range
from kerjasama_nlp.labels import parties
from kerjasama_nlp.labels.features import BLOCK_TEXTS, Counts, Features, batches
from kerjasama_nlp.labels.label_set import LabelSet
from kerjasama_nlp.labels.reading import Reading, all_parties
from kerjasama_nlp.records import Labels
from kerjasama_nlp.vocabulary import Vocabulary

# What a structural feature counts beside a text's words, whose weights together have length 1.
STRUCTURE = 0.27
# A feature's block by the letter before its colon; blocks 0 and 1 are scaled to unit length each.
BLOCKS = {"w": 0, "b": 0, "n": 1, "o": 1, "r": 2, "s": 2}
_STRUCTURE_BLOCK = 2
# Fitted weights stay below 100 and temperatures near 1; beyond these, scores would leave the range of numbers.
_MAX_WEIGHT = 1e6
_MIN_TEMPERATURE = 1e-3


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
    def from_json(cls, value: Any, sectors: int) -> Self:
        """Restore settings for so many sectors; raises ValueError, TypeError or LookupError where they aren't any."""
        slopes, offsets = tuple(map(float, value["slopes"])), tuple(map(float, value["offsets"]))
        single = [float(value[name]) for name in ("temperature", "sector_threshold", "review_below")]
        if len(slopes) != sectors or len(offsets) != sectors:
            raise ValueError("labelling.json")
        if not all(abs(number) <= _MAX_WEIGHT for number in (*slopes, *offsets, *single)):  # no nan either
            raise ValueError("labelling.json")
        if single[0] < _MIN_TEMPERATURE or not (0 <= single[1] <= 1 and 0 <= single[2] <= 1):
            raise ValueError("labelling.json")
        return cls(single[0], slopes, offsets, single[1], single[2])


class Classifier:
    """Labels texts.

    `vocabulary` holds the names of n features, `idf` (n) their weights, `weights` (n x labels) one column a
    form, then one a sector, `bias` (labels) the intercepts.
    """

    def __init__(
        self,
        label_set: LabelSet,
        vocabulary: Vocabulary,
        idf: NDArray[np.float32],
        weights: NDArray[np.float32],
        bias: NDArray[np.float32],
        settings: Settings,
    ) -> None:
        self.label_set = label_set
        self.vocabulary = vocabulary
        self.idf = idf
        self.weights = weights
        self._columns = np.ascontiguousarray(weights.T)
        self.bias = bias
        self.settings = settings
        self._features = Features(vocabulary.decoded())
        self._blocks = feature_blocks(self._features.names)

    @classmethod
    def from_parts(cls, settings: Any, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Assemble a classifier from what `to_parts` gave; raises ValueError, TypeError or LookupError."""
        check_offsets("features", arrays["features_offsets"], len(arrays["features"]))
        vocabulary = Vocabulary(arrays["features"], arrays["features_offsets"])
        label_set = LabelSet.from_json(settings["labels"])
        outputs = len(label_set.forms) + len(label_set.sectors)
        if len(arrays["feature_idf"]) != len(vocabulary) or len(arrays["label_bias"]) != outputs:
            raise ValueError("features")
        check_range("feature_idf", arrays["feature_idf"], 1, _MAX_WEIGHT)  # no text's length is 0
        for name in ("label_weights", "label_bias"):
            check_range(name, arrays[name], -_MAX_WEIGHT, _MAX_WEIGHT)
        return cls(
            label_set,
            vocabulary,
            arrays["feature_idf"],
            arrays["label_weights"].reshape(len(vocabulary), outputs),
            arrays["label_bias"],
            Settings.from_json(settings, len(label_set.sectors)),
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
        return {"labels": self.label_set.to_json(), **asdict(self.settings)}, arrays

    def label(self, texts: Iterable[str]) -> Iterator[Labels]:
        """Yield the labels of each text, in order; texts are read BLOCK_TEXTS at a time."""
        for block in batches(texts, BLOCK_TEXTS):
            yield from self._label(block)

    def label_one(self, text: str) -> Labels:
        """Return the labels of one text."""
        return next(self.label([text]))

    def weighed(self, texts: Sequence[str]) -> tuple[Counts, Floats]:
        """Return the features of texts, and the value of each."""
        found, _reading = self._features.count(texts)
        return found, weigh(found, self.idf, self._blocks, len(texts))

    def _label(self, texts: Sequence[str]) -> Iterator[Labels]:
        found, reading = self._features.count(texts)
        yield from self.decide(self._scores(found, len(texts)), self.settings, party_names(reading))

    def decide(
        self,
        scores: Floats,
        settings: Settings,
        named: Sequence[tuple[str, ...]] | None = None,
        *,
        brief: bool = False,
    ) -> Iterator[Labels]:
        """Yield the labels that scores (texts x labels) mean under some settings.

        `named` are the texts' parties. If `brief`, the sectors' confidences are left out, which take the most memory.
        """
        names, none = self.label_set.forms, self.label_set.none
        forms = softmax(scores[:, : len(names)] / settings.temperature)
        sectors = logistic(scores[:, len(names) :] * np.array(settings.slopes) + np.array(settings.offsets))
        best = forms.argmax(axis=1)
        confidence = forms[np.arange(len(scores)), best]
        for form, sure, probability, parties_named in zip(
            best.tolist(), confidence.tolist(), sectors.tolist(), named or [()] * len(scores), strict=True
        ):
            yield Labels(
                names[form],
                sure,
                () if names[form] == none else self._sectors(probability, settings.sector_threshold),
                {} if brief else dict(zip(self.label_set.sectors, probability, strict=True)),
                parties_named,
                sure < settings.review_below,
            )

    def _scores(self, found: Counts, n: int) -> Floats:
        """Return a score a label (columns) for each of `n` texts."""
        scores = np.tile(self.bias.astype(np.float64), (n, 1))
        starts = np.flatnonzero(np.diff(found.text, prepend=-1))
        if len(starts):
            values = weigh(found, self.idf, self._blocks, n)
            texts = found.text[starts]
            for label, column in enumerate(self._columns):  # a column at a time stays in the processor's cache
                scores[texts, label] += np.add.reduceat(values * column[found.number], starts)
        return scores

    def _sectors(self, probability: Sequence[float], threshold: float) -> tuple[str, ...]:
        """Return the sectors at or above the threshold, the likeliest where none is."""
        names = self.label_set.sectors
        given = [name for name, p in zip(names, probability, strict=True) if p >= threshold]
        return tuple(given) or ((names[probability.index(max(probability))],) if names else ())

    def explain(self, text: str, most: int = 8) -> list[tuple[str, float]]:
        """Return the features that speak most for (> 0) and against (< 0) the form given to a text.

        Each with its part of the score, against the mean of all forms, strongest first.
        """
        found, _reading = self._features.count([text])
        forms = len(self.label_set.forms)
        columns = self.weights[found.number, :forms]
        form = int(self._scores(found, 1)[0, :forms].argmax())
        parts = weigh(found, self.idf, self._blocks, 1) * (columns[:, form] - columns.mean(axis=1))
        order = np.argsort(-np.abs(parts), kind="stable")[:most]
        return [(self._features.names[found.number[i]], float(parts[i])) for i in order]


def feature_blocks(names: Sequence[str]) -> Ints:
    """Return the block of each feature."""
    return np.array([BLOCKS[name[0]] for name in names], dtype=np.int64)


def weigh(found: Counts, idf: NDArray[np.float32], blocks: Ints, n: int) -> Floats:
    """Return the values of the features of `n` texts."""
    block = blocks[found.number]
    values: Floats = (1 + np.log(found.times)) * idf[found.number].astype(np.float64)
    cell = found.text * (_STRUCTURE_BLOCK + 1) + block
    lengths = np.sqrt(np.bincount(cell, values**2, n * (_STRUCTURE_BLOCK + 1)))
    return np.where(block == _STRUCTURE_BLOCK, STRUCTURE, values / lengths[cell])


def softmax(scores: Floats) -> Floats:
    """Return probabilities that sum to 1 in each row.

    >>> softmax(np.array([[0.0, 0.0]])).tolist()
    [[0.5, 0.5]]
    """
    exponents = np.exp(scores - scores.max(axis=-1, keepdims=True))
    result: Floats = exponents / exponents.sum(axis=-1, keepdims=True)
    return result


def logistic(scores: Floats) -> Floats:
    """Return a probability for each score."""
    result: Floats = 1 / (1 + np.exp(-np.clip(scores, -30, 30)))
    return result


def party_names(reading: Reading) -> list[tuple[str, ...]]:
    """Return the names of the states and organisations in each text, each once, in order of appearance."""
    names: list[dict[str, None]] = [{} for _ in range(reading.n)]
    for text, party in zip(reading.mention_text.tolist(), reading.mention_party.tolist(), strict=True):
        name = _party_name(all_parties()[party].target[1])
        if name is not None:
            names[text][name] = None
    return [tuple(found) for found in names]


@cache
def _party_name(key: str) -> str | None:
    """Return the first name of a state or an organisation, None for other parties."""
    found = parties.states().get(key) or parties.organisations().get(key)
    return found.name if found is not None else None
