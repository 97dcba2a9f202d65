"""``jsobj snippet``: the lines of code that open a URL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from jsobj.cli.frame import command
from jsobj.cli.storing import store_options
from jsobj.cli.world import World
from jsobj.errors import ExitCode, JsobjError

if TYPE_CHECKING:
    from jsobj.export.snippets.target import Target
    from jsobj.store.locate import Location


def complete_libraries(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from jsobj.export.snippets.registry import LIBRARIES

    return [CompletionItem(each.name, help=each.kind) for each in LIBRARIES if each.name.startswith(incomplete)]


@command("snippet")
@click.argument("library", required=False, metavar="LIBRARY", shell_complete=complete_libraries)
@click.argument("url", required=False, metavar="URL")
@click.option("--list", "listing", is_flag=True, help="List the libraries.")
@store_options
def snippet(world: World, library: str | None, url: str | None, listing: bool, unsigned: bool, endpoint: str) -> None:
    """Show the lines of code that open a URL in a library.

    They name the profile, not its keys, and what this cloud needs beside it. With --no-sign-request they read public
    data without any login, and may be given to anybody.

    \b
    Examples:
      jsobj snippet --list
      jsobj snippet xarray s3://results/run42.zarr
      jsobj snippet pandas s3://open/table.parquet --no-sign-request --endpoint https://HOST:PORT
    """
    from jsobj.export.snippets.registry import LIBRARIES, find_library
    from jsobj.store.locate import parse_location
    from jsobj.ui.documents import Listing

    if listing:
        rows = [{"library": each.name, "url": each.kind, "install": f"pip install {each.needs}"} for each in LIBRARIES]
        columns = [("library", "Library"), ("url", "URL is"), ("install", "Needs")]
        world.out.show(Listing("jsobj.snippets/1", rows, columns, rows, ""))
        return
    if library is None or url is None:
        missing = "LIBRARY and URL" if library is None else "URL"
        raise JsobjError("usage", f"{missing} is missing", code=ExitCode.USAGE, hint="see: jsobj snippet --list")
    chosen = find_library(library)
    location = parse_location(url)
    if location.dialect == "swift":
        raise JsobjError(
            "snippet-needs-s3",
            "libraries read this cloud over its S3 API",
            code=ExitCode.USAGE,
            hint=f"the same bucket there: jsobj snippet {library} s3://{location.bucket}/{location.key}",
        )
    code = chosen.code(_target(world, location, unsigned=unsigned, endpoint=endpoint))
    if world.out.as_json:
        from jsobj.ui.documents import Record

        data = {"library": chosen.name, "url": url, "needs": chosen.needs, "code": code}
        world.out.show(Record("jsobj.snippet/1", data, []))
        return
    world.out.data(code.rstrip("\n"))
    world.out.note(f"Needs: pip install {chosen.needs}")


def _target(world: World, location: Location, *, unsigned: bool, endpoint: str) -> Target:
    from jsobj.export.snippets.target import Target
    from jsobj.store.access import s3_access, s3_public

    settings = world.settings
    if unsigned:
        access = s3_public(settings, profile=world.profile, cloud=world.cloud, endpoint=endpoint)
    else:
        found = s3_access(settings, profile=world.profile, cloud=world.cloud, endpoint=endpoint)
        if found is None:
            raise JsobjError(
                "no-s3-keys",
                "there are no S3 keys to use",
                code=ExitCode.AUTH,
                hint="make them: jsobj ec2-creds; for public data: --no-sign-request",
            )
        access = found
    return Target(
        bucket=location.bucket,
        key=location.key,
        endpoint=access.origin,
        region=access.region,
        profile="" if unsigned else access.profile,
        public=unsigned,
        ca_bundle=access.verify if isinstance(access.verify, str) else "",
    )
