"""The labels of texts as arrays, which is what is fitted and calibrated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from kerjasama_nlp.arrays import Ints
from kerjasama_nlp.labels.label_set import LabelSet
from kerjasama_nlp.labels.labelled import LabelledText


@dataclass(frozen=True, slots=True)
class Targets:
    """The number of each text's form (texts), and which sectors it has (texts x sectors).

    `none` is the number of the form that has no sectors, or None.
    """

    forms: Ints
    sectors: NDArray[np.bool_]
    n_forms: int
    none: int | None

    @classmethod
    def of(cls, texts: Sequence[LabelledText], label_set: LabelSet) -> Self:
        """Return the labels of texts."""
        number = {form: place for place, form in enumerate(label_set.forms)}
        sectors = np.array([[name in entry.sectors for name in label_set.sectors] for entry in texts], dtype=np.bool_)
        return cls(
            np.array([number[entry.form] for entry in texts]),
            sectors.reshape(len(texts), len(label_set.sectors)),
            len(label_set.forms),
            None if label_set.none is None else number[label_set.none],
        )

    def part(self, rows: Ints) -> Self:
        """Return the labels of some of the texts."""
        return type(self)(self.forms[rows], self.sectors[rows], self.n_forms, self.none)

    @property
    def with_sectors(self) -> NDArray[np.bool_]:
        """Which texts have a form that has sectors."""
        return np.ones(len(self.forms), dtype=np.bool_) if self.none is None else self.forms != self.none
