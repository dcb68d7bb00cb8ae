"""The page of an evaluation: `evaluate --report`. Every number on it stands in the JSON of the same call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kerjasama_nlp.i18n import _
from kerjasama_nlp.labels import parties
from kerjasama_nlp.reports import charts, page
from kerjasama_nlp.reports.charts import Series
from kerjasama_nlp.reports.elements import Child, Html, element, join, number
from kerjasama_nlp.reports.measures import headline

# Scores that are shares of texts, shown in hundredths; all others are between 0 and 1 as well.
_SHARES = frozenset({"form_accuracy", "coverage_at_95", "to_review"})
# A matrix of more forms is a table only.
_MOST_CELLS = 24


def write(scores: Mapping[str, Any], *, model: str, files: Sequence[str], against: str | None = None) -> bytes:
    """Return the page over `scores` (see `evaluated.evaluate`); `model`, `files` and `against` are shown as names."""
    told = [
        element("p", _("Model: {model}").format(model=model)),
        element("p", _("Measured on: {files}").format(files=", ".join(files))),
    ]
    if against is not None:
        told.append(element("p", _("Compared with: {model}").format(model=against)))
    return page.page(
        _("How well a model labels news"),
        *told,
        _summary(scores),
        _labels(scores, "form", _("Forms")),
        _labels(scores, "sector", _("Sectors")),
        _confusion(scores),
        _reliability(scores),
        _coverage(scores),
        _comparison(scores) if "comparison" in scores else None,
        _learning_curve(scores) if "learning_curve" in scores else None,
        _errors(scores) if "errors" in scores else None,
    )


def score_name(key: str) -> str:
    """Return what a score is called on a page; a score without a name is called by its key."""
    names = {
        "n": _("texts"),
        "form_accuracy": _("forms right"),
        "form_macro_f1": _("forms: mean F1"),
        "cooperation_f1": _("cooperation or not: F1"),
        "sector_micro_f1": _("sectors: F1"),
        "calibration_error": _("calibration error"),
        "coverage_at_95": _("surest share with 95 % right"),
        "to_review": _("to review"),
        "trained_on": _("texts the model was trained on"),
    }
    return names.get(key, key)


def _summary(scores: Mapping[str, Any]) -> Html:
    entries = [(score_name(key), number(value, key, percent=key in _SHARES)) for key, value in headline(scores).items()]
    return page.section("summary", _("Scores"), page.cards(entries))


def _labels(scores: Mapping[str, Any], part: str, heading: str) -> Html:
    """Return precision, recall and F1 of the labels of a part of the scores."""
    labels: Mapping[str, Mapping[str, Any]] = scores[part]
    measures = {"precision": _("precision"), "recall": _("recall"), "f1": "F1"}
    series = [Series(text, [entry[key] for entry in labels.values()]) for key, text in measures.items()]
    rows: list[page.Row] = [
        [name, *(number(entry[key], part, name, key) for key in (*measures, "n"))] for name, entry in labels.items()
    ]
    return page.section(
        part,
        heading,
        page.figure(
            charts.dots(part, _("score"), list(labels), series),
            _(
                "Precision: of the texts given a label, the share that bears it. Recall: of those that bear it, the "
                "share given it."
            ),
        ),
        page.table([_("label"), *measures.values(), _("texts")], rows),
    )


def _confusion(scores: Mapping[str, Any]) -> Html:
    confusion: Mapping[str, Mapping[str, int]] = scores["confusion"]
    given = list(next(iter(confusion.values()), {}))
    labels = (_("right form"), _("given form"))
    cells = [list(row.values()) for row in confusion.values()]
    drawn = None
    if len(cells) <= _MOST_CELLS:
        drawn = page.figure(
            charts.matrix("confusion", labels, list(confusion), given, cells),
            _("A row has the texts of one form, a column those that were given one."),
        )
    rows: list[page.Row] = [[a, *(number(row[b], "confusion", a, b) for b in given)] for a, row in confusion.items()]
    return page.section(
        "confusion",
        _("What is taken for what"),
        drawn,
        page.table([" / ".join(labels), *given], rows),
    )


def _reliability(scores: Mapping[str, Any]) -> Html:
    bins: Sequence[Mapping[str, Any]] = scores["reliability"]
    labels = (_("confidence"), _("share of right forms"))
    rows = [
        [
            join([number(entry["from"], "reliability", n, "from"), " – ", number(entry["to"], "reliability", n, "to")]),
            *(number(entry[key], "reliability", n, key) for key in ("n", "confidence", "right")),
        ]
        for n, entry in enumerate(bins)
    ]
    return page.section(
        "reliability",
        _("Does the confidence hold?"),
        page.figure(
            charts.reliability("reliability", labels, bins),
            _(
                "On the dashed line, 80 % of the texts labelled with a confidence of 0.8 are right. At each mark: the "
                "number of its texts."
            ),
        ),
        page.table([_("confidence"), _("texts"), _("mean confidence"), labels[1]], rows),
    )


def _coverage(scores: Mapping[str, Any]) -> Html:
    points: Sequence[Mapping[str, Any]] = scores["coverage"]
    review = scores["review"]
    labels = (_("share of texts, surest first"), _("share of right forms"))
    keys = ("confidence", "coverage", "precision")
    rows = [[number(point[key], "coverage", n, key) for key in keys] for n, point in enumerate(points)]
    chosen = [[number(review[key], "review", key) for key in keys]]
    header = [_("confidence from"), *labels]
    return page.section(
        "coverage",
        _("How many texts pass without review"),
        page.figure(
            charts.coverage("coverage", labels, points, (_("review threshold"), review)),
            _("Left of the line the texts that the model is sure of; right of it those that it wants to be reviewed."),
        ),
        element("p", _("At the model's review threshold:")),
        page.table(header, chosen, texts=0),
        page.details(_("The whole curve in numbers"), [page.table(header, rows, texts=0)]),
    )


def _comparison(scores: Mapping[str, Any]) -> Html:
    comparison: Mapping[str, Mapping[str, float]] = scores["comparison"]
    rows: list[page.Row] = [
        [
            score_name(key),
            number(entry["old"], "comparison", key, "old"),
            number(entry["new"], "comparison", key, "new"),
            number(entry["difference"], "comparison", key, "difference", signed=True),
            number(entry["low"], "comparison", key, "low", signed=True),
            number(entry["high"], "comparison", key, "high", signed=True),
        ]
        for key, entry in comparison.items()
    ]
    drawn = [(score_name(key), entry["difference"], entry["low"], entry["high"]) for key, entry in comparison.items()]
    return page.section(
        "comparison",
        _("Beside the other model"),
        page.figure(
            charts.intervals("comparison", _("this model minus the other"), drawn),
            _("Where the interval crosses the dashed line, the data don't tell which model is better."),
        ),
        page.table(
            [_("score"), _("other model"), _("this model"), _("difference"), _("95 % from"), _("95 % to")],
            rows,
        ),
        page.details(_("All scores of the other model"), [_other(scores["against"])]),
    )


def _other(scores: Mapping[str, Any]) -> Html:
    rows: list[page.Row] = [[score_name(key), number(value, "against", key)] for key, value in scores.items()]
    return page.table([_("score"), _("other model")], rows)


def _learning_curve(scores: Mapping[str, Any]) -> Html:
    curve = scores["learning_curve"]
    points: Sequence[Mapping[str, Any]] = curve["points"]
    names = [key for key in (points[0] if points else {}) if key != "texts"]
    series = [Series(score_name(key), [point[key] for point in points]) for key in names]
    rows = [
        [number(point[key], "learning_curve", "points", n, key) for key in ("texts", *names)]
        for n, point in enumerate(points)
    ]
    chart = charts.lines("learning", (_("training texts"), _("score")), [point["texts"] for point in points], series)
    return page.section(
        "learning",
        _("Would more texts help?"),
        page.figure(chart, _("Models fitted on parts of the training file. A line that still rises asks for more.")),
        page.table([_("training texts"), *map(score_name, names)], rows, texts=0),
        element(
            "p",
            _("Training texts left out because they stand among the measured ones:"),
            " ",
            number(curve["left_out"], "learning_curve", "left_out"),
            class_="note",
        ),
    )


def _errors(scores: Mapping[str, Any]) -> Html:
    errors: Sequence[Mapping[str, Any]] = scores["errors"]
    shown: list[Child] = [_error(n, entry) for n, entry in enumerate(errors)]
    return page.section(
        "errors",
        _("The worst errors"),
        element("p", _("Texts with a wrong form, those first of which the model was surest."), class_="note"),
        *(shown or [element("p", _("None."))]),
    )


def _error(n: int, entry: Mapping[str, Any]) -> Html:
    def several(names: Sequence[str]) -> str:
        return ", ".join(names) or "–"

    lines: list[tuple[str, Child]] = [
        (_("given form"), join([entry["given"], " (", number(entry["confidence"], "errors", n, "confidence"), ")"])),
        (_("right form"), entry["gold"]),
        (_("sectors given"), several(entry["given_sectors"])),
        (_("sectors right"), several(entry["gold_sectors"])),
        (_("parties"), several(entry["parties"])),
        (_("what spoke for it"), join(_reasons(n, entry))),
    ]
    return page.quote(entry["text"], *(element("div", element("b", f"{name}: "), value) for name, value in lines))


def _reasons(n: int, entry: Mapping[str, Any]) -> Iterator[Child]:
    """Yield the words and parties that spoke for a wrong form, and the part of structure."""
    for place, (name, part) in enumerate(entry["because"]):
        yield from (_reason(name), " ", number(part, "errors", n, "because", place, 1, signed=True), "; ")
    yield from (_("structure"), " ", number(entry["structure"], "errors", n, "structure", signed=True))


def _reason(feature: str) -> str:
    """Return a feature as a reader understands it: its words in quotation marks, an organisation by its name."""
    kind, _colon, what = feature.partition(":")
    organisation = parties.organisations().get(what) if kind == "o" else None
    return f"“{what}”" if organisation is None else organisation.name
