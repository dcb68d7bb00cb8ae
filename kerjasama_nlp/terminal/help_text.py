"""Help, usage errors and progress in the reader's language.

Typer writes the frame of its help in English; what it says there is replaced by our catalogue's words.
"""

from __future__ import annotations

import re
import sys
import time
from functools import cache
from typing import Any

from typer.core import TyperCommand, TyperGroup

from kerjasama_nlp.i18n import _

# Redrawing more often than this many times a second only costs time.
_REDRAWS_PER_SECOND = 10


def translate_frame(text: str) -> str:
    """Return a help page with Typer's own words in the reader's language."""
    words = {
        "Usage:": _("Usage:"),
        "Options:": _("Options:"),
        "Arguments:": _("Arguments:"),
        "Commands:": _("Commands:"),
        "Show this message and exit.": _("Show this help and exit."),
        "[default: ": _("[default: "),
        "[required]": _("[required]"),
    }
    for english, translated in words.items():
        text = text.replace(english, translated)
    return text


class Command(TyperCommand):
    """A command whose help is in the reader's language."""

    def get_help(self, ctx: Any) -> str:
        """Return the help page."""
        return translate_frame(super().get_help(ctx))


class Group(TyperGroup):
    """The group of commands whose help is in the reader's language."""

    def get_help(self, ctx: Any) -> str:
        """Return the help page."""
        return translate_frame(super().get_help(ctx))


def usage_message(error: Exception) -> str | None:
    """Return one line for an error in the call's words, or None when `error` is none of those."""
    formatted = getattr(error, "format_message", None)
    if formatted is None:
        return None
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "kerjasama"
    reason = _reason(str(formatted()).replace("\n", " ").rstrip("."))
    near = getattr(error, "possibilities", None)
    if near:
        reason += " " + _("(did you mean {options}?)").format(options=", ".join(sorted(near)))
    return _("{reason}; see: {command} --help").format(reason=reason, command=command)


@cache
def _sayings() -> tuple[re.Pattern[str], ...]:
    """Return the looks of what Typer says was wrong, in the order of `_reason`; compiled when first needed."""
    return tuple(
        re.compile(pattern)
        for pattern in (
            r"No such option:? (?P<name>\S+).*",
            r"No such command (?P<name>.+)",
            r"Invalid value for (?P<name>.+?): (?P<found>.+) is not a valid .*",
            r"Invalid value for (?P<name>.+?): (?P<found>.+) is not in the range (?P<range>.+)",
            r"Missing (?:option|argument|parameter):? (?P<name>.+)",
            r"Got unexpected extra argument\S* \((?P<found>.+)\)",
            r"Option (?P<name>.+) requires an argument",
        )
    )


def _reason(message: str) -> str:
    """Return what Typer says was wrong, in the reader's language; unknown sayings stay as they are."""
    told = (
        _("there is no option {name}"),
        _("there is no command {name}"),
        _("{name}: found {found}, expected a number"),
        _("{name}: found {found}, expected {range}"),
        _("{name} is missing"),
        _("found more than expected: {found}"),
        _("option {name} needs a value"),
    )
    for pattern, saying in zip(_sayings(), told, strict=True):
        if match := pattern.fullmatch(message):
            return saying.format(**match.groupdict())
    return message


class Progress:
    """A counter on stderr: "1234 articles (567/s)", with what is left where the share of the work is known."""

    def __init__(self, unit: str) -> None:
        self._unit = unit
        self._started = time.monotonic()
        self._drawn = 0.0

    def __call__(self, count: int, *, before: int = 0, share: float | None = None) -> None:
        """Show `count`, unless it was shown a moment ago.

        `before` of them were there at the start, and `share` (0..1) of the whole work is done.
        """
        now = time.monotonic()
        if now - self._drawn < 1 / _REDRAWS_PER_SECOND:
            return
        self._drawn = now
        rate = (count - before) / max(now - self._started, 1e-9)
        line = f"{count} {self._unit} ({rate:.0f}/s)"
        if share:
            line += f", {share:.0%}"
            if rate:
                left = count * (1 - share) / share / rate
                line += ", " + _("{time} left").format(time=clock(left))
        sys.stderr.write(f"\r\x1b[K{line}")
        sys.stderr.flush()

    def wipe(self) -> None:
        """Clear the line, so that what is said next has it for itself."""
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def clock(seconds: float) -> str:
    """Return a length of time as hours (where there are any), minutes and seconds.

    >>> clock(75), clock(3 * 3600)
    ('1:15', '3:00:00')
    """
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
