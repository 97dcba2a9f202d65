"""Sync: make a place like another. Every run makes a plan first, judges it as a whole, and then does just that."""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import IO

from jsobj.actions.context import Action, ActionContext, PlannedItem
from jsobj.actions.copy import terms_of
from jsobj.actions.copying import copiers_of
from jsobj.actions.stores import require_bucket
from jsobj.actions.sync_backup import Backup, copier_within, new_backup
from jsobj.actions.sync_ends import Ends, Place, made_now, opened_ends
from jsobj.errors import BadUsage, JsobjError
from jsobj.store.location import Location
from jsobj.transfer.events import LeftOut, Noted, Skipped, Started
from jsobj.transfer.filters import EVERYTHING, Filters, nothing_matches
from jsobj.transfer.job import JobSpec
from jsobj.transfer.journal.database import JobLock, make_folder, translate_errors
from jsobj.transfer.journal.records import jobs_folder
from jsobj.transfer.local.fingerprints import Fingerprints
from jsobj.transfer.local.scan import follows
from jsobj.transfer.options import Options
from jsobj.transfer.outcomes import Result, ends_run
from jsobj.transfer.run import place_of
from jsobj.transfer.spread.shard import WHOLE, Shard
from jsobj.transfer.sync.backup import Keeper
from jsobj.transfer.sync.comparison import By, Check, Comparison, FileWithObject, TwoObjects, Verdict
from jsobj.transfer.sync.decision import COPY, DELETE, LEAVE_OUT, SKIP, Decision
from jsobj.transfer.sync.entry import Entry
from jsobj.transfer.sync.guards import DEFAULT_BOUND, DeleteBound, require_plausible
from jsobj.transfer.sync.opened_plan import OpenedPlan
from jsobj.transfer.sync.plan import Planner, Totals
from jsobj.transfer.sync.plan_file import PlanWriter
from jsobj.transfer.sync.renames import Orphans
from jsobj.transfer.sync.run import SyncRun
from jsobj.transfer.sync.sides import BucketSide, FolderSide
from jsobj.transfer.zarr.leftovers import Leftovers, leftovers_warning

_COMPARED = frozenset({By.MEMORY, By.CONTENT})


@dataclass(frozen=True, slots=True)
class SyncRules:
    """How places are made alike. ``links``: ``skip`` or ``follow``; ``backup``: a place as it was typed, "" for none.

    ``newer_too``: the target may look like the newer side.
    """

    check: Check = Check.AUTO
    delete: bool = False
    delete_excluded: bool = False
    bound: DeleteBound = DEFAULT_BOUND
    newer_too: bool = False
    links: str = "skip"
    backup: str = ""


def sync(
    context: ActionContext, source: Place, target: Place, options: Options, filters: Filters, rules: SyncRules
) -> Action:
    """Make ``target`` like ``source``. Of a share of it all is planned and judged, and what is its own is done.

    Raises :class:`JsobjError` (usage) for rules that do not go together.
    """
    follow, shard = follows(rules.links), options.shard
    across = not isinstance(source, str) and not isinstance(target, str)
    _require_divisible(options, rules, across=across)
    require_one_process(options, across=across)

    def ends(*, dry_run: bool) -> contextlib.AbstractContextManager[Ends]:
        made = made_now(context, links=rules.links)
        return opened_ends(context, source, target, made, links=follow, deletes=rules.delete, dry_run=dry_run)

    def run() -> Result:
        with contextlib.ExitStack() as stack:
            opened = stack.enter_context(ends(dry_run=False))
            stack.enter_context(one_at_a_time(context, opened, shard))
            backup = new_backup(context, opened, rules.backup) if rules.backup else None
            comparison = stack.enter_context(comparing(context, opened, rules.check))
            context.emit(Started("sync", opened.head.source, opened.head.target))
            plan = _planned(context, opened, comparison, filters, rules, stack, shard)
            return carry_out(context, opened, plan, comparison, options, backup=backup, filters=filters)

    def show() -> Iterator[PlannedItem]:
        with ends(dry_run=True) as opened, comparing(context, opened, rules.check) as comparison:
            totals = Totals()
            for decision in _decisions(opened, comparison, filters, rules):
                totals.count(decision)
                if _holds(shard, opened, decision):
                    yield _shown(opened, decision)
            _judge(opened, totals, filters, rules)

    def look() -> None:
        with ends(dry_run=True) as opened:
            for store in filter(None, (opened.source_store, opened.target_store)):
                require_bucket(store)

    return Action(run=run, plan=show, look=look)


def write_plan(
    context: ActionContext, source: Place, target: Place, filters: Filters, rules: SyncRules, file: IO[str]
) -> Totals:
    """Write the plan with all its decisions. Raises :class:`JsobjError` where a run would refuse it as a whole."""
    made = made_now(context, links=rules.links)
    with (
        opened_ends(
            context, source, target, made, links=follows(rules.links), deletes=rules.delete, dry_run=True
        ) as opened,
        comparing(context, opened, rules.check) as comparison,
    ):
        writer, totals = PlanWriter(file, opened.head), Totals()
        for decision in _decisions(opened, comparison, filters, rules):
            totals.count(decision)
            writer.add(decision)
        writer.end()
        _judge(opened, totals, filters, rules)
    return totals


