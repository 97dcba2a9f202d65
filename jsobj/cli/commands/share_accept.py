"""``jsobj share accept``: the reader's side."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from jsobj.cli.commands.share import may
from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.keystone_login import keystone_for
from jsobj.cli.parsing.stores import request_of
from jsobj.cli.parsing.world import World
from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.command_hints import same_login
from jsobj.ui.documents import Record
from jsobj.units import human_time, iso_time, utc_time

if TYPE_CHECKING:
    from jsobj.store.location import Location


@command("accept")
@click.argument("ticket", nargs=-1, required=True, metavar="TICKET")
def accept(world: World, ticket: tuple[str, ...]) -> None:
    """Open what a ticket names, and remember it.

    The place is opened with your login, for real: its list, and the first byte of an object. Then its URL is printed
    as you type it, with lines of Python, and it is kept in 'jsobj shares', since no server lists what others shared.

    \b
    Examples:
      jsobj share accept jsobj1.eyJhIjoi...
    """
    from jsobj.share.grants import inventory
    from jsobj.share.grants.accept import opened
    from jsobj.share.grants.inventory import Received
    from jsobj.share.grants.ticket import read_ticket

    found = read_ticket(" ".join(ticket))
    now, end = world.now(), iso_time(found.ends)
    if end is not None and end <= now:
        raise JsobjError(
            "ticket-ended",
            f"this share ended on {human_time(end)}",
            code=ExitCode.REFUSED,
            hint=f"ask {found.giver or 'who sent it'} for another one",
        )
    way = opened(world.settings, found, request_of(world))
    url = str(way.location)
    received = Received(
        id=found.id,
        url=url,
        server=found.server,
        whose=found.giver or f"project {found.project}",
        access=found.access,
        accepted=utc_time(now),
        ends=found.ends,
        cloud=world.cloud,
        profile=world.profile,
    )
    inventory.update(world.settings, lambda book: book.with_received(received))
    code = _code(world, way.location)
    data = {
        "id": found.id, "url": url, "from": received.whose, "access": found.access, "ends": found.ends or None,
        "server": found.server, "read": way.read or None, "listed": way.listed, "python": code or None,
    }  # fmt: skip
    at = same_login(cloud=world.cloud, profile=world.profile)
    tried = way.tried if found.access == "read" else f"{way.tried}; writing was not tried"
    lines = [
        ("Share", found.id),
        ("Place", url),
        ("From", received.whose),
        ("May", may(found.access)),
        ("Ends", human_time(end) if end else "never"),
        ("Proof", f"with your login {tried}"),
    ]
    if world.out.as_json:
        world.out.show(Record("jsobj.share-accepted/1", data, lines))
        return
    world.out.show(Record("jsobj.share-accepted/1", data, lines))
    if code:
        world.out.data(f"\n{code}")
    quoted = shlex.quote(url)
    world.out.note(f"Next: jsobj ls {quoted}{at}, jsobj download {quoted} .{at}, jsobj snippet xarray {quoted}{at}")


def _code(world: World, location: Location) -> str:
    """Lines of Python that read it; "" where none can be made."""
    from jsobj.export.snippets import access
    from jsobj.export.snippets.registry import find_library

    library = find_library("fsspec")
    request = access.SnippetRequest(
        library, location, world.cloud, world.profile, "", lambda cloud: keystone_for(replace(world, cloud=cloud))
    )
    try:
        found = access.private(world.settings, request)
        return library.code(found.target, found.kind).text.rstrip("\n")
    except JsobjError as error:
        world.out.detail(error.message)
        return ""
