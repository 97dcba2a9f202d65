"""Units in packs: one task of the scheduler costs as much as a small file, so many small files share one."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from jsobj.errors import JsobjError
from jsobj.transfer.engine.parts_work import PartsWork
from jsobj.transfer.engine.work import UnitOutcome

BYTES = 16 * 1024**2  # of the files of a pack
_FEWEST, _MOST = 16, 512  # units, from the first packs of a run to those of a long one
_AHEAD = 256  # packs that a run should have at least, whatever its length: then all workers end at about one time


class PackSize:
    """How many units a pack has: few at first, more the longer the run proves to be."""

    def __init__(self) -> None:
        self._taken = 0

    def next(self) -> int:
        """For the next pack."""
        return max(_FEWEST, min(_MOST, self._taken // _AHEAD))

    def took(self, units: int) -> None:
        """So many units were packed."""
        self._taken += units


class PackedWork:
    """Another :class:`jsobj.transfer.engine.work.Work`, whose units are tuples of the units of ``work``.

    Small items that are moved whole come in packs, everything else alone. One thread packs at a time.
    """

    def __init__(self, work: PartsWork[Any, Any]) -> None:
        self._work = work
        self._packing = threading.Lock()
        self._next: deque[Any] = deque()  # what was taken and did not fit
        self._size = PackSize()
        self._stopped = False

    def is_moving(self, pack: tuple[Any, ...]) -> bool:
        """Whether a pack moves bytes of items; else it is a short request that keeps the order of an item's parts."""
        return isinstance(pack[0], (self._work.WHOLE, self._work.PART))

    def take(self) -> tuple[Any, ...] | None:
        """The next pack."""
        with self._packing:
            first = self._next.popleft() if self._next else self._work.take()
            if first is None or self._stopped:
                return None
            if not isinstance(first, self._work.WHOLE):
                return (first,)
            pack, size, most = [first], first.item.size, self._size.next()
            while len(pack) < most and size < BYTES and (unit := self._work.take_now()) is not None:
                if not isinstance(unit, self._work.WHOLE):
                    self._next.append(unit)
                    break
                pack.append(unit)
                size += unit.item.size
            self._size.took(len(pack))
            return tuple(pack)

    def done(self, pack: tuple[Any, ...], outcome: UnitOutcome) -> None:
        """All units of a pack ended, each with an outcome of its own, or all with one error."""
        outcomes = [outcome] * len(pack) if outcome.error is not None else outcome.value
        for unit, each in zip(pack, outcomes, strict=True):
            if each.error is None or not self._stopped:  # else it comes from the stop
                self._work.done(unit, each)

    def stop(self) -> None:
        """Hand out nothing more."""
        self._stopped = True
        self._work.stop()


def packed(items: Iterable[Any], size: Callable[[Any], int]) -> Iterator[tuple[Any, ...]]:
    """The items in packs, in their order; ``size``: the bytes that one of them means."""
    pack: list[Any] = []
    sizes, count = 0, PackSize()
    for item in items:
        pack.append(item)
        sizes += size(item)
        if len(pack) >= count.next() or sizes >= BYTES:
            yield tuple(pack)
            count.took(len(pack))
            pack, sizes = [], 0
    if pack:
        yield tuple(pack)


def value_of(outcome: UnitOutcome) -> Any:
    """What a unit's performer returned; raises its :class:`JsobjError`."""
    if outcome.error is not None:
        error: JsobjError = outcome.error
        raise error
    return outcome.value
