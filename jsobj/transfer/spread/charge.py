"""What travels between the driver of a run and its workers: what they are to do, work items, and what came of them."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from jsobj.net.retry import RetryPolicy
from jsobj.transfer.engine.processes import Perform
from jsobj.transfer.engine.rate_limit import Meter
from jsobj.transfer.spread.shared_files import Landmark

Tell = Callable[[str], object]  # takes a sentence that the user should read


class Opened(Protocol):
    """A store, or several."""

    def stop(self) -> None:
        """Cut all connections, from any thread."""
        ...

    def clear_up(self) -> object:
        """After :meth:`stop`: abort the uploads that were under way."""
        ...

    def close(self) -> None:
        """Close the connections that are kept."""
        ...


@dataclass(frozen=True, slots=True)
class Charge:
    """What the workers are to do in one run. It holds names, and no secret but a token that the user chose to lend.

    ``open`` opens the store by these names, with each worker's own files; ``make`` makes the performer of units.
    ``landmarks`` are what a worker must see of the driver's files. ``parallel``: requests at once; ``rate``: bytes a
    second, 0 for no limit; both of each worker.
    """

    run: str
    version: str
    open: Callable[[RetryPolicy], Opened]
    make: Callable[[Any, Meter, Tell], Perform]
    landmarks: tuple[Landmark, ...]
    parallel: int
    rate: float = 0


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a pack: an outcome for each of its units; what the worker counted since its last report; notes.

    ``fatal``: what ends the whole run; ``by``: the worker's address.
    """

    outcomes: tuple[Any, ...] = ()
    moved: int = 0
    retries: int = 0
    notes: tuple[str, ...] = ()
    fatal: BaseException | None = None
    by: str = ""


class Sealed:
    """A pickled value that does not show itself: dask writes the arguments of tasks into logs and onto its pages."""

    __slots__ = ("_data",)

    def __init__(self, data: bytes) -> None:
        self._data = data

    @classmethod
    def of(cls, value: Any) -> Sealed:
        """Raises what pickle raises."""
        return cls(pickle.dumps(value, pickle.HIGHEST_PROTOCOL))

    def open(self) -> Any:
        """The value. Raises what pickle raises: other versions may lack what the value is made of."""
        return pickle.loads(self._data)  # noqa: S301 # nosec B301 - a scheduler and its workers run any code anyway

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sealed) and other._data == self._data

    def __hash__(self) -> int:
        return hash(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def __repr__(self) -> str:
        return "***"

    def __reduce__(self) -> tuple[type[Sealed], tuple[bytes]]:
        return Sealed, (self._data,)


def sealed_report(report: Report) -> Sealed:
    """The report as it travels; an error in its place where something in it cannot be pickled."""
    try:
        return Sealed.of(report)
    except Exception as error:  # noqa: BLE001 - pickle raises what it likes
        return Sealed.of(Report(fatal=RuntimeError(f"an outcome cannot leave its worker: {error}")))


Units = Sequence[Any]
