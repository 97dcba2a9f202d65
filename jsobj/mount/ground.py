"""From a place and a login to what a mounter must know of the server: asked before anything is started."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from jsobj.ec2_keys.probe import S3Server, identify
from jsobj.errors import BadUsage, ExitCode, JsobjError
from jsobj.export.logins import Logins, S3Login, check
from jsobj.export.own_logins import own_logins, own_swift_login, s3_login
from jsobj.identity.settings import Settings
from jsobj.mount.mounters.protocol import Ground
from jsobj.mount.record import Mount
from jsobj.net.retry import RetryPolicy
from jsobj.packing.open import open_place, require_objects
from jsobj.store.access import s3_public
from jsobj.store.location import Location, first_of
from jsobj.store.open import StoreRequest

TRIES = 3  # of a request to the store: who waits for a mount wants to know soon
_NAME = "store"  # the mounter's own word for it


@dataclass(frozen=True, slots=True)
class Wish:
    """What a user asks for. ``cache``: the most that rclone's cache may hold, as ``10G``; ``backend``: "" for any."""

    place: Location
    write: bool = False
    backend: str = ""
    cache: str = "10G"


@dataclass(frozen=True, slots=True)
class Way:
    """A place with the login that reaches it, named so that it is found again: ``cloud`` or ``profile``."""

    dialect: str
    bucket: str
    prefix: str
    ground: Ground
    cloud: str = ""
    profile: str = ""


def way_to(settings: Settings, place: Location, request: StoreRequest, warn: Callable[[str], None]) -> Way:
    """Look into the bucket, and find the login.

    Raises :class:`JsobjError`: as the store does for a bucket that cannot be listed; usage for a place that no mounter
    can show.
    """
    if place.public or place.signed:
        raise BadUsage(
            "a web address cannot be mounted", hint="name the bucket and its server: s3://BUCKET --endpoint URL"
        )
    if request.unsigned and place.dialect == "swift":
        raise BadUsage("public data can be mounted over S3 only", hint=f"s3://{place.bucket} --endpoint URL")
    with closing(open_place(settings, place, request, retry=RetryPolicy(tries=TRIES))) as store:
        # A mounter knows no archives: it would show nothing, and write keys that no command reads.
        unpacked = f"fetch it: jsobj unpack {shlex.quote(store.place.url(store.place.archive))} DIR{store.place.at}"
        require_objects(store, "cannot be mounted", hint=unpacked)
        _look(store, place)
        dialect = store.place.dialect
    prefix = place.key.strip("/")
    if dialect == "swift":
        login = own_swift_login(
            settings, request.cloud, profile=request.profile, name=_NAME, bucket=place.bucket, warn=warn
        )
        check(Logins(None, login))
        return Way(dialect, place.bucket, prefix, Ground(swift=login), cloud=login.source.cloud)
    keys = _keys(settings, place, request, warn)
    server = _server(keys)
    check(Logins(keys, None))
    return Way(dialect, place.bucket, prefix, Ground(keys, server), request.cloud, keys.profile)


def _look(store: object, place: Location) -> None:
    from jsobj.store.objects import Store

    assert isinstance(store, Store)
    prefix = f"{place.key.strip('/')}/" if place.key.strip("/") else ""
    first_of(store.list(prefix, delimiter="/"))


def _keys(settings: Settings, place: Location, request: StoreRequest, warn: Callable[[str], None]) -> S3Login:
    cloud, profile, endpoint = request.cloud, request.profile, request.endpoint
    if request.unsigned:
        access = s3_public(settings, profile=profile, cloud=cloud, endpoint=endpoint)
        return s3_login(access, name=_NAME, bucket=place.bucket)
    found = own_logins(
        settings, cloud=cloud, profile=profile, endpoint=endpoint, name=_NAME, bucket=place.bucket, warn=warn
    ).s3
    assert found is not None
    return found


def _server(keys: S3Login) -> S3Server | None:
    try:
        return identify(keys.endpoint, verify=keys.ca_bundle or True)
    except JsobjError as error:
        if error.code is ExitCode.NETWORK:
            raise
        return None


def request_of(mount: Mount) -> StoreRequest:
    """The login that a record names."""
    return StoreRequest(mount.cloud, mount.profile, mount.unsigned, mount.endpoint)


def place_of(mount: Mount) -> Location:
    """The place that a record names."""
    return Location(mount.dialect, mount.bucket, f"{mount.prefix}/" if mount.prefix else "")
