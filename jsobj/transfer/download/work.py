"""Deciding a download: which objects are fetched, to which paths, in which parts, what is resumed.

A key is one path strictly below the target, or it is refused and named, and the others go on; nothing is renamed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from jsobj.errors import ExitCode, JsobjError
from jsobj.store.objects import Listed
from jsobj.transfer.download.target_folder import TargetFolder
from jsobj.transfer.download.worker import (
    AbandonFetch,
    BeginFetch,
    FetchBegun,
    Fetched,
    Fetching,
    FetchPart,
    FetchWhole,
    FinishFetch,
)
from jsobj.transfer.engine.executor import UnitSource
from jsobj.transfer.engine.work import Outcome
from jsobj.transfer.events import Done, Failed, ItemStarted, Listener, Noted, Skipped, Tally
from jsobj.transfer.filters import Filters
from jsobj.transfer.fingerprints import Fingerprints
from jsobj.transfer.journal.journal import Journal
from jsobj.transfer.key_path import Clashes, Refusal, path_for
from jsobj.transfer.options import Options
from jsobj.transfer.outcomes import ends_run
from jsobj.transfer.upload.zarr_order import MARKERS

PASSES = 5  # over the parts of an object that does not have its digest

Planned = FetchWhole | BeginFetch | Skipped | Failed


@dataclass(slots=True)
class _InParts:
    """An object whose parts are under way."""

    item: Fetching
    begun: FetchBegun
    md5s: dict[int, str]
    left: int
    error: JsobjError | None = None
    passes: int = 1  # through all parts, or those in doubt
    _seen: dict[int, list[str]] = field(init=False)

    def __post_init__(self) -> None:
        self._seen = {number: [md5] for number, md5 in self.md5s.items()}

    def arrived(self, number: int, md5: str) -> None:
        """A part lies in the file."""
        self.md5s[number] = md5
        self._seen.setdefault(number, []).append(md5)

    def doubtful(self, number: int) -> bool:
        """Whether a part has come only once as it is now."""
        return self._seen[number].count(self.md5s[number]) < 2


@dataclass(slots=True)
class DownloadWork:
    """The decider of a download; see :class:`jsobj.transfer.engine.work.Work`. ``prefix`` is cut off the keys."""

    listing: Iterable[Listed]
    prefix: str
    options: Options
    filters: Filters
    landing: TargetFolder
    journal: Journal
    fingerprints: Fingerprints
    place: Callable[[str], str]
    tally: Tally
    emit: Listener
    single: tuple[str, ...] = ()  # the path of the one object, where a file was named as the target
    zarrs: set[str] = field(default_factory=set)  # folders that are one, below the target's
    failures: list[JsobjError] = field(default_factory=list)
    _units: UnitSource = field(init=False)
    _clashes: Clashes = field(init=False)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _open: dict[str, _InParts] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._units = UnitSource(self._starters())
        self._clashes = Clashes(self.landing)

    def take(self) -> Any | None:
        """The next unit."""
        return self._units.take()

    def stop(self) -> None:
        """Hand out nothing more."""
        self._units.stop()

    # -- planning

    def _starters(self) -> Iterator[FetchWhole | BeginFetch]:
        for planned in self.decisions():
            if isinstance(planned, Skipped):
                self.tally.item_skipped()
                self.emit(planned)
            elif isinstance(planned, Failed):
                with self._lock:
                    self._failed(planned.item, planned.error)
            else:
                yield planned
        self.tally.planned = True

    def decisions(self) -> Iterator[Planned]:
        """What is to be done with each object, with its reason; nothing is done yet."""
        for remote in self.listing:
            relative = remote.key[len(self.prefix) :]
            if reason := self.filters.judge(relative):
                yield Skipped(remote.key, reason)
                continue
            path = self.single or path_for(relative, windows_safe=self.options.windows_safe, size=remote.size)
            if isinstance(path, Refusal):
                yield _refused(remote, path)
                continue
            if reason := self._clashes.judge(path):
                yield _refused(remote, Refusal(reason))
                continue
            if path[-1] in MARKERS:
                self.zarrs.add("/".join(path[:-1]))
            decided = self._decided(Fetching(remote, path))
            if not isinstance(decided, Skipped):
                self.tally.found(remote.size)
            yield decided

    def _decided(self, item: Fetching) -> Planned:
        remote = item.remote
        there = self.landing.look(item.path)
        if there is not None:
            if not self.options.overwrite:
                return Skipped(remote.key, "the file exists already")
            if self.options.check == "size" and there.size == remote.size:
                return Skipped(remote.key, "same size")
            if remote.etag and self.fingerprints.known(there, self.place(remote.key)) == remote.etag:
                return Skipped(remote.key, "unchanged since it was fetched")
        if remote.size <= self.options.part_size:
            return FetchWhole(item)
        record = self.journal.download(remote.key, item.name)
        if record is None:
            return BeginFetch(item)
        return BeginFetch(item, record.etag, record.temp, record.part_size, tuple(record.parts.items()))

    # -- what became of a unit

    def done(self, unit: Any, outcome: Outcome) -> None:
        """A unit ended."""
        with self._lock:
            try:
                self._settle(unit, outcome)
            finally:
                self._units.settled()

    def _settle(self, unit: Any, outcome: Outcome) -> None:
        if isinstance(unit, FetchPart):
            self._part_ended(unit, outcome)
        elif isinstance(unit, AbandonFetch):
            return  # its failure was told
        elif outcome.error is not None:
            if not (isinstance(unit, FinishFetch) and outcome.error.reference == "bytes-differ" and self._anew(unit)):
                self._item_failed(unit, outcome.error)
        elif isinstance(outcome.value, FetchBegun):
            self._begun(unit, outcome.value)
        else:
            self._fetched(unit, outcome.value)

    def _begun(self, unit: BeginFetch, begun: FetchBegun) -> None:
        item, md5s = unit.item, dict(begun.proven)
        if unit.temp and begun.temp != unit.temp:
            self.emit(Noted(f"{item.remote.key} has changed since the earlier try; starting over"))
        self.journal.download_begun(
            item.remote.key,
            item.name,
            etag=begun.info.etag,
            size=begun.info.size,
            part_size=begun.part_size,
            temp=begun.temp,
        )
        state = _InParts(item, begun, md5s, len(begun.stretches) - len(md5s))
        self._open[item.name] = state
        already = sum(part.size for part in begun.stretches if part.number in md5s)
        self.tally.found(-already, items=0)
        self.emit(ItemStarted(item.remote.key, begun.info.size, already))
        if state.left:
            self._units.add(self._parts_of(state))
        else:
            self._all_parts_there(state)

    def _parts_of(self, state: _InParts) -> Iterator[FetchPart]:
        begun = state.begun
        for stretch in begun.stretches:
            if state.error is not None:
                return
            if stretch.number not in state.md5s:
                md5 = begun.known[stretch.number - 1] if len(begun.known) > 1 else ""
                yield FetchPart(state.item, begun.info.etag, begun.temp, stretch, md5)

    def _part_ended(self, unit: FetchPart, outcome: Outcome) -> None:
        state = self._open[unit.item.name]
        if outcome.error is not None:
            if state.error is None:
                state.error = outcome.error
                if not _resumable(outcome.error):
                    self._units.add(iter([AbandonFetch(unit.item, unit.temp)]))
                self._item_failed(unit, outcome.error)
            return
        state.arrived(unit.stretch.number, outcome.value)
        self.journal.download_part(unit.item.remote.key, unit.item.name, unit.stretch.number, outcome.value)
        state.left -= 1
        if state.left == 0 and state.error is None:
            self._all_parts_there(state)

    def _all_parts_there(self, state: _InParts) -> None:
        md5s = tuple(state.md5s[number] for number in sorted(state.md5s))
        twice = not any(map(state.doubtful, state.md5s))
        self._units.add(iter([FinishFetch(state.item, state.begun.info, state.begun.temp, md5s, twice)]))

    def _fetched(self, unit: FetchWhole | BeginFetch | FinishFetch, fetched: Fetched) -> None:
        item = unit.item
        if not isinstance(unit, FetchWhole):
            self._open.pop(item.name, None)
            self.journal.download_ended(item.remote.key, item.name)
        there = self.landing.look(item.path)
        if there is not None and fetched.verified:
            self.fingerprints.remember(there, self.place(item.remote.key), fetched.etag)
        if fetched.skipped:
            self.tally.item_skipped()
            self.tally.found(-item.remote.size, items=-1)
            self.emit(Skipped(item.remote.key, fetched.skipped))
            return
        self.tally.item_done(fetched.size, verified=bool(fetched.verified))
        self.emit(Done(item.remote.key, item.name, fetched.size, fetched.verified, fetched.etag))

    def _anew(self, unit: FinishFetch) -> bool:
        """Fetch the parts of a damaged object once more, unless that leads nowhere.

        Which part is wrong, the digest of the whole does not tell. So all of them are fetched a second time, and then
        only those that have not yet come twice alike.
        """
        state = self._open[unit.item.name]
        doubtful = [part for part in state.begun.stretches if state.doubtful(part.number)]
        if not doubtful or state.passes == PASSES:
            self._open.pop(unit.item.name)
            self._units.add(iter([AbandonFetch(unit.item, unit.temp)]))
            return False
        state.passes += 1
        state.left = len(doubtful)
        for part in doubtful:
            del state.md5s[part.number]
        self.tally.moved(-sum(part.size for part in doubtful))
        self.tally.retried()
        self._units.add(self._parts_of(state))
        return True

    def _item_failed(self, unit: Any, error: JsobjError) -> None:
        if isinstance(unit, FinishFetch) or not _resumable(error):
            # The temporary file is of no more use: the next run begins anew.
            self.journal.download_ended(unit.item.remote.key, unit.item.name)
        self._failed(unit.item.remote.key, error)

    def _failed(self, name: str, error: JsobjError) -> None:
        self.tally.item_failed()
        self.failures.append(error)
        self.journal.failed(name, error)
        self.emit(Failed(name, error))
        if ends_run(error):
            raise error


def _resumable(error: JsobjError) -> bool:
    """Whether what has come so far can be of use to a later run: not where the object is another now, or gone."""
    return error.reference != "object-changed" and error.code is not ExitCode.NOT_FOUND


def _refused(remote: Listed, refusal: Refusal) -> Failed | Skipped:
    if refusal.harmless:
        return Skipped(remote.key, refusal.reason)
    return Failed(
        remote.key,
        JsobjError(
            "key-refused",
            f"{remote.key}: {refusal.reason}",
            code=ExitCode.LOCAL,
            hint="fetch it alone under a name of your choice: jsobj download URL FILE",
        ),
    )
