"""Where a report goes: a file that appears whole or not at all, and never takes an input's place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kerjasama_nlp.files import refuse_existing, refuse_unfit, write_failures, write_whole


def check(page: Path, inputs: Sequence[Path | str], *, force: bool) -> None:
    """Raise, before the work, what would keep a page from being written.

    UsageError where it is one of the inputs; OutputExistsError where something stands there that may not be
    overwritten.
    """
    refuse_unfit(page, inputs)
    refuse_existing(page, force=force)


def write(page: Path, data: bytes, *, force: bool) -> None:
    """Write a page; raises OutputError where it can't be written, OutputExistsError where a file has appeared."""
    refuse_existing(page, force=force)
    with write_failures(page):
        page.parent.mkdir(parents=True, exist_ok=True)
        write_whole(page, data)
        page.chmod(0o644)  # a page is made to be handed on
