"""What a mounter must be able to say; everything else about mounts is the same for all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from jsobj.ec2_keys.probe import S3Server
from jsobj.export.logins import S3Login, SwiftLogin
from jsobj.mount.record import Mount, Places
from jsobj.secret import Secret


@dataclass(frozen=True, slots=True)
class Program:
    """A mounter that is installed. ``version``: its numbers, () where it does not tell."""

    path: str
    version: tuple[int, ...] = ()

    @property
    def version_text(self) -> str:
        """For people."""
        return ".".join(map(str, self.version)) or "unknown version"


@dataclass(frozen=True, slots=True)
class Ground:
    """How the store is reached: with keys over S3 (or unsigned), or with a login over Swift; never both."""

    s3: S3Login | None = None
    server: S3Server | None = None
    swift: SwiftLogin | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """What to start: it stays in the foreground, in the mount's own folder.

    ``environment``: all of it, with what is secret; ``files`` are written there first, and hold no secret; ``left`` are
    names that an earlier one may have left, and that it does not want there.
    """

    words: tuple[str, ...]
    environment: Mapping[str, str | Secret]
    files: Mapping[str, str] = field(default_factory=dict)
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file of the mount that is not in the store yet. ``size``: its bytes, as far as they are known."""

    name: str
    size: int


class Mounter(Protocol):
    """One program. Its methods do nothing but look and ask; processes are others' business."""

    name: str
    title: str
    package: str  # Debian's
    dialects: frozenset[str]
    # Below this version it has faults that are known, and which.
    good: tuple[int, ...]
    faults: str

    def find(self) -> Program | None:
        """The program that is installed, with its version."""
        ...

    def writes(self, program: Program) -> bool:
        """Whether this version may be trusted with files that are written."""
        ...

    def start(self, program: Program, ground: Ground, mount: Mount, where: Places, folder: Path) -> Start:
        """How to mount on ``folder``."""
        ...

    def prepare(self, mount: Mount, where: Places) -> None:
        """Called before it is started with a cache that an earlier one has left. Raises :class:`JsobjError` (local)."""
        ...

    def waiting(self, mount: Mount, where: Places) -> tuple[Waiting, ...]:
        """What was written and is not in the store; the mounter may be dead. Raises nothing."""
        ...

    def size(self, mount: Mount, where: Places, name: str) -> int | None:
        """The bytes of a file as the cache knows it; None where it does not."""
        ...

    def hurry(self, where: Places, *, failed: bool) -> None:
        """Have it send now what waits; ``failed``: also what it could not send before. Raises nothing."""
        ...

    def failure(self, where: Places) -> str:
        """What it says of files that it could not send; "" where there are none. Raises nothing."""
        ...

    def moved(self, where: Places) -> Mapping[str, int]:
        """How many bytes of each file are sent that it is sending now; empty where it does not tell."""
        ...
