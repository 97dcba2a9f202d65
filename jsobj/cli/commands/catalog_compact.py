"""``jsobj catalog compact``: one part of many."""

from __future__ import annotations

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.shell_complete import complete_places
from jsobj.cli.parsing.stores import stores
from jsobj.cli.parsing.world import World
from jsobj.cli.views.catalog import person
from jsobj.ui.documents import Record
from jsobj.units import parse_moment


@command("compact")
@click.argument("url", shell_complete=complete_places)
@click.option("--grace", metavar="TIME", default="7d", help="How long replaced parts stay.", show_default=True)
def compact(world: World, url: str, grace: str) -> None:
    """Make one part of many, and what the search page reads.

    Others may load and ask meanwhile. No row is lost, older ones included. Parts that were replaced are deleted when
    their replacement is as old as --grace: somebody may still be reading them.

    \b
    Examples:
      jsobj catalog compact s3://results/
    """
    from jsobj.actions.catalog.compact import compact as action
    from jsobj.actions.catalog.place import catalogue_place

    now = world.now()
    seconds = 0.0 if grace in {"0", "0s"} else (parse_moment(grace, now) - now).total_seconds()
    place = catalogue_place(url, public=False)
    world.will_change_names()
    with stores(world) as opened:
        done = action(opened, place, grace=seconds, by=person(world.settings))
    data = {"url": url, "merged": done.merged, "rows": done.rows, "removed": done.removed, "waiting": done.waiting}
    merged = f"one of {done.merged}" if done.merged else "one already, or none"
    lines = [("Catalogue", url), ("Parts", merged), ("Rows", f"{done.rows}, older ones included")]
    if done.removed or done.waiting:
        lines.append(("Replaced parts", f"{done.removed} deleted, {done.waiting} stay for now"))
    world.out.show(Record("jsobj.catalog-compact/1", data, lines))
