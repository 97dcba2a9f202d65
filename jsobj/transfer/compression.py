"""Content encodings: gzip (ISA-L), br (Brotli) and zstd, as ``Content-Encoding`` names them.

What is compressed already is passed through: compressing it again would cost time and gain nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from jsobj.errors import EncodingDamaged, JsobjError

ENCODINGS = ("gzip", "br", "zstd")
_READ = 1024 * 1024
_MAGIC = (
    b"\x1f\x8b",  # gzip
    b"\x28\xb5\x2f\xfd",  # zstd
    b"BZh",
    b"\xfd7zXZ\x00",
    b"PK\x03\x04",  # zip, npz, docx
    b"\x89PNG",
    b"\xff\xd8\xff",  # JPEG
    b"7z\xbc\xaf\x27\x1c",
    b"\x02!L\x18",  # lz4 legacy
    b"\x04\x22\x4d\x18",  # lz4
)
_SUFFIXES = (".br", ".mp4", ".webp", ".parquet")  # without a magic number at their start, or with a late one


@dataclass(frozen=True, slots=True)
class Codec:
    """``feed`` takes bytes and gives what is ready; ``end`` gives the rest (or refuses a cut-off stream)."""

    feed: Callable[[bytes | memoryview], bytes]
    end: Callable[[], bytes]


def compressed_already(path: str, head: bytes) -> bool:
    """Whether a file is compressed, by its first bytes (and by its name, where those do not tell)."""
    return head.startswith(_MAGIC) or path.lower().endswith(_SUFFIXES)


def encoder(name: str) -> Codec:
    """A compressor; ``name`` is one of :data:`ENCODINGS`."""
    if name == "gzip":
        from isal import isal_zlib

        made = isal_zlib.compressobj(level=2, wbits=31)
        return Codec(made.compress, made.flush)
    if name == "zstd":
        import zstandard

        squeezer = zstandard.ZstdCompressor(level=3, write_checksum=True).compressobj()
        return Codec(squeezer.compress, squeezer.flush)
    import brotli

    broth = brotli.Compressor(quality=5)
    return Codec(lambda data: bytes(broth.process(bytes(data))), broth.finish)


def decoder(name: str) -> Codec:
    """A decompressor for one whole stream. Its methods raise :class:`JsobjError` (integrity) for a damaged one."""
    if name in {"gzip", "x-gzip"}:
        from isal import isal_zlib

        return _members(lambda: isal_zlib.decompressobj(wbits=31), isal_zlib.error, "gzip")
    if name == "zstd":
        import zstandard

        return _members(lambda: zstandard.ZstdDecompressor().decompressobj(), zstandard.ZstdError, "zstd")
    return _unbrotli()


def decodable(content_encoding: str) -> bool:
    """Whether a ``Content-Encoding`` is one that :func:`decoder` knows."""
    return content_encoding.strip().lower() in {*ENCODINGS, "x-gzip"}


def _members(make: Callable[[], Any], failure: Any, name: str) -> Codec:
    """A decompressor of one or more members in a row (RFC 1952, section 2.2; frames of RFC 8878, section 3.1)."""
    member = make()

    def feed(data: bytes | memoryview) -> bytes:
        nonlocal member
        out, rest = bytearray(), bytes(data)
        while rest:
            if member.eof:
                member = make()
            try:
                out += member.decompress(rest)
            except failure as error:
                raise _damaged(name) from error
            rest = member.unused_data
        return bytes(out)

    def end() -> bytes:
        if not member.eof:
            raise _damaged(name)
        return b""

    return Codec(feed, end)


def _unbrotli() -> Codec:
    import brotli

    made = brotli.Decompressor()

    def feed(data: bytes | memoryview) -> bytes:
        try:
            return bytes(made.process(bytes(data)))
        except brotli.error as error:
            raise _damaged("br") from error

    def end() -> bytes:
        if not made.is_finished():
            raise _damaged("br")
        return b""

    return Codec(feed, end)


def through(codec: Codec, chunks: Iterator[bytes | memoryview]) -> Iterator[bytes]:
    """``chunks`` through a codec."""
    for chunk in chunks:
        if out := codec.feed(chunk):
            yield out
    if out := codec.end():
        yield out


def file_chunks(descriptor: int, size: int) -> Iterator[memoryview]:
    """The first ``size`` bytes of an open file, each piece in the same buffer (use it before asking for the next)."""
    view, done = memoryview(bytearray(_READ)), 0
    while done < size:
        count = os.preadv(descriptor, [view[: size - done]], done)
        if not count:
            return
        done += count
        yield view[:count]


def _damaged(name: str) -> JsobjError:
    what = f"the content says that it is {name}, and cannot be decoded as such"
    return EncodingDamaged(what, hint="fetch it as it is stored: --raw")
