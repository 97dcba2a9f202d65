"""Listings over the Swift API: JSON pages of up to 10 000 names, the next one fetched while one is used.

What both servers were seen to do (Swift 2.38, Ceph RGW 16), and what is made of it:

- Swift tells a large object's size and its ETag (``slo_etag``). RGW tells the size of the manifest and the MD5 of
  nothing, which no other object has that is not empty: those are asked for one by one.
- Dynamic large objects (DLO) are listed as empty by both.
- A page may be shorter than asked for and yet not be the last, so only an empty page ends a listing, or a short one of
  a container that has no more objects than one page.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from jsobj.errors import ExitCode, JsobjError
from jsobj.store.objects import Listed
from jsobj.store.swift.requests import JSON, Talk
from jsobj.store.swift.verdict import not_swift

LIMIT = 10_000  # names a page; what Swift and RGW allow unless an operator lowered it
_EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"
_PARALLEL = 8
_OK = frozenset({200, 204})


def listing(
    talk: Talk, container: str, prefix: str = "", *, delimiter: str = "", after: str = "", limit: int = LIMIT
) -> Iterator[Listed]:
    """The names in a container in the order of their bytes; see :meth:`jsobj.store.objects.Store.list`."""

    def fetch(marker: str) -> Page:
        return _page(talk, container, prefix, delimiter, marker, limit)

    page = fetch(after)
    while page.items:
        ahead: _Ahead | None = None
        for number, item in enumerate(page.items):
            if number == 1 and not page.last:  # whoever wants more than the first one
                ahead = _Ahead(fetch, page.items[-1].key)
            yield item
        if page.last:
            return
        page = ahead.result() if ahead is not None else fetch(page.items[-1].key)


@dataclass(frozen=True, slots=True)
class Page:
    """One page. ``last``: no other follows."""

    items: list[Listed] = field(default_factory=list)
    last: bool = True


class _Ahead:
    """A page that is fetched while another is used. Nobody waits for it where the listing is given up."""

    def __init__(self, fetch: Callable[[str], Page], marker: str) -> None:
        self._fetch = fetch
        self._marker = marker
        self._found: Page | BaseException = Page()
        self._thread = threading.Thread(target=self._run, name="listing", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._found = self._fetch(self._marker)
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            self._found = error

    def result(self) -> Page:
        """The page, or what was raised."""
        self._thread.join()
        if isinstance(self._found, BaseException):
            raise self._found
        return self._found


def _page(talk: Talk, container: str, prefix: str, delimiter: str, marker: str, limit: int) -> Page:
    words = {"format": "json", "limit": str(limit), "prefix": prefix, "delimiter": delimiter, "marker": marker}
    query = tuple((name, value) for name, value in words.items() if value)
    reply = talk.send("GET", container, query=query, headers=JSON, expect=_OK)
    items = parse(reply.body, container)
    if items and not _bytes(marker) < _bytes(items[0].key) <= _bytes(items[-1].key):
        raise JsobjError(
            "listing-stuck",
            f"the listing of swift://{container} does not advance",
            code=ExitCode.NETWORK,
            context=f"asked for names after {marker[:80]!r}, got {items[0].key[:80]!r}",
            hint="run the same command again; if it stays so, tell the cloud's help desk",
        )
    held = reply.headers.get("x-container-object-count", "")
    last = len(items) < limit and held.isdigit() and int(held) <= limit
    return Page(_sized(talk, container, items), last)


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def _sized(talk: Talk, container: str, items: list[Listed]) -> list[Listed]:
    """The items with RGW's large objects as they are, not as their manifests are."""
    large = [n for n, item in enumerate(items) if item.size and item.etag == _EMPTY_MD5]
    if not large:
        return items
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(_PARALLEL) as pool:
        for n, item in zip(large, pool.map(lambda n: _looked_up(talk, container, items[n]), large), strict=True):
            items[n] = item
    return items


def _looked_up(talk: Talk, container: str, item: Listed) -> Listed:
    try:
        info = talk.head(container, item.key)
    except JsobjError as error:
        if error.code is ExitCode.NOT_FOUND:  # deleted meanwhile
            return item
        raise
    return replace(item, size=info.size, etag=info.etag)


def parse(body: bytes, container: str) -> list[Listed]:
    """The items of a page; raises :class:`JsobjError` (network) for anything that is no page of names."""
    if not body:
        return []  # 204
    try:
        document = json.loads(body)
        if not isinstance(document, list):
            raise TypeError("not a list")
        return [_item(entry) for entry in document]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise not_swift(container, f"its listing is malformed: {type(error).__name__}") from error


def _item(entry: dict[str, Any]) -> Listed:
    name = entry.get("subdir")
    if name is not None:
        return Listed(_name(name), prefix=True)
    size = entry["bytes"]
    if type(size) is not int or size < 0:
        raise ValueError("a size that is no number")
    etag = str(entry.get("slo_etag") or entry.get("hash") or "").strip('"')
    return Listed(_name(entry["name"]), size, etag, epoch(entry.get("last_modified") or ""))


def _name(name: object) -> str:
    if not isinstance(name, str) or not name or "\0" in name:
        raise ValueError("a name that is none")
    name.encode()  # half a character cannot be asked for
    return name


def epoch(text: str) -> float | None:
    """Seconds since 1970 of ``2026-11-21T09:52:16.720490`` (UTC, with or without a zone behind); None for nonsense."""
    try:
        seconds = int(text[11:13]) * 3600 + int(text[14:16]) * 60 + float(text[17:].rstrip("Z").partition("+")[0])
        return _day(text[:10]) + seconds
    except ValueError:
        return None


@lru_cache(maxsize=1024)
def _day(text: str) -> int:
    """Seconds since 1970 at the beginning of ``2026-11-21``, in the Gregorian calendar."""
    year, month, day = int(text[:4]), int(text[5:7]), int(text[8:10])
    year -= month <= 2
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    days = year * 365 + year // 4 - year // 100 + year // 400 + of_year - 719468
    return days * 86400
