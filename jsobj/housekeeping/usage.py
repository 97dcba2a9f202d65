"""What a bucket holds: as the server counts it, without a listing, and as one listing shows it.

What servers count was measured. Ceph RGW 16: everything in the bucket, old versions and the parts of unfinished
uploads too. Swift 2.38: objects, and of old versions only the bytes; parts lie in containers of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jsobj.errors import BucketNotFound, ExitCode, JsobjError, UploadNotFound
from jsobj.housekeeping.cleaning.orphans import PARTS, SEGMENTS
from jsobj.housekeeping.counting import OUTSIDE, Count, Sums, age_class, folder_of, largest_first, total, youngest_first
from jsobj.housekeeping.sides import CEPH, SWIFT, Sides
from jsobj.housekeeping.versions import version_store
from jsobj.store.buckets import Totals
from jsobj.store.s3 import versions as s3_versions
from jsobj.store.s3.listing import held, uploads
from jsobj.store.s3.store import S3Store
from jsobj.store.swift import containers
from jsobj.store.swift.store import SwiftStore

if TYPE_CHECKING:
    from jsobj.store.objects import Store
    from jsobj.store.selection import Selection


@dataclass(frozen=True, slots=True)
class Listed:
    """What one listing shows. ``folders``: the largest first; ``ages``: the youngest first.

    ``versions``: old ones, ``uploads``: unfinished ones with their parts; None where they cannot be seen.
    """

    count: Count
    folders: tuple[tuple[str, Count], ...]
    ages: tuple[tuple[str, Count], ...]
    versions: Count | None = None
    uploads: Count | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """What the server counts of one bucket. ``versioning``: on, suspended, off, "" unknown.

    ``beside``: containers of segments that belong to it.
    """

    totals: Totals
    versioning: str = ""
    beside: tuple[tuple[str, Totals], ...] = ()


def held_by(sides: Sides) -> Held:
    """By a HEAD of the bucket and of the containers beside it; without numbers where the server tells none."""
    beside: list[tuple[str, Totals]] = []
    for ending in (SEGMENTS, PARTS):
        name = f"{sides.bucket}{ending}"
        if (found := _totals(sides, name)) is not None:
            beside.append((name, found))
    store = version_store(sides)
    state = store.state() if store is not None else ""
    return Held(_totals(sides, sides.bucket) or Totals(), state, tuple(beside))


def _totals(sides: Sides, bucket: str) -> Totals | None:
    """None where there is no such bucket. Only Ceph tells its quota over S3, and only Swift over Swift."""
    try:
        if sides.s3 is not None and (sides.server == CEPH or sides.swift is None):
            return s3_versions.totals(sides.s3.requests.of(bucket))[0]
        assert sides.swift is not None
        return containers.container_totals(containers.headers_of(sides.swift.requests.of(bucket)))
    except JsobjError as error:
        if bucket != sides.bucket and error.code not in {ExitCode.NETWORK, ExitCode.AUTH}:
            return None  # also a name that S3 does not allow
        raise


def listed(selection: Selection, now: float) -> Listed:
    """Counted from the listing, by folder and by age. Raises not found where nothing is below a prefix."""
    folders, ages = Sums(), Sums()
    size = objects = 0
    for item in selection.everything():
        objects, size = objects + 1, size + item.size
        folders.add(folder_of(item.key[len(selection.base) :]) or OUTSIDE, item.size)
        ages.add(age_class(now - item.modified if item.modified is not None else None), item.size)
    return Listed(Count(objects, size), folders.counts(largest_first), ages.counts(youngest_first))


def old_versions(sides: Sides, prefix: str) -> Count | None:
    """The versions that are not read without naming them; None where they cannot be seen."""
    store = version_store(sides)
    if store is None:
        return None
    if store.state() == "off":
        return Count()
    return total(version.size for version in store.versions(prefix) if not (version.latest or version.marker))


def unfinished(sides: Sides, prefix: str) -> Count | None:
    """Unfinished uploads over S3 and their bytes; None where they cannot be seen."""
    if sides.s3 is None:
        return None
    return total(_sizes_of_uploads(sides, prefix))


def _sizes_of_uploads(sides: Sides, prefix: str) -> Iterator[int]:
    assert sides.s3 is not None
    for upload in uploads(sides.s3.requests, prefix):
        try:
            yield held(sides.s3.requests, upload)[1]
        except (UploadNotFound, BucketNotFound):
            continue  # it ended meanwhile


def included(held: Held, server: str) -> str:
    """What the numbers include beside the objects that can be read, in words; "" for nothing."""
    kept = held.versioning in {"on", "suspended"}
    if server == SWIFT:
        return "the bytes of old versions" if kept else ""
    return "old versions and parts of unfinished uploads" if kept else "parts of unfinished uploads"


def bucket_totals(store: Store) -> Totals:
    """What the server counts of a store's bucket; nothing where it may not be looked at."""
    try:
        if isinstance(store, S3Store):
            return s3_versions.totals(store.requests)[0]
        assert isinstance(store, SwiftStore)
        return containers.container_totals(containers.headers_of(store.requests))
    except JsobjError as error:
        if error.code in {ExitCode.REFUSED, ExitCode.NOT_FOUND}:
            return Totals()
        raise


def account_limits(store: Store) -> Totals:
    """The quota of the account that a store's bucket belongs to."""
    if isinstance(store, S3Store):
        return s3_versions.account_quota(store.requests)
    assert isinstance(store, SwiftStore)
    return containers.account_totals(store.requests)
