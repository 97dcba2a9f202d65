"""How many threads a run has: more where they only wait for answers, and as few as before where more did not help.

Small objects over a long way are such a case: each takes two ways, however small it is. Large parts are not: few end in
a moment, and more of them at once would only share the line. On a short way more threads only take turns: 2000 files of
64 KiB came as fast with 16 as with 64, for a seventh less of CPU time.
"""

from __future__ import annotations

from dataclasses import dataclass

SECONDS = 0.2  # that are looked at together
_LONGEST = 1.0  # after so long without as many units as threads, looking begins anew: these units are large
_WORTH_IT = 1.3  # as many units a second as before, or twice as many threads are not kept
_BUSY = 0.5  # of one core: then this process does not wait
_OPENING = 4  # round trips until a new connection, with TLS, has brought its first answer
_REST = 10.0  # seconds after which it is tried again


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read at one moment: a clock and this process's CPU time in seconds, and how many units have ended."""

    clock: float
    cpu: float
    ended: int


class ThreadCount:
    """The number of threads, from ``count`` at the beginning to ``most``. Asked by one thread, a few times a second."""

    def __init__(self, count: int, most: int, began: Reading) -> None:
        self.count = count
        self._most = most
        self._began = began  # of the stretch of time that is looked at
        self._before: tuple[int, float] | None = None  # the number of threads, and their rate, before the last growth
        self._settled = 0.0  # on the clock, when the threads that came last are under way
        self._rest = 0.0  # on the clock, until when nothing more is tried

    def change(self, now: Reading) -> int:
        """How many threads to start, or, if negative, how many may end."""
        if now.clock < self._settled:
            self._began = now
            return 0
        seconds, ended = now.clock - self._began.clock, now.ended - self._began.ended
        if seconds < SECONDS or (ended < self.count and seconds < _LONGEST):
            return 0
        waiting = now.cpu - self._began.cpu <= _BUSY * seconds
        before, self._before = self._before, None
        self._began = now
        if before is not None and ended < before[1] * _WORTH_IT * seconds:
            self._rest = now.clock + _REST
            return self._set(before[0])
        if ended < self.count or not waiting or now.clock < self._rest or self.count >= self._most:
            return 0
        self._before = self.count, ended / seconds
        # A unit takes as many seconds as there are threads for each that ends in a second (Little's law).
        self._settled = now.clock + _OPENING * self.count * seconds / ended
        return self._set(min(2 * self.count, self._most))

    def _set(self, count: int) -> int:
        change = count - self.count
        self.count = count
        return change
