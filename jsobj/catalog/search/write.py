"""Shards into the bucket, and the index last: a reader finds the old index with its shards or the new one with its own.

What the last index named is kept for a while, since somebody may have that index open; ``gone`` in the index says since
when. What no index has ever named is left of a run that was killed.
"""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from jsobj.catalog.search.layout import INDEX, SEARCH, Column
from jsobj.catalog.search.shards import Shard, shards
from jsobj.net.body import BytesSink, BytesSource
from jsobj.parallel_map import parallel_map
from jsobj.store.location import head_or_none
from jsobj.store.objects import Store
from jsobj.store.values import PutOptions

GRACE = 7 * 86400.0  # seconds
_FORM = "jsobj.catalog-search/1"
_LARGEST = 64 * 1024**2  # bytes of an index
_WORKERS = 4  # each with two shards in memory, of about 5 MiB
_LEVEL = 6
_SHARD = PutOptions("application/gzip", served={"cache-control": "public, max-age=31536000, immutable"})
_INDEX = PutOptions("application/json", served={"cache-control": "no-cache"})


@dataclass(frozen=True, slots=True)
class SearchIndex:
    """What the page reads now. ``bytes``: of all its shards as they are sent; ``written``: shards that were not there
    before; ``removed``: those that were deleted.
    """

    shards: int
    rows: int
    bytes: int
    written: int
    removed: int = 0


def write_shards(
    store: Store,
    root: str,
    columns: Sequence[tuple[str, str]],
    rows: Iterable[Sequence[object]],
    *,
    grace: float = GRACE,
    now: Callable[[], float] = time.time,
) -> SearchIndex:
    """Write what the search page reads: ``root`` is the key of ``PREFIX/_catalog/v1/``, with the slash.

    ``columns``: names and DuckDB's types, with ``_key`` among them; ``rows``: the newest of each key, sorted by
    ``_key``, taken one after the other in the thread of the caller. Shards that no index has named for ``grace``
    seconds are deleted. Raises what the store raises; then the old index is as it was. An early end stops the store.
    """
    folder, described = f"{root}{SEARCH}", [Column(*column) for column in columns]
    before = _read(store, folder + INDEX)
    writer = _Writer(store, folder, _there(store, folder, before, now() - grace / 2))
    with closing(parallel_map(writer, shards(described, rows), _WORKERS, stop=store.stop)) as done:
        entries = list(done)
    names = {str(entry["name"]) for entry, _ in entries}
    gone = {name: when for name, when in before.gone.items() if name not in names}
    gone |= {name: int(now()) for name in before.shards if name not in names}
    over = {name for name, when in gone.items() if when <= now() - grace}
    index = {
        "schema": _FORM,
        "rows": sum(entry["rows"] for entry, _ in entries),
        "cut": sum(entry.pop("cut") for entry, _ in entries),
        "columns": [{"name": each.name, "type": each.type, "kind": each.kind} for each in described],
        "shards": [entry for entry, _ in entries],
        "gone": {name: when for name, when in gone.items() if name not in over},
    }
    body = json.dumps(index, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    if body != before.body:
        store.put(folder + INDEX, BytesSource(body), _INDEX)
    removed = _remove(store, folder, over, keep={INDEX, *names, *gone}, older=now() - grace)
    size = sum(entry["bytes"] for entry, _ in entries)
    return SearchIndex(len(entries), index["rows"], size, sum(new for _, new in entries), removed)


@dataclass(frozen=True, slots=True)
class _Before:
    """The index that is there. ``shards``: that it names; ``gone``: those that it names no more, since when."""

    body: bytes = b""
    shards: Collection[str] = ()
    gone: Mapping[str, int] = field(default_factory=dict)


def _read(store: Store, key: str) -> _Before:
    info = head_or_none(store, key)
    if info is None or not 0 < info.size <= _LARGEST:
        return _Before()
    sink = BytesSink()
    store.get(key, sink, etag=info.etag)
    body = bytes(sink.data)
    try:
        index: Any = json.loads(body)
        if index["schema"] != _FORM:
            return _Before(body)
        named = {str(each["name"]) for each in index["shards"]}
        return _Before(body, named, {str(name): int(when) for name, when in index["gone"].items()})
    except (ValueError, TypeError, KeyError, AttributeError):
        return _Before(body)


def _there(store: Store, folder: str, before: _Before, since: float) -> dict[str, int]:
    """Shards that need not be sent again, with their bytes: of the last index, or of a run that was killed since."""
    return {
        name: item.size
        for item in store.list(folder)
        if (name := item.key.removeprefix(folder)) in before.shards
        or before.gone.get(name, 0) > since
        or (item.modified is not None and item.modified > since)
    }


@dataclass(frozen=True, slots=True)
class _Writer:
    """Sends a shard where it is not there already; its line of the index, and whether it was sent."""

    store: Store
    folder: str
    there: Mapping[str, int]

    def __call__(self, shard: Shard) -> tuple[dict[str, Any], bool]:
        size = self.there.get(shard.name)
        new = size is None
        if size is None:
            data = gzip.compress(shard.body, _LEVEL, mtime=0)
            self.store.put(self.folder + shard.name, BytesSource(data), _SHARD)
            size = len(data)
        entry = {"name": shard.name, "rows": shard.rows, "bytes": size, "first": shard.first, "last": shard.last}
        return {**entry, "ranges": shard.ranges, "cut": shard.cut}, new


def _remove(store: Store, folder: str, over: Collection[str], *, keep: Collection[str], older: float) -> int:
    """Delete the shards that are over, and what is older than that and not to be kept."""
    names = []
    for item in store.list(folder):
        name = item.key.removeprefix(folder)
        if name in over or (name not in keep and item.modified is not None and item.modified <= older):
            names.append(name)
    with closing(parallel_map(store.delete, [folder + name for name in names], _WORKERS, stop=store.stop)) as done:
        return sum(1 for _ in done)
