"""How many large parts are under way at once: so few on a slow line that each takes seconds, and not minutes.

A run that is stopped, or whose connections break, loses what is under way.
"""

from __future__ import annotations

import time

_FIRST = 4
_QUICK = 5.0  # seconds: with parts that take less there may be one more at once
_SLOW = 10.0  # ... and with those that take longer, fewer


class PartsAtOnce:
    """Not for threads: its caller has a lock. ``part_size`` and ``rate`` (bytes a second, 0 for no limit) are known
    beforehand."""

    def __init__(self, most: int, part_size: int, rate: int = 0) -> None:
        self._by_rate = max(1, int(rate * _QUICK / part_size)) if rate else 0
        self._learnt = _FIRST
        self._began: dict[int, float] = {}  # by the identity of a unit that is out
        self.bound(most)

    def bound(self, most: int) -> None:
        """From now on no more than this, which is more or less than before; what was learnt stays."""
        self._most = min(most, self._by_rate or most)

    @property
    def allowed(self) -> int:
        """So many may be under way."""
        return min(self._learnt, self._most)

    def began(self, unit: object) -> None:
        """A part is handed out."""
        self._began[id(unit)] = time.monotonic()

    def ended(self, unit: object, *, well: bool) -> None:
        """A part is over; if it went well, the time that it took counts."""
        began = self._began.pop(id(unit), None)
        if began is not None and well:
            self.learn(time.monotonic() - began)

    def learn(self, seconds: float) -> None:
        """So long did a part take."""
        if seconds < _QUICK:
            self._learnt = min(self._most, self.allowed + 1)
        elif seconds > _SLOW:
            self._learnt = max(1, min(self.allowed - 1, int(self.allowed * _SLOW / seconds)))
