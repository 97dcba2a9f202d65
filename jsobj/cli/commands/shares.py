"""``jsobj shares`` and ``jsobj unshare``: what was given and received, compared with the servers, and taken back."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jsobj.cli.commands.share import grant_data
from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.shell_complete import complete_places, completer
from jsobj.cli.parsing.stores import request_of, stores
from jsobj.cli.parsing.world import World
from jsobj.errors import BadUsage, ExitCode, JsobjError
from jsobj.ui.documents import Listing, Record
from jsobj.units import human_time, iso_time

if TYPE_CHECKING:
    from jsobj.identity.settings import Settings
    from jsobj.share.grants.book import Book, MakeRequest, Taken
    from jsobj.share.grants.inventory import Grant, Received
    from jsobj.share.grants.truth import Stands
    from jsobj.store.open import StoreRequest

_NOTHING = "Nothing was given or accepted here. A bucket's own grants: jsobj shares s3://BUCKET"
_TIMER = """\
# by cron: crontab -e, and add
17 * * * * {program} shares --prune --quiet

# or by systemd, for your user: these two files, then
#   systemctl --user enable --now jsobj-shares.timer
#   loginctl enable-linger    (so that it runs while you are not logged in)

# ~/.config/systemd/user/jsobj-shares.service
[Unit]
Description=Take back jsobj shares whose end is over
[Service]
Type=oneshot
ExecStart={program} shares --prune --quiet

