"""Fetching the next page in a thread while the one before it is used."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Prefetch(Generic[T]):
    """Calls ``fetch`` at once in a daemon thread; only :meth:`result` waits for it."""

    def __init__(self, fetch: Callable[[], T]) -> None:
        self._fetch = fetch
        self._found: list[T] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="prefetch", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._found.append(self._fetch())
        except BaseException as error:  # noqa: BLE001 - raised again by result()
            self._error = error

    def result(self) -> T:
        """What was fetched; raises what fetching raised."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._found[0]
