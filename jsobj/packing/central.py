"""The central directory at the end of a zip of any tool, by ranged reads; what it says is hardly believed.

Sizes are upper bounds, and no two members may share bytes. A directory that is not whole is one clear error; a member
that cannot be given out has a fault, and the others are.
"""

from __future__ import annotations

import re
import stat
import struct
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from jsobj.errors import ExitCode, JsobjError
from jsobj.packing.records import (
    CENTRAL,
    CENTRAL_RECORD,
    DEFLATED,
    ENCRYPTED,
    END,
    END64,
    END64_RECORD,
    END_RECORD,
    EXTRA_TIMES,
    EXTRA_UNICODE,
    EXTRA_ZIP64,
    FLAG_ENCRYPTED,
    FLAG_MASKED,
    FLAG_STRONG,
    FLAG_UTF8,
    LOCAL_RECORD,
    LOCATOR,
    LOCATOR_RECORD,
    METHODS,
    OTHER_METHODS,
    SMALL16,
    SMALL32,
    STORED,
    Member,
    extras,
)
from jsobj.store.objects import Store
from jsobj.store.values import ObjectInfo
from jsobj.transfer.download.read_stream import ReadStream
from jsobj.units import human_bytes

_TAIL = 64 * 1024 + END_RECORD.size + LOCATOR_RECORD.size + END64_RECORD.size  # the longest comment, and the records
_MOST = 1024**3  # bytes of a directory
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_UNIX = frozenset({3, 19})  # systems whose attributes are those of Unix: 19 is OS X
_OVERLAPS = "its bytes are those of another member too, as in a Zip bomb"


def archive_damaged(url: str, what: str, context: str = "") -> JsobjError:
    """The error for an archive whose directory cannot be used."""
    return JsobjError(
        "archive-damaged",
        f"{url} cannot be read as a zip: {what}",
        code=ExitCode.INTEGRITY,
        context=context,
        hint="fetch it as it is with jsobj download, and see what zip -FF makes of it; or pack it again",
    )


@dataclass(frozen=True, slots=True)
class Directory:
    """All members of an archive, sorted by name. ``end``: where the bytes of members end."""

    members: tuple[Member, ...]
    end: int


def read_directory(store: Store, info: ObjectInfo) -> Directory:
    """What the central directory of an object says.

    Raises :class:`JsobjError`: integrity (``archive-damaged``), and what the store raises.
    """
    return _Reading(store, info).directory()


def without_overlaps(members: list[Member], end: int) -> tuple[Member, ...]:
    """The same, by name; those that share bytes with another, or with the directory at ``end``, have a fault."""
    by_offset = sorted(range(len(members)), key=lambda number: members[number].offset)
    reach, holder = 0, -1
    for number in by_offset:
        member = members[number]
        if member.offset < reach and holder >= 0:
            for each in (number, holder):
                members[each] = _with_fault(members[each], _OVERLAPS)
        stop = member.offset + member.head + member.stored
        if stop > end:
            members[number] = _with_fault(members[number], "its bytes would end behind the archive's")
        if stop > reach:
            reach, holder = stop, number
    return tuple(sorted(members, key=lambda member: member.name))


def _with_fault(member: Member, fault: str) -> Member:
    return member if member.fault else member._replace(fault=fault)


class _Reading:
    def __init__(self, store: Store, info: ObjectInfo) -> None:
        self._store, self._info = store, info
        self._url = store.place.url(info.key)

    def _bytes(self, start: int, size: int) -> bytes:
        return b"".join(ReadStream(self._store, self._info, start=start, size=size)) if size else b""

    def _damaged(self, what: str, context: str = "") -> JsobjError:
        return archive_damaged(self._url, what, context)

    def directory(self) -> Directory:
        begin = max(0, self._info.size - _TAIL)
        tail = self._bytes(begin, self._info.size - begin)
        at, end = self._end(tail)
        count, size, offset = end
        stop = begin + at
        if SMALL16 in end[:1] or SMALL32 in end[1:]:
            count, size, offset, stop = self._end64(tail, begin, at) or (count, size, offset, stop)
        if size > _MOST or size < count * CENTRAL_RECORD.size:
            raise self._damaged(f"its directory of {count} members cannot have {size} bytes")
        if offset + size < stop:
            strange = stop - offset - size
            raise self._damaged(f"{strange} bytes lie where a zip has none, before its beginning or its end")
        if offset + size > stop:
            raise self._damaged("bytes are missing before its directory: it was cut at its beginning or put together")
        data = tail[offset - begin : stop - begin] if offset >= begin else self._bytes(offset, size)
        return Directory(without_overlaps(self._members(data, count), offset), offset)

    def _end(self, tail: bytes) -> tuple[int, tuple[int, int, int]]:
        """Where the record at the end is, and what it says: members, bytes and place of the directory."""
        at, wrong = len(tail), ""
        while (at := tail.rfind(END, 0, at)) >= 0:
            if at + END_RECORD.size > len(tail):
                continue
            _, disk, first, here, count, size, offset, comment = END_RECORD.unpack_from(tail, at)
            if at + END_RECORD.size + comment == len(tail):
                if {disk, first} - {0, SMALL16} or here != count:
                    raise self._damaged("it is one of several volumes")
                return at, (count, size, offset)
            behind = len(tail) - at - END_RECORD.size
            wrong = wrong or f"its comment is said to have {comment} bytes, and {behind} follow"
        raise self._damaged(wrong or "the directory at its end is missing: it is cut off, or no zip")

    def _end64(self, tail: bytes, begin: int, at: int) -> tuple[int, int, int, int] | None:
        """What the record of Zip64 says, and where it begins; None where there is none."""
        place = at - LOCATOR_RECORD.size
        if place < 0 or not tail.startswith(LOCATOR, place):
            return None
        _, _, where, disks = LOCATOR_RECORD.unpack_from(tail, place)
        if disks > 1:
            raise self._damaged("it is one of several volumes")
        if not 0 <= where <= begin + place - END64_RECORD.size:
            raise self._damaged("its Zip64 record lies outside of it")
        record = tail[where - begin :] if where >= begin else self._bytes(where, END64_RECORD.size)
        if not record.startswith(END64) or len(record) < END64_RECORD.size:
            raise self._damaged("its Zip64 record is not where it should be")
        _, _, _, _, _, _, here, count, size, offset = END64_RECORD.unpack_from(record)
        if here != count:
            raise self._damaged("it is one of several volumes")
        return count, size, offset, where

    def _members(self, data: bytes, count: int) -> list[Member]:
        members = list(self._entries(data))
        if len(members) != count:
            raise self._damaged(f"its directory has {len(members)} members, and should have {count}")
        twice = {name for name, number in Counter(member.name for member in members).items() if number > 1}
        if not twice:
            return members
        first = {member.name: member for member in members}
        fault = "the archive has several members of this name"
        return [member._replace(fault=fault) if name in twice else member for name, member in first.items()]

    def _entries(self, data: bytes) -> Iterator[Member]:
        at = 0
        while at < len(data):
            if not data.startswith(CENTRAL, at) or at + CENTRAL_RECORD.size > len(data):
                raise self._damaged(f"its directory is garbled at byte {at}")
            values = CENTRAL_RECORD.unpack_from(data, at)
            at += CENTRAL_RECORD.size
            name, extra, comment = values[10:13]
            if at + name + extra + comment > len(data):
                raise self._damaged(f"its directory is garbled at byte {at}")
            yield _member(values, data[at : at + name], data[at + name : at + name + extra])
            at += name + extra + comment


