"""The objects below a prefix of a bucket, as a mapping from keys to bytes.

Beside Python's mapping methods it has those that array libraries call for many keys at once (``getitems``,
``setitems``, ``delitems``, ``listdir``, ``rmdir``), by their names in Zarr 2 and fsspec's mapper.

Every returned value was compared with the digest. Only a missing object is a ``KeyError``: what is forbidden or
unreachable raises :class:`jsobj.errors.JsobjError`.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

from jsobj.arrays.io_threads import AsyncThreadPool
from jsobj.arrays.object_bytes import Memory, fetch
from jsobj.arrays.open_stores import OpenStore, forget, hold, release
from jsobj.arrays.parallel import SomeFailed, for_each
from jsobj.arrays.recipe import Recipe
from jsobj.errors import ExitCode, JsobjError, ObjectNotFound
from jsobj.net.body import BytesSink, BytesSource
from jsobj.store.location import head_or_none, parse_location
from jsobj.store.objects import Store
from jsobj.store.values import ObjectInfo


class ObjectMap(MutableMapping[str, bytes]):
    """The objects below ``recipe.location.key``, a prefix that ends in a slash, or "".

    ``parallel``: requests at once; None for as many as cover the way to the server.

    Thread-safe. A pickle holds names, no connection and no secret.
    """

    def __init__(self, recipe: Recipe, *, parallel: int | None = None) -> None:
        place = recipe.location
        if place.key and not place.key.endswith("/"):
            place = replace(place, key=place.key + "/")
        self.recipe = replace(recipe, location=place)
        self.parallel = parallel if parallel is None else max(1, parallel)
        self._lock = threading.Lock()
        self._opened: OpenStore | None = None
        self._forget: weakref.finalize[..., ObjectMap] | None = None

    @property
    def prefix(self) -> str:
        """The prefix of every key in the bucket."""
        return self.recipe.location.key

    @property
    def store(self) -> Store:
        """The store, opened on first use and shared in this process by all maps of the same recipe."""
        return self._open().store

    @property
    def pool(self) -> ThreadPoolExecutor:
        """The threads for requests."""
        return self._open().pool

    @property
    def async_pool(self) -> AsyncThreadPool:
        """The threads for requests of coroutines."""
        return self._open().async_pool

    @property
    def at_once(self) -> int:
        """How many requests there should be at once, by what is known of the way now."""
        return self._open().at_once()

    @property
    def opened(self) -> bool:
        """Whether this process has opened the store: then the next request needs no login first."""
        return self._open_here() is not None

    def _open_here(self) -> OpenStore | None:
        found = self._opened
        return found if found is not None and found.pid == os.getpid() else None  # not the parent's, after a fork

    def _open(self) -> OpenStore:
        if (found := self._open_here()) is not None:
            return found
        with self._lock:
            if (found := self._open_here()) is None:
                found = self._opened = hold(self.recipe, self.parallel)
                self._forget = weakref.finalize(self, forget, found)
                self._forget.atexit = False
            return found

    def close(self) -> None:
        """Close the connections, unless another map shares them; the next use opens new ones."""
        with self._lock:
            found, self._opened = self._open_here(), None
            if self._forget is not None:
                self._forget.detach()
        if found is not None:
            release(found)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle as a new map with nothing open."""
        return partial(type(self), parallel=self.parallel), (self.recipe,)

    def __eq__(self, other: object) -> bool:
        """Whether both are the same prefix with the same login; contents are not compared."""
        return isinstance(other, ObjectMap) and other.recipe == self.recipe

    def __repr__(self) -> str:
        return f"<ObjectMap {self.recipe.location}>"

    # -- one key

    def fetch(self, key: str, memory: Callable[[], Memory] = BytesSink) -> Any:
        """The bytes of one object, compared with its digest, in a new ``memory``; None if it does not exist."""
        opened = self._open()
        with opened.limit.slot():
            found = fetch(opened.store, self.prefix + key, memory)
        if found is None:
            return None
        opened.limit.observe(len(found.data))
        return found.data

    def head(self, key: str) -> ObjectInfo | None:
        """Size and ETag of one object; None if it does not exist."""
        return head_or_none(self.store, self.prefix + key)

    def fetch_range(self, info: ObjectInfo, start: int, size: int, memory: Callable[[], Memory] = BytesSink) -> Any:
        """A range of the version ``info`` of an object, cut at its end. No server has digests of ranges."""
        size = max(0, min(size, info.size - start))
        sink = memory()
        if size:
            opened = self._open()
            with opened.limit.slot(size):
                opened.store.get(info.key, sink, start=start, size=size, etag=info.etag, digest=False)
        return sink.data

    def __getitem__(self, key: str) -> bytes:
        if (data := self.fetch(_sound(key))) is None:
            raise KeyError(key)
        return bytes(data)

    def __setitem__(self, key: str, value: bytes | bytearray | memoryview) -> None:
        source, opened = BytesSource(value), self._open()
        with opened.limit.slot(source.size):
            opened.store.put(self.prefix + _sound(key), source)

    def __delitem__(self, key: str) -> None:
        if self.head(_sound(key)) is None:
            raise KeyError(key)
        self.store.delete(self.prefix + key)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and bool(key) and self.head(key) is not None

    def __iter__(self) -> Iterator[str]:
        return self.keys_below("")

    def keys_below(self, start: str) -> Iterator[str]:
        """Every key that begins with ``start``, without the empty object that some tools make for the prefix itself."""
        for listed in self.store.list(self.prefix + start):
            if listed.key != self.prefix:
                yield listed.key.removeprefix(self.prefix)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    # -- many keys

    def get_many(self, keys: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """``(key, bytes)`` as they arrive, in no order.

        Raises :class:`SomeFailed` after the last, with the keys that could not be read (missing ones too).
        """
        yield from self._each(self._get_one, keys, str, "read")

    def put_many(self, items: Iterable[tuple[str, bytes]] | Mapping[str, bytes]) -> int:
        """Write objects, in no order; their number. Raises :class:`SomeFailed` after the last."""
        pairs = items.items() if isinstance(items, Mapping) else items

        def put(item: tuple[str, bytes]) -> None:
            self[item[0]] = item[1]

        return sum(1 for _ in self._each(put, pairs, lambda item: item[0], "written"))

    def delete_many(self, keys: Iterable[str]) -> int:
        """Delete objects; the number of keys. A missing object is no error. Raises :class:`SomeFailed`."""

        def delete(key: str) -> None:
            self.store.delete(self.prefix + _sound(key))

        return sum(1 for _ in self._each(delete, keys, str, "deleted"))

    def _get_one(self, key: str) -> bytes:
        data = self.fetch(_sound(key))
        if data is None:
            raise ObjectNotFound(f"there is no object {self.store.place.url(self.prefix + key)}")
        return bytes(data)

    def _each(self, call: Any, items: Iterable[Any], name: Any, verb: str) -> Iterator[Any]:
        return for_each(self.pool, call, items, name=name, verb=verb, at_once=lambda: self.at_once)

    # -- the names that array libraries use

    def getitems(self, keys: Sequence[str], on_error: str = "omit") -> dict[str, bytes]:
        """The bytes of each key. A missing one is left out with ``on_error="omit"``, else it is a ``KeyError``.

        Other errors are raised in either case.
        """
        found: dict[str, bytes] = {}
        try:
            found.update(self.get_many(dict.fromkeys(keys)))
        except SomeFailed as error:
            if any(not isinstance(each, ObjectNotFound) for each in error.failures.values()):
                raise
            if on_error != "omit":
                raise KeyError(next(iter(error.failures))) from error
        return found

    def setitems(self, values: Mapping[str, bytes]) -> None:
        """Write all of ``values``."""
        self.put_many(values)

    def delitems(self, keys: Iterable[str]) -> None:
        """Delete these keys; a missing one is no error."""
        self.delete_many(keys)

    def listdir(self, path: str = "") -> list[str]:
        """The names directly below ``path``, sorted: objects and folders."""
        whole = self.prefix + _folder(path)
        listing = self.store.list(whole, delimiter="/")
        return sorted({listed.key.removeprefix(whole).rstrip("/") for listed in listing} - {""})

    def rmdir(self, path: str = "") -> None:
        """Delete everything below ``path``, but for an empty object that some tools make for the prefix itself."""
        self.delete_many(self.keys_below(_folder(path)))

    def getsize(self, key: str) -> int:
        """Bytes of one object. Raises ``KeyError``."""
        if (info := self.head(_sound(key))) is None:
            raise KeyError(key)
        return info.size


def object_map(text: str, recipe: Recipe, *, parallel: int | None = None) -> ObjectMap:
    """The mapping of a URL: ``s3://bucket/prefix``."""
    return ObjectMap(replace(recipe, location=parse_location(text)), parallel=parallel)


def _folder(path: str) -> str:
    return f"{path.strip('/')}/" if path.strip("/") else ""


def _sound(key: str) -> str:
    if not isinstance(key, str) or not key:
        raise JsobjError("key-unusable", f"{key!r} is no key of an object", code=ExitCode.USAGE)
    return key
