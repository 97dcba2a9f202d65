"""A store for zarr-python 3 on jsobj's connections: many requests at once, each retried and compared by digest.

Only a missing object reads as an empty chunk. What is forbidden or fails raises, where other stores may return fill
values (zarr-developers/zarr-python#1504, pydata/xarray#8842).
"""

from __future__ import annotations

import asyncio
import itertools
import shlex
from collections.abc import AsyncIterator, Callable, Iterable
from functools import partial
from typing import Any, TypeVar

from zarr.abc.store import ByteRequest, OffsetByteRequest, RangeByteRequest, Store, SuffixByteRequest
from zarr.core.buffer import Buffer, BufferPrototype, default_buffer_prototype

from jsobj.arrays.array_memory import ArrayMemory
from jsobj.arrays.concurrency import set_zarr_concurrency
from jsobj.arrays.object_map import ObjectMap
from jsobj.arrays.zarr_check import is_zarr
from jsobj.errors import ExitCode, JsobjError
from jsobj.transfer.zarr.names import ARRAY, CONSOLIDATED, V3

T = TypeVar("T")
_PAGE = 1000  # keys of a listing per call into the thread pool
_SIZED = (V3, ARRAY, CONSOLIDATED)  # suffixes of keys with chunk sizes


class ZarrStore(Store):
    """The keys below a prefix; see :meth:`jsobj.api.Connection.zarr_store`."""

    supports_writes = True
    supports_deletes = True
    supports_listing = True

    def __init__(self, objects: ObjectMap, *, read_only: bool = False) -> None:
        super().__init__(read_only=read_only)
        self.objects = objects

    def with_read_only(self, read_only: bool = False) -> ZarrStore:
        """The same prefix, on the same connections."""
        return type(self)(self.objects, read_only=read_only)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ZarrStore) and other.objects == self.objects and other.read_only == self.read_only

    def __str__(self) -> str:
        return str(self.objects.recipe.location)

    def __repr__(self) -> str:
        return f"ZarrStore('{self}')"

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle as a store that is not open."""
        return partial(type(self), read_only=self.read_only), (self.objects,)

    def close(self) -> None:
        """Close the connections."""
        super().close()
        self.objects.close()

    async def _threaded(self, call: Callable[..., T], *args: Any) -> T:
        if not self._is_open:
            await self._ensure_open()
        return await self.objects.async_pool.run(call, *args)

    # -- reading

    def get_sync(
        self, key: str, *, prototype: BufferPrototype | None = None, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """As :meth:`get`, for a caller with threads of its own."""
        data = self._range(key, byte_range)
        return None if data is None else (prototype or default_buffer_prototype()).buffer.from_bytes(data)

    async def get(self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None) -> Buffer | None:
        """The bytes of a key, or a range of them; None only for a missing object."""
        data = await self._threaded(self._range, key, byte_range)
        return None if data is None else prototype.buffer.from_bytes(data)

    def _range(self, key: str, wanted: ByteRequest | None) -> Any:
        if wanted is None:
            data = self.objects.fetch(key, ArrayMemory)
            if data is not None and key.endswith(_SIZED):
                set_zarr_concurrency(self.objects.at_once, bytes(data))
            return data
        info = self.objects.head(key)
        if info is None:
            return None
        match wanted:
            case RangeByteRequest(start, end):
                size = end - start
            case OffsetByteRequest(start):
                size = info.size
            case SuffixByteRequest(suffix):
                size = min(suffix, info.size)
                start = info.size - size
            case _:
                raise ValueError(f"Unexpected byte_range, got {wanted}.")
        return self.objects.fetch_range(info, start, size, ArrayMemory)

    async def get_partial_values(
        self, prototype: BufferPrototype, key_ranges: Iterable[tuple[str, ByteRequest | None]]
    ) -> list[Buffer | None]:
        """Several ranges, in their order."""
        return list(await asyncio.gather(*(self.get(key, prototype, wanted) for key, wanted in key_ranges)))

    async def exists(self, key: str) -> bool:
        """Whether the object exists."""
        return await self._threaded(self.objects.head, key) is not None

    async def getsize(self, key: str) -> int:
        """Bytes of one object. Raises ``FileNotFoundError``."""
        info = await self._threaded(self.objects.head, key)
        if info is None:
            raise FileNotFoundError(key)
        return info.size

    async def is_empty(self, prefix: str) -> bool:
        """Whether there is nothing below ``prefix``."""
        below = f"{prefix.rstrip('/')}/" if prefix.strip("/") else ""
        return await self._threaded(self._first_below, below) is None

    def _first_below(self, below: str) -> str | None:
        # Empty objects that portals make for folders do not count.
        return next((key for key in self.objects.keys_below(below) if not key.endswith("/")), None)

    # -- writing

    def set_sync(self, key: str, value: Buffer) -> None:
        """As :meth:`set`, for a caller with threads of its own."""
        self._check_writable()
        if not isinstance(value, Buffer):
            raise TypeError(f"{type(self).__name__}.set() wants a Buffer, and this is {type(value).__name__}")
        self.objects[key] = value.as_buffer_like()
        if key.endswith(_SIZED):
            set_zarr_concurrency(self.objects.at_once, value.to_bytes())

    async def set(self, key: str, value: Buffer) -> None:
        """Write an object; the server compares its digest first."""
        await self._threaded(self.set_sync, key, value)

    async def set_if_not_exists(self, key: str, value: Buffer) -> None:
        """Write an object unless it exists. Two writers at once may both write: not every store can refuse one."""
        self._check_writable()
        if not await self.exists(key):
            await self.set(key, value)

    def delete_sync(self, key: str) -> None:
        """As :meth:`delete`, for a caller with threads of its own."""
        self._check_writable()
        self.objects.store.delete(self.objects.prefix + key)

    async def delete(self, key: str) -> None:
        """Delete an object; a missing one is no error."""
        await self._threaded(self.delete_sync, key)

    async def delete_dir(self, prefix: str) -> None:
        """Delete everything below ``prefix``.

        The whole prefix (``mode="w"``) is deleted only if it is a Zarr, else raises :class:`JsobjError` (refused): the
        prefix may be a bucket or folder of other data, named by mistake.
        """
        self._check_writable()
        await self._ensure_open()
        # Not in our pool's threads: they wait for those.
        if not prefix.strip("/"):
            await asyncio.to_thread(self._require_zarr)
        await asyncio.to_thread(self.objects.rmdir, prefix)

    def _require_zarr(self) -> None:
        objects = self.objects
        if self._first_below("") is None or is_zarr(objects.store, objects.prefix):
            return
        place = str(objects.recipe.location).rstrip("/")
        raise JsobjError(
            "would-delete-others",
            f"there are objects at {place}/, and no Zarr: mode 'w' would delete all of them",
            code=ExitCode.REFUSED,
            hint=f"write to a place of its own, such as {place}/NAME.zarr; or if all of it may go: "
            f"jsobj rm -r {shlex.quote(f'{place}/')}",
        )

    async def clear(self) -> None:
        """Delete everything, whatever it is."""
        self._check_writable()
        await self._ensure_open()
        await asyncio.to_thread(self.objects.rmdir)

    # -- listing

    async def list(self) -> AsyncIterator[str]:
        """Every key."""
        async for key in self.list_prefix(""):
            yield key

    async def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        """Every key that begins with ``prefix``."""
        keys = self.objects.keys_below(prefix)
        while page := await self._threaded(lambda: list(itertools.islice(keys, _PAGE))):
            for key in page:
                yield key

    async def list_dir(self, prefix: str) -> AsyncIterator[str]:
        """The names directly below ``prefix``."""
        for name in await self._threaded(self.objects.listdir, prefix):
            yield name
