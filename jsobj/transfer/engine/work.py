"""What passes between a decider and its workers: units of work, and how they ended.

The decider (:class:`Work`) hands out frozen, picklable units; workers, whether threads or processes, perform one at a
time and hand an outcome back. Only the decider touches journals, events and counters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from jsobj.errors import JsobjError

Unit = TypeVar("Unit")


@dataclass(frozen=True, slots=True)
class UnitOutcome:
    """How a unit ended: ``value`` is what its performer returned, or ``error`` why it failed."""

    value: Any = None
    error: JsobjError | None = None


class Performer(Generic[Unit]):
    """Performs units, called from several threads."""

    def __call__(self, unit: Unit) -> Any:
        """Perform one unit; raises :class:`JsobjError`."""
        raise NotImplementedError

    def stop(self) -> None:
        """Abort what is under way, from another thread."""

    def close(self) -> None:
        """Release what stays open between units."""


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
