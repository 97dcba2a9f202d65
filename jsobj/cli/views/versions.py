"""Versions of objects, as ``jsobj ls --versions`` shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from jsobj.cli.parsing.stores import store_sides
from jsobj.cli.views.times import human, iso
from jsobj.errors import BadUsage
from jsobj.ui.documents import Stream
from jsobj.ui.text import safe
from jsobj.units import human_bytes

if TYPE_CHECKING:
    from jsobj.cli.parsing.world import World
    from jsobj.housekeeping.versions import VersionStore
    from jsobj.store.buckets import Version


def show_versions(world: World, urls: Sequence[str], *, unsigned: bool, order: object) -> None:
    """One place, everything below it. Raises usage for what does not go with versions."""
    from jsobj.housekeeping.versions import below, require_versions
    from jsobj.store.location import parse_location
    from jsobj.store.patterns import is_pattern

    if len(urls) != 1 or urls[0] in {"s3://", "swift://"}:
        raise BadUsage("--versions wants one place: jsobj ls --versions URL")
    if unsigned or order != "name":
        raise BadUsage("--versions goes without --sort, --reverse, --no-sign-request and --endpoint")
    location = parse_location(urls[0])
    with store_sides(world, location) as sides:
        store = require_versions(sides)
        found = below(store, location.key)
        first = next(found, None)
        if first is None:
            more = " (patterns mean nothing here)" if is_pattern(location.key) else ""
            world.out.note(f"{store.url(location.key)} has no versions{more}.")
        items = chain((first,), found) if first is not None else iter(())
        _stream(world, store, items)
        if first is not None and store.state() == "off":
            world.out.note(f"{sides.bucket} keeps no versions; to begin: jsobj bucket versioning {sides.bucket} on")


def _stream(world: World, store: VersionStore, items: Iterator[Version]) -> None:
    def data(version: Version) -> dict[str, object]:
        return {
            "type": "delete-marker" if version.marker else "version",
            "key": version.key,
            "url": store.url(version.key),
            "id": version.id,
            "size": None if version.marker else version.size,
            "etag": version.etag or None,
            "modified": iso(version.modified),
            "latest": version.latest,
        }

    def line(version: Version) -> str:
        if world.out.on_terminal:
            size = "" if version.marker else human_bytes(version.size)
            state = state_of(version)
            return f"{human(version.modified)}  {size:>9}  {state:<7}  {safe(version.id):<17}  {safe(version.key)}"
        size = "" if version.marker else str(version.size)
        return "\t".join((iso(version.modified) or "", size, state_of(version), safe(version.id), safe(version.key)))

    world.out.stream(Stream("jsobj.version-list/1", items, data, line))


def state_of(version: Version) -> str:
    """``current``: what is read; ``deleted``: a delete marker on top; ``marker``: an older one; ``old``: all else."""
    if version.marker:
        return "deleted" if version.latest else "marker"
    return "current" if version.latest else "old"
