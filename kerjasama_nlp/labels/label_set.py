"""The labels that a classifier gives: forms, of which a text has one, and sectors, of which it has any number.

A label set is described by a JSON file, each label with what it means (for those who label, and for reports):

    {"forms": ["bilateral", "bukan"], "none": "bukan", "sectors": ["ekonomi"],
     "meanings": {"bilateral": "two states", "bukan": "no cooperation", "ekonomi": "trade, finance"}}

`none` is the form that has no sectors (null: there is no such form); every other form has at least one
sector, unless the set has none at all.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Self

from kerjasama_nlp import resources
from kerjasama_nlp.errors import InputError
from kerjasama_nlp.i18n import _

MAX_LABELS = 500
_KEYS = frozenset({"forms", "none", "sectors", "meanings"})
# Names end up in columns, cells joined by ";" and file names.
_MAX_NAME = 60
# Of a longer file the rest is cut off, and what is left is no JSON.
_MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class LabelSet:
    """The names of forms and sectors, in the order in which they are shown, and what they mean.

    `none` is one of `forms`, or None. `meanings` holds a text for some of the names.
    """

    forms: tuple[str, ...]
    none: str | None
    sectors: tuple[str, ...]
    meanings: Mapping[str, str] = field(default_factory=dict, compare=False)

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Take an object apart as the module describes it; `none` and `meanings` may be left out.

        Raises ValueError that says what is wrong with it.

        >>> LabelSet.from_json({"forms": ["dua", "banyak"], "sectors": []}).forms
        ('dua', 'banyak')
        """
        if not isinstance(value, dict) or not {"forms", "sectors"} <= set(value) <= _KEYS:
            raise ValueError(_("expected an object with forms, none, sectors and meanings"))
        forms, sectors = _names(value["forms"]), _names(value["sectors"])
        none = value.get("none")
        if len(forms) < 2:  # noqa: PLR2004  # there is nothing to tell apart
            raise ValueError(_("expected at least two forms"))
        if none is not None and none not in forms:
            raise ValueError(_("found the form {name!r} for none, which isn't among the forms").format(name=none))
        return cls(forms, none, sectors, _meanings(value.get("meanings", {}), {*forms, *sectors}))

    def to_json(self) -> dict[str, Any]:
        """Return the object from which `from_json` restores the set."""
        forms, sectors = list(self.forms), list(self.sectors)
        return {"forms": forms, "none": self.none, "sectors": sectors, "meanings": dict(self.meanings)}

    def faults(self, form: object, sectors: object) -> list[str]:
        """Return what is wrong with the labels of a text: nothing where they are as they should be."""
        known = isinstance(form, str) and form in self.forms
        found = []
        if not known:
            expected = ", ".join(self.forms)
            found.append(_("found form {form!r}, expected one of {forms}").format(form=form, forms=expected))
        if not isinstance(sectors, list):
            return [*found, _("found sectors {sectors!r}, expected a list").format(sectors=sectors)]
        unknown = [name for name in sectors if not isinstance(name, str) or name not in self.sectors]
        if unknown:
            found.append(_("unknown sector {name!r}").format(name=unknown[0]))
        elif known and self.sectors and (form == self.none) == bool(sectors):
            found.append(
                _("{none} has no sector, every other form at least one").format(none=self.none)
                if self.none is not None
                else _("every form has at least one sector")
            )
        return found


def _names(value: Any) -> tuple[str, ...]:
    """Return the names in a list."""
    if not isinstance(value, list) or len(value) > MAX_LABELS:
        raise ValueError(_("expected forms and sectors as lists of at most {most} names").format(most=MAX_LABELS))
    for name in value:
        if not (isinstance(name, str) and _is_name(name)):
            fault = _("found the label {name!r}, expected a short name without ; and line ends")
            raise ValueError(fault.format(name=name))
    if len(set(value)) != len(value):
        raise ValueError(_("found a label twice"))
    return tuple(value)


def _meanings(value: Any, names: set[str]) -> dict[str, str]:
    """Return what the names mean."""
    if not isinstance(value, dict) or not all(map(_is_text, value.values())):
        raise ValueError(_("expected the meanings as an object of label and text"))
    if not set(value) <= names:
        raise ValueError(_("found the meaning of {name!r}, which is no label").format(name=min(set(value) - names)))
    return value


def _is_text(value: Any) -> bool:
    """Whether a value is text that a file can hold: no half of a character."""
    return isinstance(value, str) and all(unicodedata.category(character) != "Cs" for character in value)


def _is_name(name: str) -> bool:
    printable = all(unicodedata.category(character)[0] not in "CZ" or character == " " for character in name)
    return 0 < len(name) <= _MAX_NAME and name == name.strip() and ";" not in name and printable


def read(path: Path) -> LabelSet:
    """Read the file that describes a label set; raises InputError where it can't be read, or describes none."""
    try:
        with path.open("rb") as stream:
            return LabelSet.from_json(json.loads(stream.read(_MAX_BYTES)))
    except OSError as error:
        raise InputError(_("{path}: cannot be read ({reason})").format(path=path, reason=error.strerror)) from None
    except (ValueError, RecursionError) as error:
        raise InputError(
            _("{path}: found no label set ({reason}); docs/retraining.md shows one").format(path=path, reason=error)
        ) from None


@cache
def standard() -> LabelSet:
    """Return the forms and sectors of international cooperation.

    >>> standard().forms
    ('bilateral', 'regional', 'multilateral', 'bukan')
    """
    return LabelSet.from_json(resources.read_json("label_set.json"))
