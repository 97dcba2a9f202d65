"""The little that jsobj must remember itself: ``ledger.json`` in its state folder, mode 0600.

Logins are in clouds.yaml and keys in ~/.aws; what no standard file has room for is here: which AWS profile belongs to
which cloud, when an application credential expires, whether it may make EC2 keys, which of those were made by jsobj
(Keystone keeps no name, date or expiry for them), and which files of other tools were given keys. No secret is ever in
it. Values are frozen; :func:`update` reads, changes and writes under a lock.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsobj.identity.record_file import Fault, RecordFile, record_of
from jsobj.identity.settings import Settings

SCHEMA = "jsobj.ledger/1"


@dataclass(frozen=True, slots=True)
class CloudRecord:
    """What we know of a cloud beside its entry in clouds.yaml. Times are ISO 8601 in UTC, "" where unknown.

    ``ec2_keys``: whether Keystone lets this login make them
    (:class:`jsobj.identity.keystone.key_permission.KeyPermission`).
    """

    name: str
    profile: str = ""
    project_id: str = ""
    project_name: str = ""
    expires: str = ""
    source: str = ""
    ec2_keys: str = ""


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """An EC2 key that jsobj made, or (``made`` "") adopted from a profile. ``retire_after``: delete it from then on."""

    access: str
    auth_url: str
    user_id: str
    project_id: str
    project_name: str = ""
    made: str = ""
    profile: str = ""
    retire_after: str = ""


@dataclass(frozen=True, slots=True)
class ExportRecord:
    """A file that ``jsobj export TOOL --write`` gave keys to, where it is not the tool's usual one."""

    tool: str
    path: str


@dataclass(frozen=True, slots=True)
class Pending:
    """A key about to be made. Found by a later run, it tells which key of Keystone's list the lost one is."""

    auth_url: str
    user_id: str
    project_id: str
    before: tuple[str, ...]
    started: str

    @property
    def whose(self) -> tuple[str, str, str]:
        """Keystone, user and project."""
        return self.auth_url, self.user_id, self.project_id


@dataclass(frozen=True, slots=True)
class Ledger:
    """All of it."""

    default_cloud: str = ""
    clouds: tuple[CloudRecord, ...] = ()
    keys: tuple[KeyRecord, ...] = ()
    pending: tuple[Pending, ...] = ()
    exports: tuple[ExportRecord, ...] = ()

    def cloud(self, name: str) -> CloudRecord:
        """The record of a cloud; an empty one for a cloud that was not made by ``jsobj login``."""
        return next((c for c in self.clouds if c.name == name), CloudRecord(name))

    def key(self, access: str) -> KeyRecord | None:
        """The record of a key."""
        return next((k for k in self.keys if k.access == access), None)

    def with_cloud(self, record: CloudRecord) -> Ledger:
        """The same with this cloud's record put in or replaced."""
        return dataclasses.replace(self, clouds=(*(c for c in self.clouds if c.name != record.name), record))

    def without_cloud(self, name: str) -> Ledger:
        """The same without this cloud."""
        others = tuple(c for c in self.clouds if c.name != name)
        default = "" if self.default_cloud == name else self.default_cloud
        return dataclasses.replace(self, clouds=others, default_cloud=default)

    def with_key(self, record: KeyRecord) -> Ledger:
        """The same with this key's record put in or replaced."""
        return dataclasses.replace(self, keys=(*self.without_key(record.access).keys, record))

    def with_export(self, record: ExportRecord) -> Ledger:
        """The same with this file, and without those that are gone."""
        there = (known for known in self.exports if known != record and Path(known.path).exists())
        return dataclasses.replace(self, exports=(*there, record))

    def without_key(self, access: str) -> Ledger:
        """The same without this key."""
        return dataclasses.replace(self, keys=tuple(k for k in self.keys if k.access != access))


def read(settings: Settings) -> Ledger:
    """The ledger; an empty one where there is none yet.

    Raises :class:`JsobjError` (local) for a file that is damaged or from a newer jsobj; it is never overwritten.
    """
    return ledger_at(ledger_path(settings)).read()


def update(settings: Settings, change: Callable[[Ledger], Ledger]) -> Ledger:
    """Read, change and write the ledger under its lock; the new ledger."""
    return ledger_at(ledger_path(settings)).update(change)


def ledger_path(settings: Settings) -> Path:
    """Where it is."""
    return settings.state_dir / "ledger.json"


def ledger_at(path: Path) -> RecordFile[Ledger]:
    """The ledger in a file."""
    return RecordFile(
        path,
        SCHEMA,
        Ledger(),
        _decode,
        f"move it away (mv {path} {path}.old) and log in again; keys at Keystone and files of other tools stay",
        Fault("ledger-unreadable"),
        Fault("ledger-version"),
        Fault("ledger-damaged"),
    )


def _decode(document: Mapping[str, Any]) -> Ledger:
    if not isinstance(document["default_cloud"], str):
        raise TypeError("a cloud's name is a text")
    return Ledger(
        default_cloud=document["default_cloud"],
        clouds=tuple(record_of(CloudRecord, item) for item in document["clouds"]),
        keys=tuple(record_of(KeyRecord, item) for item in document["keys"]),
        pending=tuple(
            dataclasses.replace(record_of(Pending, item, apart="before"), before=tuple(map(str, item["before"])))
            for item in document["pending"]
        ),
        exports=tuple(record_of(ExportRecord, item) for item in document.get("exports", ())),
    )
