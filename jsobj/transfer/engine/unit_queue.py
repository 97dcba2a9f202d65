"""The queue of units: those that begin an item, in the order of the plan, and those that follow from them."""

from __future__ import annotations

import enum
import math
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, Literal, TypeVar


class _Mark(enum.Enum):
    END = enum.auto()
    BARRIER = enum.auto()


Barrier = Literal[_Mark.BARRIER]
BARRIER: Barrier = _Mark.BARRIER  # among the starters: what follows waits until all before it is settled
Unit = TypeVar("Unit")


class UnitSource(Generic[Unit]):
    """Hands units to any number of threads: those that follow from earlier ones first, else the plan's next.

    So few things are under way at a time, and what was begun is finished early: of the followers, those added last come
    first. The plan is a lazy iterator, advanced by one thread at a time and outside the lock, since it may wait for
    the network; meanwhile the others get followers.
    """

    def __init__(self, starters: Iterator[Unit | Barrier], allowed: Callable[[], float] = lambda: math.inf) -> None:
        self._allowed = allowed
        self._large = 0  # large ones that are out
        self._starters = starters
        self._followers: deque[tuple[Iterator[Unit], bool]] = deque()
        self._lock = threading.Lock()  # taken as it is: a condition would take it in two calls more
        self._changed = threading.Condition(self._lock)
        self._advancing = False  # a thread is taking the plan's next
        self._ended = False  # the plan has no more
        self._barred = False  # a barrier was met, and not all before it is settled
        self._stopped = False
        self._out = 0  # units handed out and not settled: each may bring followers

    def add(self, units: Iterator[Unit], *, large: bool = False) -> None:
        """Followers of a unit that is not settled yet. The iterator must not wait: it is advanced under the lock.

        ``large``: no more than ``allowed`` of these are out at once. Who would take one then waits, as does the plan:
        what comes next may be large too.
        """
        with self._lock:
            self._followers.appendleft((units, large))
            self._changed.notify_all()

    def settled(self, *, large: bool = False) -> None:
        """A unit ended, and its followers, if any, are added."""
        with self._lock:
            self._out -= 1
            self._large -= large
            if large or (not self._out and (self._ended or self._barred)):
                self._changed.notify_all()

    @property
    def stopped(self) -> bool:
        """Whether nothing more is handed out."""
        return self._stopped

    def stop(self) -> None:
        """Hand out nothing more; those who wait get None."""
        with self._lock:
            self._stopped = True
            self._changed.notify_all()

    def take(self) -> Unit | None:
        """The next unit; None when there will be no more. Raises what the plan raises, and stops then."""
        while True:
            with self._lock:
                unit, advance = self._ready()
            if not advance:
                return unit
            started = self._advance()
            if not isinstance(started, _Mark):
                return started

    def take_now(self) -> Unit | None:
        """The next unit; None where it would have to be waited for, other than for the plan itself."""
        while True:
            with self._lock:
                unit, advance = self._ready(wait=False)
            if not advance:
                return unit
            started = self._advance()
            if not isinstance(started, _Mark):
                return started

    def _ready(self, *, wait: bool = True) -> tuple[Unit | None, bool]:
        """A follower, or None for the end, waited for; true where it is the caller's turn to advance the plan."""
        while not self._stopped:
            full = False
            while self._followers:
                units, large = self._followers[0]
                if full := large and self._large >= self._allowed():
                    break
                unit = next(units, _Mark.END)
                if not isinstance(unit, _Mark):
                    self._out += 1
                    self._large += large
                    return unit, False
                self._followers.popleft()
            if full:
                if not wait:
                    break
                self._changed.wait()
                continue
            if self._barred and not self._out:
                self._barred = False
            if not self._ended and not self._advancing and not self._barred:
                self._advancing = True
                return None, True
            if not wait or (self._ended and not self._out):
                break
            self._changed.wait()
        return None, False

    def _advance(self) -> Unit | Literal[_Mark.END, _Mark.BARRIER] | None:
        """The plan's next unit, the end mark where it has none, None where the run was stopped meanwhile."""
        try:
            unit = next(self._starters, _Mark.END)
        except BaseException:
            self.stop()
            raise
        with self._lock:
            self._advancing = False
            if self._stopped:
                return None
            if unit is _Mark.END:
                self._ended = True
                self._changed.notify_all()
            elif unit is _Mark.BARRIER:
                self._barred = True
                self._changed.notify_all()
            else:
                self._out += 1
                self._changed.notify()
        return unit
