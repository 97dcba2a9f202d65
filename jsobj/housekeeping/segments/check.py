"""Whether the segments of large objects are all there, without reading the objects.

A large object of Swift is a manifest, whose segments anybody may delete or replace: the object is then listed as
before, and reading it ends in the middle. Looked at is what the manifest names (:mod:`jsobj.transfer.copy.forms` has a
table of what the servers show):

- Swift gives manifests out; each segment's size and MD5 is compared with a listing, and what is not as it should be
  once more with HEAD, since listings lag behind. So it is with parts of Swift's own S3, whose objects are manifests.
- Ceph RGW gives none out, but an ETag that is the MD5 of the segments' MD5s: where the segments lie is known by the
  names that programs give them, and that they are right by that ETag. Which one is not, its number tells; that the
  object uses them, a request for a byte of theirs, which is refused.
- The manifest of a dynamic large object is a prefix: something must lie below it, and where the names tell the size of
  the whole, as python-swiftclient's do, all of it.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jsobj.errors import ExitCode, JsobjError
from jsobj.housekeeping.cleaning.orphans import PARTS, SEGMENTS, groups
from jsobj.housekeeping.segments.look import Look
from jsobj.housekeeping.segments.verdict import BROKEN, UNVERIFIED, Looked
from jsobj.housekeeping.sides import require_own, sides_of
from jsobj.parallel_map import parallel_map
from jsobj.store.location import nothing_at
from jsobj.store.swift.containers import Entry, entries, headers_of
from jsobj.store.swift.requests import SwiftRequests
from jsobj.store.swift.store import SwiftStore
from jsobj.store.swift.temp_url import is_rgw

if TYPE_CHECKING:
    from jsobj.identity.keystone.client import Keystone
    from jsobj.store.location import Location
    from jsobj.store.objects import Store

_PARALLEL = 8


def swift_of(location: Location, open_store: Callable[[Location], Store], log_in: Callable[[], Keystone]) -> SwiftStore:
    """The bucket over Swift.

    Raises :class:`JsobjError`: auth where only S3 keys are there, which show no segments; usage for what is in an
    archive.
    """
    if location.dialect == "swift":
        found = open_store(location)
        require_own(found)
        assert isinstance(found, SwiftStore)
        return found
    sides = sides_of(location, open_store, log_in)
    if sides.swift is None:
        raise JsobjError(
            "segments-unseen",
            f"over S3 alone it cannot be seen what the large objects of '{location.bucket}' consist of",
            code=ExitCode.AUTH,
            context=sides.no_login,
            hint=f"with a login of its project: jsobj verify --segments {shlex.quote(f'swift://{location.bucket}/{location.key}')}",
        )
    return sides.swift


@dataclass(slots=True)
class SegmentCheck:
    """Verdicts as they are found; iterate once. ``unnamed`` and ``unnamed_bytes`` are known after that."""

    store: SwiftStore
    key: str
    unnamed: int = 0
    unnamed_bytes: int = 0
    counts: dict[str, int] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Looked]:
        api = self.store.requests
        look = Look(api, rgw=is_rgw(headers_of(api)))
        with closing(parallel_map(look.at, self._entries(api), _PARALLEL, stop=self.store.stop)) as found:
            for looked in found:
                if looked is not None:
                    self.counts[looked.state] = self.counts.get(looked.state, 0) + 1
                    yield looked
        self._count_unnamed(api, look)

    def _entries(self, api: SwiftRequests) -> Iterator[Entry]:
        """What may be a manifest. Raises not found where there is nothing at all."""
        versions, any_there = "x-versions-enabled" in headers_of(api), False
        exact = bool(self.key) and not self.key.endswith("/")
        for entry in entries(api, self.key, versions=versions):
            if exact and entry.key != self.key and not entry.key.startswith(f"{self.key}/"):
                continue
            any_there = True
            if entry.latest and not entry.marker:
                yield entry
        if not any_there and self.key:
            raise nothing_at(self.store, self.key)

    def _count_unnamed(self, api: SwiftRequests, look: Look) -> None:
        below = self.key if not self.key or self.key.endswith("/") else f"{self.key}/"
        for ending in (SEGMENTS, PARTS):
            container = f"{api.bucket}{ending}"
            for group in groups(container, entries(api.of(container), below)):
                if not look.is_named(container, group.name):
                    self.unnamed += len(group.entries)
                    self.unnamed_bytes += group.size

    @property
    def looked_at(self) -> int:
        """How many large objects there were."""
        return sum(self.counts.values())

    @property
    def code(self) -> ExitCode:
        """8 where one is broken; 3 where something could not be known; else 0."""
        if self.counts.get(BROKEN):
            return ExitCode.INTEGRITY
        return ExitCode.PARTIAL if self.counts.get(UNVERIFIED) else ExitCode.OK
