"""Cleaning: small named steps from str to str, in one table.

Every step, and the whole chain, is idempotent: cleaning clean text changes nothing.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable

# Line ends beside those of the systems: vertical tab, form feed and the Unicode separators.
_LINE_ENDS = "\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
# Spaces that aren't U+0020: no-break, thin, ideographic ..., and the tab.
_OTHER_SPACES = re.compile(r"[^\S\n ]")
# Never printed, and a way to spoof a terminal: C0 and C1 controls, zero-width and bidirectional marks,
# soft hyphen, byte order mark, interlinear and tag characters; and halves of surrogate pairs, which no file can hold.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ud800-\udfff\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e007f]"
)
# Nearly all that there is of it, which is quicker to look for: zero-width space, marks of direction, soft hyphen.
_COMMON_INVISIBLE = "\u200b\u200e\u200f\xad\ufeff"
# A letter carries 30 marks at most, as Unicode's Stream-Safe Text Format has it: sorting more takes quadratic
# time. Marks are neither letters nor ASCII, so only runs of such characters are looked at one by one.
_MAX_MARKS = 30
_MANY_MARKS = re.compile(rf"[^\w\s!-~]{{{_MAX_MARKS + 1},}}")
_SPACES = re.compile(" {2,}")
_BLANKS = re.compile(r"\n{3,}")
_ENTITY = re.compile(r"&(?:amp;)*(?P<name>(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});)", re.IGNORECASE)
# Honest text is stable after two rounds; more only happens where entities hide parts of entities.
_MAX_ROUNDS = 8


def _is_printable(text: str) -> bool:
    r"""Tell whether a text has no other spaces and line ends than " " and "\n", and nothing invisible.

    It says no to some texts without any, for characters that aren't assigned.
    """
    return text.replace("\n", " ").isprintable()


def unescape_entities(text: str) -> str:
    """Replace HTML entities, those escaped twice or more often ("&amp;nbsp;") included.

    >>> unescape_entities("Tim &amp;amp; redaksi")
    'Tim & redaksi'
    """
    return _ENTITY.sub(lambda match: html.unescape("&" + match["name"]), text)


def unify_line_ends(text: str) -> str:
    r"""Turn every kind of line end into "\n"."""
    if _is_printable(text):
        return text
    text = text.replace("\r\n", "\n")
    for line_end in _LINE_ENDS:  # searches for a character each are quicker than one for any of them
        text = text.replace(line_end, "\n")
    return text


def limit_marks(text: str) -> str:
    """Drop what is stacked on one letter beyond 30 marks.

    >>> len(limit_marks("e" + 1000 * "\u0301"))
    31
    """
    return text if _has_few_marks(text) else _MANY_MARKS.sub(_limited, text)


def _has_few_marks(text: str) -> bool:
    """Tell, quickly, whether a text has at most 30 characters beyond ASCII; each takes two bytes or more."""
    return text.isascii() or len(text.encode("utf-8", "surrogatepass")) - len(text) <= _MAX_MARKS


def _limited(match: re.Match[str]) -> str:
    kept = []
    marks = 0
    for character in match.group():
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= _MAX_MARKS:
            kept.append(character)
    return "".join(kept)


def compose(text: str) -> str:
    """Normalise to NFC, so that one letter is one character."""
    return unicodedata.normalize("NFC", text)


def drop_invisible(text: str) -> str:
    r"""Drop control, zero-width and bidirectional characters; keep "\n" and "\t".

    >>> drop_invisible("kerja\u200b sama\x1b[2J")
    'kerja sama[2J'
    """
    for common in _COMMON_INVISIBLE:
        text = text.replace(common, "")
    return text if _is_printable(text.replace("\xa0", " ").replace("\t", " ")) else _INVISIBLE.sub("", text)


def squeeze_spaces(text: str) -> str:
    """Fold every run of spaces into one, and trim the lines' edges."""
    text = text.replace("\xa0", " ").replace("\t", " ")
    if not _is_printable(text):
        text = _OTHER_SPACES.sub(" ", text)
    if "  " in text:
        text = _SPACES.sub(" ", text)
    if "\n" in text:
        text = text.replace(" \n", "\n").replace("\n ", "\n")
    return text.strip(" ")


def squeeze_blank_lines(text: str) -> str:
    """Fold every run of blank lines into one, and drop them at both ends."""
    if "\n\n\n" in text:
        text = _BLANKS.sub("\n\n", text)
    return text.strip("\n")


# The order matters: entities may hide line ends, controls and spaces; dropping invisible characters may
# let letters compose and leave lines blank; so each step comes after those that feed it.
STEPS: tuple[Callable[[str], str], ...] = (
    unescape_entities,
    unify_line_ends,
    drop_invisible,
    limit_marks,
    compose,
    squeeze_spaces,
    squeeze_blank_lines,
)


def _is_clean(text: str) -> bool:
    """Tell quickly that no step would change a text; it says no to a few texts of which that is true."""
    return (
        ("&" not in text or _ENTITY.search(text) is None)
        and _is_printable(text)
        and (_has_few_marks(text) or _MANY_MARKS.search(text) is None)
        and unicodedata.is_normalized("NFC", text)
        and "  " not in text
        and ("\n" not in text or not (" \n" in text or "\n " in text or "\n\n\n" in text))
        and text == text.strip(" \n")
    )


def clean(text: str) -> str:
    r"""Run all steps until nothing changes any more.

    >>> clean("Kerja&nbsp;sama \r\n\r\n\r\n\tinternasional\u200b ")
    'Kerja sama\n\ninternasional'
    """
    for _ in range(_MAX_ROUNDS):
        if _is_clean(text):
            return text
        before = text
        for step in STEPS:
            text = step(text)
        if text == before:
            return text
    return clean(text.replace("&", " "))
