"""The versions of objects in a bucket, whichever way they can be reached."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from jsobj.housekeeping.sides import SWIFT, Sides
from jsobj.store.s3 import versions as s3_versions
from jsobj.store.swift import containers

if TYPE_CHECKING:
    from jsobj.store.buckets import Version


@dataclass(frozen=True, slots=True)
class VersionStore:
    """What can be done about versions, whichever way. ``state``: on, suspended or off."""

    url: Callable[[str], str]
    state: Callable[[], str]
    set_state: Callable[[bool], None]
    versions: Callable[[str], Iterator[Version]]
    delete: Callable[[str, str], None]
    restore: Callable[[str, str], None] | None  # None: deleting the marker brings the object back


def version_store(sides: Sides) -> VersionStore | None:
    """The way to versions; None where there is none: Ceph's without S3 keys."""
    if sides.s3 is not None:
        api = sides.s3.requests
        return VersionStore(
            sides.s3.place.url,
            partial(s3_versions.versioning, api),
            partial(s3_versions.set_versioning, api),
            partial(s3_versions.versions, api),
            partial(s3_versions.delete_version, api),
            None,
        )
    if sides.server != SWIFT or sides.swift is None:
        return None
    swift = sides.swift.requests
    return VersionStore(
        sides.swift.place.url,
        lambda: containers.versioning(containers.headers_of(swift)),
        partial(containers.set_versioning, swift),
        lambda prefix: map(containers.as_version, containers.entries(swift, prefix, versions=True)),
        partial(containers.delete_version, swift),
        partial(containers.restore, swift),
    )


def by_key(listed: Iterable[Version]) -> Iterator[tuple[str, list[Version]]]:
    """The versions of each key, the newest first; one key is held at a time."""
    return ((key, list(group)) for key, group in groupby(listed, key=attrgetter("key")))
