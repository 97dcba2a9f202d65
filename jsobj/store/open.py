"""Which dialect serves a bucket command: the one that was named, else S3 where there are keys, else Swift."""

from __future__ import annotations

from collections.abc import Callable

from jsobj.errors import ExitCode, JsobjError
from jsobj.identity.current import current_source
from jsobj.identity.keystone import Keystone
from jsobj.identity.profiles import verify_of
from jsobj.identity.settings import Settings
from jsobj.store.access import s3_access
from jsobj.store.buckets import BucketAdmin


def open_account(
    settings: Settings,
    *,
    dialect: str = "",
    cloud: str = "",
    profile: str = "",
    log_in: Callable[[], Keystone] | None = None,
) -> BucketAdmin:
    """The account meant. ``log_in`` is called where a token is needed; a command's also tells the login's notices.

    Raises :class:`JsobjError`: auth where there is neither a key nor a login.
    """
    if dialect != "swift":
        access = s3_access(settings, profile=profile, cloud=cloud)
        if access is not None:
            from jsobj.store.s3_account import S3Account

            return S3Account(access)
        if dialect == "s3":
            raise JsobjError(
                "no-s3-keys",
                "there are no S3 keys to use",
                code=ExitCode.AUTH,
                hint="make them: jsobj ec2-creds; or use the Swift API, which needs none: swift://NAME",
            )
    from jsobj.store.swift_account import SwiftAccount

    keystone = log_in() if log_in else Keystone(current_source(settings, cloud=cloud))
    return SwiftAccount(keystone, verify=verify_of(keystone, settings))
