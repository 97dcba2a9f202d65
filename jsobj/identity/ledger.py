"""The little that jsobj must remember itself: ``ledger.json`` in its state folder, mode 0600.

Logins are in clouds.yaml and keys in ~/.aws; what no standard file has room for is here: which AWS profile belongs to
which cloud, when an application credential expires, whether it may make EC2 keys, which of those were made by jsobj
(Keystone keeps no name, date or expiry for them), and which files of other tools were given keys. No secret is ever in
it. Values are frozen; :func:`update` reads, changes and writes under a lock.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from jsobj.atomic import edit_private_file
from jsobj.errors import ExitCode, JsobjError
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
    path = ledger_path(settings)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Ledger()
    except OSError as error:
        sentence = f"{path} cannot be read: {error.strerror}"
        raise JsobjError("ledger-unreadable", sentence, code=ExitCode.LOCAL) from error
    return _decode(data, path)


def update(settings: Settings, change: Callable[[Ledger], Ledger]) -> Ledger:
    """Read, change and write the ledger under its lock; the new ledger."""
    path = ledger_path(settings)
    result: list[Ledger] = []

    def edit(old: bytes | None) -> bytes:
        new = change(Ledger() if old is None else _decode(old, path))
        result[:] = [new]
        return _encode(new)

    edit_private_file(path, edit)
    return result[0]


def ledger_path(settings: Settings) -> Path:
    """Where it is."""
    return settings.state_dir / "ledger.json"


def _encode(ledger: Ledger) -> bytes:
    return json.dumps({"schema": SCHEMA, **dataclasses.asdict(ledger)}, indent=2, ensure_ascii=False).encode() + b"\n"


def _decode(data: bytes, path: Path) -> Ledger:
    hint = f"move it away (mv {path} {path}.old) and log in again; keys at Keystone and files of other tools stay"
    try:
        document = json.loads(data)
        schema = document["schema"]
        if schema != SCHEMA:
            sentence = f"{path} is of version {schema!r}; this jsobj knows {SCHEMA}"
            raise JsobjError("ledger-version", sentence, code=ExitCode.LOCAL, hint=hint)
        if not isinstance(document["default_cloud"], str):
            raise TypeError("a cloud's name is a text")
        return Ledger(
            default_cloud=document["default_cloud"],
            clouds=tuple(_record(CloudRecord, item) for item in document["clouds"]),
            keys=tuple(_record(KeyRecord, item) for item in document["keys"]),
            pending=tuple(
                dataclasses.replace(_record(Pending, item), before=tuple(map(str, item["before"])))
                for item in document["pending"]
            ),
            exports=tuple(_record(ExportRecord, item) for item in document.get("exports", ())),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise JsobjError("ledger-damaged", f"{path} is damaged", code=ExitCode.LOCAL, hint=hint) from error


_R = TypeVar("_R", CloudRecord, KeyRecord, Pending, ExportRecord)


def _record(kind: type[_R], item: Mapping[str, Any]) -> _R:
    """Keys that this version does not know are an error: they would be lost at the next write."""
    if any(not isinstance(v, str) for k, v in item.items() if k != "before"):
        raise TypeError("every field is a text")
    return kind(**item)
