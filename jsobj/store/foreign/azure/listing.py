"""Listings of a container: pages of names in XML, the next one fetched while one is used.

Azure sorts names by their UTF-16 units. That is the order of their UTF-8 bytes but for characters beyond the first
65 536 (emoji, rare ideographs), which come before those from U+E000 on. Names that begin alike up to such a character
come one behind the other in both orders, and are sorted among themselves. An account with a hierarchical namespace
walks its folders, whose order is another one: there all is sorted, in a temporary file. It shows by ``ResourceType``,
and its folders, which it lists as if they were blobs, are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from itertools import chain, groupby
from operator import attrgetter
from typing import TypeAlias

from jsobj.net.dates import http_epoch
from jsobj.net.prefetch import prefetch
from jsobj.net.xml import Document, Fields, XmlError, parse
from jsobj.store.foreign.azure.names import md5_in, of_block
from jsobj.store.foreign.azure.requests import AzureRequests
from jsobj.store.foreign.azure.verdict import not_azure
from jsobj.store.large_objects import stuck
from jsobj.store.listing_order import in_order
from jsobj.store.values import Listed, Part, Upload

_PAGE = (frozenset({"EnumerationResults"}), frozenset({"Blob", "BlobPrefix"}))
_BLOCKS = (frozenset({"BlockList"}), frozenset({"Block"}))
_EMPTY_PAGES = 1000  # in a row; Azure sends some where much was deleted
_HIGH = re.compile("[\ue000-\U0010ffff]")

Records: TypeAlias = "list[tuple[str, Fields]]"


def objects(api: AzureRequests, prefix: str = "", *, delimiter: str = "", after: str = "") -> Iterator[Listed]:
    """The names in a container in the order of their bytes; see :meth:`jsobj.store.objects.Store.list`."""
    pages = _pages(api, prefix, delimiter)
    first = next(pages, [])
    items = chain.from_iterable(_items(api, page) for page in chain([first], pages))
    walked = any("ResourceType" in record for _, record in first)
    last = ""
    for item in in_order(items, "key") if walked else _by_bytes(items):
        if item.key <= last:
            raise stuck(f"az://{api.container}", last, item.key)
        last = item.key
        # A folded name may stand for names that are behind `after`.
        if item.key > after or (item.prefix and after.startswith(item.key)):
            yield item


def _items(api: AzureRequests, page: Records) -> list[Listed]:
    """A page, in order: folded names may come apart from the others."""
    items = [_item(api, tag, record) for tag, record in page if record.get("ResourceType") != "directory"]
    items.sort(key=attrgetter("key"))
    return items


def _by_bytes(items: Iterator[Listed]) -> Iterator[Listed]:
    for head, group in groupby(items, lambda item: _head(item.key)):
        if head is None:
            yield from group
        else:
            yield from sorted(group, key=attrgetter("key"))


def _head(key: str) -> str | None:
    """What comes before the first character whose place differs; None for a name without one."""
    match = _HIGH.search(key) if not key.isascii() else None
    return key[: match.start()] if match else None


def _pages(api: AzureRequests, prefix: str, delimiter: str, *include: str) -> Iterator[Records]:
    words = {"prefix": prefix, "delimiter": delimiter, "include": ",".join(include)}
    query = (("restype", "container"), ("comp", "list"), *((n, value) for n, value in words.items() if value))
    marker, empty = "", 0
    page = _page(api, query, marker)
    while True:
        following = page.fields.get("NextMarker", "")
        ahead = prefetch(partial(_page, api, query, following)) if following else None
        yield page.records
        empty = 0 if page.records else empty + 1
        if ahead is None:
            return
        if following == marker or empty > _EMPTY_PAGES:
            raise stuck(f"az://{api.container}", marker, following)
        marker, page = following, ahead.result()


def _page(api: AzureRequests, query: tuple[tuple[str, str], ...], marker: str) -> Document:
    reply = api.send("GET", query=(*query, ("marker", marker)) if marker else query)
    return _document(api, reply.body, *_PAGE, within="Blobs")


def _document(api: AzureRequests, body: bytes, roots: frozenset[str], tags: frozenset[str], *, within: str) -> Document:
    try:
        return parse(body, roots, tags, within=within)
    except XmlError as error:
        raise not_azure(api.login, f"its list is malformed: {error}") from error


def _item(api: AzureRequests, tag: str, record: Fields) -> Listed:
    key, size = record.get("Name", ""), record.get("Content-Length", "")
    if not key:
        raise not_azure(api.login, "its listing is malformed: a blob without a name")
    if tag == "BlobPrefix":
        return Listed(key, prefix=True)
    if not (size.isascii() and size.isdigit()):
        raise not_azure(api.login, "its listing is malformed: a size that is no number")
    etag, modified = record.get("Etag", "").strip('"'), http_epoch(record.get("Last-Modified", ""))
    return Listed(key, int(size), etag, modified, md5=md5_in(record.get("Content-MD5", "")))


def blocks(api: AzureRequests, key: str, kind: str) -> list[tuple[str, int]]:
    """Ids and sizes of a blob's blocks, of ``kind`` ``committed`` (in their order) or ``uncommitted``.

    Raises UploadNotFound where there is neither a blob nor a block.
    """
    reply = api.send("GET", key, query=(("comp", "blocklist"), ("blocklisttype", kind)))
    document = _document(api, reply.body, *_BLOCKS, within=f"{kind.title()}Blocks")
    found = [(record.get("Name", ""), record.get("Size", "")) for _, record in document.records]
    if not all(size.isascii() and size.isdigit() for _, size in found):
        raise not_azure(api.login, "its list of blocks is malformed")
    return [(name, int(size)) for name, size in found]


def parts(api: AzureRequests, key: str) -> Iterator[tuple[Upload, Part]]:
    """Those parts of unfinished uploads to ``key`` that this program has sent. Raises as :func:`blocks`."""
    for name, size in blocks(api, key, "uncommitted"):
        if (found := of_block(key, name, size)) is not None:
            yield found


def unfinished(api: AzureRequests, prefix: str) -> Iterator[str]:
    """The names below ``prefix`` to which an upload may be under way: that have no blob yet, and ``prefix`` itself."""
    for tag, record in chain.from_iterable(_pages(api, prefix, "", "uncommittedblobs")):
        name = record.get("Name", "")
        if tag == "Blob" and (name == prefix or record.get("Content-Length") in {None, "", "0"}):
            yield name
