"""The bench's own hands at the server: boto3 and digests in a process of their own, away from the clock."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

import storage
from servers import Place

T = TypeVar("T")
BUCKET = "jsobj-bench"
_OWED = 2 << 30  # bytes deleted before the server gets time to free them
_REST = 15.0  # seconds, for the gateway's garbage collection


class Witness:
    """Has the bucket ``BUCKET`` of one server made, looked at and emptied."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._owed = 0
        self._beside = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
        self.ask(storage.make_bucket, place, BUCKET)

    def ask(self, function: Callable[..., T], *words: Any) -> T:
        """What ``function(*words)`` returns, run in that process."""
        return self._beside.submit(function, *words).result()

    def remove(self, prefix: str, size: int) -> None:
        """Delete what is below ``prefix``, ``size`` bytes in all."""
        self.ask(storage.remove, self._place, BUCKET, prefix)
        self._owed += size
        if self._owed >= _OWED:
            time.sleep(_REST)
            self._owed = 0

    def close(self) -> None:
        """Leave nothing at the server."""
        self.ask(storage.remove_bucket, self._place, BUCKET)
        self._beside.shutdown()
