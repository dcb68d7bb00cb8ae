"""Labels that are likely wrong: those to which models that haven't seen the text give little probability.

Confident learning (Northcutt et al. 2021) in its simplest form: texts are ranked by how much likelier another
form is than the given one, both by cross-validation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kerjasama_nlp.labels.label_set import LabelSet, standard
from kerjasama_nlp.labels.labelled import LabelledText
from kerjasama_nlp.records import Labels, Progress


@dataclass(frozen=True, slots=True)
class Suspect:
    """A text whose labels are doubtful, and what a model that hasn't seen it would give.

    `doubt` (0..1) is the probability that the form, or the sectors, are others than those given.
    """

    text: LabelledText
    form: str
    sectors: tuple[str, ...]
    doubt: float

    def to_json(self) -> dict[str, Any]:
        """Return the suspect as a JSON object."""
        return {
            "place": self.text.place,
            "text": self.text.text,
            "form": self.text.form,
            "sectors": sorted(self.text.sectors),
            "likely_form": self.form,
            "likely_sectors": list(self.sectors),
            "doubt": round(self.doubt, 4),
        }


def find(
    texts: Sequence[LabelledText],
    label_set: LabelSet | None = None,
    *,
    jobs: int = 1,
    progress: Progress | None = None,
) -> list[Suspect]:
    """Return the texts whose labels differ from what models that haven't seen them give, the most doubtful first.

    The models have seen other texts of the same group: the question is what is odd inside it. Raises
    InputError where all texts have one form.
    """
    from kerjasama_nlp.labels import training  # imports scikit-learn

    labels = label_set or standard()
    fitted = training.fit([replace(entry, group="") for entry in texts], labels, jobs=jobs, progress=progress)
    suspects = []
    for number, (entry, given) in enumerate(zip(texts, fitted.held_out, strict=True)):
        if (given.form, frozenset(given.sectors)) != (entry.form, entry.sectors):
            probability = float(fitted.form_probability[number, labels.forms.index(entry.form)])
            sectors = dict(zip(labels.sectors, fitted.sector_probability[number].tolist(), strict=True))
            doubt = _doubt(entry, given, probability, sectors)
            suspects.append(Suspect(entry, given.form, given.sectors, doubt))
    return sorted(suspects, key=lambda suspect: -suspect.doubt)


def _doubt(entry: LabelledText, given: Labels, probability: float, sectors: Mapping[str, float]) -> float:
    """Return how likely it is that the form is wrong, or, where it is right, a sector."""
    doubtful_form = 1 - probability
    if given.form != entry.form or not entry.sectors:
        return doubtful_form
    odd = max(p if name not in entry.sectors else 1 - p for name, p in sectors.items())
    return max(doubtful_form, probability * odd)
