"""``jsobj ls``: buckets, and what is in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

import click

from jsobj.cli.commands.bucket import bucket_data
from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.shell_complete import complete_places
from jsobj.cli.parsing.stores import human_option, store_options, stores
from jsobj.cli.parsing.world import World
from jsobj.cli.views.times import human as human_time
from jsobj.cli.views.times import iso
from jsobj.ui.documents import Stream
from jsobj.ui.text import safe
from jsobj.units import human_bytes

if TYPE_CHECKING:
    from jsobj.store.buckets import Bucket
    from jsobj.store.objects import Listed, Store


@command("ls")
@click.argument("url", required=False, default="", shell_complete=complete_places)
@click.option("-r", "--recursive", is_flag=True, help="Everything below, not just one level.")
@click.option("-l", "--long", is_flag=True, help="With size and time of modification.")
@human_option
@store_options
def ls(world: World, url: str, recursive: bool, long: bool, human: bool, unsigned: bool, endpoint: str) -> None:
    """List buckets, folders and objects.

    URL is s3://BUCKET[/KEY], swift://CONTAINER[/OBJECT] or BUCKET[/KEY]; s3:// or swift:// alone, or none at all, lists
    buckets. Folders end in a slash. Names are shown relative to the folder that is listed; --json has whole keys and
    is written while the listing comes, as one document. KEY may be a pattern: jsobj help patterns.

    \b
    Examples:
      jsobj ls
      jsobj ls 's3://results/raw/2026-*.nc'
      jsobj ls -lh s3://results/raw/
      jsobj ls swift://results -r | wc -l
      jsobj ls s3://open --no-sign-request --endpoint https://HOST:PORT
    """
    from jsobj.store.location import parse_location

    with stores(world, unsigned=unsigned, endpoint=endpoint) as opened:
        if url in {"", "s3://", "swift://"}:
            found = opened.buckets(url.removesuffix("://"))
            shown = Stream("jsobj.bucket-list/1", found, bucket_data, _bucket_line(world, long, human))
            if not world.out.stream(shown):
                world.out.note("There are no buckets.")
            return
        place = parse_location(url)
        store = opened.of(place)
        folder, listed = _found(store, place.key, recursive)
        data = partial(_data, store.place.url)
        line = _object_line(world, long, human, len(folder))
        if not world.out.stream(Stream("jsobj.object-list/1", listed, data, line)):
            world.out.note(f"{store.place.url()} is empty.")


def _found(store: Store, key: str, recursive: bool) -> tuple[str, Iterator[Listed]]:
    """The folder whose name is left out of lines, and what is in it. Raises not found where there is nothing."""
    from jsobj.store.selection import select

    chosen = select(store, key)
    found = chosen.everything() if recursive else chosen.names()
    first = next(found, None)
    if first is None and key:
        raise chosen.nothing()
    if chosen.pattern or not key or (not key.endswith("/") and (recursive or chosen.found)):
        folder = chosen.base
    else:  # names are shown below the folder that was typed
        folder = key if key.endswith("/") else f"{key}/"
    return folder, chain((first,), found) if first else found


def _data(url: Callable[[str], str], item: Listed) -> dict[str, object]:
    if item.prefix:
        return {"type": "prefix", "key": item.key, "url": url(item.key)}
    size, etag, modified = item.size, item.etag or None, iso(item.modified)
    return {"type": "object", "key": item.key, "url": url(item.key), "size": size, "etag": etag, "modified": modified}


def _object_line(world: World, long: bool, human: bool, cut: int) -> Callable[[Listed], str]:
    """What makes a line of an item; ``cut`` characters of its key are left out."""
    line = _line(world, long, human)
    return lambda item: line(None if item.prefix else item.size, item.modified, item.key[cut:] or item.key)


def _bucket_line(world: World, long: bool, human: bool) -> Callable[[Bucket], str]:
    line = _line(world, long, human)
    return lambda bucket: line(bucket.size, bucket.created.timestamp() if bucket.created else None, bucket.name)


def _line(world: World, long: bool, human: bool) -> Callable[[int | None, float | None, str], str]:
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
