"""What an earlier run left in a temporary file, as far as it really lies there: whole parts and beginnings of parts."""

from __future__ import annotations

from collections.abc import Sequence

from jsobj.transfer.compare import md5_of
from jsobj.transfer.part_layout import Stretch


def proven_parts(
    recorded: Sequence[tuple[int, str]], stretches: Sequence[Stretch], descriptor: int
) -> tuple[tuple[int, str], ...]:
    """The parts of a journal that really lie in the temporary file."""
    return tuple(
        (number, md5)
        for number, md5 in recorded
        if 1 <= number <= len(stretches)
        and md5_of(descriptor, stretches[number - 1].start, stretches[number - 1].size) == md5
    )


def begun_parts(
    recorded: Sequence[tuple[int, int, str]], stretches: Sequence[Stretch], descriptor: int
) -> tuple[tuple[int, int], ...]:
    """The beginnings of parts of a journal that really lie in the temporary file."""
    return tuple(
        (number, size)
        for number, size, md5 in recorded
        if 1 <= number <= len(stretches)
        and 0 < size < stretches[number - 1].size
        and md5_of(descriptor, stretches[number - 1].start, size) == md5
    )
