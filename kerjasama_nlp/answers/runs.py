"""Postings in the making: rows in the order of the passages go in, rows in the order of the terms come out.

A row says how often a field of a passage holds a term. Rows are kept by the run, in memory while they are few and then
in a temporary file without a name, which ends with the process whatever ends it. Each run is sorted by itself; runs
hold ever later passages, so that a range of terms is sorted once its parts of all runs stand behind each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np

from kerjasama_nlp.answers.tfidf import Ids
from kerjasama_nlp.arrays import Ints, unnamed_file

# Rows that are sorted at once; one takes 12 bytes, and sorting it some 30 more.
RUN_ROWS = 1 << 20
# Runs below so many bytes together stay in memory.
_MEMORY_BYTES = 1 << 25
# A row's last column is its count, above so many bits for the field.
_FIELD_BITS = 2


class Rows(NamedTuple):
    """Counts: `counts[i]` times (> 0) term `terms[i]` in field `fields[i]` of passage `passages[i]`."""

    terms: Ids
    passages: Ids
    fields: Ids
    counts: Ids


class Runs:
    """Collects rows; `rows` (about) of them are sorted at once, which changes nothing but the memory taken.

    Temporary files are made in `folder` (None: where the system has them), and are gone after the `with` block.
    """

    def __init__(self, folder: Path | None = None, rows: int = RUN_ROWS) -> None:
        self._rows = rows
        self._file = unnamed_file(_MEMORY_BYTES, folder)
        self._waiting: list[Rows] = []
        self._n_waiting = 0
        self._sizes: list[int] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, rows: Rows) -> None:
        """Take the rows of whole passages, which come after all before them; each sorted by term, passage and field."""
        self._waiting.append(rows)
        self._n_waiting += len(rows.terms)
        if self._n_waiting >= self._rows:
            self._write()

    def sort(self, rank: Ids) -> Ints:
        """Bring terms to their final numbers, `rank[term]`; return how many passages hold each (by the new number)."""
        self._write()
        held = np.zeros(len(rank), dtype=np.int64)
        for run in range(len(self._sizes)):
            terms, passages, packed = (self._read(run, column) for column in range(3))
            terms = rank[terms]
            order = np.argsort(terms, kind="stable")
            for column, values in enumerate((terms, passages, packed)):
                self._seek(run, column)
                self._file.write(values[order].tobytes())
            held += np.bincount(terms[order][first_rows(terms[order], passages[order])], minlength=len(rank))
        return held

    def merged(self, held: Ints) -> Iterator[Rows]:
        """Yield all rows in the order of term, passage and field: a range of terms at a time, or part of a common one.

        `held` is what `sort` returned. No passage's rows of a term are apart; there may be none.
        """
        runs = range(len(self._sizes))
        share, alone = np.cumsum(held) // self._rows, np.flatnonzero(held > self._rows)
        cuts = np.unique(np.concatenate(([0, len(held)], np.flatnonzero(np.diff(share)) + 1, alone, alone + 1)))
        bounds = np.stack([self._read(run, 0).searchsorted(cuts) for run in runs])
        for part in range(len(cuts) - 1):
            starts, stops = bounds[:, part].tolist(), bounds[:, part + 1].tolist()
            if held[cuts[part]] > self._rows:  # a common term alone, run by run, which is its order already
                yield from (self._rows_of([run], starts[run : run + 1], stops[run : run + 1]) for run in runs)
            else:
                yield self._rows_of(runs, starts, stops)

    def _rows_of(self, runs: Sequence[int], starts: Sequence[int], stops: Sequence[int]) -> Rows:
        """Return parts of runs as one, sorted by term."""
        columns = [
            np.concatenate([self._read(run, column, *bounds) for run, *bounds in zip(runs, starts, stops, strict=True)])
            for column in range(3)
        ]
        order = np.argsort(columns[0], kind="stable")
        terms, passages, packed = (values[order] for values in columns)
        return Rows(terms, passages, packed & ((1 << _FIELD_BITS) - 1), packed >> _FIELD_BITS)

    def _write(self) -> None:
        if not self._waiting:
            return
        terms, passages, fields, counts = (np.concatenate(column) for column in zip(*self._waiting, strict=True))
        self._waiting.clear()
        self._n_waiting = 0
        self._sizes.append(len(terms))
        self._seek(len(self._sizes) - 1, 0)
        for column in (terms, passages, counts << _FIELD_BITS | fields):
            self._file.write(column.astype(np.int32, copy=False).tobytes())

    def _seek(self, run: int, column: int, row: int = 0) -> None:
        self._file.seek(4 * (3 * sum(self._sizes[:run]) + column * self._sizes[run] + row))

    def _read(self, run: int, column: int, start: int = 0, stop: int | None = None) -> Ids:
        self._seek(run, column, start)
        rows = (self._sizes[run] if stop is None else stop) - start
        return np.frombuffer(self._file.read(4 * rows), dtype=np.int32)


def first_rows(terms: Ids, passages: Ids) -> Ints:
    """Return where, in sorted rows, a term or a passage is another than in the row before."""
    first = np.ones(len(terms), dtype=bool)
    first[1:] = (terms[1:] != terms[:-1]) | (passages[1:] != passages[:-1])
    return np.flatnonzero(first)
