"""One object: its bytes, compared with its digest; None where it does not exist."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from jsobj.errors import ObjectNotFound
from jsobj.net.body import BytesSink, Room
from jsobj.store.digest_tries import TRIES, until_digest_matches
from jsobj.store.objects import Store
from jsobj.store.values import Got
from jsobj.transfer.compare import DigestComparison, bytes_differ, compare_held, is_damage, object_damaged


class Memory(Room, Protocol):
    """A sink that keeps what it received in ``data``."""

    @property
    def data(self) -> Any:
        """An object with the bytes in its buffer."""
        ...


@dataclass(frozen=True, slots=True)
class ObjectBytes:
    """The ``data`` of a memory. ``by``: what it was compared by: md5, parts, manifest, twice (the same bytes), size."""

    data: Any
    by: str


def fetch(store: Store, key: str, memory: Callable[[], Memory] = BytesSink) -> ObjectBytes | None:
    """The bytes in a new ``memory``; None for an object that does not exist, and only then.

    Raises :class:`JsobjError`: integrity (``bytes-differ``), and what the store raises.
    """
    before: memoryview | None = None

    def attempt(_: int) -> ObjectBytes | None:
        nonlocal before
        sink = memory()
        got = store.get(key, sink)
        data = sink.data
        if len(data) != got.size:  # an empty response overwrites nothing of an earlier, interrupted try
            data = data[: got.size]
        found = _compare(store, got, data)
        if found.same or (found.same is None and not found.suspicious):
            return ObjectBytes(data, found.by)
        if found.same is None and memoryview(data) == before:
            if is_damage(store, got.info):
                raise object_damaged(store, key, "fetched twice; these bytes were not given out")
            return ObjectBytes(data, "twice")  # the parts are of uneven sizes, as some programs make them
        before = memoryview(data)
        return None

    seen = f"fetched {TRIES} times; these bytes were not given out"
    try:
        return until_digest_matches(attempt, lambda: bytes_differ(key, seen))
    except ObjectNotFound:
        return None


def _compare(store: Store, got: Got, data: Any) -> DigestComparison:
    """By the MD5 taken while the bytes arrived; an object in parts, rare for chunks, has other digests."""
    info = got.info
    if got.verified:
        return DigestComparison(same=True, by=got.verified)
    if info.whole_md5:
        return DigestComparison(got.md5 == info.whole_md5, "md5")
    return compare_held(store, info, memoryview(data))
