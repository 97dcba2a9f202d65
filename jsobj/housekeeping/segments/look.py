"""One large object looked at: what its manifest names, and whether that is there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

from jsobj.errors import ExitCode, JsobjError, ObjectNotFound
from jsobj.housekeeping.segments.by_name import ANY, NAMES, by_name, numbered
from jsobj.housekeeping.segments.verdict import BROKEN, GONE, INTACT, MD5, SIZE, UNVERIFIED, Looked, Wrong, sentence
from jsobj.store.etag import EMPTY_MD5
from jsobj.store.swift.containers import Entry, entries, first_entries
from jsobj.store.swift.requests import READ, SwiftRequests, info_of
from jsobj.store.swift.segments import Segment
from jsobj.store.swift.segments_there import doubtful
from jsobj.store.values import ObjectInfo

_LOOKS = 3  # at an object that is replaced meanwhile
_ITSELF = (("multipart-manifest", "get"),)  # the manifest, not what it consists of
_DEPTH = 10  # of manifests that name manifests: Swift's own limit


@dataclass(slots=True)
class Look:
    """Looks at one object at a time. ``folders``: where segments lie that are named, container and folder.

    ``unknown``: keys of objects whose segments are not known.
    """

    api: SwiftRequests
    rgw: bool
    folders: set[tuple[str, str]] = field(default_factory=set)
    prefixes: set[tuple[str, str]] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)

    def is_named(self, container: str, folder: str) -> bool:
        """Whether an object that was looked at has segments there, or may have."""
        if (container, folder) in self.folders:
            return True
        if any(container == where and f"{folder}/".startswith(prefix) for where, prefix in self.prefixes):
            return True
        return any(folder.startswith(f"{key}/") for key in self.unknown)

    def at(self, entry: Entry) -> Looked | None:
        """The verdict; None for what is no large object, or was deleted meanwhile."""
        if entry.symlink or not (entry.slo or not entry.size or (self.rgw and entry.etag == EMPTY_MD5)):
            return None
        try:
            looked = None
            for _ in range(_LOOKS):
                seen = self._seen(entry)
                if seen is None:
                    return self._headless(entry.key)
                info, prefix = seen
                if not info.large:
                    return None
                looked = self._looked(info, prefix)
                if looked.state == INTACT or (again := self._seen(entry)) is None or again[0].etag == info.etag:
                    break
        except ObjectNotFound:
            return None
        if looked is not None and looked.state != INTACT and self.rgw:
            self.unknown.add(entry.key)
        return looked

    def _seen(self, entry: Entry) -> tuple[ObjectInfo, str] | None:
        """What HEAD tells, and the prefix of a dynamic object. Swift answers 404 where the container that it names is
        gone, but of the manifest itself; so does Ceph where the first segment is gone.

        Ceph gives out the last byte then; None where it does neither, and lists the object.
        """
        reply = self.api.send("HEAD", entry.key, expect=READ | {404})
        if reply.status not in READ and not (self.rgw and entry.size):
            reply = self.api.send("HEAD", entry.key, query=_ITSELF, expect=READ)
        if reply.status in READ:
            return info_of(self.api.bucket, entry.key, reply), reply.headers.get("x-object-manifest", "")
        reply = self.api.send("GET", entry.key, headers={"range": "bytes=-1"}, expect=ANY)
        if reply.status in READ:
            return replace(info_of(self.api.bucket, entry.key, reply), large=True), ""
        if all(each.key != entry.key for each in first_entries(self.api, entry.key, limit=1)):
            raise ObjectNotFound(f"{self.api.bucket}/{entry.key} was deleted meanwhile")
        return None

    def _headless(self, key: str) -> Looked:
        self.unknown.add(key)
        by = "its first segment and its last one are gone; what it was, is not known"
        return Looked(key, "static", 0, BROKEN, by)

    def _looked(self, info: ObjectInfo, prefix: str) -> Looked:
        if prefix:
            return self._dynamic(info, prefix)
        return by_name(self.api, info, self.folders) if self.rgw else self._static(info)

    # -- dynamic

    def _dynamic(self, info: ObjectInfo, named: str) -> Looked:
        found: list[Entry] = []
        for place in dict.fromkeys((unquote(named), named)):
            container, _, prefix = place.lstrip("/").partition("/")
            found = list(entries(self.api.of(container), prefix)) if container else []
            self.prefixes.add((container, prefix))
            if found:
                break
        size = sum(each.size for each in found)
        if not found:
            return Looked(info.key, "dynamic", size, BROKEN, f"nothing lies below {unquote(named)}")
        told = NAMES.fullmatch(prefix)
        if told and int(told["size"]) and int(told["size"]) != size:
            there = {each.key for each in found}
            wrong = tuple(
                Wrong(container, name, GONE)
                for name in numbered(prefix.rstrip("/"), 0, int(told["size"]), int(told["part"]))
                if name not in there
            )
            by = f"its segments have {size} bytes, and by their names {told['size']}"
            return Looked(info.key, "dynamic", size, BROKEN, by, len(found), wrong)
        return Looked(info.key, "dynamic", size, INTACT, "what lies below its prefix", len(found))

    # -- static, of a manifest that is given out

    def _static(self, info: ObjectInfo) -> Looked:
        wanted = self._wanted(self.api.bucket, info.key, _DEPTH)
        if wanted is None:
            return Looked(info.key, "static", info.size, UNVERIFIED, "its manifest cannot be read")
        for each in wanted:
            self.folders.add((each.container, each.key.rpartition("/")[0]))
        wrong = self._compared(wanted)
        by = f"{len(wanted)} segments" if not wrong else sentence(wrong, len(wanted))
        return Looked(info.key, "static", info.size, BROKEN if wrong else INTACT, by, len(wanted), wrong)

    def _wanted(self, container: str, key: str, depth: int) -> list[Segment] | None:
        """The segments, and what those of them name that are manifests themselves: each must be as it was named."""
        reply = self.api.of(container).send("GET", key, query=_ITSELF, expect=READ)
        try:
            lines = [line for line in json.loads(reply.body) if "data" not in line]
            found: list[Segment] = []
            for line in lines:
                found.append(_segment(line))
                if line.get("sub_slo") and depth:
                    found += self._below(found[-1], depth - 1)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None
        return found

    def _below(self, segment: Segment, depth: int) -> list[Segment]:
        try:
            return self._wanted(segment.container, segment.key, depth) or []
        except JsobjError as error:
            if error.code is not ExitCode.NOT_FOUND:
                raise
            return []

    def _compared(self, wanted: Sequence[Segment]) -> tuple[Wrong, ...]:
        return tuple(found for each in doubtful(self.api, wanted) if (found := self._by_head(each)) is not None)

    def _by_head(self, segment: Segment) -> Wrong | None:
        try:
            info = self.api.of(segment.container).head(segment.key)
        except JsobjError as error:
            if error.code is not ExitCode.NOT_FOUND:
                raise
            return Wrong(segment.container, segment.key, GONE)
        if info.etag == segment.md5:
            return None
        return Wrong(segment.container, segment.key, MD5 if info.size == segment.size else SIZE)


def _segment(line: dict[str, Any]) -> Segment:
    _, container, key = str(line["name"]).split("/", 2)
    return Segment(container, key, int(line["bytes"]), str(line["hash"]))
