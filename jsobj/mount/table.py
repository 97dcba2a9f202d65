"""The kernel's table of mounts (proc_pid_mountinfo(5)), as one process sees it. Reading it asks no mount anything."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# The mounters of object stores that people use, by what they call their file system.
OBJECT_STORES = frozenset(
    f"fuse.{name}"
    for name in (
        "rclone",
        "s3fs",
        "goofys",
        "geesefs",
        "mountpoint-s3",
        "gcsfuse",
        "blobfuse",
        "blobfuse2",
        "cloudfuse",
        "juicefs",
        "JuiceFS",
        "s3ql",
        "s3backer",
        "svfs",
    )
)
_ESCAPE = re.compile(r"\\([0-7]{3})")
_USER = re.compile(r"\buser_id=(\d+)")


@dataclass(frozen=True, slots=True)
class Mounted:
    """One line of the table. ``device``: ``major:minor``, the same for every copy of the mount in other namespaces.

    ``moves``: what is unmounted elsewhere is unmounted here too, and the other way round. ``user``: of a FUSE mount,
    who may unmount it.
    """

    id: int
    device: str
    folder: Path
    kind: str
    source: str
    read_only: bool = False
    moves: bool = False
    user: int | None = None

    @property
    def object_store(self) -> bool:
        """Whether it shows a bucket."""
        return self.kind in OBJECT_STORES


def parse(text: str) -> tuple[Mounted, ...]:
    """The lines of a mountinfo file; one that has another form is left out."""
    found = []
    for line in text.splitlines():
        before, dash, after = line.partition(" - ")
        fields, last = before.split(" "), after.split(" ")
        if not dash or len(fields) < 6 or len(last) < 3 or not fields[0].isdigit():
            continue
        user = _USER.search(last[2])
        found.append(
            Mounted(
                int(fields[0]),
                fields[2],
                Path(_plain(fields[4])),
                last[0],
                _plain(last[1]),
                read_only="ro" in fields[5].split(","),
                moves=any(each.startswith(("shared:", "master:")) for each in fields[6:]),
                user=int(user[1]) if user else None,
            )
        )
    return tuple(found)


def _plain(text: str) -> str:
    """Blanks and the like are octal there. Names that are not UTF-8 stay as Python has them."""
    if "\\" not in text:
        return text
    raw = _ESCAPE.sub(lambda match: chr(int(match[1], 8)), text).encode("latin-1", "replace")
    return os.fsdecode(raw) if text.isascii() else _ESCAPE.sub(lambda match: chr(int(match[1], 8)), text)


def read(process: int | str = "self") -> tuple[Mounted, ...]:
    """The mounts of a process; none where it is gone or another user's."""
    try:
        return parse(os.fsdecode(Path(f"/proc/{process}/mountinfo").read_bytes()))
    except OSError:
        return ()


def at(folder: Path, mounts: Sequence[Mounted]) -> Mounted | None:
    """What is mounted on a folder (its real path); the uppermost where there are several."""
    return next((each for each in reversed(mounts) if each.folder == folder), None)


def around(folder: Path, mounts: Sequence[Mounted]) -> Mounted | None:
    """The mount that a folder (its real path) lies in."""
    inside = [each for each in mounts if folder.is_relative_to(each.folder)]
    return max(reversed(inside), key=lambda each: len(each.folder.parts), default=None)
