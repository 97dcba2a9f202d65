"""``jsobj clouds``: which logins and AWS profiles there are, and which one is used where none is named."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from jsobj.cli.parsing.command import Entry, Group, command
from jsobj.cli.parsing.shell_complete import complete_clouds
from jsobj.cli.parsing.world import World
from jsobj.errors import ExitCode, JsobjError, LoginIncomplete, did_you_mean
from jsobj.ui.documents import Listing, Record
from jsobj.units import days_left, human_time, utc_time

if TYPE_CHECKING:
    from jsobj.identity.known_logins import KnownLogin

group = Group(
    "clouds",
    {
        "list": Entry("clouds:list_", "List the logins and AWS profiles of this computer (the default)."),
        "use": Entry("clouds:use", "Use this cloud where none is named."),
        "show": Entry("clouds:show", "Show what is stored of one login, without using it."),
        "remove": Entry("clouds:remove", "Forget a login, as jsobj logout does."),
    },
    help="List logins, choose the default one, forget one.\n\nNo server is asked; jsobj whoami tries a login.",
    default="list",
)


@command("list")
def list_(world: World) -> None:
    """List the logins and AWS profiles of this computer.

    The one with a '*' is used where none is named. Profiles that belong to a cloud stand in its line.
    """
    from jsobj.identity.known_logins import known_logins

    found = known_logins(world.settings)
    columns: dict[str, str | Callable[[KnownLogin], str]] = {
        "": lambda login: "*" if login.chosen_by else "",
        "Name": lambda login: login.name if login.kind == "cloud" else f"profile {login.name}",
        "Project": lambda login: login.project,
        "Ends in": lambda login: days_left(login.expires, world.now()) if login.expires else "",
        "S3 profile": lambda login: login.profile if login.kind == "cloud" else "",
        "Server": lambda login: login.fault or login.auth_url or login.endpoint,
    }
    empty = "There are no logins yet: jsobj login RCFILE"
    narrow = ("Server", "Project", "S3 profile", "Name")
    world.out.show(Listing("jsobj.login-list/1", found, columns, _data, empty, narrow))
    if found and not any(login.chosen_by for login in found):
        other = _used_instead(world)
        world.out.note(other[0].upper() + other[1:] if other else "None is the default: jsobj clouds use NAME")


@command("use")
@click.argument("name", shell_complete=complete_clouds)
def use(world: World, name: str) -> None:
    """Use this cloud where none is named.

    --cloud, OS_CLOUD and a whole login in OS_* variables are stronger, in this order.
    """
    from jsobj.identity import ledger

    login = _login(world, name)
    ledger.update(world.settings, lambda book: replace(book, default_cloud=login.name))
    if other := _used_instead(world, login.name):
        world.out.warn(other)
    world.out.show(Record("jsobj.default-cloud/1", {"cloud": login.name}, [("Default cloud", login.name)]))


@command("show")
@click.argument("name", shell_complete=complete_clouds)
def show(world: World, name: str) -> None:
    """Show what is stored of one login, without using it."""
    login = _login(world, name)
    ends = f"{human_time(login.expires)} ({days_left(login.expires, world.now())} left)" if login.expires else ""
    lines = [
        ("Cloud", login.name),
        ("Used by default", login.chosen_by and f"yes, by {login.chosen_by}"),
        ("Keystone", login.auth_url),
        ("Login by", login.auth_type),
        ("Project", login.project),
        ("Region", login.region),
        ("Ends", ends),
        ("S3 profile", login.profile),
        ("S3 endpoint", login.endpoint),
        ("Stored in", login.where),
        ("Not usable", login.fault),
    ]
    world.out.show(Record("jsobj.login/1", _data(login), [line for line in lines if line[1]]))


@command("remove")
@click.argument("name", shell_complete=complete_clouds)
@click.option("--delete-keys", is_flag=True, help="Also delete the EC2 keys that jsobj made, at Keystone and here.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(world: World, name: str, delete_keys: bool, yes: bool) -> None:
    """Forget a login, as jsobj logout does.

    Removes the cloud's entry and secret from clouds.yaml and secure.yaml; AWS profiles keep working.
    """
    from jsobj.cli.commands.logout import forget_login

    forget_login(replace(world, cloud=_login(world, name).name), delete_keys=delete_keys, yes=yes)


def _login(world: World, name: str) -> KnownLogin:
    from jsobj.identity.known_logins import known_logins

    clouds = {login.name: login for login in known_logins(world.settings) if login.kind == "cloud"}
    if name not in clouds:
        hint = did_you_mean(name, clouds) + "jsobj clouds lists them"
        raise JsobjError("cloud-not-found", f"there is no cloud '{name}'", code=ExitCode.NOT_FOUND, hint=hint)
    return clouds[name]


def _used_instead(world: World, name: str = "") -> str:
    """What commands use in this shell where they do not use the cloud ``name``; "" where nothing is in its place."""
    from jsobj.identity.current import chosen_cloud

    try:
        chosen = chosen_cloud(world.settings)
    except LoginIncomplete as error:
        return f"in this shell no login is used: {error.message}"
    return (
        f"in this shell another login is used: {chosen.reason}"
        if chosen.reason and (not name or chosen.name != name)
        else ""
    )


def _data(login: KnownLogin) -> dict[str, object]:
    """Unknown values are null; ``default`` says whether commands use it where none is named."""
    data = {name: value or None for name, value in dataclasses.asdict(login).items()}
    ends = utc_time(login.expires) if login.expires else None
    return {**data, "expires": ends, "default": bool(login.chosen_by)}
