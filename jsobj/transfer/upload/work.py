"""Deciding an upload: which files are sent, in how many parts, what is resumed, and when a run must end.

The plan is a stream: files as the walk finds them, merged with the listing of what is there, both in the order of their
keys, so that millions of either never sit in memory.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from jsobj.errors import ExitCode, JsobjError
from jsobj.store.objects import Listed, Part, Upload
from jsobj.transfer.engine.executor import UnitSource
from jsobj.transfer.engine.work import Outcome
from jsobj.transfer.events import Done, Failed, ItemStarted, Listener, Noted, Skipped, Tally
from jsobj.transfer.fingerprints import Fingerprints
from jsobj.transfer.journal.journal import Journal
from jsobj.transfer.options import Options
from jsobj.transfer.outcomes import ends_run
from jsobj.transfer.part_layout import Layout
from jsobj.transfer.scan import LocalFile, Passed
from jsobj.transfer.upload.worker import (
    SAME_CONTENT,
    AbandonParts,
    BeginParts,
    Begun,
    FinishParts,
    Sending,
    SendPart,
    SendWhole,
    Sent,
)
from jsobj.transfer.upload.zarr_order import MARKERS, HeldBack, failed_below
from jsobj.transfer.zarr_leftovers import told

Planned = SendWhole | BeginParts | Skipped | Failed


@dataclass(frozen=True, slots=True)
class Leftover:
    """An object without a file that readers will take for part of the Zarr that is sent."""

    url: str


Planning = Sending | Passed | Leftover


def merged(
    files: Iterable[LocalFile | Passed],
    there: Iterator[Listed],
    prefix: str,
    is_leftover: Callable[[str], bool] = lambda key: False,
    url: Callable[[str], str] = str,
) -> Iterator[Planning]:
    """Each file with what the listing shows under its key; both come in the order of the keys' bytes."""
    ahead, of_zarr, key = next(there, None), False, ""
    for file in files:
        if isinstance(file, Passed):
            yield file
            continue
        wanted = (prefix + file.relative).encode()
        while ahead is not None and ahead.key.encode("utf-8", "surrogateescape") < wanted:
            if ahead.key != key and is_leftover(ahead.key):  # not that of the file before, which has met it
                yield Leftover(url(ahead.key))
            ahead = next(there, None)
        key = prefix + file.relative
        yield Sending(file, key, ahead if ahead is not None and ahead.key == key else None)
        of_zarr = of_zarr or key.endswith(MARKERS)
    while of_zarr and ahead is not None:  # else nobody needs the rest of the listing
        if ahead.key != key and is_leftover(ahead.key):
            yield Leftover(url(ahead.key))
        ahead = next(there, None)


@dataclass(slots=True)
class _InParts:
    """A file whose parts are under way."""

    item: Sending
    upload: Upload
    layout: Layout
    parts: dict[int, Part]
    left: int
    error: JsobjError | None = None


