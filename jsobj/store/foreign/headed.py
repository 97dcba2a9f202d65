"""Objects whose names are known, and nothing else: each is looked at, several at a time, in the order of the names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from jsobj.store.values import Listed, ObjectInfo

_WORKERS = 16
_A_HEAP = 64


def headed(names: Iterable[str], look: Callable[[str], Listed]) -> Iterator[Listed]:
    """What ``look`` says of each. The first is looked at alone: often nobody wants another."""
    rest, heap = iter(names), 1
    while some := list(islice(rest, heap)):
        with ThreadPoolExecutor(min(_WORKERS, len(some))) as pool:
            yield from pool.map(look, some)
        heap = _A_HEAP


def as_listed(info: ObjectInfo) -> Listed:
    """What a HEAD says, as a line of a listing."""
    return Listed(info.key, info.size, info.etag, info.modified, md5=info.md5)


def in_bytes(name: str) -> bytes:
    """What the order of names goes by."""
    return name.encode("utf-8", "surrogateescape")
