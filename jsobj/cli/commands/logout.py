"""``jsobj logout``."""

from __future__ import annotations

from dataclasses import replace

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.keystone_login import keystone_for
from jsobj.cli.parsing.world import World
from jsobj.errors import ExitCode, JsobjError, NotLoggedIn
from jsobj.ui.documents import Record


@command("logout")
@click.option("--delete-keys", is_flag=True, help="Also delete the EC2 keys that jsobj made, at Keystone and here.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def logout(world: World, delete_keys: bool, yes: bool) -> None:
    """Forget a login.

    Removes the cloud's entry and secret from clouds.yaml and secure.yaml. AWS profiles keep working, since EC2 keys
    outlive the login: --delete-keys deletes those that jsobj made for this project, first at Keystone and then here.
    """
    forget_login(world, delete_keys=delete_keys, yes=yes)


def forget_login(world: World, *, delete_keys: bool, yes: bool) -> None:
    """Forget the login of the options, and show what was removed."""
    from jsobj.identity import ledger
    from jsobj.identity.clouds_yaml.save_login import forget
    from jsobj.identity.current import chosen_cloud

    name = chosen_cloud(world.settings, world.cloud).name
    if not name:
        raise NotLoggedIn("there is no login to forget")
    deleted = _delete_keys(world, name, yes=yes) if delete_keys else []
    changes = forget(world.settings, name)
    ledger.update(world.settings, lambda book: book.without_cloud(name))
    if not changes and not deleted:
        raise JsobjError(
            "cloud-not-found", f"there is no cloud '{name}' in your own clouds.yaml", code=ExitCode.NOT_FOUND
        )
    for change in changes:
        world.out.note(f"Removed cloud '{name}' from {change.path}.")
    data = {"cloud": name, "files": [str(c.path) for c in changes], "deleted_keys": deleted}
    lines = [("Logged out of", name), ("Keys deleted", ", ".join(deleted) or "none")]
    world.out.show(Record("jsobj.logout/1", data, lines))


def _delete_keys(world: World, name: str, *, yes: bool) -> list[str]:
    from jsobj.ec2_keys.rotate import delete_key
    from jsobj.identity import ledger

    keystone = keystone_for(replace(world, cloud=name))
    login = keystone.login
    mine = [
        record.access
        for record in ledger.read(world.settings).keys
        if record.made and (record.auth_url, record.project_id) == (login.auth_url, login.project.id)
    ]
    if mine and not yes:
        world.confirm(f"Delete {len(mine)} EC2 key(s) of project {login.project.name}?", option="--yes")
    for access in mine:
        delete_key(keystone, world.settings, access)
        world.out.note(f"Deleted key {access}; object stores may accept it for up to 5 more minutes.")
    return mine
