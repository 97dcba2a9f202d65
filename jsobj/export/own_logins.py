"""From the settings of this user to the values that exports are made of: which keys, and which login goes with them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from jsobj.errors import ExitCode, JsobjError
from jsobj.export.logins import Logins, S3Login, SwiftLogin
from jsobj.identity.auth_source import secret_option
from jsobj.identity.command_hints import same_login
from jsobj.identity.current import chosen_by_environment, cloud_of_profile, current_source
from jsobj.identity.keystone.key_permission import KeyPermission, known
from jsobj.identity.settings import Settings
from jsobj.store.access import S3Access, s3_access

_OTHERS_CAN_USE = frozenset({"v3applicationcredential", "password", "v3password"})


def own_logins(
    settings: Settings,
    *,
    cloud: str = "",
    profile: str = "",
    name: str = "",
    bucket: str = "",
    endpoint: str = "",
    keys: bool = True,
    warn: Callable[[str], None],
) -> Logins:
    """The S3 keys that are meant (unless ``keys`` is False), and the login that goes with them.

    ``name``: what the tool is to call it. Raises :class:`JsobjError`: auth where there is neither, usage where keys
    come without an endpoint.
    """
    access = s3_access(settings, profile=profile, cloud=cloud, endpoint=endpoint) if keys else None
    if access is None:
        return Logins(None, own_swift_login(settings, cloud, name=name, bucket=bucket, warn=warn))
    whose, swift = _cloud_of(settings, cloud, profile, access), None
    if whose is not None:
        with suppress(JsobjError):  # no such login, or none that another tool can use: the keys alone
            swift = own_swift_login(settings, whose, name=name or access.profile, bucket=bucket, warn=warn)
    return Logins(s3_login(access, name=name, bucket=bucket, cloud=cloud), swift)


def s3_login(access: S3Access, *, name: str = "", bucket: str = "", cloud: str = "") -> S3Login:
    """The keys as other tools take them."""
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
        cloud=cloud,
        bucket=bucket,
    )


def _cloud_of(settings: Settings, cloud: str, profile: str, access: S3Access) -> str | None:
    """The cloud whose login goes with these keys, "" for the environment's; None if unknown.

    Another cloud's login would give one tool two object stores under one name.
    """
    if cloud or (chosen_by_environment(settings) and not cloud_of_profile(settings, profile)):
        return cloud
    return cloud_of_profile(settings, access.profile) or None


def own_swift_login(
    settings: Settings,
    cloud: str,
    *,
    profile: str = "",
    name: str = "",
    bucket: str = "",
    warn: Callable[[str], None],
) -> SwiftLogin:
    """The login of that cloud.

    Raises :class:`JsobjError`: as :func:`jsobj.identity.current.current_source`; auth for a login that needs a person.
    """
    source = current_source(settings, cloud=cloud, profile=profile)
    if source.auth_type not in _OTHERS_CAN_USE or not source.secrets.get(secret_option(source)):
        raise JsobjError(
            "login-needs-person",
            "this login needs a person each time, so no other tool can use it",
            code=ExitCode.AUTH,
            context=f"auth type {source.auth_type}, from {source.where}",
            hint=f"make one that does not: jsobj app-cred create NAME --as NAME{same_login(cloud=source.cloud)}",
        )
    for notice in source.notices:
        warn(notice)
    # Of the environment's files of authorities, OS_CACERT is the one that is meant for clouds.
    cacert = source.cacert or settings.get("OS_CACERT")
    refused = known(settings, source.cloud) is KeyPermission.REFUSED
    verified = cacert if source.verify else ""
    return SwiftLogin(name or source.cloud or "jsobj", source, bucket, verified, keys_refused=refused)
