"""From the shared options to the values that exports are made of."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from jsobj.cli.parsing.world import World
from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.command_hints import same_login

if TYPE_CHECKING:
    from jsobj.export.logins import Logins, S3Login, SwiftLogin
    from jsobj.store.access import S3Access

_OTHERS_CAN_USE = frozenset({"v3applicationcredential", "password", "v3password"})


def logins_for(world: World, *, name: str = "", bucket: str = "", endpoint: str = "", keys: bool = True) -> Logins:
    """The S3 keys that the options mean (unless ``keys`` is False), and the login that goes with them.

    Raises :class:`JsobjError`: auth where there is neither, usage where keys come without an endpoint.
    """
    from jsobj.export.logins import Logins
    from jsobj.store.access import s3_access

    named = {"profile": world.profile, "cloud": world.cloud}
    access = s3_access(world.settings, **named, endpoint=endpoint) if keys else None
    if access is None:
        return Logins(None, _swift_login(world, world.cloud, name, bucket))
    cloud, swift = _cloud_of(world, access), None
    if cloud is not None:
        with suppress(JsobjError):  # no such login, or none that another tool can use: the keys alone
            swift = _swift_login(world, cloud, name or access.profile, bucket)
    return Logins(_s3_login(world, access, name, bucket), swift)


def _s3_login(world: World, access: S3Access, name: str, bucket: str) -> S3Login:
    from jsobj.export.logins import S3Login

    return S3Login(
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


def _cloud_of(world: World, access: S3Access) -> str | None:
    """The cloud whose login goes with these keys, "" for the environment's; None if unknown.

    Another cloud's login would give one tool two object stores under one name.
    """
    from jsobj.identity.current import chosen_by_environment, cloud_of_profile

    if world.cloud or (chosen_by_environment(world.settings) and not cloud_of_profile(world.settings, world.profile)):
        return world.cloud
    return cloud_of_profile(world.settings, access.profile) or None


def _swift_login(world: World, cloud: str, name: str, bucket: str) -> SwiftLogin:
    """The login of that cloud.

    Raises :class:`JsobjError`: as :func:`jsobj.identity.current.current_source`; auth for a login that needs a person.
    """
    from jsobj.export.logins import SwiftLogin
    from jsobj.identity.auth_source import secret_option
    from jsobj.identity.current import current_source
    from jsobj.identity.keystone.key_permission import KeyPermission, known

    source = current_source(world.settings, cloud=cloud)
    if source.auth_type not in _OTHERS_CAN_USE or not source.secrets.get(secret_option(source)):
        raise JsobjError(
            "login-needs-person",
            "this login needs a person each time, so no other tool can use it",
            code=ExitCode.AUTH,
            context=f"auth type {source.auth_type}, from {source.where}",
            hint=f"make one that does not: jsobj app-cred create NAME --as NAME{same_login(cloud=source.cloud)}",
        )
    for notice in source.notices:
        world.out.warn(notice)
    # Of the environment's files of authorities, OS_CACERT is the one that is meant for clouds.
    cacert = source.cacert or world.settings.get("OS_CACERT")
    refused = known(world.settings, source.cloud) is KeyPermission.REFUSED
    verified = cacert if source.verify else ""
    return SwiftLogin(name or source.cloud or "jsobj", source, bucket, verified, keys_refused=refused)


def with_server(world: World, s3: S3Login) -> S3Login:
    """The same with the recognised server; after an error, with a note, for any server."""
    from jsobj.ec2_keys.probe import identify

    try:
        return replace(s3, server=identify(s3.endpoint, verify=s3.ca_bundle or True).server)
    except JsobjError as error:
        world.out.note(f"It is not known which server this is ({error.message}); the settings are those for any.")
        return s3


def with_storage_url(world: World, swift: SwiftLogin) -> SwiftLogin:
    """The same with Swift's URL from Keystone's catalogue; after an error, with a warning, without."""
    from jsobj.identity.keystone.client import Keystone

    try:
        return replace(swift, storage_url=Keystone(swift.source).login.swift_url)
    except JsobjError as error:
        world.out.warn(f"Swift's URL is not known ({error.message}); the tool takes the catalogue's first")
        return swift


def place_of(world: World, path: str, file: str) -> Path:
    """The file of a part: the one that was named, else the tool's own in this HOME."""
    settings = world.settings
    if file:
        return settings.cwd / Path(file).expanduser()
    own = {"~/.aws/config": settings.aws.config, "~/.aws/credentials": settings.aws.credentials}
    if path in own:
        return own[path]
    if path.startswith("~/.config/"):
        return settings.openstack_dir.parent / path.removeprefix("~/.config/")
    return settings.home / path.removeprefix("~/")
