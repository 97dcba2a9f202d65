"""``jsobj snippet``: the lines of code that open a URL."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.keystone_login import keystone_for
from jsobj.cli.parsing.shell_complete import complete_places
from jsobj.cli.parsing.stores import store_options, stores
from jsobj.cli.parsing.world import World
from jsobj.errors import BadUsage
from jsobj.ui.documents import Listing, Record

if TYPE_CHECKING:
    from jsobj.identity.keystone.client import Keystone


def complete_libraries(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from jsobj.export.snippets.registry import LIBRARIES

    return [CompletionItem(each.name, help=each.title) for each in LIBRARIES if each.name.startswith(incomplete)]


@command("snippet")
@click.argument("library", required=False, metavar="LIBRARY", shell_complete=complete_libraries)
@click.argument("url", required=False, metavar="URL", shell_complete=complete_places)
@click.option("--list", "listing", is_flag=True, help="List the libraries.")
@store_options
def snippet(world: World, library: str | None, url: str | None, listing: bool, unsigned: bool, endpoint: str) -> None:
    """Show the lines of code that open a URL in a library.

    swift:// needs a login and nothing else: the lines name it, and jsobj's filesystem reads. s3:// needs S3 keys: the
    lines name their profile. No secret is in either. With --no-sign-request they read public data without any login
    and without jsobj, and may be given to anybody. The name tells the kind of the data (Zarr, NetCDF, CSV, Parquet);
    where it does not, the server is asked.

    \b
    Examples:
      jsobj snippet --list
      jsobj snippet xarray swift://results/run42.zarr
      jsobj snippet xarray s3://results/run42.zarr
      jsobj snippet h5py swift://results/run42.nc --cloud js2
      jsobj snippet xarray swift://open/run42.zarr --no-sign-request
      jsobj snippet pandas s3://open/t.csv --no-sign-request --endpoint URL
    """
    from jsobj.export.snippets import access
    from jsobj.export.snippets.registry import find_library
    from jsobj.store.location import parse_location

    if listing:
        _show_libraries(world)
        return
    if library is None or url is None:
        missing = "LIBRARY and URL are" if library is None else "URL is"
        raise BadUsage(f"{missing} missing", hint="see: jsobj snippet --list")
    chosen = find_library(library)

    def log_in(cloud: str) -> Keystone:
        return keystone_for(replace(world, cloud=cloud))

    with stores(world) as opened:
        place = opened.folder_of(parse_location(url, public=True))
    request = access.SnippetRequest(chosen, place, world.cloud, world.profile, place.public or endpoint, log_in)
    found = (access.public if unsigned or place.public else access.private)(world.settings, request)
    code = chosen.code(found.target, found.kind)
    for warning in found.warnings:
        world.out.warn(warning)
    data = {"library": chosen.name, "url": url, "needs": code.needs, "code": code.text, "notes": list(code.notes)}
    world.out.show(Record("jsobj.snippet/1", data, code.text.rstrip("\n")))
    for note in () if world.out.as_json else (*code.notes, f"Needs: pip install {code.needs}"):
        world.out.note(note)


def _show_libraries(world: World) -> None:
    from jsobj.export.snippets.registry import LIBRARIES

    rows = [
        {
            "library": each.name,
            "url": each.title,
            "install": f"pip install {each.needs('s3')}",
            "install_swift": f"pip install {each.needs('swift')}",
        }
        for each in LIBRARIES
    ]
    columns = {"Library": "library", "URL is": "url", "For s3://": "install", "For swift://": "install_swift"}
    world.out.show(Listing("jsobj.snippets/1", rows, columns))
