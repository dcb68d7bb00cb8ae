"""Opening files and pipes: bytes as they were before gzip or Zstandard compressed them.

What compressed a file is told by its first bytes, whatever its name.
"""

from __future__ import annotations

import io
import os
import re
import stat
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from kerjasama_nlp.errors import InputError
from kerjasama_nlp.i18n import _

SUFFIXES = (".gz", ".zst")
# Files that hold one article each.
TEXT_SUFFIXES = frozenset({".txt", ".md", ".markdown", ".html", ".htm"})
STANDARD_INPUT = "-"
StandardInput = Callable[[], BinaryIO]
_CHUNK = 1 << 18
_GZIP = b"\x1f\x8b\x08"
# A frame, or one that only holds remarks, with which the files of parallel compressors start.
_ZSTD = re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18")
# gzip with header and check sum, for zlib.
_GZIP_WINDOW = 31
# A call gives or takes no more, so that a bomb doesn't fill the memory: a byte of Zstandard may hold 32 KiB.
_GZIP_STEP = 1 << 18
_ZSTD_STEP = 1 << 8
# Bytes that are looked at to tell what a file is.
_HEAD = 64


class _DamageError(Exception):
    """Compressed data ends too early, or isn't what a compressor writes."""


class Stream(io.BufferedIOBase):
    """The decompressed bytes of a file or pipe, to be read once.

    `head` holds the first ones. Reading raises InputError where the compressed data is damaged or cut off,
    after all that stands before the damage.
    """

    def __init__(self, raw: BinaryIO, name: str) -> None:
        self.name = name
        self._raw = raw
        self._size = _size(raw)
        self._taken = 0
        compressed = _at_least(self._read(), _HEAD)
        first = next(compressed, b"")
        pieces = _at_least(self._told(_decompress(first, chain([first], compressed), name)), _HEAD)
        first = next(pieces, b"")
        self.head = first[:_HEAD]
        self._pieces = chain([first], pieces)
        self._rest = memoryview(b"")

    def chunks(self) -> Iterator[bytes]:
        """Yield all bytes, piece by piece."""
        return self._pieces

    def progress(self) -> float | None:
        """Return the share of the (compressed) bytes that was read, None where nobody knows how many there are."""
        if self._size is None:
            return None
        return min(self._taken / self._size, 1.0) if self._size else 1.0

    def readable(self) -> bool:
        """Tell that it can be read, as `io` wants to know."""
        return True

    def read1(self, size: int = -1, /) -> bytes:
        """Return some of the next bytes, `size` at most; none at the end."""
        if not self._rest:
            self._rest = memoryview(next(self._pieces, b""))
        size = size if size >= 0 else len(self._rest)
        piece, self._rest = self._rest[:size], self._rest[size:]
        return bytes(piece)

    def close(self) -> None:
        """Close the file; standard input stays open, it belongs to the process."""
        if not self.closed and self.name != STANDARD_INPUT:
            self._raw.close()
        super().close()

    def _read(self) -> Iterator[bytes]:
        """Yield what the file holds; of a pipe, what there is at the moment."""
        read: Callable[[int], bytes] = getattr(self._raw, "read1", self._raw.read)
        while chunk := read(_CHUNK):
            self._taken += len(chunk)
            yield chunk

    def _told(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        try:
            yield from filter(None, pieces)
        except _DamageError as damage:
            raise InputError(
                _("{path}: the compressed data is damaged or cut off ({reason}); compress the file again").format(
                    path=self.name, reason=damage
                )
            ) from None


def suffix(name: str) -> str:
    """Return the suffix that tells a file's format, in small letters.

    >>> suffix("arsip/Berita.CSV.gz")
    '.csv'
    """
    path = Path(name.lower())
    return Path(path.stem).suffix if path.suffix in SUFFIXES else path.suffix


def open_bytes(source: str, standard_input: StandardInput) -> Stream:
    """Open a file, or standard input for "-"; raises InputError where that fails."""
    try:
        raw = standard_input() if source == STANDARD_INPUT else Path(source).open("rb")  # noqa: SIM115  # the stream closes it
        try:
            return Stream(raw, source)
        except BaseException:
            if source != STANDARD_INPUT:
                raw.close()
            raise
    except (OSError, ValueError) as error:  # a name with a NUL is a ValueError
        raise unreadable(source, error) from None


def unreadable(source: str, error: Exception) -> InputError:
    """Return the error of a source that the system doesn't let be read."""
    told = (error.strerror if isinstance(error, OSError) else None) or str(error)
    reason = " ".join(told.split())  # on one line
    if source == STANDARD_INPUT:
        return InputError(_("standard input cannot be read ({reason})").format(reason=reason))
    return InputError(_("{path}: cannot be read ({reason})").format(path=source, reason=reason))


def _size(raw: BinaryIO) -> int | None:
    try:
        status = os.fstat(raw.fileno())
    except (OSError, ValueError):  # it only looks like a file
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _at_least(chunks: Iterator[bytes], size: int) -> Iterator[bytes]:
    """Yield chunks, of which the first has `size` bytes unless there are fewer."""
    first = b""
    failure = None
    try:
        for chunk in chunks:
            first += chunk
            if len(first) >= size:
                break
    except (InputError, OSError) as error:  # after what stands before it
        failure = error
    yield first
    if failure is not None:
        raise failure
    yield from chunks


def _decompress(head: bytes, chunks: Iterable[bytes], name: str) -> Iterator[bytes]:
    if head.startswith(_GZIP):
        return _gunzip(chunks)
    if _ZSTD.match(head):
        return _unzstd(chunks, *_zstd(name))
    return iter(chunks)


def _gunzip(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Decompress the members of a gzip file; zeros between and after them are padding."""
    state = zlib.decompressobj(_GZIP_WINDOW)
    for chunk in chunks:
        data = chunk
        while data := data.lstrip(b"\0") if state.eof else data:
            if state.eof:
                state = zlib.decompressobj(_GZIP_WINDOW)
            yield from _inflate(state, data)
            data = state.unused_data
    if not state.eof:
        raise _DamageError(_("its end is missing"))


def _inflate(state: Any, data: bytes) -> Iterator[bytes]:
    """Decompress data to the end of its member.

    zlib keeps back what a call decompressed before it met damage, so that call is made again byte by byte.
    """
    while data and not state.eof:
        before = state.copy()
        try:
            piece = state.decompress(data, _GZIP_STEP)
        except zlib.error as error:
            for byte in data:
                try:
                    yield before.decompress(bytes([byte]))
                except zlib.error:
                    break
            raise _DamageError(error) from None
        data = state.unconsumed_tail
        yield piece


def _unzstd(chunks: Iterable[bytes], new: Callable[[], Any], failure: type[Exception]) -> Iterator[bytes]:
    """Decompress the frames of a Zstandard file."""
    state = new()
    for chunk in chunks:
        for start in range(0, len(chunk), _ZSTD_STEP):
            data = chunk[start : start + _ZSTD_STEP]
            while data:
                if state.eof:
                    state = new()
                try:
                    piece = state.decompress(data)
                except failure as error:
                    raise _DamageError(error) from None
                yield piece
                data = state.unused_data if state.eof else b""
    if not state.eof:
        raise _DamageError(_("its end is missing"))


def _zstd(name: str) -> tuple[Callable[[], Any], type[Exception]]:
    """Return what makes a decompressor, and the error that it raises; Python has one of its own since 3.14."""
    if sys.version_info >= (3, 14):
        from compression import zstd

        return zstd.ZstdDecompressor, zstd.ZstdError
    try:
        import zstandard
    except ImportError:
        raise InputError(
            _("{path}: reading Zstandard needs a package; install it with: pip install 'kerjasama-nlp[zstd]'").format(
                path=name
            )
        ) from None
    return zstandard.ZstdDecompressor().decompressobj, zstandard.ZstdError
