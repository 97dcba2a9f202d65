"""One object whole, compared with its digest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from jsobj.errors import ExitCode, JsobjError
from jsobj.net.body import BytesSink, Room
from jsobj.transfer.compare import Comparison, compare_held, is_md5

if TYPE_CHECKING:
    from jsobj.store.objects import Got, Store

_TRIES = 3  # fetches of an object whose bytes do not have its digest


class Memory(Room, Protocol):
    """A sink that has what came in ``data``."""

    @property
    def data(self) -> Any:
        """Something whose buffer has the bytes."""
        ...


@dataclass(frozen=True, slots=True)
class Fetched:
    """The ``data`` of a memory. ``by`` what it was compared: md5, parts, manifest, twice (the same bytes), or size."""

    data: Any
    by: str


def fetch(store: Store, key: str, memory: Callable[[], Memory] = BytesSink) -> Fetched | None:
    """The bytes in a new ``memory``; None where there is no such object, and only there.

    Raises :class:`JsobjError`: integrity (``bytes-differ``), and whatever the store raises.
    """
    before: memoryview | None = None
    for _ in range(_TRIES):
        sink = memory()
        try:
            got = store.get(key, sink)
        except JsobjError as error:
            if error.reference == "object-not-found":
                return None
            raise
        data = sink.data
        if len(data) != got.size:  # an answer of no bytes overwrites nothing of a try before it that broke off
            data = data[: got.size]
        found = _judged(store, got, data)
        if found.same or (found.same is None and not found.suspicious):
            return Fetched(data, found.by)
        if found.same is None and memoryview(data) == before:
            return Fetched(data, "twice")  # its parts are of uneven sizes, as some programs make them
        before = memoryview(data)
    raise JsobjError(
        "bytes-differ",
        f"{key}: the bytes that arrive do not have the object's digest",
        code=ExitCode.INTEGRITY,
        context=f"fetched {_TRIES} times; these bytes were not given out",
        hint="a proxy on the way may change data: try https, or another network",
    )


def _judged(store: Store, got: Got, data: Any) -> Comparison:
    """By the MD5 that was taken while the bytes came; seldom is a chunk an object in parts, which has others."""
    info = got.info
    if is_md5(info.etag) and not info.large:
        return Comparison(got.md5 == info.etag, "md5")
    return compare_held(store, info, memoryview(data))
