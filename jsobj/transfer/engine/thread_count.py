"""How many threads a run has: enough to cover the way to the server, and no more.

A thread waits for one answer at a time. This process takes about 0.8 ms of CPU time for a small object, so it never
needs more threads than fit into the way at that pace: the time until the server's quickest answer begins, divided by
it. Over a short way more threads only take turns: 2000 files of 64 KiB came as fast with 16 as with 64, for a quarter
less of CPU time. Large parts are no reason: few end in a moment, and more of them at once would only share the line.
"""

from __future__ import annotations

from dataclasses import dataclass

_EACH = 0.0008  # seconds of this process for a small unit
_FAR = 0.5  # seconds; what takes longer even for the quickest is no short answer over a long way
_SECONDS, _JUDGED = 0.1, 0.5  # that are looked at together, before a change and after it
_WORTH_IT = 1.25  # times as many threads, before any are started; and units a second, or they end again
_SMALL = 1.0  # units a second that each thread ends at least, where they are small
_BUSY = 0.6  # of one core: then this process does not wait
_OPENING = 4  # round trips until a new connection, with TLS, has brought its first answer
_REST = 10.0  # seconds after which it is tried again


def covering(quickest: float, first: int, most: int) -> int:
    """The threads that cover the way to a server, from ``first`` to ``most``.

    ``quickest``: seconds that its quickest answer took to begin.
    """
    return max(first, min(most, int(quickest / _EACH))) if quickest < _FAR else first


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read at one moment: a clock and this process's CPU time in seconds, and how many units have ended.

    ``quickest``: seconds that the server's quickest answer took to begin.
    """

    clock: float
    cpu: float
    ended: int
    quickest: float


class ThreadCount:
    """The number of threads, from ``count`` at the beginning to ``most``. Asked by one thread, a few times a second."""

    def __init__(self, count: int, most: int, began: Reading) -> None:
        self.count = count
        self._first, self._most = count, most
        self._began = began  # of the stretch of time that is looked at
        self._before: tuple[int, float] | None = None  # the number of threads, and their rate, before the last change
        self._settled = 0.0  # on the clock, when the threads that came last are under way
        self._rest = 0.0  # on the clock, until when nothing more is tried

    def change(self, now: Reading) -> int:
        """How many threads to start, or, if negative, how many may end."""
        if now.clock < self._settled or now.ended < self._first:  # until all have had an answer
            self._began = now
            return 0
        seconds, ended = now.clock - self._began.clock, now.ended - self._began.ended
        before = self._before
        if seconds < (_SECONDS if before is None else _JUDGED):
            return 0
        waiting = now.cpu - self._began.cpu <= _BUSY * seconds
        self._began, self._before = now, None
        if before is not None and ended < before[1] * _WORTH_IT * seconds:
            self._rest = now.clock + _REST
            return self._set(before[0])
        wanted = covering(now.quickest, self._first, self._most)
        large = ended < self.count * seconds * _SMALL
        if large or not waiting or now.clock < self._rest or wanted < self.count * _WORTH_IT:
            return 0
        self._before = self.count, ended / seconds
        self._settled = now.clock + _OPENING * now.quickest
        return self._set(wanted)

    def _set(self, count: int) -> int:
        change = count - self.count
        self.count = count
        return change
