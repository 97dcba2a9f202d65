"""What the filesystem's verbs do with a store. Each runs in a thread, and may be run by many at once.

"There is no such object" is ``FileNotFoundError`` for fsspec, and nothing else is: what is forbidden, or cannot be
reached, raises :class:`jsobj.errors.JsobjError`, which no library takes for an empty folder or a missing chunk.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from jsobj.arrays.fetching import fetch
from jsobj.errors import JsobjError
from jsobj.fs import moving
from jsobj.fs.listings import Entry, KnownObjects, directory, listed_entry, object_entry, with_parents
from jsobj.fs.paths import ObjectPath
from jsobj.fs.reader import fetch_range
from jsobj.store.location import everything_at, first_of
from jsobj.store.objects import Listed, ObjectInfo, PutOptions, Store
from jsobj.transfer.copy import Copier, Copying
from jsobj.transfer.events import Failed
from jsobj.transfer.part_layout import PART_SIZE

_NOT_THERE = {"object-not-found", "bucket-not-found"}


@contextmanager
def telling_not_found(url: str) -> Iterator[None]:
    """Raise ``FileNotFoundError`` for what is not there."""
    try:
        yield
    except JsobjError as error:
        if error.reference not in _NOT_THERE:  # a login that is not there is no reason to see an empty folder
            raise
        raise FileNotFoundError(errno.ENOENT, error.message, url) from error


def object_or_none(store: Store, key: str) -> ObjectInfo | None:
    """What HEAD tells; None where there is no such object. A bucket that is not there is raised."""
    try:
        return store.head(key)
    except JsobjError as error:
        if error.reference != "object-not-found":
            raise
        return None


def refuse_existing(place: ObjectPath, store: Store) -> None:
    """Raise ``FileExistsError`` where there is an object. Two writers at the same moment may both find none."""
    if object_or_none(store, place.key) is not None:
        raise FileExistsError(errno.EEXIST, "there is an object already", place.text)


class Operations:
    """The verbs. ``changed`` is called with the path of each object that a verb has made, replaced or deleted."""

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
            known = object_or_none(store, place.key)
            if known is not None:
                self._known.keep(place.text, known, changes)
        return known

    def list_folder(self, place: ObjectPath, store: Store) -> list[Entry]:
        """What is directly below a folder; the object itself where it is one."""
        found = list(store.list(place.below, delimiter="/"))
        if not found and place.key:
            return [object_entry(place, store.head(place.key))]
        # The empty object that portals make for the folder itself makes it a folder, and is not in it.
        entries = [listed_entry(place, listed) for listed in found if listed.key != place.below]
        return list({(entry["name"], entry["type"]): entry for entry in entries}.values())

    def find(self, place: ObjectPath, store: Store, folders: bool, prefix: str) -> dict[str, Entry]:
        """Everything below a folder, by path; with ``folders`` those too. ``prefix``: what names begin with."""
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

    def stretch(self, place: ObjectPath, store: Store, start: int | None, end: int | None) -> bytes:
        """Bytes as a slice names them, of one version of an object."""
        for second in (False, True):
            info = self._info(place, store)
            if info is None:
                raise FileNotFoundError(errno.ENOENT, "there is no such object", place.text)
            first, last, _ = slice(start, end).indices(info.size)
            try:
                return fetch_range(store, info, first, last)
            except JsobjError as error:
                if second or error.reference not in {"object-changed", "object-not-found"}:
                    raise
                self._known.forget(place.text)  # another program has replaced it since it was looked at
        raise AssertionError("the loop above returns or raises")

    def get_file(self, place: ObjectPath, store: Store, local: str, callback: Any) -> None:
        """An object to a local file; a folder only makes a local one."""
        info = object_or_none(store, place.key) if place.key else None
        if info is None:
            self.look(place, store)
            Path(local).mkdir(parents=True, exist_ok=True)
            return
        callback.set_size(info.size)
        moving.get_file(store, info, local, callback.relative_update)

    # -- writing

    def put_bytes(self, place: ObjectPath, store: Store, value: Any, options: PutOptions, create: bool) -> None:
        """Make an object of bytes. ``create``: not in the place of another."""
        if create:
            refuse_existing(place, store)
        try:
            moving.put_bytes(store, place.key, value, options)
        finally:
            self._changed(place.text)

    def put_file(
        self, place: ObjectPath, store: Store, local: str, options: PutOptions, create: bool, callback: Any
    ) -> None:
        """Make an object of a local file. ``create``: not in the place of another."""
        if create:
            refuse_existing(place, store)
        callback.set_size(Path(local).stat().st_size)
        try:
            moving.put_file(store, place.key, local, options, callback.relative_update)
        finally:
            self._changed(place.text)

    def copy(self, place: ObjectPath, store: Store, target: ObjectPath, other: Store, move: bool) -> None:
        """Copy or move an object, on the server where both are in the same account."""
        same = place.account == target.account
        copier = Copier(store, other, same, move, overwrite=True, part_size=PART_SIZE, moved=lambda count: None)
        try:
            done = copier(Copying(Listed(place.key), target.key))
        finally:
            self._changed(target.text)
            if move:
                self._changed(place.text)
        if isinstance(done, Failed):
            raise done.error

    def delete(self, place: ObjectPath, store: Store) -> None:
        """Delete one object; one that is not there is no error."""
        try:
            store.delete(place.key)
        finally:
            self._changed(place.text)
