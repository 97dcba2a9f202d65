"""What ``jsobj download`` does: keys to paths, then a run for each source; standard output; a dry run."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from jsobj.cli.parsing.transfer_options import Chosen
from jsobj.cli.parsing.world import World
from jsobj.cli.transfer_frame import Frame, show_plan, transfer_frame
from jsobj.errors import ExitCode, JsobjError

if TYPE_CHECKING:
    from jsobj.store.location import Location


def run_download(world: World, sources: tuple[str, ...], destination: str, chosen: Chosen) -> None:
    """One ``jsobj download``."""
    from jsobj.store.location import parse_location

    locations = [parse_location(source) for source in sources]
    if destination == "-":
        _to_stdout(world, locations, chosen)
        return
    # As text, not as a Path: what is typed may end in a slash, and that is what is asked about.
    if len(locations) > 1 and not (destination.endswith("/") or os.path.isdir(destination)):  # noqa: PTH112
        raise JsobjError(
            "destination-not-folder",
            f"{len(locations)} sources need a folder to go into, and {destination} is none",
            code=ExitCode.USAGE,
            hint=f"make it, or end it with a slash: {destination}/",
        )
    _require_own_names(locations)
    with transfer_frame(world, chosen) as frame:
        results = [_run(frame, location, destination) for location in locations]
        if not chosen.dry_run:
            frame.finish(_together(results))


def _require_own_names(locations: list[Location]) -> None:
    """Two sources of one name would become one file, of which the later one is left."""
    seen: dict[str, Location] = {}
    for location in locations:
        name = location.key.rpartition("/")[2]
        if name and name in seen:
            raise JsobjError(
                "sources-meet",
                f"{seen[name]} and {location} would both become '{name}'",
                code=ExitCode.USAGE,
                hint="fetch them one by one, under different names",
            )
        seen[name] = location


def _together(results: list[Any]) -> Any:
    """The result of several runs as one: the first that is not well decides, 3 where they differ."""
    bad = {result.code for result in results if result.code}
    if len(results) == 1 or not bad:
        return results[-1]
    from dataclasses import replace

    return replace(results[-1], code=ExitCode.PARTIAL)


def _run(frame: Frame, location: Location, destination: str) -> Any:
    from jsobj.transfer import run as runs
    from jsobj.transfer.download.target_folder import TargetFolder
    from jsobj.transfer.journal import jobs
    from jsobj.transfer.targets import absolute, download_target

    store = frame.opened.of(location)
    target = download_target(store, location, destination)

    def claimed() -> frozenset[str] | None:
        return jobs.claimed_temps(frame.world.settings.state_dir)

    with contextlib.closing(TargetFolder(target.folder, dry_run=frame.chosen.dry_run, claimed=claimed)) as landing:
        job = frame.open_job(
            location,
            store,
            verb="download",
            sources=(store.place.url(location.key),),
            destination=absolute(destination),
            folder=absolute(target.folder),
        )
        if frame.chosen.dry_run:
            show_plan(frame.world, runs.download_work(job, store, target, landing).decisions(), _row)
            return None
        return runs.download(job, store, target, landing)


def _row(decision: Any) -> dict[str, object]:
    from jsobj.transfer.events import Failed, Skipped

    if isinstance(decision, Skipped):
        return {"action": "skip", "item": decision.item, "destination": None, "size": None, "reason": decision.reason}
    if isinstance(decision, Failed):
        reason = decision.error.message
        return {"action": "refuse", "item": decision.item, "destination": None, "size": None, "reason": reason}
    item = decision.item
    return {
        "action": "download",
        "item": item.remote.key,
        "destination": item.name,
        "size": item.remote.size,
        "reason": None,
    }


def _to_stdout(world: World, locations: list[Location], chosen: Chosen) -> None:
    """The bytes of objects to standard output, decoded unless ``--raw``."""
    from jsobj.store.location import parse_location
    from jsobj.transfer.compression import decodable, decoder, through
    from jsobj.transfer.download.read_stream import Reading
    from jsobj.transfer.engine.rate_limit import Meter, RateLimit

    places = [parse_location(str(location), need_key=True) for location in locations]
    if chosen.dry_run:
        raise JsobjError(
            "usage", "with '-' there is no plan to show", code=ExitCode.USAGE, hint="jsobj stat shows the object"
        )
    with transfer_frame(world, chosen, data_on_stdout=True) as frame:
        rate = chosen.options.limit_rate
        meter = Meter(frame.tally.moved, RateLimit(rate) if rate else None)
        for place in places:
            store = frame.opened.of(place)
            info = store.head(place.key)
            chunks: Iterator[Any] = iter(Reading(store, info, stop=store.stop))
            if decodable(info.content_encoding) and not chosen.options.raw:
                chunks = through(decoder(info.content_encoding.strip().lower()), chunks)
            for data in chunks:
                meter(len(data))
                world.out.write_bytes(data)
