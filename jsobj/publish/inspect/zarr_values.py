"""Values of a Zarr's arrays through zarr-python, from a reader that ends: only the chunks of a window are fetched."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from typing import Any

import zarr
from zarr.abc.store import ByteRequest, OffsetByteRequest, RangeByteRequest, Store, SuffixByteRequest
from zarr.core.buffer import Buffer, BufferPrototype

from jsobj.errors import JsobjError
from jsobj.publish.inspect.bounded import Reader, TooMuch
from jsobj.publish.inspect.contents import Array, Unreadable, Window
from jsobj.publish.inspect.zarr_metadata import Tree


class ZarrValues:
    """The arrays of a Zarr below ``prefix``, whose metadata were read already."""

    def __init__(self, reader: Reader, prefix: str, tree: Tree) -> None:
        self._store = _BoundedStore(reader, prefix, tree)
        self._format = tree.format

    def read(self, array: Array, window: Window) -> Any:
        """See :class:`jsobj.publish.inspect.contents.Values`."""
        try:
            opened = zarr.open_array(store=self._store, path=array.name, mode="r", zarr_format=self._format)
            return opened[window]
        except (JsobjError, TooMuch):
            raise
        except Exception as error:
            raise Unreadable(f"zarr-python cannot read it ({type(error).__name__})") from error


class _BoundedStore(Store):
    """Objects for zarr-python: only to be read. Its metadata are those that are known."""

    supports_writes = False
    supports_deletes = False
    supports_listing = False

    def __init__(self, reader: Reader, prefix: str, tree: Tree) -> None:
        super().__init__(read_only=True)
        self._reader = reader
        self._prefix = prefix
        self._tree = tree

    def __eq__(self, other: object) -> bool:
        return self is other

    def with_read_only(self, read_only: bool = False) -> _BoundedStore:
        """This one."""
        return self

    async def get(self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None) -> Buffer | None:
        """The bytes of a key, or a range of them; None only for a missing object."""
        data = await asyncio.to_thread(self._get, key, byte_range)
        return None if data is None else prototype.buffer.from_bytes(data)

    def _get(self, key: str, wanted: ByteRequest | None) -> bytes | None:
        if key in self._tree.documents:
            return json.dumps(self._tree.documents[key]).encode()
        if wanted is None:
            return self._reader.whole(self._prefix + key)
        info = self._reader.info(self._prefix + key)
        if info is None:
            return None
        match wanted:
            case RangeByteRequest(start, end):
                return self._reader.range(info, start, end - start)
            case OffsetByteRequest(start):
                return self._reader.range(info, start, info.size)
            case SuffixByteRequest(suffix):
                return self._reader.range(info, max(0, info.size - suffix), suffix)
            case _:
                raise ValueError(f"Unexpected byte_range, got {wanted}.")

    async def get_partial_values(
        self, prototype: BufferPrototype, key_ranges: Iterable[tuple[str, ByteRequest | None]]
    ) -> list[Buffer | None]:
        """Several ranges, in their order."""
        return list(await asyncio.gather(*(self.get(key, prototype, wanted) for key, wanted in key_ranges)))

    async def exists(self, key: str) -> bool:
        """Whether there is such an object."""
        return key in self._tree.documents or self._reader.info(self._prefix + key) is not None

    async def set(self, key: str, value: Buffer) -> None:
        """Never."""
        self._check_writable()

    async def delete(self, key: str) -> None:
        """Never."""
        self._check_writable()

    async def list(self) -> AsyncIterator[str]:
        """Nothing: nobody has to list to read a window."""
        for key in tuple[str, ...]():
            yield key

    async def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        """Nothing."""
        for key in tuple[str, ...]():
            yield key

    async def list_dir(self, prefix: str) -> AsyncIterator[str]:
        """Nothing."""
        for key in tuple[str, ...]():
            yield key
