"""Cells as text, as terminals have them, and CSV."""

from __future__ import annotations

import csv
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from jsobj.catalog.rows import Found


class Writer(Protocol):
    """What takes text."""

    def write(self, text: str, /) -> object:
        """Take it."""


def cell_text(value: object) -> str:
    """A cell as text: nothing for NULL, ISO 8601 for times."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else str(value)


def write_csv(found: Found, out: Writer) -> int:
    """Rows as CSV with a header; how many."""
    write, count = csv.writer(out, lineterminator="\n").writerow, 0
    write(found.columns)
    for row in found.tuples():
        write(map(cell_text, row))
        count += 1
    return count
