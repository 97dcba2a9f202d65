"""Uploads that were never completed, and segments that no manifest names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from jsobj.errors import JsobjError, UploadNotFound
from jsobj.housekeeping.cleaning.leftovers import SEGMENTS, UPLOAD, Kept, Leftover, Limits, Search
from jsobj.housekeeping.cleaning.manifests import Manifests, Named, read_one
from jsobj.housekeeping.cleaning.orphans import PARTS, Group, groups, judged, owners
from jsobj.housekeeping.cleaning.orphans import SEGMENTS as SEGMENTS_ENDING
from jsobj.housekeeping.sides import CEPH, SWIFT, Sides
from jsobj.store.etag import EMPTY_MD5
from jsobj.store.s3 import versions as s3_versions
from jsobj.store.s3.listing import held, uploads
from jsobj.store.swift.containers import entries
from jsobj.store.swift.segments import HIDDEN

if TYPE_CHECKING:
    from jsobj.store.s3.store import S3Store
    from jsobj.store.values import Upload

_WHY = {
    "resumable": "jsobj will continue them when their command is run again: jsobj jobs list",
    "strange": "no program that is known names segments like this: they may be data",
    "young": "younger than --older-than, they may be of an upload that runs now",
}


@dataclass(frozen=True, slots=True)
class Resumable:
    """The uploads to one bucket that journals of jsobj will continue: (key, id). ``damaged``: journals unread."""

    uploads: frozenset[tuple[str, str]]
    damaged: tuple[str, ...] = ()

    @property
    def groups(self) -> frozenset[str]:
        """The names of groups of segments that are theirs: over Swift, and over Swift's own S3 API."""
        return frozenset(ident for _, ident in self.uploads) | frozenset(
            f"{key}/{ident}" for key, ident in self.uploads
        )


def resumable(state_dir: Path, bucket: str) -> Resumable:
    """What the journals on this computer say."""
    from jsobj.transfer.journal.jobs import list_jobs

    damaged: list[str] = []
    found = frozenset(
        (upload.key, upload.upload_id)
        for job in list_jobs(state_dir, lambda path, _: damaged.append(str(path)))
        if job.key.bucket == bucket
        for upload in job.uploads
        if upload.upload_id
    )
    return Resumable(found, tuple(damaged))


# -- over S3


def unfinished_uploads(s3: S3Store, limits: Limits, ours: Resumable) -> Search:
    """Multipart uploads begun, and last written to, before ``limits.latest``."""
    api, found, kept = s3.requests, [], Counter[str]()
    for upload in uploads(api):
        try:
            count, size, newest = held(api, upload)
        except UploadNotFound:
            continue  # it ended meanwhile
        if (upload.key, upload.id) in ours.uploads:
            kept["resumable"] += 1
        elif newest is None or newest >= limits.latest:
            kept["young"] += 1
        else:
            remove = partial(_abort, s3, upload, (count, size, newest))
            place = s3.place.url(upload.key)
            found.append(Leftover(UPLOAD, upload.key, place, count, size, newest, remove, upload.id))
    return Search(tuple(found), _kept(kept, "unfinished upload(s)"))


def _abort(s3: S3Store, upload: Upload, before: tuple[int, int, float | None]) -> str:
    try:
        if held(s3.requests, upload) != before:
            return "something was sent to it meanwhile"
    except UploadNotFound:
        return "it ended meanwhile"
    s3.abort(replace(upload, duplicates=None))
    return ""


def _kept(counted: Mapping[str, int], what: str) -> tuple[Kept, ...]:
    return tuple(Kept(n, f"{what}: {_WHY[why]}") for why, n in counted.items() if why in _WHY)


# -- over Swift


