"""What somebody without a login gets of a page and of what is beside it: asked before and after it is written."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from queue import SimpleQueue
from urllib.parse import quote

from jsobj.errors import ExitCode, JsobjError
from jsobj.net.client import MAX_BODY
from jsobj.parallel_map import parallel_map
from jsobj.store.links.public_look import PublicContainer, PublicLook, PublicServer

_SECONDS = 5.0  # for which a server's front ends may still know what was before
_PAUSE = 0.5
_LOOKS = 8  # connections
_REFUSED = frozenset({401, 403})


@dataclass(frozen=True, slots=True)
class Way:
    """A way in. ``dialect`` of its URL: ``s3`` or ``swift``; ``listed``: whether names may be listed by it."""

    container: PublicContainer
    dialect: str
    listed: bool

    def url(self, key: str) -> str:
        """The URL of an object."""
        return f"{self.container.url}/{quote(key)}"


def ways_in(server: PublicServer, bucket: str, prefix: str, sample: str) -> tuple[Way, ...]:
    """Every URL form by which the object ``sample`` is read without a login; () where there is none."""
    found = []
    with contextlib.closing(PublicLook(server, bucket)) as look:
        for container in look.ways():
            if look.status(f"{container.url}/{quote(sample)}") != 200:
                continue
            swift = bool(container.account) and container.url.startswith(f"{container.account}/")
            query = f"prefix={quote(prefix, safe='')}"
            listing = f"{container.url}/?limit=1&{query}" if swift else f"{container.url}?max-keys=1&{query}"
            listed = look.status(listing, method="GET") == 200
            found.append(Way(container, "swift" if swift else "s3", listed))
    return tuple(sorted(found, key=lambda way: way.dialect))  # S3 first: more programs know it


def first_refused(server: PublicServer, bucket: str, way: Way, keys: Iterable[str]) -> str:
    """The first of the objects that only a login may read, "" for none. What is gone by now is no such object."""
    with contextlib.ExitStack() as stack:
        free: SimpleQueue[PublicLook] = SimpleQueue()
        for _ in range(_LOOKS):
            free.put(stack.enter_context(contextlib.closing(PublicLook(server, bucket))))

        def asked(key: str) -> tuple[str, int]:
            look = free.get()
            try:
                return key, look.status(way.url(key))
            finally:
                free.put(look)

        answers = stack.enter_context(contextlib.closing(parallel_map(asked, keys, _LOOKS)))
        return next((key for key, status in answers if status in _REFUSED), "")


def proven(server: PublicServer, bucket: str, ways: tuple[Way, ...], key: str, page: bytes) -> dict[str, str]:
    """The URLs by dialect under which the page is read without a login, byte for byte and as HTML (of very
    large ones, their first 16 MiB).

    Raises :class:`JsobjError` (failure) where it is not by any of the ways, each with what came instead.
    """
    with contextlib.closing(PublicLook(server, bucket)) as look:
        wrong = _until(lambda: {way: fault for way in ways if (fault := _fault(look, way.url(key), page))})
    if wrong:
        raise JsobjError(
            "publish-not-proven",
            "the page was written, but without a login it is not read as it should be",
            code=ExitCode.FAILURE,
            context="; ".join(f"{way.url(key)}: {fault}" for way, fault in wrong.items()),
            hint="run the same command again",
        )
    return {way.dialect: way.url(key) for way in ways}


def _until(look: Callable[[], dict[Way, str]]) -> dict[Way, str]:
    end = time.monotonic() + _SECONDS
    while (wrong := look()) and time.monotonic() < end:
        time.sleep(_PAUSE)
    return wrong


def _fault(look: PublicLook, url: str, page: bytes) -> str:
    reply = look.answer(url, method="GET", headers={})
    kind = reply.headers.get("content-type", "")
    if reply.status != 200:
        return f"HTTP {reply.status}"
    if not kind.startswith("text/html"):
        return f"it comes as {kind or 'no type'}"
    return "" if bytes(reply.body) == page[:MAX_BODY] else "another page comes"
