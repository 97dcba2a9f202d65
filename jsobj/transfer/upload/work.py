"""The decider of an upload: which files are sent, in how many parts, and what is resumed.

The plan is a stream: files as the walk finds them, merged with the listing of the bucket, both in the order of their
keys, so that millions of either are never in memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from jsobj.errors import ExitCode, JsobjError, SourceChanged, SourceVanished, UploadNotFound
from jsobj.store.values import PLAIN, Listed, Part
from jsobj.transfer.engine.parts_work import Arrived, InParts, PartsWork
from jsobj.transfer.engine.work import UnitOutcome
from jsobj.transfer.events import Failed, LeftOut, Noted, Skipped
from jsobj.transfer.filters import nothing_matches
from jsobj.transfer.local.scan import LocalFile, Passed, links_left
from jsobj.transfer.part_layout import Stretch
from jsobj.transfer.upload.once_anew import aborted_twice
from jsobj.transfer.upload.worker import (
    SAME_CONTENT,
    AbandonParts,
    BeginParts,
    FinishParts,
    LookAtKept,
    Sending,
    SendPart,
    SendWhole,
    UploadBegun,
    UploadUnit,
)
from jsobj.transfer.zarr.leftovers import leftovers_warning
from jsobj.transfer.zarr.names import MARKERS

_REFUSALS = {ExitCode.NOT_FOUND, ExitCode.AUTH, ExitCode.REFUSED}

Planned = SendWhole | BeginParts | Skipped | LeftOut | Failed


@dataclass(frozen=True, slots=True)
class LeftoverObject:
    """An object without a file that readers will take as part of the Zarr that is sent."""

    url: str


Planning = Sending | Passed | LeftoverObject


def merged(
    files: Iterable[LocalFile | Passed],
    there: Iterator[Listed],
    prefix: str,
    is_leftover: Callable[[str], bool] = lambda key: False,
    url: Callable[[str], str] = str,
) -> Iterator[Planning]:
    """Each file with what the listing shows for its key; both are in the order of the keys' bytes."""
    ahead, of_zarr, key = next(there, None), False, ""
    for file in files:
        if isinstance(file, Passed):
            yield file
            continue
        wanted = (prefix + file.relative).encode()
        while ahead is not None and ahead.key.encode("utf-8", "surrogateescape") < wanted:
            if ahead.key != key and is_leftover(ahead.key):  # the object of the file before is not left over
                yield LeftoverObject(url(ahead.key))
            ahead = next(there, None)
        key = prefix + file.relative
        yield Sending(file, key, ahead if ahead is not None and ahead.key == key else None)
        of_zarr = of_zarr or key.endswith(MARKERS)
    while of_zarr and ahead is not None:  # otherwise the rest of the listing is not needed
        if ahead.key != key and is_leftover(ahead.key):
            yield LeftoverObject(url(ahead.key))
        ahead = next(there, None)


@dataclass(slots=True)
class UploadInParts(InParts[Sending, Part]):
    """A file whose parts are under way; ``arrived`` has the server's answer for each.

    ``anew``: its upload was lost once, and this is another one.
    """

    begun: UploadBegun = field(kw_only=True)
    anew: bool = field(default=False, kw_only=True)


