"""Single keys of a terminal, without waiting for the end of a line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

END = "\x04"  # Ctrl-D, and what stands for the end of the input
_ESCAPE = 0x1B
# A key that sends several bytes (an arrow, a letter with an accent) sends them at once: so many at most.
_MOST_BYTES = 64

if sys.platform == "win32":
    import msvcrt
    import time

    # Windows has no way to wait for a key with a timeout.
    _POLL_SECONDS = 0.02
    _PREFIXES = ("\x00", "\xe0")

    @contextmanager
    def single_keys(_descriptor: int) -> Iterator[None]:
        """Read keys as they are pressed while the block runs."""
        yield

    def read(_descriptor: int, timeout: float) -> str | None:
        """Return a key, None where none was pressed for `timeout` seconds, "" for one that is no character."""
        end = time.monotonic() + timeout
        while not msvcrt.kbhit():
            if time.monotonic() > end:
                return None
            time.sleep(_POLL_SECONDS)
        key = msvcrt.getwch()
        if key == "\x03":
            raise KeyboardInterrupt
        if key in _PREFIXES:  # an arrow or a function key; what it is follows
            msvcrt.getwch()
            return ""
        return "\n" if key == "\r" else key

else:
    import os
    import select
    import termios

    @contextmanager
    def single_keys(descriptor: int) -> Iterator[None]:
        """Read keys as they are pressed, and don't show them, while the block runs.

        Ctrl-C interrupts as ever; Ctrl-Z doesn't suspend, which would leave the screen half drawn.
        """
        before = termios.tcgetattr(descriptor)
        changed = termios.tcgetattr(descriptor)
        changed[3] &= ~(termios.ICANON | termios.ECHO)
        changed[6][termios.VMIN], changed[6][termios.VTIME] = 1, 0
        changed[6][termios.VSUSP] = bytes([os.fpathconf(descriptor, "PC_VDISABLE")])
        termios.tcsetattr(descriptor, termios.TCSADRAIN, changed)
        try:
            yield
        finally:
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)

    def read(descriptor: int, timeout: float) -> str | None:
        """Return a key, None where none was pressed for `timeout` seconds, "" for one that is no character."""
        if not select.select([descriptor], [], [], timeout)[0]:
            return None
        try:
            first = os.read(descriptor, 1)
        except OSError:  # the terminal is gone
            return END
        if not first:
            return END
        if first[0] != _ESCAPE and first[0] < 0x80:  # noqa: PLR2004  # ASCII
            return "\n" if first == b"\r" else first.decode()
        while select.select([descriptor], [], [], 0)[0] and len(first) < _MOST_BYTES:
            first += os.read(descriptor, 1)
            if not _goes_on(first):
                break
        return ""

    def _goes_on(read: bytes) -> bool:
        """Tell whether more bytes belong to a key that starts so."""
        if read[0] != _ESCAPE:
            return len(read) < (2 if read[0] < 0xE0 else 3 if read[0] < 0xF0 else 4)  # noqa: PLR2004  # UTF-8
        if read[1:2] in {b"[", b"O"}:  # ends with the first letter or ~ behind that
            return len(read) == 2 or not 0x40 <= read[-1] <= 0x7E  # noqa: PLR2004
        return False
