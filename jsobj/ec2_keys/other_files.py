"""Files of other tools that hold a key, as ``jsobj export`` writes them: found, and switched to a new key."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jsobj.atomic import edit_private_file
from jsobj.errors import JsobjError
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
    """A file of a tool of ``jsobj export``."""

    tool: str
    path: Path

    def rewrite(self, profile: str) -> str:
        """The command that gives it the profile's key."""
        return f"jsobj export {self.tool} --write{same_login(profile=profile)}"


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
    for tool, folder, pattern in _PLACES:
        own = settings.openstack_dir.parent if folder.startswith(".config/") else settings.home
        with contextlib.suppress(OSError):
            for path in sorted((own / folder.removeprefix(".config/")).glob(pattern)):
                if ".jsobj-backup" not in path.name:
                    yield Holder(tool, path)


def _start(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(_LIMIT)
    except OSError:
        return b""
