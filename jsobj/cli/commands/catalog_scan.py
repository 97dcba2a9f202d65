"""``jsobj catalog scan``: rows of what is there already."""

from __future__ import annotations

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.shell_complete import complete_places
from jsobj.cli.parsing.stores import stores
from jsobj.cli.parsing.transfer_options import filter_options
from jsobj.cli.parsing.world import World
from jsobj.cli.views.catalog import person
from jsobj.ui.documents import Record
from jsobj.ui.text import safe

_SHOWN = 20  # objects that could not be read of which each has a line, for people; --json names all


@command("scan")
@click.argument("url", shell_complete=complete_places)
@click.option("--metadata", is_flag=True, help="Content type and user metadata too: a request for each object.")
@click.option("--inspect", is_flag=True, help="Look into NetCDF files and Zarrs too: variables, time, place.")
@filter_options
@click.option("--by", metavar="NAME", default="", help="Who scans; default: your user name.")
def scan(
    world: World, url: str, metadata: bool, inspect: bool, include: tuple[str, ...], exclude: tuple[str, ...], by: str
) -> None:
    """Make rows of what is there already.

    Each object below URL gets a row, named by its path: size, time, type. A Zarr is one row. With --inspect they have
    title, variables, dimensions, start_datetime, end_datetime, west, south, east and north, as far as a file tells
    them; little of it is read. The same command again adds rows for what is new or changed, and deletes those of what
    is gone; columns that others filled stay. An object that cannot be read is named, and the others are scanned (exit
    code 3).

    \b
    Examples:
      jsobj catalog scan s3://results/
      jsobj catalog scan swift://lab/2026/ --inspect --include '*.nc'
      jsobj catalog query s3://results/ "end_datetime >= '2026-01-01'"
    """
    from jsobj.actions.catalog.place import catalogue_place
    from jsobj.actions.catalog.scan import ScanWish
    from jsobj.actions.catalog.scan import scan as action
    from jsobj.publish.content import left_out
    from jsobj.transfer.filters import Filters

    place = catalogue_place(url, public=False)
    wish = ScanWish(metadata, inspect, Filters.of(include, exclude), by or person(world.settings))
    failed: list[tuple[str, str]] = []
    world.will_change_names()
    if inspect and (lacking := left_out()):
        world.out.warn(lacking)
    with stores(world) as opened:
        done = action(opened, place, wish, tell=lambda name, reason: failed.append((name, reason)))
    for name, reason in failed[: None if world.out.as_json else _SHOWN]:
        world.out.warn(f"{safe(name)}: {safe(reason)}")
    if len(failed) > _SHOWN and not world.out.as_json:
        world.out.warn(f"and {len(failed) - _SHOWN} more could not be read: --json names all")
    changes = done.changes
    data = {
        "url": done.url,
        "added": changes.added,
        "changed": changes.changed,
        "deleted": changes.deleted,
        "same": changes.same,
        "failed": [{"path": name, "reason": reason} for name, reason in failed],
    }
    said = f"{changes.added} added, {changes.changed} changed, {changes.deleted} deleted, {changes.same} as they were"
    lines = [("Catalogue", done.url), ("Rows", said)]
    if done.failed:
        lines.append(("Not read", str(done.failed)))
    world.out.show(Record("jsobj.catalog-scan/1", data, lines))
    if done.code:
        click.get_current_context().exit(int(done.code))
