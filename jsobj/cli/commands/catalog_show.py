"""``jsobj catalog show``: columns, counts, and who loaded what when."""

from __future__ import annotations

from dataclasses import asdict

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.shell_complete import complete_places
from jsobj.cli.parsing.stores import store_options, stores
from jsobj.cli.parsing.world import World
from jsobj.ui.documents import Record
from jsobj.ui.text import safe
from jsobj.units import exact_size

_SHOWN = 20  # loads, for people; --json has all


@command("show")
@click.argument("url", shell_complete=complete_places)
@store_options
def show(world: World, url: str, unsigned: bool, endpoint: str) -> None:
    """Show columns, counts, and who loaded what when.

    \b
    Examples:
      jsobj catalog show s3://results/
    """
    from jsobj.actions.catalog.place import catalogue_place
    from jsobj.actions.catalog.summary import summary

    with stores(world, unsigned=unsigned, endpoint=endpoint) as opened:
        found = summary(opened, catalogue_place(url))
    data = {
        "url": found.url,
        "rows": found.rows,
        "deleted_or_older_rows": found.all_rows - found.rows,
        "objects": found.objects,
        "bytes": found.bytes,
        "key": list(found.key),
        "columns": [{"name": column.name, "type": column.type, "filled": column.filled} for column in found.columns],
        "parts": found.parts,
        "part_bytes": found.part_bytes,
        "search_page": found.searchable,
        "loads": [asdict(load) for load in found.loads],
    }
    older = found.all_rows - found.rows
    lines = [
        ("Catalogue", found.url),
        ("Rows", str(found.rows) + (f", and {older} that are older or deleted" if older else "")),
        ("Objects", f"{found.objects}, {exact_size(found.bytes)}"),
        ("Key", ", ".join(found.key)),
        ("Parts", f"{found.parts}, {exact_size(found.part_bytes)}"),
    ]
    if found.parts > 100:
        world.out.note(f"{found.parts} parts make the first question slow: jsobj catalog compact {url}")
    width = max((len(column.name) for column in found.columns), default=0)
    shown = [world.out.text_of(lines), "\nColumns"]
    shown += [f"  {safe(c.name):<{width}}  {safe(c.type):<9}  in {c.filled} rows" for c in found.columns]
    shown.append("\nLoads, the latest first")
    for load in found.loads[:_SHOWN]:
        refused = f", {load.refused} refused" if load.refused else ""
        who = f" by {load.by}" if load.by else ""
        what = f" of {load.source}" if load.source not in {"", load.verb} else ""
        line = f"{load.loaded[:19].replace('T', ' ')}  {load.verb}{what}{who}: {load.rows} rows{refused}"
        shown.append(f"  {safe(line)}")
    if len(found.loads) > _SHOWN:
        shown.append(f"  and {len(found.loads) - _SHOWN} more (--json names all)")
    world.out.show(Record("jsobj.catalog/1", data, "\n".join(shown)))
