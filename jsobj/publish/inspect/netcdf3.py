"""NetCDF 3 files (classic, 64-bit offset, 64-bit data) from their header, without a library.

Source: "NetCDF Classic Format Specification" and its extension CDF-5. Values are big-endian; a record variable has its
records apart from each other, each record of the file holding one of every such variable.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jsobj.publish.inspect.bounded import Reader, TooMuch
from jsobj.publish.inspect.contents import Array, Contents, Unreadable, Window
from jsobj.store.values import ObjectInfo

_TYPES = {
    1: ("int8", ">i1"),
    2: ("char", "S1"),
    3: ("int16", ">i2"),
    4: ("int32", ">i4"),
    5: ("float32", ">f4"),
    6: ("float64", ">f8"),
    7: ("uint8", ">u1"),
    8: ("uint16", ">u2"),
    9: ("uint32", ">u4"),
    10: ("int64", ">i8"),
    11: ("uint64", ">u8"),
}
_KINDS = {1: "NetCDF 3", 2: "NetCDF 3 (64-bit offset)", 5: "NetCDF 3 (64-bit data)"}
_DIMENSIONS, _VARIABLES, _ATTRIBUTES = 10, 11, 12
_FIRST, _LARGEST = 64 * 1024, 8 * 1024**2  # bytes of a header that are read: at first, at most
_MOST = 100_000  # things in a list
_RECORDS = 64  # requests for the records of one variable


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a variable begins, in bytes, and how far its records are apart; 0 for one without."""

    begin: int
    apart: int
    code: str


class _Short(Exception):
    """The header is longer than what was read."""


class _Broken(ValueError):
    """No header of NetCDF 3."""


