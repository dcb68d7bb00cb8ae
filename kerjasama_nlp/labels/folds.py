"""Splitting labelled texts into parts that are predicted by models which haven't seen them, nor anything like them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np

from kerjasama_nlp.arrays import Ints
from kerjasama_nlp.labels import near_duplicates
from kerjasama_nlp.labels.labelled import LabelledText, fingerprint

# A part for each named group, up to so many of them.
MOST_GROUPS = 25
# Otherwise so many parts; of many texts fewer, which is quicker and tells as much.
FOLDS = 5
MANY_TEXTS = 20_000
FOLDS_OF_MANY = 3


def apart(texts: Sequence[LabelledText], others: Sequence[LabelledText]) -> list[int]:
    """Return the numbers of the texts that neither are nor nearly repeat one of the others."""
    found = near_duplicates.groups(entry.text for entry in chain(others, texts)).tolist()
    known, prints = set(found[: len(others)]), {fingerprint(entry.text) for entry in others}
    alike = zip(texts, found[len(others) :], strict=True)
    return [
        number
        for number, (entry, group) in enumerate(alike)
        if group not in known and fingerprint(entry.text) not in prints
    ]


def split(texts: Sequence[LabelledText]) -> list[Ints]:
    """Return the parts, each as the sorted numbers of its texts.

    Near-duplicates stay together (with the first of them), and so do the other texts of a named group. Where all
    texts are in a few named groups, each group is a part; otherwise groups and single texts are dealt out, in an
    order that is random but always the same, each to the part with the fewest texts so far. There are two parts
    at least: where everything is one group, its name is passed over, and so is likeness where all texts are alike.
    """
    duplicates = near_duplicates.groups(entry.text for entry in texts)
    numbers: dict[str, int] = {}
    named = np.array([numbers.setdefault(entry.group, len(numbers)) for entry in texts])
    single = np.arange(len(texts))
    # a text without a named group is a unit of its own, with its near-duplicates
    grouped = np.where(named != numbers.get("", -1), named, len(numbers) + single)[duplicates]
    chosen = next((unit for unit in (grouped, duplicates) if unit.min() < unit.max()), single)
    names, unit, sizes = np.unique(chosen, return_inverse=True, return_counts=True)
    if chosen is grouped and "" not in numbers and len(names) <= MOST_GROUPS:
        return [np.flatnonzero(unit == number) for number in range(len(names))]
    n_parts = min(FOLDS if len(texts) < MANY_TEXTS else FOLDS_OF_MANY, len(names))
    shuffled = np.random.default_rng(0).permutation(len(names))
    order = shuffled[np.argsort(-sizes[shuffled], kind="stable")]
    part_of, filled = np.zeros(len(names), dtype=np.int64), [0] * n_parts
    for number in order.tolist():
        smallest = filled.index(min(filled))
        part_of[number] = smallest
        filled[smallest] += int(sizes[number])
    part = part_of[unit]
    return [np.flatnonzero(part == number) for number in range(n_parts)]
