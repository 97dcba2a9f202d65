"""What passes between a decider and its workers: units of work, and how they ended.

The decider (:class:`Work`) hands out frozen, picklable units; workers, whether threads or processes, perform one at a
time and hand an outcome back. Only the decider touches journals, events and counters.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from jsobj.errors import JsobjError

Unit = TypeVar("Unit")
_LOOKED = 1.0  # seconds after the first look from which on the rate since then is what counts


@dataclass(frozen=True, slots=True)
class UnitOutcome:
    """How a unit ended: ``value`` is what its performer returned, or ``error`` why it failed."""

    value: Any = None
    error: JsobjError | None = None


class Performer(ABC, Generic[Unit]):
    """Performs units, called from several threads. It knows what each has in hand, so that a run can end soon."""

    def __init__(self) -> None:
        # By thread: the unit under way, when it began, and what its thread had moved then.
        self._hands: dict[int, tuple[Unit, float, int]] = {}
        self._first_look: tuple[float, dict[int, int]] | None = None

    def __call__(self, unit: Unit) -> Any:
        """Perform one unit; raises :class:`JsobjError`."""
        me = threading.get_ident()
        self._hands[me] = (unit, time.monotonic(), self.moved_by(me))
        try:
            return self.perform(unit)
        finally:
            del self._hands[me]

    @abstractmethod
    def perform(self, unit: Unit) -> Any:
        """What the subclass does with a unit."""

    @abstractmethod
    def size(self, unit: Unit) -> int:
        """The bytes that a unit moves, 0 for a few short requests."""

    @abstractmethod
    def moved_by(self, thread: int) -> int:
        """The bytes that a thread has moved so far."""

    @abstractmethod
    def cut(self, threads: Iterable[int]) -> None:
        """Abort what some threads have under way, and wait for nothing any more."""

    def stop(self) -> None:
        """Abort what is under way, from another thread."""

    def settle(self) -> None:
        """What was written survives a power cut when this returns; called where no other process sees to that."""

    def close(self) -> None:
        """Release what stays open between units."""

    @property
    def winding_down(self) -> bool:
        """Whether :meth:`wind_down` was called."""
        return self._first_look is not None

    def wind_down(self, seconds: float) -> int:
        """Cut those who cannot end within ``seconds``; how many go on. Called again and again until none does."""
        now = time.monotonic()
        hands = dict(self._hands)
        moved = {thread: self.moved_by(thread) for thread in hands}
        if self._first_look is None:
            self._first_look = (now, moved)
        looked, then = self._first_look
        rests: dict[int, int | None] = {}
        rates: dict[int, float] = {}
        for thread, (unit, began, before) in hands.items():
            size, passed = self.size(unit), moved[thread] - before
            rests[thread] = None if size and passed <= 0 else max(0, size - passed)
            if now - looked < _LOOKED:
                rates[thread] = passed / max(0.001, now - began)
            else:
                rates[thread] = (moved[thread] - then.get(thread, before)) / (now - looked)
        late = too_late(rests, rates, seconds)
        self.cut(late)
        return len(hands) - len(late)


def too_late(rests: Mapping[int, int | None], rates: Mapping[int, float], seconds: float) -> list[int]:
    """Which threads cannot end within ``seconds``, by their rest (bytes; None: not one has moved) and rate.

    Those who go on share the line that all have shared so far, so the one with the least left comes first.
    """
    together, due, late = sum(rates.values()) * seconds, 0, []
    for thread, rest in sorted(rests.items(), key=lambda item: item[1] or 0):
        if rest is None or (rest > rates[thread] * seconds and due + rest > together):
            late.append(thread)
        else:
            due += rest
    return late


class Work(Protocol[Unit]):
    """A source of units, called from many threads."""

    def take(self) -> Unit | None:
        """The next unit; waits while others under way may bring more; None when there will be no more."""
        ...

    def done(self, unit: Unit, outcome: UnitOutcome) -> None:
        """A unit ended. An exception raised here ends the whole run."""
        ...

    def stop(self) -> None:
        """Hand out nothing more; pending calls of :meth:`take` return None."""
        ...
