"""From the shared options to the values that exports and snippets are made of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from jsobj.cli.world import World
from jsobj.errors import ExitCode, JsobjError

if TYPE_CHECKING:
    from jsobj.export.connection import Connection, SwiftLogin


def connection_for(world: World, *, name: str = "", bucket: str = "", endpoint: str = "") -> Connection:
    """The S3 login that the options mean.

    Raises :class:`JsobjError`: auth where there are no keys, usage where no endpoint is known.
    """
    from jsobj.export.connection import Connection
    from jsobj.store.access import s3_access

    access = s3_access(world.settings, profile=world.profile, cloud=world.cloud, endpoint=endpoint)
    if access is None:
        raise JsobjError("no-s3-keys", "there are no S3 keys to export", code=ExitCode.AUTH, hint="jsobj ec2-creds")
    return Connection(
        name=name or access.profile or "jsobj",
        profile=access.profile,
        endpoint=access.origin,
        region=access.region,
        access=access.key.access,
        secret=access.key.secret,
        addressing_style=access.addressing_style,
        checksums=access.checksums,
        ca_bundle=access.verify if isinstance(access.verify, str) else "",
        cloud=world.cloud,
        bucket=bucket,
    )


def asked(world: World, connection: Connection) -> Connection:
    """The same, with which server it is and the login for Swift; what is not known is told and left out."""
    from jsobj.identity.endpoint import identify

    try:
        server = identify(connection.endpoint, verify=connection.ca_bundle or True).server
    except JsobjError as error:
        world.out.note(f"It is not known which server this is ({error.message}); the settings are those for any.")
        server = "unknown"
    return replace(connection, server=server, swift=_swift_login(world))


def _swift_login(world: World) -> SwiftLogin | None:
    """The login of the cloud meant; None where there is none, or one that needs a person."""
    from jsobj.export.connection import SwiftLogin
    from jsobj.identity.current import current_source

    try:
        source = current_source(world.settings, cloud=world.cloud)
    except JsobjError:
        return None
    secrets = {name: values[0] for name, values in source.secrets.items() if values}
    if not {"password", "application_credential_secret"} & set(secrets):
        return None
    options = {name: value for name, value in source.auth.items() if isinstance(value, str) and name != "auth_url"}
    return SwiftLogin(source.auth_url, options, secrets, source.region)


def place_of(world: World, path: str, file: str) -> Path:
    """Where a part goes: the file that was named, else the tool's own place in this HOME."""
    settings = world.settings
    if file:
        return settings.cwd / Path(file).expanduser()
    own = {"~/.aws/config": settings.aws.config, "~/.aws/credentials": settings.aws.credentials}
    if path in own:
        return own[path]
    if path.startswith("~/.config/"):
        return settings.openstack_dir.parent / path.removeprefix("~/.config/")
    return settings.home / path.removeprefix("~/")
