"""Sizes and times as people type and read them, and ISO times."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from jsobj.errors import ExitCode, JsobjError

_DURATION = re.compile(r"(\d{1,6})\s*([smhdwy])")
_SIZE = re.compile(r"(\d{1,18}(?:\.\d{1,9})?)\s*(?:([kmgtp])i?)?b?", re.ASCII | re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
LARGEST_SIZE = 1024**5  # bytes (1 PiB): more is a slip of the keyboard
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "y": 365 * 86400}


def human_bytes(count: int) -> str:
    """``count`` bytes in binary units: ``0 B``, ``1.5 KiB``, ``12 MiB``."""
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.3g} {unit}"
        value /= 1024
    return f"{value:.3g} PiB"


def exact_size(count: int) -> str:
    """``1.5 KiB (1536 bytes)``; ``12 B``."""
    return f"{human_bytes(count)} ({count} bytes)" if count >= 1024 else human_bytes(count)


def percent(part: int, whole: int) -> str:
    """``12.5%``; a little is ``less than 0.1%``, and more than all of it is more than ``100%``."""
    if not whole:
        return "100.0%"
    value = 100 * part / whole
    return "less than 0.1%" if 0 < value < 0.1 else f"{value:.1f}%"


def parse_size(text: str, what: str = "the size", *, smallest: int = 1, largest: int = LARGEST_SIZE) -> int:
    """``16MiB``, ``16M``, ``1.5g`` or ``65536`` as bytes. K, M, G ... count in 1024s however they are written, ``MB``
    included, as in aws and rclone.

    Raises :class:`JsobjError` (usage) naming the range for anything else, and for what is not from ``smallest`` to
    ``largest``. ``what`` names the option in it.
    """
    match = _SIZE.fullmatch(text.strip())
    count = -1
    if match is not None:
        whole, _, fraction = match[1].partition(".")
        unit = 1024 ** _POWERS[(match[2] or "").lower()]
        # In whole numbers: a float would round sizes above 8 PiB, and what is compared with a limit must be exact.
        count = int(whole) * unit + (int(fraction) * unit // 10 ** len(fraction) if fraction else 0)
    if not smallest <= count <= largest:
        raise JsobjError(
            "bad-size",
            f"{what} is a size from {human_bytes(smallest)} to {human_bytes(largest)}, and '{text[:40]}' is not",
            code=ExitCode.USAGE,
            hint="write a number of bytes, or a number with K, M, G or T (of 1024), such as 16M",
        )
    return count


def utc_time(moment: datetime) -> str:
    """An aware time as all JSON documents write it: ``2026-11-21T14:03:07Z``."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def human_time(moment: datetime) -> str:
    """An aware time as ``2026-11-21 14:03 UTC``."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


def days_left(moment: datetime, now: datetime) -> str:
    """How long until ``moment``: ``29 days``, ``3 hours``.

    Rounded down, but what lacks less than a twentieth of a unit counts: 30 days are 30 days also an hour later.
    """
    seconds = int((moment - now).total_seconds())
    return length_of(seconds, nearly=20) if seconds > 0 else "expired"


def length_of(seconds: int, *, nearly: int = 0) -> str:
    """Rounded down, in the largest unit that is not zero: ``29 days``, ``0 seconds``.

    ``nearly``: the part of a unit that may lack, 20 for a twentieth.
    """
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if number := (seconds + (size // nearly if nearly else 0)) // size:
            return f"{number} {unit}{'s' if number != 1 else ''}"
    return f"{seconds} second{'s' if seconds != 1 else ''}"


def iso_time(text: str | None) -> datetime | None:
    """An ISO 8601 time in any zone (UTC where none is named) as an aware time; None for nothing or nonsense."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def parse_moment(text: str, now: datetime) -> datetime:
    """``30d``, ``12h``, ``2027-01-31`` or ``2027-01-31T12:00:00Z`` as an aware time; a date means its end in UTC.

    Raises :class:`JsobjError` (usage) for anything else and for a moment that is over.
    """
    text = text.strip()
    date = f"{text}T23:59:59" if len(text) == len("2027-01-31") else text
    moment = _duration(text, now) or iso_time(date)
    if moment is None:
        raise _not_a_time(text)
    if moment <= now:
        raise JsobjError("time-in-past", f"'{text}' is over already", code=ExitCode.USAGE)
    return moment


def moment_ago(text: str, now: datetime) -> datetime:
    """``30d`` or ``12h`` before ``now``, or a date, which means its beginning in UTC.

    Raises :class:`JsobjError` (usage) for anything else and for a moment to come.
    """
    try:
        later = _duration(text.strip(), now)
        moment = now - (later - now) if later else iso_time(text.strip())
    except OverflowError:
        moment = None
    if moment is None:
        raise _not_a_time(text)
    if moment > now:
        raise JsobjError("bad-time", f"'{text}' is still to come", code=ExitCode.USAGE)
    return moment


def _not_a_time(text: str) -> JsobjError:
    return JsobjError(
        "bad-time",
        f"'{text}' is not a time jsobj understands",
        code=ExitCode.USAGE,
        hint="write a length such as 30d or 12h, or a date such as 2027-01-31 or 2027-01-31T12:00:00Z (UTC)",
    )


def _duration(text: str, now: datetime) -> datetime | None:
    match = _DURATION.fullmatch(text.lower())
    if match is None:
        return None
    try:
        return now + timedelta(seconds=int(match[1]) * _SECONDS[match[2]])
    except OverflowError:
        return None
