"""``jsobj ls``: buckets, and what is in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

import click

from jsobj.cli.commands.bucket import bucket_data
from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.shell_complete import complete_places
from jsobj.cli.parsing.stores import human_option, store_options, stores
from jsobj.cli.parsing.world import World
from jsobj.cli.views.several import Several
from jsobj.cli.views.times import human as human_time
from jsobj.cli.views.times import iso
from jsobj.errors import BadUsage
from jsobj.ui.documents import Stream
from jsobj.ui.text import safe
from jsobj.units import human_bytes

if TYPE_CHECKING:
    from jsobj.actions.stores import BucketStores
    from jsobj.store.buckets import Bucket
    from jsobj.store.location import Location
    from jsobj.store.objects import Listed, Store

_BUCKETS = frozenset({"s3://", "swift://"})


@dataclass(frozen=True, slots=True)
class _Item:
    """One line of a listing: ``name`` is what it shows. ``heading``: the place that begins with it, or ""."""

    listed: Listed
    url: str
    name: str
    heading: str = ""


@command("ls")
@click.argument("url", nargs=-1, shell_complete=complete_places)
@click.option("-r", "--recursive", is_flag=True, help="Everything below, not just one level.")
@click.option("-l", "--long", is_flag=True, help="With size and time of modification.")
@human_option
@store_options
def ls(
    world: World, url: tuple[str, ...], recursive: bool, long: bool, human: bool, unsigned: bool, endpoint: str
) -> None:
    """List buckets, folders and objects.

    URL is s3://BUCKET[/KEY], swift://CONTAINER[/OBJECT] or BUCKET[/KEY]; s3:// or swift:// alone, or none at all, lists
    buckets. Folders end in a slash. KEY may be a pattern: jsobj help patterns. Names are shown relative to the folder
    that is listed; of several places a terminal shows each below its URL, and a pipe gets whole URLs. --json has whole
    keys and is written while the listing comes, as one document.

    \b
    Examples:
      jsobj ls
      jsobj ls 's3://results/raw/2026-*.nc'
      jsobj ls -lh s3://results/raw/ s3://results/final/
      jsobj ls swift://results -r | wc -l
      jsobj ls s3://open --no-sign-request --endpoint https://HOST:PORT
    """
    from jsobj.store.location import parse_location

    line = _line(world, long, human)
    with stores(world, unsigned=unsigned, endpoint=endpoint) as opened:
        if not url or _BUCKETS.intersection(url):
            if len(url) > 1:
                raise BadUsage(f"{next(iter(_BUCKETS.intersection(url)))} lists all buckets, and goes alone")
            found = opened.buckets("".join(url).removesuffix("://"))
            if not world.out.stream(Stream("jsobj.bucket-list/1", found, bucket_data, partial(_bucket_line, line))):
                world.out.note("There are no buckets.")
            return
        several = Several(world, len(url))
        items = _items(world, opened, [parse_location(text) for text in url], several, recursive)
        world.out.stream(Stream("jsobj.object-list/1", items, _data, partial(_object_line, line)))
        several.finish()


def _items(
    world: World, opened: BucketStores, places: Sequence[Location], several: Several, recursive: bool
) -> Iterator[_Item]:
    """What is in the places, one after the other."""
    many, headed = len(places) > 1, world.out.on_terminal
    gap = ""
    for place in places:
        found = several.attempt(str(place), partial(_found, opened, place, recursive))
        if found is None:
            continue
        store, folder, listed = found
        url, heading = store.place.url, ""
        if many and headed:
            heading, gap = f"{gap}{safe(url(place.key))}:\n", "\n"
        first = next(listed, None)
        if first is None:
            world.out.note(f"{url()} is empty.")
            continue
        for item in chain((first,), listed):
            whole = url(item.key)
            yield _Item(item, whole, whole if many and not headed else item.key[len(folder) :] or item.key, heading)
            heading = ""


def _found(opened: BucketStores, place: Location, recursive: bool) -> tuple[Store, str, Iterator[Listed]]:
    """The folder whose name is left out of lines, and what is in it. Raises not found where there is nothing."""
    from jsobj.store.selection import select

    store, key = opened.of(place), place.key
    chosen = select(store, key)
    found = chosen.everything() if recursive else chosen.names()
    first = next(found, None)
    if first is None and key:
        raise chosen.nothing()
    if chosen.pattern or not key or (not key.endswith("/") and (recursive or chosen.found)):
        folder = chosen.base
    else:  # names are shown below the folder that was typed
        folder = key if key.endswith("/") else f"{key}/"
    return store, folder, chain((first,), found) if first else found


def _data(item: _Item) -> dict[str, object]:
    listed = item.listed
    if listed.prefix:
        return {"type": "prefix", "key": listed.key, "url": item.url}
    known = {"size": listed.size, "etag": listed.etag or None, "modified": iso(listed.modified)}
    return {"type": "object", "key": listed.key, "url": item.url, **known}


_Line = Callable[["int | None", "float | None", str], str]


def _object_line(line: _Line, item: _Item) -> str:
    listed = item.listed
    return item.heading + line(None if listed.prefix else listed.size, listed.modified, item.name)


def _bucket_line(line: _Line, bucket: Bucket) -> str:
    return line(bucket.size, bucket.created.timestamp() if bucket.created else None, bucket.name)


def _line(world: World, long: bool, human: bool) -> _Line:
    """What makes a line of size, time and name: aligned on a terminal, with tabs elsewhere.

    ``human``: sizes for people there too.
    """

    def aligned(size: int | None, time: float | None, name: str) -> str:
        return f"{'' if size is None else human_bytes(size):>10}  {human_time(time):<20}  {safe(name)}"

    def tabbed(size: int | None, time: float | None, name: str) -> str:
        shown = "" if size is None else human_bytes(size) if human else size
        return f"{shown}\t{iso(time) or ''}\t{safe(name)}"

    if not long:
        return lambda size, time, name: safe(name)
    return aligned if world.out.on_terminal else tabbed
