"""Objects whose names are known, and nothing else: each is looked at, several at a time, in the order of the names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from itertools import islice

from jsobj.store.values import Listed, ObjectInfo

_WORKERS = 16
_A_HEAP = 64
_LOOK = 0.5  # seconds


def headed(names: Iterable[str], look: Callable[[str], Listed]) -> Iterator[Listed]:
    """What ``look`` says of each. The first is looked at alone: often nobody wants another.

    Where it ends early, also by Ctrl-C, no other look begins, and those under way are not waited for: whoever has the
    store stops it. Any thread may be the one that lets go of it, also one that looks.
    """
    rest, heap = iter(names), 1
    while some := list(islice(rest, heap)):
        pool = ThreadPoolExecutor(min(_WORKERS, len(some)), thread_name_prefix="look")
        try:
            for found in [pool.submit(look, name) for name in some]:
                while not found.done():
                    wait((found,), _LOOK)  # a signal that came just before it is seen only after it
                yield found.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        heap = _A_HEAP


def as_listed(info: ObjectInfo) -> Listed:
    """What a HEAD says, as a line of a listing."""
    return Listed(info.key, info.size, info.etag, info.modified, md5=info.md5)


def in_bytes(name: str) -> bytes:
    """What the order of names goes by."""
    return name.encode("utf-8", "surrogateescape")