@dataclass(kw_only=True)
class UploadWork(PartsWork[UploadUnit, UploadInParts]):
    """The decider of an upload. ``several``: more than one source, so two of their files may have the same key.

    ``includes``: the patterns of which one must match something, as messages name them, and ``origin`` where.
    """

    PART = SendPart
    WHOLE = SendWhole

    plan: Iterator[Planning]
    includes: str = ""
    origin: str = ""
    several: bool = False
    _keys: set[str] = field(default_factory=set)
    _looked_at_kept: bool = False

    # -- planning

    def _intended(self, unit: UploadUnit) -> UploadUnit:
        """Put the intention to begin an upload into the journal before it is begun."""
        if isinstance(unit, BeginParts):
            self.journal.intend_upload(unit.item.key, unit.item.file)
        return unit

    def decisions(self) -> Iterator[Planned]:
        """What is to be done with each file, with its reason; nothing is done yet (``--dry-run`` shows just this).

        Raises :class:`JsobjError` (not found) at the end where patterns have left out all there is.
        """
        leftovers, first, kinds = 0, "", Counter[str]()
        for found in self.plan:
            if isinstance(found, LeftoverObject):
                leftovers, first = leftovers + 1, first or found.url
                continue
            kinds[found.kind if isinstance(found, Passed) and found.error is None else "taken"] += 1
            if isinstance(found, Passed):
                yield _passed(found)
            elif self.several and found.key in self._keys:
                yield Failed(found.file.path, _same_key(found))
            else:
                if self.several:
                    self._keys.add(found.key)
                if self.options.shard.holds(found.key):
                    self.tally.seen(found.file.size)
                    yield self._of_share(self._decided(found))
        if kinds["link"]:
            self.emit(Noted(links_left(kinds["link"]), warning=True))
        self._tell_last()
        if self.includes and kinds["filter"] and not kinds["taken"]:
            raise nothing_matches(self.origin, self.includes)
        if leftovers:
            self.emit(leftovers_warning(leftovers, "object", "file", first))

    def _decided(self, item: Sending) -> Planned:
        file, remote = item.file, item.remote
        if remote is not None:
            if not self.options.overwrite:
                return Skipped(file.path, "exists already", compared=False)
            reason = self._unchanged(item, remote)
            if reason and self.options.kept != PLAIN:
                item = replace(item, unchanged=reason)
            elif reason:
                return Skipped(file.path, reason, compared=self.options.check != "size")
        if file.size <= self.options.part_size or self.options.compress:
            return SendWhole(item)
        record = self.journal.upload(item.key, file)
        if record is None:
            return BeginParts(item)
        return BeginParts(item, record.upload_id, record.part_size, looking=not record.upload_id)

    def _unchanged(self, item: Sending, remote: Listed) -> str:
        """Why nothing has to be read to know that the object is what the file is; "" where that is not known."""
        file = item.file
        if remote.size == file.size and self.options.check == "size":
            return "same size"
        if not remote.etag or (remote.size != file.size and not self.options.compress):
            return ""
        known = self.fingerprints.known(file, self.place(item.key)) == remote.etag
        return "unchanged since it was sent" if known else ""

    # -- what became of a unit

    def _ended(self, unit: UploadUnit, outcome: UnitOutcome) -> None:
        match unit:
            case SendPart():
                self._part_sent(unit, outcome)
            case AbandonParts():
                self.journal.upload_ended(unit.item.key, left=outcome.error is not None)
                self._failed(unit.item.source, unit.error)
            case LookAtKept():
                if outcome.value:
                    self.emit(Noted(outcome.value, warning=True))
            case _ if outcome.error is not None:
                self._not_sent(unit, outcome.error)
            case SendWhole():
                self._sent(unit.item, outcome.value)
            case BeginParts() if isinstance(outcome.value, UploadBegun):
                self._upload_begun(unit, outcome.value)
            case BeginParts():  # nothing had to be sent: an upload that was begun earlier is not needed any more
                unneeded = bool(unit.upload_id) and outcome.value.skipped in {SAME_CONTENT, unit.item.unchanged}
                self.journal.upload_ended(unit.item.key, left=unneeded)
                self._sent(unit.item, outcome.value)
            case FinishParts():
                self._in_parts.pop(unit.item.key, None)
                self.journal.upload_ended(unit.item.key)
                self._sent(unit.item, outcome.value)

    def _not_sent(self, unit: SendWhole | BeginParts | FinishParts, error: JsobjError) -> None:
        if isinstance(unit, FinishParts) and isinstance(error, UploadNotFound):
            self._parts_failed(self._in_parts[unit.item.key], error)
            return
        fresh = isinstance(unit, BeginParts) and not unit.upload_id and not unit.looking
        if fresh and error.code in _REFUSALS:
            self.journal.upload_ended(unit.item.key)  # the server's answer: nothing was begun
        self._failed(unit.item.source, error)

    def _part_sent(self, unit: SendPart, outcome: UnitOutcome) -> None:
        state = self._in_parts.get(unit.item.key)
        if state is not None and state.anew == unit.anew:
            self._part_ended(unit.item.key, unit.stretch.number, outcome)
        elif outcome.error is None:  # it went into an upload that is given up
            self.tally.moved(-unit.stretch.size)

    def _upload_begun(self, unit: BeginParts, begun: UploadBegun) -> None:
        item = unit.item
        self.journal.upload_begun(item.key, item.file, begun.upload.id, begun.layout.part_size)
        if begun.notice:
            self.emit(Noted(begun.notice))
        arrived = {part.number: part for part in begun.parts}
        self._begun(UploadInParts(item, begun.layout, arrived, begun=begun, anew=unit.anew), item.size)

    def _part(self, state: UploadInParts, stretch: Stretch) -> SendPart:
        return SendPart(state.item, state.begun.upload, stretch, state.anew)

    def _part_arrived(self, state: UploadInParts, number: int, proof: Part) -> None:
        state.arrived[number] = proof
        self.journal.upload_part(state.item.key, proof)

    def _finish(self, state: UploadInParts) -> FinishParts:
        parts = tuple(state.arrived[number] for number in sorted(state.arrived))
        return FinishParts(state.item, state.begun.upload, state.begun.layout, parts)

    def _parts_failed(self, state: UploadInParts, error: JsobjError) -> None:
        if isinstance(error, (SourceChanged, SourceVanished)):
            # The parts on the server are of no use: abort the upload. An older object of that key stays.
            self._follow([AbandonParts(state.item, state.begun.upload, error)])
        elif not isinstance(error, UploadNotFound):
            self._failed(state.item.source, error)
        elif state.anew:
            self.journal.upload_ended(state.item.key, left=True)  # over Swift some of its segments may be there
            self._failed(state.item.source, aborted_twice(state.item.source, error))
        else:
            self._start_anew(state)

    def _start_anew(self, state: UploadInParts) -> None:
        """Somebody aborted the upload, or finished it: look at what is there, and begin another one if need be."""
        item, begun = state.item, state.begun
        del self._in_parts[item.key]
        resumed = {part.number for part in begun.parts}
        sizes = {number: part.size for number, part in state.arrived.items()}
        self.tally.found(sum(sizes[number] for number in resumed), items=0)
        self.tally.moved(-sum(size for number, size in sizes.items() if number not in resumed))
        self.tally.retried()
        self.journal.upload_ended(item.key)
        self.journal.intend_upload(item.key, item.file)
        self._follow([BeginParts(item, begun.upload.id, begun.layout.part_size, anew=True)])

    def _sent(self, item: Sending, arrived: Arrived) -> None:
        if self.options.kept != PLAIN and not arrived.skipped and not self._looked_at_kept:
            self._looked_at_kept = True
            self._follow([LookAtKept(item.key)])
        self.fingerprints.remember(item.file, self.place(item.key), arrived.etag)
        self._item_ended(item, arrived)


def _passed(found: Passed) -> LeftOut | Failed:
    if found.error is not None:
        return Failed(found.path, found.error)
    return LeftOut(found.path, found.reason, found.kind)


def _same_key(item: Sending) -> JsobjError:
    """The error for a second file of a key: only the first becomes the object."""
    return JsobjError(
        "sources-meet",
        f"{item.file.path}: another source becomes '{item.key}' too",
        code=ExitCode.USAGE,
        hint="send them one by one, under different names",
    )
