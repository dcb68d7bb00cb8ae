"""The linear models that rank units and judge the best one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from math import exp
from typing import Any, Self

from kerjasama_nlp.answers import translation
from kerjasama_nlp.answers.evidence import Features, Unit
from kerjasama_nlp.answers.index import Index
from kerjasama_nlp.answers.translation import Translations

# A question of which the corpus knows less than this share is about something else, however well the rest
# fits ("cara membuat rendang"): the confidence falls in proportion. Questions over the project's corpus
# with an answer stay as they are.
MIN_KNOWN = 0.5
# Fitted weights stay below 10; with larger ones than this, sums would leave the range of numbers.
MAX_WEIGHT = 1e6


@dataclass(frozen=True, slots=True)
class Ranker:
    """Weights over `evidence.Features`, by name.

    `rank` orders the units of one question. `confidence` (with `bias`) gives the log-odds that the best
    unit answers it; `threshold` is the least confidence at which it is given as the answer.
    """

    rank: Mapping[str, float]
    confidence: Mapping[str, float]
    bias: float
    threshold: float

    def score(self, unit: Unit) -> float:
        """Return a unit's ranking score, comparable within one question."""
        return _dot(self.rank, unit.features)

    def probability(self, unit: Unit) -> float:
        """Return the probability (0..1) that `unit` answers its question."""
        odds = self.bias + _dot(self.confidence, unit.features)
        trust = min(1.0, unit.features.known / MIN_KNOWN)
        return trust / (1 + exp(-max(-30.0, min(30.0, odds))))

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object from which `from_json` restores the ranker."""
        return {
            "rank": dict(self.rank),
            "confidence": dict(self.confidence),
            "bias": self.bias,
            "threshold": self.threshold,
        }

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Restore a ranker; raises ValueError, LookupError or TypeError where the object isn't one.

        Weights must be numbers within MAX_WEIGHT on either side of 0, the threshold one from 0 to 1.
        """
        names = {f.name for f in fields(Features)}
        rank, confidence, bias, threshold = value["rank"], value["confidence"], value["bias"], value["threshold"]
        if set(value) != {"rank", "confidence", "bias", "threshold"} or set(rank) != names or set(confidence) != names:
            raise ValueError("answering.json")
        numbers = [bias, threshold, *rank.values(), *confidence.values()]
        if not all(type(number) in (int, float) and abs(number) <= MAX_WEIGHT for number in numbers):
            raise ValueError("answering.json")
        if not 0 <= threshold <= 1:
            raise ValueError("answering.json")
        return cls(rank, confidence, float(bias), float(threshold))


@dataclass(frozen=True, slots=True)
class Rankers:
    """The ranker for articles alone, and the one for articles with known questions (None: none was fitted).

    Both look at words through the `translations` that they were fitted with.
    """

    plain: Ranker
    asked: Ranker | None = None
    translations: Translations = field(default_factory=translation.none, compare=False)

    def of(self, index: Index) -> Ranker:
        """Return the ranker that fits an index."""
        return self.asked if self.asked is not None and len(index.asked) else self.plain

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object from which `from_json` restores the rankers."""
        return {"plain": self.plain.to_json(), "asked": None if self.asked is None else self.asked.to_json()}

    @classmethod
    def from_json(cls, value: Any, translations: Translations) -> Self:
        """Restore rankers; raises ValueError, LookupError or TypeError where the object isn't any."""
        if set(value) != {"plain", "asked"}:
            raise ValueError("answering.json")
        asked = value["asked"]
        return cls(Ranker.from_json(value["plain"]), None if asked is None else Ranker.from_json(asked), translations)


def _dot(weights: Mapping[str, float], features: Features) -> float:
    return sum((weight * float(getattr(features, name)) for name, weight in weights.items()), 0.0)
