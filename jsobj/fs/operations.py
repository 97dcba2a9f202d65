"""The filesystem's operations on a store. Each runs in a thread, many at once.

Only a missing object or bucket is ``FileNotFoundError``. What is forbidden or unreachable raises
:class:`jsobj.errors.JsobjError`, which no library takes for an empty folder or a missing chunk.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from jsobj.arrays.object_bytes import fetch
from jsobj.errors import BucketNotFound, ObjectChanged, ObjectNotFound
from jsobj.fs import object_io
from jsobj.fs.listings import Entry, KnownObjects, directory, listed_entry, object_entry, with_parents
from jsobj.fs.paths import ObjectPath
from jsobj.fs.reader import fetch_range
from jsobj.packing.open import require_objects
from jsobj.store.location import everything_at, first_of, head_or_none
from jsobj.store.objects import Store
from jsobj.store.values import Listed, ObjectInfo, PutOptions
from jsobj.transfer.copy.items import CopyItem, CopyTerms, same_server
from jsobj.transfer.copy.object_copier import ObjectCopier
from jsobj.transfer.events import Failed
from jsobj.transfer.part_layout import PART_SIZE


@contextmanager
def translate_not_found(url: str) -> Iterator[None]:
    """Raise ``FileNotFoundError`` for a missing object or bucket."""
    try:
        yield
    except (ObjectNotFound, BucketNotFound) as error:  # a missing login must not look like an empty folder
        raise FileNotFoundError(errno.ENOENT, error.message, url) from error


def refuse_existing(place: ObjectPath, store: Store) -> None:
    """Raise ``FileExistsError`` for an object that exists. Two writers at once may both find none."""
    if head_or_none(store, place.key) is not None:
        raise FileExistsError(errno.EEXIST, "there is an object already", place.text)


class Operations:
    """``changed`` is called with the path of each object that was made, replaced or deleted."""

    def __init__(self, known: KnownObjects, changed: Callable[[str], None]) -> None:
        self._known = known
        self._changed = changed

    # -- looking

    def look(self, place: ObjectPath, store: Store) -> Entry:
        """An object, else a folder or bucket."""
        info = self._info(place, store) if place.key else None
        if info is not None:
            return object_entry(place, info)
        if first_of(store.list(place.below, delimiter="/")) is None and place.key:
            raise FileNotFoundError(errno.ENOENT, "there is no such object or folder", place.text)
        return directory(place.text)

    def _info(self, place: ObjectPath, store: Store) -> ObjectInfo | None:
        known = self._known.get(place.text)
        if known is None:
            changes = self._known.changes
            known = head_or_none(store, place.key)
            if known is not None:
                self._known.keep(place.text, known, changes)
        return known

    def list_folder(self, place: ObjectPath, store: Store) -> list[Entry]:
        """What is directly below a folder; for an object, the object."""
        found = list(store.list(place.below, delimiter="/"))
        if not found and place.key:
            return [object_entry(place, store.head(place.key))]
        # The empty object that portals make for a folder is not in it.
        entries = [listed_entry(place, listed) for listed in found if listed.key != place.below]
        return list({(entry["name"], entry["type"]): entry for entry in entries}.values())

    def find(self, place: ObjectPath, store: Store, folders: bool, prefix: str) -> dict[str, Entry]:
        """All objects below a folder, by path; with ``folders`` those too. ``prefix``: of the names."""
        listed = [listed_entry(place, each) for each in store.list(place.below + prefix)]
        if not listed and place.key and not prefix:
            info = self._info(place, store)
            return {} if info is None else {place.text: object_entry(place, info)}
        if not folders:
            return {entry["name"]: entry for entry in listed if entry["type"] == "file"}
        found = with_parents(place, listed)
        return {place.text: directory(place.text), **found} if place.key and not prefix else found

    def all_at(self, place: ObjectPath, store: Store) -> list[ObjectPath]:
        """The object and everything below it, with the empty objects that portals make for folders."""
        found = [replace(place, key=listed.key) for listed in everything_at(store, place.key)]
        if not found and place.key:
            raise FileNotFoundError(errno.ENOENT, "there is no such object or folder", place.text)
        return found

    # -- reading

    def whole(self, place: ObjectPath, store: Store) -> bytes:
        """All bytes of an object, compared with its digest."""
        found = fetch(store, place.key)
        if found is None:
            raise FileNotFoundError(errno.ENOENT, "there is no such object", place.text)
        return bytes(found.data)

    def byte_range(self, place: ObjectPath, store: Store, start: int | None, end: int | None) -> bytes:
        """The bytes of a slice, of one version of an object."""
        for retried in (False, True):
            info = self._info(place, store)
            if info is None:
                raise FileNotFoundError(errno.ENOENT, "there is no such object", place.text)
            first, last, _ = slice(start, end).indices(info.size)
            try:
                return fetch_range(store, info, first, last)
            except (ObjectChanged, ObjectNotFound):
                if retried:
                    raise
                self._known.forget(place.text)  # replaced since the HEAD that was remembered
        raise AssertionError("the loop above returns or raises")

    def get_file(self, place: ObjectPath, store: Store, local: str, callback: Any) -> None:
        """Download an object; a folder only makes a local one."""
        info = head_or_none(store, place.key) if place.key else None
        if info is None:
            self.look(place, store)
            Path(local).mkdir(parents=True, exist_ok=True)
            return
        callback.set_size(info.size)
        object_io.get_file(store, info, local, callback.relative_update)

    # -- writing

    def put_bytes(self, place: ObjectPath, store: Store, value: Any, options: PutOptions, create: bool) -> None:
        """Upload bytes. ``create``: only a new object."""
        with self._writing(place, store, create):
            object_io.put_bytes(store, place.key, value, options)

    def put_file(
        self, place: ObjectPath, store: Store, local: str, options: PutOptions, create: bool, callback: Any
    ) -> None:
        """Upload a local file. ``create``: only a new object."""
        with self._writing(place, store, create):
            callback.set_size(Path(local).stat().st_size)
            object_io.put_file(store, place.key, local, options, callback.relative_update)

    @contextmanager
    def _writing(self, place: ObjectPath, store: Store, create: bool = False) -> Iterator[None]:
        if create:
            refuse_existing(place, store)
        try:
            yield
        finally:
            self._changed(place.text)

    def copy(self, place: ObjectPath, store: Store, target: ObjectPath, other: Store, move: bool) -> None:
        """Copy or move an object, on the server where both are objects in the same account."""
        if move:
            self.require_movable(place, store)
        same = same_server(store.place, other.place)
        copier = ObjectCopier(store, other, CopyTerms(same, move, True, PART_SIZE), lambda count: None)
        with self._writing(target, other), self._writing(place, store) if move else nullcontext():
            done = copier(CopyItem(Listed(place.key), target.key))
        if isinstance(done, Failed):
            raise done.error

    def require_movable(self, place: ObjectPath, store: Store) -> None:
        """Raise usage for what is in an archive, which a move could not delete."""
        require_objects(store, "cannot be moved", hint="copy it")

    def delete(self, place: ObjectPath, store: Store) -> None:
        """Delete one object; a missing one is no error."""
        with self._writing(place, store):
            store.delete(place.key)
