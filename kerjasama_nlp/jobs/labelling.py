"""Labelling rows: each row's labels, or the reason why it has none."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from kerjasama_nlp.errors import UsageError
from kerjasama_nlp.i18n import _
from kerjasama_nlp.inputs.rows import Row
from kerjasama_nlp.language.clean import clean

if TYPE_CHECKING:
    from kerjasama_nlp.labels.classifier import Classifier
    from kerjasama_nlp.records import Labels

CONFIDENCES = "sector_confidence"
ADDED = ("form", "form_confidence", "sectors", CONFIDENCES, "parties", "needs_review", "error")
EXPLANATION = "explanation"
# Probabilities are given to four decimals.
_STEPS = 10_000
# A step this near to its neighbour is rounded with all its digits.
_NEAR = 0.4999


@dataclass(frozen=True, slots=True)
class LabelledRow:
    """A row, and its labels; None where the row has a fault. `explanation` stays empty unless asked for."""

    row: Row
    labels: Labels | None
    explanation: tuple[tuple[str, float], ...] = ()


class Labeller:
    """Labels rows."""

    def __init__(self, classifier: Classifier, *, explain: bool = False) -> None:
        self._classifier = classifier
        self._explain = explain

    def label(self, rows: Sequence[Row]) -> list[LabelledRow]:
        """Return each row with its labels, in order; the texts are labelled together, which is faster."""
        labels = iter(self._classifier.label([row.text for row in rows if row.fault is None]))
        return [
            LabelledRow(row, None) if row.fault is not None else LabelledRow(row, next(labels), self._why(row.text))
            for row in rows
        ]

    def _why(self, text: str) -> tuple[tuple[str, float], ...]:
        return tuple(self._classifier.explain(text)) if self._explain else ()


def added_columns(*, explain: bool) -> tuple[str, ...]:
    """Return the names of the columns that labelling adds."""
    return (*ADDED, EXPLANATION) if explain else ADDED


def added(labelled: LabelledRow, *, explain: bool) -> dict[str, Any]:
    """Return the added columns of a row: nulls and an error where it has a fault."""
    labels = labelled.labels
    if labels is None:
        return {**dict.fromkeys(added_columns(explain=explain)), "error": labelled.row.fault}
    values: dict[str, Any] = {
        "form": labels.form,
        "form_confidence": round(labels.form_confidence, 4),
        "sectors": list(labels.sectors),
        "sector_confidence": {name: round(p, 4) for name, p in labels.sector_confidence.items()},
        "parties": list(labels.parties),
        "needs_review": labels.needs_review,
        "error": None,
    }
    if explain:
        values[EXPLANATION] = [[name, round(part, 3)] for name, part in labelled.explanation]
    return values


def added_json(labelled: LabelledRow, *, explain: bool) -> str:
    """Return what `json.dumps(added(...), ensure_ascii=False)` does, in a third of the time.

    Lists come out of a cache and probabilities out of a table: a row has eleven of them.
    """
    labels = labelled.labels
    if labels is None or explain:
        return json.dumps(added(labelled, explain=explain), ensure_ascii=False)
    return (
        f'{{"form": {_quoted(labels.form)}, "form_confidence": {_decimals(labels.form_confidence)}, '
        f'"sectors": {_names(labels.sectors)}, "sector_confidence": {_confidences(labels)}, '
        f'"parties": {_names(labels.parties)}, "needs_review": {"true" if labels.needs_review else "false"}, '
        '"error": null}'
    )


def added_cells(labels: Labels) -> list[str]:
    """Return the added columns of a row without an explanation as cells of a table, as fast."""
    return [
        labels.form,
        _decimals(labels.form_confidence),
        ";".join(labels.sectors),
        _confidences(labels),
        ";".join(labels.parties),
        "true" if labels.needs_review else "false",
        "",
    ]


def _confidences(labels: Labels) -> str:
    return _template(tuple(labels.sector_confidence)) % tuple(map(_decimals, labels.sector_confidence.values()))


@lru_cache(maxsize=1 << 4)
def _template(names: tuple[str, ...]) -> str:
    """Return an object with places for its values."""
    pairs = ", ".join([f"{_quoted(name)}: ".replace("%", "%%") + "%s" for name in names])
    return f"{{{pairs}}}"


@cache
def _quoted(name: str) -> str:
    """Return a label as JSON: a label set of one's own may hold quotation marks."""
    return json.dumps(name, ensure_ascii=False)


def _decimals(probability: float) -> str:
    """Return `repr(round(probability, 4))`.

    >>> _decimals(0.97004), _decimals(1.0), _decimals(0.00001)
    ('0.97', '1.0', '0.0')
    """
    scaled = probability * _STEPS
    step = int(scaled + 0.5)
    if abs(scaled - step) > _NEAR:
        return repr(round(probability, 4))
    return _table()[step]


@cache
def _table() -> list[str]:
    return [repr(round(step / _STEPS, 4)) for step in range(_STEPS + 1)]


@lru_cache(maxsize=1 << 12)
def _names(names: tuple[str, ...]) -> str:
    return json.dumps(names, ensure_ascii=False)


def label_text(classifier: Classifier, text: str, *, explain: bool = False) -> dict[str, Any]:
    """Return the added columns of one text; raises UsageError where it is blank."""
    cleaned = clean(text)
    if not cleaned.strip():
        raise UsageError(_('found an empty text; expected one, for example: kerjasama label --text "RI dan Jepang"'))
    (labelled,) = Labeller(classifier, explain=explain).label([Row({}, cleaned)])
    return added(labelled, explain=explain)
