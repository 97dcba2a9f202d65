"""From the shared options to the values that exports are made of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from jsobj.cli.parsing.world import World
from jsobj.errors import JsobjError

if TYPE_CHECKING:
    from jsobj.export.logins import Logins, S3Login, SwiftLogin


def logins_for(world: World, *, name: str = "", bucket: str = "", endpoint: str = "", keys: bool = True) -> Logins:
    """The S3 keys that the options mean (unless ``keys`` is False), and the login that goes with them.

    Raises :class:`JsobjError`: auth where there is neither, usage where keys come without an endpoint.
    """
    from jsobj.export.own_logins import own_logins

    meant = {"cloud": world.cloud, "profile": world.profile, "endpoint": endpoint}
    return own_logins(world.settings, **meant, name=name, bucket=bucket, keys=keys, warn=world.out.warn)


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
