"""The versions of objects in a bucket, whichever way they can be reached."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from jsobj.errors import ExitCode, JsobjError
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
    stop: Callable[[], None]  # cuts its connections, from any thread


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
            sides.s3.stop,
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
        sides.swift.stop,
    )


def require_versions(sides: Sides) -> VersionStore:
    """The way to versions. Raises :class:`JsobjError` (refused, ``versions-need-keys``) where there is none."""
    store = version_store(sides)
    if store is None:
        raise JsobjError(
            "versions-need-keys",
            "Ceph keeps versions over S3 alone, which needs S3 keys",
            code=ExitCode.REFUSED,
            context=sides.no_keys,
            hint="make keys: jsobj ec2-creds",
        )
    return store


def set_versioning(store: VersionStore, on: bool) -> str:
    """Begin to keep versions, or stop: the old ones stay. The state before.

    Where versions never were kept, off changes nothing. Raises :class:`JsobjError` (refused) where the server did not
    do it.
    """
    before = store.state()
    if (not on and before == "off") or (on and before == "on"):
        return before
    store.set_state(on)
    after = store.state()
    if after != ("on" if on else "suspended"):
        raise JsobjError(
            "versioning-not-kept",
            f"the server answered well, and versioning is {after}",
            code=ExitCode.REFUSED,
            hint="ask the cloud's help desk whether it keeps versions",
        )
    return before


def old_count(store: VersionStore, limit: int) -> tuple[int, int, bool]:
    """Old versions and their bytes; True where there may be more: ``limit`` versions are looked at."""
    objects = size = 0
    for number, version in enumerate(store.versions("")):
        if number == limit:
            return objects, size, True
        if not (version.latest or version.marker):
            objects, size = objects + 1, size + version.size
    return objects, size, False


def below(store: VersionStore, key: str) -> Iterator[Version]:
    """The versions of ``key`` and of everything below ``key/``; with "" or a slash at its end of all that begins so."""
    found = store.versions(key)
    if not key or key.endswith("/"):
        return found
    folder = f"{key}/"
    return (version for version in found if version.key == key or version.key.startswith(folder))


def by_key(listed: Iterable[Version]) -> Iterator[tuple[str, list[Version]]]:
    """The versions of each key, the newest first; one key is held at a time."""
    return ((key, list(group)) for key, group in groupby(listed, key=attrgetter("key")))
