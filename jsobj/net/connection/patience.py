"""Waiting for bytes that do not move, or hardly: the log says so after a few seconds, and a limit ends it."""

from __future__ import annotations

import logging
import math
import socket
import time
from collections.abc import Callable
from typing import TypeAlias, TypeVar

from jsobj.net.connection.response_head import WireError, wire_error_of
from jsobj.net.connection.socket_state import unsent
from jsobj.units import human_bytes

NOTICE_SECONDS = 5.0  # without a byte, after which the log says so
FLOOR_RATE = 1024  # bytes a second of waiting: a connection below it is given up, if its user says so
FLOOR_SECONDS = 60.0  # on average over these
AGAIN = 30.0  # seconds, between the notices after it

_log = logging.getLogger("jsobj.waiting")

Room = TypeVar("Room")  # where bytes go to or come from: memory, or so many of a pipe
GiveUp: TypeAlias = Callable[[bool], bool]  # whether to; called with whether the other connections are well


def say_waiting(server: str, seconds: float, *, more: str = "") -> None:
    """Write to the log for how long a server has not answered."""
    _log.info("waiting for %s (%.0f s without an answer%s)", server, seconds, more, extra={"seconds": seconds})


class Line:
    """What the connections to one server know of each other. ``reached``: when one last moved as much as the floor.

    ``quickest``: seconds that the quickest answer took to begin, which is about what the way there and back takes.
    Several threads write both; where two do so at once, either value will do.
    """

    __slots__ = ("quickest", "reached")

    def __init__(self) -> None:
        self.reached = -math.inf
        self.quickest = math.inf


class Patience:
    """How long one connection is waited for. Not for two threads at once.

    ``step``: the socket's timeout; ``idle``: seconds without a byte after which it is given up. ``body``: what moves is
    a body. Of bodies the floor holds: where 60 s of waiting have moved less than 60 KiB, ``give_up`` is asked, with
    whether another connection has moved that much meanwhile. Only what the socket takes is time, not what the caller
    does between: a limit of the user's own never trips it.
    """

    __slots__ = ("_line", "_moved", "_server", "_socket", "_waited", "body", "give_up", "idle", "step")

    def __init__(self, server: str, line: Line) -> None:
        self._server = server
        self._line = line
        self.step = self.idle = 0.0
        self.body = False
        self.give_up: GiveUp | None = None
        self.fresh(None)

    def fresh(self, connection: socket.socket | None) -> None:
        """It is another connection."""
        self._socket = connection
        self._begin()

    def _begin(self) -> None:
        self._moved, self._waited = 0, 0.0

    def receive(self, take: Callable[[Room], int], room: Room) -> int:
        """The bytes that came, 0 at the end: ``take(room)``, tried again. Raises :class:`WireError`."""
        try:
            return self._timed(take, room)
        except (OSError, ValueError) as error:
            try:
                return self._longer(take, room, error)
            except (OSError, ValueError) as last:
                raise wire_error_of(last) from last

    def send(self, send: Callable[[Room], int], data: Room) -> int:
        """The bytes that were taken. Raises OSError, and :class:`WireError` below the floor."""
        try:
            return self._timed(send, data)
        except OSError as error:
            return self._longer(send, data, error)

    def _timed(self, operation: Callable[[Room], int], data: Room) -> int:
        if not self.body:
            return operation(data)
        began, count = time.monotonic(), 0
        try:
            count = operation(data)
        finally:
            self._passed(count, time.monotonic() - began)
        return count

    def _longer(self, operation: Callable[[Room], int], data: Room, error: Exception) -> int:
        """Go on after ``error``, a timeout of one step.

        Raises the last error when the idle time is over, and any other error at once. Bytes that the other side takes
        from the system's buffer are movement: there may be no room for more yet, or no answer before all are taken.
        """
        waited = due = self.step
        queued = unsent(self._socket)
        while isinstance(error, TimeoutError) and waited < self.idle:
            if waited >= due:
                say_waiting(self._server, waited)
                due = waited + AGAIN - waited % AGAIN
            try:
                return self._timed(operation, data)
            except (OSError, ValueError) as again:
                error = again
            waited += self.step
            if queued and (left := unsent(self._socket)) < queued:
                self._passed(queued - left, 0.0 if self.body else self.step)
                queued, waited, due = left, 0.0, self.step
        raise error

    def _passed(self, count: int, seconds: float) -> None:
        """So much has moved in so long."""
        self._moved += count
        self._waited += seconds
        if self._moved >= FLOOR_RATE * FLOOR_SECONDS:
            if self._waited < FLOOR_SECONDS:
                self._line.reached = time.monotonic()
            self._begin()
        elif self._waited >= FLOOR_SECONDS:
            self._begin()
            others = time.monotonic() - self._line.reached < FLOOR_SECONDS
            if self.give_up is not None and self.give_up(others):
                raise WireError("slow", f"less than {human_bytes(FLOOR_RATE)}/s for {FLOOR_SECONDS:.0f} s")
