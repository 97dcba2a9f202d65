"""fsspec's directory entries, and the caches of them.

Changes by other programs are seen when a cached entry expires. An own write invalidates at once, also a listing that
was requested before it and answered after it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, MutableMapping
from datetime import datetime, timezone
from typing import Any

from jsobj.fs.paths import ObjectPath
from jsobj.store.values import Listed, ObjectInfo

Entry = dict[str, Any]
_MOST = 10_000  # objects in the cache of HEADs
SECONDS = 10.0  # for which listings and HEADs are cached


def directory(path: str) -> Entry:
    """A bucket or a common prefix."""
    return {"name": path, "size": 0, "type": "directory"}


def listed_entry(place: ObjectPath, listed: Listed) -> Entry:
    """One line of a listing. The empty object that portals make for a folder is the folder."""
    if listed.prefix or listed.key.endswith("/"):
        return directory(place.path(listed.key).rstrip("/"))
    return _file(place.path(listed.key), listed.size, listed.etag, listed.modified)


def object_entry(place: ObjectPath, info: ObjectInfo) -> Entry:
    """The entry of one object, from HEAD."""
    entry = _file(place.path(info.key), info.size, info.etag, info.modified)
    more = {"ContentType": info.content_type, "ContentEncoding": info.content_encoding, "version": info.version}
    return entry | {name: text for name, text in more.items() if text} | {"metadata": dict(info.metadata)}


def _file(path: str, size: int, etag: str, modified: float | None) -> Entry:
    moment = None if modified is None else datetime.fromtimestamp(modified, timezone.utc)
    return {"name": path, "size": size, "type": "file", "ETag": etag, "LastModified": moment}


def with_parents(place: ObjectPath, entries: Iterable[Entry]) -> dict[str, Entry]:
    """The entries by name, with the directories between ``place`` and each."""
    found: dict[str, Entry] = {}
    top = place.text
    for entry in entries:
        parent = entry["name"].rpartition("/")[0]
        while len(parent) > len(top) and parent not in found:
            found[parent] = directory(parent)
            parent = parent.rpartition("/")[0]
        if entry["name"] != top:
            found.setdefault(entry["name"], entry)
    return found


class KnownObjects:
    """A cache of HEADs, so that many ranges of one object cost one HEAD. Thread-safe."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, ObjectInfo]] = {}
        self.changes = 0  # own writes: a response to a request from before the last one is not cached

    def get(self, path: str) -> ObjectInfo | None:
        """The object, if it is cached and fresh."""
        with self._lock:
            then, info = self._known.get(path, (0.0, None))
        return info if info is not None and time.monotonic() - then < self._seconds else None

    def keep(self, path: str, info: ObjectInfo, changes: int) -> None:
        """Cache a HEAD; ``changes`` as of before its request."""
        with self._lock:
            if changes != self.changes:
                return
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[path] = (time.monotonic(), info)

    def forget(self, path: str = "") -> None:
        """Invalidate one object, or all of them."""
        with self._lock:
            self.changes += 1
            if path:
                self._known.pop(path, None)
            else:
                self._known.clear()


class ListingIndex:
    """Looks a name up in a listing, without a scan each time."""

    def __init__(self) -> None:
        self._last: tuple[list[Entry], dict[str, Entry | None]] = ([], {})

    def entry(self, listings: MutableMapping[str, list[Entry]], folder: str, path: str) -> Entry | None:
        """The entry of ``path`` in a fresh listing of ``folder``; None without a listing, or where it has none."""
        try:  # fsspec's cache has no get() that minds expiry
            entries = listings[folder]
        except KeyError:
            return None
        listed, by_name = self._last
        if listed is not entries:
            by_name = {}
            for entry in entries:  # a file and a folder of one name are ambiguous: None
                by_name[entry["name"]] = None if entry["name"] in by_name else entry
            self._last = entries, by_name
        return by_name.get(path)