def _member(values: tuple[int, ...], raw: bytes, extra: bytes) -> Member:
    _, made, _, flags, method, clock, date, crc, stored, size = values[:10]
    attributes, offset = values[15], values[16]
    fields = dict(extras(extra))
    size, stored, offset = _large(fields.get(EXTRA_ZIP64, b""), size, stored, offset)
    name, fault = _name(raw, flags, made, fields.get(EXTRA_UNICODE, b""))
    fault = fault or _refused(flags, method, stored, size, name)
    if made >> 8 in _UNIX and stat.S_ISLNK(attributes >> 16):
        fault = "it is a symbolic link"
    modified = _time(fields.get(EXTRA_TIMES, b""), date, clock)
    head = LOCAL_RECORD.size + len(raw)
    return Member(name, offset, False, stored, size, method, crc, "", modified, fault, head)


def _large(data: bytes, *values: int) -> tuple[int, ...]:
    """The sizes and the offset, those of Zip64 where the old fields say so (APPNOTE 4.5.3)."""
    found, at = [], 0
    for value in values:
        if value == SMALL32 and at + 8 <= len(data):
            (value,) = struct.unpack_from("<Q", data, at)
            at += 8
        found.append(value)
    return tuple(found)


def _name(raw: bytes, flags: int, made: int, unicode: bytes) -> tuple[str, str]:
    """The name, and what is wrong with it: UTF-8 where the archive says so or a Unix tool has written it as such."""
    if len(unicode) > 5 and unicode[0] == 1 and struct.unpack_from("<L", unicode, 1)[0] == zlib.crc32(raw):
        raw, flags = unicode[5:], FLAG_UTF8
    try:
        return raw.decode(), ""
    except UnicodeDecodeError:
        if flags & FLAG_UTF8:
            return raw.decode("utf-8", "replace"), "its name is said to be UTF-8, and is not"
        return raw.decode("cp437"), ""


def _refused(flags: int, method: int, stored: int, size: int, name: str) -> str:
    if flags & (FLAG_ENCRYPTED | FLAG_STRONG | FLAG_MASKED) or method == ENCRYPTED:
        return "it is encrypted"
    if method not in METHODS:
        return f"it is compressed by {OTHER_METHODS.get(method, 'an unknown method')} (method {method})"
    if method == STORED and stored != size:
        return f"it is said to have {size} bytes, and is stored as {stored}"
    if method == DEFLATED and size > 1100 * (stored + 1):
        return f"{human_bytes(size)} cannot come out of {stored} bytes"
    return name_fault(name)


def name_fault(name: str) -> str:
    """Why a member cannot have this name, beside what no path may be; "" where it can."""
    if _DRIVE.match(name):
        return "it begins with the letter of a drive, which would lead out of a folder on Windows"
    if "\0" in name:
        return "its name contains a NUL"
    try:
        name.encode()
    except UnicodeEncodeError:
        return "its name is not valid UTF-8"
    return ""


def _time(extra: bytes, date: int, clock: int) -> int | None:
    """When the file was changed, in ns since 1970: in UTC where the archive says so, else this computer's time."""
    if len(extra) >= 5 and extra[0] & 1:
        return int(struct.unpack_from("<l", extra, 1)[0]) * 10**9
    year, month, day = (date >> 9) + 1980, date >> 5 & 15, date & 31
    if not (1 <= month <= 12 and 1 <= day <= 31) or (year, month, day, clock) == (1980, 1, 1, 0):
        return None
    try:
        return int(time.mktime((year, month, day, clock >> 11, clock >> 5 & 63, clock % 32 * 2, 0, 0, -1))) * 10**9
    except (OverflowError, ValueError):
        return None
