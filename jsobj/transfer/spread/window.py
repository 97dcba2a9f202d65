"""Which worker gets the next pack, and how many packs are under way: few, so that a dead worker takes little along.

Each worker has a few packs, so that it never waits for the next. A server that is busy, whichever worker it tells so,
halves the number of all; it grows again as packs end well.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable

EACH = 4  # packs that a worker has at once, at most
_AGAIN = 1.0  # seconds between two halvings


class Window:
    """For any number of threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._busy: dict[str, int] = {}  # packs by worker; those of a lost worker are done elsewhere
        self._workers: tuple[str, ...] = ()
        self._each = float(EACH)
        self._slowed = 0.0
        self._stopped = False

    def workers_are(self, addresses: Iterable[str]) -> None:
        """Who is there now."""
        with self._changed:
            self._workers = tuple(addresses)
            self._changed.notify_all()

    @property
    def allowed(self) -> float:
        """Packs that may be under way."""
        return max(1.0, self._each * len(self._workers))

    @property
    def under_way(self) -> int:
        """Packs that are."""
        return sum(self._busy.values())

    def enter(self) -> str | None:
        """Wait for the turn of one more pack: the address of the worker with the fewest; None after :meth:`stop`."""
        with self._changed:
            while not self._stopped:
                if self._workers and self.under_way < self.allowed:
                    worker = min(self._workers, key=lambda address: self._busy.get(address, 0))
                    if self._busy.get(worker, 0) < EACH:
                        self._busy[worker] = self._busy.get(worker, 0) + 1
                        return worker
                self._changed.wait()
        return None

    def leave(self, worker: str, *, well: bool) -> None:
        """A pack is over."""
        with self._changed:
            self._busy[worker] -= 1
            if not self._busy[worker]:
                del self._busy[worker]
            if well and self._each < EACH:
                self._each = min(float(EACH), self._each + 1 / self.allowed)
            self._changed.notify(2)  # not all: there are many more threads than turns

    def slow_down(self) -> None:
        """The server is busy: half as many packs at once."""
        with self._changed:
            now = time.monotonic()
            if now - self._slowed > _AGAIN and self._workers:
                self._slowed = now
                under_way = max(1.0, min(self.allowed, float(self.under_way + 1)))
                self._each = under_way / 2 / len(self._workers)

    def stop(self) -> None:
        """Nobody gets a turn any more."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
