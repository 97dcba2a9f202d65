"""A zip as a stream of bytes: made in one pass over the files, the same bytes each time for the same files.

Members have what a reader needs in their local headers as far as it is known before their bytes: of files that are held
in memory everything, of larger ones a data descriptor follows (APPNOTE 4.3.9). What is written beside the bytes are
names, times, digests, and of the mode only whether the file is a program.
"""

from __future__ import annotations

import hashlib
import os
import stat
import struct
import time
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from jsobj.net.body import source_changed
from jsobj.packing.records import (
    CENTRAL,
    CENTRAL_RECORD,
    DESCRIPTOR,
    DESCRIPTOR64_RECORD,
    DESCRIPTOR_RECORD,
    END,
    END64,
    END64_RECORD,
    END_RECORD,
    EXTRA_HEAD,
    EXTRA_TIMES,
    EXTRA_ZIP64,
    FLAG_DESCRIPTOR,
    FLAG_UTF8,
    LOCAL,
    LOCAL_RECORD,
    LOCATOR,
    LOCATOR_RECORD,
    SMALL16,
    SMALL32,
    STORED,
    ZSTD,
    Member,
)
from jsobj.transfer.compression import compressed_already
from jsobj.transfer.local.local_file import opened, require_same
from jsobj.transfer.local.scan import LocalFile

HELD = 4 * 1024**2  # bytes of a file that is read whole before its header is written
_READ = 1024**2
_LEVEL = 3
_GAIN = 0.95  # what zstd must make of a file's first bytes, else it is stored
_UNIX, _OLD, _NEW, _WITH_ZSTD = 3 << 8, 20, 45, 63  # versions 2.0, 4.5 (Zip64), 6.3 (zstd): APPNOTE 4.4.3.2


@dataclass(frozen=True, slots=True)
class Packed:
    """A file that goes into an archive, and its name there."""

    name: str
    file: LocalFile


@dataclass(slots=True)
class ArchiveWriter:
    """Gives the bytes of an archive of ``files``, which are sorted by name. ``compress``: "" or ``zstd``; ``times``:
    whether the files' times are kept.

    When all of :meth:`chunks` has come, ``members`` are those of the archive, and ``size`` its bytes.
    """

    files: Iterable[Packed]
    compress: str = ""
    times: bool = True
    members: list[Member] = field(default_factory=list)
    size: int = 0
    _central: bytearray = field(default_factory=bytearray)
    _zstd: Any = None

    def __post_init__(self) -> None:
        if self.compress:
            import zstandard

            self._zstd = zstandard.ZstdCompressor(level=_LEVEL)

    def chunks(self) -> Iterator[bytes | memoryview]:
        """The archive, in pieces of which each is used before the next is asked for.

        Raises :class:`JsobjError`: integrity where a file changes while it is read, local where it cannot be read.
        """
        for packed in self.files:
            for piece in self._member(packed):
                self.size += len(piece)
                yield piece
        begin = self.size
        end = bytes(self._central) + _end(len(self.members), begin, len(self._central))
        self.size += len(end)
        yield end

    def _member(self, packed: Packed) -> Iterator[bytes | memoryview]:
        with opened(packed.file) as descriptor:
            mode = 0o755 if os.fstat(descriptor).st_mode & stat.S_IXUSR else 0o644
            if packed.file.size <= HELD:
                yield from self._held(packed, mode, _whole(packed.file, descriptor))
            else:
                yield from self._streamed(packed, mode, descriptor)

    def _held(self, packed: Packed, mode: int, data: bytes) -> Iterator[bytes | memoryview]:
        method, stored = STORED, data
        if self.compress and len(data) > 1 and not compressed_already(packed.file.path, data[:16]):
            squeezed = self._zstd.compress(data)
            if len(squeezed) < len(data):
                method, stored = ZSTD, squeezed
        head = _Head(packed, method, mode, zlib.crc32(data), len(stored), len(data), self.size, self._time(packed))
        local = head.local()
        yield local
        self._keep(head, self.size, hashlib.sha256(data).hexdigest())
        yield stored

    def _streamed(self, packed: Packed, mode: int, descriptor: int) -> Iterator[bytes | memoryview]:
        file, buffer = packed.file, memoryview(bytearray(_READ))
        squeezer = self._squeezer(file, descriptor)
        head = _Head(
            packed, ZSTD if squeezer else STORED, mode, 0, 0, file.size, self.size, self._time(packed), streamed=True
        )
        yield head.local()
        begin, crc, digest, done = self.size, 0, hashlib.sha256(), 0
        while done < file.size:
            count = os.preadv(descriptor, [buffer[: file.size - done]], done)
            if not count:
                raise source_changed(file.path)
            piece = buffer[:count]
            crc, done = zlib.crc32(piece, crc), done + count
            digest.update(piece)
            if squeezer is None:
                yield piece
            elif out := squeezer.compress(piece):
                yield out
        if squeezer is not None:
            yield squeezer.flush()
        require_same(file, descriptor)
        head.crc, head.stored = crc, self.size - begin
        yield head.descriptor()
        self._keep(head, begin, digest.hexdigest())

    def _time(self, packed: Packed) -> int | None:
        return packed.file.mtime_ns if self.times else None

    def _squeezer(self, file: LocalFile, descriptor: int) -> Any:
        """A compressor where the file's first bytes say that it is worth it; else None."""
        if not self.compress:
            return None
        first = os.pread(descriptor, _READ, 0)
        if compressed_already(file.path, first[:16]) or len(self._zstd.compress(first)) > _GAIN * len(first):
            return None
        return self._zstd.compressobj()

    def _keep(self, head: _Head, offset: int, sha256: str) -> None:
        self._central += head.central()
        self.members.append(
            Member(
                head.packed.name, offset, True, head.stored, head.size, head.method, head.crc, sha256, head.modified_ns
            )
        )


