"""Reading labelled texts: JSONL or CSV with `text`, `form`, `sectors` (a list; in CSV joined by ";")."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerjasama_nlp.documents.articles import decode
from kerjasama_nlp.errors import InputError
from kerjasama_nlp.i18n import _
from kerjasama_nlp.labels.classifier import FORMS, NOT_COOPERATION, SECTORS

# So many faults are listed; the rest is counted.
MAX_FAULTS = 20
DELIMITERS = {".csv": ",", ".tsv": "\t"}
# A cell may be as long as an article archive makes it.
_MAX_CELL = 1 << 27


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text with its labels; `group` names texts that belong together (one author's batch, one article)."""

    text: str
    form: str
    sectors: frozenset[str]
    group: str


def read(paths: Sequence[Path], encoding: str = "utf-8") -> list[LabelledText]:
    """Read label files, all faults collected first.

    Raises InputError that lists every fault with file and line: unknown form or sector, empty text, a
    sector list that isn't a list, cooperation without a sector, `bukan` with one, the same text labelled
    differently in two places.
    """
    found: list[LabelledText] = []
    faults: list[str] = []
    seen: dict[str, tuple[str, LabelledText]] = {}
    for path in paths:
        for where, row in _rows(path, encoding):
            labelled = _parse(row, where, faults)
            if labelled is None:
                continue
            key = " ".join(labelled.text.casefold().split())
            first, earlier = seen.setdefault(key, (where, labelled))
            if (earlier.form, earlier.sectors) != (labelled.form, labelled.sectors):
                faults.append(_("{where}: the text of {first} with other labels").format(where=where, first=first))
            elif earlier is labelled:
                found.append(labelled)
    if faults:
        rest = len(faults) - MAX_FAULTS
        more = [_("and {rest} more").format(rest=rest)] if rest > 0 else []
        raise InputError("; ".join([*faults[:MAX_FAULTS], *more]))
    if not found:
        raise InputError(_("found no labelled text; expected rows with text, form and sectors"))
    return found


def _rows(path: Path, encoding: str) -> Iterator[tuple[str, Any]]:
    """Yield (file:line, row) of a JSONL or CSV file."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(_("{path}: cannot be read ({reason})").format(path=path, reason=error.strerror)) from None
    text = decode(data, str(path), encoding)
    if path.suffix.lower() in DELIMITERS:
        reader = table(text, path.suffix.lower())
        for row in reader:
            sectors = [name.strip() for name in (row.get("sectors") or "").split(";") if name.strip()]
            yield f"{path.name}:{reader.line_num}", {**row, "sectors": sectors}
        return
    for number, line in enumerate(io.StringIO(text, newline=None), 1):
        if line.strip():
            try:
                yield f"{path.name}:{number}", json.loads(line)
            except (ValueError, RecursionError):
                yield f"{path.name}:{number}", None


def table(text: str, suffix: str) -> csv.DictReader[str]:
    """Return the rows of a CSV or TSV; a CSV whose header has more semicolons than commas is cut at those.

    Cells beyond the header's stand under "_rest".
    """
    csv.field_size_limit(_MAX_CELL)
    head = text.split("\n", 1)[0]
    semicolons = suffix == ".csv" and head.count(";") > head.count(",")
    delimiter = ";" if semicolons else DELIMITERS[suffix]
    return csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, restkey="_rest", restval="")


def _parse(row: Any, where: str, faults: list[str]) -> LabelledText | None:
    """Return the labelled text of a row, or None after adding what is wrong with it to `faults`."""
    if not isinstance(row, dict):
        faults.append(_("{where}: expected an object with text, form and sectors").format(where=where))
        return None
    text, form, sectors = row.get("text"), row.get("form"), row.get("sectors")
    before = len(faults)
    if not isinstance(text, str) or not text.strip():
        faults.append(_("{where}: the text is empty").format(where=where))
    if form not in FORMS:
        faults.append(
            _("{where}: found form {form!r}, expected one of {forms}").format(
                where=where, form=form, forms=", ".join(FORMS)
            )
        )
    if not isinstance(sectors, list):
        faults.append(_("{where}: found sectors {sectors!r}, expected a list").format(where=where, sectors=sectors))
    else:
        unknown = [name for name in sectors if name not in SECTORS]
        if unknown:
            faults.append(_("{where}: unknown sector {name!r}").format(where=where, name=unknown[0]))
        elif form in FORMS and (form == NOT_COOPERATION) == bool(sectors):
            faults.append(_("{where}: bukan has no sector, every other form at least one").format(where=where))
    if len(faults) > before:
        return None
    group = row.get("set")
    return LabelledText(str(text), str(form), frozenset(map(str, sectors or ())), str(group) if group else "")
