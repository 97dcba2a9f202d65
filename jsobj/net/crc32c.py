"""CRC-32C, the checksum that Google's storage tells of every object: of bytes, of files, and of parts put together.

A CRC finds damage, and is no proof against somebody who means to deceive. Its worth is that the CRC of a whole follows
from those of its parts, in whatever order they come.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from jsobj.errors import BadUsage

EMPTY = "00000000"
_PIECE = 256 * 1024  # bytes that are looked at at once
_POLYNOMIAL = 0x82F63B78  # Castagnoli's, its bits reversed
_ONE = 1 << 31  # x^0: the highest bit is the lowest power


class Crc32c:
    """The CRC-32C of bytes that come in order; as hashlib's objects.

    Raises :class:`BadUsage` where google-crc32c is not installed.
    """

    __slots__ = ("_extend", "_value")

    def __init__(self) -> None:
        try:
            from google_crc32c import extend
        except ImportError as error:
            raise BadUsage(
                "CRC-32C needs a package that is not installed", hint="pip install 'jsobj[clouds]'"
            ) from error
        self._extend = extend
        self._value = 0

    def update(self, data: bytes | bytearray | memoryview) -> None:
        """More bytes."""
        view = memoryview(data)
        for at in range(0, len(view), _PIECE):
            self._value = self._extend(self._value, bytes(view[at : at + _PIECE]))  # it takes nothing else

    def hexdigest(self) -> str:
        """The value as 8 hexadecimal digits."""
        return f"{self._value:08x}"


def crc32c(data: Any) -> str:
    """Of bytes in memory."""
    found = Crc32c()
    found.update(data)
    return found.hexdigest()


def crc32c_of_file(descriptor: int, start: int, size: int) -> str:
    """Of a stretch of an open file; of what there is of it, where the file is shorter. Raises :class:`OSError`."""
    found = Crc32c()
    while size and (data := os.pread(descriptor, min(size, _PIECE), start)):
        found.update(data)
        start, size = start + len(data), size - len(data)
    return found.hexdigest()


def combine(first: str, second: str, size: int) -> str:
    """The CRC-32C of two pieces, of which the second has ``size`` bytes, from theirs.

    Appending n bytes multiplies what came before by x^8n modulo the polynomial over GF(2); source: ``crc32_combine`` of
    zlib 1.3 (crc32.c), with another polynomial.
    """
    return f"{_product(_shift(size), int(first, 16)) ^ int(second, 16):08x}"


def combined(parts: Iterable[tuple[str, int]]) -> str:
    """The CRC-32C of pieces in their order, from the CRC-32C and the size in bytes of each."""
    whole = EMPTY
    for crc, size in parts:
        whole = combine(whole, crc, size)
    return whole


@lru_cache(maxsize=256)  # parts are mostly of one size
def _shift(size: int) -> int:
    """x^(8 * size)."""
    power, found = _ONE >> 8, _ONE  # x^8, x^0
    while size:
        if size & 1:
            found = _product(power, found)
        power, size = _product(power, power), size >> 1
    return found


def _product(a: int, b: int) -> int:
    """a times b modulo the polynomial."""
    found, bit = 0, _ONE
    while bit:
        if a & bit:
            found ^= b
        b = b >> 1 ^ _POLYNOMIAL if b & 1 else b >> 1
        bit >>= 1
    return found
