"""What labelled rows hold, counted: a block's counts, and their sum over a job."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from kerjasama_nlp.jobs.labelling import LabelledRow

# So many failed rows are told one by one.
MAX_FAILURES = 5
# Doubles hold all whole numbers up to this one.
_EXACT = 1 << 53
_INT64 = 1 << 63


@dataclass(frozen=True, slots=True)
class Failure:
    """A row without labels: its number in block or job, from 1; its id where it has one; and the reason."""

    row: int
    row_id: str | None
    fault: str


@dataclass(frozen=True, slots=True)
class Counts:
    """What a block of rows holds; `kinds` are its columns with the kinds of their values, where asked for."""

    rows: int = 0
    errors: int = 0
    review: int = 0
    forms: Mapping[str, int] = field(default_factory=dict)
    sectors: Mapping[str, int] = field(default_factory=dict)
    failures: Sequence[Failure] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Sequence[LabelledRow], *, id_column: str | None, describe: bool) -> Self:
        """Count the rows of a block."""
        labels = [row.labels for row in rows if row.labels is not None]
        failed = [(number, row.row) for number, row in enumerate(rows, 1) if row.labels is None]
        return cls(
            rows=len(rows),
            errors=len(failed),
            review=sum(label.needs_review for label in labels),
            forms=dict(Counter(label.form for label in labels)),
            sectors=dict(Counter(sector for label in labels for sector in label.sectors)),
            failures=[
                Failure(number, _row_id(row.fields, id_column), row.fault or "")
                for number, row in failed[:MAX_FAILURES]
            ],
            kinds=_kinds(row.row.fields for row in rows) if describe else {},
        )

    def to_json(self) -> dict[str, Any]:
        """Return the counts as an object of JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Restore what `to_json` gave."""
        return cls(**{**value, "failures": [Failure(**failure) for failure in value["failures"]]})


@dataclass(slots=True)
class Summary:
    """What a job did: its rows, how many of them an earlier run had finished, and how long the others took."""

    rows: int = 0
    errors: int = 0
    review: int = 0
    forms: Counter[str] = field(default_factory=Counter)
    sectors: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)
    resumed: int = 0
    seconds: float = 0.0

    def add(self, counts: Counts) -> None:
        """Add the counts of the next block."""
        for failure in counts.failures[: MAX_FAILURES - len(self.failures)]:
            self.failures.append(Failure(self.rows + failure.row, failure.row_id, failure.fault))
        self.rows += counts.rows
        self.errors += counts.errors
        self.review += counts.review
        self.forms.update(counts.forms)
        self.sectors.update(counts.sectors)
        for name, found in counts.kinds.items():
            self.kinds[name] = "".join(sorted({*self.kinds.get(name, ""), *found}))


def kind(value: object) -> str:
    """Return the kind of a value of JSON: "" null, b(oolean), i(nteger), l(arge integer), f(loat), s(tring), o(ther).

    >>> "".join(map(kind, [None, True, 7, 1 << 60, 0.5, "a", [1], 1 << 70]))
    'bilfsoo'
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "b"
    if isinstance(value, int):
        return "i" if abs(value) <= _EXACT else "l" if -_INT64 <= value < _INT64 else "o"
    return "f" if isinstance(value, float) else "s" if isinstance(value, str) else "o"


def _kinds(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    kinds: dict[str, set[str]] = {}
    for fields in rows:
        for name, value in fields.items():
            kinds.setdefault(name, set()).add(kind(value))
    return {name: "".join(sorted(found)) for name, found in kinds.items()}


def _row_id(fields: Mapping[str, Any], column: str | None) -> str | None:
    value = fields.get(column) if column is not None else None
    return None if value is None else str(value)
