"""The index beside an archive: where each member's bytes begin, and its SHA-256, so that one request reads it.

zstd-compressed lines of JSON. The first is the header: ``schema``, ``archive`` (``size`` and ``etag`` of the one
archive that it is of), ``members`` (how many), ``compress`` (what the archive was asked to be: "" or zstd) and
``columns``. Each of the others is one column, in the header's order, an array with a value for every member, sorted by
the UTF-8 bytes of the names: ``name``, ``offset`` (of the member's bytes in the archive), ``stored`` (bytes there),
``size``, ``method`` (as in the zip: 0, 93), ``crc32`` (a number), ``sha256`` (hexadecimal) and ``modified_ns`` (since
1970, null where no time is kept).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import add
from typing import Any

from jsobj.packing.records import METHODS, Member

SUFFIX = ".index"
SCHEMA = "jsobj.pack-index/1"
MOST = 1024**3  # bytes of an index when it is unpacked: 8 million members
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


def parsed(data: bytes | bytearray) -> Index:
    """Raises :class:`ValueError` for anything that :func:`written` did not make."""
    import zstandard

    try:
        reader = zstandard.ZstdDecompressor(max_window_size=_WINDOW).stream_reader(bytes(data))
        text = reader.read(MOST + 1)
        if len(text) > MOST:
            raise ValueError("it is larger than any index")
        head, *columns = map(json.loads, text.decode().split("\n"))
        if head["schema"] != SCHEMA or tuple(head["columns"]) != _COLUMNS or len(columns) != len(_COLUMNS):
            raise ValueError("it is of another version")
        if any(len(column) != head["members"] for column in columns):
            raise ValueError("its columns are of different lengths")
        archive = head["archive"]
        members = _members(columns, archive["size"])
        return Index(archive["size"], str(archive["etag"]), str(head["compress"]), members)
    except (zstandard.ZstdError, KeyError, TypeError, AttributeError, RecursionError, MemoryError) as error:
        raise ValueError(str(error)) from error


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
    if any(min(each, default=0) < 0 for each in (offsets, stored, sizes, crcs)):
        raise ValueError("a number is below zero")
    if max(map(add, offsets, stored), default=0) > size:
        raise ValueError("a member lies outside of the archive")
    exact = [True] * len(names)
    return tuple(map(Member, names, offsets, exact, stored, sizes, methods, crcs, digests, times))


def _all(values: Sequence[Any], *kinds: type) -> bool:
    return set(map(type, values)) <= set(kinds)
