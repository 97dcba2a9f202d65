"""Upload: files and folders, as objects or packed into one, or one stream of bytes."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any

from jsobj.actions.context import Action, ActionContext, PlannedItem
from jsobj.actions.stores import require_bucket
from jsobj.errors import BadUsage, ExitCode, JsobjError
from jsobj.packing.plan import PackPlan, plan_archive
from jsobj.packing.run import pack as run_pack
from jsobj.packing.run import why_not
from jsobj.store.location import ARCHIVE, Location
from jsobj.store.objects import Store
from jsobj.store.values import PLAIN
from jsobj.transfer.events import Failed, LeftOut, Skipped
from jsobj.transfer.filters import Filters, nothing_matches
from jsobj.transfer.job import JobSpec
from jsobj.transfer.local.file_list import read_list
from jsobj.transfer.local.scan import LocalFile, Passed, follows, named, walk
from jsobj.transfer.options import Options
from jsobj.transfer.outcomes import Result
from jsobj.transfer.run import looked_at
from jsobj.transfer.spread.shard import WHOLE
from jsobj.transfer.targets import UploadSource, absolute, upload_sources
from jsobj.transfer.upload import run
from jsobj.transfer.upload.kept import require_room
from jsobj.transfer.upload.work import Planned, Planning
from jsobj.transfer.upload.worker import Sender, Sending

_READ = 1024 * 1024


def upload(
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
    """Send files and folders. ``files_from``: a list of names below the one source, ended by NUL with ``null``.

    Raises :class:`JsobjError`: local (a source is missing), usage.
    """
    targets = upload_sources([os.fspath(source) for source in sources], destination.key)
    _require_folder(targets, f"jsobj upload . {destination}", files_from)
    if options.dask:  # workers are in other folders
        targets = tuple(replace(target, path=absolute(target.path)) for target in targets)
    follow = follows(links)
    store = context.stores.of(destination)
    require_room(store, options.kept)
    spec = JobSpec(
        verb="upload",
        sources=tuple(absolute(target.path) for target in targets),
        destination=store.place.url(destination.key),
        options=options,
        filters=filters,
        words=("upload", *(target.path for target in targets), str(destination)),
        files_from=files_from,
        links=links,
    )

    def found() -> Iterator[Planning]:
        if not files_from:
            return run.plan_upload(store, targets, filters, follow_links=follow)
        names = read_list(files_from, null=null)
        files = named(targets[0].path, names, filters=filters, follow_symlinks=follow)
        return run.plan_listed(store, files, targets[0].prefix)

    def plan() -> Iterator[PlannedItem]:
        job = context.open_job(spec, destination, dry_run=True)
        decisions = run.upload_work(job, store, targets, found()).decisions()
        return map(
            partial(_planned, options),
            looked_at(job, decisions, lambda moved: Sender(store, options, moved), stop=store.stop),
        )

    return Action(
        run=lambda: run.upload(context.open_job(spec, destination), store, targets, found()),
        plan=plan,
        look=lambda: require_bucket(store),
    )


def _require_folder(targets: Sequence[UploadSource], again: str, files_from: str) -> None:
    if files_from and (len(targets) != 1 or targets[0].exact):
        raise JsobjError(
            "files-from-needs-folder",
            "--files-from names files below one folder, and SOURCE is not a folder",
            code=ExitCode.USAGE,
            hint=f"{again} --files-from {files_from}",
        )


def _planned(options: Options, decision: Planned) -> PlannedItem:
    if isinstance(decision, Skipped | LeftOut | Failed):
        return PlannedItem.not_done(decision)
    sending = decision.item
    file = sending.file
    return PlannedItem("upload", file.path, sending.key, file.size, _why(sending, options))


def _why(sending: Sending, options: Options) -> str:
    if sending.remote is None:
        return "new"
    return "differs" if options.kept == PLAIN else "differs, or has other metadata"


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
    _require_folder(targets, f"jsobj upload --pack . {destination}", files_from)
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
        if not made.files and not made.failed:
            sources = [target.path for target in targets]
            if filters.include:
                raise nothing_matches(" ".join(sources), filters.included)
            raise _no_files(sources, made)
        return made

    def run_it() -> Result:
        found = plan()  # before there is a job that would have to be given up
        return run_pack(context.open_job(spec, destination), store, destination.key, found)

    return Action(
        run=run_it,
        plan=lambda: _plan_of_archive(store, destination.key, plan(), options),
        look=lambda: require_bucket(store),
    )


def _no_files(sources: Sequence[str], plan: PackPlan) -> JsobjError:
    """The error where no archive is made, since nothing would be in it."""
    left, look = len(plan.left_out), f"ls -lA {shlex.join(sources)}"
    return JsobjError(
        "nothing-to-pack",
        f"there are no files in {' '.join(sources)}, and no archive was made",
        code=ExitCode.NOT_FOUND,
        context=f"{left} left out, by --exclude or as links" if left else "",
        hint=f"look what there is: {look}; links are followed with --links follow" if left else f"look: {look}",
    )


def _plan_of_archive(store: Store, key: str, plan: PackPlan, options: Options) -> Iterator[PlannedItem]:
    yield from map(PlannedItem.not_done, plan.left_out)
    yield from map(PlannedItem.not_done, plan.failed)
    reason = "no archive is made, as files cannot go into it" if plan.failed else why_not(store, key, plan, options)
    for each in plan.files:
        if reason:
            yield PlannedItem("skip", each.file.path, reason=reason)
        else:
            yield PlannedItem("pack", each.file.path, f"{store.place.url(key)}!/{each.name}", each.file.size)


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


def upload_from(context: ActionContext, stream: Any, destination: Location, options: Options, *, name: str) -> Result:
    """Send all bytes of a binary stream as one object; ``name`` is what messages call the stream.

    Raises :class:`JsobjError`, and what reading raises; then no object was made.
    """
    if destination.many:
        raise JsobjError(
            "stream-needs-key",
            f"{name} has no file name: the destination must name an object",
            code=ExitCode.USAGE,
            hint=f"jsobj upload - {shlex.quote(f'{destination}NAME')}",
        )
    store = context.stores.of(destination)
    require_room(store, options.kept)
    from jsobj.transfer.upload.stream_run import upload_stream  # its thread pool loads slowly

    return upload_stream(store, destination.key, _chunks(stream), options, context.tally, context.emit, name=name)


def _chunks(stream: Any) -> Iterable[bytes | memoryview]:
    """The stream in pieces, each in the same buffer where it can fill one."""
    if not hasattr(stream, "readinto"):
        while data := stream.read(_READ):
            if isinstance(data, str):
                raise BadUsage("the file is open as text: open it in binary mode")
            yield data
        return
    view = memoryview(bytearray(_READ))
    while count := stream.readinto(view):
        yield view[:count]
