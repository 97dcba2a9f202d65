"""``jsobj ec2-creds``: S3 keys and the AWS profile."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import click

from jsobj.cli.parsing.command import Entry, Group, command
from jsobj.cli.parsing.keystone_login import full_login_options, keystone_for_keys
from jsobj.cli.parsing.shell_complete import complete_access_keys
from jsobj.cli.parsing.world import World
from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.command_hints import same_login
from jsobj.ui.documents import Listing, Record

if TYPE_CHECKING:
    from jsobj.ec2_keys.setup import Setup
    from jsobj.identity.keystone.client import Keystone
    from jsobj.identity.keystone.ec2_credentials import Ec2Key

group = Group(
    "ec2-creds",
    {
        "create": Entry("ec2_creds:create", "Get a key, write the AWS profile, prove it (the default)."),
        "list": Entry("ec2_creds:list_", "List your EC2 keys, of all projects that Keystone shows."),
        "show": Entry("ec2_creds:show", "Show one EC2 key; by default the profile's."),
        "process": Entry("ec2_process:process", "Give the key to an SDK that asks (credential_process)."),
        "rotate": Entry("ec2_manage:rotate", "Replace the profile's key everywhere and delete the old one."),
        "delete": Entry("ec2_manage:delete", "Delete an EC2 key, at Keystone and in the AWS profiles that hold it."),
        "prune": Entry("ec2_manage:prune", "Delete keys that jsobj made and that are no longer used."),
    },
    help="Make S3 keys and write the AWS profile.\n\nWithout a command: create. After it aws, boto3 and s3fs work with "
    "the profile's name alone, no endpoint typed.",
    default="create",
)


@command("create")
@click.option("--write/--no-write", default=True, help="Write the AWS profile (default), or only make the key.")
@click.option("--new", is_flag=True, help="Make a new key even where there is one to reuse.")
@click.option("--set-default", is_flag=True, help="Also write it as the [default] profile.")
@click.option("--endpoint", metavar="URL", default="", help="S3 endpoint, where the catalogue's is not the one.")
@click.option("--overwrite", is_flag=True, help="Replace another key in the profile; a backup is kept.")
@full_login_options
def create(world: World, write: bool, endpoint: str, set_default: bool, **options: Any) -> None:
    """Get a key, write the AWS profile, prove it.

    A key that jsobj made for this project before is reused. The profile goes into ~/.aws/credentials and ~/.aws/config
    with endpoint, region and the settings this server needs; everything else in those files stays as it is.

    \b
    Examples:
      jsobj ec2-creds
      aws s3 ls --profile NAME
      jsobj ec2-creds --password-stdin < password-file
    """
    from jsobj.ec2_keys.boto3_proof import Prover
    from jsobj.ec2_keys.setup import SetupRequest, set_up
    from jsobj.urls import require_origin

    origin = require_origin(endpoint) if endpoint else None
    more = {name: options.pop(name) for name in ("new", "overwrite")}
    with Prover() if write else nullcontext() as prover:
        keystone = keystone_for_keys(world, **options)
        request = SetupRequest(profile_name(world, keystone), origin, as_default=set_default, **more)
        setup = set_up(keystone, world.settings, request, prover, world.out.detail)
    show_setup(world, keystone, setup)


def profile_name(world: World, keystone: Keystone) -> str:
    """``--profile``, the cloud's own, the cloud's name, or the project's."""
    from jsobj.identity import ledger
    from jsobj.identity.clouds_yaml.save_login import project_slug

    cloud = keystone.source.cloud
    linked = ledger.read(world.settings).cloud(cloud).profile if cloud else ""
    return world.profile or linked or cloud or project_slug(keystone) or "openstack"


def show_setup(world: World, keystone: Keystone, setup: Setup, *, other_files: list[str] | None = None) -> None:
    """Show what was done; ``other_files``: of other tools, which a rotation has given the new key."""
    from jsobj.ec2_keys.boto3_proof import overriding
    from jsobj.ec2_keys.choose_key import KeyOutcome

    for change in setup.changes:
        for notice in change.notices:
            world.out.note(notice)
        if change.backup is not None:
            world.out.note(f"The file as it was is in {change.backup}.")
    dialect, obtained = setup.dialect, setup.obtained
    for variable in overriding(world.settings, endpoint_url=str(dialect.origin), region=dialect.region):
        world.out.warn(
            f"{variable} in your environment overrides the profile for aws, boto3 and s3fs: unset {variable}"
        )
    profile = setup.profiles[0] if setup.profiles else None
    project, buckets = keystone.login.project, setup.buckets
    data = {
        "profile": profile,
        "profiles": list(setup.profiles),
        "access": obtained.key.access,
        "how": obtained.how.value,
        "reason": obtained.reason,
        "project": {"id": project.id, "name": project.name},
        "endpoint_url": str(dialect.origin),
        "region": dialect.region,
        "server": dialect.server,
        "files": list(dict.fromkeys(str(change.path) for change in setup.changes)),
        "proven": buckets is not None,
        "buckets": None if buckets is None else len(buckets),
        **({} if other_files is None else {"other_files": other_files}),
    }
    lines = [
        ("Project", f"{project.name} ({project.id})"),
        ("Key", f"{obtained.key.access} ({obtained.how.value}: {obtained.reason})"),
        ("Endpoint", f"{dialect.origin} ({dialect.server_title})"),
        ("Region", dialect.region),
        ("Profile", ", ".join(setup.profiles) or "not written"),
        ("Proof", "not tried" if buckets is None else f"boto3 listed {len(buckets)} bucket(s)"),
    ]
    world.out.show(Record("jsobj.ec2-creds/1", data, lines))
    if obtained.how is KeyOutcome.MADE:
        rotate = f"jsobj ec2-creds rotate{same_login(cloud=world.cloud, profile=world.profile)}"
        world.out.note(f"The key does not expire and opens the whole project; to replace it: {rotate}")
    if profile is not None:
        world.out.note(f"Next: aws s3 ls --profile {profile}")
    else:
        at = same_login(cloud=keystone.source.cloud)
        world.out.note(f"Its secret: jsobj ec2-creds show {obtained.key.access} --show-secret{at}")


