"""The state machine that uploads, downloads and copies share: plan, hand out units, record how they ended.

A small item is one unit. A large one is begun, moved in parts and finished, each step a unit of its own. The subclasses
(:class:`jsobj.transfer.upload.work.UploadWork`, :class:`jsobj.transfer.download.work.DownloadWork`) decide what is done
with an item, make the units, and keep the journal of its parts.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from jsobj.errors import JsobjError
from jsobj.transfer.engine.parts_at_once import PartsAtOnce
from jsobj.transfer.engine.unit_queue import BARRIER, Barrier, UnitSource
from jsobj.transfer.engine.work import UnitOutcome
from jsobj.transfer.events import Done, Failed, ItemStarted, LeftOut, Listener, Skipped, Tally
from jsobj.transfer.journal.journal import Journal
from jsobj.transfer.local.fingerprints import Fingerprints
from jsobj.transfer.options import Options
from jsobj.transfer.outcomes import ends_run
from jsobj.transfer.part_layout import Layout, Stretch
from jsobj.transfer.zarr.order import failed_below, is_metadata, left_to_the_last, step

SENT = "sent"  # the proof where a source has no digest: what was read is what was stored


class Item(Protocol):
    """A file or object to move. Events call it by its ``source``; no two items of a run have the same ``target``."""

    @property
    def source(self) -> str:
        """The file's path, or the object's key."""
        ...

    @property
    def target(self) -> str:
        """The object's key, or the path below the target folder."""
        ...

    @property
    def size(self) -> int:
        """Bytes, as the plan saw them."""
        ...


@dataclass(frozen=True, slots=True)
class Arrived:
    """An item is at its target. ``verified``: what was compared, "" for the size only, :data:`SENT`.

    ``skipped``: why nothing had to be moved, with its content ``compared`` or not. ``stored``: the object's bytes where
    it was compressed on its way.
    """

    size: int
    etag: str
    verified: str
    skipped: str = ""
    stored: int | None = None
    compared: bool = True


ItemT = TypeVar("ItemT", bound=Item)
Proof = TypeVar("Proof")
Unit = TypeVar("Unit")


@dataclass(slots=True)
class InParts(Generic[ItemT, Proof]):
    """A large item under way. ``arrived``: part number to what proves it; ``error``: the first that a part met.

    ``before``: part number to the bytes of its beginning that are there already.
    """

    item: ItemT
    stretches: tuple[Stretch, ...] | Layout
    arrived: dict[int, Proof]
    error: JsobjError | None = None
    before: dict[int, int] = field(default_factory=dict)

    @property
    def missing(self) -> Iterator[Stretch]:
        """The parts that have not arrived, computed lazily; none after an error."""
        for stretch in self.stretches:
            if self.error is not None:
                return
            if stretch.number not in self.arrived:
                yield stretch


State = TypeVar("State", bound=InParts[Any, Any])


