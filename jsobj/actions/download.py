"""Download: objects, prefixes and patterns, to files and folders."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from typing import TypeAlias

from jsobj.actions.context import Action, ActionContext, PlannedItem
from jsobj.actions.stores import require_bucket
from jsobj.errors import BadUsage, ExitCode, JsobjError
from jsobj.packing.store import MemberStore
from jsobj.store.location import ARCHIVE, INSIDE, Location, first_of
from jsobj.store.objects import Store
from jsobj.store.patterns import is_pattern
from jsobj.transfer.download import run
from jsobj.transfer.download.target_folder import TargetFolder
from jsobj.transfer.download.work import Planned
from jsobj.transfer.download.worker import Receiver
from jsobj.transfer.events import Failed, LeftOut, Skipped
from jsobj.transfer.filters import Filters
from jsobj.transfer.job import JobSpec, RunContext
from jsobj.transfer.journal.jobs import claimed_temps
from jsobj.transfer.local.file_url import local_path
from jsobj.transfer.options import Options
from jsobj.transfer.outcomes import Result
from jsobj.transfer.run import looked_at
from jsobj.transfer.spread.shard import WHOLE
from jsobj.transfer.targets import DownloadTarget, absolute, download_target

_Opened: TypeAlias = tuple[RunContext, Store, DownloadTarget, TargetFolder]
MAX_RATIO = 100  # times that the members of an archive may be larger than they are stored


def download(
    context: ActionContext,
    sources: Sequence[Location],
    destination: str,
    options: Options,
    filters: Filters,
    *,
    max_ratio: int = MAX_RATIO,
) -> Action:
    """Fetch objects, a run for each source. ``max_ratio``: of all that is taken out of an archive, as it is stored.

    Raises :class:`JsobjError` (usage) where sources need a folder.
    """
    destination = local_path(destination)
    # As text, not as a Path: a slash at the end has a meaning.
    if len(sources) > 1 and not (destination.endswith("/") or os.path.isdir(destination)):  # noqa: PTH112 - Path raises for what may not be looked at
        raise JsobjError(
            "destination-not-folder",
            f"{len(sources)} sources need a folder as their destination, and {destination} is not one",
            code=ExitCode.USAGE,
            hint=f"make it, or end it with a slash: {destination}/",
        )
    sources = [context.stores.folder_of(source) for source in sources]
    _require_own_names(sources)

    def opening(source: Location, *, dry_run: bool = False) -> AbstractContextManager[_Opened]:
        return _opened(context, source, destination, options, filters, max_ratio, dry_run=dry_run)

    def results() -> Iterator[Result]:
        for source in sources:
            with opening(source) as opened:
                yield run.download(*opened)

    def plan() -> Iterator[PlannedItem]:
        for source in sources:
            with opening(source, dry_run=True) as (job, store, target, folder):
                yield from map(_planned, _looked_at(job, store, target, folder))

    def look() -> None:
        for source in sources:
            with opening(source, dry_run=True) as (_, store, target, _folder):
                if not target.file:
                    first_of(store.list(target.prefix))

    return Action(run=lambda: together(list(results())), plan=plan, look=look)


def unpack(
    context: ActionContext,
    source: Location,
    folder: str,
    options: Options,
    filters: Filters,
    *,
    max_ratio: int = MAX_RATIO,
) -> Action:
    """Fetch all members of an archive, or those that the place names, into a folder.

    Raises :class:`JsobjError`: usage for what can be neither.
    """
    place = context.stores.meant(source)  # at a web server the bucket that was read may be the archive's name
    if not place.key:
        require_bucket(context.stores.of(place))  # no answer, too, is another error than a wrong name
    return download(context, [_archive_of(place)], f"{folder}/", options, filters, max_ratio=max_ratio)


def _archive_of(place: Location) -> Location:
    if place.archive:
        return place
    if not place.key.endswith(ARCHIVE):
        raise BadUsage(
            f"{place} is no archive: its name does not end in .zip", hint="jsobj unpack s3://BUCKET/ARCHIVE.zip DIR"
        )
    return replace(place, key=f"{place.key}{INSIDE}", address="")  # which names the archive alone


@contextlib.contextmanager
def _opened(
    context: ActionContext,
    source: Location,
    destination: str,
    options: Options,
    filters: Filters,
    max_ratio: int,
    *,
    dry_run: bool = False,
) -> Iterator[_Opened]:
    """The job of one source, its store, and where its objects go."""
    store, settings = context.stores.of(source), context.stores.settings
    target = download_target(store, source, destination)
    if isinstance(store, MemberStore) and not target.file:
        store.require_sane(partial(_is_wanted, target, filters), max_ratio)
        store.gather(partial(_is_wanted, target, filters))
    # The temporary files of other shares may be held on other machines, and be in journals that are there.
    alone = options.shard == WHOLE
    claimed = partial(claimed_temps, settings.state_dir) if alone else lambda: None
    folder = TargetFolder(target.folder, dry_run=dry_run, claimed=claimed)
    folder.require_possible()
    with contextlib.closing(folder):
        spec = JobSpec(
            verb="download",
            sources=(store.place.url(source.key),),
            destination=absolute(destination),
            options=options,
            filters=filters,
            words=("download", str(source), destination),
            folder=absolute(target.folder),
        )
        # A link is a secret: no journal keeps it, and what is interrupted begins again.
        yield (
            context.open_job(spec, source, dry_run=dry_run or bool(source.signed or source.query)),
            store,
            target,
            folder,
        )


def _is_wanted(target: DownloadTarget, filters: Filters, key: str) -> bool:
    if target.pattern is not None and not target.pattern.fullmatch(key):
        return False
    return key.startswith(target.prefix) and not filters.judge(key[len(target.cut) :])


def _looked_at(job: RunContext, store: Store, target: DownloadTarget, folder: TargetFolder) -> Iterator[Planned]:
    decisions = run.download_work(job, store, target, folder).decisions()
    return looked_at(job, decisions, lambda moved: Receiver(store, folder, job.spec.options, moved), stop=store.stop)


def _require_own_names(sources: Sequence[Location]) -> None:
    """Two sources with one name would overwrite each other."""
    seen: dict[str, Location] = {}
    for source in sources:
        name = source.key.rpartition("/")[2]
        if name and name in seen:
            meet = f"would both become '{name}'"
            if is_pattern(name):
                meet = f"both end in the pattern '{name}', and files of the same name would meet"
            raise JsobjError(
                "sources-meet",
                f"{seen[name]} and {source} {meet}",
                code=ExitCode.USAGE,
                hint="fetch them one by one, into different folders",
            )
        seen[name] = source


def together(results: list[Result]) -> Result:
    """Several runs as one: the numbers are those of the last, which counted for all."""
    if len(results) == 1 or not any(result.code for result in results):
        return results[-1]
    failures = tuple(failure for result in results for failure in result.failures)
    return replace(results[-1], code=ExitCode.PARTIAL, failures=failures)


def _planned(decision: Planned) -> PlannedItem:
    if isinstance(decision, Skipped | LeftOut | Failed):
        return PlannedItem.not_done(decision)
    item = decision.item
    return PlannedItem("download", item.source, item.target, item.remote.size)
