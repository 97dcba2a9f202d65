"""MD5s of streams that are under way at the same time, taken together: several for little more than the price of one.

MD5 cannot be made faster for one stream, but eight fit into the lanes of one processor core (``lanes.c``: 2.7 GB/s
where hashlib has 0.7). So bytes that stay where they are, in memory or in a file, are not looked at when they come:
only when somebody needs a digest, and then those of all streams at once. Without the compiled half a stream is
hashlib's, and bytes are looked at as they come.
"""

from __future__ import annotations

import hashlib
import os
import platform
from typing import Any, Protocol

from jsobj.net.md5.errors import BecameShorter

# Bytes of a stream from which on it is hashed with others, where it lies. Less is hashed at once, while it is in the
# processor's cache: waiting for others costs as much as it saves there (2000 files of 64 KiB, 32 requests at once:
# 30 800 switches between threads instead of 21 300), and a process that moves small things alone loads no library.
LARGE = 512 * 1024
_PIECE = 512 * 1024  # bytes that are read at once


class Md5(Protocol):
    """The MD5 of one stream. For one thread at a time; different streams are independent.

    ``together``: whether bytes that wait are hashed with those of others.
    """

    together: bool

    def update(self, data: Any, /) -> None:
        """More bytes, looked at before this returns."""

    def feed(self, data: Any, /) -> None:
        """More bytes, which stay where and what they are until :meth:`settle`."""

    def feed_file(self, descriptor: int, start: int, size: int, /) -> None:
        """More bytes: ``size`` of an open file from ``start`` on, which stays open until :meth:`settle`.

        Raises :class:`OSError`, :class:`BecameShorter` where the file ends before; so may :meth:`settle`.
        """

    def settle(self) -> None:
        """Return when all bytes were looked at."""

    def digest(self) -> bytes:
        """The digest of all that came: 16 bytes. Raises as :meth:`settle`. More may come after it."""

    def hexdigest(self) -> str:
        """The same as 32 hexadecimal digits."""


def together() -> bool:
    """Whether streams under way at the same time are hashed together, at a fraction of what SHA-256 costs."""
    from jsobj.net.md5.compiled import compiled

    return compiled() is not None


def engine() -> str:
    """Who makes digests in this process, in words for people: what a help desk asks first."""
    from jsobj.net.md5.compiled import LARGEST_BATCH, absence, compiled

    library = compiled()
    if library is None:
        return f"hashlib ({absence()})"
    intel = platform.machine() in {"x86_64", "AMD64", "i686"}
    name = "AVX2" if library.vector_bits == 256 else "SSE2" if intel else "vectors of 128 bits"
    return f"MD5 of {LARGEST_BATCH} streams at once ({name})"


def md5(size: int | None = None) -> Md5:
    """A new stream, of ``size`` bytes where that is known."""
    if size is not None and 0 <= size < LARGE:
        return Plain()
    from jsobj.net.md5.compiled import compiled
    from jsobj.net.md5.laned import Laned

    library = compiled()
    return Plain() if library is None else Laned(library)


def hash_file(digest: Md5, descriptor: int, start: int, size: int) -> None:
    """Hash a stretch of an open file that may have to come from a disk or a network first: read by this thread.

    Each thread waits for its own reads, and what they bring is hashed together. Raises as :meth:`Md5.feed_file`.
    """
    buffer = memoryview(bytearray(min(size, _PIECE)))
    while size:
        count = os.preadv(descriptor, [buffer[:size]], start)
        if not count:
            raise BecameShorter()
        digest.feed(buffer[:count])
        digest.settle()
        start, size = start + count, size - count


class Plain:
    """A stream of hashlib's."""

    __slots__ = ("digest", "feed", "hexdigest", "update")
    together = False

    def __init__(self) -> None:
        stream = hashlib.md5(usedforsecurity=False)
        self.update = self.feed = stream.update  # no step between: small objects have one each
        self.digest, self.hexdigest = stream.digest, stream.hexdigest

    def feed_file(self, descriptor: int, start: int, size: int, /) -> None:
        """See :class:`Md5`."""
        hash_file(self, descriptor, start, size)

    def settle(self) -> None:
        """See :class:`Md5`."""