def carry_out(
    context: ActionContext,
    ends: Ends,
    plan: OpenedPlan,
    comparison: Comparison,
    options: Options,
    *,
    backup: Backup | None = None,
    made_before: bool = False,
    filters: Filters = EVERYTHING,
) -> Result:
    """Do a plan. ``made_before``: each item must be as it was when planned."""
    if backup is not None and (plan.totals.replaced or plan.totals.actions[DELETE]):
        with backup.recording(context, ends, plan) as (kept, bus):
            told = replace(context, emit=bus)
            try:
                return _done(told, ends, kept, comparison, options, backup.keeper, made_before, filters)
            finally:  # also where it was stopped half way
                context.emit(Noted(f"to put back what was replaced or deleted: jsobj jobs undo {backup.id}"))
    return _done(context, ends, plan, comparison, options, None, made_before, filters)


def _done(
    context: ActionContext,
    ends: Ends,
    plan: OpenedPlan,
    comparison: Comparison,
    options: Options,
    keeper: Keeper | None,
    made_before: bool,
    filters: Filters,
) -> Result:
    source, target = ends.source_store, ends.target_store
    run = SyncRun(
        plan=plan,
        tally=context.tally,
        emit=context.emit,
        stop=context.stop,
        made_before=made_before,
        keeper=keeper,
        copy_within=copier_within(context, target, target) if target is not None else None,
        remember=comparison.remember,
        is_same=partial(_is_same, comparison),
        folder=ends.folder,
    )
    store, head = target or source, plan.head
    assert store is not None
    across = source is not None and target is not None
    spec = JobSpec(
        verb="sync",
        sources=(head.source,),
        destination=head.target,
        options=options,
        filters=filters,
        words=("sync", head.source, head.target),
        folder=ends.folder.root if ends.folder is not None else "",
        links=head.links,
        origins=(f"{head.at_source}",) if across else (),
    )
    location = Location(store.place.dialect, store.place.bucket)
    into = context.to or context.stores if across else None
    job = context.open_job(spec, location, dry_run=ends.secret, into=into)
    if source is not None and target is not None:
        terms = terms_of(context, one_server=ends.one_server, part_size=options.part_size)
        return run.across(job, copiers_of(context, job, [source], target, [terms]))
    return run.up(job, store) if source is None else run.down(job, store)


def _is_same(comparison: Comparison, source: Entry, target: Entry) -> bool:
    if source.size != target.size or comparison.is_remembered(source, target):
        return source.size == target.size
    try:
        verdict = comparison.at_once(source, target) or comparison.look(source, target)
        return verdict == Verdict(True, By.CONTENT)
    except JsobjError as error:
        if ends_run(error):
            raise
        return False  # it has changed since, then, which is told of it


# -- the plan


def _planned(
    context: ActionContext,
    ends: Ends,
    comparison: Comparison,
    filters: Filters,
    rules: SyncRules,
    stack: contextlib.ExitStack,
    shard: Shard,
) -> OpenedPlan:
    """The plan of a run in a file of its own, judged. What stays as it is was told and counted."""
    orphans, left, decided = Orphans(), _Left(ends), Counter[str]()
    is_ours = partial(_holds, shard, ends)

    def told(decisions: Iterator[Decision]) -> Iterator[Decision]:
        for decision in decisions:
            if is_ours(decision):
                _tell(context, ends, decision)
                decided.update([decision.by.word] if decision.by is not None else [])
            if decision.action == DELETE and decision.target is not None:
                orphans.add(decision.target)
            yield decision

    def on_extra(entry: Entry) -> None:
        orphans.add(entry)
        left(entry)

    file = stack.enter_context(_scratch(context))
    found = told(_decisions(ends, comparison, filters, rules, on_extra))
    plan = OpenedPlan.written(file, "the plan", ends.head, ends.source, ends.target, found, is_ours)
    context.tally.decided = dict(decided)
    if orphans and plan.totals.actions[COPY] and ends.target_store is not None:
        plan = plan.renaming(stack.enter_context(_scratch(context)), orphans, ends.target_store)
    _judge(ends, plan.totals, filters, rules)
    left.tell(context)
    return plan


def _holds(shard: Shard, ends: Ends, decision: Decision) -> bool:
    """Whether a name is in a share, by the key that it has in the bucket: in the target's, where both are buckets."""
    side = ends.target if isinstance(ends.target, BucketSide) else ends.source
    return shard == WHOLE or shard.holds(side.place(decision.name))


def _require_divisible(options: Options, rules: SyncRules, *, across: bool) -> None:
    """Raise :class:`JsobjError` (usage) for what cannot be done by shares, or by other machines."""
    if options.shard != WHOLE and rules.delete:
        hint = "leave --delete out, and run the command once more with it, and without --shard"
        raise BadUsage("no share knows whether all others have succeeded, after which alone is deleted", hint=hint)
    if options.dask and across:
        raise BadUsage("--dask divides what goes up or down", hint="between buckets: jsobj cp SRC DEST --dask ADDRESS")


