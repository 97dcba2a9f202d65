"""``jsobj tree``: folders and objects, drawn as a tree."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

import click

from jsobj.cli.commands.ls import listed_data
from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.shell_complete import complete_places
from jsobj.cli.parsing.stores import human_option, store_options, stores
from jsobj.cli.parsing.world import World
from jsobj.cli.views.total import Total
from jsobj.ui.documents import Stream
from jsobj.ui.text import safe
from jsobj.units import human_bytes

if TYPE_CHECKING:
    from jsobj.actions.tree import Node

# What stands before a name: for a folder above that ends, or goes on; for the name itself where it is the last, or not.
_LINES = "    ", "│   ", "└── ", "├── "
_ASCII = "    ", "|   ", "`-- ", "|-- "


@command("tree")
@click.argument("url", shell_complete=complete_places)
@click.option("--depth", type=click.IntRange(1), metavar="N", help="Nothing below N levels.")
@click.option("-l", "--long", is_flag=True, help="With sizes.")
@human_option
@store_options
def tree(world: World, url: str, depth: int | None, long: bool, human: bool, unsigned: bool, endpoint: str) -> None:
    """Draw folders and objects as a tree.

    It is drawn while the listing comes. The last line counts what is shown, and with --depth nothing else. The key may
    be a pattern: jsobj help patterns. --json has the items of jsobj ls, with the level of each.

    \b
    Examples:
      jsobj tree s3://results/raw/
      jsobj tree swift://results --depth 2
      jsobj tree -l 's3://results/**/*.nc'
    """
    from jsobj.actions.tree import walk
    from jsobj.store.location import parse_location
    from jsobj.store.selection import select

    place = parse_location(url, public=True, foreign=True)
    total = Total()
    with stores(world, unsigned=unsigned, endpoint=endpoint) as opened:
        place = opened.folder_of(place)
        store = opened.of(place)
        chosen = select(store, place.key)
        nodes = walk(chosen, depth or 0)
        first = next(nodes, None)
        if first is None:
            if place.key:
                raise chosen.nothing()
            world.out.note(f"{store.place.url()} is empty.")
        draw = partial(_drawn, world, long, human or world.out.on_terminal)
        top = safe(store.place.url(chosen.root))

        def line(node: Node) -> str:
            return f"{top}\n{draw(node)}" if node is first else draw(node)

        def data(node: Node) -> dict[str, object]:
            return {**listed_data(node.item, store.place.url(node.item.key)), "depth": len(node.last)}

        def end() -> tuple[dict[str, object], str]:
            return total.data, f"\n{total.text}"

        world.out.stream(Stream("jsobj.object-list/1", _counted(chain((first,), nodes), total), data, line, end))


def _counted(nodes: Iterator[Node | None], total: Total) -> Iterator[Node]:
    for node in nodes:
        if node is not None:
            total.count(None if node.item.prefix else node.item.size)
            yield node


def _drawn(world: World, long: bool, human: bool, node: Node) -> str:
    ends, goes_on, last, between = _LINES if world.out.can_write("".join(_LINES)) else _ASCII
    above = "".join(ends if over else goes_on for over in node.last[:-1])
    size = ""
    if long and not node.item.prefix:
        size = f"[{human_bytes(node.item.size) if human else node.item.size:>10}]  "
    return above + (last if node.last[-1] else between) + size + safe(node.name)
