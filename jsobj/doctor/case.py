"""The context of one run: what the doctor looks at, and what the checks have learned so far.

Each field below ``undo`` is set by exactly one check and read only by checks that need that one, so checks run in
parallel without locks.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, TypeVar

from jsobj.errors import JsobjError
from jsobj.identity.command_hints import with_login
from jsobj.identity.current import Choice, chosen_profile
from jsobj.identity.settings import Settings
from jsobj.net.connection.proxy import tunnel_for
from jsobj.urls import Origin

if TYPE_CHECKING:
    from jsobj.doctor.checks.scratch_bucket import ScratchBucket
    from jsobj.ec2_keys.probe import S3Server
    from jsobj.identity.auth_source import AuthSource
    from jsobj.identity.keystone.client import Keystone
    from jsobj.store.access import S3Access
    from jsobj.store.location import Location


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Scope:
    """What the doctor looks at. ``bucket`` "" means: make one, and remove it.

    ``from_env``: only what the environment names, and no stored default, as in a CI job. ``other``: a place in another
    cloud, which alone is looked at then.
    """

    cloud: str = ""
    profile: str = ""
    bucket: str = ""
    from_env: bool = False
    other: Location | None = None


@dataclass(slots=True)
class Case:
    """``dates`` maps a server's name to its clock minus ours, in seconds."""

    settings: Settings
    scope: Scope = field(default_factory=Scope)
    undo: ExitStack = field(default_factory=ExitStack)
    source: AuthSource | None = None  # login
    access: S3Access | None = None  # profile
    dates: dict[str, float] = field(default_factory=dict)  # keystone, s3-server
    keystone: Keystone | None = None  # token
    swift: Mapping[str, str] = field(default_factory=dict)  # swift-api: the account's headers
    containers: tuple[str, ...] | None = None  # swift-api; None: not known
    dialect: S3Server | None = None  # s3-server
    buckets: tuple[str, ...] | None = None  # s3-signature; None: not known
    scratch: dict[str, ScratchBucket] = field(default_factory=dict)  # by dialect: round-trip, swift-round-trip

    def now(self) -> datetime:
        """This computer's time, aware, in UTC."""
        return datetime.now(timezone.utc)

    def named(self, hint: str) -> str:
        """A hint whose commands mean the same cloud and profile when they are pasted."""
        return with_login(hint, cloud=self.scope.cloud, profile=self.scope.profile)

    @property
    def foreign(self) -> Location:
        """The place in another cloud that is looked at; for its own checks."""
        return needed(self.scope.other)

    def proxy(self, origin: Origin) -> str:
        """The URL of the proxy for a server; "" for none. Raises :class:`jsobj.net.connection.proxy.ProxyUnusable`."""
        return tunnel_for(self.settings.environ, origin)

    def profile_choice(self) -> Choice:
        """The AWS profile in use; nameless where none is, or where the files that say so cannot be read."""
        try:
            return chosen_profile(self.settings, profile=self.scope.profile, cloud=self.scope.cloud)
        except JsobjError:
            return Choice("", "")


def needed(fact: T | None) -> T:
    """What a check that this one needs has learned; the registry makes sure that it has."""
    if fact is None:
        raise LookupError("the check that learns this is not among the needs")
    return fact
