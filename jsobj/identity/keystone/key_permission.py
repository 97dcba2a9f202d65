"""Whether a login may make S3 (EC2) keys: asked of Keystone without making one, and remembered in the ledger.

Three generations of Keystone differ (:func:`jsobj.identity.keystone.ec2_credentials.explain_refusal`), and none tells
its version.
"""

from __future__ import annotations

import contextlib
import dataclasses
import enum
from collections.abc import Iterator

from jsobj.errors import ExitCode, JsobjError, KeysRefused
from jsobj.identity import ledger
from jsobj.identity.keystone.client import Keystone
from jsobj.identity.keystone.ec2_credentials import KEY_ROLES, Ec2Api
from jsobj.identity.keystone.full_login import is_one_time
from jsobj.identity.settings import Settings


class KeyPermission(enum.Enum):
    """What is known of it; the values are those of the ledger."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    UNKNOWN = ""

    @classmethod
    def _missing_(cls, value: object) -> KeyPermission:
        return cls.UNKNOWN  # a word of a later version


def probe(keystone: Keystone) -> KeyPermission:
    """Ask Keystone, without making a key. Network trouble and odd answers are UNKNOWN."""
    login = keystone.login
    if login.credential is None and KEY_ROLES & {role.lower() for role in login.roles}:
        return KeyPermission.ALLOWED  # a person with a role that suffices: no Keystone refuses
    api = Ec2Api(keystone)
    try:
        api.list()
        return KeyPermission.ALLOWED if api.may_create() else KeyPermission.REFUSED
    except JsobjError as error:
        return KeyPermission.REFUSED if error.code is ExitCode.REFUSED else KeyPermission.UNKNOWN


def known(settings: Settings, cloud: str) -> KeyPermission:
    """What is remembered of a stored login; UNKNOWN for one that has no name. Keystone is not asked."""
    return KeyPermission(ledger.read(settings).cloud(cloud).ec2_keys) if cloud else KeyPermission.UNKNOWN


def look_up(settings: Settings, keystone: Keystone) -> KeyPermission:
    """What is remembered, or else what Keystone says now, which is then remembered."""
    found = known(settings, keystone.source.cloud)
    if found is KeyPermission.UNKNOWN:
        found = probe(keystone)
        remember(settings, keystone, found)
    return found


def remember(settings: Settings, keystone: Keystone, found: KeyPermission) -> None:
    """Keep it for later commands. A one-time login as the person says nothing about the login that is stored."""
    cloud = keystone.source.cloud
    if not cloud or is_one_time(keystone):
        return

    def change(book: ledger.Ledger) -> ledger.Ledger:
        return book.with_cloud(dataclasses.replace(book.cloud(cloud), ec2_keys=found.value))

    with contextlib.suppress(JsobjError):  # on a read-only disk Keystone is asked each time
        if known(settings, cloud) is not found:
            ledger.update(settings, change)


@contextlib.contextmanager
def learning(settings: Settings, keystone: Keystone) -> Iterator[None]:
    """Remember a refusal that is raised inside."""
    try:
        yield
    except KeysRefused:
        remember(settings, keystone, KeyPermission.REFUSED)
        raise
