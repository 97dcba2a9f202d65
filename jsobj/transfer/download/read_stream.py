"""Reading an object in order, for a pipe: a few stretches ahead, checked as they pass.

Where the server tells the MD5 of a stretch, its bytes are given out only after they were compared, and wrong ones are
fetched again. Where it tells only a digest of the whole, wrong bytes are found at the end: the last thing that the
reader gets is then an error. Where the size of another client's parts is certain and the bytes do not give the ETag,
they are read once more to know why.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from jsobj.errors import JsobjError
from jsobj.net.body import BytesSink
from jsobj.net.crc32c import Crc32c
from jsobj.parallel_map import parallel_map
from jsobj.store.digest_tries import TRIES, until_digest_matches
from jsobj.store.etag import composite
from jsobj.store.objects import Store
from jsobj.store.values import PART_SIZE, ObjectInfo, PartDigest
from jsobj.transfer.compare import PartDigests, bytes_differ, is_certain, is_damage, layouts, object_damaged
from jsobj.transfer.download.in_one import in_one
from jsobj.transfer.part_layout import Layout

Piece = TypeVar("Piece", bound="bytes | bytearray")

_STRETCH = 8 * 1024**2  # bytes that are fetched at once where the object's own parts do not say
_LARGEST = 32 * 1024**2  # bytes; larger parts are not held in memory for the sake of their MD5
_AHEAD = 64 * 1024**2  # bytes that are held at most
_WORKERS = 4
_DAMAGED = "they came twice alike; the bytes that were given out are those that are stored"
_GIVEN_OUT = "the bytes that were given out are wrong: throw them away"


class ReadStream:
    """The bytes ``start`` to ``start + size`` of an object, in order; iterate once.

    ``verified`` is set at the end to what was compared: ``md5``, ``sha256``, ``manifest``, ``parts``, ``crc32c``, a
    member's ``crc32``, or "" for nothing (always so where only a range was requested). Raises :class:`JsobjError`:
    integrity (the object changed, or its bytes do not have its digest), and whatever the store raises.

    What is on its way when reading ends early is not waited for. ``stop`` is called then: a caller that has the store
    for itself closes its connections. ``pool``: the caller's threads. ``accept_unverified``: bytes that came twice
    alike are no error (:func:`is_damage`).
    """

    def __init__(
        self,
        store: Store,
        info: ObjectInfo,
        *,
        start: int = 0,
        size: int | None = None,
        stop: Callable[[], None] = lambda: None,
        pool: Executor | None = None,
        accept_unverified: bool = False,
    ) -> None:
        self._store = store
        self._info = info
        self._start = start
        self._size = info.size - start if size is None else size
        self._stop = stop
        self._pool = pool
        self._accept_unverified = accept_unverified
        self.verified = ""

    def __iter__(self) -> Iterator[bytes | bytearray]:
        whole = self._start == 0 and self._size == self._info.size
        if whole and (own := self._store.in_order(self._info)) is not None:
            yield from self._stopped_early(own)
            self.verified = self._info.checksum[0]
            return
        if whole and self._info.sha256:
            yield from self._hashed(hashlib.sha256(), self._info.sha256, "sha256")
            return
        known = self._store.digests(self._info) if whole else None
        if known and max(part.size for part in known) <= _LARGEST:
            yield from (data for data, _ in self._ahead(known, known[0].size))
            self.verified = "md5" if len(known) == 1 else "manifest"
        elif whole and self._info.parts:
            yield from self._in_parts(self._info.etag)
        elif known and len(known) > 1:
            yield from self._by_stretches(known)
        elif whole and self._info.whole_md5:
            yield from self._hashed(hashlib.md5(usedforsecurity=False), self._info.whole_md5, "md5")
        elif whole and self._info.crc32c:
            yield from self._hashed(Crc32c(), self._info.crc32c, "crc32c")
        else:
            yield from self._plain(self._start, self._size)

    def _plain(self, start: int, size: int) -> Iterator[bytearray]:
        """What there is nothing to compare with: in stretches, or as it comes where none can be asked for."""
        if size == self._info.size > _STRETCH and not self._store.in_stretches(self._info):
            yield from self._stopped_early(in_one(self._store, self._info))
            return
        yield from (data for data, _ in self._ahead(_stretches(start, size, _STRETCH), _STRETCH, digest=False))

    def _stopped_early(self, pieces: Iterator[Piece]) -> Iterator[Piece]:
        """The same; ``stop`` is called where they are not read to their end."""
        try:
            yield from pieces
        except BaseException:
            self._stop()
            raise

    def _in_parts(self, etag: str) -> Iterator[bytearray]:
        """In the parts in which it was sent, as far as they are known: their MD5s make the composite ETag."""
        found = list(layouts(self._store, self._info))
        if not found:
            yield from self._plain(0, self._size)
            return
        first, *others = found
        md5s: list[str] = []
        yield from self._parts_hashed(first, md5s)
        if composite(md5s) == etag:
            self.verified = "parts"
        elif self._info.metadata.get(PART_SIZE) == str(first.part_size):  # known, not guessed
            raise bytes_differ(self._info.key, _GIVEN_OUT)
        elif is_certain(self._store, self._info):
            self.verified = self._read_again(etag, first, others, md5s)

    def _parts_hashed(self, layout: Layout, md5s: list[str]) -> Iterator[bytearray]:
        """All bytes; the MD5s of their parts are added to ``md5s``."""
        if layout.part_size <= _LARGEST:
            for data, md5 in self._ahead(_stretches(0, self._size, layout.part_size), layout.part_size):
                md5s.append(md5)  # taken by the thread that fetched it
                yield data
            return
        digests = PartDigests(layout)
        for data in self._plain(0, self._size):
            digests.update(data)
            yield data
        md5s.extend(digests.md5s())

    def _read_again(self, etag: str, first: Layout, others: Sequence[Layout], md5s: list[str]) -> str:
        """What the bytes that were given out were compared by, "" if by nothing; an error where they are wrong."""
        again: list[str] = []
        digests = [PartDigests(layout) for layout in others]
        try:
            for data in self._parts_hashed(first, again):
                for each in digests:
                    each.update(data)
        except JsobjError as error:
            raise bytes_differ(self._info.key, f"they could not be read a second time: {error.message}") from error
        if again != md5s:
            raise bytes_differ(self._info.key, _GIVEN_OUT)
        if any(composite(each.md5s()) == etag for each in digests):
            return "parts"
        if is_damage(self._store, self._info, accept_unverified=self._accept_unverified):
            raise object_damaged(self._store, self._info.key, _DAMAGED)
        return ""

    def _hashed(self, digest: hashlib._Hash | Crc32c, wanted: str, by: str) -> Iterator[bytearray]:
        for data in self._plain(0, self._size):
            digest.update(data)
            yield data
        if digest.hexdigest() != wanted:
            raise bytes_differ(self._info.key, _GIVEN_OUT)
        self.verified = by

    def _by_stretches(self, known: Sequence[PartDigest]) -> Iterator[bytearray]:
        """All bytes; each stretch that is too large to be held is compared once its last byte was given out."""
        ahead = iter(known)
        stretch, digest, room = next(ahead), hashlib.md5(usedforsecurity=False), known[0].size
        for data in self._plain(0, self._size):
            view, good = memoryview(data), True
            while len(view) >= room and good:
                digest.update(view[:room])
                view, good = view[room:], digest.hexdigest() == stretch.md5
                following = next(ahead, None)
                if following is None:
                    break
                stretch, digest, room = following, hashlib.md5(usedforsecurity=False), following.size
            digest.update(view)
            room -= len(view)
            yield data
            if not good:
                raise bytes_differ(self._info.key, _GIVEN_OUT)
        self.verified = "manifest"

    def _ahead(
        self, stretches: Sequence[PartDigest], size: int, *, digest: bool = True
    ) -> Iterator[tuple[bytearray, str]]:
        """Each stretch and its MD5 ("" without ``digest``)."""
        workers = max(1, min(_WORKERS, len(stretches), _AHEAD // (2 * max(1, size))))
        fetch = partial(self._fetch, digest=digest)
        if len(stretches) == 1:
            yield fetch(stretches[0])
            return
        pool = self._pool or ThreadPoolExecutor(workers, thread_name_prefix="stretch")
        try:
            yield from parallel_map(fetch, stretches, workers, stop=self._stop, pool=pool)
        finally:
            if pool is not self._pool:
                pool.shutdown(wait=False)  # a reader within another one cannot stop the store, and has to end with it

    def _fetch(self, stretch: PartDigest, *, digest: bool) -> tuple[bytearray, str]:
        whole = stretch.start == 0 and stretch.size == self._info.size  # also an empty one, of which no range exists
        get = partial(self._store.get, self._info.key, etag=self._info.etag, digest=digest)

        def fetch(number: int) -> tuple[bytearray, str] | None:
            sink = BytesSink()
            try:
                got = get(sink) if whole else get(sink, start=stretch.start, size=stretch.size)
            except JsobjError as error:
                if number == 0:
                    raise
                # A server that has noticed the damage itself may have taken the object away since.
                raise bytes_differ(self._info.key, f"then: {error.message}") from error
            good = got.size == stretch.size and stretch.md5 in {"", got.md5}
            return (sink.data, got.md5) if good else None

        seen = f"fetched {TRIES} times; these bytes were not given out"
        return until_digest_matches(fetch, lambda: bytes_differ(self._info.key, seen))


def _stretches(start: int, size: int, step: int) -> list[PartDigest]:
    """Equal stretches of unknown MD5; one, where there are no bytes at all."""
    return [PartDigest(at, min(step, start + size - at), "") for at in range(start, start + size, step)] or [
        PartDigest(start, 0, "")
    ]
