"""The labels to choose from, as the classifier names them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kerjasama_nlp.i18n import _
from kerjasama_nlp.labels.classifier import FORMS, NOT_COOPERATION, SECTORS


@dataclass(frozen=True, slots=True)
class Choices:
    """Forms, of which a text has one, and sectors, of which it has any number; the form `none` has none."""

    forms: tuple[str, ...]
    none: str | None
    sectors: tuple[str, ...]
    meanings: Mapping[str, str] = field(default_factory=dict, compare=False)

    def fault(self, form: object, sectors: object) -> str | None:
        """Return what is wrong with the labels of a text, None where they are as they should be."""
        if form not in self.forms:
            return _("found form {form!r}, expected one of {forms}").format(form=form, forms=", ".join(self.forms))
        if not isinstance(sectors, list):
            return _("found sectors {sectors!r}, expected a list").format(sectors=sectors)
        unknown = next((name for name in sectors if name not in self.sectors), None)
        if unknown is not None:
            return _("unknown sector {name!r}").format(name=unknown)
        if self.sectors and (form == self.none) == bool(sectors):
            return _("{none} has no sector, every other form at least one").format(none=self.none)
        return None


def standard() -> Choices:
    """Return the forms and sectors of international cooperation."""
    return Choices(FORMS, NOT_COOPERATION, SECTORS)
