"""``jsobj presign``: a URL that lets anybody read or write one object for a while."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.shell_complete import complete_places
from jsobj.cli.parsing.stores import store_options, stores
from jsobj.cli.parsing.world import World
from jsobj.cli.views.times import iso
from jsobj.errors import BadUsage, JsobjError
from jsobj.ui.documents import Record
from jsobj.units import parse_moment

if TYPE_CHECKING:
    from jsobj.store.objects import Store


@command("presign")
@click.argument("url", shell_complete=complete_places)
@click.option("--method", type=click.Choice(["GET", "PUT"]), default="GET", help="What it allows; default: GET.")
@click.option("--expires", metavar="TIME", default="1h", help="Length (30m, 7d) or date of its end; default: 1h.")
@click.option("--make-key", is_flag=True, help="Over Swift: make the key to sign with, where there is none.")
@store_options
def presign(world: World, url: str, method: str, expires: str, make_key: bool, unsigned: bool, endpoint: str) -> None:
    """Make a URL with which anybody may GET or PUT one object.

    Until it expires the URL works without a login: treat it like a password. It is not looked whether the object is
    there. Over Swift the URL is signed with a key that the container holds, or the account; large objects, whose
    segments lie in another container, need one of the account. --make-key makes one where there is none: it can open
    all of the container, or of the account.

    \b
    Examples:
      jsobj presign s3://results/run42.nc --expires 7d
      curl -T data.csv "$(jsobj presign s3://inbox/data.csv --method PUT)"
    """
    from jsobj.store.location import parse_location

    place = parse_location(url, need_key=True, foreign=True)
    now = world.now()
    seconds = round((parse_moment(expires, now) - now).total_seconds())
    with stores(world, unsigned=unsigned, endpoint=endpoint) as opened:
        store = opened.of(place)
        made = (
            _with_key(world, store, method, place.key, seconds)
            if make_key
            else store.presign(method, place.key, seconds)
        )
    end = iso((now + timedelta(seconds=seconds)).timestamp())
    data = {"url": made, "method": method, "expires": end, "object": store.place.url(place.key)}
    world.out.show(Record("jsobj.presigned/1", data, made))


def _with_key(world: World, store: Store, method: str, key: str, seconds: int) -> str:
    from jsobj.store.swift.store import SwiftStore
    from jsobj.store.swift.temp_url import NO_ACCOUNT_KEY

    if store.place.dialect != "swift":
        raise BadUsage("--make-key is for swift:// only: S3 signs with its own key")
    if not isinstance(store, SwiftStore):
        return store.presign(method, key, seconds)
    try:
        return store.presign(method, key, seconds, make_key="container")
    except JsobjError as error:
        if error.reference != NO_ACCOUNT_KEY.reference:
            raise
    made = store.presign(method, key, seconds, make_key="account")
    world.out.warn(
        "a key was made in the account, since the object's bytes lie in another container: whoever learns that key can "
        "sign links to all containers of the project; it is not in the URL"
    )
    return made
