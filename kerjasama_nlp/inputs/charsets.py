"""Encodings: byte order marks, and decoding that marks broken bytes and goes on."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator

from kerjasama_nlp.errors import InputError
from kerjasama_nlp.i18n import _

# The longer marks first: UTF-32's starts with UTF-16's.
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NEED_MARK = ("utf-16", "utf-32")
# What decoding leaves in the place of broken bytes: half a character, which no encoding holds.
BROKEN = "\udcff"
# The name of the error handler that does so. It has a byte for `BROKEN`, too: one that breaks UTF-8.
MARK = "kerjasama.mark"
_BROKEN_BYTE = b"\xff"


def _mark(error: UnicodeError) -> tuple[str | bytes, int]:
    if isinstance(error, UnicodeDecodeError):
        return BROKEN, error.end
    if isinstance(error, UnicodeEncodeError):
        return _BROKEN_BYTE * (error.end - error.start), error.end
    raise error


codecs.register_error(MARK, _mark)


def shown(text: str) -> str:
    """Return text with U+FFFD, the replacement character, in the place of broken bytes."""
    return text.replace(BROKEN, "\ufffd")


def sniff(head: bytes, encoding: str) -> str:
    r"""Return the encoding of a text by its first bytes: that of a byte order mark, otherwise `encoding`.

    Without their mark, UTF-16 and UTF-32 are read as Windows writes them.

    >>> sniff(b"\xfe\xff\0T", "utf-8"), sniff(b"T\0e\0", "utf-16"), sniff(b"Te", "cp1252")
    ('utf-16', 'utf-16-le', 'cp1252')
    """
    codec = next((codec for mark, codec in _BOMS if head.startswith(mark)), None)
    if codec is None and (named := codecs.lookup(encoding).name) in _NEED_MARK:
        return f"{named}-le"
    return codec or encoding


def check(encoding: str) -> None:
    """Raise InputError unless text can be read in that encoding."""
    try:
        if codecs.lookup(encoding)._is_text_encoding:  # noqa: SLF001  # TextIOWrapper asks the same
            codecs.getincrementaldecoder(sniff(b"", encoding))(MARK).decode(b"a\xff")
            return
    except (LookupError, ValueError):  # no such encoding, or one that decodes nothing
        pass
    raise InputError(_("unknown encoding {encoding!r}; try utf-8 or cp1252").format(encoding=encoding))


def name(encoding: str) -> str:
    """Return what people call an encoding.

    >>> name("utf-8-sig"), name("windows-1252")
    ('UTF-8', 'CP1252')
    """
    return codecs.lookup(encoding).name.removesuffix("-sig").upper()


def to_utf8(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    r"""Yield the bytes of a text as UTF-8 without byte order mark; broken ones come as bytes that break UTF-8.

    >>> list(to_utf8([b"caf\xe9"], "cp1252"))
    [b'caf\xc3\xa9', b'']
    """
    if codecs.lookup(encoding).name == "utf-8":
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder(encoding)(MARK)
    for chunk in chunks:
        yield decoder.decode(chunk).encode("utf-8", MARK)
    yield decoder.decode(b"", final=True).encode("utf-8", MARK)
