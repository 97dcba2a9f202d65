"""Memory for chunks: an uninitialised array that is received into and passed on without a copy."""

from __future__ import annotations

from typing import Any

import numpy as np

from jsobj.errors import ExitCode, JsobjError
from jsobj.net.body import BytesSink


class ArrayMemory(BytesSink):
    """A sink of one response (:class:`jsobj.net.body.Room`) whose ``data`` is a one-dimensional array of uint8.

    Unlike a ``bytearray`` it is not zeroed first. A response without a length arrives in pieces; then ``data`` is a
    ``bytearray``.
    """

    data: Any

    def room(self, size: int) -> memoryview:
        """Memory of ``size`` bytes. Raises :class:`JsobjError` (local) where there is less."""
        try:
            self.data = np.empty(size, np.uint8)
        except (MemoryError, ValueError) as error:
            raise JsobjError(
                "memory-short",
                f"an object of {size} bytes is more than this computer's memory can take",
                code=ExitCode.LOCAL,
                hint="write the array in smaller chunks",
            ) from error
        return memoryview(self.data)

    def write(self, chunk: memoryview, offset: int) -> None:
        """Keep ``chunk``; see :class:`BytesSink`."""
        if not isinstance(self.data, bytearray):  # left from an earlier try
            self.data = bytearray()
        super().write(chunk, offset)
