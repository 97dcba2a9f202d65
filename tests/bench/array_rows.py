"""The rows of the bench of arrays: arrays of small and of large chunks, opened, written and read."""

from __future__ import annotations

from dataclasses import dataclass

from rows import Row, Target
from table import binary

_AHEAD = Target(wall=0.9)


@dataclass(frozen=True, slots=True)
class Chunks:
    """An array's chunks: how many of how many bytes."""

    count: int
    size: int

    def __str__(self) -> str:
        return f"{self.count} x {binary(self.size)}"


SMALL, LARGE = "small", "large"
CHUNKS = {SMALL: Chunks(4000, 64 << 10), LARGE: Chunks(64, 16 << 20)}

ARRAY_ROWS = {
    row.name: row
    for row in (
        Row("open", "opened, nothing read", "open", SMALL),
        Row("small-write", "{small} written", "write", SMALL, target=_AHEAD),
        Row("small-read", "{small} read", "read", SMALL, target=_AHEAD),
        Row("large-write", "{large} written", "write", LARGE, target=_AHEAD),
        Row("large-read", "{large} read", "read", LARGE, target=_AHEAD),
        Row("far-write", "{small} written, +25 ms each way", "write", SMALL, "far"),
        Row("far-read", "{small} read, +25 ms each way", "read", SMALL, "far"),
    )
}
