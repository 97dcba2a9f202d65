"""``jsobj snippet``: the lines of code that open a URL."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from jsobj.cli.frame import command
from jsobj.cli.storing import store_options
from jsobj.cli.world import World
from jsobj.errors import ExitCode, JsobjError

if TYPE_CHECKING:
    from jsobj.export.snippets.registry import Library
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
        missing = "LIBRARY and URL are" if library is None else "URL is"
        raise JsobjError("usage", f"{missing} missing", code=ExitCode.USAGE, hint="see: jsobj snippet --list")
    chosen = find_library(library)
    location = parse_location(url)
    if location.dialect == "swift":
        same = shlex.quote(f"s3://{location.bucket}/{location.key}")
        raise JsobjError(
            "snippet-needs-s3",
            "libraries read this cloud over its S3 API",
            code=ExitCode.USAGE,
            hint=f"the same bucket there: jsobj snippet {library} {same}",
        )
    target = _public(world, location, endpoint, chosen) if unsigned else _private(world, location, endpoint)
    code = chosen.code(target)
    if world.out.as_json:
        from jsobj.ui.documents import Record

        data = {"library": chosen.name, "url": url, "needs": chosen.needs, "code": code}
        world.out.show(Record("jsobj.snippet/1", data, []))
        return
    world.out.data(code.rstrip("\n"))
    world.out.note(f"Needs: pip install {chosen.needs}")


def _private(world: World, location: Location, endpoint: str) -> Target:
    from jsobj.export.snippets.target import Target
    from jsobj.store.access import s3_access

    access = s3_access(world.settings, profile=world.profile, cloud=world.cloud, endpoint=endpoint)
    if access is None:
        raise JsobjError(
            "no-s3-keys",
            "there are no S3 keys to use",
            code=ExitCode.AUTH,
            hint="make them: jsobj ec2-creds; for public data: --no-sign-request",
        )
    return Target(
        bucket=location.bucket,
        key=location.key,
        endpoint=access.origin,
        region=access.region,
        profile=access.profile,
        ca_bundle=access.verify if isinstance(access.verify, str) else "",
    )


def _public(world: World, location: Location, endpoint: str, library: Library) -> Target:
    from jsobj.export.snippets.target import Target
    from jsobj.identity.endpoint import identify
    from jsobj.store.access import s3_public
    from jsobj.store.open import account_url
    from jsobj.urls import parse_url

    account = account_url(endpoint)
    origin = str(parse_url(account)[0]) if account else endpoint
    access = s3_public(world.settings, profile=world.profile, cloud=world.cloud, endpoint=origin)
    if not account and identify(access.origin, verify=access.verify).server == "swift":
        account = _own_account(world)
    if account and library.lists:
        raise JsobjError(
            "snippet-needs-listing",
            f"Swift lists nothing over its S3 API without a key, and {library.name} asks for a listing",
            code=ExitCode.USAGE,
            hint=f"jsobj ls swift://{location.bucket} --no-sign-request --endpoint {account}",
        )
    return Target(
        bucket=location.bucket,
        key=location.key,
        endpoint=access.origin,
        region=access.region,
        public=True,
        ca_bundle=access.verify if isinstance(access.verify, str) else "",
        account=account,
    )


def _own_account(world: World) -> str:
    """The Swift URL of the login, whose data they most likely are."""
    from jsobj.cli.connecting import keystone_for

    try:
        return keystone_for(world).login.swift_url
    except JsobjError as error:
        raise JsobjError(
            "endpoint-missing",
            "this is a Swift, and it is not known in which account these public data are",
            code=ExitCode.USAGE,
            context=error.message,
            hint="name it: --endpoint https://HOST/v1/AUTH_PROJECT (jsobj whoami shows the owner's)",
        ) from error
