"""The model card: what a model was made of and how good it is, for people who didn't make it.

Mitchell et al. 2019. It says nothing that the manifest doesn't: the same manifest gives the same card.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

_SCORES = {
    "form_macro_f1": "form, macro-F1",
    "cooperation_f1": "cooperation or not, F1",
    "sector_micro_f1": "sectors, micro-F1",
    "form_accuracy": "form, accuracy",
    "calibration_error": "calibration error (ECE, 10 bins)",
    "coverage_at_95": "share of texts labelled with 95 % right forms, surest first",
    "to_review": "share of texts marked for review",
}
_VALIDATED = (
    "Texts of one group, and texts that nearly repeat each other, stay in one part of the cross-validation; the "
    "weights that predict a part have seen nothing of it, and are calibrated on the predictions of the other parts."
)
_MEASURE = (
    "- Scores hold for texts like those they were measured on. Measure on your own before you rely on them: "
    "`kerjasama evaluate --labels FILE --model THIS_FOLDER`."
)
_REPEAT = (
    "The same files, options and package versions give the same folder, byte for byte. The fingerprints in "
    "`manifest.json` tell whether the articles and labelled texts are the same."
)


def render(manifest: Mapping[str, Any]) -> str:
    """Return the card of a model, in Markdown, from what its manifest says."""
    package = manifest["package"]
    versions = ", ".join(f"{name} {number}" for name, number in sorted(manifest["versions"].items()))
    parts = [
        "# Model card",
        f"Answers questions and labels news; made by {package['name']} {package['version']} ({versions}).",
        *_answering(manifest),
        *(_labelling(manifest) if "labels" in manifest else []),
        "## Limits",
        "- It finds and cuts; it writes and reasons nothing. What its articles don't say isn't answered.",
        _MEASURE,
        "- Labels below the review threshold hold most of the errors: have a person look at them.",
        "## How to make it again",
        _REPEAT,
    ]
    return "\n\n".join(parts) + "\n"


def _answering(manifest: Mapping[str, Any]) -> list[str]:
    made_of = {
        "articles": manifest.get("articles", "?"),
        "passages": manifest.get("passages", "?"),
        "index terms": manifest.get("terms", "?"),
        "questions known to be answered": manifest.get("known_questions", 0),
        "questions that ranking and refusal were fitted on": manifest.get("questions", "?"),
    }
    return ["## Articles", _table(["what", "number"], made_of.items())]


def _labelling(manifest: Mapping[str, Any]) -> list[str]:
    labels, scores, thresholds = manifest["labels"], manifest["scores"], manifest["thresholds"]
    validated = scores["cross_validation"]
    columns = [(f"cross-validation ({validated['folds']} parts)", validated)]
    if "test" in scores:
        columns.append(("test texts", scores["test"]))
    parts = [
        "## Labels",
        f"Fitted on {manifest['labelled']} labelled texts with {manifest['fitted_with']}. {_VALIDATED}",
        _table(
            ["score", *(name for name, _found in columns)],
            [
                (text, *(_number(found[score]) for _name, found in columns))
                for score, text in _SCORES.items()
                if validated[score] is not None
            ]
            + [("texts", *(found["n"] for _name, found in columns))],
        ),
        *_compared(scores.get("against")),
    ]
    best = scores.get("test", validated)
    for part, heading in (("form", "Forms"), ("sector", "Sectors")):
        rows = [
            (name, *(_number(found[key]) for key in ("precision", "recall", "f1")), found["n"], _meaning(labels, name))
            for name, found in ((name, best[part][name]) for name in labels[f"{part}s"])
        ]
        if rows:
            parts += [f"### {heading}", _table([part, "precision", "recall", "F1", "texts", "meaning"], rows)]
    parts += [
        "### Thresholds",
        _table(
            ["threshold", "value"],
            [
                ("a form is marked for review below the confidence", thresholds["review_below"]),
                ("a sector is given from the probability", thresholds["sector"]),
                ("form scores are divided by (temperature)", thresholds["temperature"]),
            ],
        ),
    ]
    return parts


def _compared(against: Mapping[str, Any] | None) -> list[str]:
    if against is None:
        return ["No earlier model was compared with: none gives the same labels, or too few texts were new to it."]
    rows = [
        (text, _number(found["old"]), _number(found["new"]), _interval(found))
        for score, text in _SCORES.items()
        if (found := against.get(score)) is not None
    ]
    return [
        f"Beside the earlier model, on {against['n']} texts that neither was fitted on (paired bootstrap):",
        _table(["score", "earlier", "this one", "difference, 95 % interval"], rows),
    ]


def _interval(found: Mapping[str, float]) -> str:
    return f"{found['difference']:+.3f} ({found['low']:+.3f} to {found['high']:+.3f})"


def _meaning(labels: Mapping[str, Any], name: str) -> str:
    return str(labels["meanings"].get(name, ""))


def _number(value: float) -> str:
    return f"{value:.3f}"


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    lines = [list(map(_cell, row)) for row in rows]
    columns = list(map(_cell, head))
    return "\n".join(f"| {' | '.join(line)} |" for line in [columns, ["---"] * len(columns), *lines])


def _cell(value: object) -> str:
    """Return a value that can't end its cell, nor its line."""
    return " ".join(str(value).split()).replace("\\", "\\\\").replace("|", "\\|")
