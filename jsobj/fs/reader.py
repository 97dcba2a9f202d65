"""Reading one version of an object through a file: in order with read-ahead, or at random.

A file that is read from front to back is compared with the object's digest: segment by segment where the server has
their digests, else at its end, before the last bytes are returned. Ranges that are read at random are of one version
(``If-Match``); no server has digests of ranges.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Executor

from fsspec.caching import BaseCache

from jsobj.arrays.object_map import ObjectMap
from jsobj.errors import BytesDiffer
from jsobj.net.body import BytesSink
from jsobj.parallel_map import parallel_map
from jsobj.store.objects import Store
from jsobj.store.values import ObjectInfo
from jsobj.transfer.download.read_stream import ReadStream

_WHOLE = 2 * 1024**2  # the largest object that is fetched in one request, and compared
_LEAD = 2 * 1024**2  # bytes that are read in order before read-ahead starts: many formats read only a header
_LEAST = 512 * 1024  # bytes of a block that is fetched for a random read
_MOST = 16 * 1024**2  # to which blocks grow while reads continue where the last block ended
_KEPT = 64 * 1024**2  # bytes of blocks that are kept
_PIECE = 4 * 1024**2  # bytes per request of a long range
_WORKERS = 4
_of_parents: list[object] = []  # streams from before a fork, kept so that they are never finalized here


def fetch_range(store: Store, info: ObjectInfo, start: int, stop: int, pool: Executor | None = None) -> bytes:
    """Bytes ``start`` to ``stop`` of this version of an object, in several requests if they are many.

    Raises :class:`JsobjError`: integrity (``object-changed``), and what the store raises.
    """

    def piece(at: int) -> bytearray:
        sink = BytesSink()
        store.get(info.key, sink, start=at, size=min(_PIECE, stop - at), etag=info.etag, digest=False)
        return sink.data

    places = range(start, stop, _PIECE)
    if len(places) < 2:
        return bytes(piece(start)) if places else b""
    return b"".join(parallel_map(piece, places, _WORKERS, pool=pool))


class StreamCache(BaseCache):  # type: ignore[misc]  # to the type checker, fsspec's classes are anything
    """The default cache of :class:`jsobj.fs.files.ObjectFile`."""

    name = "jsobj"

    def __init__(self, objects: ObjectMap, info: ObjectInfo) -> None:
        super().__init__(_LEAST, None, info.size)
        self._objects = objects
        self._info = info
        self._begin()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._next = 0  # where the next read in order starts; -1 after a random read or an error
        self._lead = b""  # the first bytes, as they were returned
        self._stream: Iterator[bytes | bytearray] | None = None
        self._chunk = memoryview(b"")  # of the stream, not returned yet
        self._blocks: deque[tuple[int, bytes]] = deque()  # (offset, bytes), the latest last
        self._ahead = _LEAST

    def _fetch(self, start: int | None, stop: int | None) -> bytes:
        """Bytes ``start`` to ``stop``, cut at the end of the object."""
        first = max(0, start or 0)
        last = self.size if stop is None else min(stop, self.size)
        if first >= last:
            return b""
        if self._pid != os.getpid():
            _of_parents.append(self._stream)  # its threads are not in this process
            self._begin()
            self._next = -1
        with self._lock:
            if self.size <= _WHOLE:
                if not self._blocks:
                    self._blocks.append((0, b"".join(ReadStream(self._objects.store, self._info))))
                return self._blocks[0][1][first:last]
            in_order, self._next = first == self._next, -1
            try:
                if in_order:
                    return self._in_order(first, last)
            finally:
                if self._next < 0:  # a random read, or an error: what was fetched ahead is lost
                    self._end_stream()
            return self._at_random(first, last)

    def close(self) -> None:
        """Stop reading ahead."""
        if self._pid == os.getpid():
            with self._lock:
                self._end_stream()
                self._blocks.clear()
                self._lead = b""

    def _range(self, start: int, stop: int) -> bytes:
        return fetch_range(self._objects.store, self._info, start, stop, self._objects.pool)

    # -- in order

    def _in_order(self, first: int, last: int) -> bytes:
        if self._stream is None and last <= _LEAD:
            if not self._lead:
                self._lead = self._range(0, _LEAD)
            self._next = last
            return self._lead[first:last]
        if self._stream is None:
            self._begin_stream(first)
        data = self._taken(last - first)
        self._next = last
        if last == self.size:
            self._finish_stream()
        return data

    def _begin_stream(self, first: int) -> None:
        """From the start, so that the whole is compared, and the bytes that were already returned too."""
        self._stream = iter(ReadStream(self._objects.store, self._info, pool=self._objects.pool))
        if first and self._taken(first) != self._lead[:first]:
            raise BytesDiffer(
                f"{self._info.key}: the same bytes came differently the second time",
                context="the bytes that were given out may be wrong: throw them away",
                hint="a proxy on the way may change data: try https, or another network",
            )
        self._lead = b""

    def _taken(self, count: int) -> bytes:
        assert self._stream is not None
        pieces = []
        while count:
            if not self._chunk:
                self._chunk = memoryview(next(self._stream))
            pieces.append(self._chunk[:count])
            count -= len(pieces[-1])
            self._chunk = self._chunk[len(pieces[-1]) :]
        return bytes(pieces[0]) if len(pieces) == 1 else b"".join(pieces)

    def _finish_stream(self) -> None:
        """Exhaust the stream, which compares the digest of the whole."""
        assert self._stream is not None
        for _ in self._stream:
            raise AssertionError("an object gave more bytes than it has")
        self._end_stream()
        self._next = -1

    def _end_stream(self) -> None:
        if isinstance(self._stream, Generator):
            self._stream.close()
        self._stream = None
        self._chunk = memoryview(b"")

    # -- at random

    def _at_random(self, first: int, last: int) -> bytes:
        for at, block in reversed(self._blocks):
            if at <= first and last <= at + len(block):
                return block[first - at : last - at]
        at, block = self._blocks[-1] if self._blocks else (0, b"")
        continues = at < first <= at + len(block)
        self._ahead = min(2 * self._ahead, _MOST) if continues else _LEAST
        block = self._range(first, min(max(last, first + self._ahead), self.size))
        self._blocks.append((first, block))
        kept = sum(len(data) for _, data in self._blocks)
        while kept > _KEPT and len(self._blocks) > 1:
            kept -= len(self._blocks.popleft()[1])
        return block[: last - first]
