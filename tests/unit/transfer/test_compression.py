"""Content encodings: what is written is read by others, what others write is read here, and damage is noticed."""

from __future__ import annotations

import gzip
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jsobj.errors import ExitCode, JsobjError
from jsobj.transfer.compression import ENCODINGS, compressed_already, decodable, decoder, encoder, through

TEXT = b"".join(b"temperature %d K\n" % (number % 977) for number in range(50_000))


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


@pytest.mark.parametrize("name", ENCODINGS)
@pytest.mark.parametrize("data", [b"", b"x", TEXT, random.Random(5).randbytes(300_000)])
def test_round_trip_in_any_pieces(name: str, data: bytes) -> None:
    packed = b"".join(through(encoder(name), iter(pieces(data, 65_536))))
    for size in (1 + len(packed), 1000, 7777):
        assert b"".join(through(decoder(name), iter(pieces(packed, size)))) == data


@settings(max_examples=30)
@given(data=st.binary(max_size=2000), cut=st.integers(1, 50))
def test_small_pieces(data: bytes, cut: int) -> None:
    for name in ENCODINGS:
        packed = b"".join(through(encoder(name), iter(pieces(data, cut))))
        assert b"".join(through(decoder(name), iter(pieces(packed, cut)))) == data


def test_gzip_is_read_by_others_and_theirs_by_us() -> None:
    packed = b"".join(through(encoder("gzip"), iter([TEXT])))
    assert gzip.decompress(packed) == TEXT
    assert len(packed) < len(TEXT) / 4
    two_members = gzip.compress(TEXT[:1000]) + gzip.compress(TEXT[1000:])
    assert b"".join(through(decoder("gzip"), iter(pieces(two_members, 999)))) == TEXT


# Brotli has no checksum: a flipped bit in it is found by the object's own digest.
DAMAGES = [
    (name, damage) for name in ENCODINGS for damage in ("cut", "flip", "other") if (name, damage) != ("br", "flip")
]


@pytest.mark.parametrize(("name", "damage"), DAMAGES)
def test_damage_is_an_integrity_error(name: str, damage: str) -> None:
    packed = bytearray(b"".join(through(encoder(name), iter([TEXT]))))
    if damage == "cut":
        del packed[-3:]
    elif damage == "flip":
        packed[len(packed) // 2] ^= 0x55
    else:
        packed = bytearray(b"this is not compressed at all, and long enough to notice")
    with pytest.raises(JsobjError) as caught:
        list(through(decoder(name), iter([bytes(packed)])))
    assert caught.value.code is ExitCode.INTEGRITY


def test_what_is_compressed_is_known_by_its_bytes() -> None:
    assert compressed_already("a.txt", gzip.compress(b"x"))
    assert compressed_already("a.parquet", b"PAR1")
    assert not compressed_already("a.gz", b"plain text")
    assert not compressed_already("a.nc", b"CDF\x01")


def test_names_of_encodings() -> None:
    assert all(decodable(name) for name in (*ENCODINGS, "x-gzip", " GZIP "))
    assert not any(decodable(name) for name in ("", "identity", "aws-chunked", "gzip, br", "deflate"))
