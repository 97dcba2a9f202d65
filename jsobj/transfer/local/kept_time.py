"""The modification time of a file, as it travels in the metadata of its object.

Seconds since 1970 with up to nine decimals, which is what rclone writes; swiftclient writes six.
"""

from __future__ import annotations

import re

_MOMENT = re.compile(r"(\d{1,12})(?:\.(\d{1,9})\d*)?")
_LAST_SECOND = 253_402_300_799  # the end of the year 9999
_FINEST = 1_000_000  # ns; what some clients and file systems round away


def to_text(nanoseconds: int) -> str:
    """A time in ns since 1970 as it is kept."""
    return f"{nanoseconds // 10**9}.{nanoseconds % 10**9:09d}"


def to_nanoseconds(text: str) -> int | None:
    """A kept time in ns since 1970; None for one that is no number, negative or beyond all calendars."""
    found = _MOMENT.fullmatch(text) if text.isascii() else None
    if found is None or int(found[1]) > _LAST_SECOND:
        return None
    return int(found[1]) * 10**9 + int((found[2] or "").ljust(9, "0"))


def is_same_time(one: int, other: int) -> bool:
    """Whether two times in ns are one, as far as everybody keeps them."""
    return abs(one - other) < _FINEST