# ~/.config/systemd/user/jsobj-shares.timer
[Unit]
Description=Take back jsobj shares whose end is over, every hour
[Timer]
OnCalendar=hourly
Persistent=true
[Install]
WantedBy=timers.target
"""


@completer
def _complete_ids(settings: Settings, ctx: click.Context, incomplete: str) -> Iterable[str]:
    """The ids of what was given."""
    from jsobj.share.grants import inventory

    return [each.id for each in inventory.read(settings).given]


@command("shares")
@click.argument("url", metavar="[URL]", required=False, shell_complete=complete_places)
@click.option("--accepted", is_flag=True, help="Only what others gave and you accepted; no server is asked.")
@click.option("--prune", is_flag=True, help="Take back what has ended, and what was never finished.")
@click.option("--print-timer", "timer", is_flag=True, help="Print a cron line and a systemd timer for --prune.")
def shares(world: World, url: str | None, accepted: bool, prune: bool, timer: bool) -> None:
    """List what you gave and what you accepted.

    Each share is looked up at its server, and what else is given there is said: "not made here". With URL, of one
    bucket, and also what was given from another computer (on Ceph, where the policy tells of it).

    \b
    Examples:
      jsobj shares
      jsobj shares s3://results
      jsobj shares --prune
    """
    if timer:
        _print_timer(world)
    elif prune:
        if url or accepted:
            raise BadUsage("--prune is about all that was given", hint="take one back: jsobj unshare ID")
        _prune(world)
    else:
        _list(world, url, accepted=accepted)


@command("unshare")
@click.argument("ids", metavar="ID...", nargs=-1, required=True, shell_complete=_complete_ids)
@click.option("--of", "url", metavar="URL", default="", help="The bucket, for what another computer gave.")
@click.option("--revoke", is_flag=True, help="Replace the key that signs temporary URLs: it ends all of them.")
def unshare(world: World, ids: tuple[str, ...], url: str, revoke: bool) -> None:
    """Take back what was given.

    Only what the share itself put there goes: what others wrote into the policy or list stays, and so does what
    another share needs. It is safe to repeat. A file that was sent --for a time is deleted, and so is the page of a
    folder. A link itself ends early only with the key that signed it, and with everything that this key signs: the
    error names the command, and what else would end.

    \b
    Examples:
      jsobj unshare k7m2xp
      jsobj unshare k7m2xp --of s3://results
    """
    from jsobj.share.grants import inventory
    from jsobj.share.grants.book import taken_back
    from jsobj.store.location import parse_location

    place = parse_location(url) if url else None

    def take(id: str) -> tuple[Taken, ...]:
        link = _link(world, id)
        if link is not None:
            return _end_link(world, link, revoke=revoke)
        if revoke and inventory.read(world.settings).grant(id) is not None:
            raise BadUsage(f"'{id}' is no link: --revoke is about the key that signs links")
        return (taken_back(world.settings, _requests(world), id, place),)

    _take(world, ids, take)


def _link(world: World, id: str) -> Grant | None:
    """What was shared by a link; None for everything else."""
    from jsobj.share.grants import inventory
    from jsobj.share.links.ways import MECHANISMS

    grant = inventory.read(world.settings).grant(id)
    return grant if grant is not None and grant.mechanism in MECHANISMS else None


def _end_link(world: World, grant: Grant, *, revoke: bool = False) -> tuple[Taken, ...]:
    from jsobj.share.links.take import end_link
    from jsobj.store.location import parse_location

    there = world if world.cloud or world.profile else replace(world, cloud=grant.cloud, profile=grant.profile)
    with stores(there) as opened:
        return end_link(world.settings, opened.of(parse_location(grant.url)), grant, world.now(), revoke=revoke)


def _requests(world: World) -> MakeRequest:
    """By the login that gave it, unless one was typed."""

    def make(cloud: str, profile: str) -> StoreRequest:
        if world.cloud or world.profile:
            return request_of(world)
        return request_of(replace(world, cloud=cloud, profile=profile))

    return make


def _take(world: World, ids: Iterable[str], take: Callable[[str], tuple[Taken, ...]]) -> None:
    taken: list[Taken] = []
    failures: list[tuple[str, JsobjError]] = []
    for id in ids:
        try:
            taken += take(id)
        except JsobjError as error:
            if error.code in {ExitCode.INTERRUPTED, ExitCode.TERMINATED}:
                raise
            failures.append((id, error))
    if len(failures) == 1 and not taken:
        raise failures[0][1]
    _show_taken(world, taken)
    for id, why in failures:
        world.out.failed(id, why, hint=True)
    if failures:
        raise click.exceptions.Exit(int(ExitCode.PARTIAL))


def _show_taken(world: World, taken: list[Taken]) -> None:
    columns = {"Share": "id", "Place": "url", "To": "to", "State": "state"}

    def data(one: Taken) -> dict[str, object]:
        states = (["taken back"] if one.there else []) + ([one.stays] if one.stays else [])
        return {**grant_data(one.grant), "state": "; ".join(states) or "was gone already"}

    world.out.show(Listing("jsobj.unshared-list/1", taken, columns, data, "No share has ended."))


def _prune(world: World) -> None:
    from jsobj.share.grants.book import due, forget_ended, taken_back

    now = world.now()
    for gone in forget_ended(world.settings, now):
        world.out.detail(f"{gone.url} of {gone.whose} is over, and forgotten")

    def take(id: str) -> tuple[Taken, ...]:
        link = _link(world, id)
        return _end_link(world, link) if link else (taken_back(world.settings, _requests(world), id),)

    _take(world, [each.id for each in due(world.settings, now)], take)


def _print_timer(world: World) -> None:
    program = Path(sys.argv[0]).absolute()
    words = shlex.quote(str(program)) if program.name == "jsobj" else f"{shlex.quote(sys.executable)} -m jsobj"
    text = _TIMER.format(program=words)
    world.out.show(
        Record("jsobj.shares-timer/1", {"command": f"{words} shares --prune --quiet", "text": text}, text.rstrip("\n"))
    )


def _list(world: World, url: str | None, *, accepted: bool) -> None:
    from jsobj.share.grants import inventory
    from jsobj.share.grants.book import Book, looked_up
    from jsobj.store.location import parse_location

    place = parse_location(url) if url else None
    found = Book(()) if accepted else looked_up(world.settings, _requests(world), place, world.now())
    received = () if place is not None else inventory.read(world.settings).received
    _show(world, found, received, empty=_NOTHING if place is None else "Nothing is given to others there.")
    for bucket, why in found.unseen:
        world.out.warn(f"access control lists of {bucket} were not looked at: {why}")
    for bucket, error in found.failures:
        world.out.failed(bucket, error, hint=True)
    if found.failures:
        raise click.exceptions.Exit(int(ExitCode.PARTIAL))


def _show(world: World, found: Book, received: tuple[Received, ...], *, empty: str) -> None:
    rows: list[Mapping[str, object]] = [
        *map(_given_row, found.stands),
        *(_received_row(world, each) for each in received),
    ]
    rows += [
        {"direction": "not made here", "id": None, "url": bucket, "who": sentence, "access": None, "ends": None,
         "state": "given", "note": None}
        for bucket, sentence in found.strange
    ]  # fmt: skip
    columns: dict[str, str | Callable[[Mapping[str, object]], str]] = {
        "Share": "id", "": "direction", "Place": "url", "Who": "who", "May": "access",
        "Ends": lambda row: _end(row["ends"]), "State": "state",
    }  # fmt: skip
    world.out.show(Listing("jsobj.share-list/1", rows, columns, dict, empty, ["Who", "Place"]))
    here = [row["id"] for row in rows if row["state"] in {"ended", "pending"} and row["direction"] == "given"]
    if here:
        world.out.note("Next: take back what has ended or was never finished: jsobj shares --prune")


def _given_row(stands: Stands) -> dict[str, object]:
    grant = stands.grant
    return {
        "direction": "given",
        **grant_data(grant),
        "who": f"to {grant.whom}",
        "state": stands.state,
        "note": stands.note or None,
    }


def _received_row(world: World, one: Received) -> dict[str, object]:
    end = iso_time(one.ends)
    return {
        "direction": "accepted", "id": one.id, "url": one.url, "who": f"from {one.whose}", "access": one.access,
        "ends": one.ends or None, "state": "ended" if end and end <= world.now() else "accepted", "note": None,
        "server": one.server, "cloud": one.cloud or None, "profile": one.profile or None, "accepted": one.accepted,
    }  # fmt: skip


def _end(text: object) -> str:
    end = iso_time(text) if isinstance(text, str) else None
    return human_time(end) if end else ""
