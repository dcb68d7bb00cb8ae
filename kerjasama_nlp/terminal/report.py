"""What is told about a batch job: while it runs, and when it is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from kerjasama_nlp.i18n import _
from kerjasama_nlp.jobs.tally import Failure, Summary
from kerjasama_nlp.terminal.help_text import Progress


class Reporter:
    """Tells notes by `note`, and draws progress where there is a counter."""

    def __init__(self, note: Callable[[str], object], counter: Progress | None) -> None:
        self._note = note
        self._counter = counter

    def note(self, text: str) -> None:
        """Tell a line of text."""
        if self._counter is not None:
            self._counter.wipe()
        self._note(text)

    def progress(self, rows: int, resumed: int, share: float | None) -> None:
        """Show how many rows are done, how many of them were at the start, and the share of the input."""
        if self._counter is not None:
            self._counter(rows, before=resumed, share=share)


def lines(summary: Summary) -> Iterator[str]:
    """Yield what to tell about a job that is done: counts, failed rows, forms, sectors."""
    line = _("{rows} rows, {errors} with errors, {review} to review").format(
        rows=summary.rows, errors=summary.errors, review=summary.review
    )
    labelled = summary.rows - summary.errors
    share = f" ({summary.review / labelled:.0%})" if labelled else ""
    fresh = summary.rows - summary.resumed
    yield f"{line}{share}" + (f", {fresh / max(summary.seconds, 1e-9):.0f}/s" if fresh else "")
    if summary.failures:
        told = [_failure(failure) for failure in summary.failures]
        rest = summary.errors - len(told)
        yield "; ".join([*told, *([_("and {rest} more").format(rest=rest)] if rest else [])])
    if labelled:
        yield _("forms: {counts}").format(counts=_counts(summary.forms))
    if summary.sectors:
        yield _("sectors: {counts}").format(counts=_counts(summary.sectors))


def _failure(failure: Failure) -> str:
    if failure.row_id is None:
        return _("row {row}: {fault}").format(row=failure.row, fault=failure.fault)
    return _("row {row} ({id}): {fault}").format(row=failure.row, id=failure.row_id, fault=failure.fault)


def _counts(counts: Counter[str]) -> str:
    """Return counts, the largest first; equal ones by name, so that no order of work shows."""
    return ", ".join(f"{name} {n}" for name, n in sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))
