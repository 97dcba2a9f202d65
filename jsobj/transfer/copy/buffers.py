"""Memory for parts on their way: what one part is done with, the next one takes, so that no page is new for long."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from mmap import mmap


@dataclass(frozen=True, slots=True)
class Buffers:
    """As many as are in use at once. For many threads."""

    _free: list[mmap] = field(default_factory=list)

    @contextlib.contextmanager
    def taken(self, size: int) -> Iterator[memoryview]:
        """``size`` bytes of memory, as long as the block lasts."""
        pages = None
        with contextlib.suppress(IndexError):  # taking one is one step, which no other thread comes between
            pages = self._free.pop()
        if pages is None or len(pages) < size:
            pages = mmap(-1, max(1, size))
        try:
            yield memoryview(pages)[:size]
        finally:
            self._free.append(pages)


@dataclass(frozen=True, slots=True)
class Into:
    """A sink that is such memory (:class:`jsobj.net.body.Room`). What is more than was asked for is not kept."""

    view: memoryview

    def room(self, size: int) -> memoryview | None:
        """All of it, where that is what comes."""
        return self.view if size == len(self.view) else None

    def write(self, chunk: memoryview, offset: int) -> None:
        """Keep ``chunk`` at its place."""
        room = self.view[offset : offset + len(chunk)]
        room[:] = chunk[: len(room)]
