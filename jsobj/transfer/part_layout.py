"""Cutting an object into parts so that every limit of the server holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from jsobj.errors import ExitCode, JsobjError
from jsobj.store.values import Limits
from jsobj.units import human_bytes

PART_SIZE = 16 * 1024**2  # bytes; see DESIGN: large enough to hide a request's cost, small enough to repeat
_STEP = 1024**2


@dataclass(frozen=True, slots=True)
class Stretch:
    """Part ``number`` (from 1): ``size`` bytes from ``start`` on."""

    number: int
    start: int
    size: int


@dataclass(frozen=True, slots=True)
class Layout:
    """An object of ``size`` bytes in parts of ``part_size`` (the last may be shorter). An empty one has one part."""

    size: int
    part_size: int

    @property
    def count(self) -> int:
        """The number of parts."""
        return max(1, -(-self.size // self.part_size))

    def part(self, number: int) -> Stretch:
        """One part by its number."""
        start = (number - 1) * self.part_size
        return Stretch(number, start, min(self.part_size, self.size - start))

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Stretch]:
        return (self.part(number) for number in range(1, self.count + 1))


def plan_layout(size: int, limits: Limits, wanted: int = PART_SIZE) -> Layout:
    """Parts of ``wanted`` bytes, larger where the object would have more of them than the server allows.

    Raises :class:`JsobjError` (usage) for an object that the server cannot hold.
    """
    if size > limits.largest_object:
        raise JsobjError(
            "object-too-large",
            f"{human_bytes(size)} are more than one object may have ({human_bytes(limits.largest_object)})",
            code=ExitCode.USAGE,
            hint="split the file",
        )
    part_size = max(wanted, limits.smallest_part)
    if part_size * limits.parts < size:
        needed = -(-size // limits.parts)
        part_size = -(-needed // _STEP) * _STEP
    if part_size > limits.largest_part:
        raise JsobjError(
            "object-too-large",
            f"{human_bytes(size)} in {limits.parts} parts would make parts of {human_bytes(part_size)}, and the server "
            f"allows {human_bytes(limits.largest_part)}",
            code=ExitCode.USAGE,
            hint="split the file",
        )
    return Layout(size, part_size)
