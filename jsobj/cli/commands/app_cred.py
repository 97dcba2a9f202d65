"""``jsobj app-cred``: application credentials."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jsobj.cli.parsing.command import Entry, Group, command
from jsobj.cli.parsing.keystone_login import keystone_for
from jsobj.cli.parsing.shell_complete import complete_app_creds, complete_files
from jsobj.cli.parsing.world import World
from jsobj.errors import ExitCode, JsobjError
from jsobj.secret import Secret
from jsobj.ui.documents import Listing, Record
from jsobj.units import days_left, human_time, parse_moment, utc_time

if TYPE_CHECKING:
    from jsobj.identity.keystone.app_credentials import AppCredential, AppCredentials
    from jsobj.identity.keystone.client import Keystone

group = Group(
    "app-cred",
    {
        "create": Entry("app_cred:create", "Make an application credential."),
        "list": Entry("app_cred:list_", "List your application credentials."),
        "show": Entry("app_cred:show", "Show one application credential, by name or ID."),
        "delete": Entry("app_cred:delete", "Delete an application credential, by name or ID."),
    },
    help="Make and manage application credentials.",
)


@command("create")
@click.argument("name")
@click.option("--expires", metavar="TIME", default="", help="When it ends: 30d, 12h, 2027-01-31 (UTC).")
@click.option("--role", "roles", metavar="ROLE", multiple=True, help="Role to give it; default: all of yours.")
@click.option("--unrestricted", is_flag=True, help="Let it make EC2 keys and more credentials.")
@click.option("--description", metavar="TEXT", default="", help="Words for the portal's list.")
@click.option(
    "--rc",
    "rc_file",
    metavar="FILE",
    default="",
    help="Write an RC file (default: app-cred-NAME-openrc.sh).",
    shell_complete=complete_files,
)
@click.option("--as", "cloud_name", metavar="CLOUD", default="", help="Store it as a login instead of an RC file.")
def create(world: World, name: str, **options: Any) -> None:
    """Make an application credential.

    Its secret is told by Keystone once and goes straight into an RC file (mode 0600) or, with --as, into clouds.yaml
    and secure.yaml. It belongs to the project of your login.

    \b
    Examples:
      jsobj app-cred create laptop --expires 90d
      jsobj app-cred create laptop --as laptop
    """
    from jsobj.atomic import write_private_file
    from jsobj.identity.clouds_yaml.read import own_files
    from jsobj.identity.keystone.app_credentials import rc_text

    expires = parse_moment(options["expires"], world.now()) if options["expires"] else None
    target = Path(options["rc_file"] or f"app-cred-{_file_part(name)}-openrc.sh")
    if not options["cloud_name"] and target.exists():
        raise JsobjError(
            "file-exists", f"{target} exists already", code=ExitCode.REFUSED, hint="name another file: --rc FILE"
        )
    keystone, calls = _open(world)
    given = {word: options[word] for word in ("description", "roles", "unrestricted")}
    made, secret = calls.create(name, expires=expires, **given)
    where = str(target)
    try:
        if options["cloud_name"]:
            where = _store(world, keystone, options["cloud_name"], made, secret)
        else:
            write_private_file(target, rc_text(keystone.login, made, secret), exclusive=True)
    except JsobjError:
        calls.delete(made)  # its secret is lost
        raise
    world.out.show(_record(world, made, {"written_to": where}))
    secret_in = own_files(world.settings).secure if options["cloud_name"] else where
    world.out.note(f"The secret is in {secret_in}.")


def _store(world: World, keystone: Keystone, cloud_name: str, made: AppCredential, secret: Secret) -> str:
    from jsobj.identity import ledger
    from jsobj.identity.auth_source import APPLICATION_CREDENTIAL
    from jsobj.identity.clouds_yaml.save_login import check_name, store
    from jsobj.identity.keystone.client import Keystone as Login

    source = replace(
        keystone.source,
        auth_type=APPLICATION_CREDENTIAL,
        auth={"auth_url": keystone.source.auth_url, "application_credential_id": made.id},
        secrets={"application_credential_secret": (secret,)},
        cloud=cloud_name,
    )
    stored = store(world.settings, Login(source), check_name(cloud_name), overwrite=False)
    project = keystone.login.project
    record = ledger.CloudRecord(
        cloud_name, "", project.id, project.name, expires=_iso(made) or "", source="jsobj app-cred create"
    )
    ledger.update(world.settings, lambda book: book.with_cloud(record))
    return str(stored.files.clouds)


@command("list")
def list_(world: World) -> None:
    """List your application credentials.

    \b
    Examples:
      jsobj app-cred list
      jsobj app-cred list --cloud sci --json
    """
    keystone, calls = _open(world)
    found = calls.list()
    own = _own_id(keystone)
    columns: dict[str, str | Callable[[AppCredential], str]] = {
        "Name": "name",
        "ID": "id",
        "Roles": lambda item: ", ".join(item.roles),
        "Expires": lambda item: _until(item, world, short=world.out.on_terminal),
        "Kind": _kind,
        "": lambda item: "this login" if item.id == own else "",
    }
    empty = "There are no application credentials."
    narrow = ("ID", "Roles", "Name")
    world.out.show(Listing("jsobj.app-cred-list/1", found, columns, _data, empty, narrow))


@command("show")
@click.argument("name", shell_complete=complete_app_creds)
def show(world: World, name: str) -> None:
    """Show one application credential, by name or ID."""
    world.out.show(_record(world, _open(world)[1].find(name), {}))


@command("delete")
@click.argument("name", shell_complete=complete_app_creds)
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(world: World, name: str, yes: bool) -> None:
    """Delete an application credential, by name or ID.

    EC2 keys that were made with it stay valid: see jsobj ec2-creds list.
    """
    keystone, calls = _open(world)
    found = calls.find(name)
    if not yes:
        own = ", your own login" if found.id == _own_id(keystone) else ""
        world.confirm(f"Delete application credential '{found.name}'{own}?", option="--yes")
    calls.delete(found)
    world.out.show(_record(world, found, {"deleted": True}))


def _open(world: World) -> tuple[Keystone, AppCredentials]:
    from jsobj.identity.keystone.app_credentials import AppCredentials

    keystone = keystone_for(world)
    return keystone, AppCredentials(keystone)


def _own_id(keystone: Keystone) -> str:
    return keystone.login.credential.id if keystone.login.credential else ""


def _file_part(name: str) -> str:
    return "".join(ch if ch.isascii() and (ch.isalnum() or ch in "._-") else "-" for ch in name) or "unnamed"


def _kind(item: AppCredential) -> str:
    return "unrestricted" if item.unrestricted else "restricted"


def _until(item: AppCredential, world: World, *, short: bool = False) -> str:
    if not item.expires:
        return "never"
    at = human_time(item.expires)
    return f"{at.split(' ', 1)[0] if short else at} ({days_left(item.expires, world.now())})"


def _iso(item: AppCredential) -> str | None:
    return utc_time(item.expires) if item.expires else None


def _data(item: AppCredential) -> dict[str, object]:
    return {
        "id": item.id,
        "name": item.name,
        "description": item.description,
        "project_id": item.project_id,
        "roles": list(item.roles),
        "expires": _iso(item),
        "unrestricted": item.unrestricted,
        "access_rules": item.access_rules,
    }


def _record(world: World, item: AppCredential, extra: dict[str, object]) -> Record:
    lines = [
        ("Name", item.name),
        ("ID", item.id),
        ("Description", item.description),
        ("Project", item.project_id),
        ("Roles", ", ".join(item.roles)),
        ("Expires", _until(item, world)),
        ("Kind", _kind(item)),
        ("Access rules", str(item.access_rules)),
    ]
    return Record("jsobj.app-cred/1", {**_data(item), **extra}, [line for line in lines if line[1]])