def require_one_process(options: Options, *, across: bool) -> None:
    """Raise :class:`JsobjError` (usage) for a copy by several processes: they would share its connections."""
    if options.processes and across:
        raise BadUsage("--processes divides what goes up or down", hint="between two buckets leave it out")


def _decisions(
    ends: Ends,
    comparison: Comparison,
    filters: Filters,
    rules: SyncRules,
    on_extra: Callable[[Entry], object] = lambda entry: None,
) -> Iterator[Decision]:
    planner = Planner(
        ends.source,
        ends.target,
        comparison,
        filters,
        delete=rules.delete,
        deletes_excluded=rules.delete_excluded,
        on_extra=on_extra,
        stop=ends.stop,
    )
    return planner.decisions()


def _judge(ends: Ends, totals: Totals, filters: Filters, rules: SyncRules) -> None:
    source, target = ends.head.source, ends.head.target
    if filters.include and totals.actions[LEAVE_OUT] and not totals.source:
        raise nothing_matches(source, filters.included)
    require_plausible(totals, source, target, bound=rules.bound, newer_too=rules.newer_too)


def _tell(context: ActionContext, ends: Ends, decision: Decision) -> None:
    """Events and counts of what a run leaves as it is."""
    if decision.action == SKIP:
        compared = decision.by in _COMPARED
        context.tally.item_skipped(compared=compared)
        context.emit(Skipped(ends.source.shown(decision.name), decision.reason, compared=compared))
    elif decision.action == LEAVE_OUT and (decision.source is not None or decision.target is None):
        context.tally.item_left_out(decision.kind)
        context.emit(LeftOut(ends.source.shown(decision.name), decision.reason, decision.kind))


class _Left:
    """Counts objects of older Zarrs that stay: readers of the new one take them for data."""

    def __init__(self, ends: Ends) -> None:
        self._count, self._first = 0, ""
        self._ends = ends
        self._judge: Leftovers | None = None
        if isinstance(ends.source, FolderSide) and isinstance(ends.target, BucketSide):
            self._judge = Leftovers(ends.source.root, ends.target.prefix)

    def __call__(self, entry: Entry) -> None:
        if self._judge is not None and self._judge(entry.object.key):
            self._count, self._first = self._count + 1, self._first or self._ends.target.shown(entry.name)

    def tell(self, context: ActionContext) -> None:
        """The warning, if there is anything to warn of."""
        if self._count:
            context.emit(leftovers_warning(self._count, "object", "file", self._first))


def _shown(ends: Ends, decision: Decision) -> PlannedItem:
    source, target = ends.source.shown(decision.name), ends.target.shown(decision.name)
    if decision.action == COPY:
        return PlannedItem(COPY, source, target, decision.size, decision.reason)
    if decision.action == DELETE:
        return PlannedItem(DELETE, target, None, decision.size, decision.reason)
    item = target if decision.source is None and decision.target is not None else source
    return PlannedItem(decision.action, item, reason=decision.reason)


# -- what a run works with


@contextlib.contextmanager
def comparing(context: ActionContext, ends: Ends, check: Check) -> Iterator[Comparison]:
    """What compares the two ends, and remembers."""
    fingerprints = Fingerprints(context.stores.settings.cache_dir / "fingerprints.db")
    source, target = ends.source_store, ends.target_store
    with closing(fingerprints):
        if source is not None and target is not None:
            yield TwoObjects(check, fingerprints, place_of(target), source, target)
        else:
            store = source or target
            assert store is not None
            yield FileWithObject(check, fingerprints, place_of(store), store)


@contextlib.contextmanager
def _scratch(context: ActionContext) -> Generator[IO[str]]:
    """A file without a name, in the private folder of this program. Raises :class:`JsobjError` (local)."""
    folder = jobs_folder(context.stores.settings.state_dir)
    with translate_errors(folder):
        make_folder(folder)
        scratch = tempfile.TemporaryFile("w+", encoding="ascii", dir=folder)  # noqa: SIM115 - closed below; here only what making it raises is meant
    with scratch as file:
        yield file


@contextlib.contextmanager
def one_at_a_time(context: ActionContext, ends: Ends, shard: Shard = WHOLE) -> Generator[None]:
    """Raise :class:`JsobjError` (local) where another process syncs the same two, or share, at this moment."""
    head, folder = ends.head, jobs_folder(context.stores.settings.state_dir)
    pair = "\0".join(
        (head.source, head.at_source, head.target, head.at_target, *([] if shard == WHOLE else [str(shard)]))
    )
    path = folder / f"sync-{hashlib.sha256(pair.encode(errors='surrogatepass')).hexdigest()[:12]}.lock"
    with translate_errors(folder):
        make_folder(folder)
        try:
            lock = JobLock.take(path)
        except JsobjError as error:
            raise error.reworded(f"{error.message}: it syncs {head.source} to {head.target}") from error
    try:
        yield
    finally:
        lock.release(remove=True)
