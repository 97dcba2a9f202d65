"""``jsobj ls``: buckets, and what is in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

import click

from jsobj.cli.commands.bucket import bucket_data
from jsobj.cli.parsing.command import command, options
from jsobj.cli.parsing.shell_complete import complete_places
from jsobj.cli.parsing.stores import human_option, store_options, stores
from jsobj.cli.parsing.world import World
from jsobj.cli.views.several import Several
from jsobj.cli.views.times import human as human_time
from jsobj.cli.views.times import iso
from jsobj.cli.views.total import Total
from jsobj.errors import BadUsage
from jsobj.ui.documents import Stream
from jsobj.ui.text import safe
from jsobj.units import human_bytes

if TYPE_CHECKING:
    from jsobj.actions.stores import BucketStores
    from jsobj.store.buckets import Bucket
    from jsobj.store.location import Location
    from jsobj.store.objects import Store
    from jsobj.store.values import Listed

_BUCKETS = frozenset({"s3://", "swift://"})
_BUCKET_ORDERS: dict[str, Callable[[Bucket], Any]] = {
    "name": lambda bucket: bucket.name,
    "size": lambda bucket: (-(bucket.size or 0), bucket.name),
    "time": lambda bucket: (-(bucket.created.timestamp() if bucket.created else 0), bucket.name),
}
_SORT_HELP = "By size, the largest first; by time, the newest first; else by name."


@dataclass(frozen=True, slots=True)
class _Look:
    """How things are shown."""

    long: bool
    human: bool
    sort: str
    reverse: bool
    total: bool


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
@options(
    click.option("--sort", type=click.Choice(list(_BUCKET_ORDERS)), default="name", help=_SORT_HELP),
    click.option("--reverse", is_flag=True, help="In the opposite order."),
    click.option("--total", is_flag=True, help="A last line with the number of objects and their bytes."),
)
@click.option("--versions", is_flag=True, help="Every version that the bucket keeps, and delete markers.")
@store_options
def ls(
    world: World, url: tuple[str, ...], recursive: bool, versions: bool, unsigned: bool, endpoint: str, **shown: Any
) -> None:
    """List buckets, folders and objects.

    URL is s3://BUCKET[/KEY], swift://CONTAINER[/OBJECT] or BUCKET[/KEY]; s3:// or swift:// alone, or none at all, lists
    buckets. Folders end in a slash. KEY may be a pattern: jsobj help patterns. Names are shown relative to the folder
    that is listed; of several places a terminal shows each below its URL, and a pipe gets whole URLs. --json has whole
    keys, in one document. By name, the order of the server, a listing is shown while it comes; for another order it is
    read whole first, into a temporary file. Several places are sorted each by itself.

    \b
    Examples:
      jsobj ls
      jsobj ls -lr --sort size --total s3://results/raw/
      jsobj ls 's3://results/raw/2026-*.nc'
      jsobj ls -lh s3://results/raw/ s3://results/final/
      jsobj ls swift://results -r | wc -l
      jsobj ls --versions s3://results/run42.nc
      jsobj ls s3://open --no-sign-request --endpoint https://HOST:PORT
    """
    from jsobj.store.location import parse_location

    if versions:
        from jsobj.cli.views.versions import show_versions

        show_versions(world, url, unsigned=unsigned or bool(endpoint), order=bool(shown["reverse"]) or shown["sort"])
        return

    look, total = _Look(**shown), Total()
    line = _line(world, look)
    end = partial(total.end, world.out, human=look.human) if look.total else None
    with stores(world, unsigned=unsigned, endpoint=endpoint) as opened:
        if not url or _BUCKETS.intersection(url):
            if len(url) > 1:
                raise BadUsage(f"{next(iter(_BUCKETS.intersection(url)))} lists all buckets, and goes alone")
            buckets: Iterable[Bucket] = opened.buckets("".join(url).removesuffix("://"))
            if look.sort != "name" or look.reverse:
                buckets = sorted(buckets, key=_BUCKET_ORDERS[look.sort], reverse=look.reverse)
            listed = total.of_buckets(buckets)
            if not world.out.stream(
                Stream("jsobj.bucket-list/1", listed, bucket_data, partial(_bucket_line, line), end)
            ):
                world.out.note("There are no buckets.")
            return
        several = Several(world, len(url))
        find = partial(_found, opened, recursive=recursive, look=look)
        items = _items(world, several, [parse_location(text, public=True, foreign=True) for text in url], find, total)
        world.out.stream(Stream("jsobj.object-list/1", items, _data, partial(_object_line, line), end))
        several.finish()


def _items(
    world: World,
    several: Several,
    places: Sequence[Location],
    find: Callable[[Location], tuple[Store, str, Iterator[Listed]]],
    total: Total,
) -> Iterator[_Item]:
    """What is in the places, one after the other."""
    many, headed = len(places) > 1, world.out.on_terminal
    gap = ""
    for place in places:
        found = several.attempt(str(place), partial(find, place))
        if found is None:
            continue
        store, folder, listed = found
        url, heading = store.place.url, ""
        if many and headed:
            heading, gap = f"{gap}{safe(url(place.key))}:\n", "\n"
        first = next(listed, None)
        if first is None:
            world.out.flush_stream()
            world.out.note(f"{url()} is empty.")
            continue
        for item in chain((first,), listed):
            total.count(None if item.prefix else item.size)
            whole = url(item.key)
            yield _Item(item, whole, whole if many and not headed else item.key[len(folder) :] or item.key, heading)
            heading = ""


def _found(opened: BucketStores, place: Location, recursive: bool, look: _Look) -> tuple[Store, str, Iterator[Listed]]:
    """The folder whose name is left out of lines, and what is in it. Raises not found where there is nothing."""
    from jsobj.store.listing_order import in_order
    from jsobj.store.selection import select

    place = opened.folder_of(place)
    store, key = opened.of(place), place.key
    chosen = select(store, key)
    found = in_order(chosen.everything() if recursive else chosen.names(), look.sort, reverse=look.reverse)
    first = next(found, None)
    if first is None and key:
        raise chosen.nothing()
    if chosen.pattern or not key or (not key.endswith("/") and (recursive or chosen.found)):
        folder = chosen.base
    else:  # names are shown below the folder that was typed
        folder = key if key.endswith("/") else f"{key}/"
    return store, folder, chain((first,), found) if first else found


def _data(item: _Item) -> dict[str, object]:
    return listed_data(item.listed, item.url)


def listed_data(listed: Listed, url: str) -> dict[str, object]:
    """One item of ``jsobj.object-list/1``."""
    if listed.prefix:
        return {"type": "prefix", "key": listed.key, "url": url}
    known = {"size": listed.size, "etag": listed.etag or None, "modified": iso(listed.modified)}
    return {"type": "object", "key": listed.key, "url": url, **known}


_Line = Callable[["int | None", "float | None", str], str]


def _object_line(line: _Line, item: _Item) -> str:
    listed = item.listed
    return item.heading + line(None if listed.prefix else listed.size, listed.modified, item.name)


def _bucket_line(line: _Line, bucket: Bucket) -> str:
    return line(bucket.size, bucket.created.timestamp() if bucket.created else None, bucket.name)


def _line(world: World, look: _Look) -> _Line:
    """What makes a line of size, time and name: aligned on a terminal, with tabs elsewhere."""

    def aligned(size: int | None, time: float | None, name: str) -> str:
        return f"{'' if size is None else human_bytes(size):>10}  {human_time(time):<20}  {safe(name)}"

    def tabbed(size: int | None, time: float | None, name: str) -> str:
        shown = "" if size is None else human_bytes(size) if look.human else size
        return f"{shown}\t{iso(time) or ''}\t{safe(name)}"

    if not look.long:
        return lambda size, time, name: safe(name)
    return aligned if world.out.on_terminal else tabbed
