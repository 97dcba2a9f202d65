"""Waiting for bytes that do not come: the log says so after a few seconds, and the idle time ends it."""

from __future__ import annotations

import logging
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from jsobj.net.connection.response_head import wire_error_of

NOTICE_SECONDS = 5.0  # without a byte, after which the log says so
_AGAIN = 30.0  # seconds, between the notices after it

_log = logging.getLogger("jsobj.waiting")


def say_waiting(server: str, seconds: float, *, more: str = "") -> None:
    """Write to the log for how long a server has not answered."""
    _log.info("waiting for %s (%.0f s without an answer%s)", server, seconds, more, extra={"seconds": seconds})


@contextmanager
def watching(server: str) -> Iterator[None]:
    """Say so while the body, which is one request of an SDK, takes long."""
    over = threading.Event()

    def tell() -> None:
        waited, due = 0.0, NOTICE_SECONDS
        while not over.wait(due - waited):
            waited = due
            say_waiting(server, waited)
            due += _AGAIN - due % _AGAIN

    thread = threading.Thread(target=tell, name="watching", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def receive_late(
    receive: Callable[[memoryview], int], room: memoryview, error: Exception, *, server: str, step: float, idle: float
) -> int:
    """Receive after ``error``, which is a timeout of ``step`` seconds, for the rest of the ``idle`` time; bytes.

    Raises :class:`jsobj.net.connection.response_head.WireError` when it is over, and for any other error.
    """
    waited = due = step
    while isinstance(error, TimeoutError) and waited < idle:
        if waited >= due:
            say_waiting(server, waited)
            due = waited + _AGAIN - waited % _AGAIN
        try:
            return receive(room)
        except (OSError, ssl.SSLError, ValueError) as again:
            error = again
        waited += step
    raise wire_error_of(error) from error
