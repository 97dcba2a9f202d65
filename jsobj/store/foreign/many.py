"""Objects from anywhere, under names of their own, as if one bucket had them: what a list of addresses means."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from jsobj.errors import ExitCode, JsobjError, ObjectNotFound, TypedError
from jsobj.net.body import Moved, Sink, uncounted
from jsobj.net.partial import Partial
from jsobj.net.request import Reply
from jsobj.store.foreign.headed import as_listed, headed, in_bytes
from jsobj.store.foreign.read_only import ReadOnly
from jsobj.store.foreign.web.store import WebStore
from jsobj.store.location import Location
from jsobj.store.objects import Store
from jsobj.store.values import Got, Listed, ObjectInfo, PartDigest, StorePlace

LISTED = "list"  # the dialect of such a place, which nobody can type
_PROMISED = ";listed"  # behind the ETag of what has another digest, by which it is to be judged


@dataclass(frozen=True, slots=True)
class Entry:
    """Where an object is. ``kind``: of the digest that its bytes must have, md5 or sha256; "" for none."""

    location: Location
    kind: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class ManyPlace(StorePlace):
    """A list; the URLs of objects are those that the list names."""

    entries: Mapping[str, Entry] = field(default_factory=dict, compare=False, repr=False)

    def url(self, key: str = "") -> str:
        """Of an object, where it is; else the list's name."""
        if key not in self.entries:
            return self.bucket
        location = self.entries[key].location
        return location.address.partition("?")[0] or str(location)

    def promised(self, key: str) -> str:
        """See :class:`StorePlace`."""
        entry = self.entries.get(key)
        return f"{entry.kind} {entry.digest}" if entry and entry.kind else ""


class ManyStore(ReadOnly):
    """The objects of a list. ``open_one`` opens the store of a place: one for each server or bucket."""

    def __init__(self, name: str, entries: Mapping[str, Entry], open_one: Callable[[Location], Store]) -> None:
        self._entries = entries
        self._open_one = open_one
        self._opened: dict[object, Store] = {}
        self._opening = threading.Lock()
        self._stopped = threading.Event()
        place = ManyPlace(LISTED, name, "", "a list of addresses", entries=entries)
        super().__init__(place, self._store_of(next(iter(entries.values()))).session)

    def _store_of(self, entry: Entry) -> Store:
        place = entry.location
        known = (place.dialect, place.bucket, place.public, place.archive, place.signed and (place.key, place.signed))
        with self._opening:
            if known not in self._opened:
                if self._stopped.is_set():
                    raise JsobjError("stopped", "nothing more is opened", code=ExitCode.INTERRUPTED)
                self._opened[known] = self._open_one(place)
                if self._stopped.is_set():  # meanwhile
                    self._opened[known].stop()
            store = self._opened[known]
            if place.query and isinstance(store, WebStore):
                store.queries[place.key] = place.query
        return store

    def _at(self, name: str) -> tuple[Entry, Store, str]:
        if name not in self._entries:
            raise ObjectNotFound(f"{self.place.bucket} names no {name}", hint="look into the list")
        entry = self._entries[name]
        return entry, self._store_of(entry), entry.location.key

    def head(self, key: str, etag: str = "") -> ObjectInfo:
        """What the object's own store says, and the digest of the list."""
        entry, store, real = self._at(key)
        try:
            return _promised(entry, key, store.head(real, etag.removesuffix(_PROMISED)))
        except JsobjError as error:
            raise self._of_one(error) from error

    def get(
        self,
        key: str,
        sink: Sink,
        *,
        start: int = 0,
        size: int | None = None,
        etag: str = "",
        digest: bool = True,
        moved: Moved = uncounted,
        partial: Partial | None = None,
    ) -> Got:
        """See :meth:`jsobj.store.objects.Store.get`."""
        entry, store, real = self._at(key)
        pin = etag.removesuffix(_PROMISED)
        try:
            got = store.get(real, sink, start=start, size=size, etag=pin, digest=digest, moved=moved, partial=partial)
        except JsobjError as error:
            raise self._of_one(error) from error
        return replace(got, info=_promised(entry, key, got.info))

    def _of_one(self, error: JsobjError) -> JsobjError:
        """A server that is gone ends a run only where all objects are there."""
        if len(self._opened) > 1 and isinstance(error, TypedError) and error.code is ExitCode.NETWORK:
            hint = error.hint_lines
            return JsobjError(error.reference, error.message, code=error.code, context=error.context, hint=hint)
        return error

    def _fetch(self, key: str, **fields: Any) -> tuple[ObjectInfo, Reply]:
        raise NotImplementedError  # `get` goes to the object's own store

    def list(self, prefix: str = "", *, delimiter: str = "", after: str = "") -> Iterator[Listed]:
        """The names of the list, each with what its store says."""
        names = sorted(self._entries, key=in_bytes)
        return headed(
            (name for name in names if name.startswith(prefix) and in_bytes(name) > in_bytes(after)), self._look
        )

    def _look(self, name: str) -> Listed:
        try:
            return as_listed(self.head(name))
        except JsobjError:
            if self._stopped.is_set():  # it tells nothing about this one, nor would about the others
                raise
            return Listed(name)  # whoever reads it is told why it cannot be read

    def digests(self, info: ObjectInfo) -> Sequence[PartDigest] | None:
        """The list's, else what the object's own store knows."""
        entry, store, real = self._at(info.key)
        return super().digests(info) if entry.kind else store.digests(replace(info, key=real))

    def in_stretches(self, info: ObjectInfo) -> bool:
        """As of the object's own store."""
        _, store, real = self._at(info.key)
        return store.in_stretches(replace(info, key=real, etag=info.etag.removesuffix(_PROMISED)))

    def part_size(self, info: ObjectInfo, number: int) -> int:
        """As of the object's own store."""
        entry, store, real = self._at(info.key)
        return 0 if entry.kind else store.part_size(replace(info, key=real), number)

    # -- ending

    def stop(self) -> None:
        """Cut every connection now, from another thread; no other is opened."""
        self._stopped.set()  # first: what is opened from now on is stopped there
        for store in tuple(self._opened.values()):
            store.stop()

    def cut(self, threads: Iterable[int]) -> None:
        """End what some threads have under way, from another one."""
        threads = tuple(threads)
        for store in tuple(self._opened.values()):
            store.cut(threads)

    def close(self) -> None:
        """Close the connections that are kept."""
        for store in tuple(self._opened.values()):
            store.close()


def _promised(entry: Entry, name: str, info: ObjectInfo) -> ObjectInfo:
    """Under its name; where the list has a digest, the object's own one does not count."""
    if not entry.kind:
        return replace(info, key=name)
    etag = f"{info.etag}{_PROMISED}" if info.etag else ""
    md5, sha256 = (entry.digest if entry.kind == kind else "" for kind in ("md5", "sha256"))
    return replace(info, key=name, etag=etag, large=False, md5=md5, sha256=sha256, crc32c="")
