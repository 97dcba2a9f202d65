"""Memory for chunks: an uninitialised array of bytes, received into, and handed on without a copy."""

from __future__ import annotations

from typing import Any

import numpy as np

from jsobj.errors import ExitCode, JsobjError
from jsobj.net.body import BytesSink


class ArrayMemory(BytesSink):
    """A sink of one answer (:class:`jsobj.net.body.Room`) whose ``data`` are an array, uint8, one-dimensional.

    Nothing is written into its pages before the server's bytes are, which a ``bytearray`` does. An answer whose length
    is not told comes in pieces, and ``data`` are a ``bytearray`` then.
    """

    data: Any

    def room(self, size: int) -> memoryview:
        """Memory of ``size`` bytes. Raises :class:`JsobjError` (local) where there is not so much."""
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
        if not isinstance(self.data, bytearray):  # of a try before this one
            self.data = bytearray()
        super().write(chunk, offset)