@dataclass(slots=True)
class UploadWork:
    """The decider of an upload; see :class:`jsobj.transfer.engine.work.Work`."""

    plan: Iterator[Planning]
    options: Options
    journal: Journal
    fingerprints: Fingerprints
    place: Callable[[str], str]  # key -> the object's whole address
    tally: Tally
    emit: Listener
    several: bool = False  # several sources: two of their files may have the same key
    failures: list[JsobjError] = field(default_factory=list)
    _keys: set[str] = field(default_factory=set)
    _failed_paths: list[str] = field(default_factory=list)
    _units: UnitSource = field(init=False)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _open: dict[str, _InParts] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._units = UnitSource(self._starters())

    def take(self) -> Any | None:
        """The next unit."""
        return self._units.take()

    def stop(self) -> None:
        """Hand out nothing more."""
        self._units.stop()

    # -- planning

    def _starters(self) -> Iterator[SendWhole | BeginParts | object]:
        held = HeldBack()
        for planned in self.decisions():
            if isinstance(planned, Skipped):
                self.tally.item_skipped()
                self.emit(planned)
            elif isinstance(planned, Failed):
                with self._lock:
                    self._failed(planned.item, planned.error)
            elif not held.take(planned):
                yield self._started(planned)
        self.tally.planned = True
        for unit in held.released():
            if not isinstance(unit, SendWhole | BeginParts):
                yield unit
            elif failed := failed_below(unit, self._failed_paths):
                self._withheld(unit.item, failed)
            else:
                yield self._started(unit)

    def _started(self, unit: SendWhole | BeginParts) -> SendWhole | BeginParts:
        if isinstance(unit, BeginParts):
            self.journal.intend_upload(unit.item.key, unit.item.file)
        return unit

    def _withheld(self, item: Sending, failed: str) -> None:
        with self._lock:
            self.tally.found(-item.file.size, items=-1)
            self.tally.item_skipped()
            self._failed_paths.append(item.file.path)  # so that the groups around it wait for it too
            self.emit(Skipped(item.file.path, f"held back: {failed} failed, and without it this Zarr is not whole"))

    def decisions(self) -> Iterator[Planned]:
        """What is to be done with each file, with its reason; nothing is done yet (``--dry-run`` shows just this)."""
        leftovers, first = 0, ""
        for found in self.plan:
            if isinstance(found, Leftover):
                leftovers, first = leftovers + 1, first or found.url
            elif isinstance(found, Passed):
                yield Failed(found.path, found.error) if found.error is not None else Skipped(found.path, found.reason)
            elif self.several and found.key in self._keys:
                yield Failed(found.file.path, _meet(found))
            else:
                if self.several:
                    self._keys.add(found.key)
                decided = self._decided(found)
                if not isinstance(decided, Skipped):
                    self.tally.found(found.file.size)
                yield decided
        if leftovers:
            self.emit(told(leftovers, "object", "file", first))

    def _decided(self, item: Sending) -> Planned:
        file, remote = item.file, item.remote
        if remote is not None:
            if not self.options.overwrite:
                return Skipped(file.path, "exists already")
            if reason := self._unchanged(item, remote):
                return Skipped(file.path, reason)
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

    def done(self, unit: Any, outcome: Outcome) -> None:
        """A unit ended."""
        with self._lock:
            try:
                self._settle(unit, outcome)
            finally:
                self._units.settled()

    def _settle(self, unit: Any, outcome: Outcome) -> None:
        if isinstance(unit, SendPart):
            self._part_ended(unit, outcome)
        elif isinstance(unit, AbandonParts):
            self.journal.upload_ended(unit.item.key, left=outcome.error is not None)
            self._failed(unit.item.file.path, unit.error)
        elif outcome.error is not None:
            self._item_failed(unit.item, outcome.error)
        elif isinstance(outcome.value, Begun):
            self._begun(unit.item, outcome.value)
        else:
            self._sent(unit, outcome.value)

    def _begun(self, item: Sending, begun: Begun) -> None:
        parts = {part.number: part for part in begun.parts}
        self.journal.upload_begun(item.key, item.file, begun.upload.id, begun.layout.part_size)
        state = _InParts(item, begun.upload, begun.layout, parts, begun.layout.count - len(parts))
        self._open[item.key] = state
        already = sum(part.size for part in begun.parts)
        if begun.notice:
            self.emit(Noted(begun.notice))
        self.tally.found(-already, items=0)
        self.emit(ItemStarted(item.file.path, item.file.size, already))
        if state.left:
            self._units.add(self._parts_of(state))
        else:
            self._all_parts_there(state)

    def _parts_of(self, state: _InParts) -> Iterator[SendPart]:
        for stretch in state.layout:
            if state.error is not None:
                return
            if stretch.number not in state.parts:
                yield SendPart(state.item, state.upload, stretch)

    def _part_ended(self, unit: SendPart, outcome: Outcome) -> None:
        state = self._open[unit.item.key]
        if outcome.error is not None:
            first, state.error = state.error is None, state.error or outcome.error
            if first:
                self._gave_up(state, outcome.error)
            return
        part: Part = outcome.value
        state.parts[part.number] = part
        self.journal.upload_part(unit.item.key, part)
        state.left -= 1
        if state.left == 0 and state.error is None:
            self._all_parts_there(state)

    def _all_parts_there(self, state: _InParts) -> None:
        parts = tuple(state.parts[number] for number in sorted(state.parts))
        self._units.add(iter([FinishParts(state.item, state.upload, state.layout, parts)]))

    def _gave_up(self, state: _InParts, error: JsobjError) -> None:
        if error.reference in {"source-changed", "source-vanished"}:
            # What is there is of no use to anybody: take it back. The object that was there before stays.
            self._units.add(iter([AbandonParts(state.item, state.upload, error)]))
            return
        self._item_failed(state.item, error)

    def _sent(self, unit: SendWhole | BeginParts | FinishParts, sent: Sent) -> None:
        item = unit.item
        if isinstance(unit, FinishParts):
            self._open.pop(item.key, None)
        if not isinstance(unit, SendWhole):
            unneeded = isinstance(unit, BeginParts) and bool(unit.upload_id) and sent.skipped == SAME_CONTENT
            self.journal.upload_ended(item.key, left=unneeded)
        self.fingerprints.remember(item.file, self.place(item.key), sent.etag)
        if sent.skipped:
            self.tally.item_skipped()
            self.tally.found(-item.file.size, items=-1)
            self.emit(Skipped(item.file.path, sent.skipped))
            return
        size = item.file.size if sent.size is None else sent.size
        self.tally.found(size - item.file.size, items=0)
        self.tally.item_done(size, verified=True)
        self.emit(Done(item.file.path, item.key, item.file.size, sent.verified, sent.etag))

    def _item_failed(self, item: Sending, error: JsobjError) -> None:
        self._failed(item.file.path, error)

    def _failed(self, name: str, error: JsobjError) -> None:
        self.tally.item_failed()
        self.failures.append(error)
        self._failed_paths.append(name)
        self.journal.failed(name, error)
        self.emit(Failed(name, error))
        if ends_run(error):
            raise error


def _meet(item: Sending) -> JsobjError:
    """Two files cannot become one object: the first one does, and the others are told."""
    return JsobjError(
        "sources-meet",
        f"{item.file.path}: another source becomes '{item.key}' too",
        code=ExitCode.USAGE,
        hint="send them one by one, under different names",
    )
