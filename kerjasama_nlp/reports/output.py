"""Where a report goes: a file that appears whole or not at all, and never takes an input's place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kerjasama_nlp.errors import OutputExistsError, UsageError
from kerjasama_nlp.files import is_same, refuse_existing, write_failures, write_whole
from kerjasama_nlp.i18n import _


def check(page: Path, inputs: Sequence[Path | str], *, force: bool) -> None:
    """Raise, before the work, what would keep a page from being written.

    UsageError where it is one of the inputs; OutputExistsError where something stands there that may not be
    overwritten.
    """
    if any(is_same(page, source) for source in inputs):
        raise UsageError(_("{path} is the input, which is never overwritten; choose another name").format(path=page))
    with write_failures(page):
        if page.exists() and not page.is_file():
            raise OutputExistsError(_("{path} is a folder or a device; choose another name").format(path=page))
    refuse_existing(page, force=force)


def write(page: Path, data: bytes, *, force: bool) -> None:
    """Write a page; raises OutputError where it can't be written, OutputExistsError where a file has appeared."""
    refuse_existing(page, force=force)
    with write_failures(page):
        page.parent.mkdir(parents=True, exist_ok=True)
        write_whole(page, data)
        page.chmod(0o644)  # a page is made to be handed on
