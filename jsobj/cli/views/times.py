"""Times of objects (seconds since 1970) for people and for programs."""

from __future__ import annotations

from datetime import datetime, timezone

from jsobj.units import human_time, utc_time


def iso(seconds: float | None) -> str | None:
    """``2026-11-21T14:03:07Z``; None without a time, or for one out of range."""
    moment = _moment(seconds)
    return utc_time(moment) if moment else None


def human(seconds: float | None) -> str:
    """``2026-11-21 14:03 UTC``; "" without a time."""
    moment = _moment(seconds)
    return human_time(moment) if moment else ""


def seconds_of(text: str) -> float | None:
    """The seconds in metadata; None for anything else."""
    try:
        return float(text)
    except ValueError:
        return None


def _moment(seconds: float | None) -> datetime | None:
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, timezone.utc)
    except (ValueError, OverflowError, OSError):  # also for what is no number
        return None
