"""Memory for chunks: an uninitialised array of bytes, received into, and handed on without a copy."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from jsobj.errors import ExitCode, JsobjError


class ArrayMemory:
    """A sink of one answer (:class:`jsobj.store.objects.Room`). ``data``: uint8, one-dimensional.

    Nothing is written into its pages before the server's bytes are, which a ``bytearray`` does.
    """

    def __init__(self) -> None:
        self.data: np.ndarray[Any, np.dtype[np.uint8]] = np.empty(0, np.uint8)

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
        return memoryview(cast(Any, self.data))  # numpy's stubs tell of buffers from Python 3.12 on only

    def write(self, chunk: memoryview, offset: int) -> None:
        """Keep ``chunk``: an answer whose length was not told comes in pieces."""
        self.data = np.concatenate((self.data[:offset], np.frombuffer(chunk, np.uint8)))