@dataclass(slots=True)
class _Head:
    """What local header, descriptor and central directory say of one member. ``streamed``: its CRC comes behind it."""

    packed: Packed
    method: int
    mode: int
    crc: int
    stored: int
    size: int
    offset: int
    modified_ns: int | None = None
    streamed: bool = False

    @property
    def _large(self) -> bool:
        """Whether the local header and the descriptor are those of Zip64: before its bytes are known, to be safe."""
        return self.size >= SMALL32 - (self.size >> 8)

    def _common(self, version: int, crc: int, stored: int, size: int, extra: bytes) -> tuple[Any, ...]:
        flags = FLAG_UTF8 | (FLAG_DESCRIPTOR if self.streamed else 0)
        date, clock = _dos_time(self.modified_ns)
        name = self.packed.name.encode()
        return version, flags, self.method, clock, date, crc, stored, size, len(name), len(extra)

    def _version(self, *, large: bool) -> int:
        return _WITH_ZSTD if self.method == ZSTD else _NEW if large else _OLD

    def local(self) -> bytes:
        """The header before the bytes."""
        extra, sizes = _times(self.modified_ns), (self.crc, self.stored, self.size)
        if self.streamed:
            sizes = 0, 0, 0
        if self._large:
            sizes = sizes[0], SMALL32, SMALL32
            extra = _field(EXTRA_ZIP64, struct.pack("<2Q", 0, 0)) + extra
        values = self._common(self._version(large=self._large), *sizes, extra)
        return LOCAL_RECORD.pack(LOCAL, *values) + self.packed.name.encode() + extra

    def descriptor(self) -> bytes:
        """What follows the bytes of a member that was streamed."""
        record = DESCRIPTOR64_RECORD if self._large else DESCRIPTOR_RECORD
        return record.pack(DESCRIPTOR, self.crc, self.stored, self.size)

    def central(self) -> bytes:
        """The entry of the central directory."""
        values = self.size, self.stored, self.offset
        large = b"".join(struct.pack("<Q", value) for value in values if value >= SMALL32)
        size, stored, offset = (min(value, SMALL32) for value in values)
        extra = (_field(EXTRA_ZIP64, large) if large else b"") + _times(self.modified_ns)
        version = self._version(large=bool(large) or self._large)
        values_of_all = self._common(version, self.crc, stored, size, extra)
        attributes = (stat.S_IFREG | self.mode) << 16
        record = CENTRAL_RECORD.pack(CENTRAL, _UNIX | version, *values_of_all, 0, 0, 0, attributes, offset)
        return record + self.packed.name.encode() + extra


def _end(count: int, begin: int, size: int) -> bytes:
    """What follows the central directory, of Zip64 where a number does not fit into the old record."""
    record = END_RECORD.pack(
        END, 0, 0, min(count, SMALL16), min(count, SMALL16), min(size, SMALL32), min(begin, SMALL32), 0
    )
    if count < SMALL16 and size < SMALL32 and begin < SMALL32:
        return record
    version = _UNIX | _NEW
    large = END64_RECORD.pack(END64, END64_RECORD.size - 12, version, _NEW, 0, 0, count, count, size, begin)
    return large + LOCATOR_RECORD.pack(LOCATOR, 0, begin + size, 1) + record


def _field(kind: int, data: bytes) -> bytes:
    return EXTRA_HEAD.pack(kind, len(data)) + data


def _times(mtime_ns: int | None) -> bytes:
    """The extended timestamp: in UTC, unlike the old fields. Of what does not fit into its 32 bits, nothing."""
    if mtime_ns is None:
        return b""
    seconds = mtime_ns // 10**9
    return _field(EXTRA_TIMES, struct.pack("<Bl", 1, seconds)) if -(2**31) <= seconds < 2**31 else b""


def _dos_time(mtime_ns: int | None) -> tuple[int, int]:
    """Date and time as MS-DOS had them, in UTC so that the bytes are the same everywhere; 1980 to 2107."""
    moment = time.gmtime(max(315532800, min((mtime_ns or 0) // 10**9, 4354819198)))
    date = (moment.tm_year - 1980) << 9 | moment.tm_mon << 5 | moment.tm_mday
    return date, moment.tm_hour << 11 | moment.tm_min << 5 | moment.tm_sec // 2


def _whole(file: LocalFile, descriptor: int) -> bytes:
    """All bytes of a small file. Raises integrity where it changes meanwhile."""
    data = os.read(descriptor, file.size + 1)
    while 0 < len(data) < file.size and (more := os.read(descriptor, file.size - len(data))):
        data += more
    if len(data) != file.size:
        raise source_changed(file.path)
    require_same(file, descriptor)
    return data
