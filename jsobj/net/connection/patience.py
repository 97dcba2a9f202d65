"""Waiting for bytes that do not move: the log says so after a few seconds, and the idle time ends it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

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


def wait_longer(
    operation: Callable[[memoryview], int], data: memoryview, error: Exception, *, server: str, step: float, idle: float
) -> int:
    """Go on with a ``send`` or ``recv_into`` of a socket after ``error``, a timeout of ``step`` seconds; its bytes.

    Raises the last error when the ``idle`` time is over, and any other error at once.
    """
    waited = due = step
    while isinstance(error, TimeoutError) and waited < idle:
        if waited >= due:
            say_waiting(server, waited)
            due = waited + _AGAIN - waited % _AGAIN
        try:
            return operation(data)
        except (OSError, ValueError) as again:
            error = again
        waited += step
    raise error
