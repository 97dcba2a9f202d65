"""The idle connections to one server, kept for the next request."""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections import deque
from collections.abc import Iterable, Iterator

from jsobj.net.connection.dial import Dialer
from jsobj.net.connection.patience import Line
from jsobj.net.connection.wire import CONNECT_SECONDS, Wire
from jsobj.urls import Origin


class Pool:
    """The connections to one server: as many as threads use at once. The options: see :class:`Dialer`."""

    def __init__(
        self, origin: Origin, *, verify: bool | str = True, proxy: str = "", connect_seconds: float = CONNECT_SECONDS
    ) -> None:
        self._dialer = Dialer(origin, verify=verify, proxy=proxy, connect_seconds=connect_seconds)
        self._server = origin.netloc
        self._line = Line()
        self._idle: deque[Wire] = deque()
        self._all: set[Wire] = set()
        self._of_thread: dict[int, Wire] = {}
        self._lock = threading.Lock()
        # The pool lives as long as it is referenced, and need not be closed; its sockets end with it. Not in
        # __del__: in a reference cycle the sockets may be finalized before the pool.
        weakref.finalize(self, _close, self._idle)

    @property
    def quickest(self) -> float:
        """Seconds that the quickest answer took to begin; infinite before the first."""
        return self._line.quickest

    @contextlib.contextmanager
    def wire(self) -> Iterator[Wire]:
        """A connection for one request; the one used last first, so that few are kept open.

        Raises :class:`WireError` once the pool was stopped.
        """
        try:
            wire = self._idle.pop()
        except IndexError:
            wire = Wire(self._dialer.open, self._server, self._line)
            with self._lock:
                self._all.add(wire)
        wire.was_cut = False
        me = threading.get_ident()
        self._of_thread[me] = wire
        try:
            self._dialer.check()  # only now: a stop that comes later cuts this wire, also while it is being opened
            yield wire
        finally:
            self._of_thread.pop(me, None)
            self._idle.append(wire)

    def cut(self, threads: Iterable[int]) -> None:
        """Cut the connections that some threads use at the moment."""
        for thread in threads:
            wire = self._of_thread.get(thread)
            if wire is not None:
                wire.cut()

    def stop(self) -> None:
        """Cut every connection, from any thread; no other is opened."""
        self._dialer.stopped = True
        with self._lock:
            for wire in self._all:
                wire.cut()

    def revive(self, connect_seconds: float) -> None:
        """After :meth:`stop`: open connections again, and wait for none longer than ``connect_seconds``."""
        self.close()
        self._dialer.seconds = connect_seconds
        self._dialer.stopped = False

    def close(self) -> None:
        """Close every connection that is idle."""
        _close(self._idle)


def _close(idle: deque[Wire]) -> None:
    with contextlib.suppress(IndexError):  # others take from it too
        while True:
            idle.pop().close()
