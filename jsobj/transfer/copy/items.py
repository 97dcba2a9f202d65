"""What a copy is told: which object gets which key, and on which terms."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from jsobj.store.values import Listed, ObjectInfo, StorePlace
from jsobj.transfer.local.scan import LocalFile
from jsobj.transfer.side import ONE_LOGIN, Side

EXISTS = "exists already"  # why --no-clobber leaves an object alone
_ONE_BUCKET = frozenset({"s3", "swift"})  # dialects in which one server may show one bucket


@dataclass(frozen=True, slots=True)
class CopyItem:
    """An object and its new key. ``url``: the object's, as events name it; ``number``: of its source among several."""

    remote: Listed
    key: str
    url: str = ""
    number: int = 0

    @property
    def source(self) -> str:
        """The object's URL, or else its key."""
        return self.url or self.remote.key

    @property
    def target(self) -> str:
        """The new key."""
        return self.key

    @property
    def size(self) -> int:
        """Bytes, according to the listing."""
        return self.remote.size


@dataclass(frozen=True, slots=True)
class CopyTerms:
    """How objects are copied. ``same_server``: both stores use the same server, account and login.

    ``apart``: they are of two logins that see different buckets, as far as can be known; ``at_source`` and
    ``at_target`` name the two in errors. ``part_size``: bytes that pass through this computer at once.
    """

    same_server: bool
    move: bool
    overwrite: bool
    part_size: int
    apart: bool = False
    at_source: Side = ONE_LOGIN
    at_target: Side = ONE_LOGIN


def onto_itself(source: StorePlace, target: StorePlace, item: CopyItem) -> bool:
    """Whether both may be one object, also as s3:// and swift://: a move would delete its own copy.

    ``PROJECT:BUCKET`` may be one's own ``BUCKET``, which only a look at both can tell.
    """
    return may_be_one_bucket(source, target) and item.remote.key == item.key


def may_be_one_bucket(one: StorePlace, other: StorePlace) -> bool:
    """Whether the names of two places may mean one bucket."""
    if one.dialect != other.dialect and not {one.dialect, other.dialect} <= _ONE_BUCKET:
        return False
    return _bare(one) == _bare(other)


def same_server(one: StorePlace, other: StorePlace) -> bool:
    """Whether the server can copy from one to the other."""
    if one.archive or other.archive:
        return False  # members are no objects
    return (one.dialect, one.endpoint, one.account) == (other.dialect, other.endpoint, other.account)


def _bare(place: StorePlace) -> str:
    """The bucket's name without a project."""
    return place.bucket.rpartition(":")[2] if place.dialect == "s3" else place.bucket


def is_version(info: ObjectInfo, listed: Listed) -> bool:
    """Whether an object is still the one that was listed, as far as the server tells versions apart."""
    if info.etag or listed.etag:
        return info.etag == listed.etag
    return info.size == listed.size and int(info.modified or 0) == int(listed.modified or 0)


def state_of(place: StorePlace, listed: Listed) -> LocalFile:
    """An object as journals and fingerprints know files: its address is the path, and its ETag the inode."""
    inode = int.from_bytes(hashlib.blake2b(listed.etag.encode(), digest_size=8).digest(), "big")
    path = f"/{place.endpoint}/{place.project}/{place.url(listed.key)}"
    return LocalFile(path, listed.key, listed.size, int((listed.modified or 0) * 10**9), inode)
