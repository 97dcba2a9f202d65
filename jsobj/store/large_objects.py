"""Large objects in the listings of Ceph RGW 16, which show the manifest of a Swift SLO instead of the object.

Its size is that of the manifest and its ETag the MD5 of nothing, which no other object has that is not empty. HEAD
has the right values.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from jsobj.errors import ExitCode, JsobjError
from jsobj.net.prefetch import in_passing
from jsobj.store.etag import EMPTY_MD5
from jsobj.store.values import Listed, ObjectInfo


def with_sizes(items: list[Listed], head: Callable[[str], ObjectInfo]) -> list[Listed]:
    """The items, large objects with size and ETag of the object; ``items`` itself is changed."""
    large = [n for n, item in enumerate(items) if item.size and item.etag == EMPTY_MD5]
    if not large:
        return items
    looked_up = in_passing(lambda n: _looked_up(items[n], head), large)
    for n, item in zip(large, looked_up, strict=True):
        items[n] = item
    return items


def _looked_up(item: Listed, head: Callable[[str], ObjectInfo]) -> Listed:
    try:
        info = head(item.key)
    except JsobjError as error:
        if error.code is ExitCode.NOT_FOUND:  # deleted meanwhile
            return item
        raise
    return replace(item, size=info.size, etag=info.etag)


def stuck(url: str, after: str, found: str) -> JsobjError:
    """The error for a listing that does not advance: a server that repeats itself would be listed for ever."""
    return JsobjError(
        "listing-stuck",
        f"the listing of {url} does not advance",
        code=ExitCode.NETWORK,
        context=f"names after {after[:80]!r}, begin with {found[:80]!r}",
        hint="run the same command again; if it stays so, tell the cloud's help desk",
    )
