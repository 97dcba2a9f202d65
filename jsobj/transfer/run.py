"""Running a transfer from beginning to end: plan, journal, workers, summary."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from jsobj.errors import JsobjError
from jsobj.store.objects import Listed, Store, Upload
from jsobj.transfer.download import total
from jsobj.transfer.download.target_folder import TargetFolder
from jsobj.transfer.download.work import DownloadWork
from jsobj.transfer.download.worker import Receiver
from jsobj.transfer.engine import executor
from jsobj.transfer.engine.ahead import Ahead
from jsobj.transfer.engine.parallel_map import parallel_map
from jsobj.transfer.engine.rate_limit import Meter
from jsobj.transfer.events import Failed, LeftOut, Noted, Skipped, Started
from jsobj.transfer.filters import Filters, nothing_matches
from jsobj.transfer.job import RunContext
from jsobj.transfer.journal.journal import Journal
from jsobj.transfer.local.scan import LocalFile, Passed, walk
from jsobj.transfer.options import Options
from jsobj.transfer.outcomes import Result, ends_run
from jsobj.transfer.targets import DownloadTarget, UploadSource
from jsobj.transfer.upload.work import Planning, UploadWork, merged
from jsobj.transfer.upload.worker import Sender, Sending
from jsobj.transfer.zarr_leftovers import Leftovers, files_left, leftovers_warning

Decision = TypeVar("Decision")

_LOOKING = 8  # files that --dry-run compares at once
_COMPRESSING = 4  # workers at most where files are compressed


def upload_work(job: RunContext, store: Store, sources: Sequence[UploadSource], plan: Iterator[Planning]) -> UploadWork:
    """The decider of an upload. ``--dry-run`` asks it for its decisions, and no more."""
    return UploadWork(
        plan=plan,
        options=job.spec.options,
        journal=job.journal,
        fingerprints=job.fingerprints,
        place=_place(store, job.spec.options.compress),
        tally=job.tally,
        emit=job.emit,
        several=len(sources) > 1,
        includes=job.spec.filters.included,
        origin=" ".join(source.path.rstrip("/") or "/" for source in sources),
    )


def upload(job: RunContext, store: Store, sources: Sequence[UploadSource], plan: Iterator[Planning]) -> Result:
    """Send files. Raises :class:`JsobjError` for a cause that ends the whole run, with the journal kept."""
    _sweep(job.journal, store)
    moved = _meter(job)

    def flush() -> None:
        with contextlib.suppress(JsobjError):  # what this run replaced; the journal keeps it for the next run
            _sweep(job.journal, store)

    def sizes() -> Iterator[int]:
        for source in sources:
            found = walk([source.path], filters=job.spec.filters, follow_symlinks=job.spec.links == "follow")
            yield from (each.size for each in found if isinstance(each, LocalFile))

    work = upload_work(job, store, sources, plan)
    _announce(job, " ".join(source.path for source in sources), store.place.url())
    return _run(
        job,
        store,
        work,
        performer=lambda own: Sender(own, job.spec.options, moved),
        flush=flush,
        sizes=None if job.spec.files_from else sizes,
        local=True,
    )


def looked_at(
    job: RunContext,
    decisions: Iterator[Decision],
    performer: Callable[[Meter], Sender | Receiver],
    *,
    stop: Callable[[], None],
) -> Iterator[Decision]:
    """Decisions as they end for what a run looks at before it moves it; in order, and nothing is moved.

    ``stop`` is called on an early end.
    """
    looker: Any = performer(_meter(job))

    def look(decision: Any) -> Any:
        if isinstance(decision, Skipped | LeftOut | Failed):
            return decision
        item = decision.item
        try:
            reason = looker.would_skip(item)
        except JsobjError as error:
            if ends_run(error):
                raise
            return Failed(item.source, error)
        return Skipped(item.source, reason) if reason else decision

    return parallel_map(look, decisions, _LOOKING, stop=stop)


def _sweep(journal: Journal, store: Store) -> None:
    """Abort uploads that no run will continue."""
    for leftover in journal.leftovers():
        store.abort(Upload(leftover.key, leftover.upload_id))
        journal.leftover_gone(leftover)


def _place(store: Store, how: str = "") -> Callable[[str], str]:
    """The full address of a key, under which fingerprints are stored."""
    kind = f"{how} " if how else ""
    return lambda key: f"{kind}{store.place.endpoint} {store.place.url(key)}"


def plan_upload(
    store: Store, sources: Sequence[UploadSource], filters: Filters, *, follow_links: bool = False
) -> Iterator[Planning]:
    """Every file with the object that has its key."""
    for source in sources:
        found = walk([source.path], filters=filters, follow_symlinks=follow_links)
        if source.exact:
            yield from _single(store, found, source.exact)
        else:
            stays = Leftovers(source.path, source.prefix)
            yield from merged(found, iter(store.list(source.prefix)), source.prefix, stays, store.place.url)


def plan_listed(store: Store, files: Iterable[LocalFile | Passed], prefix: str) -> Iterator[Planning]:
    """The files of a list, sorted by name: unlike those of a walk, they are all held in memory."""
    found = sorted(files, key=lambda file: file.relative)
    return merged(found, iter(store.list(prefix)), prefix)


def _single(store: Store, found: Iterator[LocalFile | Passed], key: str) -> Iterator[Planning]:
    for file in found:
        if isinstance(file, Passed):
            yield file
        else:
            first = next(iter(store.list(key)), None)  # the key itself comes before all that begin with it
            yield Sending(file, key, first if first is not None and first.key == key else None)


def download_work(job: RunContext, store: Store, target: DownloadTarget, folder: TargetFolder) -> DownloadWork:
    """The decider of a download. ``--dry-run`` asks it for its decisions, and no more."""
    return DownloadWork(
        listing=plan_download(store, target),
        prefix=target.cut,
        options=job.spec.options,
        filters=job.spec.filters,
        target=folder,
        journal=job.journal,
        fingerprints=job.fingerprints,
        place=_place(store, "raw" if job.spec.options.raw else ""),
        tally=job.tally,
        emit=job.emit,
        single=(target.file,) if target.file else (),
    )


def download(job: RunContext, store: Store, target: DownloadTarget, folder: TargetFolder) -> Result:
    """Fetch objects. Raises :class:`JsobjError` for a cause that ends the whole run, with the journal kept."""
    moved = _meter(job)
    # Single objects and those of a pattern are not the whole of a Zarr, and --windows-safe gives files other names.
    whole = not target.file and target.pattern is None and not job.spec.options.windows_safe
    before = whole and _has_entries(target.folder)
    work = download_work(job, store, target, folder)

    def flush() -> None:
        folder.sync()
        if before and work.zarrs:
            _tell_left(job, store, target, work.zarrs)

    def sizes() -> Iterator[int]:
        judge, cut, pattern = job.spec.filters.judge, len(target.cut), target.pattern

        def wanted(key: str) -> bool:
            return not judge(key[cut:]) and (pattern is None or pattern.fullmatch(key) is not None)

        return total.sizes(store, target.prefix, wanted, lambda: job.tally.planned)

    _announce(job, store.place.url(target.prefix), target.folder)
    return _run(
        job,
        store,
        work,
        performer=lambda own: Receiver(own, folder, job.spec.options, moved),
        flush=flush,
        sizes=None if target.file else sizes,
    )


def _tell_left(job: RunContext, store: Store, target: DownloadTarget, zarrs: Collection[str]) -> None:
    try:
        left = list(files_left(target.folder, zarrs, store.list, target.prefix))
    except JsobjError as error:  # all objects have arrived; a failed second listing must not make that a failure
        text = f"what an older Zarr may have left in {target.folder} is not known: {error.message}"
        job.emit(Noted(text, warning=True))
        return
    if left:
        job.emit(leftovers_warning(len(left), "file", "object", left[0]))


def _has_entries(folder: str) -> bool:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        return any(entries)
    return False


def plan_download(store: Store, target: DownloadTarget) -> Iterator[Listed]:
    """The objects to fetch."""
    if target.file:
        info = store.head(target.prefix)
        yield Listed(info.key, info.size, info.etag, info.modified)
        return
    found = store.list(target.prefix)
    if target.pattern is None:
        yield from found
    else:
        matching = (item for item in found if target.pattern.fullmatch(item.key))
        first = next(matching, None)
        if first is None:
            raise nothing_matches(store.place.url(target.cut).rstrip("/"), f"'{target.typed}'")
        yield first
        yield from matching


def _meter(job: RunContext) -> Meter:
    """Counts bytes, and slows them down to the rate that was set; each process has its share of it."""
    rate = job.spec.options.limit_rate / max(1, job.spec.options.processes)
    return Meter(job.tally.moved, rate, by=job.tally.moved_by)


def _announce(job: RunContext, source: str, destination: str) -> None:
    for notice in job.journal.notices:
        job.emit(Noted(notice))
    job.emit(Started(job.spec.verb, source, destination, job=job.journal.id, resumed=job.journal.resumed))


def _run(
    job: RunContext,
    store: Store,
    work: UploadWork | DownloadWork,
    performer: Callable[[Store], Sender | Receiver],
    flush: Callable[[], None],
    sizes: Callable[[], Iterator[int]] | None,
    *,
    local: bool = False,
) -> Result:
    """Do all of ``work``; ``flush`` finishes what arrived last, before anything is called done.

    ``sizes``: the bytes of every item, looked at once more for the totals of a progress display; ``local``: of files.
    """
    options, journal = job.spec.options, job.journal
    perform = performer(store)
    ahead = None
    if sizes is not None and job.tally.first_look is not None and not options.processes:  # forked before any thread
        ahead = Ahead(sizes, job.tally, job.tally.first_look, apart=local)
    state = "interrupted"  # by Ctrl-C or a signal, unless one of the lines below is reached
    try:
        executor.run(
            work,
            perform,
            workers=_workers(options),
            most=0 if options.compress else options.most,
            processes=options.processes,
            make_performer=lambda: performer(job.open_store()),
            on_stop=perform.stop,
            wind_down=perform.wind_down,
            tally=job.tally,
        )
        flush()
        state = "failed" if work.failures else "done"
    except JsobjError:
        state = "failed"
        raise
    finally:
        if ahead is not None:
            ahead.stop()
        perform.close()
        kept = journal.finish(state, began=state == "interrupted" or bool(job.tally.done))
        job.fingerprints.close()
        left = journal.id if kept and state != "done" else ""
        summary = job.tally.summary(job.spec.verb, interrupted=state == "interrupted", job=left)
        job.emit(summary)
    return Result.of(summary, work.failures)


def _workers(options: Options) -> int:
    """Fewer where files are compressed, which takes a core and memory for each."""
    return min(options.parallel, _COMPRESSING) if options.compress else options.parallel
