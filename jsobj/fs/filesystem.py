"""The filesystem: fsspec's methods, each of which runs an operation in a thread."""

from __future__ import annotations

import asyncio
import errno
import os
import weakref
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from glob import has_magic
from pathlib import Path
from typing import Any, TypeVar

from fsspec.asyn import AsyncFileSystem, _run_coros_in_chunks, get_loop, reset_lock, sync
from fsspec.callbacks import DEFAULT_CALLBACK
from fsspec.compression import compr
from fsspec.core import get_compression
from fsspec.utils import tokenize

from jsobj.arrays.object_map import ObjectMap
from jsobj.arrays.recipe import Recipe
from jsobj.fs.bucket_maps import BucketMaps
from jsobj.fs.files import AsyncObjectFile, ObjectFile, close_with
from jsobj.fs.listings import SECONDS, Entry, KnownObjects, ListingIndex, directory
from jsobj.fs.operations import Operations, refuse_existing, translate_not_found
from jsobj.fs.options import require_known
from jsobj.fs.paths import ObjectPath, split
from jsobj.fs.reader import StreamCache
from jsobj.store.location import Location, head_or_none
from jsobj.store.objects import Store
from jsobj.store.values import PutOptions

T = TypeVar("T")
os.register_at_fork(after_in_child=reset_lock)  # a child needs its own event loop; older fsspec leaves it without
_instances: weakref.WeakValueDictionary[int, ObjectFileSystem] = weakref.WeakValueDictionary()  # by id


