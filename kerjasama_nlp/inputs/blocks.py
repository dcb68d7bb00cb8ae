"""Blocks: runs of raw records, as they travel from the reader of an input to those that label it.

Where a block ends depends on the records alone, never on how the bytes of the input arrived.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple

from kerjasama_nlp.errors import InputError
from kerjasama_nlp.i18n import _

# A block ends at the first of both: few enough rows for a steady progress, and for processes to end at nearly the same
# time; enough to make a worker's call pay.
BLOCK_ROWS = 256
BLOCK_BYTES = 2 << 20
# What is longer is no article: a file without line ends, or a quotation mark that is never closed.
MAX_ROW_BYTES = 64 << 20
# Nor is what has more characters of text: labelling takes up to 90 bytes of memory for each.
MAX_TEXT = 4 << 20
# The same for the file of one article, or its line in a collection: taking a web page apart takes 100 bytes a byte.
MAX_ARTICLE_BYTES = 8 << 20
# So much of a row that is too long is kept.
_SHOWN = 1000
# Bytes that hold so many characters at least.
SHOWN_BYTES = 4 * _SHOWN


class Block(NamedTuple):
    """Records that stand next to each other, and the SHA-256 of all that their rows depend on."""

    records: list[Any]
    digest: bytes


@dataclass(frozen=True, slots=True)
class Broken:
    """A record that could not be cut out properly: what stands there, and why."""

    raw: str
    fault: str


def too_long(head: str, length: int) -> Broken:
    """Return the record of a row that is too long: `head` is its beginning, `length` the bytes of all of it."""
    fault = _(
        "found a row of {length} bytes, expected at most {limit}; all but its first {kept} characters are left out"
    )
    return Broken(head[:_SHOWN], fault.format(length=length, limit=MAX_ROW_BYTES, kept=_SHOWN))


def seed(*dependencies: object) -> bytes:
    """Return what the digests of a source's blocks start with: what its rows depend on beside their records."""
    return sha256(repr(dependencies).encode("utf-8", "surrogatepass")).digest()


def gather(records: Iterable[tuple[Any, int, str]], start: bytes, most: int) -> Iterator[Block]:
    """Yield blocks of records, each given with its size and with a text that stands for it in the digest.

    `start` is the `seed`, `most` the rows of a block. When reading fails, the records before come first.
    """
    waiting: list[Any] = []
    frames: list[str] = []
    size = 0
    failure = None
    try:
        for record, length, frame in records:
            waiting.append(record)
            frames.append(frame)
            size += length
            if len(waiting) >= most or size >= BLOCK_BYTES:
                yield Block(waiting, _digest(start, frames))
                waiting, frames, size = [], [], 0
    except (InputError, OSError) as error:
        failure = error
    if waiting:
        yield Block(waiting, _digest(start, frames))
    if failure is not None:
        raise failure


def frame(parts: Iterable[str]) -> str:
    """Return texts as one, in a way that no other texts give.

    >>> frame(["a", "", "b,"])
    '1:a,0:,2:b,,'
    """
    return "".join([f"{len(part)}:{part}," for part in parts])


def _digest(start: bytes, frames: list[str]) -> bytes:
    digest = sha256(start)
    digest.update(frame(frames).encode("utf-8", "surrogatepass"))
    return digest.digest()
