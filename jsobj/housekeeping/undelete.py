"""Bring deleted objects back, where versions are kept: nothing that is newer is ever lost or hidden by it."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, replace

from jsobj.errors import ExitCode, JsobjError
from jsobj.housekeeping.versions import VersionStore, below, by_key
from jsobj.store.buckets import Version

_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Deleted:
    """One key whose object is not read at present. ``markers``: delete markers above ``version``, the newest first.

    ``version`` None: nothing is left to bring back.
    """

    key: str
    markers: tuple[Version, ...]
    version: Version | None

    @property
    def since(self) -> float | None:
        """When it was deleted; None if unknown."""
        return self.markers[0].modified if self.markers else None


@dataclass(frozen=True, slots=True)
class Restored:
    """What became of a deleted object: ``error`` None if it is read again."""

    deleted: Deleted
    error: JsobjError | None = None


def deleted_in(versions: list[Version]) -> Deleted | None:
    """What is deleted, of one key's versions; None where the object is there."""
    if not versions or any(version.latest and not version.marker for version in versions):
        return None
    markers: list[Version] = []
    for version in versions:
        if not version.marker:
            return Deleted(version.key, tuple(markers), version)
        markers.append(version)
    return Deleted(versions[0].key, tuple(markers), None)


def deleted_below(store: VersionStore, key: str, since: float | None = None) -> Iterator[Deleted]:
    """The deleted objects below a place that can be brought back, by key; those deleted at ``since`` or later."""
    for _, versions in by_key(below(store, key)):
        found = deleted_in(versions)
        if found is not None and found.version is not None and (since is None or (found.since or 0.0) >= since):
            yield found


def one(store: VersionStore, key: str) -> tuple[Deleted | None, Version | None]:
    """The object ``key``, if it is deleted, and else what is read.

    Raises :class:`JsobjError` (not found) where no version of it is kept.
    """
    versions = _versions(store, key)
    found = deleted_in(versions)
    if found is None and versions:
        return None, next(version for version in versions if version.latest and not version.marker)
    if found is None or found.version is None:
        raise JsobjError(
            "version-not-found",
            f"no version of {store.url(key)} is kept, so that it cannot be brought back",
            code=ExitCode.NOT_FOUND,
            context=f"versioning is {store.state()}",
            hint="a bucket keeps what is deleted only after: jsobj bucket versioning BUCKET on",
        )
    return found, None


def _versions(store: VersionStore, key: str) -> list[Version]:
    return next((versions for name, versions in by_key(store.versions(key)) if name == key), [])


def bring_back(store: VersionStore, deleted: Deleted) -> Restored:
    """Make the newest version that is left the current one, and see that it is.

    Over S3 that is to delete the markers above it; what was uploaded meanwhile stays on top. Swift is told to make a
    version current, which could hide what was uploaded at that moment: so it is looked at again, and the newest wins.
    """
    try:
        for _ in range(_ROUNDS):
            assert deleted.version is not None
            if store.restore is not None:
                store.restore(deleted.key, deleted.version.id)
            for marker in deleted.markers:
                store.delete(marker.key, marker.id)
            now = _versions(store, deleted.key)
            newest = next((version for version in now if not version.marker), None)
            if newest is not None and newest.latest:
                return Restored(deleted)
            again = deleted_in(now)
            if again is not None:
                deleted = again if again.version is not None else deleted
            elif newest is not None:  # an older version is current: what came meanwhile is made current again
                deleted = replace(deleted, version=newest, markers=())
        raise JsobjError(
            "version-not-found",
            f"{store.url(deleted.key)} is not there after it was brought back: something else deletes it",
            code=ExitCode.REFUSED,
            hint="run the same command again when nothing else writes to it",
        )
    except JsobjError as error:
        if error.code in {ExitCode.AUTH}:
            raise
        return Restored(deleted, error)


def bring_all_back(store: VersionStore, found: Iterable[Deleted], workers: int = 8) -> Generator[Restored]:
    """Several at a time, in their order. Whoever may be interrupted between two closes the generator."""
    from functools import partial

    from jsobj.parallel_map import parallel_map

    return parallel_map(partial(bring_back, store), found, workers, stop=store.stop)
