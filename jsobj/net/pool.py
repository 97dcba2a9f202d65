"""Keeping the connections to one object store that are idle, for whoever asks next."""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections import deque
from collections.abc import Iterator

from jsobj.net.dial import Dialer
from jsobj.net.wire import Wire
from jsobj.urls import Origin


class Pool:
    """The connections to one server: as many as threads ask at once. ``verify``, ``proxy``: see :class:`Dialer`."""

    def __init__(self, origin: Origin, *, verify: bool | str = True, proxy: str = "") -> None:
        self.origin = origin
        self._dialer = Dialer(origin, verify=verify, proxy=proxy)
        self._idle: deque[Wire] = deque()
        self._all: set[Wire] = set()
        self._lock = threading.Lock()
        # A store lives as long as somebody holds it, and nobody says when that ends; its sockets end with it. Not in
        # __del__: of things that point at one another, the sockets may be finalized before the pool.
        weakref.finalize(self, _close, self._idle)

    @property
    def absolute_targets(self) -> bool:
        """Whether the request line must name the whole URL (plain http through a proxy)."""
        return bool(self._dialer.proxy) and self.origin.scheme == "http"

    @contextlib.contextmanager
    def wire(self) -> Iterator[Wire]:
        """A connection for one request; the one used last first, so that few are kept open.

        Raises :class:`WireError` once the pool was stopped.
        """
        self._dialer.check()
        try:
            wire = self._idle.pop()
        except IndexError:
            wire = Wire(self._dialer.open)
            with self._lock:
                self._all.add(wire)
        try:
            yield wire
        finally:
            self._idle.append(wire)

    def stop(self) -> None:
        """Cut every connection, from any thread; no other is opened."""
        self._dialer.stopped = True
        with self._lock:
            for wire in self._all:
                wire.cut()

    def revive(self) -> None:
        """After :meth:`stop`: open connections again."""
        self.close()
        self._dialer.stopped = False

    def close(self) -> None:
        """Close every connection that is idle."""
        _close(self._idle)


def _close(idle: deque[Wire]) -> None:
    with contextlib.suppress(IndexError):  # others take from it too
        while True:
            idle.pop().close()
