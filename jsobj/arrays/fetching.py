"""One object whole, compared with its digest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jsobj.errors import ExitCode, JsobjError
from jsobj.store.streams import BytesSink

if TYPE_CHECKING:
    from jsobj.store.objects import Got, ObjectInfo, Store

_TRIES = 3  # fetches of an object whose bytes do not have its digest


def fetch(store: Store, key: str) -> bytearray | None:
    """The bytes; None where there is no such object, and only there.

    Raises :class:`JsobjError`: integrity (``bytes-differ``), and whatever the store raises.
    """
    for _ in range(_TRIES):
        sink = BytesSink()
        try:
            got = store.get(key, sink)
        except JsobjError as error:
            if error.reference == "object-not-found":
                return None
            raise
        data = sink.data
        del data[got.size :]  # what a longer answer that was cut off left behind
        if not _damaged(got):
            return data if _plain(got) or not got.size else _in_parts(store, got.info)
    raise JsobjError(
        "bytes-differ",
        f"{key}: the bytes that arrive do not have the object's digest",
        code=ExitCode.INTEGRITY,
        context=f"fetched {_TRIES} times; these bytes were not given out",
        hint="a proxy on the way may change data: try https, or another network",
    )


def _in_parts(store: Store, info: ObjectInfo) -> bytearray:
    """An object that was sent in parts has a digest of digests, so that it is read in its parts. Seldom a chunk."""
    from jsobj.transfer.reading import Reading

    return bytearray().join(Reading(store, info))


def _plain(got: Got) -> bool:
    """Whether the ETag is the MD5 of the bytes."""
    return not got.info.large and got.info.parts is None


def _damaged(got: Got) -> bool:
    etag = got.info.etag
    return _plain(got) and len(etag) == 32 and got.md5 != etag
