"""What passes between the one who decides and those who do: units of work, and how they ended.

The decider (:class:`Work`) hands out frozen, picklable units; workers, whether threads or processes, perform one at a
time and hand an outcome back. Only the decider touches journals, events and counters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from jsobj.errors import JsobjError


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a unit ended: ``value`` is what its performer returned, or ``error`` says why there is none."""

    value: Any = None
    error: JsobjError | None = None


class Work(Protocol):
    """A source of units, asked from many threads."""

    def take(self) -> Any | None:
        """The next unit; waits while others under way may bring more; None when there will be no more."""
        ...

    def done(self, unit: Any, outcome: Outcome) -> None:
        """A unit ended. An exception raised here ends the whole run."""
        ...

    def stop(self) -> None:
        """Hand out nothing more; those who wait in :meth:`take` get None."""
        ...
