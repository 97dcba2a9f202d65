"""``jsobj catalog verify``: rows against objects."""

from __future__ import annotations

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.shell_complete import complete_places
from jsobj.cli.parsing.stores import store_options, stores
from jsobj.cli.parsing.world import World
from jsobj.cli.views.verify import show_verdicts


@command("verify")
@click.argument("url", shell_complete=complete_places)
@click.argument("where", metavar="[WHERE]", required=False, default="")
@click.option("--deep", is_flag=True, help="Read each object, and compare its SHA-256.")
@click.option("--extra", is_flag=True, help="Objects without a row are a difference too.")
@store_options
def verify(world: World, url: str, where: str, deep: bool, extra: bool, unsigned: bool, endpoint: str) -> None:
    """Compare rows with the objects that they name.

    Without --deep, objects are compared by size and ETag: they are those that were there when the row was written.
    Prints what is not the same (everything with --verbose). Exit code 0: all is the same; 8: something differs; 6: an
    object may not be read; 5: objects are missing; 3: something could not be compared. Objects without a row are no
    difference (but with --extra); a Zarr that a row names is one. WHERE selects rows, as in jsobj catalog query.

    \b
    Examples:
      jsobj catalog verify s3://results/
      jsobj catalog verify s3://results/ "experiment = 'e7'" --deep
    """
    from jsobj.actions.catalog.place import catalogue_place
    from jsobj.actions.catalog.query import open_rows
    from jsobj.actions.catalog.verify import verify_rows

    place = catalogue_place(url)
    with stores(world, unsigned=unsigned, endpoint=endpoint) as opened, open_rows(opened, place) as rows:
        found = verify_rows(rows, where, deep=deep, extra=extra)
        show_verdicts(world, found, where="bucket")
        if found.counts["same"] and not deep:
            world.out.note("They were compared by size and ETag: --deep reads the objects.")
    if found.code:
        click.get_current_context().exit(int(found.code))
