"""What ``jsobj upload`` does: sources to keys, then a run; standard input; a dry run."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from jsobj.cli.parsing.transfer_options import Chosen
from jsobj.cli.parsing.world import World
from jsobj.cli.transfer_frame import Frame, show_plan, transfer_frame
from jsobj.errors import ExitCode, JsobjError

if TYPE_CHECKING:
    from jsobj.store.location import Location
    from jsobj.store.objects import Store
    from jsobj.transfer.outcomes import Result
    from jsobj.transfer.targets import UploadSource
    from jsobj.transfer.upload.work import Planning

_READ = 1024 * 1024


def run_upload(world: World, sources: tuple[str, ...], destination: str, chosen: Chosen) -> None:
    """One ``jsobj upload``."""
    from jsobj.store.location import parse_location
    from jsobj.transfer.targets import upload_sources

    location = parse_location(destination)
    if sources == ("-",):
        _stream(world, location, chosen)
        return
    targets = upload_sources(sources, location.key)
    if chosen.files_from and (len(targets) != 1 or targets[0].exact):
        raise JsobjError(
            "files-from-needs-folder",
            "--files-from names files below one folder, and that is not what SOURCE is",
            code=ExitCode.USAGE,
            hint=f"jsobj upload . {destination} --files-from {chosen.files_from}",
        )
    with transfer_frame(world, chosen) as frame:
        _run(frame, location, targets)


def _run(frame: Frame, location: Location, targets: tuple[UploadSource, ...]) -> None:
    from jsobj.transfer import run as runs
    from jsobj.transfer.targets import absolute

    store = frame.opened.of(location)
    job = frame.open_job(
        location,
        store,
        verb="upload",
        sources=tuple(absolute(target.path) for target in targets),
        destination=store.place.url(location.key),
    )
    plan = _plan(frame, store, targets)
    if frame.chosen.dry_run:
        show_plan(frame.world, runs.upload_work(job, store, targets, plan).decisions(), _row)
        return
    frame.finish(runs.upload(job, store, targets, plan))


def _plan(frame: Frame, store: Store, targets: tuple[UploadSource, ...]) -> Iterator[Planning]:
    from jsobj.transfer import run as runs

    chosen = frame.chosen
    follow = chosen.links == "follow"
    if not chosen.files_from:
        return runs.plan_upload(store, targets, chosen.filters, follow_links=follow)
    from jsobj.transfer.file_list import read_list
    from jsobj.transfer.scan import named

    names = read_list(chosen.files_from, null=chosen.null)
    files = named(targets[0].path, names, filters=chosen.filters, follow_symlinks=follow)
    return runs.plan_listed(store, files, targets[0].prefix)


def _row(decision: Any) -> dict[str, object]:
    from jsobj.transfer.events import Failed, Skipped

    if isinstance(decision, Skipped):
        return {"action": "skip", "item": decision.item, "destination": None, "size": None, "reason": decision.reason}
    if isinstance(decision, Failed):
        reason = decision.error.message
        return {"action": "refuse", "item": decision.item, "destination": None, "size": None, "reason": reason}
    item = decision.item
    compared = item.remote is not None and item.remote.size == item.file.size
    reason = "new" if item.remote is None else "same size: content is compared" if compared else "differs"
    action = "compare" if compared else "upload"
    return {
        "action": action,
        "item": item.file.path,
        "destination": item.key,
        "size": item.file.size,
        "reason": reason,
    }


def _stream(world: World, location: Location, chosen: Chosen) -> None:
    """Standard input, of whatever length, as one object."""
    if location.many:
        raise JsobjError(
            "stream-needs-key",
            "standard input has no name: the destination must name an object",
            code=ExitCode.USAGE,
            hint=f"jsobj upload - {shlex.quote(f'{location}NAME')}",
        )
    if chosen.dry_run:
        raise JsobjError("usage", "--dry-run cannot look into standard input", code=ExitCode.USAGE)
    from jsobj.transfer.upload.stream_run import upload_stream

    with transfer_frame(world, chosen) as frame:
        store = frame.opened.of(location)
        result: Result = upload_stream(
            store, location.key, _chunks(), chosen.options, frame.tally, frame.teller, name="standard input"
        )
        frame.finish(result)


def _chunks() -> Iterator[memoryview]:
    """Standard input in pieces, each in the same buffer."""
    view = memoryview(bytearray(_READ))
    raw: Any = getattr(sys.stdin.buffer, "raw", sys.stdin.buffer)
    while count := raw.readinto(view):
        yield view[:count]
