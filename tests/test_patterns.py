"""No text makes a regular expression of the package take long: ten times the text, about ten times the time."""

import json
import re
import signal
import time

import pytest
from conftest import DATA
from patterns import Use, by_name, collect, hostile

# Characters of a hostile text: a quadratic search takes a second over the longest, a linear one a millisecond.
LENGTHS = (30, 300, 3_000, 30_000)
# What takes less isn't compared: it is linear, and mostly noise.
NOTICEABLE_SECONDS = 0.02
# An exponential search is ended after so long.
HANG_SECONDS = 2.0
# Ten times the text may take so many times as long; quadratic is 100.
MOST_GROWTH = 25
ROUNDS = 3

USES, LOST = collect()
BOUNDED = {entry["name"]: entry["most"] for entry in json.loads((DATA / "patterns.json").read_text())["bounded"]}


def _seconds(use, text):
    start = time.process_time()
    if use.how == "search":
        for _ in use.pattern.finditer(text):
            pass
    else:
        getattr(use.pattern, use.how)(text)
    return time.process_time() - start


class _HangError(Exception):
    """A pattern didn't come to an end."""


def _stop(*_):
    raise _HangError


def growth(use, before, unit, after):
    """Return what was measured where a pattern takes too long over ever longer texts, None where it doesn't."""
    longest = min(BOUNDED.get(use.name, LENGTHS[-1]), LENGTHS[-1])
    signal.signal(signal.SIGALRM, _stop)
    signal.setitimer(signal.ITIMER_REAL, HANG_SECONDS)
    try:
        for length in (length for length in LENGTHS if length <= longest):
            text = before + unit * (length // len(unit)) + after
            longer = _seconds(use, text)
            if longer > NOTICEABLE_SECONDS:
                short = before + unit * (length // 10 // len(unit)) + after
                longer = min(longer, *(_seconds(use, text) for _ in range(ROUNDS)))
                shorter = min(_seconds(use, short) for _ in range(ROUNDS))
                if longer > MOST_GROWTH * max(shorter, NOTICEABLE_SECONDS / MOST_GROWTH):
                    return f"{length} characters {longer:.3f} s, a tenth of them {shorter:.4f} s"
    except _HangError:
        return f"no end after {HANG_SECONDS} s"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return None


def test_every_pattern_is_known():
    """Each call of `re` in the package has its patterns among those that are timed."""
    assert LOST == []
    assert len(USES) > 100
    assert set(BOUNDED) <= {use.name for use in USES}


@pytest.mark.parametrize("name", by_name(USES))
def test_time_grows_with_the_text(name):
    """Texts that nearly match, ten times as long, take about ten times as long."""
    found = {
        f"{use.pattern.pattern!r} by {use.how} on {before!r} + {unit!r} * n": slow
        for use in by_name(USES)[name]
        for before, unit, after in hostile(use.pattern)
        if (slow := growth(use, before, unit, after)) is not None
    }
    assert found == {}


@pytest.mark.parametrize(
    ("pattern", "how"),
    [(r"(?:a+)+b", "match"), (r"(?:\w+\s?)*:", "fullmatch"), (r"\s+$", "search"), (r"(?:x|xx)+y", "search")],
)
def test_a_pattern_that_explodes_is_seen(pattern, how):
    """The texts and the limits above find patterns that take exponential or quadratic time."""
    use = Use("contoh", re.compile(pattern), how)
    assert any(growth(use, *text) is not None for text in hostile(use.pattern))
