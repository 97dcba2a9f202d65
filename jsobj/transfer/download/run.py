"""A download from beginning to end, and its plan: the objects to fetch."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING

from jsobj.errors import JsobjError
from jsobj.store.objects import Store
from jsobj.store.values import Listed
from jsobj.transfer.download import total
from jsobj.transfer.download.target_folder import TargetFolder
from jsobj.transfer.download.work import DownloadWork
from jsobj.transfer.download.worker import FetchWhole, Receiver
from jsobj.transfer.events import Failed, Noted
from jsobj.transfer.filters import EVERYTHING, Filters, nothing_matches
from jsobj.transfer.job import RunContext
from jsobj.transfer.outcomes import Result
from jsobj.transfer.run import announce, meter_of, place_of, run
from jsobj.transfer.targets import DownloadTarget
from jsobj.transfer.zarr.leftovers import files_left, leftovers_warning

if TYPE_CHECKING:
    from jsobj.transfer.spread.crew import Crew, CrewRun


def download_work(job: RunContext, store: Store, target: DownloadTarget, folder: TargetFolder) -> DownloadWork:
    """The decider of a download. ``--dry-run`` asks it for its decisions, and no more."""
    return work_on(job, store, target, folder, plan_download(store, target), job.spec.filters)


def work_on(
    job: RunContext,
    store: Store,
    target: DownloadTarget,
    folder: TargetFolder,
    listing: Iterable[Listed | Failed],
    filters: Filters = EVERYTHING,
) -> DownloadWork:
    """The decider of a download of just these objects."""
    return DownloadWork(
        listing=listing,
        prefix=target.cut,
        options=job.spec.options,
        filters=filters,
        target=folder,
        journal=job.journal,
        fingerprints=job.fingerprints,
        place=place_of(store, "raw" if job.spec.options.raw else ""),
        tally=job.tally,
        emit=job.emit,
        single=(target.file,) if target.file else (),
    )


def download(job: RunContext, store: Store, target: DownloadTarget, folder: TargetFolder) -> Result:
    """Fetch objects. Raises :class:`JsobjError` for a cause that ends the whole run, with the journal kept."""
    moved = meter_of(job)
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
        holds = job.spec.options.shard.holds

        def wanted(key: str) -> bool:
            return not judge(key[cut:]) and (pattern is None or pattern.fullmatch(key) is not None) and holds(key)

        return total.sizes(store, target.prefix, wanted, lambda: job.tally.planned)

    announce(job, store.place.url(target.prefix), target.folder)
    return run(
        job,
        store,
        work,
        performer=lambda own: Receiver(own, folder, job.spec.options, moved),
        flush=flush,
        sizes=None if target.file else sizes,
        crew=download_crew(job, folder),
    )


def download_crew(job: RunContext, folder: TargetFolder) -> AbstractContextManager[CrewRun] | None:
    """The workers that fetch, where that is not done here; they show that they see the folder."""
    return None if job.crew is None else _at_work(job, job.crew, folder)


@contextlib.contextmanager
def _at_work(job: RunContext, crew: Crew, folder: TargetFolder) -> Iterator[CrewRun]:
    from jsobj.transfer.download.shared_receiver import shared_receiver
    from jsobj.transfer.spread.shared_files import probe_in

    make = partial(shared_receiver, os.path.abspath(folder.root), job.spec.options)
    with probe_in(folder) as landmarks, crew.at_work(make, landmarks, job.tally, job.emit) as workers:
        yield workers
    folders = {unit.item.path[:-1] for unit in workers.begun_twice if isinstance(unit, FetchWhole)}
    for parts in folders:
        folder.sweep(parts)


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
        yield Listed(info.key, info.size, info.etag, info.modified, in_order=info.in_order)
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
