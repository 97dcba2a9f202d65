"""``jsobj du``: count objects and bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, groupby
from typing import TYPE_CHECKING

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.shell_complete import complete_places
from jsobj.cli.parsing.stores import human_option, store_options, stores
from jsobj.cli.parsing.world import World
from jsobj.cli.views.several import Several
from jsobj.ui.documents import Record, Stream
from jsobj.ui.text import safe
from jsobj.units import exact_size, human_bytes

if TYPE_CHECKING:
    from jsobj.actions.stores import BucketStores
    from jsobj.housekeeping.counting import Count
    from jsobj.store.location import Location


@dataclass(frozen=True, slots=True)
class _Usage:
    """What was counted below a place. ``base``: the URL that names of folders are shown below."""

    url: str
    base: str
    sizes: Iterator[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class _Row:
    """One line; without ``url`` the total."""

    size: int
    objects: int
    url: str = ""
    folder: str = ""


@command("du")
@click.argument("url", nargs=-1, required=True, shell_complete=complete_places)
@click.option("--folders", is_flag=True, help="Each folder of the first level by itself, then the total.")
@human_option
@store_options
def du(world: World, url: tuple[str, ...], folders: bool, human: bool, unsigned: bool, endpoint: str) -> None:
    """Count objects and bytes below places.

    URL/ means everything whose name begins so, URL the object and everything below URL/. It is counted by listing,
    which takes a second for some ten thousand objects; jsobj bucket usage asks the server for a whole bucket, and shows
    ages, growth and what takes space beside the objects.
    The key may be a pattern: jsobj help patterns. Several places are counted one by one, with a total at the end, where
    a place that lies in another one counts twice.

    \b
    Examples:
      jsobj du s3://results
      jsobj du s3://results/raw/ --folders
      jsobj du 's3://results/**/*.nc' s3://results/final/
    """
    from jsobj.store.location import parse_location

    typed = (parse_location(text, public=True, foreign=True) for text in url)
    places = list(dict.fromkeys(typed))  # what was typed twice is counted once
    several = Several(world, len(places))
    with stores(world, unsigned=unsigned, endpoint=endpoint) as opened:
        if len(places) == 1 and not folders:
            _show_one(world, _usage(opened, places[0]), human)
            return
        rows = _rows(several, opened, places, folders)
        world.out.stream(Stream("jsobj.usage-list/1", rows, _data, partial(_line, world, human, len(places) > 1)))
        several.finish()


def _usage(opened: BucketStores, place: Location) -> _Usage:
    """Raises not found where there is nothing."""
    from jsobj.store.selection import select

    place = opened.folder_of(place)
    store = opened.of(place)
    chosen = select(store, place.key)
    base = place.key if place.many and not chosen.pattern else chosen.base
    found = chosen.everything()
    first = next(found, None)
    if first is None and place.key:
        raise chosen.nothing()
    items = chain((first,), found) if first else found
    sizes = ((item.key[len(base) :], item.size) for item in items)
    return _Usage(store.place.url(place.key), store.place.url(base), sizes)


def _show_one(world: World, usage: _Usage, human: bool) -> None:
    from jsobj.housekeeping.counting import total

    count = total(size for _, size in usage.sizes)
    data = {"url": usage.url, "objects": count.objects, "bytes": count.size}
    shown = human_bytes(count.size) if human else exact_size(count.size)
    lines = [("Place", usage.url), ("Objects", str(count.objects)), ("Size", shown)]
    world.out.show(Record("jsobj.usage/1", data, lines))


def _rows(several: Several, opened: BucketStores, places: Sequence[Location], folders: bool) -> Iterator[_Row]:
    from jsobj.housekeeping.counting import total

    size = objects = 0
    for place in places:
        usage = several.attempt(str(place), partial(_usage, opened, place))
        if usage is None:
            continue
        for row in _by_folder(usage) if folders else (_row(total(size for _, size in usage.sizes), usage.url),):
            size, objects = size + row.size, objects + row.objects
            yield row
    if objects or (len(places) > 1 and not folders):
        yield _Row(size, objects)


def _by_folder(usage: _Usage) -> Iterator[_Row]:
    """Keys come in order, so that one folder is held at a time."""
    from jsobj.housekeeping.counting import OUTSIDE, folder_of, total

    size = objects = 0  # of objects outside of folders, which come between them, and are shown after them
    for folder, members in groupby(usage.sizes, key=lambda item: folder_of(item[0])):
        part = total(size for _, size in members)
        if folder:
            yield _row(part, usage.base + folder, folder)
        else:
            size, objects = size + part.size, objects + part.objects
    if objects:
        yield _Row(size, objects, usage.base, OUTSIDE)


def _row(count: Count, url: str, folder: str = "") -> _Row:
    return _Row(count.size, count.objects, url, folder)


def _data(row: _Row) -> dict[str, object]:
    more = {"bytes": row.size, "objects": row.objects, "total": not row.url}
    return {"folder": row.folder or None, "url": row.url or None, **more}


def _line(world: World, human: bool, many: bool, row: _Row) -> str:
    from jsobj.housekeeping.counting import OUTSIDE

    whole = row.url + (OUTSIDE if row.folder == OUTSIDE else "")
    name = safe(row.folder if row.folder and not many else whole) or "total"
    if world.out.on_terminal:
        return f"{human_bytes(row.size):>10}  {row.objects:>10}  {name}"
    return f"{human_bytes(row.size) if human else row.size}\t{row.objects}\t{name}"
