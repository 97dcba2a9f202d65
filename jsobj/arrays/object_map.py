"""The objects below one place of a bucket, as a mapping from keys to bytes.

Beside Python's own mapping methods there are those that array libraries want for many keys at once (``getitems``,
``setitems``, ``delitems``, ``listdir``, ``rmdir``): the names are those that Zarr 2 and fsspec's mapper gave them.

A value that is handed out was compared with the object's digest. "There is no such object" is the only thing that
becomes ``KeyError``: what is forbidden, or cannot be reached, raises :class:`jsobj.errors.JsobjError`.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from jsobj.arrays.fetching import Memory, fetch
from jsobj.arrays.io_threads import Crew
from jsobj.arrays.open_stores import Opened, forget, hold, release
from jsobj.arrays.parallel import SomeFailed, for_each
from jsobj.arrays.recipe import Recipe
from jsobj.errors import ExitCode, JsobjError
from jsobj.net.body import BytesSink, BytesSource
from jsobj.store.location import parse_location
from jsobj.store.objects import ObjectInfo

if TYPE_CHECKING:
    from jsobj.store.objects import Store

PARALLEL = 32  # requests at once


class ObjectMap(MutableMapping[str, bytes]):
    """The objects below ``recipe.location.key``, which is a prefix that ends in a slash, or empty.

    May be used by many threads at once, and pickled: connections and keys stay, names travel.
    """

    def __init__(self, recipe: Recipe, *, parallel: int = PARALLEL) -> None:
        place = recipe.location
        if place.key and not place.key.endswith("/"):
            place = replace(place, key=place.key + "/")
        self.recipe = replace(recipe, location=place)
        self.parallel = max(1, parallel)
        self._lock = threading.Lock()
        self._opened: Opened | None = None
        self._forget: weakref.finalize[..., ObjectMap] | None = None

    @property
    def prefix(self) -> str:
        """What every key begins with in the bucket."""
        return self.recipe.location.key

    @property
    def store(self) -> Store:
        """The open store; opened by whoever needs it first, once in each process for all that mean the same."""
        return self._open().store

    @property
    def pool(self) -> ThreadPoolExecutor:
        """The threads that requests are made in."""
        return self._open().pool

    @property
    def crew(self) -> Crew:
        """The threads that work for coroutines."""
        return self._open().crew

    @property
    def opened(self) -> bool:
        """Whether this process has it open: then nothing has to be asked before the first request."""
        found = self._opened
        return found is not None and found.pid == os.getpid()

    def _open(self) -> Opened:
        found = self._opened
        if found is not None and found.pid == os.getpid():
            return found
        with self._lock:
            found = self._opened
            if found is None or found.pid != os.getpid():  # what a fork finds open is its parent's
                found = self._opened = hold(self.recipe, self.parallel)
                self._forget = weakref.finalize(self, forget, found)
                self._forget.atexit = False
            return found

    def close(self) -> None:
        """Close the connections, unless another of the same place has them in use; the next use opens others."""
        with self._lock:
            found, self._opened = self._opened, None
            if self._forget is not None:
                self._forget.detach()
        if found is not None and found.pid == os.getpid():
            release(found)

    def __reduce__(self) -> tuple[object, ...]:
        """Travel as a new one, with nothing open."""
        return partial(type(self), parallel=self.parallel), (self.recipe,)

    def __eq__(self, other: object) -> bool:
        """Whether both mean the same place with the same login; contents are not compared."""
        return isinstance(other, ObjectMap) and other.recipe == self.recipe

    def __repr__(self) -> str:
        return f"<ObjectMap {self.recipe.location}>"

    # -- one key

    def fetch(self, key: str, memory: Callable[[], Memory] = BytesSink) -> Any:
        """The bytes of one object, compared with its digest, in a new ``memory``; None where there is none."""
        opened = self._open()
        with opened.gauge.turn():
            found = fetch(opened.store, self.prefix + key, memory)
        if found is None:
            return None
        opened.gauge.saw(len(found.data))
        return found.data

    def head(self, key: str) -> ObjectInfo | None:
        """Size and ETag of one object; None where there is none."""
        try:
            return self.store.head(self.prefix + key)
        except JsobjError as error:
            if error.reference == "object-not-found":
                return None
            raise

    def fetch_range(self, info: ObjectInfo, start: int, size: int, memory: Callable[[], Memory] = BytesSink) -> Any:
        """A stretch of the version ``info`` of an object, cut at its end; nothing to compare it with exists."""
        size = max(0, min(size, info.size - start))
        sink = memory()
        if size:
            opened = self._open()
            with opened.gauge.turn(size):
                opened.store.get(info.key, sink, start=start, size=size, etag=info.etag, digest=False)
        return sink.data

    def __getitem__(self, key: str) -> bytes:
        data = self.fetch(_sound(key))
        if data is None:
            raise KeyError(key)
        return bytes(data)

    def __setitem__(self, key: str, value: bytes | bytearray | memoryview) -> None:
        source, opened = BytesSource(value), self._open()
        with opened.gauge.turn(source.size):
            opened.store.put(self.prefix + _sound(key), source)

    def __delitem__(self, key: str) -> None:
        if self.head(_sound(key)) is None:
            raise KeyError(key)
        self.store.delete(self.prefix + key)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and bool(key) and self.head(key) is not None

    def __iter__(self) -> Iterator[str]:
        for listed in self.store.list(self.prefix):
            if listed.key != self.prefix:  # the empty object that some tools leave for a folder
                yield listed.key.removeprefix(self.prefix)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    # -- many keys

    def get_many(self, keys: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """``(key, bytes)`` as they arrive, not in the order of ``keys``.

        Raises :class:`SomeFailed` after the last, which names those that could not be read (missing ones too).
        """
        yield from self._each(self._get_one, keys, str, "read")

    def put_many(self, items: Iterable[tuple[str, bytes]] | Mapping[str, bytes]) -> int:
        """Write objects, in no order; how many. Raises :class:`SomeFailed` after the last."""
        pairs = items.items() if isinstance(items, Mapping) else items

        def put(item: tuple[str, bytes]) -> None:
            self[item[0]] = item[1]

        return sum(1 for _ in self._each(put, pairs, lambda item: item[0], "written"))

    def delete_many(self, keys: Iterable[str]) -> int:
        """Delete objects; how many were asked for. One that is not there is no error. Raises :class:`SomeFailed`."""

        def delete(key: str) -> None:
            self.store.delete(self.prefix + _sound(key))

        return sum(1 for _ in self._each(delete, keys, str, "deleted"))

    def _get_one(self, key: str) -> bytes:
        data = self.fetch(_sound(key))
        if data is None:
            raise JsobjError(
                "object-not-found",
                f"there is no object {self.store.place.url(self.prefix + key)}",
                code=ExitCode.NOT_FOUND,
            )
        return bytes(data)

    def _each(self, call: Any, items: Iterable[Any], name: Any, verb: str) -> Iterator[Any]:
        return for_each(self.pool, call, items, name=name, verb=verb, ahead=2 * self.parallel)

    # -- the names that array libraries use

    def getitems(self, keys: Sequence[str], on_error: str = "omit") -> dict[str, bytes]:
        """The bytes of each key that is there. ``on_error``: ``omit`` leaves missing keys out; ``raise`` does not.

        Whatever is not "there is no such object" is raised with either.
        """
        found: dict[str, bytes] = {}
        try:
            found.update(self.get_many(dict.fromkeys(keys)))
        except SomeFailed as error:
            grave = [e for e in error.failures.values() if on_error != "omit" or e.reference != "object-not-found"]
            if on_error != "omit" and all(e.reference == "object-not-found" for e in error.failures.values()):
                raise KeyError(next(iter(error.failures))) from error
            if grave:
                raise
        return found

    def setitems(self, values: Mapping[str, bytes]) -> None:
        """Write all of ``values``."""
        self.put_many(values)

    def delitems(self, keys: Iterable[str]) -> None:
        """Delete these keys, as far as they are there."""
        self.delete_many(keys)

    def listdir(self, path: str = "") -> list[str]:
        """The names directly below ``path``, sorted: of objects, and of what keys have before their next slash."""
        below = f"{path.strip('/')}/" if path.strip("/") else ""
        whole = self.prefix + below
        listing = self.store.list(whole, delimiter="/")
        return sorted({listed.key.removeprefix(whole).rstrip("/") for listed in listing} - {""})

    def rmdir(self, path: str = "") -> None:
        """Delete everything below ``path``. The empty object that some tools leave for the whole place stays."""
        below = f"{path.strip('/')}/" if path.strip("/") else ""
        keys = (listed.key.removeprefix(self.prefix) for listed in self.store.list(self.prefix + below))
        self.delete_many(key for key in keys if key)

    def getsize(self, key: str) -> int:
        """Bytes of one object. Raises ``KeyError`` where there is none."""
        info = self.head(_sound(key))
        if info is None:
            raise KeyError(key)
        return info.size


def object_map(text: str, recipe: Recipe, *, parallel: int = PARALLEL) -> ObjectMap:
    """The mapping of the place that was typed: ``s3://bucket/prefix``."""
    return ObjectMap(replace(recipe, location=parse_location(text)), parallel=parallel)


def _sound(key: str) -> str:
    if not isinstance(key, str) or not key:
        raise JsobjError("key-unusable", f"{key!r} is no key of an object", code=ExitCode.USAGE)
    return key
