"""Drawing by matplotlib (extra `report`), and its SVG made a part of a page.

The same numbers give the same bytes, and text stays text.
"""

from __future__ import annotations

import io
import logging
import re
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from kerjasama_nlp.errors import UsageError
from kerjasama_nlp.i18n import _
from kerjasama_nlp.reports.elements import Html, escape, formatted, harmless

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

INK = "#222222"
_WIDTH = 7.2  # inches
_MOST_TEXT = 34  # characters of a label
_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_RDF_METADATA = f"{{{_SVG}}}metadata"
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "kerjasama",
    "text.parse_math": False,
    "font.family": ["DejaVu Sans", "sans-serif"],
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "hatch.linewidth": 0.6,
    "legend.frameon": False,
}


def require() -> Any:
    """Return matplotlib; raises UsageError where it isn't installed."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it tells of its font cache
    try:
        import matplotlib as mpl
        import matplotlib.backends.backend_svg
        import matplotlib.figure
        import matplotlib.ticker
    except ImportError:
        raise UsageError(
            _("a report needs a package that draws; install it with: pip install 'kerjasama-nlp[report]'")
        ) from None
    return mpl


def chart(name: str, label: str, draw: Callable[[Axes], None], height: float) -> Html:
    """Return what `draw` puts on a pair of axes, as an SVG whose ids start with `name`."""
    mpl = require()
    buffer = io.BytesIO()
    # a name in a script that the font lacks is drawn by the reader's own font
    with mpl.rc_context(), warnings.catch_warnings(action="ignore"):
        mpl.rcdefaults()  # a user's own settings change no report
        mpl.rcParams.update(_STYLE)
        figure: Figure = mpl.figure.Figure(figsize=(_WIDTH, height), layout="constrained")
        mpl.backends.backend_svg.FigureCanvasSVG(figure)
        draw(figure.add_subplot())
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _inline(buffer.getvalue(), name, label)


def _inline(svg: bytes, name: str, label: str) -> Html:
    """Return a document of SVG as an element among others: ids of its own, no metadata, a name for screen readers."""
    root = ET.fromstring(svg)  # noqa: S314  # written a line ago
    for metadata in root.findall(_RDF_METADATA):
        root.remove(metadata)
    for entry in root.iter():
        for key, value in entry.attrib.items():
            if key == "id":
                entry.set(key, f"{name}-{value}")
            elif key == f"{{{_XLINK}}}href":
                entry.set(key, re.sub(r"^#", f"#{name}-", value))
            elif "url(#" in value:
                entry.set(key, value.replace("url(#", f"url(#{name}-"))
    ET.register_namespace("", _SVG)
    ET.register_namespace("xlink", _XLINK)
    text = ET.tostring(root, encoding="unicode")
    return Html(text.replace("<svg ", f'<svg role="img" aria-label="{escape(label)}" ', 1))


def whole_numbers(axis: Axis) -> None:
    """Write whole numbers along an axis."""
    axis.set_major_locator(require().ticker.MaxNLocator(integer=True))
    axis.set_major_formatter(_number)


def legend(axes: Axes) -> None:
    """Put the names of the series above the axes."""
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4)


def _number(value: float, _position: float) -> str:
    return formatted(int(value))


def share(value: float, _position: float) -> str:
    """Return a number between 0 and 1 as it stands along an axis."""
    return formatted(round(value, 6)).removesuffix("0")


def short(text: str) -> str:
    """Return a name on one line, cut where it is long."""
    text = " ".join(harmless(text).split())
    return text if len(text) <= _MOST_TEXT else text[: _MOST_TEXT - 1] + "…"
