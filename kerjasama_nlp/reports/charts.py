"""The kinds of charts on a page.

Everything that a colour tells is told by a mark, a hatching, a kind of line or a number as well, so that charts can
be printed in black and read by the colour-blind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from kerjasama_nlp.reports.drawing import INK, chart, legend, share, short, whole_numbers
from kerjasama_nlp.reports.elements import Html, formatted, harmless

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's colours for the colour-blind, from dark to light, so that they differ in grey as well.
COLOURS = ("#000000", "#0072b2", "#d55e00", "#56b4e9", "#e69f00", "#f0e442")
_HATCHES = ("", "///", "...", "xxx", "", "\\\\\\")
_MARKS = ("o", "s", "^", "D", "v", "P")
_LINES = ("-", "--", "-.", ":", "-", "--")
_BAR = "#0072b2"
_ROW = 0.27  # inches a bar
_MOST_TICKS = 14
_ROOM_BELOW = 0.1  # below the lowest of several lines
# On a scale from white (0) to black (1): the darkest cell, and from where on numbers are white.
_DARKEST = 0.75
_DARK_CELL = 0.5


class Series(NamedTuple):
    """A named row of numbers; None where there is none."""

    name: str
    values: Sequence[float | None]


def bars(name: str, label: str, rows: Sequence[tuple[str, int]]) -> Html:
    """Return horizontal bars, the first on top, each with its number; `label` says what they count."""

    def draw(axes: Axes) -> None:
        places = range(len(rows))
        axes.barh(places, [value for _name, value in rows], color=_BAR, height=0.7)
        axes.set_yticks(places, [short(name) for name, _value in rows])
        axes.invert_yaxis()
        for place, (_name, value) in enumerate(rows):
            axes.annotate(formatted(value), (value, place), (3, 0), textcoords="offset points", va="center")
        axes.margins(x=0.12)
        axes.set_xlabel(harmless(label))
        whole_numbers(axes.xaxis)

    return chart(name, label, draw, 0.8 + _ROW * len(rows))


def stacked(name: str, label: str, places: Sequence[str], series: Sequence[Series]) -> Html:
    """Return upright bars, one a place in order, of which each series is a part."""

    def draw(axes: Axes) -> None:
        below = [0.0] * len(places)
        for number, part in enumerate(series):
            values = [value or 0.0 for value in part.values]
            axes.bar(
                range(len(places)),
                values,
                bottom=below,
                width=0.85,
                color=_of(COLOURS[1:], number),
                hatch=_of(_HATCHES, number),
                edgecolor="white",
                linewidth=0.3,
                label=short(part.name),
            )
            below = [low + value for low, value in zip(below, values, strict=True)]
        step = max(1, -(-len(places) // _MOST_TICKS))
        axes.set_xticks(range(0, len(places), step), places[::step], rotation=45, ha="right")
        axes.set_ylabel(harmless(label))
        whole_numbers(axes.yaxis)
        legend(axes)

    return chart(name, label, draw, 3.2)


def matrix(
    name: str, labels: tuple[str, str], rows: Sequence[str], columns: Sequence[str], cells: Sequence[Sequence[int]]
) -> Html:
    """Return a table of counts whose darker cells hold more; `labels` name the rows and the columns."""

    def draw(axes: Axes) -> None:
        most = max((value for row in cells for value in row), default=0) or 1
        shades = [[_DARKEST * value / most for value in row] for row in cells]
        axes.pcolormesh(shades, cmap="Greys", vmin=0, vmax=1, edgecolors="white", linewidth=1)
        axes.invert_yaxis()
        for y, row in enumerate(shades):
            for x, shade in enumerate(row):
                ink = "white" if shade > _DARK_CELL else INK
                axes.text(x + 0.5, y + 0.5, formatted(cells[y][x]), ha="center", va="center", color=ink)
        axes.set_xticks(_middles(columns), [short(column) for column in columns], rotation=30, ha="right")
        axes.set_yticks(_middles(rows), [short(row) for row in rows])
        axes.set_ylabel(harmless(labels[0]))
        axes.set_xlabel(harmless(labels[1]))

    return chart(name, " / ".join(labels), draw, 1.5 + 0.4 * len(rows))


def dots(name: str, label: str, rows: Sequence[str], series: Sequence[Series]) -> Html:
    """Return marks between 0 and 1, a line of them a row, a mark a series."""

    def draw(axes: Axes) -> None:
        for number, entry in enumerate(series):
            axes.plot(
                [value if value is not None else float("nan") for value in entry.values],
                range(len(rows)),
                linestyle="none",
                marker=_of(_MARKS, number),
                color=_of(COLOURS, number),
                markerfacecolor="white" if number else None,
                label=short(entry.name),
                clip_on=False,
            )
        axes.set_yticks(range(len(rows)), [short(row) for row in rows])
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.grid(axis="y", color="#dddddd", linewidth=0.6)
        axes.set_xlim(0, 1)
        axes.set_xlabel(harmless(label))
        axes.xaxis.set_major_formatter(share)
        legend(axes)

    return chart(name, label, draw, 1.2 + _ROW * len(rows))


def reliability(name: str, labels: tuple[str, str], bins: Sequence[Mapping[str, Any]]) -> Html:
    """Return how often labels are right (up) against how sure they were (right); a bin's count stands at its mark."""

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], linestyle="--", color="#888888", linewidth=1)
        filled = [entry for entry in bins if entry["n"]]
        axes.plot(
            [entry["confidence"] for entry in filled],
            [entry["right"] for entry in filled],
            marker="o",
            color=_BAR,
            clip_on=False,
        )
        for entry in filled:
            at = (entry["confidence"], entry["right"])
            axes.annotate(formatted(entry["n"]), at, (6, -10), textcoords="offset points", fontsize=8)
        _unit_square(axes, labels)

    return chart(name, " / ".join(labels), draw, 4.0)


