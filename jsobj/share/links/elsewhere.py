"""Objects whose bytes lie in other containers than their own: over Swift only a key of the account signs links to them.

One key signs all links of a share, so that replacing it ends all of them: where one object needs the account's, all
links of that share are signed with it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable
from contextlib import closing

from jsobj.parallel_map import parallel_map
from jsobj.store.objects import Store
from jsobj.store.swift.containers import entries, headers_of
from jsobj.store.swift.store import SwiftStore
from jsobj.store.swift.temp_url import is_rgw
from jsobj.store.values import Listed

_AT_ONCE = 8


def elsewhere(store: Store, keys: Iterable[str]) -> str:
    """The first of the objects whose bytes lie in other containers; "" where none does, or no key need be chosen.

    Raises :class:`jsobj.errors.JsobjError` as requests do.
    """
    if not isinstance(store, SwiftStore) or is_rgw(headers_of(store.requests)):
        return ""
    swift = store
    found: list[str] = []

    def look(key: str) -> None:
        if not found and swift.lies_elsewhere(key):  # one is enough to know
            found.append(key)

    with closing(parallel_map(look, keys, _AT_ONCE, stop=store.stop)) as looked_at:
        deque(looked_at, maxlen=0)
    return next(iter(found), "")


def elsewhere_below(store: Store, prefix: str, keys: Collection[str]) -> str:
    """The same of ``keys``, which all begin with ``prefix``: what a listing shows to be plain is not looked at."""
    if not isinstance(store, SwiftStore):
        return ""
    listed = (
        entry.key
        for entry in entries(store.requests, prefix)
        if entry.slo or entry.symlink or Listed(entry.key, entry.size, entry.etag).seems_empty
    )
    return elsewhere(store, (key for key in listed if key in keys))