@command("list")
@click.option("--show-secret", is_flag=True, help="Show the secrets too.")
@full_login_options
def list_(world: World, show_secret: bool, **login: Any) -> None:
    """List your EC2 keys, of all projects that Keystone shows."""
    from jsobj.identity.keystone.ec2_credentials import Ec2Api

    keystone = keystone_for_keys(world, **login)
    described = [_describe(world, keystone, key, show_secret) for key in Ec2Api(keystone).list()]
    mark = " *" if world.out.on_terminal else " (this login's)"
    columns: dict[str, str | Callable[[dict[str, Any]], str]] = {
        "Access key": "access",
        "Project": lambda item: item["project"] + (mark if item["this_project"] else ""),
        "Made by": lambda item: f"jsobj, {item['made'][:10]}" if item["made"] else "elsewhere",
        "AWS profiles": lambda item: ", ".join(item["profiles"]),
        **({"Secret key": "secret"} if show_secret else {}),
    }
    narrow = ("AWS profiles", "Project")
    world.out.show(Listing("jsobj.ec2-creds-list/1", described, columns, empty="There are no EC2 keys.", narrow=narrow))
    if world.out.on_terminal and not world.out.as_json and any(item["this_project"] for item in described):
        world.out.note("*: the project of this login")


@command("show")
@click.argument("access", required=False, metavar="[ACCESS]", shell_complete=complete_access_keys)
@click.option("--show-secret", is_flag=True, help="Show the secret too.")
@full_login_options
def show(world: World, access: str | None, show_secret: bool, **login: Any) -> None:
    """Show one EC2 key; by default the profile's."""
    from jsobj.identity.keystone.ec2_credentials import Ec2Api

    keystone = keystone_for_keys(world, **login)
    wanted = access or access_of_profile(world, keystone)
    key = next((key for key in Ec2Api(keystone).list("ec2-creds show") if key.access == wanted), None)
    if key is None:
        raise JsobjError(
            "key-not-found",
            f"Keystone knows no key {wanted} of user {keystone.login.user.name}",
            code=ExitCode.NOT_FOUND,
            hint=f"see the keys there are: jsobj ec2-creds list{same_login(cloud=world.cloud)}",
        )
    item = _describe(world, keystone, key, show_secret)
    lines = [
        ("Access key", key.access),
        ("Secret key", str(item.get("secret", "hidden; --show-secret shows it"))),
        ("Project", f"{item['project']} ({key.project_id})"),
        ("Made by", f"jsobj on {item['made']}" if item["made"] else "elsewhere"),
        ("AWS profiles", ", ".join(item["profiles"]) or "none"),
        ("Retired after", str(item["retire_after"] or "never")),
    ]
    world.out.show(Record("jsobj.ec2-creds-key/1", item, lines))


def access_of_profile(world: World, keystone: Keystone) -> str:
    """The access key that the profile holds.

    Raises :class:`JsobjError` (not found).
    """
    from jsobj.identity.aws_files.profile import read_profile

    name = profile_name(world, keystone)
    profile = read_profile(world.settings.aws, name)
    if profile is None or not profile.access:
        raise JsobjError(
            "profile-without-key",
            f"profile '{name}' holds no key",
            code=ExitCode.NOT_FOUND,
            hint=f"make one: jsobj ec2-creds{same_login(cloud=world.cloud, profile=world.profile)}",
        )
    return profile.access


def _describe(world: World, keystone: Keystone, key: Ec2Key, show_secret: bool) -> dict[str, Any]:
    from jsobj.ec2_keys.setup import profiles_with
    from jsobj.identity import ledger

    record = ledger.read(world.settings).key(key.access)
    mine = key.project_id == keystone.login.project.id
    name = keystone.login.project.name if mine else (record.project_name if record else "") or key.project_id
    return {
        "access": key.access,
        "project": name,
        "project_id": key.project_id,
        "this_project": mine,
        "made": (record.made if record else "") or None,
        "retire_after": (record.retire_after if record else "") or None,
        "profiles": list(profiles_with(world.settings.aws, key.access)),
        **({"secret": key.secret.reveal()} if show_secret else {}),
    }
