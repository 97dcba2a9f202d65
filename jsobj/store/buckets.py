"""Buckets (S3) and containers (Swift): one interface, two dialects behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from jsobj.store.values import StorePlace


@dataclass(frozen=True, slots=True)
class Bucket:
    """One bucket. Counts are None where the server does not report them; ``read_acl`` is Swift's, "" elsewhere.

    ``at_least``: counting was stopped early, so that ``objects`` and ``size`` (bytes) are lower bounds.
    """

    name: str
    dialect: str
    created: datetime | None = None
    objects: int | None = None
    size: int | None = None
    at_least: bool = False
    versioning: str = ""
    read_acl: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an object, or a delete marker: what a deletion leaves where versions are kept.

    ``modified`` in seconds since 1970. ``latest``: what is read, or not found, without naming a version.
    """

    key: str
    id: str
    size: int = 0
    etag: str = ""
    modified: float | None = None
    latest: bool = False
    marker: bool = False


@dataclass(frozen=True, slots=True)
class Totals:
    """What a server counts, without a listing. None where it does not say; sizes in bytes.

    ``max_objects``, ``max_size``: the quota of the bucket or account, None for no limit.
    """

    objects: int | None = None
    size: int | None = None
    max_objects: int | None = None
    max_size: int | None = None


class BucketAdmin(Protocol):
    """The operations on buckets of one project in one dialect. All raise :class:`jsobj.errors.JsobjError`."""

    place: StorePlace

    def create(self, name: str) -> bool:
        """Create; False where the bucket was this project's already. Refused where another project has the name."""

    def list(self) -> Iterator[Bucket]:
        """All buckets of the project, by name."""

    def show(self, name: str) -> Bucket:
        """One bucket with its counts."""

    def delete(self, name: str) -> None:
        """Delete an empty bucket; refused where it is not empty."""

    def empty(self, name: str, deleted: Callable[[int], None]) -> int:
        """Delete every object in it, with versions, segments and unfinished uploads; the number of objects."""
