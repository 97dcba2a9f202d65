"""Doing a plan: what was renamed is copied on the server, then everything else, and deleted last, if nothing failed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from jsobj.errors import JsobjError
from jsobj.parallel_map import parallel_map
from jsobj.store.objects import Store
from jsobj.store.values import Listed
from jsobj.transfer.copy.items import CopyItem
from jsobj.transfer.copy.object_copier import ObjectCopier
from jsobj.transfer.copy.run import copy_all, copy_work
from jsobj.transfer.download.run import download_crew, work_on
from jsobj.transfer.download.target_folder import TargetFolder
from jsobj.transfer.download.worker import Receiver
from jsobj.transfer.events import Done, Failed, Listener, Noted, Skipped, Tally
from jsobj.transfer.job import RunContext
from jsobj.transfer.local.scan import Passed
from jsobj.transfer.outcomes import Result, ends_run
from jsobj.transfer.run import meter_of, run
from jsobj.transfer.spread.shard import WHOLE
from jsobj.transfer.sync.backup import Keeper, kept
from jsobj.transfer.sync.checked import as_planned, not_as_planned
from jsobj.transfer.sync.decision import COPY, DELETE, REFUSE, RENAME, SKIP, Decision
from jsobj.transfer.sync.entry import Entry
from jsobj.transfer.sync.opened_plan import OpenedPlan
from jsobj.transfer.sync.removal import Removal
from jsobj.transfer.sync.sides import BucketSide, FolderSide
from jsobj.transfer.targets import DownloadTarget, UploadSource
from jsobj.transfer.upload.run import sweep, upload_crew, upload_work
from jsobj.transfer.upload.work import Planning
from jsobj.transfer.upload.worker import Sender, Sending

_KEEPING = 8  # entries that are kept at once, before they are replaced
Copy = Callable[[CopyItem], Done | Skipped | Failed]


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncRun:
    """One run of a plan. ``made_before``: it was made some time ago, and each item has to be as it was then.

    ``keeper`` keeps what is replaced or deleted; ``copy_within`` copies on the server of a target that is a bucket;
    ``remember`` is told which object was made of which source, and its ETag; ``is_same`` compares two by content.
    """

    plan: OpenedPlan
    tally: Tally
    emit: Listener
    stop: Callable[[], None]
    remember: Callable[[Entry, str, str], object]
    is_same: Callable[[Entry, Entry], bool]
    made_before: bool = False
    keeper: Keeper | None = None
    copy_within: Copy | None = None
    folder: TargetFolder | None = None
    _not_kept: dict[str, JsobjError] = field(default_factory=dict)
    _renamed: set[str] = field(default_factory=set)

    def up(self, job: RunContext, store: Store) -> Result:
        """From a folder to a bucket. Raises :class:`JsobjError` for a cause that ends the run."""
        source, target = self.plan.source, self.plan.target
        assert isinstance(source, FolderSide)
        assert isinstance(target, BucketSide)
        self._keep_replaced()
        self._rename()
        sources = [UploadSource(source.root, target.prefix)]
        work = upload_work(job, store, sources, map(self._sending, self._to_copy()))
        sweep(job.journal, store)

        def flush() -> None:
            with contextlib.suppress(JsobjError):  # the journal keeps them for the next run
                sweep(job.journal, store)
            self._finish(work.failures)

        self._announce(job)
        moved = meter_of(job)
        return run(
            job,
            store,
            work,
            performer=lambda own: Sender(own, job.spec.options, moved),
            flush=flush,
            sizes=None,
            crew=upload_crew(job, sources),
        )

    def down(self, job: RunContext, store: Store) -> Result:
        """From a bucket to a folder. Raises :class:`JsobjError` for a cause that ends the run."""
        source, folder = self.plan.source, self.folder
        assert isinstance(source, BucketSide)
        assert folder is not None
        self._keep_replaced()
        target = DownloadTarget(folder.root, "", source.prefix, source.prefix)
        work = work_on(job, store, target, folder, map(self._fetching, self._to_copy()))

        def flush() -> None:
            folder.sync()
            self._finish(work.failures)
            folder.sync()

        self._announce(job)
        moved = meter_of(job)
        return run(
            job,
            store,
            work,
            performer=lambda own: Receiver(own, folder, job.spec.options, moved),
            flush=flush,
            sizes=None,
            crew=download_crew(job, folder),
        )

    def across(self, job: RunContext, copiers: Sequence[ObjectCopier]) -> Result:
        """From a bucket to a bucket. Raises :class:`JsobjError`, as above."""
        source = self.plan.source
        assert isinstance(source, BucketSide)
        self._keep_replaced()
        self._rename()

        def copied(item: CopyItem, etag: str) -> None:
            self.remember(Entry.of_object(item.remote, source.prefix), item.key, etag)

        work = copy_work(job, copiers, map(self._copying, self._to_copy()), copied)
        self._announce(job)
        return copy_all(job, copiers, work, lambda: self._finish(work.failures))

    # -- the steps

    def _announce(self, job: RunContext) -> None:
        totals = self.plan.totals
        if job.spec.options.shard == WHOLE:
            self.tally.ahead = totals.actions[COPY], totals.bytes[COPY]
        for notice in job.journal.notices:
            self.emit(Noted(notice))

    def _to_copy(self, wanted: Callable[[str], bool] = lambda name: True) -> Iterator[Decision]:
        """What is copied, and what is refused instead; of the names that are ``wanted``."""
        planned = self.plan.decisions(COPY, RENAME, REFUSE)
        decisions: Iterator[Decision] = (each for each in planned if wanted(each.name))
        if self.made_before:
            decisions = as_planned(decisions, self.plan.source, self.plan.target, self.is_same)
        for decision in decisions:
            if decision.name in self._renamed:
                continue
            if decision.action == SKIP:
                self.tally.item_skipped(compared=True)
                self.emit(Skipped(self.plan.source.shown(decision.name), decision.reason))
                continue
            error = self._not_kept.get(decision.name)
            yield decision if error is None else Decision(REFUSE, decision.name, error.message, error=error)

    def _sending(self, decision: Decision) -> Planning:
        source, target = self.plan.source, self.plan.target
        if decision.error is not None:
            return Passed(source.shown(decision.name), decision.reason, decision.error, decision.name)
        assert decision.source is not None
        assert decision.source.file is not None
        there = decision.target.object if decision.target is not None else None
        return Sending(decision.source.file, target.place(decision.name), there)

    def _keep_replaced(self) -> None:
        """Keep all that will be replaced, before the first byte is written; what cannot be kept is not replaced."""
        if self.keeper is None:
            return
        keeper = self.keeper

        def keep(decision: Decision) -> tuple[str, JsobjError | None]:
            assert decision.target is not None
            return decision.name, kept(keeper, decision.target)

        replaced = (each for each in self.plan.decisions(COPY) if each.target is not None)
        with closing(parallel_map(keep, replaced, _KEEPING, stop=self.stop)) as ended:
            for name, error in ended:
                if error is not None:
                    if ends_run(error):
                        raise error
                    self._not_kept[name] = error

    def _copying(self, decision: Decision) -> CopyItem | Failed:
        shown = self.plan.source.shown(decision.name)
        if decision.error is not None:
            return Failed(shown, decision.error)
        assert decision.source is not None
        return CopyItem(decision.source.object, self.plan.target.place(decision.name), shown)

    def _finish(self, failures: list[JsobjError]) -> None:
        """After everything was copied, and if nothing has failed: deletions."""
        doomed = self.plan.totals.actions[DELETE]
        if doomed and failures:
            text = f"nothing was deleted: {len(failures)} failed, and {doomed} that the source does not have stay"
            self.emit(Noted(text, warning=True))
        elif doomed:
            failures += Removal(
                plan=self.plan,
                source=self.plan.source,
                target=self.plan.target,
                tally=self.tally,
                emit=self.emit,
                stop=self.stop,
                folder=self.folder,
                keeper=self.keeper,
            )()

    def _rename(self) -> None:
        """Copy on the server what the target has under another name; what fails is copied as any other."""
        if self.copy_within is None or self.made_before:
            return
        with closing(parallel_map(self._copied_within, self.plan.decisions(RENAME), _KEEPING, stop=self.stop)) as ended:
            for name, event in ended:
                if event is not None:
                    self._renamed.add(name)
                    self.tally.item_renamed()
                    self.emit(event)

    def _copied_within(self, decision: Decision) -> tuple[str, Done | None]:
        assert self.copy_within is not None
        assert decision.moved is not None
        assert decision.source is not None
        ((_, now),) = self.plan.target.now([decision.moved.name])
        if now is None or not decision.moved.is_same(now):
            return decision.name, None
        key = self.plan.target.place(decision.name)
        ended = self.copy_within(CopyItem(now.object, key))
        if not isinstance(ended, Done):
            return decision.name, None
        self.remember(decision.source, key, ended.etag)
        return decision.name, ended

    def _fetching(self, decision: Decision) -> Listed | Failed:
        shown = self.plan.source.shown(decision.name)
        if decision.error is not None:
            return Failed(shown, decision.error)
        assert decision.source is not None
        assert self.folder is not None
        planned = decision.target.file if decision.target is not None else None
        if self.folder.look(tuple(decision.name.split("/"))) != planned:  # somebody's work of this moment
            target = self.plan.target.shown(decision.name)
            return Failed(shown, not_as_planned(target, "it was written to since the run began"))
        return decision.source.object
