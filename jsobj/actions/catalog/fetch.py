"""Fetch the objects that rows name, as a download does: parallel, verified, and not again what is there."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from jsobj.actions.context import ActionContext
from jsobj.actions.download import together
from jsobj.catalog.layout import Catalogue
from jsobj.errors import ExitCode, JsobjError, ObjectNotFound
from jsobj.parallel_map import parallel_map
from jsobj.store.location import Location
from jsobj.store.objects import Store
from jsobj.store.values import Listed
from jsobj.transfer.download.run import work_on
from jsobj.transfer.download.target_folder import TargetFolder
from jsobj.transfer.download.worker import Receiver
from jsobj.transfer.events import Failed
from jsobj.transfer.filters import EVERYTHING
from jsobj.transfer.job import JobSpec
from jsobj.transfer.journal.jobs import claimed_temps
from jsobj.transfer.options import Options
from jsobj.transfer.outcomes import Result
from jsobj.transfer.run import announce, meter_of, run
from jsobj.transfer.targets import DownloadTarget, absolute

_AT_ONCE = 16


def fetch(
    context: ActionContext,
    place: Location,
    catalogue: Catalogue,
    names: Sequence[str],
    destination: str,
    options: Options,
) -> Result:
    """Fetch the objects ``names`` into a folder, under their own names; members of archives are in a run for each.

    Raises :class:`JsobjError` (local).
    """
    by_archive: dict[str, list[str]] = {}
    for name in names:
        by_archive.setdefault(replace(place, key=catalogue.prefix + name).archive, []).append(name)
    results = [_fetch(context, place, catalogue, some, destination, options) for some in by_archive.values()]
    return together(results)


def _fetch(
    context: ActionContext,
    place: Location,
    catalogue: Catalogue,
    names: Sequence[str],
    destination: str,
    options: Options,
) -> Result:
    """What is in the bucket, or in one archive."""
    place, settings = replace(place, key=catalogue.prefix + names[0]), context.stores.settings
    store = context.stores.of(place) if place.archive else catalogue.store
    target = DownloadTarget(destination, "", catalogue.prefix, catalogue.prefix)
    folder = TargetFolder(destination, claimed=partial(claimed_temps, settings.state_dir))
    folder.require_possible()
    spec = JobSpec(
        verb="download",
        sources=tuple(store.place.url(f"{catalogue.prefix}{name}") for name in names),
        destination=absolute(destination),
        options=options,
        filters=EVERYTHING,
        words=("catalog", "query"),
        folder=absolute(destination),
    )
    with contextlib.closing(folder):
        job = context.open_job(spec, place if place.archive else replace(place, key=catalogue.prefix))
        work = work_on(job, store, target, folder, _listed(store, catalogue.prefix, names))
        announce(job, store.place.url(catalogue.prefix), destination)
        moved = meter_of(job)
        return run(
            job,
            store,
            work,
            performer=lambda own: Receiver(own, folder, job.spec.options, moved),
            flush=folder.sync,
            sizes=None,
            crew=None,
        )


def _listed(store: Store, prefix: str, names: Iterable[str]) -> Iterator[Listed | Failed]:
    """What the objects are now, as a listing would say."""

    def look(name: str) -> Listed | Failed:
        key = f"{prefix}{name}"
        try:
            info = store.head(key)
        except ObjectNotFound as error:
            return Failed(store.place.url(key), error)
        except JsobjError as error:
            if error.code is not ExitCode.REFUSED:
                raise
            return Failed(store.place.url(key), error)
        return Listed(key, info.size, info.etag, info.modified, in_order=info.in_order)

    ordered = sorted(names, key=lambda name: name.encode())
    with contextlib.closing(parallel_map(look, ordered, _AT_ONCE, stop=store.stop)) as found:
        yield from found
