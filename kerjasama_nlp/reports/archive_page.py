"""The page of a labelled archive: `kerjasama report`. Every number on it stands in the JSON of the same call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kerjasama_nlp.i18n import _
from kerjasama_nlp.reports import charts, page
from kerjasama_nlp.reports.archive import MOST_CROSSED, monthly
from kerjasama_nlp.reports.charts import Series
from kerjasama_nlp.reports.elements import Child, Html, element, formatted, join, number

# Bars that are drawn; the table has all that are listed.
_MOST_BARS = 24


def write(counts: Mapping[str, Any], *, files: Sequence[str]) -> bytes:
    """Return the page over `counts` (see `archive.Archive.to_json`), read from `files`."""
    return page.page(
        _("What a labelled archive holds"),
        element("p", _("Read from: {files}").format(files=", ".join(files))),
        _summary(counts),
        _labels(counts, "forms", _("Forms of cooperation")),
        _labels(counts, "sectors", _("Sectors of cooperation")),
        _form_sector(counts),
        _months(counts),
        _parties(counts, "states", _("Partner states")),
        _parties(counts, "organisations", _("Organisations")),
        _parties(counts, "others", _("Other parties")),
    )


def _summary(counts: Mapping[str, Any]) -> Html:
    names = {
        "rows": _("rows"),
        "labelled": _("labelled"),
        "to_review": _("to review"),
        "errors": _("rows with an error"),
        "faulty": _("faulty rows"),
    }
    entries = [(text, number(counts[key], key)) for key, text in names.items()]
    entries.append((_("share to review"), number(counts["to_review_share"], "to_review_share", percent=True)))
    return page.section(
        "summary",
        _("Rows"),
        page.cards(entries),
        element(
            "p",
            _(
                "Rows with an error have no labels; their error says why. Faulty rows can't be read as rows that "
                "kerjasama label has written. All other counts are of labelled rows."
            ),
            class_="note",
        ),
    )


def _labels(counts: Mapping[str, Any], part: str, heading: str) -> Html:
    labels: Mapping[str, int] = counts[part]
    if not labels:
        return page.section(part, heading, element("p", _("None.")))
    rows = [
        [name, number(rows, part, name), _behind(counts["samples"][part][name], "samples", part, name)]
        for name, rows in labels.items()
    ]
    return page.section(
        part,
        heading,
        page.figure(charts.bars(part, _("rows"), list(labels.items())[:_MOST_BARS])),
        page.table([_("label"), _("rows")], rows),
    )


def _form_sector(counts: Mapping[str, Any]) -> Html | None:
    cells: Mapping[str, Mapping[str, int]] = counts["form_sector"]
    if not cells:
        return None
    sectors = list(next(iter(cells.values())))
    heading = _("Sectors by form")
    chart = charts.matrix(
        "form_sector", (_("form"), _("sector")), list(cells), sectors, [list(row.values()) for row in cells.values()]
    )
    rows: list[page.Row] = [
        [sector, *(number(row[sector], "form_sector", form, sector) for form, row in cells.items())]
        for sector in sectors
    ]
    samples = [
        page.details(f"{form}, {sector}", _quotes(kept, "samples", "form_sector", form, sector))
        for form, by_sector in counts["samples"]["form_sector"].items()
        for sector, kept in by_sector.items()
        if kept
    ]
    return page.section(
        "form_sector",
        heading,
        page.figure(chart, _("A text may have several sectors, and counts in each.")),
        page.table([_("sector"), *cells], rows),
        _crossed(counts),
        page.details(_("Samples by form and sector"), samples),
    )


def _months(counts: Mapping[str, Any]) -> Html:
    months: Mapping[str, Mapping[str, int]] = counts["months"]
    heading = _("Months")
    missing = [
        (_("labelled rows without a date"), number(counts["undated"], "undated")),
        (_("with a date that can't be read"), number(counts["unread_dates"], "unread_dates")),
    ]
    content: list[Html] = []
    if months:
        forms = list(next(iter(months.values())))
        every = monthly(months)
        series = [Series(form, [row.get(form, 0) for row in every.values()]) for form in forms]
        rows = [
            [
                month,
                *(number(row[form], "months", month, form) for form in forms),
                _behind(counts["samples"]["months"][month], "samples", "months", month),
            ]
            for month, row in months.items()
        ]
        content = [
            page.figure(charts.stacked("months", _("rows"), list(every), series), _("Rows by month and form.")),
            page.table([_("month"), *forms], rows),
            *([note] if (note := _crossed(counts)) else []),
        ]
    return page.section("months", heading, *content, page.cards(missing))


def _crossed(counts: Mapping[str, Any]) -> Html | None:
    """Return a note where there are more labels than are crossed with others."""
    if max(len(counts["forms"]), len(counts["sectors"])) <= MOST_CROSSED:
        return None
    text = _("Only the labels that most rows have, {count} at most.").format(count=MOST_CROSSED)
    return element("p", text, class_="note")


def _parties(counts: Mapping[str, Any], kind: str, heading: str) -> Html:
    listed: Sequence[Mapping[str, Any]] = counts[kind]["listed"]
    content: list[Child] = []
    if listed:
        drawn = [(entry["name"], entry["rows"]) for entry in listed[:_MOST_BARS]]
        rows = [
            [
                entry["name"],
                number(entry["rows"], kind, "listed", n, "rows"),
                _behind(entry["samples"], kind, "listed", n, "samples"),
            ]
            for n, entry in enumerate(listed)
        ]
        content = [
            page.figure(
                charts.bars(kind, _("rows about cooperation that name it"), drawn),
                _("Only rows with a sector count here: other texts name states, but no partners."),
            ),
            page.table([_("name"), _("rows")], rows),
        ]
    notes: list[tuple[str, Html]] = [(_("further names"), number(counts[kind]["further"], kind, "further"))]
    if kind == "states":
        notes.append((_("rows about cooperation that name Indonesia"), number(counts["home"], "home")))
    if kind == "others":
        notes.append((_("mentions beyond the names kept"), number(counts["unlisted_parties"], "unlisted_parties")))
    return page.section(kind, heading, *(content or [element("p", _("None."))]), page.cards(notes))


def _behind(samples: Sequence[Mapping[str, Any]], *keys: str | int) -> Html | None:
    """Return samples to be opened; `keys` lead to them in the JSON."""
    if not samples:
        return None
    return page.details(_("samples: {count}").format(count=formatted(len(samples))), _quotes(samples, *keys))


def _quotes(samples: Sequence[Mapping[str, Any]], *keys: str | int) -> list[Html]:
    return [
        page.quote(
            sample["text"],
            join([sample["form"], " ", number(sample["confidence"], *keys, n, "confidence"), " · "]),
            join([sample["source"], ", ", _("row"), " ", number(sample["row"], *keys, n, "row")]),
        )
        for n, sample in enumerate(samples)
    ]
