"""What may be cleaned away, as values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

UPLOAD, SEGMENTS, FOLDER, MARKER, VERSION = KINDS = ("upload", "segments", "folder", "marker", "version")


@dataclass(frozen=True, slots=True)
class Leftover:
    """One thing that nobody needs. ``key``: what it belongs to; ``place``: where it lies, for people.

    ``objects``, ``size`` (bytes): what goes with it. ``newest``: seconds since 1970, None if unknown. ``remove``: looks
    once more, deletes it, and returns ""; where it is not what it was, it is left, and the reason returned.
    """

    kind: str
    key: str
    place: str
    objects: int
    size: int
    newest: float | None
    remove: Callable[[], str] = field(repr=False, compare=False)
    id: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """What looks like a leftover and stays: how many, and why, in words."""

    count: int
    why: str


@dataclass(frozen=True, slots=True)
class Search:
    """What was found. ``unseen``: what was not looked at, and why, in words."""

    leftovers: tuple[Leftover, ...] = ()
    kept: tuple[Kept, ...] = ()
    unseen: tuple[str, ...] = ()

    def __add__(self, other: Search) -> Search:
        """Both."""
        return Search(self.leftovers + other.leftovers, self.kept + other.kept, self.unseen + other.unseen)


@dataclass(frozen=True, slots=True)
class Limits:
    """How old what goes must be, in seconds since 1970. ``versions`` None: no version goes."""

    latest: float
    versions: float | None = None
