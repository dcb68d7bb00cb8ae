"""Which of many texts hold nothing out of the ordinary: their bytes are looked at all at once, not text by text.

Ordinary are the printable characters up to U+02FF and U+2010 to U+2027 (dashes, quotation marks, bullets, the
ellipsis): none of them combines with its neighbours, hides, or ends a line. In UTF-8,

    20 .. 7E            ASCII
    C2 A1 .. C2 BF      but C2 AD, the soft hyphen
    C3 80 .. CB BF
    E2 80 90 .. E2 80 A7

A "no" may be wrong: then a text is looked at more closely for nothing. A "yes" is never wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from kerjasama_nlp.arrays import Ints

Bytes = NDArray[np.uint8]
Truths = NDArray[np.bool_]

# What a byte tells: nothing out of the ordinary; something; or that the bytes after it decide.
_PLAIN, _ODD, _AFTER_C2, _AFTER_E2 = range(4)
_LATIN_LEAD, _DASH_LEAD, _SOFT_HYPHEN = 0xC2, 0xE2, 0xAD
_LINE_END, _LAST_SPACE, _LAST_OF_ASCII = 0x0A, 0x20, 0x7E
# An entity may begin with it.
_ENTITY = ord("&")
# What stands between texts: a byte that no UTF-8 has.
_END = b"\xff"
# Texts that are looked at together.
_PART = 64


def are_printable(texts: Sequence[bytes]) -> Truths:
    r"""Tell of which texts in UTF-8 it is sure that all but their line ends is printable.

    >>> are_printable(["Côte – “a”".encode(), b"a\tb", "\u200b".encode(), b"b\n"]).tolist()
    [True, False, False, True]
    """
    return _by_parts(texts, _are_printable)


def are_clean(texts: Sequence[str]) -> Truths:
    r"""Tell of which texts it is sure that `clean` wouldn't change them, and would leave something.

    >>> are_clean(["Kerja sama\n\ninternasional", " a", "a\n", "a  b", "a &amp; b", "a\n\n\nb", "\xa0", ""]).tolist()
    [True, False, False, False, False, False, False, False]
    """
    return _by_parts([text.encode("utf-8", "surrogatepass") for text in texts], _are_clean)


def _by_parts(texts: Sequence[bytes], tell: Callable[[Sequence[bytes]], Truths]) -> Truths:
    """Return what is told of texts, so many of them at a time as fit into the processor's cache."""
    parts = [tell(texts[start : start + _PART]) for start in range(0, len(texts), _PART)]
    return np.concatenate([np.zeros(0, dtype=np.bool_), *parts])


def _are_printable(texts: Sequence[bytes]) -> Truths:
    data = np.frombuffer(b"\n".join([*texts, b"\n"]), np.uint8)
    return ~_owners(_odd(data), texts)


def _are_clean(texts: Sequence[bytes]) -> Truths:
    data = np.frombuffer(_END.join([b"", *texts, _END]), np.uint8)
    odd = np.concatenate([_odd(data), np.flatnonzero(data == _ENTITY)])
    # spaces, line ends and the ends of texts mustn't meet; but two line ends may, a blank line
    is_gap = data + np.uint8(1) <= _LAST_SPACE + 1  # _END becomes 0
    first = np.flatnonzero(is_gap[:-2] & is_gap[1:-1])
    blank_line = (data[first] == _LINE_END) & (data[first + 1] == _LINE_END) & ~is_gap[first + 2]
    first = first[~blank_line]
    # an end stands before the first text, too, so that a position here is one behind that in the texts; of two bytes
    # that meet, the second one is in the text that they make unclean
    return ~(_owners(odd - 1, texts) | _owners(first, texts))


def _odd(data: Bytes) -> Ints:
    """Return where something out of the ordinary stands."""
    (told,) = np.nonzero(data - np.uint8(_LAST_SPACE) > _LAST_OF_ASCII - _LAST_SPACE)  # those below it are high then
    kind, second, third = (
        _kinds()[data[told]],
        data[np.minimum(told + 1, len(data) - 1)],
        data[np.minimum(told + 2, len(data) - 1)],
    )
    odd = kind == _ODD
    odd |= (kind == _AFTER_C2) & ((second <= 0xA0) | (second == _SOFT_HYPHEN))  # noqa: PLR2004  # see above
    odd |= (kind == _AFTER_E2) & ((second != 0x80) | (third < 0x90) | (third > 0xA7))  # noqa: PLR2004
    found: Ints = told[odd]
    return found


def _owners(positions: Ints, texts: Sequence[bytes]) -> Truths:
    """Tell which texts hold one of these positions; each has the byte after it, too."""
    ends = np.cumsum([len(text) + 1 for text in texts])
    owned = np.zeros(len(texts) + 1, dtype=np.bool_)
    owned[np.searchsorted(ends, positions, side="right")] = True
    return owned[:-1]


@cache
def _kinds() -> Bytes:
    """Return what each byte tells; continuing bytes (80 to BF) tell nothing, it stands in what they follow."""
    kinds = np.full(256, _ODD, dtype=np.uint8)
    kinds[0x20:0x7F] = kinds[0x80:0xC0] = kinds[0xC3:0xCC] = _PLAIN
    kinds[_LINE_END] = kinds[_END[0]] = _PLAIN
    kinds[_LATIN_LEAD], kinds[_DASH_LEAD] = _AFTER_C2, _AFTER_E2
    return kinds
