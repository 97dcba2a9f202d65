"""Holding a transfer to a number of bytes a second, for all of its threads together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_BURST = 0.1  # seconds' worth of bytes that may pass at once after a pause
_UNDER_WAY = 5.0  # seconds' worth of bytes: with so many under way nothing more is begun


class RateLimit:
    """A token bucket that threads share. ``clock`` and ``sleep`` are the test's; ``sleep`` must end at :meth:`stop`.

    Each caller reserves its bytes in the schedule, then waits for its own turn without the lock: the sum is exact
    however many threads there are, and no thread wakes early.
    """

    def __init__(
        self,
        bytes_per_second: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        if not bytes_per_second > 0:
            raise ValueError("a rate is more than nothing")
        self._rate = bytes_per_second
        self._clock = clock
        self._stopped = threading.Event()
        self._sleep = sleep or self._stopped.wait
        self._lock = threading.Lock()
        self._free_at = clock()  # when all bytes so far will have had their time

    def pass_(self, count: int) -> None:
        """Wait until ``count`` more bytes may have passed. Returns at once after :meth:`stop`."""
        if count <= 0 or self._stopped.is_set():
            return
        with self._lock:
            now = self._clock()
            self._free_at = max(self._free_at, now - _BURST) + count / self._rate
            wait = self._free_at - now
        if wait > 0:
            self._sleep(wait)

    def stop(self) -> None:
        """Let all bytes pass, and wake the threads that wait."""
        self._stopped.set()


class UnderWay:
    """Which units are begun under a limit of ``rate`` bytes a second: many small ones at once, or a few large ones.

    Small ones mostly wait for answers, and only many of them use the rate up. Of large ones many would each be so slow
    that they look stalled to the server, and all would be lost together.
    """

    def __init__(self, rate: float) -> None:
        self._most = rate * _UNDER_WAY
        self._size = 0
        self._changed = threading.Condition()
        self._stopped = False

    def entered(self, size: int) -> bool:
        """Whether a unit of ``size`` bytes may begin now; then it is under way. One without bytes always may."""
        if size and self._size >= self._most and not self._stopped:
            return False
        self._size += size
        return True

    @contextmanager
    def turn(self, size: int) -> Iterator[None]:
        """Wait until a unit may begin, and count it as long as it lasts."""
        with self._changed:
            while not self.entered(size):
                self._changed.wait()
        try:
            yield
        finally:
            self.left(size)

    def left(self, size: int) -> None:
        """It ended."""
        with self._changed:
            self._size -= size
            self._changed.notify()

    def stop(self) -> None:
        """Nobody waits any longer."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()


class Meter:
    """Counts bytes as they pass, and holds them back to ``rate`` bytes a second; 0 for no limit.

    It is a :data:`jsobj.net.body.Moved`. ``count`` holds nothing back: for bytes that do not pass here. ``by``: the
    bytes that a thread has moved so far. With a rate, ``under_way`` says when units may begin, and ``at_once`` (else 0)
    how many bytes to send between two calls: a server gives up who sends a lot and then nothing for a minute.
    """

    def __init__(
        self, count: Callable[[int], None], rate: float = 0, *, by: Callable[[int], int] = lambda thread: 0
    ) -> None:
        self.by = by
        self.count = count
        self._limit = RateLimit(rate) if rate else None
        self.under_way = UnderWay(rate) if rate else None
        self.at_once = max(1, int(rate)) if rate else 0

    def __call__(self, count: int) -> None:
        """Bytes passed; negative: a retry takes them back."""
        self.count(count)
        if self._limit is not None:
            self._limit.pass_(count)

    def stop(self) -> None:
        """Hold nothing back any longer."""
        if self._limit is not None:
            self._limit.stop()
        if self.under_way is not None:
            self.under_way.stop()