class _Cursor:
    """Reads a header. Lengths are 4 bytes, in CDF-5 8."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 4
        self.version = data[3] if len(data) > 3 and data[:3] == b"CDF" else 0
        if self.version not in _KINDS:
            raise _Broken("it does not begin as a NetCDF 3 file")

    def take(self, size: int) -> bytes:
        padded = size + -size % 4
        if self._at + padded > len(self._data):
            raise _Short
        piece = self._data[self._at : self._at + size]
        self._at += padded
        return piece

    def tag(self) -> int:
        return int.from_bytes(self.take(4), "big")

    def length(self) -> int:
        return int.from_bytes(self.take(8 if self.version == 5 else 4), "big")

    def offset(self) -> int:
        return int.from_bytes(self.take(4 if self.version == 1 else 8), "big")

    def count(self, tag: int) -> int:
        """The length of a list that begins with this tag, or is absent."""
        found, count = self.tag(), self.length()
        if (found, count) != (0, 0) and (found != tag or count > _MOST):
            raise _Broken("its header is damaged")
        return count

    def name(self) -> str:
        return self.take(self.length()).decode("utf-8", "replace")

    def attributes(self) -> dict[str, Any]:
        return {self.name(): self._value() for _ in range(self.count(_ATTRIBUTES))}

    def _value(self) -> Any:
        kind, count = self.tag(), self.length()
        if kind not in _TYPES:
            raise _Broken("its header is damaged")
        code = _TYPES[kind][1]
        data = self.take(count * int(code[-1]))
        if kind == 2:
            return data.decode("utf-8", "replace").rstrip("\0")
        return _numbers(data, code)


def _numbers(data: bytes, code: str) -> Any:
    import struct

    letters = {"i1": "b", "i2": "h", "i4": "i", "i8": "q", "f4": "f", "f8": "d"}
    kind = code[1:]
    letter = letters[kind.replace("u", "i")]
    letter = letter.upper() if kind.startswith("u") else letter
    found = [value for (value,) in struct.iter_unpack(f">{letter}", data)]
    return found[0] if len(found) == 1 else found


def read_header(reader: Reader, info: ObjectInfo) -> tuple[Contents, dict[str, Layout]]:
    """What a file says of itself. Raises :class:`Unreadable` where it is damaged, and what the reader raises."""
    size = _FIRST
    while True:
        data = reader.range(info, 0, size)
        try:
            return _parsed(_Cursor(data), info.size)
        except _Short:
            if size >= info.size or size >= _LARGEST:
                raise Unreadable("its header is cut off" if size >= info.size else "its header is too long") from None
            size *= 8
        except (_Broken, ValueError, KeyError, IndexError, MemoryError) as error:
            raise Unreadable(str(error) if isinstance(error, _Broken) else "its header is damaged") from error


def _parsed(cursor: _Cursor, file_size: int) -> tuple[Contents, dict[str, Layout]]:
    records = cursor.length()
    streaming = records == (2**64 - 1 if cursor.version == 5 else 2**32 - 1)
    sizes = [(cursor.name(), cursor.length()) for _ in range(cursor.count(_DIMENSIONS))]
    attributes = cursor.attributes()
    raw = [_variable(cursor, len(sizes)) for _ in range(cursor.count(_VARIABLES))]
    of_records = [each for each in raw if each[1] and sizes[each[1][0]][1] == 0]
    widths = [_width(each, sizes) for each in of_records]
    # A single record variable is not padded to four bytes.
    apart = widths[0] if len(widths) == 1 else sum(width + -width % 4 for width in widths)
    if streaming:
        first = min((each[4] for each in of_records), default=file_size)
        records = (file_size - first) // apart if apart else 0
    arrays, layouts = [], {}
    for name, numbers, own, kind, begin in raw:
        recorded = bool(numbers) and sizes[numbers[0]][1] == 0
        shape = tuple(sizes[n][1] or records for n in numbers)
        word, code = _TYPES[kind]
        array = Array(
            name,
            tuple(sizes[n][0] for n in numbers),
            shape,
            word,
            int(code[-1]),
            kind != 2,
            pieces=(1, *shape[1:]) if recorded else _rows(shape),
            attributes=own,
        )
        arrays.append(array)
        layouts[name] = Layout(begin, apart if recorded else 0, code)
    declared = {name: size or records for name, size in sizes}
    return Contents(_KINDS[cursor.version], attributes, tuple(arrays), sizes=declared), layouts


_Raw = tuple[str, tuple[int, ...], dict[str, Any], int, int]


def _variable(cursor: _Cursor, dimensions: int) -> _Raw:
    name = cursor.name()
    count = cursor.length()
    if count > 1024:
        raise _Broken("its header is damaged")
    numbers = tuple(cursor.length() for _ in range(count))
    own, kind = cursor.attributes(), cursor.tag()
    cursor.length()  # the size of the variable, which older programs write wrongly
    if kind not in _TYPES or any(n >= dimensions for n in numbers):
        raise _Broken("its header is damaged")
    return name, numbers, own, kind, cursor.offset()


def _width(raw: _Raw, sizes: list[tuple[str, int]]) -> int:
    """Bytes of one record of a variable."""
    return math.prod(sizes[n][1] for n in raw[1][1:]) * int(_TYPES[raw[3]][1][-1])


def _rows(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A part of a variable in one piece can be read by its first dimension; a vector is read whole."""
    return (1, *shape[1:]) if len(shape) > 2 else shape


class NetCdf3Values:
    """The values of a file by ranges."""

    def __init__(self, reader: Reader, info: ObjectInfo, layouts: Mapping[str, Layout]) -> None:
        self._reader = reader
        self._info = info
        self._layouts = layouts

    def read(self, array: Array, window: Window) -> Any:
        """See :class:`jsobj.publish.inspect.contents.Values`."""
        import numpy as np

        layout = self._layouts[array.name]
        dtype = np.dtype(layout.code)
        if not array.shape:
            return np.frombuffer(self._piece(layout.begin, dtype.itemsize), dtype)[0]
        first, inner = window[0], array.shape[1:]
        width = math.prod(inner) * dtype.itemsize
        count = first.stop - first.start
        if not layout.apart:
            data = self._piece(layout.begin + first.start * width, count * width)
        elif count > _RECORDS:
            raise TooMuch("its records are too many")
        else:
            places = range(first.start, first.stop)
            data = b"".join(self._piece(layout.begin + at * layout.apart, width) for at in places)
        inside = (slice(None), *window[1:])
        return np.frombuffer(data, dtype).reshape((count, *inner))[inside]

    def _piece(self, start: int, size: int) -> bytes:
        data = self._reader.range(self._info, start, size)
        if len(data) < size:
            raise Unreadable("the file is shorter than its header says")
        return data
