"""Files of other tools that hold a key, as ``jsobj export`` writes them: found, and switched to a new key."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jsobj.atomic import edit_private_file
from jsobj.errors import JsobjError
from jsobj.identity import ledger
from jsobj.identity.command_hints import same_login
from jsobj.identity.settings import Settings
from jsobj.net.sigv4 import KeyPair

_LIMIT = 1 << 20  # bytes of a file that are looked at
# Tool, folder (below HOME, or below the folder for settings where it begins with .config), names of its files.
_PLACES = (
    ("rclone", ".config/rclone", "rclone.conf"),
    ("s3cmd", "", ".s3cfg"),
    ("mc", ".mc", "config.json"),
    ("s3fs-fuse", "", ".passwd-s3fs*"),
    ("cloud-files", ".cloudvolume/secrets", "*.json"),
    ("dask", ".config/dask", "jsobj-*.yaml"),
)


@dataclass(frozen=True, slots=True)
class Holder:
    """A file of a tool of ``jsobj export``; ``named``: not the tool's own, but the one that --file named."""

    tool: str
    path: Path
    named: bool = False

    def rewrite(self, profile: str) -> str:
        """The command that gives it the profile's key."""
        file = f" --file {shlex.quote(str(self.path))}" if self.named else ""
        return f"jsobj export {self.tool} --write{file}{same_login(profile=profile)}"


def holders(settings: Settings, access: str) -> tuple[Holder, ...]:
    """Every such file with this access key in it."""
    wanted = access.encode()
    return tuple(holder for holder in _files(settings) if wanted in _start(holder.path))


def switch(settings: Settings, old: KeyPair, new: KeyPair) -> tuple[tuple[Holder, ...], tuple[Holder, ...]]:
    """Put ``new`` where ``old`` stands; the files changed (a backup is kept), and those that still hold it.

    Only where both halves of the old pair are known and found: an empty secret would be "found" between all bytes.
    """

    def edit(before: bytes | None) -> bytes:
        text = before or b""
        for dead, alive in ((old.access, new.access), (old.secret.reveal(), new.secret.reveal())):
            text = text.replace(dead.encode(), alive.encode())
        return text

    changed, left = [], []
    for holder in holders(settings, old.access):
        secret = old.secret.reveal()
        whole = bool(secret) and secret.encode() in _start(holder.path)  # else it is written otherwise, or for a vault
        with contextlib.suppress(JsobjError):
            if whole:
                edit_private_file(holder.path, edit, backup=True)
                changed.append(holder)
                continue
        left.append(holder)
    return tuple(changed), tuple(left)


def _files(settings: Settings) -> Iterator[Holder]:
    own = tuple(_own(settings))
    yield from own
    seen = {holder.path.resolve() for holder in own}
    for record in ledger.read(settings).exports:
        if (path := Path(record.path)) not in seen:
            seen.add(path)
            yield Holder(record.tool, path, named=True)


def _own(settings: Settings) -> Iterator[Holder]:
    for tool, folder, pattern in _PLACES:
        own = settings.openstack_dir.parent if folder.startswith(".config/") else settings.home
        with contextlib.suppress(OSError):
            for path in sorted((own / folder.removeprefix(".config/")).glob(pattern)):
                if ".jsobj-backup" not in path.name:
                    yield Holder(tool, path)


def remember(settings: Settings, tool: str, path: Path) -> None:
    """Keep in mind that ``jsobj export TOOL --write --file PATH`` gave keys to this file."""
    record = ledger.ExportRecord(tool, str(path.resolve()))
    if all(Path(record.path) != own.path.resolve() for own in _own(settings)):
        ledger.update(settings, lambda book: book.with_export(record))


def _start(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(_LIMIT)
    except OSError:
        return b""
