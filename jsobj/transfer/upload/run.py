"""An upload from beginning to end, and its plan: each file with the object that has its key."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING

from jsobj.errors import JsobjError
from jsobj.store.objects import Store
from jsobj.store.values import Upload
from jsobj.transfer.engine.rate_limit import Meter
from jsobj.transfer.filters import Filters
from jsobj.transfer.job import RunContext
from jsobj.transfer.journal.journal import Journal
from jsobj.transfer.local.scan import LocalFile, Passed, walk
from jsobj.transfer.options import Options
from jsobj.transfer.outcomes import Result
from jsobj.transfer.run import announce, meter_of, place_of, run
from jsobj.transfer.targets import UploadSource
from jsobj.transfer.upload.work import Planning, UploadWork, merged
from jsobj.transfer.upload.worker import Sender, Sending
from jsobj.transfer.zarr.leftovers import Leftovers

if TYPE_CHECKING:
    from jsobj.transfer.spread.charge import Tell
    from jsobj.transfer.spread.crew import CrewRun


def upload_work(job: RunContext, store: Store, sources: Sequence[UploadSource], plan: Iterator[Planning]) -> UploadWork:
    """The decider of an upload. ``--dry-run`` asks it for its decisions, and no more."""
    return UploadWork(
        plan=plan,
        options=job.spec.options,
        journal=job.journal,
        fingerprints=job.fingerprints,
        place=place_of(store, job.spec.options.compress),
        tally=job.tally,
        emit=job.emit,
        several=len(sources) > 1,
        includes=job.spec.filters.included,
        origin=" ".join(source.path.rstrip("/") or "/" for source in sources),
    )


def upload(job: RunContext, store: Store, sources: Sequence[UploadSource], plan: Iterator[Planning]) -> Result:
    """Send files. Raises :class:`JsobjError` for a cause that ends the whole run, with the journal kept."""
    sweep(job.journal, store)
    moved = meter_of(job)

    def flush() -> None:
        with contextlib.suppress(JsobjError):  # what this run replaced; the journal keeps it for the next run
            sweep(job.journal, store)

    shard = job.spec.options.shard

    def sizes() -> Iterator[int]:
        for source in sources:
            found = walk([source.path], filters=job.spec.filters, follow_symlinks=job.spec.links == "follow")
            for each in found:
                if isinstance(each, LocalFile) and shard.holds(source.exact or source.prefix + each.relative):
                    yield each.size

    work = upload_work(job, store, sources, plan)
    announce(job, " ".join(source.path for source in sources), store.place.url())
    return run(
        job,
        store,
        work,
        performer=lambda own: Sender(own, job.spec.options, moved),
        flush=flush,
        sizes=None if job.spec.files_from else sizes,
        local=True,
        crew=upload_crew(job, sources),
    )


def upload_crew(job: RunContext, sources: Sequence[UploadSource]) -> AbstractContextManager[CrewRun] | None:
    """The workers that send, where that is not done here; they show that they see the sources."""
    if job.crew is None:
        return None
    from jsobj.transfer.spread.shared_files import seen_below

    landmarks = seen_below([source.path for source in sources])
    return job.crew.at_work(partial(_sender, job.spec.options), landmarks, job.tally, job.emit)


def _sender(options: Options, store: Store, moved: Meter, tell: Tell) -> Sender:
    return Sender(store, options, moved)


def sweep(journal: Journal, store: Store) -> None:
    """Abort uploads that no run will continue."""
    for leftover in journal.leftovers():
        store.abort(Upload(leftover.key, leftover.upload_id))
        journal.leftover_gone(leftover)


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
