"""Objects and bytes, counted from a listing as it arrives: by folder, by age."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

DAY = 86400.0
# Classes of age, the youngest first: up to so many days, and a name.
AGES = ((1, "up to 1 day"), (7, "up to 1 week"), (30, "up to 30 days"), (90, "up to 90 days"), (365, "up to 1 year"))
OLDER, UNDATED = "older", "without a date"
OUTSIDE = "./"  # objects that are in no folder


@dataclass(frozen=True, slots=True)
class Count:
    """Objects and their bytes."""

    objects: int = 0
    size: int = 0


def total(sizes: Iterable[int]) -> Count:
    """The count of objects of these sizes."""
    size = objects = 0
    for each in sizes:
        size += each
        objects += 1
    return Count(objects, size)


def folder_of(name: str) -> str:
    """``raw/`` for what is in a folder, "" for what is in none."""
    first, slash, _ = name.partition("/")
    return f"{first}/" if slash else ""


def age_class(seconds: float | None) -> str:
    """The name of the class of something that old."""
    if seconds is None:
        return UNDATED
    return next((name for days, name in AGES if seconds <= days * DAY), OLDER)


@dataclass(slots=True)
class Sums:
    """Counts by name, added to one by one."""

    _sums: dict[str, list[int]] = field(default_factory=dict)

    def add(self, name: str, size: int) -> None:
        """One more object."""
        found = self._sums.setdefault(name, [0, 0])
        found[0] += 1
        found[1] += size

    def counts(self, order: Callable[[tuple[str, Count]], Any]) -> tuple[tuple[str, Count], ...]:
        """All of them in this order."""
        return tuple(sorted(((name, Count(*sums)) for name, sums in self._sums.items()), key=order))


def largest_first(named: tuple[str, Count]) -> tuple[int, str]:
    """An order of counts."""
    name, count = named
    return -count.size, name


def youngest_first(named: tuple[str, Count]) -> int:
    """The order of classes of age."""
    names = [*(name for _, name in AGES), OLDER, UNDATED]
    return names.index(named[0])