@dataclass(kw_only=True)
class PartsWork(ABC, Generic[Unit, State]):
    """The decider of a transfer; see :class:`jsobj.transfer.engine.work.Work`.

    ``place``: from a key to the object's whole address, under which fingerprints are kept.
    """

    TELLS: ClassVar[bool] = False  # by what the items were proven, in the summary
    PART: ClassVar[type[Any]]  # the unit that moves a part
    WHOLE: ClassVar[type[Any]]  # the unit that moves a small item

    options: Options
    journal: Journal
    fingerprints: Fingerprints
    place: Callable[[str], str]
    tally: Tally
    emit: Listener
    failures: list[JsobjError] = field(default_factory=list)
    _units: UnitSource[Unit] = field(init=False)
    _parts: PartsAtOnce = field(init=False)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _in_parts: dict[str, State] = field(default_factory=dict)  # by target
    _failed_sources: list[str] = field(default_factory=list)
    _left_to_last: int = 0

    def __post_init__(self) -> None:
        options = self.options
        self._parts = PartsAtOnce(max(options.parallel, options.most), options.part_size, options.limit_rate)
        self._units = UnitSource(self._starters(), lambda: self._parts.allowed)

    def take(self) -> Unit | None:
        """The next unit."""
        unit = self._units.take()
        if isinstance(unit, self.PART):
            self._parts.began(unit)
        return unit

    def take_now(self) -> Unit | None:
        """The next unit where there is one without waiting for others to end."""
        unit = self._units.take_now()
        if isinstance(unit, self.PART):
            self._parts.began(unit)
        return unit

    def allow_parts(self, most: int) -> None:
        """From now on so many large parts may be under way at once, if they are quick; also said during a run.

        What is under way goes on, and what was learnt of how quick they are stays.
        """
        self._parts.bound(most)

    def stop(self) -> None:
        """Hand out nothing more."""
        self._units.stop()

    def done(self, unit: Unit, outcome: UnitOutcome) -> None:
        """A unit ended."""
        part = isinstance(unit, self.PART)
        with self._lock:
            try:
                if part:
                    self._parts.ended(unit, well=outcome.error is None)
                self._ended(unit, outcome)
            finally:
                self._units.settled(large=part)

    # -- what each direction knows

    @abstractmethod
    def decisions(self) -> Iterator[Unit | Skipped | LeftOut | Failed]:
        """What is to be done with each item, with the reason; nothing is done yet (``--dry-run`` shows just this)."""

    @abstractmethod
    def _ended(self, unit: Unit, outcome: UnitOutcome) -> None:
        """Record how a unit ended. Called with the lock held."""

    @abstractmethod
    def _part(self, state: State, stretch: Stretch) -> Unit:
        """The unit that moves one part."""

    @abstractmethod
    def _finish(self, state: State) -> Unit:
        """The unit that follows when all parts have arrived."""

    @abstractmethod
    def _part_arrived(self, state: State, number: int, proof: Any) -> None:
        """Record a part, in ``state.arrived`` and in the journal."""

    @abstractmethod
    def _parts_failed(self, state: State, error: JsobjError) -> None:
        """The first part of an item failed."""

    # -- what is the same in both

    def _starters(self) -> Iterator[Unit | Barrier]:
        """What begins each item; Zarr's metadata last, inner before outer, with a barrier before each step outwards."""
        held: list[Any] = []  # as many as there are such files
        for unit in self._planned():
            if is_metadata(unit.item.target):
                held.append(unit)
            else:
                yield self._intended(unit)
        self.tally.planned = True
        for _, units in groupby(sorted(held, key=_step), key=_step):
            yield BARRIER
            for unit in units:
                if failed := failed_below(unit.item.source, self._failed_sources):
                    self._withheld(unit.item, failed)
                else:
                    yield self._intended(unit)

    def _of_share(self, decided: Any) -> Any:
        """What is decided of an item, once it is counted; a share leaves metadata of a Zarr to a last command.

        Other shares may lack chunks of that Zarr still, and nobody here can know.
        """
        if isinstance(decided, Skipped):
            return decided
        item = decided.item
        if self.options.shard.of > 1 and is_metadata(item.target):
            self._left_to_last += 1
            return LeftOut(item.source, "metadata of a Zarr, for when all shares are done", "held")
        self.tally.found(item.size)
        return decided

    def _tell_last(self) -> None:
        """Warn of what a share has left to the last command."""
        if self._left_to_last:
            self.emit(left_to_the_last(self._left_to_last))

    def _intended(self, unit: Any) -> Any:
        """The unit that begins an item, which is about to be handed out."""
        return unit

    def _withheld(self, item: Item, failed: str) -> None:
        with self._lock:
            self.tally.found(-item.size, items=-1)
            self.tally.item_left_out("held")
            self._failed_sources.append(item.source)  # so that metadata of the groups around it are held back too
            reason = f"held back: {failed} failed, and without it this Zarr is not whole"
            self.emit(LeftOut(item.source, reason, "held"))

    def _planned(self) -> Iterator[Any]:
        for decision in self.decisions():
            if isinstance(decision, Skipped):
                self.tally.item_skipped(compared=decision.compared)
                self.emit(decision)
            elif isinstance(decision, LeftOut):
                self.tally.item_left_out(decision.kind)
                self.emit(decision)
            elif isinstance(decision, Failed):
                with self._lock:
                    self._failed(decision.item, decision.error)
            else:
                yield decision

    def _begun(self, state: State, size: int) -> None:
        """An item is under way: report it, and hand out the parts that have not arrived."""
        self._in_parts[state.item.target] = state
        already = sum(stretch.size for stretch in state.stretches if stretch.number in state.arrived)
        already += sum(state.before.values())
        self.tally.found(-already, items=0)
        self.emit(ItemStarted(state.item.source, size, already))
        self._go_on(state)

    def _go_on(self, state: State) -> None:
        """Hand out the parts of an item that have not arrived, or else its end."""
        if len(state.arrived) == len(state.stretches):
            self._follow([self._finish(state)])
        else:
            self._units.add((self._part(state, stretch) for stretch in state.missing), large=True)

    def _part_ended(self, target: str, number: int, outcome: UnitOutcome) -> None:
        state = self._in_parts[target]
        if outcome.error is not None:
            if state.error is None:
                state.error = outcome.error
                self._parts_failed(state, outcome.error)
            return
        self._part_arrived(state, number, outcome.value)
        if state.error is None and len(state.arrived) == len(state.stretches):
            self._follow([self._finish(state)])

    def _follow(self, units: Iterable[Unit]) -> None:
        self._units.add(iter(units))

    def _item_ended(self, item: Item, arrived: Arrived) -> None:
        """Count and report an item that is at its target."""
        if arrived.skipped:
            self.tally.item_skipped(compared=arrived.compared)
            self.tally.found(-item.size, items=-1)
            self.emit(Skipped(item.source, arrived.skipped, compared=arrived.compared))
            return
        size = arrived.size if arrived.stored is None else arrived.stored
        if size != item.size:
            self.tally.found(size - item.size, items=0)
        by = arrived.verified
        self.tally.item_done(size, verified=by not in {"", SENT}, by=by if self.TELLS else "")
        self.emit(self._done(item, arrived))

    def _done(self, item: Item, arrived: Arrived) -> Done:
        """The event for an item that is at its target."""
        return Done(item.source, item.target, arrived.size, arrived.verified, arrived.etag)

    def _failed(self, source: str, error: JsobjError) -> None:
        """Count and report a failure; raises it where it would meet every other item too."""
        self.tally.item_failed()
        self.failures.append(error)
        self._failed_sources.append(source)
        self.journal.failed(source, error)
        self.emit(Failed(source, error))
        if ends_run(error):
            raise error


def _step(unit: Any) -> tuple[int, bool]:
    return step(unit.item.target)
