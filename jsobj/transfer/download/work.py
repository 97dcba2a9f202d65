"""The decider of a download: which objects are fetched, to which paths, in which parts, and what is resumed.

A key is one path strictly below the target, or it is refused and named, and the others go on; nothing is renamed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from jsobj.errors import BytesDiffer, ExitCode, JsobjError, ObjectChanged
from jsobj.store.refusals import member_refused
from jsobj.store.values import Listed
from jsobj.transfer.download.target_folder import TargetFolder
from jsobj.transfer.download.worker import (
    AbandonFetch,
    BeginFetch,
    DownloadBegun,
    DownloadUnit,
    Fetching,
    FetchPart,
    FetchWhole,
    FinishFetch,
    PartBroken,
)
from jsobj.transfer.engine.parts_work import Arrived, InParts, PartsWork
from jsobj.transfer.engine.work import UnitOutcome
from jsobj.transfer.events import Failed, LeftOut, Noted, Skipped
from jsobj.transfer.filters import Filters, nothing_matches
from jsobj.transfer.local.key_path import Clashes, PathRefusal, path_for
from jsobj.transfer.part_layout import Stretch
from jsobj.transfer.zarr.names import MARKERS

PASSES = 5  # over the parts of an object that does not have its digest

Planned = FetchWhole | BeginFetch | Skipped | LeftOut | Failed


@dataclass(slots=True)
class DownloadInParts(InParts[Fetching, str]):
    """An object whose parts are under way; ``arrived`` has the MD5 of each.

    ``passes``: how often its parts were fetched, all of them or those in doubt.
    """

    begun: DownloadBegun = field(kw_only=True)
    passes: int = 1
    _seen: dict[int, list[str]] = field(init=False)

    def __post_init__(self) -> None:
        self._seen = {number: [md5] for number, md5 in self.arrived.items()}

    def note(self, number: int, md5: str) -> None:
        """A part is in the file."""
        self.arrived[number] = md5
        self._seen.setdefault(number, []).append(md5)

    def doubtful(self) -> list[Stretch]:
        """The parts that have arrived only once as they are now."""
        return [part for part in self.stretches if self._seen[part.number].count(self.arrived[part.number]) < 2]


@dataclass(kw_only=True)
class DownloadWork(PartsWork[DownloadUnit, DownloadInParts]):
    """The decider of a download. ``prefix`` is cut off the keys; what ``listing`` has failed to give is a failure.

    ``single``: the path of the one object, where a file was named as the target; ``zarrs``: the folders below the
    target that are a Zarr, known once the plan is complete.
    """

    PART = FetchPart
    WHOLE = FetchWhole

    listing: Iterable[Listed | Failed]
    prefix: str
    filters: Filters
    target: TargetFolder
    single: tuple[str, ...] = ()
    zarrs: set[str] = field(default_factory=set)
    _clashes: Clashes = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._clashes = Clashes(self.target.folds)

    # -- planning

    def decisions(self) -> Iterator[Planned]:
        """What is to be done with each object, with the reason; nothing is done yet.

        Raises :class:`JsobjError` (not found) at the end where patterns have left out all there is.
        """
        left_out = taken = 0
        for remote in self.listing:
            if isinstance(remote, Failed):
                yield remote
                continue
            relative = remote.key[len(self.prefix) :]
            if reason := self.filters.judge(relative):
                left_out += 1
                yield LeftOut(remote.key, reason, "filter")
                continue
            taken += 1
            path = self.single or path_for(relative, windows_safe=self.options.windows_safe, size=remote.size)
            # Of all keys, also those of other shares: every one of them is to refuse the same.
            if not isinstance(path, PathRefusal) and (reason := self._clashes.judge(path)):
                path = PathRefusal(reason)
            if not self.options.shard.holds(remote.key):
                continue
            self.tally.seen(remote.size)
            if isinstance(path, PathRefusal):
                yield _refused(remote, path)
                continue
            if remote.fault:
                yield Failed(remote.key, member_refused(remote.key, remote.fault))
                continue
            if path[-1] in MARKERS:
                self.zarrs.add("/".join(path[:-1]))
            yield self._of_share(self._decided(remote, path))
        self._tell_last()
        if self.filters.include and left_out and not taken:
            raise nothing_matches(self.prefix.rstrip("/") or "the bucket", self.filters.included)

    def _decided(self, remote: Listed, path: tuple[str, ...]) -> Planned:
        there = self.target.look(path)
        item = Fetching(remote, path, there is not None)
        if there is not None:
            if not self.options.overwrite:
                return Skipped(remote.key, "the file exists already", compared=False)
            if self.options.check == "size" and there.size == remote.size:
                return Skipped(remote.key, "same size", compared=False)
            if remote.etag and self.fingerprints.known(there, self.place(remote.key)) == remote.etag:
                return Skipped(remote.key, "unchanged since it was fetched")
        if remote.size <= self.options.part_size or remote.in_order:
            return FetchWhole(item)
        record = self.journal.download(remote.key, item.target)
        if record is None:
            return BeginFetch(item)
        prefixes = tuple((number, *prefix) for number, prefix in record.prefixes.items())
        return BeginFetch(item, record.etag, record.temp, record.part_size, tuple(record.parts.items()), prefixes)

    # -- what became of a unit

    def _ended(self, unit: DownloadUnit, outcome: UnitOutcome) -> None:
        match unit:
            case FetchPart() if isinstance(outcome.value, PartBroken):
                self._part_broke(unit, outcome.value)
            case FetchPart():
                self._part_ended(unit.item.target, unit.stretch.number, outcome)
            case AbandonFetch():
                pass  # the failure was reported when it happened
            case FinishFetch() if isinstance(outcome.error, BytesDiffer):
                self._whole_differs(unit, outcome.error)
            case _ if outcome.error is not None:
                if isinstance(unit, FinishFetch) or not _resumable(outcome.error):
                    self._forget(unit.item)
                self._failed(unit.item.source, outcome.error)
            case FetchWhole():
                self._fetched(unit.item, outcome.value)
            case BeginFetch() if isinstance(outcome.value, DownloadBegun):
                self._download_begun(unit, outcome.value)
            case BeginFetch() | FinishFetch():
                self._in_parts.pop(unit.item.target, None)
                self._forget(unit.item)
                self._fetched(unit.item, outcome.value)

    def _part_broke(self, unit: FetchPart, broken: PartBroken) -> None:
        """What came of it is kept for the run that continues; where this one stops, that is all there is to say."""
        item, number = unit.item, unit.stretch.number
        if _resumable(broken.error):
            self.journal.download_prefix(item.source, item.target, number, broken.size, broken.md5)
        if not self._units.stopped:
            self._part_ended(item.target, number, UnitOutcome(error=broken.error))

    def _download_begun(self, unit: BeginFetch, begun: DownloadBegun) -> None:
        item, info = unit.item, begun.info
        if unit.temp and begun.temp != unit.temp:
            self.emit(Noted(f"{item.source} has changed since the earlier try; starting over"))
        self.journal.download_begun(
            item.source, item.target, etag=info.etag, size=info.size, part_size=begun.part_size, temp=begun.temp
        )
        state = DownloadInParts(item, begun.stretches, dict(begun.proven), begun=begun, before=dict(begun.prefixes))
        self._begun(state, info.size)

    def _part(self, state: DownloadInParts, stretch: Stretch) -> FetchPart:
        begun = state.begun
        md5 = begun.known[stretch.number - 1] if len(begun.known) > 1 else ""
        return FetchPart(state.item, begun.info.etag, begun.temp, stretch, md5, state.before.pop(stretch.number, 0))

    def _part_arrived(self, state: DownloadInParts, number: int, proof: str) -> None:
        state.note(number, proof)
        self.journal.download_part(state.item.source, state.item.target, number, proof)

    def _finish(self, state: DownloadInParts) -> FinishFetch:
        md5s = tuple(state.arrived[number] for number in sorted(state.arrived))
        return FinishFetch(state.item, state.begun.info, state.begun.temp, md5s, twice=not state.doubtful())

    def _parts_failed(self, state: DownloadInParts, error: JsobjError) -> None:
        if not _resumable(error):
            self._follow([AbandonFetch(state.item, state.begun.temp)])
            self._forget(state.item)
        self._failed(state.item.source, error)

    def _whole_differs(self, unit: FinishFetch, error: BytesDiffer) -> None:
        """Fetch parts of a damaged object once more, or give it up where that would change nothing.

        The digest of the whole does not tell which part is wrong. So all of them are fetched a second time, and then
        only those that have not yet arrived twice with the same digest.
        """
        state = self._in_parts[unit.item.target]
        doubtful = state.doubtful()
        if doubtful and state.passes < PASSES:
            self._fetch_again(state, doubtful)
            return
        self._in_parts.pop(unit.item.target)
        self._follow([AbandonFetch(unit.item, unit.temp)])
        self._forget(unit.item)
        self._failed(unit.item.source, error)

    def _fetch_again(self, state: DownloadInParts, parts: list[Stretch]) -> None:
        state.passes += 1
        for part in parts:
            del state.arrived[part.number]
        self.tally.moved(-sum(part.size for part in parts))
        self.tally.retried()
        self._go_on(state)

    def _fetched(self, item: Fetching, arrived: Arrived) -> None:
        file = self.target.look(item.path)
        if file is not None and arrived.verified:
            self.fingerprints.remember(file, self.place(item.source), arrived.etag)
        self._item_ended(item, arrived)

    def _forget(self, item: Fetching) -> None:
        """No later run can continue with the temporary file."""
        self.journal.download_ended(item.source, item.target)


def _resumable(error: JsobjError) -> bool:
    """Whether a later run can use what has arrived: not where the object has changed or is gone."""
    return not isinstance(error, ObjectChanged) and error.code is not ExitCode.NOT_FOUND


def _refused(remote: Listed, refusal: PathRefusal) -> Failed | LeftOut:
    if refusal.harmless:
        return LeftOut(remote.key, refusal.reason, "other")
    return Failed(
        remote.key,
        JsobjError(
            "key-refused",
            f"{remote.key}: {refusal.reason}",
            code=ExitCode.LOCAL,
            hint="fetch it alone under a name of your choice: jsobj download URL FILE",
        ),
    )
