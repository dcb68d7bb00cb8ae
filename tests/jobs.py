"""Running batch jobs in the tests' own process."""

import io
from typing import NamedTuple

from kerjasama_nlp.jobs import batch
from kerjasama_nlp.jobs.tally import Summary

BLOCK_ROWS = 4


class Told:
    """Keeps what it is told, and interrupts the job when so many rows are done."""

    def __init__(self, stop_at=None):
        self.notes = []
        self._stop_at = stop_at

    def note(self, text):
        """Keep a note."""
        self.notes.append(text)

    def progress(self, rows, _resumed, _share):
        """Interrupt the job if it is time to."""
        if self._stop_at is not None and rows >= self._stop_at:
            raise KeyboardInterrupt


class Ended(NamedTuple):
    """What a job came to: its summary, and what it wrote to standard output."""

    summary: Summary
    out: bytes


def run(source, output=None, told=None, stdin=b"", **options):
    """Run a job with small blocks."""
    written = io.BytesIO()
    summary = batch.run(
        str(source),
        output,
        batch.Options(**{"block_rows": BLOCK_ROWS} | options),
        standard_input=lambda: io.BytesIO(stdin),
        write=written.write,
        reporter=told or Told(),
    )
    return Ended(summary, written.getvalue())
