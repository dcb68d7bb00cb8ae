"""Items: rows that a person may look at, each with its labels and with what a model says of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

from kerjasama_nlp.inputs import columns
from kerjasama_nlp.inputs.rows import Row
from kerjasama_nlp.jobs.labelling import ADDED
from kerjasama_nlp.labels.labelled import fingerprint
from kerjasama_nlp.records import Labels

if TYPE_CHECKING:
    from kerjasama_nlp.labels.classifier import Classifier
    from kerjasama_nlp.labels.label_set import LabelSet

REVIEWED = "reviewed"
SUGGESTED = "suggested"
# What stands in a correction beside the row's own fields.
_OURS = frozenset({*ADDED, REVIEWED, SUGGESTED, "text"})


@dataclass(frozen=True, slots=True)
class Marks:
    """The labels that a text bears, right or wrong."""

    form: str
    sectors: frozenset[str]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a model says of a text; confidences are probabilities, as in `records.Labels`."""

    form: str
    form_confidence: float
    sectors: tuple[str, ...]
    sector_confidence: Mapping[str, float]
    parties: tuple[str, ...] = ()

    @classmethod
    def of(cls, labels: Labels) -> Self:
        """Return what a model just said."""
        return cls(labels.form, labels.form_confidence, labels.sectors, labels.sector_confidence, labels.parties)

    @classmethod
    def from_json(cls, value: Mapping[str, Any], label_set: LabelSet) -> Self | None:
        """Return the suggestion that stands in the fields of a row, None where there is none, or another label set's.

        In a table, sectors and parties are joined by ";", and the confidences are an object in JSON.
        """
        try:
            form, confidence = value["form"], float(value["form_confidence"])
            sectors, parties = _names(value["sectors"]), _names(value.get("parties"))
            held = value["sector_confidence"]
            pairs = dict(json.loads(held) if isinstance(held, str) else held)
            by_sector = {name: float(pairs[name]) for name in label_set.sectors}
        except (ValueError, TypeError, LookupError, RecursionError):
            return None
        probabilities = (confidence, *by_sector.values())
        if label_set.faults(form, sectors) or not all(0 <= p <= 1 for p in probabilities):
            return None
        return cls(form, confidence, tuple(sectors), by_sector, tuple(parties))

    def to_json(self) -> dict[str, Any]:
        """Return the object from which `from_json` restores it; probabilities to four decimals."""
        by_sector = {name: round(p, 4) for name, p in self.sector_confidence.items()}
        return {**asdict(self), "form_confidence": round(self.form_confidence, 4), "sector_confidence": by_sector}


@dataclass(frozen=True, slots=True)
class Item:
    """A row to look at: its text, its own fields, the labels it bears, and what a model says.

    `by_person` tells that the labels are somebody's and no model's.
    """

    text: str
    fields: Mapping[str, Any]
    marks: Marks
    suggestion: Suggestion
    by_person: bool = False

    @property
    def key(self) -> bytes:
        """What tells its text from others that aren't one to training."""
        return fingerprint(self.text)


def read(rows: Sequence[Row], classifier: Classifier) -> list[Item]:
    """Return the items among rows: those with a text that nobody has reviewed.

    A row's confidences count where it has all of them; other rows are labelled here. Labels without a
    confidence are a person's.
    """
    label_set = classifier.label_set
    asked = [row for row in rows if row.fault is None and str(row.fields.get(REVIEWED)).lower() != "true"]
    found = [Suggestion.from_json(row.fields, label_set) for row in asked]
    labelled = classifier.label([row.text for row, said in zip(asked, found, strict=True) if said is None])
    items = []
    for row, earlier in zip(asked, found, strict=True):
        said = earlier or Suggestion.of(next(labelled))
        given = _given(row.fields, label_set)
        own = {name: value for name, value in row.fields.items() if not _stands_elsewhere(name)}
        items.append(Item(row.text, own, given or _marks(said), said, given is not None))
    return items


def _stands_elsewhere(name: str) -> bool:
    """Tell whether a field is none of a row's own: one of ours, or the headline, with which the text begins."""
    return name in _OURS or name.strip().lower() in columns.TITLE_COLUMNS


def _marks(suggestion: Suggestion) -> Marks:
    return Marks(suggestion.form, frozenset(suggestion.sectors))


def _given(fields: Mapping[str, Any], label_set: LabelSet) -> Marks | None:
    """Return the labels that a person gave a row, None where there are none, or unsound ones."""
    if "form_confidence" in fields or "form" not in fields:
        return None
    try:
        sectors = _names(fields.get("sectors"))
    except TypeError:
        return None
    return None if label_set.faults(fields["form"], sectors) else Marks(fields["form"], frozenset(sectors))


def _names(value: Any) -> list[str]:
    """Return the names of a list, or of a cell that joins them; raises TypeError where it is neither."""
    if value is None:
        return []
    if isinstance(value, str):
        return columns.split_names(value)
    if not isinstance(value, Iterable):
        raise TypeError
    return list(value)


def to_json(item: Item, marks: Marks) -> dict[str, Any]:
    """Return a correction: the item as a row of its own, with the labels that a person gave it.

    >>> said = Suggestion("bukan", 0.5, (), {})
    >>> item = Item("Padi", {"id": 7}, Marks("bukan", frozenset()), said)
    >>> list(to_json(item, Marks("bilateral", frozenset({"ekonomi"}))))
    ['text', 'form', 'sectors', 'id', 'reviewed', 'suggested']
    """
    suggested = {**item.suggestion.to_json()}
    if item.by_person:
        suggested["before"] = {"form": item.marks.form, "sectors": sorted(item.marks.sectors)}
    return {
        "text": item.text,
        "form": marks.form,
        "sectors": sorted(marks.sectors),
        **item.fields,
        REVIEWED: True,
        SUGGESTED: suggested,
    }


def from_json(value: Mapping[str, Any], label_set: LabelSet) -> tuple[Item, Marks] | None:
    """Return what `to_json` was given, None where it is no correction in these labels."""
    try:
        text, suggested = value["text"], value[SUGGESTED]
        marks = Marks(value["form"], frozenset(value["sectors"]))
        said = Suggestion.from_json(suggested, label_set)
        before = suggested.get("before")
        earlier = Marks(before["form"], frozenset(before["sectors"])) if before else None
    except (ValueError, TypeError, LookupError, AttributeError):
        return None
    if said is None or not isinstance(text, str) or value.get(REVIEWED) is not True:
        return None
    if label_set.faults(marks.form, sorted(marks.sectors)):
        return None
    own = {name: field for name, field in value.items() if not _stands_elsewhere(name)}
    return Item(text, own, earlier or _marks(said), said, earlier is not None), marks
