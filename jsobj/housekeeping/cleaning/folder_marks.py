"""Empty objects that stand for a folder, where the folder has something in it and so is there without them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from jsobj.errors import ObjectNotFound
from jsobj.housekeeping.cleaning.leftovers import FOLDER, Kept, Leftover, Limits, Search
from jsobj.store.swift.containers import Entry, entries
from jsobj.store.swift.store import SwiftStore

if TYPE_CHECKING:
    from jsobj.housekeeping.sides import Sides
    from jsobj.store.objects import Store

_TYPES = ("application/directory", "application/x-directory")  # Horizon's and swiftclient's; s3fs's and Cyberduck's


def marks(listed: Iterable[Entry]) -> Iterator[Entry]:
    """The marks of folders with something in them: ``name/``, or of a folder's type, empty. Entries come by name."""
    open_now: list[Entry] = []  # marks whose folder may still come: one within the other
    for entry in listed:
        while open_now and not _may_hold(open_now[-1], entry.key):
            open_now.pop()
        for mark in [mark for mark in open_now if entry.key.startswith(_folder(mark))]:
            open_now.remove(mark)
            yield mark
        if entry.size == 0 and (entry.key.endswith("/") or entry.content_type.partition(";")[0] in _TYPES):
            open_now.append(entry)


def _folder(mark: Entry) -> str:
    return mark.key if mark.key.endswith("/") else f"{mark.key}/"


def _may_hold(mark: Entry, key: str) -> bool:
    """Whether names that are to come may be in the folder; between ``a`` and ``a/x`` may come ``a-b``."""
    folder = _folder(mark)
    return key.encode("utf-8", "surrogateescape") <= folder.encode("utf-8", "surrogateescape") or key.startswith(folder)


def folder_marks(sides: Sides, limits: Limits, versioning: str) -> Search:
    """Marks older than ``limits.latest``."""
    store, found, kept = sides.first, [], Counter[str]()
    for mark in marks(_listed(sides)):
        if mark.modified is None or mark.modified >= limits.latest:
            kept["young"] += 1
        elif versioning in {"on", "suspended"}:
            kept["versions"] += 1
        else:
            remove = partial(_remove, store, mark)
            found.append(Leftover(FOLDER, mark.key, store.place.url(mark.key), 1, 0, mark.modified, remove))
    reasons = {
        "young": "younger than --older-than",
        "versions": "where versions are kept, deleting them would add delete markers",
    }
    why = tuple(Kept(n, f"mark(s) of folders: {reasons[name]}") for name, n in kept.items())
    return Search(tuple(found), why)


def _listed(sides: Sides) -> Iterator[Entry]:
    """The Swift API tells types, S3 does not."""
    if sides.swift is not None:
        return entries(sides.swift.requests)
    assert sides.s3 is not None
    return (Entry(each.key, each.size, each.etag, each.modified) for each in sides.s3.list())


def _remove(store: Store, mark: Entry) -> str:
    try:
        info = store.head(mark.key)
    except ObjectNotFound:
        return "it is gone already"
    if info.size or info.large or info.etag != mark.etag:
        return "it is not empty any more"
    if set(info.metadata) - {"mtime"}:
        return "it has metadata of its own"
    folder = _folder(mark)
    if not any(each.key != mark.key for each in _first_two(store, folder)):
        return "the folder would be gone with it"
    if isinstance(store, SwiftStore):
        store.requests.remove(mark.key)
    else:
        store.delete(mark.key)
    return ""


def _first_two(store: Store, folder: str) -> Iterator[Entry]:
    for _, each in zip(range(2), store.list(folder), strict=False):
        yield Entry(each.key, each.size, each.etag, each.modified)