class ObjectFileSystem(AsyncFileSystem):  # type: ignore[misc]  # to the type checker, fsspec's classes are anything
    """Buckets and objects as folders and files.

    Made by fsspec, for one dialect: ``fsspec.filesystem("swift", cloud="js2")``. All that is written, and every object
    that is read whole, is compared by digest; requests are retried, and an expired token is renewed once for all
    threads. It can be pickled (by names, without secrets) and used by many threads and after a fork.

    Parameters
    ----------
    cloud:
        An entry of ``clouds.yaml``, as ``jsobj login`` writes it; "" for the default login of the commands.
    profile:
        A profile of ``~/.aws`` (S3).
    unsigned:
        Public data, without any login.
    endpoint:
        An S3 endpoint instead of the profile's; for public data over Swift, the account's URL.
    parallel:
        Requests at once, for each bucket; by default as many as the way to the server takes, from 16 to 128.
    """

    dialect = ""
    cachable = True
    root_marker = ""

    def __init__(
        self,
        cloud: str = "",
        profile: str = "",
        unsigned: bool = False,
        endpoint: str = "",
        parallel: int | None = None,
        **more: Any,
    ) -> None:
        unsigned = bool(more.pop("anon", unsigned))  # s3fs's name
        require_known(more)
        super().__init__(**{"listings_expiry_time": SECONDS, **more})
        self._maps = BucketMaps(Recipe(Location(self.dialect, ""), cloud, profile, unsigned, endpoint), parallel)
        self._known = KnownObjects(self.dircache.listings_expiry_time or SECONDS)
        self._index = ListingIndex()
        self._operations = Operations(self._known, self.changed)
        _instances[id(self)] = self

    @property
    def loop(self) -> Any:
        """The event loop; a child process gets its own."""
        pid = os.getpid()
        if self._pid != pid:
            self._pid: int = pid
            self._loop = None if self.asynchronous else get_loop()
        return self._loop

    # -- places

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        stripped = super()._strip_protocol(path)
        return stripped if isinstance(stripped, list) else stripped.strip("/")

    def place(self, path: str) -> ObjectPath:
        """The bucket and key of a path."""
        return split(self._strip_protocol(path))

    def objects(self, path: str) -> ObjectMap:
        """The objects of the bucket in ``path``; their ``store`` may log in on first use."""
        return self._maps.at(self.place(path))

    async def _threaded(self, path: str | ObjectPath, operation: Callable[..., T], *args: Any) -> T:
        """``operation(place, store, *args)`` in a thread, for the place of ``path``."""
        place = path if isinstance(path, ObjectPath) else self.place(path)
        url = self.unstrip_protocol(place.text)
        if not place.bucket:
            raise IsADirectoryError(errno.EISDIR, "a bucket is missing in the path", url)

        def run() -> T:
            with translate_not_found(url):
                return operation(place, objects.store, *args)

        # An account in the path, or a store that is not open yet, may need Keystone: not in the event loop.
        objects = await asyncio.to_thread(self._maps.at, place) if place.account else self._maps.at(place)
        return await (objects.async_pool.run(run) if objects.opened else asyncio.to_thread(run))

    # -- looking

    async def _info(self, path: str, **kwargs: Any) -> Entry:
        path = self._strip_protocol(path)
        if not self.place(path).bucket:
            return directory(path)
        entry = self._index.entry(self.dircache, self._parent(path), path)
        return entry if entry is not None else await self._threaded(path, self._operations.look)

    async def _isfile(self, path: str) -> bool:
        # fsspec's takes every error for "no file".
        try:
            return bool((await self._info(path))["type"] == "file")
        except FileNotFoundError:
            return False

    async def _ls(self, path: str, detail: bool = True, refresh: bool = False, **kwargs: Any) -> list[Any]:
        path = self._strip_protocol(path)
        entries: list[Entry] | None = None
        if not refresh:
            with suppress(KeyError):
                entries = self.dircache[path]
        if entries is None:
            changes = self._known.changes
            place = self.place(path)
            if place.bucket:
                entries = await self._threaded(path, self._operations.list_folder)
            else:
                entries = await asyncio.to_thread(self._buckets, place)
            if changes == self._known.changes:
                self.dircache[path] = entries
        return entries if detail else sorted(entry["name"] for entry in entries)

    def _buckets(self, place: ObjectPath) -> list[Entry]:
        return [directory(replace(place, bucket=each.name).root) for each in self._maps.buckets(place)]

    async def _find(
        self,
        path: str,
        maxdepth: int | None = None,
        withdirs: bool = False,
        detail: bool = False,
        prefix: str = "",
        **kwargs: Any,
    ) -> Any:
        path = self._strip_protocol(path)
        if maxdepth is not None or not self.place(path).bucket:  # level by level
            level = await super()._find(path, maxdepth=maxdepth, withdirs=withdirs, detail=True, **kwargs)
            found = {name: entry for name, entry in level.items() if name.startswith(f"{path}/{prefix}".lstrip("/"))}
        else:
            found = await self._threaded(path, self._operations.find, withdirs, prefix)
        return found if detail else sorted(found)

    def created(self, path: str) -> datetime:
        """When the object was made, in UTC: objects are replaced, not changed."""
        return self.modified(path)

    def modified(self, path: str) -> datetime:
        """When the object was made, in UTC, by the server's clock. Raises ``FileNotFoundError`` for a folder."""
        entry = self.info(path)
        moment = entry.get("LastModified")
        if not isinstance(moment, datetime):
            raise FileNotFoundError(errno.ENOENT, "folders have no time", self.unstrip_protocol(path))
        return moment

    def checksum(self, path: str) -> int:
        """A number that changes with the object's content."""
        return int(tokenize(self.ukey(path)), 16)

    def ukey(self, path: str) -> str:
        """A text that changes with the object's content."""
        entry = self.info(path)
        return str(tokenize(entry["name"], entry.get("ETag", ""), entry["size"]))

    def sign(self, path: str, expiration: int = 100, **kwargs: Any) -> str:
        """A URL that works for ``expiration`` seconds without a login.

        Raises :class:`JsobjError` where Swift has no key to sign with: of the container or the account, of the account
        for objects whose segments lie in another container.
        """
        place = self.place(path)
        with translate_not_found(self.unstrip_protocol(path)):
            return self.objects(path).store.presign("GET", place.key, expiration)

    # -- reading

    async def _cat_file(self, path: str, start: int | None = None, end: int | None = None, **kwargs: Any) -> bytes:
        if not start and end is None:
            return await self._threaded(path, self._operations.whole)
        return await self._threaded(path, self._operations.byte_range, start, end)

    async def _get_file(self, rpath: str, lpath: Any, callback: Any = DEFAULT_CALLBACK, **kwargs: Any) -> None:
        local = os.fspath(lpath)
        if not Path(local).is_dir():
            await self._threaded(rpath, self._operations.get_file, local, callback)

    # -- writing

    async def _pipe_file(
        self, path: str, value: Any, mode: str = "overwrite", content_type: str = "", **kwargs: Any
    ) -> None:
        await self._threaded(path, self._operations.put_bytes, value, PutOptions(content_type), mode == "create")

    async def _put_file(
        self,
        lpath: Any,
        rpath: str,
        callback: Any = DEFAULT_CALLBACK,
        mode: str = "overwrite",
        content_type: str = "",
        **kwargs: Any,
    ) -> None:
        local, options = os.fspath(lpath), PutOptions(content_type)
        if not Path(local).is_dir():
            await self._threaded(rpath, self._operations.put_file, local, options, mode == "create", callback)

    async def _cp_file(self, path1: str, path2: str, **kwargs: Any) -> None:
        await self._copied(path1, path2, move=False)

    async def _mv_file(self, path1: str, path2: str) -> None:
        await self._copied(path1, path2, move=True)

    def mv(self, path1: Any, path2: Any, recursive: bool = False, maxdepth: int | None = None, **kwargs: Any) -> None:
        """As fsspec, which copies and then deletes, but refused at once where the second cannot be."""
        for path in [path1] if isinstance(path1, str) else path1:
            if self.place(path).archive:
                sync(self.loop, self._threaded, path, self._operations.require_movable)
        super().mv(path1, path2, recursive, maxdepth, **kwargs)

    async def _copied(self, path1: str, path2: str, *, move: bool) -> None:
        def copy(place: ObjectPath, store: Store) -> None:
            self._operations.copy(place, store, self.place(path2), self.objects(path2).store, move)

        await self._threaded(path1, copy)

    async def _rm_file(self, path: str, **kwargs: Any) -> None:
        if not self.place(path).key:
            raise IsADirectoryError(errno.EISDIR, "rmdir deletes a bucket", self.unstrip_protocol(path))
        await self._threaded(path, self._operations.delete)

    async def _rm(
        self,
        path: Any,
        recursive: bool = False,
        batch_size: int | None = None,
        maxdepth: int | None = None,
        **kwargs: Any,
    ) -> None:
        """Delete objects; with ``recursive`` everything below folders too, and of a bucket everything in it.

        Buckets themselves stay: :meth:`rmdir` deletes those that are empty.
        """
        # An existing name is literal, with its brackets; fsspec would take it for a pattern.
        literal = isinstance(path, str) and (not has_magic(path) or await self._exists(path))
        if literal and maxdepth is None:
            paths = [self._strip_protocol(path)]
        else:
            paths = await self._expand_path(path, recursive=recursive and maxdepth is not None, maxdepth=maxdepth)
        places = [self.place(each) for each in paths]
        if recursive and maxdepth is None:
            places = [inner for each in places for inner in await self._threaded(each, self._operations.all_at)]
        elif not recursive:
            await self._require_objects(paths)
        coros = [self._threaded(each, self._operations.delete) for each in places if each.key]
        await _run_coros_in_chunks(coros, batch_size=batch_size or self.batch_size, nofiles=True)

    async def _require_objects(self, paths: list[str]) -> None:
        for path in paths:
            if (await self._info(path))["type"] == "directory":
                raise IsADirectoryError(errno.EISDIR, "a folder is deleted with recursive=True", path)

    async def _mkdir(self, path: str, create_parents: bool = True, **kwargs: Any) -> None:
        """Create a bucket. For a path in a bucket nothing is done: folders need no creation."""
        place = self.place(path)
        if place.key:
            return
        if not await asyncio.to_thread(lambda: self._maps.account(place).create(place.bucket)):
            raise FileExistsError(errno.EEXIST, "there is such a bucket already", self.unstrip_protocol(path))
        self.invalidate_cache(path)

    async def _makedirs(self, path: str, exist_ok: bool = False) -> None:
        """Create the bucket of a bucket's path, as :meth:`mkdir`."""
        with suppress(FileExistsError) if exist_ok else nullcontext():
            await self._mkdir(path)

    def rmdir(self, path: str) -> None:
        """Delete an empty bucket. For a path in a bucket nothing is done: folders end with their last object.

        Raises :class:`JsobjError` (refused) for a bucket with objects.
        """
        place = self.place(path)
        if not place.key:
            with translate_not_found(self.unstrip_protocol(path)):
                self._maps.account(place).delete(place.bucket)
            self.invalidate_cache(path)

    # -- files

    def open(
        self,
        path: str,
        mode: str = "rb",
        block_size: int | None = None,
        cache_options: dict[str, Any] | None = None,
        compression: str | None = None,
        **kwargs: Any,
    ) -> Any:
        """As fsspec, but closing a compressor closes the file that it writes to."""
        if compression is None or "b" not in mode or "r" in mode:
            return super().open(path, mode, block_size, cache_options, compression, **kwargs)
        file = super().open(path, mode, block_size, cache_options, None, **kwargs)
        wrapper = compr[get_compression(path, compression)](file, mode=mode[0])
        if wrapper is not file:
            close_with(wrapper, file)
        return wrapper

    def _open(
        self,
        path: str,
        mode: str = "rb",
        block_size: int | None = None,
        autocommit: bool = True,
        cache_type: str = StreamCache.name,
        cache_options: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> ObjectFile:
        path = self._strip_protocol(path)
        place = self.place(path)
        if not place.key:
            raise IsADirectoryError(errno.EISDIR, "a bucket is no object", self.unstrip_protocol(path))
        with translate_not_found(self.unstrip_protocol(path)):
            store = self.objects(path).store
            if mode == "xb":
                refuse_existing(place, store)
            info = store.head(place.key) if mode == "rb" else None
            if mode == "ab":
                info = head_or_none(store, place.key)
        kwargs.pop("size", None)  # the object's own is known
        return ObjectFile(self, path, mode, info, block_size, autocommit, cache_type, cache_options, **kwargs)

    async def open_async(self, path: str, mode: str = "rb", **kwargs: Any) -> AsyncObjectFile:
        """A binary file whose methods are coroutines."""
        if "b" not in mode:
            raise ValueError("open_async opens binary files: add 'b' to the mode")
        return AsyncObjectFile(await asyncio.to_thread(partial(self._open, path, mode, **kwargs)))

    def changed(self, path: str) -> None:
        """Invalidate a written path in all instances of this process."""
        for each in list(_instances.values()):
            if each.dialect == self.dialect:
                each.invalidate_cache(path)

    def invalidate_cache(self, path: str | None = None) -> None:
        """Invalidate a path and the folders above it; everything with None."""
        if path is None:
            self._known.forget()
            self.dircache.clear()
            return
        name = self._strip_protocol(path)
        self._known.forget(name)
        while name:
            self.dircache.pop(name, None)
            name = self._parent(name)
        self.dircache.pop("", None)
