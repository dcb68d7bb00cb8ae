"""Rows that are lines: lines of bytes in blocks (JSONL), and lines of text (text files, tables)."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from functools import partial
from hashlib import sha256
from itertools import accumulate

from kerjasama_nlp.errors import InputError
from kerjasama_nlp.inputs.blocks import BLOCK_BYTES, MAX_ROW_BYTES, SHOWN_BYTES, Block, Broken, seed, too_long
from kerjasama_nlp.inputs.charsets import MARK
from kerjasama_nlp.inputs.compression import Stream

# The rest of a line that is too long is read in such pieces.
_PIECE = 1 << 20


class _OpenLine:
    """A line whose end didn't come yet; of one that is too long only the beginning is kept."""

    def __init__(self) -> None:
        self.length = 0
        self._pieces: list[bytes] = []

    def add(self, piece: bytes) -> None:
        self.length += len(piece)
        self._pieces.append(piece)
        if self.length > MAX_ROW_BYTES:
            self._pieces = [b"".join(self._pieces)[:SHOWN_BYTES]]

    def close(self) -> bytes | Broken:
        """Return the line, and start another one."""
        line, length = b"".join(self._pieces), self.length
        self._pieces, self.length = [], 0
        if length > MAX_ROW_BYTES:
            return too_long(line.decode("utf-8", "replace"), length)
        return line.removesuffix(b"\r")


def blocks(chunks: Iterable[bytes], start: bytes, most: int) -> Iterator[Block]:
    r"""Yield the lines of UTF-8 text in blocks, each without its "\n" or "\r\n"; one that is too long stands alone.

    `start` is the `blocks.seed`, `most` the rows of a block. When reading fails, the whole lines before come first.
    """
    waiting: list[bytes] = []
    failure = None
    try:
        for run in _runs(chunks):
            if isinstance(run, Broken):
                yield from _cut(waiting, start, most, end=True)
                yield Block([run], seed(start, run.raw, run.fault))
            else:
                waiting += run
                yield from _cut(waiting, start, most)
    except (InputError, OSError) as error:
        failure = error
    yield from _cut(waiting, start, most, end=True)
    if failure is not None:
        raise failure


def _runs(chunks: Iterable[bytes]) -> Iterator[list[bytes] | Broken]:
    """Yield the lines that the chunks complete, in order."""
    line = _OpenLine()
    for chunk in chunks:
        run = chunk.split(b"\n")
        line.add(run[0])
        if len(run) == 1:
            continue
        first = line.close()
        line.add(run.pop())
        if b"\r" in chunk:
            run = [entry.removesuffix(b"\r") for entry in run]
        if isinstance(first, Broken):
            yield first
            del run[0]
        else:
            run[0] = first
        yield run
    if line.length:
        last = line.close()
        yield last if isinstance(last, Broken) else [last]


def _cut(waiting: list[bytes], start: bytes, most: int, *, end: bool = False) -> Iterator[Block]:
    """Take whole blocks from the lines that wait; at the `end` all of them."""
    taken = 0
    while taken < len(waiting):
        lines = waiting[taken : taken + most]
        if sum(map(len, lines)) + len(lines) >= BLOCK_BYTES:
            sizes = accumulate(len(line) + 1 for line in lines)
            del lines[1 + next(number for number, size in enumerate(sizes) if size >= BLOCK_BYTES) :]
        elif len(lines) < most and not end:
            break
        digest = sha256(start)
        digest.update(b"\n".join(lines))
        yield Block(lines, digest.digest())
        taken += len(lines)
    del waiting[:taken]


def text_lines(stream: Stream, encoding: str, newline: str | None) -> Iterator[str | Broken]:
    """Yield the lines of a text with their ends, as `io.TextIOWrapper` cuts them; broken bytes are marked in them."""
    text = io.TextIOWrapper(stream, encoding, errors=MARK, newline=newline)
    for line in iter(partial(text.readline, MAX_ROW_BYTES), ""):
        if len(line) < MAX_ROW_BYTES or line.endswith(("\n", "\r")):
            yield line
            continue
        length = len(line.encode("utf-8", MARK))
        for piece in iter(partial(text.readline, _PIECE), ""):
            length += len(piece.encode("utf-8", MARK))
            if piece.endswith(("\n", "\r")):
                break
        yield too_long(line[:SHOWN_BYTES], length)
