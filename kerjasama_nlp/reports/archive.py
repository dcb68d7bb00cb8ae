"""Counting a labelled archive of any length: rows in, one JSON object of counts and samples out.

Memory holds counters and samples, never rows. What has no upper bound by itself, the names of parties and labels
in a hostile file, is given one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import asdict
from functools import cache
from typing import Any

from kerjasama_nlp.labels import parties
from kerjasama_nlp.reports.labelled_rows import Labelled
from kerjasama_nlp.reports.months import between
from kerjasama_nlp.reports.samples import MOST_CHARACTERS, Reservoir, Sample, shortened

# Parties of a kind that are listed; the others are summed up.
MOST_LISTED = 50
# Labels that are crossed with others, those that most rows have.
MOST_CROSSED = 24
# Distinct labels and distinct names of parties that are told apart; rows with further labels are faulty.
MOST_LABELS = 500
MOST_PARTIES = 5_000
_TOLD_EVERY = 1_000
_KINDS = ("states", "organisations", "others")


class Archive:
    """Counts rows as they come."""

    def __init__(self) -> None:
        self.rows = self.labelled = self.errors = self.faulty = self.to_review = 0
        self.undated = self.unread_dates = self.home = 0
        self.forms: Counter[str] = Counter()
        self.sectors: Counter[str] = Counter()
        self.pairs: Counter[tuple[str, str]] = Counter()
        self.months: Counter[tuple[str, str]] = Counter()
        self.parties: dict[str, Counter[str]] = {kind: Counter() for kind in _KINDS}
        self.unlisted_parties = 0
        self._samples = Reservoir()

    def add(self, row: Labelled) -> None:
        """Count a row."""
        self.rows += 1
        if row.error is not None:
            self.errors += 1
        elif row.fault or not (_has_room(self.forms, (row.form,)) and _has_room(self.sectors, row.sectors)):
            self.faulty += 1
        else:
            self._count(row)

    def _count(self, row: Labelled) -> None:
        keys: list[Hashable] = [("forms", row.form)]
        self.labelled += 1
        self.to_review += row.needs_review
        self.forms[row.form] += 1
        for sector in row.sectors:
            self.sectors[sector] += 1
            self.pairs[row.form, sector] += 1
            keys += [("sectors", sector), ("form_sector", row.form, sector)]
        if row.month is None:
            self.undated += 1
        elif not row.month:
            self.unread_dates += 1
        else:
            self.months[row.month, row.form] += 1
            keys.append(("months", row.month))
        if row.is_cooperation:  # other texts name states, but no partners
            keys += self._count_parties(row.parties)
        sample = Sample(row.source, row.number, shortened(row.text, MOST_CHARACTERS), row.form, row.confidence)
        self._samples.add(keys, sample, self._samples.rank(row.text))

    def _count_parties(self, names: Iterable[str]) -> list[Hashable]:
        keys: list[Hashable] = []
        for name in names:
            if name == _home():
                self.home += 1
                continue
            kind = _kinds().get(name, "others")
            counter = self.parties[kind]
            if name not in counter and len(counter) >= MOST_PARTIES:
                self.unlisted_parties += 1
                continue
            counter[name] += 1
            keys.append((kind, name))
        return keys

    def to_json(self) -> dict[str, Any]:
        """Return all counts as an object of JSON, largest first, and months in their order."""
        forms, sectors = _by_size(self.forms), _by_size(self.sectors)
        crossed = list(forms)[:MOST_CROSSED], list(sectors)[:MOST_CROSSED]
        months = sorted({month for month, _form in self.months})
        return {
            "rows": self.rows,
            "labelled": self.labelled,
            "errors": self.errors,
            "faulty": self.faulty,
            "to_review": self.to_review,
            "to_review_share": round(self.to_review / self.labelled, 4) if self.labelled else None,
            "forms": forms,
            "sectors": sectors,
            "form_sector": {
                form: {sector: self.pairs[form, sector] for sector in crossed[1]}
                for form in crossed[0]
                if any(self.pairs[form, sector] for sector in crossed[1])
            },
            "months": {month: {form: self.months[month, form] for form in crossed[0]} for month in months},
            "undated": self.undated,
            "unread_dates": self.unread_dates,
            "home": self.home,
            **{kind: self._listed(kind) for kind in _KINDS},
            "unlisted_parties": self.unlisted_parties,
            "samples": {
                "forms": {form: self._sample_json(("forms", form)) for form in forms},
                "sectors": {sector: self._sample_json(("sectors", sector)) for sector in sectors},
                "form_sector": {
                    form: {
                        sector: self._sample_json(("form_sector", form, sector))
                        for sector in crossed[1]
                        if self.pairs[form, sector]
                    }
                    for form in crossed[0]
                },
                "months": {month: self._sample_json(("months", month)) for month in months},
            },
        }

    def _listed(self, kind: str) -> dict[str, Any]:
        """Return the parties of a kind that most rows name, and what the others come to."""
        counts = _by_size(self.parties[kind])
        listed = list(counts)[:MOST_LISTED]
        return {
            "listed": [
                {"name": name, "rows": counts[name], "samples": self._sample_json((kind, name))} for name in listed
            ],
            "further": len(counts) - len(listed),
        }

    def _sample_json(self, key: Hashable) -> list[dict[str, Any]]:
        return [asdict(sample) for sample in self._samples.of(key)]


def count(rows: Iterable[Labelled], progress: Callable[[int], object] | None = None) -> Archive:
    """Count the rows of an archive; `progress` is told how many there were, now and then."""
    archive = Archive()
    for row in rows:
        archive.add(row)
        if progress is not None and archive.rows % _TOLD_EVERY == 0:
            progress(archive.rows)
    return archive


def monthly(counts: Mapping[str, Mapping[str, int]]) -> dict[str, Mapping[str, int]]:
    """Return the counts of every month from the first to the last, those without a row included."""
    if not counts:
        return {}
    return {month: counts.get(month, {}) for month in between(min(counts), max(counts))}


def _has_room(counter: Counter[str], names: Iterable[str]) -> bool:
    """Tell whether all names are counted already, or the counter has room for them."""
    return len(counter) + sum(name not in counter for name in names) <= MOST_LABELS


def _by_size(counter: Counter[str]) -> dict[str, int]:
    return dict(sorted(counter.items(), key=lambda entry: (-entry[1], entry[0])))


@cache
def _kinds() -> Mapping[str, str]:
    """Return the kind of each party that labelling names."""
    return {
        **{organisation.name: "organisations" for organisation in parties.organisations().values()},
        **{state.name: "states" for state in parties.states().values()},
    }


@cache
def _home() -> str:
    return parties.states()[parties.HOME].name