def coverage(
    name: str, labels: tuple[str, str], points: Sequence[Mapping[str, Any]], chosen: tuple[str, Mapping[str, Any]]
) -> Html:
    """Return the share of right labels (up) against the share of texts (right), surest first.

    `chosen` is the name and the point of the threshold in use; its "coverage" is 0 where no text reaches it.
    """

    def draw(axes: Axes) -> None:
        axes.plot([point["coverage"] for point in points], [point["precision"] for point in points], color=_BAR)
        text, at = chosen
        axes.axvline(at["coverage"], linestyle="--", color=INK, linewidth=1)
        right = at["coverage"] > 0.6  # noqa: PLR2004  # there is room on the other side
        axes.annotate(
            harmless(text),
            (at["coverage"], 0.03),
            (-4 if right else 4, 0),
            textcoords="offset points",
            ha="right" if right else "left",
        )
        if at["precision"] is not None:
            axes.plot([at["coverage"]], [at["precision"]], marker="o", color=INK)
        _unit_square(axes, labels)

    return chart(name, " / ".join(labels), draw, 3.4)


def lines(name: str, labels: tuple[str, str], places: Sequence[float], series: Sequence[Series]) -> Html:
    """Return a line of values between 0 and 1 a series, over numbers on a logarithmic scale."""

    def draw(axes: Axes) -> None:
        for number, entry in enumerate(series):
            axes.plot(
                places,
                [value if value is not None else float("nan") for value in entry.values],
                marker=_of(_MARKS, number),
                linestyle=_of(_LINES, number),
                color=_of(COLOURS, number),
                label=short(entry.name),
            )
        axes.set_xscale("log")
        axes.set_xticks(places, [formatted(place) for place in places])
        axes.set_xticks([], minor=True)
        lowest = min((value for entry in series for value in entry.values if value is not None), default=0.0)
        axes.set_ylim(max(0.0, lowest - _ROOM_BELOW), 1)
        axes.set_xlabel(harmless(labels[0]))
        axes.set_ylabel(harmless(labels[1]))
        axes.yaxis.set_major_formatter(share)
        legend(axes)

    return chart(name, " / ".join(labels), draw, 3.2)


def intervals(name: str, label: str, rows: Sequence[tuple[str, float, float, float]]) -> Html:
    """Return each row's value with the interval around it (name, value, low, high), against a line at 0."""

    def draw(axes: Axes) -> None:
        for place, (_name, value, low, high) in enumerate(rows):
            axes.plot([low, high], [place, place], color=INK, linewidth=1.5, marker="|", markersize=8)
            axes.plot([value], [place], color=_BAR, marker="o")
        axes.axvline(0, linestyle="--", color="#888888", linewidth=1)
        axes.set_yticks(range(len(rows)), [short(row[0]) for row in rows])
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xlabel(harmless(label))
        axes.xaxis.set_major_formatter(share)

    return chart(name, label, draw, 0.9 + 0.35 * len(rows))


def _unit_square(axes: Axes, labels: tuple[str, str]) -> None:
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_xlabel(harmless(labels[0]))
    axes.set_ylabel(harmless(labels[1]))
    axes.xaxis.set_major_formatter(share)
    axes.yaxis.set_major_formatter(share)


def _middles(cells: Sequence[object]) -> list[float]:
    return [place + 0.5 for place in range(len(cells))]


def _of(choices: Sequence[str], number: int) -> str:
    return choices[number % len(choices)]
