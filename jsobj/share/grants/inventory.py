"""What this computer's user has shared and was given: ``shares.json`` in the state folder, mode 0600.

No server lists what was shared with somebody, and a Swift keeps neither dates nor names beside its lists; so both sides
keep an inventory. A grant is written here as ``pending`` before a server is changed: a share that is killed leaves
either no grant, or one that is found here. No secret is ever in it. Values are frozen; :func:`update` reads, changes
and writes under a lock.
"""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jsobj.identity.record_file import Fault, RecordFile, record_of
from jsobj.identity.settings import Settings

SCHEMA = "jsobj.shares-file/1"
PENDING, GIVEN = "pending", "given"
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # without those that are mistaken for others
_LENGTH = 6


@dataclass(frozen=True, slots=True)
class Grant:
    """One thing that was given. Times are ISO 8601 in UTC, "" where there is none (``ends``: it ends never).

    ``key``: the object, or a prefix that ends in a slash; "" for all of the bucket. ``url``: the place as its owner
    types it. ``server``: the object store's origin; ``project``: id of the owner's project, "" if unknown. ``whom``: in
    words. ``access``: ``read`` or ``write``. ``mechanism``: ``policy``, ``acl``, ``presigned``, ``tempurl``,
    ``object``. ``state``: ``pending`` or ``given``. ``cloud``, ``profile``: the login that gave it. ``details``: what
    the mechanism must know to look for it and to take it away, all texts, never a secret.
    """

    id: str
    bucket: str
    key: str
    url: str
    server: str
    whom: str
    access: str
    made: str
    mechanism: str
    ends: str = ""
    state: str = PENDING
    project: str = ""
    cloud: str = ""
    profile: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Received:
    """One thing that somebody else gave, by a ticket that was accepted. Times as in :class:`Grant`.

    ``url``: the place as its reader types it; ``whose``: who gave it, in words.
    """

    id: str
    url: str
    server: str
    whose: str
    access: str
    accepted: str
    ends: str = ""
    cloud: str = ""
    profile: str = ""


@dataclass(frozen=True, slots=True)
class Inventory:
    """All of it, in the order in which it was made."""

    given: tuple[Grant, ...] = ()
    received: tuple[Received, ...] = ()

    def grant(self, id: str) -> Grant | None:
        """The grant of this id."""
        return next((each for each in self.given if each.id == id), None)

    def with_grant(self, grant: Grant) -> Inventory:
        """The same with this grant put in, or in the place of the one of its id."""
        known = tuple(grant if each.id == grant.id else each for each in self.given)
        return dataclasses.replace(self, given=known if grant in known else (*known, grant))

    def without_grant(self, id: str) -> Inventory:
        """The same without this grant."""
        return dataclasses.replace(self, given=tuple(each for each in self.given if each.id != id))

    def with_received(self, received: Received) -> Inventory:
        """The same with this one put in, or in the place of the one of its id."""
        others = tuple(each for each in self.received if each.id != received.id)
        return dataclasses.replace(self, received=(*others, received))


def new_id() -> str:
    """A short id that can be typed; of 31**6 (9e8), so that two of one owner are never equal in practice."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))


def read(settings: Settings) -> Inventory:
    """The inventory; an empty one where there is none yet.

    Raises :class:`JsobjError` (local) for a file that is damaged or from a newer jsobj; it is never overwritten.
    """
    return inventory_at(inventory_path(settings)).read()


def update(settings: Settings, change: Callable[[Inventory], Inventory]) -> Inventory:
    """Read, change and write the inventory under its lock; the new one."""
    return inventory_at(inventory_path(settings)).update(change)


def inventory_path(settings: Settings) -> Path:
    """Where it is."""
    return settings.state_dir / "shares.json"


def inventory_at(path: Path) -> RecordFile[Inventory]:
    """The inventory in a file."""
    return RecordFile(
        path,
        SCHEMA,
        Inventory(),
        _decode,
        f"move it away (mv {path} {path}.old); what was given stays given: jsobj bucket show BUCKET",
        Fault("shares-unreadable"),
        Fault("shares-version"),
        Fault("shares-damaged"),
    )


def _decode(document: Mapping[str, Any]) -> Inventory:
    given = tuple(record_of(Grant, item, apart="details") for item in document["given"])
    if not all(isinstance(text, str) for grant in given for text in grant.details.values()):
        raise TypeError("every detail is a text")
    return Inventory(given, tuple(record_of(Received, item) for item in document["received"]))
