"""Whether local bytes are those of an object, by the digests that the object has.

A plain object's ETag is the MD5 of its bytes. A multipart object's is the MD5 of its parts' MD5s, which tells nothing
until the size of the parts is known: it is read from our own metadata, requested from the server, or one of
the usual sizes whose number of parts fits. A Swift large object's manifest lists each segment's MD5. Of what Google
has put together from parts there is a CRC-32C alone.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from jsobj.errors import BytesDiffer
from jsobj.net.crc32c import crc32c, crc32c_of_file
from jsobj.net.md5.streams import Md5, hash_file, md5
from jsobj.store.etag import candidates, composite, only_usual
from jsobj.store.objects import Store
from jsobj.store.values import PART_SIZE, UNEVEN, ObjectInfo, StorePlace
from jsobj.transfer.compression import file_chunks
from jsobj.transfer.part_layout import Layout


def bytes_differ(
    key: str, seen: str, hint: str = "a proxy on the way may change data: try https, or another network"
) -> BytesDiffer:
    """The error; ``seen``: how often they were fetched, and what became of them."""
    return BytesDiffer(f"{key}: the bytes that arrive do not have the object's digest", context=seen, hint=hint)


def came_wrong(place: StorePlace, key: str, seen: str, came: str = "", *, acceptable: bool = False) -> BytesDiffer:
    """The same of what was fetched more than once, where a list may have promised the digest. ``came``: what was found.

    ``acceptable``: the same bytes came each time, and only a layout that is guessed speaks against them. Against a
    digest that is known, ``--accept-unverified`` does nothing.
    """
    if promised := place.promised(key):
        sentence = f"{key}: the list says {promised}, and what came has {came or 'another one'}"
        return BytesDiffer(sentence, context=seen, hint="correct the list, or fetch it without the digest")
    hint = "nothing was kept; a proxy on the way may change data: try https, or another network"
    if acceptable:
        hint = "nothing was kept; the object itself may be damaged: --accept-unverified keeps what comes"
    return bytes_differ(key, seen, hint)


@dataclass(frozen=True, slots=True)
class DigestComparison:
    """``same`` is None where nothing could be compared. ``by``: ``md5``, ``sha256``, ``parts``, ``manifest``,
    ``crc32c``, ``size``, or a member's ``crc32``.

    ``suspicious``: sizes of parts fit the number of parts, but not the ETag. Either the parts are of uneven sizes, as
    some clients make them, or the bytes are wrong; only bytes that came a second time tell the two apart.
    ``came``: the digest of all bytes that were compared, where it is one.
    """

    same: bool | None
    by: str
    suspicious: bool = False
    came: str = ""


def md5_of(descriptor: int, start: int, size: int) -> str:
    """The MD5 of a stretch of an open file; of what there is of it, where the file is shorter."""
    return _hashed(md5(size), descriptor, start, size).hexdigest()


def hashed(descriptor: int, start: int, size: int) -> Md5:
    """The same, to go on with."""
    return _hashed(md5(), descriptor, start, size)


def _hashed(digest: Md5, descriptor: int, start: int, size: int) -> Md5:
    hash_file(digest, descriptor, start, max(0, min(size, os.fstat(descriptor).st_size - start)))
    return digest


def layouts(store: Store, info: ObjectInfo) -> Iterator[Layout]:
    """The ways in which a multipart object can have been cut, the likeliest first."""
    recorded = info.metadata.get(PART_SIZE, "")
    if recorded == UNEVEN:
        return
    known = int(recorded) if recorded.isascii() and recorded.isdigit() and len(recorded) < 16 else 0
    first = 0 if known else store.part_size(info, 1)
    for size in candidates(info.size, info.parts or 1, known, first):
        yield Layout(info.size, size)


def is_certain(store: Store, info: ObjectInfo) -> bool:
    """Whether a multipart object's layout is beyond doubt, although it is not recorded: then its ETag tells damage.

    It is where the server reports the first and the last part, and they are those of equal parts that make the number
    of parts; else where the number leaves room for one whole MiB only, which is a usual size. Few parts of a size that
    the server does not report leave it open: some clients use odd sizes, or uneven parts.
    """
    if not info.parts or info.parts == 1 or info.metadata.get(PART_SIZE) == UNEVEN:
        return info.parts == 1
    first = store.part_size(info, 1)
    if first:
        layout = Layout(info.size, first)
        return layout.count == info.parts and store.part_size(info, info.parts) == layout.part(info.parts).size
    return only_usual(info.size, info.parts)


def is_damage(store: Store, info: ObjectInfo, *, accept_unverified: bool = False) -> bool:
    """The rule of all readers for bytes that came twice alike, and that do not give the ETag in any usual layout."""
    return not accept_unverified and is_certain(store, info)


def object_damaged(store: Store, key: str, seen: str) -> BytesDiffer:
    """The error where :func:`is_damage`, of a reader that keeps nothing; ``seen`` as in :func:`bytes_differ`."""
    named = f"{shlex.quote(store.place.url(key))}{store.place.at}"
    return bytes_differ(
        key,
        seen,
        f"the object itself may be damaged; to keep what comes: jsobj download --accept-unverified {named} FILE",
    )


class PartDigests:
    """The MD5s of the parts of a layout, from bytes that come in order."""

    def __init__(self, layout: Layout) -> None:
        self._size = layout.part_size
        self._done: list[str] = []
        self._begin()

    def _begin(self) -> None:
        self._digest, self._room = hashlib.md5(usedforsecurity=False), self._size

    def update(self, data: bytes | bytearray | memoryview) -> None:
        """Take the next bytes."""
        view = memoryview(data)
        while len(view):
            if not self._room:
                self._done.append(self._digest.hexdigest())
                self._begin()
            piece = view[: self._room]
            self._digest.update(piece)
            self._room -= len(piece)
            view = view[len(piece) :]

    def md5s(self) -> list[str]:
        """Of the parts so far; the last one may have begun only."""
        return [*self._done, self._digest.hexdigest()]


def compare(store: Store, info: ObjectInfo, descriptor: int) -> DigestComparison:
    """Compare an open file with an object. Sizes first; then the digest that the object has."""
    if os.fstat(descriptor).st_size != info.size:
        return DigestComparison(False, "size")
    by, value = info.checksum
    if by:
        return _against(value, _checksum(by, file_chunks(descriptor, info.size)), by)
    found = _compare(store, info, partial(md5_of, descriptor), lambda: crc32c_of_file(descriptor, 0, info.size))
    if found.same and info.large and not store.is_whole(info):
        return DigestComparison(False, "a segment is gone")
    return found


def compare_held(store: Store, info: ObjectInfo, data: memoryview) -> DigestComparison:
    """The same for bytes in memory."""
    if len(data) != info.size:
        return DigestComparison(False, "size")
    by, value = info.checksum
    if by:
        return _against(value, _checksum(by, (data,)), by)

    def md5_at(start: int, size: int) -> str:
        return hashlib.md5(data[start : start + size], usedforsecurity=False).hexdigest()

    return _compare(store, info, md5_at, lambda: crc32c(data))


def _against(known: str, came: str, by: str) -> DigestComparison:
    return DigestComparison(came == known, by, came=came)


def _checksum(name: str, chunks: Iterable[memoryview]) -> str:
    """``sha256`` or ``crc32`` of bytes, as :attr:`jsobj.store.values.ObjectInfo.checksum` has it."""
    if name == "sha256":
        digest = hashlib.sha256()
        for chunk in chunks:
            digest.update(chunk)
        return digest.hexdigest()
    crc = 0
    for chunk in chunks:
        crc = zlib.crc32(chunk, crc)
    return f"{crc:08x}"


def _compare(
    store: Store, info: ObjectInfo, md5_at: Callable[[int, int], str], whole_crc32c: Callable[[], str]
) -> DigestComparison:
    if (known := store.digests(info)) is not None:
        if len(known) == 1:
            return _against(known[0].md5, md5_at(known[0].start, known[0].size), "md5")
        return DigestComparison(all(md5_at(part.start, part.size) == part.md5 for part in known), "manifest")
    if info.crc32c:
        return DigestComparison(whole_crc32c() == info.crc32c, "crc32c")
    if info.parts is None:
        return DigestComparison(None, "size")
    guessed = False
    for layout in layouts(store, info):
        if composite(md5_at(part.start, part.size) for part in layout) == info.etag:
            return DigestComparison(True, "parts")
        if info.metadata.get(PART_SIZE) == str(layout.part_size):
            return DigestComparison(False, "parts")  # the layout is known, not guessed
        guessed = True
    return DigestComparison(None, "size", suspicious=guessed)
