"""Bodies of requests and responses: what can be sent (sources) and what can be received into (sinks)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from jsobj.errors import SourceChanged
from jsobj.net.md5.errors import BecameShorter
from jsobj.net.md5.streams import hash_file, md5

_PIECE = 256 * 1024
_BELIEVED = 64 * 1024 * 1024  # bytes of memory that are taken because a server announces them


Moved = Callable[[int], None]  # called with each count of bytes moved; negative when a retry takes them back


def uncounted(count: int) -> None:
    """The default for ``moved``."""


class Source(Protocol):
    """Bytes to send, readable again from any place: a retry starts over."""

    @property
    def size(self) -> int:
        """Bytes in all."""

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill ``buffer`` from byte ``offset`` on; how many bytes came: fewer than requested, but some, up to the end.

        Raises :class:`JsobjError` (integrity) where the source has become shorter than ``size``.
        """


class Sink(Protocol):
    """Where received bytes go, each at its own place: a retry may write the same stretch again."""

    def write(self, chunk: memoryview, offset: int) -> None:
        """Keep ``chunk`` at byte ``offset``, counted from the start of the requested range."""


class Room(Sink, Protocol):
    """A sink in memory, which the bytes of an answer can be received into without a copy."""

    def room(self, size: int) -> memoryview | None:
        """Writable memory for an answer of ``size`` bytes, a new one for each try; None: use ``write``."""


@dataclass(frozen=True, slots=True)
class FileSource:
    """``size`` bytes of an open file from ``start`` on. ``name`` is for errors. The descriptor stays the caller's.

    ``at_once``: bytes that a call brings at most, 0 for as many as fit.
    """

    descriptor: int
    start: int
    size: int
    name: str
    at_once: int = 0

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill ``buffer``; see :class:`Source`."""
        wanted = min(len(buffer), self.size - offset, self.at_once or self.size)
        done = 0
        while done < wanted:
            count = os.preadv(self.descriptor, [buffer[done:wanted]], self.start + offset + done)
            if not count:
                raise source_changed(self.name)
            done += count
        return done


@dataclass(frozen=True, slots=True)
class BytesSource:
    """Bytes in memory. ``at_once``: how many leave at most before they are counted, 0 for many."""

    data: bytes | bytearray | memoryview
    at_once: int = 0
    size: int = field(init=False, compare=False)  # bytes in all; a value, for it is read several times a request

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", len(self.data))

    @property
    def view(self) -> memoryview:
        """All of it, where it lies."""
        return memoryview(self.data)

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill ``buffer``; see :class:`Source`."""
        chunk = self.view[offset : offset + len(buffer)]
        buffer[: len(chunk)] = chunk
        return len(chunk)


@dataclass(frozen=True, slots=True)
class FileSink:
    """An open file from byte ``start`` on. The descriptor stays the caller's."""

    descriptor: int
    start: int = 0

    def write(self, chunk: memoryview, offset: int) -> None:
        """Write all of ``chunk``; raises :class:`OSError` (disk full, for one)."""
        done = 0
        while done < len(chunk):
            done += os.pwrite(self.descriptor, chunk[done:], self.start + offset + done)


def file_of(sink: Sink) -> FileSink | None:
    """The stretch of an open file that a sink is, so that the system may move bytes there by itself; None for others.

    A sink that wraps one has it as ``file``, and ``came`` to be told how many bytes lie there.
    """
    if isinstance(sink, FileSink):
        return sink
    found = getattr(sink, "file", None)
    return found if isinstance(found, FileSink) else None


class BytesSink:
    """Bytes in memory: ``data`` when the call has returned."""

    def __init__(self) -> None:
        self.data = bytearray()

    def room(self, size: int) -> memoryview | None:
        """Memory for all of it; see :class:`jsobj.net.body.Room`. What is large grows as it comes instead: a
        server may announce more than it has."""
        if size > _BELIEVED:
            return None
        self.data = bytearray(size)
        return memoryview(self.data)

    def write(self, chunk: memoryview, offset: int) -> None:
        """Keep ``chunk``, and nothing behind it: a retry begins at 0, and may be shorter."""
        self.data[offset:] = chunk


class BoundedSink(BytesSink):
    """No more than ``most`` bytes in memory, whatever a server has. Raises :class:`ValueError` for the next one."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def room(self, size: int) -> memoryview | None:
        """See :meth:`BytesSink.room`."""
        return super().room(size) if size <= self._most else None

    def write(self, chunk: memoryview, offset: int) -> None:
        """Keep ``chunk``."""
        if offset + len(chunk) > self._most:
            raise ValueError(f"it has more than {self._most} bytes")
        super().write(chunk, offset)


def md5_of(source: Source) -> str:
    """The MD5 of all of a source, hexadecimal, taken where its bytes lie.

    Raises :class:`OSError`, and :class:`SourceChanged` for a file that became shorter.
    """
    digest = md5(source.size)
    if isinstance(source, BytesSource):
        digest.feed(source.view)
    elif isinstance(source, FileSource):
        try:
            hash_file(digest, source.descriptor, source.start, source.size)
        except BecameShorter:
            raise source_changed(source.name) from None
    else:
        return digest_of(source, hashlib.md5(usedforsecurity=False), lambda: memoryview(bytearray(_PIECE)))
    return digest.hexdigest()


def digest_of(source: Source, digest: hashlib._Hash, buffer: Callable[[], memoryview]) -> str:
    """``digest`` of all of a source, hexadecimal, read through ``buffer()`` unless it is in memory."""
    if isinstance(source, BytesSource):
        digest.update(source.view)
        return digest.hexdigest()
    view, offset = buffer(), 0
    while offset < source.size:
        count = source.read_into(view, offset)
        digest.update(view[:count])
        offset += count
    return digest.hexdigest()


def source_changed(name: str) -> SourceChanged:
    """The error for a file that is not what it was when the transfer was planned."""
    return SourceChanged(
        f"{name} changed while it was being sent",
        hint="wait until nothing writes to it, and run the same command again",
    )
