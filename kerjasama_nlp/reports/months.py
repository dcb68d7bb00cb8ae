"""The month of a date as archives write it."""

from __future__ import annotations

import re
from datetime import date
from itertools import product
from typing import Any

# Columns that hold a row's date; the first one present counts.
DATE_COLUMNS = (
    "tanggal date published terbit waktu tanggal_terbit tgl pubdate pub_date published_at date_published datetime "
    "timestamp created_at"
).split()
# Years beyond these are no dates of news.
_YEARS = range(1800, 2200)
# The names of the months and what they are shortened to, in Indonesian and English.
_NAMES = (
    "januari january jan",
    "februari pebruari february feb peb",
    "maret march mar",
    "april apr",
    "mei may",
    "juni june jun",
    "juli july jul",
    "agustus august agu agt ags aug",
    "september sep sept",
    "oktober october okt oct",
    "november nopember nov nop",
    "desember december des dec",
)
_MONTHS = {name: number for number, names in enumerate(_NAMES, 1) for name in names.split()}
_MONTH = rf"(?P<name>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\b\.?"
# The longest text that is looked at: a weekday, a date, a time and its zone.
_MOST_TEXT = 100
_WEEKDAY = r"(?:[a-z']{1,12},?\s{1,4})?"
_PATTERNS = tuple(
    re.compile(pattern, re.VERBOSE | re.IGNORECASE | re.ASCII)
    for pattern in (
        # 2025-08-17T10:00, 2025/08/17; 20250817; 2025-08
        r"(?P<year>\d{4}) [-/.] (?P<month>\d{1,2}) [-/.] (?P<day>\d{1,2}) (?!\d)",
        r"(?P<year>\d{4}) (?P<month>\d{2}) (?P<day>\d{2}) (?!\d)",
        r"(?P<year>\d{4}) [-/] (?P<month>\d{1,2}) \s* $",
        # 17/08/2025; 17 Agustus 2025; August 17, 2025; Agustus 2025
        rf"{_WEEKDAY} (?P<day>\d{{1,2}}) [-/.] (?P<month>\d{{1,2}}) [-/.] (?P<year>\d{{4}}) (?!\d)",
        rf"{_WEEKDAY} (?P<day>\d{{1,2}}) [\s-]{{1,4}} {_MONTH} [\s,-]{{0,4}} (?P<year>\d{{4}}) (?!\d)",
        rf"{_WEEKDAY} {_MONTH} \s{{1,4}} (?P<day>\d{{1,2}}) ,? \s{{1,4}} (?P<year>\d{{4}}) (?!\d)",
        rf"{_MONTH} \s{{1,4}} (?P<year>\d{{4}}) \s* $",
    )
)


def month_of(value: Any) -> str | None:
    """Return the month ("2025-08") of a date, None where the value is none that is read for sure.

    Read are dates and times of Python (from Parquet), ISO 8601 and its kin, days before months ("17/08/2025", never
    the American way), and months by name in Indonesian and English, with a weekday before and a time behind.

    >>> month_of("2025-08-17T10:00:00+07:00"), month_of("Minggu, 17 Agustus 2025 10.00 WIB"), month_of("17/08/2025")
    ('2025-08', '2025-08', '2025-08')
    >>> month_of("08/17/2025"), month_of("kemarin")
    (None, None)
    """
    if isinstance(value, date):  # a datetime is one, too
        return f"{value.year:04}-{value.month:02}" if value.year in _YEARS else None
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or len(value) > _MOST_TEXT:
        return None
    text = value.strip()
    return next((month for pattern in _PATTERNS if (match := pattern.match(text)) and (month := _month(match))), None)


def _month(match: re.Match[str]) -> str | None:
    """Return the month of a match, None where it is no day of the calendar."""
    found = match.groupdict()
    month = _MONTHS[found["name"].lower()] if "name" in found else int(found["month"])
    year = int(found["year"])
    try:
        date(year, month, int(found.get("day") or 1))
    except ValueError:
        return None
    return f"{year:04}-{month:02}" if year in _YEARS else None


def between(first: str, last: str) -> list[str]:
    """Return the months from the first to the last.

    >>> between("2024-11", "2025-02")
    ['2024-11', '2024-12', '2025-01', '2025-02']
    """
    years = range(int(first[:4]), int(last[:4]) + 1)
    return [
        month for year, number in product(years, range(1, 13)) if first <= (month := f"{year:04}-{number:02}") <= last
    ]