class Segments:
    """The groups of segments beside one bucket, and what all manifests of the account name."""

    def __init__(self, sides: Sides, limits: Limits, ours: Resumable) -> None:
        assert sides.swift is not None
        self._bucket = sides.bucket
        self._api = sides.swift.requests
        self._limits = limits
        self._ours = ours
        self._manifests = Manifests(self._api, _hidden_versions(sides))
        self._now: Named | None = None  # as read after the question was answered

    def search(self) -> Search:
        """Groups that no manifest names."""
        found = list(self._groups())
        if not found:
            return Search()
        named = self._manifests.read()
        if named.unseen:
            first, more = named.unseen[0], len(named.unseen) - 1
            others = f" (and {more} more)" if more else ""
            return Search(
                unseen=(f"segments: none is removed, since a manifest may name them unseen: {first}{others}",)
            )
        verdicts = list(judged(found, named, self._limits.latest, self._ours.groups))
        kept = Counter(verdict.reason for verdict in verdicts)
        orphans = (verdict.group for verdict in verdicts if not verdict.reason)
        gone = tuple(self._leftover(group) for group in orphans if not self._owner(group))
        return Search(gone, _kept(kept, "upload(s) in segments"))

    def _groups(self) -> Iterator[Group]:
        for ending in (SEGMENTS_ENDING, PARTS):
            container = f"{self._bucket}{ending}"
            yield from groups(container, entries(self._api.of(container)))
        yield from groups(self._bucket, entries(self._api, HIDDEN))

    def _leftover(self, group: Group) -> Leftover:
        kind = UPLOAD if group.marked else SEGMENTS
        place = f"swift://{group.container}/{group.name}/"
        remove = partial(self._remove, group)
        return Leftover(kind, group.name, place, len(group.entries), group.size, group.newest, remove)

    def _remove(self, group: Group) -> str:
        """The listings are read again once, after the question; the group and the object above it each time."""
        if self._now is None:
            self._now = self._manifests.read()
        if self._now.unseen:
            return f"a manifest may name them: {self._now.unseen[0]}"
        if any((group.container, entry.key) in self._now for entry in group.entries):
            return "a manifest names them now"
        if owner := self._owner(group):
            return f"{self._bucket}/{owner} may consist of them"
        api = self._api.of(group.container)
        names = {entry.key for entry in group.entries}
        again = {entry for entry in entries(api, group.name) if entry.key in names or _below(entry.key, group.name)}
        if again != set(group.entries):
            return "something was sent to it meanwhile" if again else "it is gone already"
        # The mark first: an S3 upload without it cannot be completed any more.
        for entry in sorted(group.entries, key=lambda each: each.key != group.name):
            api.remove(entry.key)
        return ""

    def _owner(self, group: Group) -> str:
        """An object above the group that consists of it, "" for none: a dynamic manifest that is not empty.

        No listing shows those; no program is known that makes them.
        """
        for owner in owners(group):
            above = read_one(self._api, owner)
            if above.unseen or any((group.container, entry.key) in above for entry in group.entries):
                return owner
        return ""


def _below(key: str, name: str) -> bool:
    return key.rpartition("/")[0] == name


def _hidden_versions(sides: Sides) -> Callable[[str], str]:
    """Of a container, why a manifest may be among its old versions; "" for none. Swift lists them itself."""
    if sides.server == SWIFT:
        return lambda container: ""
    s3 = sides.s3
    if s3 is None:
        return lambda container: f"old versions in '{container}', without S3 keys: jsobj ec2-creds makes them"

    def look(container: str) -> str:
        api = s3.requests.of(container)
        try:
            if s3_versions.versioning(api) == "off":
                return ""
            for version in s3_versions.versions(api):
                if not (version.latest or version.marker) and version.etag == EMPTY_MD5:
                    return f"old versions of {container}/{version.key}"
        except JsobjError as error:
            return f"old versions in '{container}': {error.message}"
        return ""

    return look


def unfinished(sides: Sides, limits: Limits, ours: Resumable) -> Search:
    """Uploads and segments, by whichever way shows them."""
    if ours.damaged:
        return Search(unseen=(f"unfinished uploads: a journal of jsobj cannot be read, {ours.damaged[0]}",))
    found = Search()
    if sides.s3 is not None and not (sides.server == SWIFT and sides.swift is not None):
        found += unfinished_uploads(sides.s3, limits, ours)
    elif sides.server == CEPH:
        found += Search(unseen=(f"unfinished uploads over S3: {sides.no_keys}",))
    if sides.swift is not None:
        return found + Segments(sides, limits, ours).search()
    return found + Search(unseen=(f"segments of large objects: {sides.no_login}",))
