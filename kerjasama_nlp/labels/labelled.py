"""Reading labelled texts: rows with `text`, `form` and `sectors` (a list; in tables joined by ";").

Whatever `label` reads is read, in the same way: JSONL, CSV, TSV and Parquet, packed or not, with the text in
any of the columns that `label` takes it from. A column named `set` says which texts belong together.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from typing import overload

from kerjasama_nlp.errors import InputError
from kerjasama_nlp.i18n import _
from kerjasama_nlp.inputs.columns import split_names
from kerjasama_nlp.inputs.rows import Row, RowReader
from kerjasama_nlp.inputs.sources import Source, open_source
from kerjasama_nlp.labels.label_set import LabelSet, standard
from kerjasama_nlp.labels.text_store import TextStore

# So many faults are listed; the rest is counted.
MAX_FAULTS = 20
_GROUP_COLUMN = "set"


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text with its labels.

    `group` names texts that belong together (one author's batch, one source); `place` is its file and line.
    """

    text: str
    form: str
    sectors: frozenset[str]
    group: str = ""
    place: str = ""


class LabelledTexts(Sequence[LabelledText]):
    """A list of labelled texts that takes little memory for very many: the texts wait in a `TextStore`.

    >>> texts = LabelledTexts([LabelledText("Harga cabai naik.", "bukan", frozenset(), place="a.csv:2")])
    >>> texts[0].text, texts[-1].place, len(texts.only([0, 0]))
    ('Harga cabai naik.', 'a.csv:2', 2)
    """

    def __init__(self, texts: Iterable[LabelledText] = ()) -> None:
        self._store = TextStore()
        self._texts, self._kinds, self._lines = array("q"), array("q"), array("q")
        # what many texts have in common: all but the text and the line
        self._numbers: dict[tuple[str, frozenset[str], str, str], int] = {}
        self._common: list[tuple[str, frozenset[str], str, str]] = []
        for entry in texts:
            self.append(entry)

    def append(self, entry: LabelledText) -> None:
        """Add a text at the end."""
        place, colon, line = entry.place.rpartition(":")
        if not (colon and line.isdecimal() and str(int(line)) == line):
            place, line = entry.place, "-1"
        common = (entry.form, entry.sectors, entry.group, place)
        kind = self._numbers.setdefault(common, len(self._common))
        if kind == len(self._common):
            self._common.append(common)
        self._texts.append(self._store.append(entry.text))
        self._kinds.append(kind)
        self._lines.append(int(line))

    def only(self, numbers: Iterable[int]) -> LabelledTexts:
        """Return some of the texts; they aren't copied."""
        chosen = LabelledTexts()
        chosen._store, chosen._numbers, chosen._common = self._store, self._numbers, self._common
        for number in numbers:
            chosen._texts.append(self._texts[number])
            chosen._kinds.append(self._kinds[number])
            chosen._lines.append(self._lines[number])
        return chosen

    def __len__(self) -> int:
        return len(self._texts)

    @overload
    def __getitem__(self, index: int) -> LabelledText: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[LabelledText]: ...
    def __getitem__(self, index: int | slice) -> LabelledText | Sequence[LabelledText]:
        if isinstance(index, slice):
            return self.only(range(*index.indices(len(self))))
        form, sectors, group, place = self._common[self._kinds[index]]
        line = self._lines[index]
        return LabelledText(
            self._store[self._texts[index]], form, sectors, group, place if line < 0 else f"{place}:{line}"
        )


@dataclass(slots=True)
class _Faults:
    """The first faults of all files, and how many there are."""

    most: int
    count: int = 0
    listed: list[str] | None = None

    def add(self, fault: str) -> None:
        self.listed = self.listed or []
        self.count += 1
        if len(self.listed) < self.most:
            self.listed.append(fault)

    def check(self) -> None:
        """Raise InputError where there are any."""
        if self.listed is not None:
            rest = self.count - len(self.listed)
            more = [_("and {rest} more").format(rest=rest)] if rest > 0 else []
            raise InputError("; ".join([*self.listed, *more]))


def read(
    paths: Sequence[Path],
    encoding: str = "utf-8",
    *,
    label_set: LabelSet | None = None,
    max_faults: int = MAX_FAULTS,
) -> LabelledTexts:
    """Read files of texts labelled from `label_set` (default: the standard one), all faults collected first.

    Texts that come again with the same labels are kept once. Raises InputError that lists the first faults
    with file and line: unknown form or sector, empty text, a sector list that isn't a list, cooperation
    without a sector, the form without cooperation with one, the same text labelled differently in two places.
    """
    labels = label_set or standard()
    found = LabelledTexts()
    faults = _Faults(max_faults)
    seen: dict[bytes, int] = {}
    for path in paths:
        for place, row in _rows(path, encoding):
            entry = _parse(row, place, labels, faults)
            if entry is None:
                continue
            earlier = seen.setdefault(fingerprint(entry.text), len(found))
            if earlier == len(found):
                found.append(entry)
            elif (found[earlier].form, found[earlier].sectors) != (entry.form, entry.sectors):
                faults.add(
                    _("{where}: the text of {first} with other labels").format(where=place, first=found[earlier].place)
                )
    faults.check()
    if not found:
        raise InputError(_("found no labelled text; expected rows with text, form and sectors"))
    return found


def fingerprint(text: str) -> bytes:
    """Return eight bytes that stand for a text, letter case and white space aside.

    >>> fingerprint("Harga  Cabai") == fingerprint("harga cabai ")
    True
    """
    return blake2b(" ".join(text.casefold().split()).encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _rows(path: Path, encoding: str) -> Iterator[tuple[str, Row]]:
    """Yield each row of a file with its place, file:line (of Parquet file:row); blank lines are none."""
    with closing(open_source(str(path), BytesIO, encoding=encoding, block_rows=1)) as source:
        _check_columns(path, source)
        reader = RowReader.of(source)
        for number, block in enumerate(source.blocks(), 1):
            (row,) = reader.rows(block.records)
            if not _is_blank(row):
                yield f"{path.name}:{source.line() if source.line else number}", row


def _check_columns(path: Path, source: Source) -> None:
    missing = {"form", "sectors"} - set(source.columns or ("form", "sectors"))
    if missing:
        raise InputError(
            _("{path}: found the columns {columns}, but no {missing}").format(
                path=path, columns=", ".join(source.columns or ()), missing=", ".join(sorted(missing))
            )
        )


def _is_blank(row: Row) -> bool:
    raw = row.fields.get("raw")
    return row.fault is not None and isinstance(raw, str) and len(row.fields) == 1 and not raw.strip()


def _parse(row: Row, place: str, labels: LabelSet, faults: _Faults) -> LabelledText | None:
    """Return the labelled text of a row, or None after adding what is wrong with it to `faults`."""
    fields = row.fields
    if row.raw is None and set(fields) == {"raw"}:
        faults.add(
            _("{where}: {fault}; expected an object with text, form and sectors").format(where=place, fault=row.fault)
        )
        return None
    form, sectors = fields.get("form"), fields.get("sectors")
    if row.raw is None and isinstance(sectors, str):  # a cell of a table
        sectors = split_names(sectors)
    told = [*filter(None, [row.fault]), *labels.faults(form, sectors)]
    for fault in told:
        faults.add(f"{place}: {fault}")
    if told:
        return None
    group = fields.get(_GROUP_COLUMN)
    return LabelledText(row.text, _name(str(form)), _names(tuple(sectors or ())), str(group) if group else "", place)


@cache
def _name(name: str) -> str:
    """Return one string for all that are alike: a large file has few different labels."""
    return name


@cache
def _names(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(names)
