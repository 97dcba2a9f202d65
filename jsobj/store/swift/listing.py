"""Listings over the Swift API: JSON pages of up to 10 000 names, the next one fetched while one is used.

What both servers were seen to do (Swift 2.38, Ceph RGW 16), and what is made of it:

- Swift lists a large object's size and its ETag (``slo_etag``), RGW the size of the manifest and the MD5 of
  nothing, which no other non-empty object has: each of those gets a HEAD.
- Dynamic large objects (DLO) are listed as empty by both.
- A page may be shorter than requested and yet not be the last: RGW sends 1000 names of the 10 000 that it names as its
  limit. So only an empty page ends a listing, or one that has all objects of the container; or any page of a container
  that has so few objects that they are on one page.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from jsobj.net.dates import iso_epoch
from jsobj.net.prefetch import prefetch
from jsobj.store.large_objects import stuck, with_sizes
from jsobj.store.swift.requests import JSON, SwiftRequests
from jsobj.store.swift.verdict import not_swift
from jsobj.store.values import Listed

LIMIT = 10_000  # names a page; what Swift allows unless an operator lowered it
_A_PAGE = 1000  # names that a server sends at least where there are more: Ceph RGW's, whatever /info says
_FEW = 100  # objects that are on one page wherever an operator may have put the limit
_OK = frozenset({200, 204})


def listing(api: SwiftRequests, prefix: str = "", *, delimiter: str = "", after: str = "") -> Iterator[Listed]:
    """The names in a container in the order of their bytes; see :meth:`jsobj.store.objects.Store.list`."""
    fetch = partial(_page, api, prefix, delimiter)
    items, last = fetch(after)
    while items:
        yield items[0]
        # Prefetch once a second item is wanted: some callers want only to know whether there is one.
        more = prefetch(partial(fetch, items[-1].key)) if not last else None
        yield from items[1:]
        if more is None:
            return
        items, last = more.result()


def _page(api: SwiftRequests, prefix: str, delimiter: str, marker: str) -> tuple[list[Listed], bool]:
    """One page, and whether it is known to be the last."""
    words = {"format": "json", "limit": str(LIMIT), "prefix": prefix, "delimiter": delimiter, "marker": marker}
    query = tuple((name, value) for name, value in words.items() if value)
    reply = api.send("GET", query=query, headers=JSON, expect=_OK)
    items = parse(reply.body, api.bucket)
    came = len(items)
    if len(items) > 1 and items[0].key == marker:
        del items[0]  # a page that begins with the end of the one before
    if items and not _bytes(marker) < _bytes(items[0].key) <= _bytes(items[-1].key):
        raise stuck(f"swift://{api.bucket}", marker, items[0].key)
    held = reply.headers.get("x-container-object-count", "")
    # A count that is less than what came is out of date: Ceph's statistics drift, Swift's come late.
    last = held.isdigit() and came <= int(held) <= max(came, _FEW) and came < min(LIMIT, _A_PAGE)
    return with_sizes(items, api.head), last


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


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
    return Listed(_name(entry["name"]), size, etag, iso_epoch(entry.get("last_modified") or ""))


def _name(name: object) -> str:
    if not isinstance(name, str) or not name or "\0" in name:
        raise ValueError("not a name")
    name.encode()  # a lone surrogate cannot be sent
    return name
