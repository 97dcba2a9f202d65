"""The decider of a copy: which objects are copied, in how many parts, and what is resumed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from jsobj.errors import BytesDiffer, ExitCode, JsobjError, ObjectChanged, UploadNotFound
from jsobj.store.values import ObjectInfo, Part, StorePlace
from jsobj.transfer.copy.crossing import Begun, Crossed
from jsobj.transfer.copy.items import CopyItem, is_version, state_of
from jsobj.transfer.copy.proofs import LARGEST
from jsobj.transfer.copy.worker import (
    AbandonCopy,
    BeginCopy,
    CopyPart,
    CopyUnit,
    CopyWhole,
    FinishCopy,
    SettleCopy,
    Undivided,
)
from jsobj.transfer.engine.parts_work import Arrived, InParts, PartsWork
from jsobj.transfer.engine.work import UnitOutcome
from jsobj.transfer.events import Done, Failed, LeftOut, Noted, Skipped
from jsobj.transfer.local.scan import LocalFile
from jsobj.transfer.part_layout import Stretch
from jsobj.transfer.upload.once_anew import aborted_twice

_HELD = 96 * 1024**2  # bytes of parts that are in memory at once
_REFUSALS = {ExitCode.NOT_FOUND, ExitCode.AUTH, ExitCode.REFUSED}
# After which what was sent is of no use to any later run.
_VAIN = (ObjectChanged, BytesDiffer)

Planned = CopyWhole | BeginCopy | Skipped | LeftOut | Failed


@dataclass(frozen=True, slots=True)
class Way:
    """Where a source is, and whether its objects are copied on the server."""

    place: StorePlace
    same_server: bool


@dataclass(slots=True)
class CopyInParts(InParts[CopyItem, Crossed]):
    """An object whose parts are under way. ``anew``: it is begun for the second time; ``seen``: what came before.

    ``stored``: by their numbers, the parts that are there and need only be read.
    """

    begun: Begun = field(kw_only=True)
    anew: bool = field(default=False, kw_only=True)
    seen: tuple[str, ...] = field(default=(), kw_only=True)
    stored: dict[int, Part] = field(init=False)

    def __post_init__(self) -> None:
        self.stored = {part.number: part for part in self.begun.stored}


@dataclass(kw_only=True)
class CopyWork(PartsWork[CopyUnit, CopyInParts]):
    """The decider of a copy. ``ways``: of each source, by the items' numbers; ``on_done`` is told of each copy.

    ``shown``: the URL of a new key.
    """

    TELLS = True
    PART = CopyPart
    WHOLE = CopyWhole

    plan: Iterator[CopyItem | Failed | Skipped]
    ways: Sequence[Way]
    shown: Callable[[str], str]
    on_done: Callable[[CopyItem, str], object] = lambda item, etag: None

    _largest: int = field(default=0, init=False)  # bytes of a part

    def __post_init__(self) -> None:
        super().__post_init__()
        self._fit(min(self.options.part_size, LARGEST))

    def _fit(self, part_size: int) -> None:
        """As many parts as there is memory for: each is held from its first byte until it is stored.

        They are larger than was asked for where the source has such, or the target takes no more of them. Of workers
        elsewhere each has its own memory, and few of them.
        """
        if part_size > self._largest and not self.options.dask:
            self._largest = part_size
            most = max(self.options.parallel, self.options.most)
            self.allow_parts(max(1, min(most, _HELD // part_size)))

    # -- planning

    def _intended(self, unit: CopyUnit) -> CopyUnit:
        """Put the intention to begin an upload into the journal before it is begun."""
        if isinstance(unit, BeginCopy):
            self.journal.intend_upload(unit.item.key, self._state(unit.item))
        return unit

    def decisions(self) -> Iterator[Planned]:
        """What is to be done with each object; nothing is done yet."""
        for found in self.plan:
            if isinstance(found, Failed | Skipped):
                yield found
            else:
                self.tally.seen(found.size)
                yield self._of_share(self._decided(found))
        self._tell_last()

    def _decided(self, item: CopyItem) -> Planned:
        way = self.ways[item.number]
        # Without a journal nothing would go on with the parts: one worker sends them all, and takes them back.
        if way.same_server or item.size <= min(self.options.part_size, LARGEST) or self.journal.path is None:
            return CopyWhole(item)
        state = self._state(item)
        record = self.journal.upload(item.key, state) if item.remote.etag or item.remote.modified else None
        if record is None:
            return BeginCopy(item)
        sent = tuple(self.journal.upload_parts(item.key).items())
        return BeginCopy(item, record.upload_id, record.part_size, sent, looking=not record.upload_id)

    def _state(self, item: CopyItem) -> LocalFile:
        return state_of(self.ways[item.number].place, item.remote)

    # -- what became of a unit

    def _ended(self, unit: CopyUnit, outcome: UnitOutcome) -> None:
        match unit:
            case CopyPart():
                self._part_copied(unit, outcome)
            case AbandonCopy():
                self._abandoned(unit)
            case FinishCopy() if isinstance(outcome.error, BytesDiffer | UploadNotFound):
                self._parts_failed(self._in_parts[unit.item.key], outcome.error)
            case _ if outcome.error is not None:
                self._not_copied(unit, outcome.error)
            case CopyWhole() | SettleCopy():
                self._item_ended(unit.item, outcome.value)
            case BeginCopy():
                self._begin_ended(unit, outcome.value)
            case FinishCopy():
                self._in_parts.pop(unit.item.key, None)
                self.journal.upload_ended(unit.item.key)
                self._follow([SettleCopy(unit.item, unit.begun.info, *outcome.value)])

    def _not_copied(self, unit: CopyUnit, error: JsobjError) -> None:
        if isinstance(unit, BeginCopy) and not unit.upload_id and error.code in _REFUSALS:
            self.journal.upload_ended(unit.item.key)  # the server's answer: nothing was begun
        self._failed(unit.item.source, error)

    def _begin_ended(self, unit: BeginCopy, answer: Begun | Arrived | Undivided) -> None:
        if isinstance(answer, Begun):
            self._copy_begun(unit, answer)
            return
        self.journal.upload_ended(unit.item.key, left=bool(unit.upload_id))
        if isinstance(answer, Undivided):
            self._follow([CopyWhole(unit.item)])
        else:
            self._item_ended(unit.item, answer)

    def _copy_begun(self, unit: BeginCopy, begun: Begun) -> None:
        item = self._as_begun(unit.item, begun.info)
        self._fit(begun.how.layout.part_size)
        self.journal.upload_begun(item.key, self._state(item), begun.upload.id, begun.how.layout.part_size)
        if begun.notice:
            self.emit(Noted(begun.notice))
        arrived = {each.part.number: each for each in begun.crossed}
        if begun.stored:
            self.emit(Noted(f"{item.source}: parts that are there, read for the digest only: {len(begun.stored)}"))
        self._begun(
            CopyInParts(item, begun.how.layout, arrived, begun=begun, anew=unit.anew, seen=unit.seen), item.size
        )

    def _as_begun(self, item: CopyItem, info: ObjectInfo) -> CopyItem:
        """The item in the version that is copied: neither its parts nor its copy are those of the one listed."""
        if is_version(info, item.remote):
            return item
        self.tally.found(info.size - item.size, items=0)
        remote = replace(item.remote, size=info.size, etag=info.etag, modified=info.modified)
        return replace(item, remote=remote)

    def _part_copied(self, unit: CopyPart, outcome: UnitOutcome) -> None:
        state = self._in_parts.get(unit.item.key)
        if state is not None and state.begun.upload == unit.upload:
            self._part_ended(unit.item.key, unit.stretch.number, outcome)
        elif outcome.error is None:  # it went into an upload that is given up
            self.tally.moved(-unit.stretch.size)

    def _part(self, state: CopyInParts, stretch: Stretch) -> CopyPart:
        begun = state.begun
        stored = state.stored.get(stretch.number)
        how = begun.how
        return CopyPart(state.item, begun.info, begun.upload, stretch, how.by, how.md5_of(stretch.number), stored)

    def _part_arrived(self, state: CopyInParts, number: int, proof: Crossed) -> None:
        state.arrived[number] = proof
        self.journal.upload_part(state.item.key, _with_md5(proof))

    def _finish(self, state: CopyInParts) -> FinishCopy:
        crossed = tuple(state.arrived[number] for number in sorted(state.arrived))
        return FinishCopy(state.item, state.begun, crossed, state.seen)

    def _parts_failed(self, state: CopyInParts, error: JsobjError) -> None:
        if state.error is not None and state.error is not error:
            return
        state.error = error
        item, upload = state.item, state.begun.upload
        if isinstance(error, BytesDiffer | UploadNotFound) and not state.anew:
            self._in_parts.pop(item.key)
            self.tally.moved(-sum(each.part.size for each in state.arrived.values()))
            self.tally.retried()
            seen = tuple(state.arrived[number].md5 for number in sorted(state.arrived))
            self._follow([AbandonCopy(item, upload, error, again=True, seen=seen)])
        elif isinstance(error, UploadNotFound):
            self.journal.upload_ended(item.key, left=True)  # over Swift some of its segments may be there
            self._failed(item.source, aborted_twice(item.source, error))
        elif isinstance(error, _VAIN) or error.code is ExitCode.NOT_FOUND:
            self._follow([AbandonCopy(item, upload, error)])
        else:
            self._failed(item.source, error)

    def _abandoned(self, unit: AbandonCopy) -> None:
        """The item is begun once more, or has failed. The upload is aborted again when the run ends.

        Parts that were on their way may have come since, and stay where parts are objects.
        """
        self.journal.upload_ended(unit.item.key, left=True)
        if unit.again:
            self.journal.intend_upload(unit.item.key, self._state(unit.item))
            self._follow([BeginCopy(unit.item, anew=True, seen=unit.seen)])
        else:
            self._failed(unit.item.source, unit.error)

    def _item_ended(self, item: Any, arrived: Arrived) -> None:
        """Tell of a copy by the URL of its new place."""
        super()._item_ended(item, arrived)
        if not arrived.skipped:
            self.on_done(item, arrived.etag)

    def _done(self, item: Any, arrived: Arrived) -> Done:
        return replace(super()._done(item, arrived), destination=self.shown(item.key))


def _with_md5(proof: Crossed) -> Part:
    """The part with the MD5 of what was read, which a server that has other ETags does not tell."""
    return replace(proof.part, etag=proof.md5)
