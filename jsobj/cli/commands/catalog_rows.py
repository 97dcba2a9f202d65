"""``jsobj catalog add``, ``delete`` and ``history``: single rows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.shell_complete import complete_places
from jsobj.cli.parsing.stores import store_options, stores
from jsobj.cli.parsing.world import World
from jsobj.cli.views.catalog import cell_text, json_row, person
from jsobj.errors import BadUsage
from jsobj.ui.documents import Listing, Record
from jsobj.ui.text import safe

if TYPE_CHECKING:
    from collections.abc import Callable

    from jsobj.actions.catalog.change import Changed


@command("add")
@click.argument("url", shell_complete=complete_places)
@click.argument("key")
@click.argument("values", metavar="COLUMN=VALUE...", nargs=-1)
@click.option("--by", metavar="NAME", default="", help="Who changes; default: your user name.")
def add(world: World, url: str, key: str, values: tuple[str, ...], by: str) -> None:
    """Add a row, or change columns of one.

    KEY names the row: the value of its key column, or PARTITION/ROW where the key has two. Columns that are not named
    stay as they are; COLUMN= empties one. What the row was before stays in its history.

    \b
    Examples:
      jsobj catalog add s3://results/ 007 comment='broken ice' checked=yes
      jsobj catalog add s3://lab/ e7/12 date=2026-05-01
    """
    from jsobj.actions.catalog.change import add as action
    from jsobj.actions.catalog.place import catalogue_place

    wanted: dict[str, str] = {}
    for text in values:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise BadUsage(f"'{text}' is not COLUMN=VALUE", hint="comment='some words'")
        if name in wanted:
            raise BadUsage(f"column '{name}' is given twice")
        wanted[name] = value
    world.will_change_names()
    with stores(world) as opened:
        done = action(opened, catalogue_place(url, public=False), key, wanted, by=by or person(world.settings))
    said = "changed" if done.before else "added"
    _show(world, url, done, said if done.changed or not done.before else "unchanged: it has these values already")


@command("delete")
@click.argument("url", shell_complete=complete_places)
@click.argument("key")
@click.option("--by", metavar="NAME", default="", help="Who deletes; default: your user name.")
def delete(world: World, url: str, key: str, by: str) -> None:
    """Delete a row; its object stays.

    The row is in no answer any more; its history stays. jsobj catalog add makes a new row of that key. To delete the
    object: jsobj rm.

    \b
    Examples:
      jsobj catalog delete s3://results/ 007
    """
    from jsobj.actions.catalog.change import delete as action
    from jsobj.actions.catalog.place import catalogue_place

    world.will_change_names()
    with stores(world) as opened:
        done = action(opened, catalogue_place(url, public=False), key, by=by or person(world.settings))
    _show(world, url, done, "deleted")


def _show(world: World, url: str, done: Changed, said: str) -> None:
    data = {
        "url": url,
        "key": done.key,
        "result": said.partition(":")[0],
        "changed": list(done.changed),
        "values": json_row(dict(done.values)),
    }
    lines = [("Row", f"{safe(done.key)}: {said}")]
    lines += [(name, safe(cell_text(done.values[name]))) for name in done.changed]
    world.out.show(Record("jsobj.catalog-row/1", data, lines))


@command("history")
@click.argument("url", shell_complete=complete_places)
@click.argument("key")
@store_options
def history(world: World, url: str, key: str, unsigned: bool, endpoint: str) -> None:
    """Show all that a row ever was.

    The newest first, with the time and what wrote it.

    \b
    Examples:
      jsobj catalog history s3://results/ 007
    """
    from jsobj.actions.catalog.change import history as action
    from jsobj.actions.catalog.place import catalogue_place
    from jsobj.actions.catalog.query import open_rows

    place = catalogue_place(url)
    with stores(world, unsigned=unsigned, endpoint=endpoint) as opened, open_rows(opened, place) as rows:
        found, names = action(rows, key), list(rows.types)
    columns: dict[str, Callable[[Any], str]] = {
        "Time": lambda row: cell_text(row["_loaded"])[:19],
        "By": lambda row: "deleted" if row["_deleted"] else cell_text(row["_source"]),
        **{name: partial(_cell, name) for name in names},
    }
    world.out.show(Listing("jsobj.catalog-history/1", found, columns, json_row, narrow=names[::-1]))


def _cell(name: str, row: Any) -> str:
    return cell_text(row[name])
