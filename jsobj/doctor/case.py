"""One run's notebook: what was asked for, and what the checks have learned so far.

Each slot below ``undo`` is filled by exactly one check, and read only by checks that need that one, so that checks may
run side by side without locks.
"""

from __future__ import annotations

import shlex
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from jsobj.errors import JsobjError
from jsobj.identity.current import Choice, chosen_profile
from jsobj.identity.settings import Settings

if TYPE_CHECKING:
    from jsobj.identity.endpoint import S3Dialect
    from jsobj.identity.keystone import Keystone
    from jsobj.identity.sources import AuthSource
    from jsobj.store.access import S3Access


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asked the doctor to look at. ``bucket`` "" means: make one, and remove it.

    ``from_env``: only what the environment names counts, and no stored default; so runs a CI job.
    """

    cloud: str = ""
    profile: str = ""
    bucket: str = ""
    from_env: bool = False


@dataclass(slots=True)
class Case:
    """See the module. ``dates`` maps a server's name to its clock minus ours, in seconds."""

    settings: Settings
    wish: Wish = field(default_factory=Wish)
    undo: ExitStack = field(default_factory=ExitStack)
    source: AuthSource | None = None  # login
    access: S3Access | None = None  # profile
    dates: dict[str, float] = field(default_factory=dict)  # keystone, s3-server
    keystone: Keystone | None = None  # token
    swift: dict[str, str] = field(default_factory=dict)  # swift-api: the account's headers
    dialect: S3Dialect | None = None  # s3-server
    buckets: tuple[str, ...] | None = None  # s3-signature; None: not known
    workplace: Any = None  # round-trip: a workplace.Workplace

    def now(self) -> datetime:
        """This computer's time, aware, in UTC."""
        return datetime.now(timezone.utc)

    def named(self, hint: str) -> str:
        """A hint whose ``jsobj doctor`` commands mean the same cloud and profile when they are pasted."""
        options = (("--cloud", self.wish.cloud), ("--profile", self.wish.profile))
        words = "".join(f" {option} {shlex.quote(value)}" for option, value in options if value)
        return hint.replace("jsobj doctor --fix", f"jsobj doctor --fix{words}")

    def profile_choice(self) -> Choice:
        """The AWS profile in use; nameless where none is, or where the files that say so cannot be read."""
        try:
            return chosen_profile(self.settings, profile=self.wish.profile, cloud=self.wish.cloud)
        except JsobjError:
            return Choice("", "")
