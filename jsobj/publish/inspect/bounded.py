"""Reads of objects that end: no more than so many bytes in all, and none after a time."""

from __future__ import annotations

import io
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from jsobj.arrays.object_bytes import fetch
from jsobj.errors import JsobjError
from jsobj.net.body import BytesSink
from jsobj.store.location import head_or_none
from jsobj.store.objects import Store
from jsobj.store.values import ObjectInfo
from jsobj.units import human_bytes

LIMIT = 64 * 1024**2  # bytes that are read for one dataset
SECONDS = 60.0
_BLOCK = 256 * 1024  # bytes of a file that are read at once
_BLOCKS = 64  # that are kept


class TooMuch(Exception):
    """More would have to be read than was allowed; the message is a part of a sentence that says so."""


class Reader:
    """Objects of a store, whole or in ranges, from several threads. ``clock`` tells seconds."""

    def __init__(
        self,
        store: Store,
        *,
        limit: int = LIMIT,
        seconds: float = SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.store = store
        self.used = 0  # bytes
        self._limit = limit
        self._clock = clock
        self._until = clock() + seconds
        self._seconds = seconds
        self._lock = threading.Lock()

    def info(self, key: str) -> ObjectInfo | None:
        """Size and ETag; None where there is no such object."""
        self._take(0)
        return head_or_none(self.store, key)

    def whole(self, key: str) -> bytes | None:
        """All bytes, compared with the digest; None where there is no such object.

        Raises :class:`TooMuch`, and :class:`jsobj.errors.JsobjError` as the store does.
        """
        info = self.info(key)
        if info is None:
            return None
        self._take(info.size)
        found = fetch(self.store, key)
        return None if found is None else bytes(found.data)

    def range(self, info: ObjectInfo, start: int, size: int) -> bytes:
        """A range of this version of an object, cut at its end. Raises as :meth:`whole`."""
        size = max(0, min(size, info.size - start))
        self._take(size)
        sink = BytesSink()
        if size:
            self.store.get(info.key, sink, start=start, size=size, etag=info.etag, digest=False)
        return bytes(sink.data)

    def _take(self, size: int) -> None:
        with self._lock:
            if self.used + size > self._limit:
                raise TooMuch(f"more than {human_bytes(self._limit)} would have to be read")
            if self._clock() > self._until:
                raise TooMuch(f"it took longer than {self._seconds:.0f} seconds")
            self.used += size


class ObjectFile(io.RawIOBase):
    """An object as a file that libraries read at random, in blocks, the latest of which are kept.

    ``failed``: what ended a read, for callers of libraries in C, which do not pass it on.
    """

    def __init__(self, reader: Reader, info: ObjectInfo) -> None:
        self._reader = reader
        self._info = info
        self._at = 0
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self.failed: Exception | None = None

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """The place of the next byte."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; see :class:`io.IOBase`."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._info.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill ``buffer``; fewer bytes at the end. Raises as :meth:`Reader.range`."""
        target = memoryview(buffer).cast("B")
        done, wanted = 0, min(len(target), max(0, self._info.size - self._at))
        while done < wanted:
            number, skip = divmod(self._at + done, _BLOCK)
            piece = self._block(number)[skip : skip + wanted - done]
            target[done : done + len(piece)] = piece
            done += len(piece)
        self._at += done
        return done

    def _block(self, number: int) -> bytes:
        if number not in self._blocks:
            try:
                self._blocks[number] = self._reader.range(self._info, number * _BLOCK, _BLOCK)
            except (JsobjError, TooMuch) as error:
                self.failed = error
                raise
            while len(self._blocks) > _BLOCKS:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end(number)
        return self._blocks[number]
