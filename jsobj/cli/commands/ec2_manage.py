"""``jsobj ec2-creds rotate``, ``delete`` and ``prune``: what ends keys."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import click

from jsobj.cli.commands.ec2_creds import profile_name, show_setup
from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.keystone_login import full_login_options, keystone_for_keys
from jsobj.cli.parsing.shell_complete import complete_access_keys
from jsobj.cli.parsing.world import World
from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.command_hints import same_login
from jsobj.ui.documents import Listing, Record
from jsobj.units import parse_moment

_CACHES = "object stores keep keys in a cache and may accept it for up to 5 more minutes"


@command("rotate")
@click.option("--overlap", metavar="TIME", default="", help="Keep the old key valid that long, such as 7d; then prune.")
@full_login_options
def rotate(world: World, overlap: str, **login: Any) -> None:
    """Replace the profile's key everywhere and delete the old one.

    Makes a new key, writes it into every AWS profile that holds the old one, proves it, and only then deletes the old.
    Files of other tools that jsobj export --write makes get the new key too (a backup is kept); what was exported
    elsewhere, such as with --file or into a shell, is exported again by you.

    \b
    Examples:
      jsobj ec2-creds rotate
      jsobj ec2-creds rotate --overlap 7d
    """
    from jsobj.ec2_keys.rotate import rotate as turn
    from jsobj.ec2_keys.setup import SetupRequest

    now = world.now()
    span = parse_moment(overlap, now) - now if overlap else timedelta(0)
    keystone = keystone_for_keys(world, **login)
    done = turn(keystone, world.settings, SetupRequest(profile_name(world, keystone)), span, now, world.out.detail)
    show_setup(world, keystone, done.setup, other_files=[str(holder.path) for holder in done.files])
    world.out.note(f"Switched: {', '.join(done.switched)}.")
    if done.files:
        world.out.note(f"Switched in other tools: {', '.join(str(holder.path) for holder in done.files)}.")
    for holder in done.left:
        rewrite = holder.rewrite(done.switched[0])
        world.out.warn(f"{holder.path} still holds the old key; to write the new one: {rewrite}")
    if done.retire_after:
        prune = f"jsobj ec2-creds prune{same_login(cloud=world.cloud, profile=world.profile)}"
        world.out.note(f"The old key {done.old} stays valid; after {done.retire_after[:16]} UTC run: {prune}")
    else:
        world.out.note(f"Deleted the old key {done.old}; {_CACHES}.")


@command("delete")
@click.argument("access", shell_complete=complete_access_keys)
@click.option("--yes", is_flag=True, help="Do not ask.")
@full_login_options
def delete(world: World, access: str, yes: bool, **login: Any) -> None:
    """Delete an EC2 key, at Keystone and in the AWS profiles that hold it."""
    from jsobj.ec2_keys.rotate import delete_key
    from jsobj.ec2_keys.setup import profiles_with
    from jsobj.identity import ledger

    keystone = keystone_for_keys(world, **login)
    used = profiles_with(world.settings.aws, access)
    record = ledger.read(world.settings).key(access)
    if not yes:
        whose = "made by jsobj" if record and record.made else "not made by jsobj; something else may use it"
        place = f", in profile {', '.join(used)}" if used else ""
        world.confirm(f"Delete key {access} ({whose}{place})?", option="--yes")
    existed, changes = delete_key(keystone, world.settings, access)
    if not (existed or used or record):
        raise JsobjError(
            "key-not-found",
            f"there is no key {access}: not at Keystone for user {keystone.login.user.name}, and in no AWS profile",
            code=ExitCode.NOT_FOUND,
            hint=f"see the keys there are: jsobj ec2-creds list{same_login(cloud=keystone.source.cloud)}",
        )
    data = {"access": access, "existed": existed, "profiles": list(used), "files": [str(c.path) for c in changes]}
    lines = [
        ("Key", access),
        ("At Keystone", "deleted" if existed else "was not there (any more)"),
        ("AWS profiles", f"removed from {', '.join(used)}" if used else "in none"),
    ]
    world.out.show(Record("jsobj.ec2-creds-deleted/1", data, lines))
    if existed:
        world.out.note(f"Note: {_CACHES}.")


@command("prune")
@click.option("-n", "--dry-run", is_flag=True, help="Only list what would be deleted.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@full_login_options
def prune(world: World, dry_run: bool, yes: bool, **login: Any) -> None:
    """Delete keys that jsobj made and that are no longer used.

    These are keys whose overlap after a rotation is over, and keys that are in no AWS profile any more. Keys that were
    made elsewhere are never touched.

    \b
    Examples:
      jsobj ec2-creds prune --dry-run
      jsobj ec2-creds prune
    """
    from jsobj.ec2_keys.rotate import delete_key, prunable

    keystone = keystone_for_keys(world, **login)
    candidates = prunable(keystone, world.settings, world.now())
    if candidates and not dry_run:
        if not yes:
            for candidate in candidates:
                world.out.note(f"{candidate.access}: {candidate.reason}")
            world.confirm(f"Delete {len(candidates)} key(s)?", option="--yes")
        for candidate in candidates:
            delete_key(keystone, world.settings, candidate.access)
    columns = {"Access key": "access", "Reason": "reason", "State": "state"}
    state = "would be deleted" if dry_run else "deleted"
    rows = [{"access": c.access, "reason": c.reason, "state": state} for c in candidates]
    world.out.show(Listing("jsobj.ec2-creds-prune/1", rows, columns, empty="There is nothing to prune."))
