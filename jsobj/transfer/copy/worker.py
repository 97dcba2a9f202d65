"""Copying objects: what a worker does with one unit of a copy."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from jsobj.errors import JsobjError
from jsobj.store.objects import Store
from jsobj.store.values import ObjectInfo, Part, Upload
from jsobj.transfer.copy.crossing import Begun, Crossed, finished_before
from jsobj.transfer.copy.items import CopyItem, is_version
from jsobj.transfer.copy.object_copier import ObjectCopier
from jsobj.transfer.copy.proofs import InOrder
from jsobj.transfer.engine.parts_work import Arrived
from jsobj.transfer.engine.rate_limit import Meter
from jsobj.transfer.engine.store_performer import StorePerformer
from jsobj.transfer.part_layout import Stretch

_HELD = 96 * 1024**2  # bytes of whole objects that are in memory at once
_LIGHT = 256 * 1024  # bytes; smaller ones are not counted


@dataclass(frozen=True, slots=True)
class CopyWhole:
    """Copy an object by one worker: on the server, or what fits into one request."""

    item: CopyItem


@dataclass(frozen=True, slots=True)
class BeginCopy:
    """Begin (or continue) a copy in parts. ``upload_id``, ``part_size`` and ``sent`` (number, MD5) are a journal's.

    ``looking``: an upload may have been begun whose id was lost. ``anew``: what came first was not the source; ``seen``
    are the MD5s of its parts.
    """

    item: CopyItem
    upload_id: str = ""
    part_size: int = 0
    sent: tuple[tuple[int, str], ...] = ()
    looking: bool = False
    anew: bool = False
    seen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CopyPart:
    """Copy one part, proven in the end ``by`` what :class:`Proving` says. ``md5``: its own, where the source tells it.

    ``stored``: it is there, and is read for the digest of the whole.
    """

    item: CopyItem
    info: ObjectInfo
    upload: Upload
    stretch: Stretch
    by: str
    md5: str = ""
    stored: Part | None = None


@dataclass(frozen=True, slots=True)
class FinishCopy:
    """Prove the parts, and make the object of them."""

    item: CopyItem
    begun: Begun
    crossed: tuple[Crossed, ...]
    seen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SettleCopy:
    """Look at the copy that was made; of a move, delete the source."""

    item: CopyItem
    info: ObjectInfo
    etag: str
    by: str


@dataclass(frozen=True, slots=True)
class AbandonCopy:
    """Give a copy up whose bytes are not the source's. ``again``: it is begun once more; ``seen``: what came so far."""

    item: CopyItem
    upload: Upload
    error: JsobjError
    again: bool = False
    seen: tuple[str, ...] = ()


CopyUnit: TypeAlias = CopyWhole | BeginCopy | CopyPart | FinishCopy | SettleCopy | AbandonCopy


class Undivided:
    """The answer to :class:`BeginCopy` where all bytes are to pass one worker in their order."""


class Carrier(StorePerformer[CopyUnit]):
    """Performs the units of a copy. Shared by threads. ``copiers``: one for each source, in their order."""

    def __init__(self, copiers: Sequence[ObjectCopier], moved: Meter) -> None:
        super().__init__(copiers[0].target, moved)
        self._copiers = copiers
        self._room = _Room(_HELD)
        self._orders: dict[str, InOrder] = {}

    @property
    def quickest(self) -> float:
        """Seconds that the quickest answer of the slower of the stores took to begin."""
        known = [each for store in self._stores() if (each := store.session.quickest) < float("inf")]
        return max(known, default=float("inf"))

    def _stores(self) -> Iterator[Store]:
        yield self._store
        yield from (copier.source for copier in self._copiers)

    def size(self, unit: CopyUnit) -> int:
        """The bytes that a unit moves through here.

        A part counts as no more than was asked for: a limit of the rate lets so many begin, and one that waits for its
        turn among them must never keep out the one that it waits for.
        """
        match unit:
            case CopyPart():
                return min(unit.stretch.size, self._copiers[unit.item.number].terms.part_size)
            case CopyWhole() if not self._copiers[unit.item.number].terms.same_server:
                return unit.item.size
        return 0

    def perform(self, unit: CopyUnit) -> Arrived | Begun | Crossed | Undivided | tuple[str, str] | None:
        """Perform one unit; raises :class:`JsobjError`."""
        copier = self._copiers[unit.item.number]
        match unit:
            case CopyPart():
                order = self._orders.get(unit.upload.id)
                return copier.crossing.part(
                    unit.info, unit.upload, unit.stretch, unit.by, unit.md5, order=order, stored=unit.stored
                )
            case CopyWhole():
                with self._room.taken(self.size(unit)):
                    arrived = copier.copied(unit.item)
                if copier.terms.same_server and not arrived.skipped:
                    self._moved.count(arrived.size)  # by the server
                return arrived
            case BeginCopy():
                return self._begin(unit, copier)
            case FinishCopy():
                order = self._orders.pop(unit.begun.upload.id, None)
                return copier.crossing.finish(unit.begun, unit.crossed, order.digests() if order else (), unit.seen)
            case SettleCopy():
                copier.crossing.settle(unit.info, unit.item.key, unit.by)
                return Arrived(unit.info.size, unit.etag, unit.by)
            case AbandonCopy():
                with copier.terms.at_target.errors():
                    self._store.abort(unit.upload)
                return None

    def _begin(self, unit: BeginCopy, copier: ObjectCopier) -> Begun | Arrived | Undivided:
        item, crossing = unit.item, copier.crossing
        info = copier.head(item)
        if settled := copier.settled(item, info):
            return settled
        how = crossing.how(info)
        if (how.in_order and crossing.any_order) or not copier.source.in_stretches(info):
            return Undivided()
        begun, notice = None, ""
        if unit.upload_id and not is_version(info, item.remote):
            notice = f"{item.source} has changed since it was listed; starting over"  # nothing sent is part of it
        elif unit.upload_id:
            begun = crossing.resume(info, how, Upload(item.key, unit.upload_id), unit.part_size, dict(unit.sent))
            if begun is None:
                if there := finished_before(self._store, info, item.key):
                    crossing.settle(info, item.key, "digest")
                    return Arrived(there.size, there.etag, "digest", "" if copier.terms.move else "was finished before")
                notice = f"{item.source}: its upload is gone from the target since the earlier run; starting over"
        elif unit.looking:
            begun = crossing.found_begun(info, how, item.key)
        if begun is None:
            begun = replace(crossing.begin(info, how, item.key), notice=notice)
        if how.in_order:
            self._orders[begun.upload.id] = InOrder(how.in_order, how.kind)
        return begun

    def cut(self, threads: Iterable[int]) -> None:
        """Abort what some threads have under way; nothing is retried."""
        threads = tuple(threads)
        for store in self._stores():
            store.cut(threads)

    def stop(self) -> None:
        """Abort everything that is under way, from another thread."""
        super().stop()
        for store in self._stores():
            store.stop()
        for order in tuple(self._orders.values()):
            order.fail()
        self._room.stop()


class _Room:
    """Memory for whole objects: so many bytes are held at once, and one more where it alone is larger."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._taken = 0
        self._stopped = False
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def taken(self, size: int) -> Iterator[None]:
        """Wait until there is room."""
        if size < _LIGHT:
            yield
            return
        with self._changed:
            while self._taken and self._taken + size > self._size and not self._stopped:
                self._changed.wait()
            self._taken += size
        try:
            yield
        finally:
            with self._changed:
                self._taken -= size
                self._changed.notify_all()

    def stop(self) -> None:
        """Nobody waits any more."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
