"""Buckets (S3) and containers (Swift): one interface, two dialects behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from jsobj.store.objects import StorePlace


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
