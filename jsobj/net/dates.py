"""Times as servers write them, read by hand: a listing has a thousand on each page."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import lru_cache

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def iso_epoch(text: str) -> float | None:
    """Seconds since 1970 of ``2026-11-21T10:21:16.775Z``; None for anything else.

    UTC, with or without a fraction, and ``Z``, ``+00:00`` or nothing behind it.
    """
    try:
        if text[10:11] not in {"T", " "}:
            return None
        fraction = text[19:].rstrip("Z").partition("+")[0]
        return _day(text[:4], text[5:7], text[8:10]) + _clock(text[11:19]) + float(f"0{fraction}")
    except ValueError:
        return None


def http_epoch(text: str) -> float | None:
    """Seconds since 1970 of ``Sat, 21 Nov 2026 10:21:16 GMT`` (RFC 9110, section 5.6.7); None for anything else."""
    words = text.split()
    if len(words) != 6 or words[2] not in _MONTHS:
        return None
    try:
        return _day(words[3], str(_MONTHS.index(words[2]) + 1), words[1]) + float(_clock(words[4]))
    except ValueError:
        return None


def clock_offset(headers: Mapping[str, str]) -> float | None:
    """The server's clock minus ours in seconds, from its ``Date`` header; None where it does not say."""
    server = http_epoch(headers.get("date", ""))
    return None if server is None else server - time.time()


def _clock(text: str) -> int:
    """Seconds since midnight of ``10:21:16``."""
    return int(text[:2]) * 3600 + int(text[3:5]) * 60 + int(text[6:8])


@lru_cache(maxsize=1024)
def _day(year_text: str, month_text: str, day_text: str) -> int:
    """Seconds since 1970 at the beginning of a day of the Gregorian calendar. Raises :class:`ValueError`."""
    year, month, day = int(year_text), int(month_text), int(day_text)
    if not (1 <= month <= 12 and 1 <= day <= 31):
        raise ValueError(month, day)
    year -= month <= 2  # a year that begins in March has its leap day at its end
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return (year * 365 + year // 4 - year // 100 + year // 400 + of_year - 719468) * 86400
