"""Fetching the next page in a thread while the one before it is used."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def prefetch(fetch: Callable[[], T]) -> Future[T]:
    """Call ``fetch`` in a daemon thread: the program does not wait for a page that is not used."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(fetch())
        except BaseException as error:  # noqa: BLE001 - raised again by result()
            future.set_exception(error)

    threading.Thread(target=run, name="prefetch", daemon=True).start()
    return future
