"""Files of the filesystem: an object that is read or written."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from fsspec.spec import AbstractBufferedFile

from jsobj.fs.operations import refuse_existing, translate_not_found
from jsobj.fs.reader import StreamCache, fetch_range
from jsobj.fs.with_body import failing_bodies
from jsobj.fs.writer import ObjectWriter
from jsobj.net.body import BytesSource
from jsobj.store.values import PART_SIZE as LAYOUT
from jsobj.store.values import ObjectInfo, PutOptions
from jsobj.transfer.download.read_stream import ReadStream
from jsobj.transfer.local.local_file import content_type
from jsobj.transfer.part_layout import PART_SIZE

if TYPE_CHECKING:
    from jsobj.fs.filesystem import ObjectFileSystem

_LINE_BLOCK = 64 * 1024  # bytes that are searched at once for the end of a line
_FLUSH_SIZE = 4 * 1024**2  # bytes that are buffered before they are passed to the sender


class ObjectFile(AbstractBufferedFile):  # type: ignore[misc]  # to the type checker, fsspec's classes are anything
    """One object as a binary file.

    Reads the version that existed when it was opened. Writing makes the object when the file is closed; if the body of
    its ``with`` raises, there is no new object and the old one stays, also where the file is wrapped (text,
    compression, ``fsspec.open``). ``block_size`` in bytes: of fsspec's own caches, and the smallest part of a large
    object.
    """

    def __init__(
        self,
        fs: ObjectFileSystem,
        path: str,
        mode: str,
        info: ObjectInfo | None,
        block_size: int | None = None,
        autocommit: bool = True,
        cache_type: str = StreamCache.name,
        cache_options: dict[str, Any] | None = None,
        content_type: str = "",
        **kwargs: Any,
    ) -> None:
        self._info = info
        self._place = fs.place(path)
        self._objects = fs.objects(path)
        self._pid = os.getpid()
        self._bodies = failing_bodies()
        ours = cache_type == StreamCache.name
        size = info.size if info is not None and mode == "rb" else None
        super().__init__(
            fs,
            path,
            mode,
            block_size or "default",
            autocommit,
            "none" if ours else cache_type,
            None if ours else cache_options,
            size,
            **kwargs,
        )
        self._part_size = max(PART_SIZE, block_size or 0)
        self._content_type = content_type
        self._writer: ObjectWriter | None = None
        self._last = b""  # the buffer when the file was closed
        if mode == "rb" and ours:
            assert info is not None
            self.cache = StreamCache(self._objects, info)
        if mode != "rb":
            self.blocksize = _FLUSH_SIZE
        if mode == "ab" and info is not None:
            self.loc = info.size

    # -- reading

    def _fetch_range(self, start: int, end: int) -> bytes:
        """For fsspec's own caches."""
        assert self._info is not None
        with translate_not_found(self.full_name):
            return fetch_range(self._objects.store, self._info, max(0, start), min(end, self._info.size))

    def readline(self, size: int | None = -1) -> bytes:
        """One line, at most ``size`` bytes of it."""
        line: bytes = self.readuntil(b"\n", blocks=_LINE_BLOCK)
        if size is not None and 0 <= size < len(line):
            self.seek(size - len(line), 1)
            return line[:size]
        return line

    # -- writing

    def _upload_chunk(self, final: bool = False) -> bool:
        chunk = self.buffer.getvalue()
        if final:
            self._last = chunk
            if self.autocommit:
                self.commit()
        else:
            with translate_not_found(self.full_name):
                self._sender().write(chunk)
        return True

    def _sender(self) -> ObjectWriter:
        if self._writer is None:
            self._writer = ObjectWriter(
                self._objects.store, self._place.key, self._options(), self._part_size, self._head()
            )
        return self._writer

    def _head(self) -> Iterable[bytes | bytearray]:
        return ReadStream(self._objects.store, self._info) if self.mode == "ab" and self._info is not None else ()

    def _options(self) -> PutOptions:
        if self.mode == "ab" and self._info is not None:
            kept = {name: text for name, text in self._info.metadata.items() if name != LAYOUT}
            return self._info.kept(kept)
        return PutOptions(self._content_type or content_type(self._place.key))

    def commit(self) -> None:
        """Make the object. Raises ``FileExistsError`` in mode "x" if it was made meanwhile."""
        if self.mode == "xb":
            try:
                refuse_existing(self._place, self._objects.store)
            except FileExistsError:
                self.discard()
                raise
        last, self._last = self._last, b""
        with translate_not_found(self.full_name):
            if self._writer is None and not self._head():  # a small object: one request, no thread
                self._objects.store.put(self._place.key, BytesSource(last), self._options())
            else:
                writer = self._sender()
                writer.write(last)
                writer.finish()
        self.fs.changed(self.path)

    def discard(self) -> None:
        """Make no object."""
        self._last = b""
        if self._writer is not None:
            self._writer.discard()

    def close(self) -> None:
        """Make the object, unless the body of a ``with`` raised since the file was opened."""
        if self.writable() and (self._pid != os.getpid() or failing_bodies() - self._bodies):
            self.abandon()
        super().close()

    def abandon(self) -> None:
        """Close a written file without making the object. A forked child leaves the parent's upload alone."""
        self.forced = True  # nothing is flushed
        if self._pid == os.getpid():
            self.discard()
        super().close()


def close_with(wrapper: Any, file: ObjectFile) -> None:
    """Make ``wrapper`` close ``file`` too: compressors do not close what they write to."""
    close = wrapper.close

    def close_both() -> None:
        try:
            close()
        except BaseException:
            file.abandon()
            raise
        file.close()

    with suppress(AttributeError):  # a class written in C: the file is closed when it is collected
        wrapper.close = close_both


class AsyncObjectFile:
    """An :class:`ObjectFile` for coroutines: each call runs in a thread."""

    def __init__(self, file: ObjectFile) -> None:
        self._file = file
        self.path = file.path
        self.mode = file.mode
        self.size = getattr(file, "size", None)

    async def read(self, length: int = -1) -> bytes:
        """Up to ``length`` bytes; the rest with -1."""
        data: bytes = await asyncio.to_thread(self._file.read, length)
        return data

    async def write(self, data: bytes) -> int:
        """Write bytes; their number."""
        count: int = await asyncio.to_thread(self._file.write, data)
        return count

    async def flush(self, force: bool = False) -> None:
        """Send full parts."""
        await asyncio.to_thread(self._file.flush, force)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Seek, in an object that is read."""
        return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        """The position."""
        return int(self._file.tell())

    async def close(self) -> None:
        """Make the object that was written."""
        await asyncio.to_thread(self._file.close)

    async def __aenter__(self) -> AsyncObjectFile:
        return self

    async def __aexit__(self, kind: object, *error: object) -> None:
        abandoned = kind is not None and self._file.writable()
        await asyncio.to_thread(self._file.abandon if abandoned else self._file.close)
