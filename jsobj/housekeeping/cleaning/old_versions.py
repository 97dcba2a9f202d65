"""Old versions that nobody will miss: delete markers above nothing, and versions replaced long ago."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from jsobj.housekeeping.cleaning.leftovers import MARKER, VERSION, Leftover, Limits, Search
from jsobj.housekeeping.versions import VersionStore, by_key, version_store

if TYPE_CHECKING:
    from jsobj.housekeeping.sides import Sides
    from jsobj.store.buckets import Version


def expired(versions: list[Version], limits: Limits) -> Iterator[tuple[str, Version]]:
    """Which of one key's versions may go, and as what: a decision without requests.

    The time that counts for a version is when it was replaced: that of the next newer one (as in S3's lifecycle rules).
    """
    if all(version.marker for version in versions):
        newest = versions[0].modified
        if newest is not None and newest < limits.latest:
            yield from ((MARKER, version) for version in versions)
        return
    if limits.versions is None:
        return
    for newer, version in pairwise(versions):
        if not version.latest and newer.modified is not None and newer.modified < limits.versions:
            yield MARKER if version.marker else VERSION, version


def old_versions(sides: Sides, limits: Limits) -> tuple[Search, str]:
    """What may go, and whether versions are kept: on, suspended, off, "" where that cannot be known."""
    store = version_store(sides)
    if store is None:
        return Search(unseen=(f"old versions and delete markers: {sides.no_keys}",)), ""
    state = store.state()
    if state == "off":
        return Search(), state
    found = [
        _leftover(store, kind, version, limits)
        for _, versions in by_key(store.versions(""))
        for kind, version in expired(versions, limits)
    ]
    return Search(tuple(found)), state


def _leftover(store: VersionStore, kind: str, version: Version, limits: Limits) -> Leftover:
    remove = partial(_remove, store, kind, version, limits)
    objects = 0 if version.marker else 1
    place = store.url(version.key)
    return Leftover(kind, version.key, place, objects, version.size, version.modified, remove, version.id)


def _remove(store: VersionStore, kind: str, version: Version, limits: Limits) -> str:
    again = next((found for key, found in by_key(store.versions(version.key)) if key == version.key), [])
    if (kind, version) not in expired(again, limits):
        # Of several markers the first that is deleted changes which is the latest.
        same = [each for each in again if each.id == version.id]
        if not same:
            return "it is gone already"
        if not (kind == MARKER and all(each.marker for each in again)):
            return "it is not what it was"
    store.delete(version.key, version.id)
    return ""
