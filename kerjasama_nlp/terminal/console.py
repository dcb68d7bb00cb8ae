"""The standard streams: the only module that reads, writes or replaces them.

Standard output is data, standard error everything else; all three are UTF-8, whatever the locale.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from io import TextIOWrapper
from typing import BinaryIO, TextIO

from kerjasama_nlp.errors import InputError
from kerjasama_nlp.i18n import _
from kerjasama_nlp.records import Progress
from kerjasama_nlp.terminal import help_text

PROMPT = "kerjasama> "
# Characters of a note: what it quotes may be of any length.
_MAX_NOTE = 4_000
# What is drawn for where the terminal doesn't tell its size.
_USUAL_SIZE = os.terminal_size((80, 24))


def prepare() -> None:
    """Make the streams UTF-8, and put a stand-in where the caller closed one.

    A closed input is an empty one, and closed errors are read by nobody. A closed output fails when
    something is written, and only then: a command that prints nothing doesn't need it.
    """
    if sys.stdin is None:
        sys.stdin = os.fdopen(os.open(os.devnull, os.O_RDONLY))
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # Tools on Windows put a byte order mark before what they pipe.
            stream.reconfigure(encoding="utf-8-sig" if stream is sys.stdin else "utf-8", errors="replace")


def say(text: str) -> None:
    """Print data at once, so that a program at the other end of a pipe needn't wait for it."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def write(data: bytes) -> None:
    """Print data that is encoded already: on a terminal only what can't command it, elsewhere every byte."""
    if sys.stdout.isatty():
        from kerjasama_nlp.terminal.render import printable

        data = printable(data.decode("utf-8", "replace")).encode()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def note(text: str) -> None:
    """Tell a person something in one line; it may quote names and values that came from anywhere."""
    from kerjasama_nlp.terminal.render import printable

    text = text if len(text) <= _MAX_NOTE else text[:_MAX_NOTE] + " …"
    try:
        sys.stderr.write(printable(text).replace("\n", " ") + "\n")
        sys.stderr.flush()
    except OSError:  # there is nowhere left to say so
        _discard(sys.stderr)


def tell(text: str) -> None:
    """Tell a person something in lines that are safe to show."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def discard_output() -> None:
    """Throw away what is still to be written: Python would try again at the end, and complain."""
    _discard(sys.stdout)


def _discard(stream: TextIO) -> None:
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def lines() -> Iterator[str]:
    """Yield the lines of standard input without their ends; raises InputError where it can't be read."""
    try:
        for line in sys.stdin:
            yield line.rstrip("\r\n")
    except OSError as error:
        raise InputError(_("standard input cannot be read ({reason})").format(reason=error.strerror or error)) from None


def binary_input() -> BinaryIO:
    """Return standard input as bytes."""
    return sys.stdin.buffer


def is_interactive() -> bool:
    """Tell whether a person types at standard input."""
    return sys.stdin.isatty()


def typed_lines() -> Iterator[str]:
    """Yield the lines typed at the prompt until the end of input, blank ones left out."""
    on_screen = sys.stdout.isatty()
    if on_screen:
        with contextlib.suppress(ImportError):
            import readline  # noqa: F401  # line editing and history for input()
    while True:
        try:
            if not on_screen:  # input() would print its prompt into the redirected data
                sys.stderr.write(PROMPT)
                sys.stderr.flush()
            line = input(PROMPT if on_screen else "")
        except EOFError:
            end_line()
            return
        if line.strip():
            yield line


def end_line() -> None:
    """End the line that a prompt or an interrupt left open on a terminal."""
    if sys.stderr.isatty():
        sys.stderr.write("\n")


def input_descriptor() -> int:
    """Return the file descriptor of standard input."""
    return sys.stdin.fileno()


def has_screen() -> bool:
    """Tell whether a person reads standard error on a terminal that can be drawn on."""
    return sys.stderr.isatty() and os.environ.get("TERM", "") != "dumb"


def may_colour() -> bool:
    """Tell whether the reader hasn't asked for plain text (https://no-color.org)."""
    return not os.environ.get("NO_COLOR")


def shows_bold() -> bool:
    """Tell whether standard output is a terminal that shows bold text, and may."""
    return sys.stdout.isatty() and os.environ.get("TERM", "") != "dumb" and may_colour()


def screen_size() -> os.terminal_size:
    """Return the columns and lines of the terminal that is drawn on."""
    try:
        found = os.get_terminal_size(sys.stderr.fileno())
    except OSError:
        return _USUAL_SIZE
    return found if found.columns and found.lines else _USUAL_SIZE


@contextlib.contextmanager
def drawing() -> Iterator[Callable[[str], None]]:
    """Give what fills the screen with a text; what stood there before comes back after the block."""

    def draw(text: str) -> None:
        sys.stderr.write(f"\x1b[H\x1b[J{text}")
        sys.stderr.flush()

    sys.stderr.write("\x1b[?1049h")
    try:
        yield draw
    finally:
        sys.stderr.write("\x1b[?1049l")
        sys.stderr.flush()


@contextlib.contextmanager
def progress(unit: str) -> Iterator[help_text.Progress | None]:
    """Give a counter that draws on a terminal, None elsewhere; whatever ends the block, its line is wiped."""
    if not sys.stderr.isatty():
        yield None
        return
    counter = help_text.Progress(unit)
    try:
        yield counter
    finally:
        counter.wipe()


@contextlib.contextmanager
def stages() -> Iterator[Progress | None]:
    """Give what draws the progress of one stage after the other on a terminal, None elsewhere."""
    with progress("") as counter:
        if counter is None:
            yield None
            return
        drawn: dict[str, help_text.Progress] = {}

        def draw(stage: str, done: int, size: int) -> None:
            if stage not in drawn:
                drawn.clear()
                drawn[stage] = help_text.Progress(stage)
            drawn[stage](done, share=done / size if size else None)

        yield draw
