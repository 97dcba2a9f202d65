"""What comes out of members: never more than they are said to have."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import pytest
import zstandard

from jsobj.errors import BytesDiffer
from jsobj.packing.decode import decoded
from jsobj.packing.records import DEFLATED, STORED, ZSTD, Member

DATA = b"some text, " * 100_000
_PACKER = zlib.compressobj(9, zlib.DEFLATED, -15)
RAW = {
    STORED: DATA,
    DEFLATED: _PACKER.compress(DATA) + _PACKER.flush(),
    ZSTD: zstandard.ZstdCompressor().compress(DATA),
}
METHODS = pytest.mark.parametrize("method", [STORED, DEFLATED, ZSTD])


def member(method: int, size: int = len(DATA), crc: int = zlib.crc32(DATA)) -> Member:
    return Member("name", 0, True, len(RAW[method]), size, method, crc)


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


@METHODS
@pytest.mark.parametrize("size", [1000, 10_000_000])
def test_whole(method: int, size: int) -> None:
    assert b"".join(map(bytes, decoded(member(method), pieces(RAW[method], size), "url"))) == DATA


@METHODS
def test_more_and_less_than_said(method: int) -> None:
    for size in (0, 100, len(DATA) - 1, len(DATA) + 1):
        came: list[int] = []
        with pytest.raises(BytesDiffer):
            came.extend(map(len, decoded(member(method, size), [RAW[method]], "url")))
        assert sum(came) <= size


@METHODS
def test_damaged_or_cut(method: int) -> None:
    raw = RAW[method]
    for wrong in (raw[:-20], raw[:50] + b"\xff\0\xff\0" + raw[54:], b""):
        with pytest.raises(BytesDiffer):
            list(decoded(member(method), [wrong], "url"))


def test_the_sha256_counts_too() -> None:
    with pytest.raises(BytesDiffer, match="SHA-256"):
        list(decoded(member(STORED)._replace(sha256="0" * 64), [DATA], "url"))


@pytest.mark.parametrize("method", [DEFLATED, ZSTD])
def test_a_bomb_takes_no_memory(method: int) -> None:
    """A GiB of zeros in little: a piece at a time comes out, and what is too much is not made."""
    if method == ZSTD:
        bomb = zstandard.ZstdCompressor().compress(bytes(1 << 28))
    else:
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        bomb = packer.compress(bytes(1 << 26)) + packer.flush()
    small = Member("name", 0, True, len(bomb), 1000, method, 0)
    with pytest.raises(BytesDiffer, match="more comes out"):
        list(decoded(small, [bomb], "url"))
