"""The bench's own hands at the server: boto3 and digests in a process of their own, away from the clock."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

import storage
from servers import Place

T = TypeVar("T")
BUCKET = "jsobj-bench"
_OWED = 3 << 30  # bytes deleted that the server need not have freed yet
_FREED = 15.0  # seconds until its garbage collection has


class Witness:
    """Has the bucket ``BUCKET`` of one server made, looked at and emptied."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._owed: deque[tuple[float, int]] = deque()  # (when it is free, bytes)
        self._beside = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _deaf)
        self.at_server(storage.make_bucket)

    def ask(self, function: Callable[..., T], *words: Any) -> T:
        """What ``function(*words)`` returns, run in that process."""
        return self._beside.submit(function, *words).result()

    def at_server(self, function: Callable[..., T], *words: Any) -> T:
        """The same, of a function that takes the place and the bucket first."""
        return self.ask(function, self._place, BUCKET, *words)

    def remove(self, prefix: str, size: int) -> None:
        """Delete what is below ``prefix``, ``size`` bytes in all; wait while the server has too much to free."""
        self.at_server(storage.remove, prefix)
        self._owed.append((time.monotonic() + _FREED, size))
        while sum(owed for _, owed in self._owed) > _OWED:
            time.sleep(max(0.0, self._owed.popleft()[0] - time.monotonic()))

    def close(self) -> None:
        """End that process. Only a server that stays needs :func:`storage.remove_bucket` before."""
        self._beside.shutdown(cancel_futures=True)


def _deaf() -> None:
    """A signal to all of the bench is the bench's to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
