"""The bytes of a member from those that lie in the archive: never more than it is said to have, and compared."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any, TypeAlias, cast

from jsobj.errors import BytesDiffer
from jsobj.packing.records import DEFLATED, ZSTD, Member

_PIECE = 1024**2  # bytes
_WINDOW = 2**27  # bytes that zstd may want to look back

Chunk: TypeAlias = bytes | bytearray | memoryview


def member_differs(url: str, what: str) -> BytesDiffer:
    """The error for a member that is not what the archive says."""
    return BytesDiffer(
        f"{url}: {what}",
        context="bytes of it that were given out are wrong: throw them away",
        hint="fetch it again; if it stays so, the archive itself is damaged: pack it again from its source",
    )


def decoded(member: Member, chunks: Iterable[Chunk], url: str) -> Iterator[Chunk]:
    """The file's bytes. Raises :class:`BytesDiffer`, at the latest at the end, where they are not the member's."""
    digest, crc, size = hashlib.sha256() if member.sha256 else None, 0, 0
    step = min(_PIECE, member.size + 1)  # bytes that come out at once at most
    for piece in _DECODERS.get(member.method, _stored)(chunks, url, step):
        if size + len(piece) > member.size:
            raise member_differs(url, f"more comes out of it than the {member.size} bytes that it is said to have")
        size, crc = size + len(piece), zlib.crc32(piece, crc)
        if digest is not None:
            digest.update(piece)
        yield piece
    if size != member.size:
        raise member_differs(url, f"{size} bytes come out of it, and it is said to have {member.size}")
    if crc != member.crc32:
        raise member_differs(url, "its bytes do not have its CRC-32")
    if digest is not None and digest.hexdigest() != member.sha256:
        raise member_differs(url, "its bytes do not have its SHA-256")


def _stored(chunks: Iterable[Chunk], url: str, step: int) -> Iterator[Chunk]:
    yield from chunks


def _inflated(chunks: Iterable[Chunk], url: str, step: int) -> Iterator[Chunk]:
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for chunk in chunks:
            rest: Chunk = chunk
            while len(rest) and not engine.eof:
                if out := engine.decompress(rest, step):
                    yield out
                rest = engine.unconsumed_tail
        while not engine.eof and (out := engine.decompress(engine.unconsumed_tail, step)):
            yield out
    except zlib.error as error:
        raise member_differs(url, f"it cannot be unpacked ({error})") from error
    if not engine.eof:
        raise member_differs(url, "its compressed bytes end too early")


def _unzstd(chunks: Iterable[Chunk], url: str, step: int) -> Iterator[Chunk]:
    import zstandard

    engine = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
    try:
        # A reader that is asked for so many bytes gives no more, however well they were packed.
        with engine.stream_reader(
            cast("IO[bytes]", _File(chunks)), read_size=_PIECE, read_across_frames=True
        ) as reader:
            while out := reader.read(step):
                yield out
    except zstandard.ZstdError as error:
        raise member_differs(url, f"it cannot be unpacked ({error})") from error


class _File:
    """Chunks as what zstandard reads from."""

    def __init__(self, chunks: Iterable[Chunk]) -> None:
        self._chunks = iter(chunks)
        self._rest = memoryview(b"")

    def read(self, size: int) -> bytes:
        """The next bytes, ``size`` at most."""
        if not self._rest:
            self._rest = memoryview(next(self._chunks, b""))
        out, self._rest = bytes(self._rest[:size]), self._rest[size:]
        return out


_DECODERS: dict[int, Callable[[Iterable[Chunk], str, int], Iterator[Any]]] = {DEFLATED: _inflated, ZSTD: _unzstd}
