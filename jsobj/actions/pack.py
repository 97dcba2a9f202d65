"""Pack: many files as one object; and unpack, which is a download of all its members."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache

from jsobj.actions.context import Action, ActionContext, PlannedItem
from jsobj.actions.stores import require_bucket
from jsobj.errors import BadUsage, ExitCode, JsobjError
from jsobj.packing.plan import PackPlan, plan_archive
from jsobj.packing.run import pack as run_pack
from jsobj.packing.run import why_not
from jsobj.store.location import ARCHIVE, Location
from jsobj.store.objects import Store
from jsobj.transfer.filters import Filters, nothing_matches
from jsobj.transfer.job import JobSpec
from jsobj.transfer.local.file_list import read_list
from jsobj.transfer.local.scan import LocalFile, Passed, follows, named, walk
from jsobj.transfer.options import Options
from jsobj.transfer.spread.shard import WHOLE
from jsobj.transfer.targets import UploadSource, absolute, upload_sources
from jsobj.transfer.upload.kept import require_room


def pack(
    context: ActionContext,
    sources: Sequence[str | os.PathLike[str]],
    destination: Location,
    options: Options,
    filters: Filters,
    *,
    files_from: str = "",
    null: bool = False,
    links: str = "skip",
) -> Action:
    """Send files and folders as one object, a zip. The other arguments are those of an upload.

    Raises :class:`JsobjError`: local (a source is missing), usage.
    """
    _require_archive(destination, options)
    targets = upload_sources([os.fspath(source) for source in sources], "")
    if files_from and (len(targets) != 1 or targets[0].exact):
        raise JsobjError(
            "files-from-needs-folder",
            "--files-from names files below one folder, and SOURCE is not a folder",
            code=ExitCode.USAGE,
            hint=f"jsobj upload --pack . {destination} --files-from {files_from}",
        )
    follow, store = follows(links), context.stores.of(destination)
    require_room(store, options.kept)
    spec = JobSpec(
        verb="pack",
        sources=tuple(absolute(target.path) for target in targets),
        destination=store.place.url(destination.key),
        options=options,
        filters=filters,
        words=("upload", "--pack", *(target.path for target in targets), str(destination)),
        files_from=files_from,
        links=links,
    )

    def listed(target: UploadSource) -> Iterator[LocalFile | Passed]:
        if not files_from:
            return walk([target.path], filters=filters, follow_symlinks=follow)
        return named(target.path, read_list(files_from, null=null), filters=filters, follow_symlinks=follow)

    @cache
    def plan() -> PackPlan:
        made = plan_archive((target.prefix, each) for target in targets for each in listed(target))
        if not made.files and not made.failed and filters.include:
            raise nothing_matches(" ".join(target.path for target in targets), filters.included)
        return made

    return Action(
        run=lambda: run_pack(context.open_job(spec, destination), store, destination.key, plan()),
        plan=lambda: _planned(store, destination.key, plan(), options),
        look=lambda: require_bucket(store),
    )


def _planned(store: Store, key: str, plan: PackPlan, options: Options) -> Iterator[PlannedItem]:
    yield from map(PlannedItem.not_done, plan.left_out)
    yield from map(PlannedItem.not_done, plan.failed)
    reason = why_not(store, key, plan, options)
    for each in plan.files:
        if reason:
            yield PlannedItem("skip", each.file.path, reason=reason)
        else:
            yield PlannedItem("pack", each.file.path, f"{store.place.url(key)}!/{each.name}", each.file.size, "new")


def _require_archive(destination: Location, options: Options) -> None:
    if destination.many or not destination.key.endswith(ARCHIVE):
        name = f"{destination}archive.zip" if destination.many else f"{destination}.zip"
        raise BadUsage(
            "--pack makes one object, whose name ends in .zip: its members are then read by ARCHIVE.zip!/NAME",
            hint=f"jsobj upload --pack SOURCE... {name}",
        )
    if options.compress not in {"", "zstd"}:
        raise BadUsage(f"members of an archive are stored or compressed by zstd, not by {options.compress}")
    if options.kept.content_encoding:
        raise BadUsage("an archive has no content encoding: leave --content-encoding out")
    if options.shard != WHOLE or options.dask or options.processes:
        raise BadUsage("an archive is made by one process: leave --shard, --dask and --processes out")


def archive_of(location: Location) -> Location:
    """What ``unpack`` means by a place: of an archive all members, else those that it names.

    Raises :class:`JsobjError` (usage) for what can be neither.
    """
    if location.archive:
        return location
    if not location.key.endswith(ARCHIVE):
        raise BadUsage(
            f"{location} is no archive: its name does not end in .zip", hint="jsobj unpack s3://BUCKET/ARCHIVE.zip DIR"
        )
    return replace(location, key=f"{location.key}!/")
