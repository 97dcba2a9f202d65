"""The index beside an archive: where each member's bytes begin, and its SHA-256, so that one request reads it.

zstd-compressed lines of JSON. The first is the header: ``schema``, ``archive`` (``size`` and ``etag`` of the one
archive that it is of), ``members`` (how many), ``compress`` (what the archive was asked to be: "" or zstd) and
``columns``. Each of the others is one column, in the header's order, an array with a value for every member, sorted by
the UTF-8 bytes of the names: ``name``, ``offset`` (of the member's bytes in the archive), ``stored`` (bytes there),
``size``, ``method`` (as in the zip: 0, 93), ``crc32`` (a number), ``sha256`` (hexadecimal) and ``modified_ns`` (since
1970, null where no time is kept).
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import add
from typing import IO, Any

from jsobj.packing.records import CENTRAL_RECORD, LOCAL_RECORD, METHODS, Member

SUFFIX = ".index"
SCHEMA = "jsobj.pack-index/1"
MOST = 1024**3  # bytes of an index when it is unpacked: 8 million members
_HEAD = 4096  # bytes of its header
_LEAST = LOCAL_RECORD.size + CENTRAL_RECORD.size  # bytes of an archive that a member takes
_WIDEST = len(',"') + 64 + len('"')  # bytes of a value in a column: a digest
_COLUMNS = ("name", "offset", "stored", "size", "method", "crc32", "sha256", "modified_ns")
_LEVEL = 3
_WINDOW = 2**27


@dataclass(frozen=True, slots=True)
class Index:
    """What an index says: the archive that it is of, and its members by name."""

    size: int
    etag: str
    compress: str
    members: tuple[Member, ...]


def written(index: Index) -> bytes:
    """The index object's bytes."""
    import zstandard

    head = {
        "schema": SCHEMA,
        "archive": {"size": index.size, "etag": index.etag},
        "members": len(index.members),
        "compress": index.compress,
        "columns": _COLUMNS,
    }
    columns = ([getattr(member, name) for member in index.members] for name in _COLUMNS)
    lines = [json.dumps(each, ensure_ascii=False, separators=(",", ":")) for each in (head, *columns)]
    return zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).compress("\n".join(lines).encode())


def most(size: int) -> int:
    """Bytes that the index of an archive of ``size`` bytes may have, unpacked or not."""
    return min(MOST, _HEAD + _room(size, size // _LEAST) + (len(_COLUMNS) - 1) * _room(0, size // _LEAST))


def parsed(data: bytes | bytearray, size: int, etag: str) -> Index:
    """The index of the archive with this size and ETag.

    No more of it is unpacked than such an archive can need, and nothing but the header where it is of another one.
    Raises :class:`ValueError` for that, and for anything that :func:`written` did not make.
    """
    import zstandard

    reader = io.BufferedReader(zstandard.ZstdDecompressor(max_window_size=_WINDOW).stream_reader(data))
    try:
        head = json.loads(_line(reader, _HEAD))
        if head["schema"] != SCHEMA or tuple(head["columns"]) != _COLUMNS:
            raise ValueError("it is of another version")
        if (head["archive"]["size"], head["archive"]["etag"]) != (size, etag):
            raise ValueError("it is of another archive")
        count = head["members"]
        if type(count) is not int or not 0 <= count <= size // _LEAST:
            raise ValueError("the archive cannot have so many members")
        columns = [_column(reader, size if name == "name" else 0, count) for name in _COLUMNS]
        if reader.read(1):
            raise ValueError("it has more columns")
        return Index(size, etag, str(head["compress"]), _members(columns, size))
    except (zstandard.ZstdError, KeyError, TypeError, AttributeError, RecursionError, MemoryError) as error:
        raise ValueError(str(error)) from error


def _room(names: int, members: int) -> int:
    """Bytes of a column; of names, which are in the archive twice, as many as it has."""
    return names + members * _WIDEST + len("[]\n")


def _line(reader: IO[bytes], limit: int) -> str:
    line = reader.readline(limit + 1)
    if len(line) > limit:
        raise ValueError("it is larger than the index of this archive can be")
    return line.decode()


def _column(reader: IO[bytes], names: int, count: int) -> list[Any]:
    text = _line(reader, min(MOST, _room(names, count)))
    if not names and text.count(",") >= max(1, count):  # before they are made: many small values take much memory
        raise ValueError("its columns are of different lengths")
    column = json.loads(text)
    if type(column) is not list or len(column) != count:
        raise ValueError("its columns are of different lengths")
    return column


def _members(columns: Sequence[Sequence[Any]], size: int) -> tuple[Member, ...]:
    """The members, all of whose values are what they should be. Raises :class:`ValueError`."""
    names, offsets, stored, sizes, methods, crcs, digests, times = columns
    texts, numbers = (names, digests), columns[1:6]
    if not (all(_all(each, str) for each in texts) and all(_all(each, int) for each in numbers)):
        raise ValueError("a value is of another type")
    if not _all(times, int, type(None)):
        raise ValueError("a value is of another type")
    if any(before >= after for before, after in pairwise(names)):
        raise ValueError("its names are not sorted")
    if any(method not in METHODS for method in set(methods)) or any(len(each) not in {0, 64} for each in digests):
        raise ValueError("a method or a digest is none")
    moments = [each for each in times if each is not None]
    ranges = (*((each, 0, 2**63) for each in (offsets, stored, sizes)), (crcs, 0, 2**32), (moments, -(2**63), 2**63))
    for values, least, end in ranges:
        if min(values, default=0) < least or max(values, default=0) >= end:
            raise ValueError("a number is none that a member can have")
    if max(map(add, offsets, stored), default=0) > size:
        raise ValueError("a member lies outside of the archive")
    exact = [True] * len(names)
    return tuple(map(Member, names, offsets, exact, stored, sizes, methods, crcs, digests, times))


def _all(values: Sequence[Any], *kinds: type) -> bool:
    return set(map(type, values)) <= set(kinds)
