"""What somebody without a login gets from a bucket: asked, not concluded from what was set."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from urllib.parse import quote

from jsobj.errors import JsobjError
from jsobj.store.links.public_look import PublicLook, PublicServer
from jsobj.store.objects import Store

_SECONDS = 5.0  # for which a server's front ends may still know what was before
_PAUSE = 0.5
_REFUSED = frozenset({401, 403})
_LOOKED_AT = 20  # objects


@dataclass(frozen=True, slots=True)
class AnonymousView:
    """The HTTP statuses of two requests without a login. ``url``: the bucket's, without a slash at its end.

    ``dialect``: of this URL, ``s3`` or ``swift``. ``object``: of the sample, None where there was none to ask for;
    ``listing``: of what is below the prefix.
    """

    dialect: str
    url: str
    object: int | None
    listing: int

    @property
    def reads(self) -> bool:
        """Whether anything could be read."""
        return self.object == 200 or self.listing == 200

    @property
    def refused(self) -> bool:
        """Whether both were refused for want of a login; an object that is not there may be "not found"."""
        return self.listing in _REFUSED and self.object in {*_REFUSED, 404, None}

    @property
    def unknown(self) -> bool:
        """Whether the server knows no such bucket by this URL."""
        return self.listing == 404 and self.object in {404, None}

    def of(self, key: str) -> str:
        """The URL of an object or a folder."""
        return f"{self.url}/{quote(key)}"


def sample_of(store: Store, prefix: str) -> str:
    """The key of an object below ``prefix`` to ask for, "" for none: not one in segments, where there is another."""
    listed = [item.key for item in islice(store.list(prefix), _LOOKED_AT) if not item.key.endswith("/")]
    return next((key for key in listed if not _large(store, key)), listed[0] if listed else "")


def _large(store: Store, key: str) -> bool:
    try:
        return store.head(key).large
    except JsobjError:  # a policy may forbid reading to its own owner
        return False


def looked_at(
    server: PublicServer, bucket: str, prefix: str, sample: str, good: Callable[[AnonymousView], bool]
) -> tuple[AnonymousView, ...]:
    """Every URL form of the bucket as it is seen without a login, asked again for five seconds where it is not good.

    ``sample``: the key of an object there, "" for none. Raises :class:`jsobj.errors.JsobjError` (network).
    """
    end = time.monotonic() + _SECONDS
    with contextlib.closing(PublicLook(server, bucket)) as look:
        while True:
            views = tuple(_view(look, prefix, sample))
            if all(map(good, views)) or time.monotonic() > end:
                return views
            time.sleep(_PAUSE)


def _view(look: PublicLook, prefix: str, sample: str) -> list[AnonymousView]:
    views = []
    for way in look.ways():
        dialect = "swift" if way.account and way.url.startswith(f"{way.account}/") else "s3"
        query = f"prefix={quote(prefix, safe='')}"
        listing = f"{way.url}/?limit=1&{query}" if dialect == "swift" else f"{way.url}?max-keys=1&{query}"
        status = look.status(f"{way.url}/{quote(sample)}") if sample else None
        views.append(AnonymousView(dialect, way.url, status, look.status(listing, method="GET")))
    # Where each project has bucket names of its own, the S3 endpoint knows none of this name alone.
    return [view for view in views if not view.unknown] or views
