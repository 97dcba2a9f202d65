"""``jsobj du``: count objects and bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.shell_complete import complete_places
from jsobj.cli.parsing.stores import human_option, store_options, stores
from jsobj.cli.parsing.world import World
from jsobj.ui.documents import Record, Stream
from jsobj.ui.text import safe
from jsobj.units import exact_size, human_bytes


@command("du")
@click.argument("url", shell_complete=complete_places)
@click.option("--folders", is_flag=True, help="Each folder of the first level by itself, then the total.")
@human_option
@store_options
def du(world: World, url: str, folders: bool, human: bool, unsigned: bool, endpoint: str) -> None:
    """Count objects and bytes below a place.

    URL/ means everything whose name begins so, URL the object and everything below URL/. It is counted by listing,
    which takes a second for some ten thousand objects; jsobj bucket show asks the server for a whole bucket.
    The key may be a pattern: jsobj help patterns.

    \b
    Examples:
      jsobj du s3://results
      jsobj du s3://results/raw/ --folders
      jsobj du 's3://results/**/*.nc'
    """
    from jsobj.store.location import parse_location
    from jsobj.store.selection import select

    place = parse_location(url)
    with stores(world, unsigned=unsigned, endpoint=endpoint) as opened:
        store = opened.of(place)
        chosen = select(store, place.key)
        cut = len(place.key) if place.many and not chosen.pattern else len(chosen.base)
        sizes = ((item.key[cut:], item.size) for item in chosen.everything())
        total, count = _by_folder(world, sizes, human) if folders else _sum(sizes)
        if not count and place.key:
            raise chosen.nothing()
        if folders:
            return
        target = store.place.url(place.key)
        data = {"url": target, "objects": count, "bytes": total}
        size = human_bytes(total) if human else exact_size(total)
        lines = [("Place", target), ("Objects", str(count)), ("Size", size)]
        world.out.show(Record("jsobj.usage/1", data, lines))


def _sum(sizes: Iterable[tuple[str, int]]) -> tuple[int, int]:
    total = count = 0
    for _, size in sizes:
        total += size
        count += 1
    return total, count


def _by_folder(world: World, sizes: Iterable[tuple[str, int]], human: bool) -> tuple[int, int]:
    """Bytes and objects in all. Keys come in order, so that one folder is held at a time."""
    total = outside = (0, 0)  # objects outside of folders come between them, and are shown after them

    def rows() -> Iterator[tuple[str, int, int]]:
        nonlocal total, outside
        for folder, members in groupby(sizes, key=lambda item: _folder(item[0])):
            size, count = _sum(members)
            total = (total[0] + size, total[1] + count)
            if folder:
                yield folder, size, count
            else:
                outside = (outside[0] + size, outside[1] + count)
        if outside[1]:
            yield "./", *outside
        if total[1]:
            yield "", *total

    def data(row: tuple[str, int, int]) -> dict[str, object]:
        return {"folder": row[0] or None, "bytes": row[1], "objects": row[2], "total": not row[0]}

    def line(row: tuple[str, int, int]) -> str:
        name = safe(row[0]) or "total"
        if world.out.on_terminal:
            return f"{human_bytes(row[1]):>10}  {row[2]:>10}  {name}"
        return f"{human_bytes(row[1]) if human else row[1]}\t{row[2]}\t{name}"

    world.out.stream(Stream("jsobj.usage-list/1", rows(), data, line))
    return total


def _folder(name: str) -> str:
    """``raw/`` for what is in a folder, "" for what is in none."""
    first, slash, _ = name.partition("/")
    return f"{first}/" if slash else ""
