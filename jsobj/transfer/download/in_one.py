"""An object that comes as a whole only, read as it comes: one request, of which a reader takes piece by piece.

What breaks off begins anew at its first byte; what was given out already is left out then, which only a version that is
pinned allows. A reader who leaves early does not wait for the request: it ends with the next byte that comes, or when
the store is stopped.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from queue import Empty, Full, Queue

from jsobj.errors import ObjectChanged
from jsobj.store.objects import Store
from jsobj.store.values import ObjectInfo

_AHEAD = 32  # pieces, each of 256 KiB at most, that wait for the reader
_LOOK = 0.5  # seconds


class _LeftError(Exception):
    """The reader takes no more."""


def in_one(store: Store, info: ObjectInfo) -> Iterator[bytearray]:
    """The bytes of an object. Raises :class:`JsobjError`: what the store raises; integrity where it changed."""
    pieces = _Pieces(info)

    def fetch() -> None:
        end: BaseException | None = None
        try:
            store.get(info.key, pieces, etag=info.etag, digest=False)
        except Exception as error:  # noqa: BLE001  the reader raises it
            end = error
        pieces.end(end)

    threading.Thread(target=fetch, name="whole", daemon=True).start()
    try:
        yield from pieces
    finally:
        pieces.leave()


class _Pieces:
    """A sink that hands on what it gets, once."""

    def __init__(self, info: ObjectInfo) -> None:
        self._info = info
        self._given = 0
        self._left = threading.Event()
        self._queue: Queue[bytearray | BaseException | None] = Queue(_AHEAD)

    def write(self, chunk: memoryview, offset: int) -> None:
        """Hand on what was not yet; raises where the reader has left."""
        if self._left.is_set():  # also for bytes that were given out before
            raise _LeftError
        if offset < self._given and not self._info.etag:
            raise ObjectChanged(
                f"{self._info.key} broke off, and nothing tells whether it is still the same",
                hint="run the same command again",
            )
        if fresh := chunk[max(0, self._given - offset) :]:
            self._put(bytearray(fresh))
            self._given += len(fresh)

    def _put(self, item: bytearray | BaseException | None) -> None:
        while not self._left.is_set():
            try:
                self._queue.put(item, timeout=_LOOK)
                return
            except Full:
                continue
        raise _LeftError

    def end(self, error: BaseException | None) -> None:
        """All has come, or no more will."""
        if not isinstance(error, _LeftError):
            try:
                self._put(error)
            except _LeftError:
                return

    def leave(self) -> None:
        """Nobody reads any more."""
        self._left.set()

    def __iter__(self) -> Iterator[bytearray]:
        while (item := self._next()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item

    def _next(self) -> bytearray | BaseException | None:
        while True:
            try:
                return self._queue.get(timeout=_LOOK)
            except Empty:  # a signal that came just before the wait is seen only now
                continue
