"""Listings over S3: pages of names, of unfinished uploads and of parts, as streams.

Keys are requested percent-encoded (``encoding-type=url``), since XML cannot carry all of them, and decoded once. A page
that does not advance ends a listing with an error: a server that repeats itself would be listed for ever.

Of an object that was uploaded in segments over Swift (SLO), Ceph RGW 16 lists the size of the manifest and the MD5 of
nothing, which no other non-empty object has: each of those gets a HEAD.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from operator import attrgetter
from typing import TypeAlias
from urllib.parse import unquote

from jsobj.errors import S3ArgumentRefused, S3Failed, S3NotImplemented
from jsobj.net.dates import iso_epoch
from jsobj.net.prefetch import prefetch
from jsobj.net.xml import Document, Fields, XmlError, parse
from jsobj.store.large_objects import stuck, with_sizes
from jsobj.store.s3.requests import S3Requests
from jsobj.store.values import Listed, Part, Upload

Query: TypeAlias = "tuple[tuple[str, str], ...]"
# The names of a page, in their order, and the query for the next one: () for no other page.
Page: TypeAlias = "tuple[list[Listed], Query]"

_URL: Query = (("encoding-type", "url"),)
_EMPTY_PAGES = 100  # in a row, each with another token; servers that filter may send some
_PAGE = (frozenset({"ListBucketResult"}), frozenset({"Contents", "CommonPrefixes"}))
_UPLOADS = (frozenset({"ListMultipartUploadsResult"}), frozenset({"Upload"}))
_PARTS = (frozenset({"ListPartsResult", "ListPartsResponse"}), frozenset({"Part"}))  # moto: the latter


def objects(
    api: S3Requests, prefix: str = "", *, delimiter: str = "", after: str = "", limit: int = 0
) -> Iterator[Listed]:
    """The names in a bucket in the order of their bytes; see :meth:`jsobj.store.objects.Store.list`.

    ``limit``: names a page; 0 for the server's default. The next page is fetched while one is used.
    """
    words = (("prefix", prefix), ("delimiter", delimiter), ("max-keys", str(limit or "")))
    base = _URL + tuple((name, value) for name, value in words if value)
    (items, following), second = _first(api, base, after)
    last, empty = after, 0
    while True:
        ahead = prefetch(partial(_page, api, base, following, second=second)) if following else None
        if items:
            first = items[0]
            # Names after "a/x" may be folded into "a/".
            if first.key <= last and not (first.prefix and after.startswith(first.key)):
                if first.key != last or (len(items) == 1 and following):
                    raise stuck(f"s3://{api.bucket}", last, first.key)
                items = items[1:]  # a page that begins with the end of the one before
            last, empty = items[-1].key if items else last, 0
        else:
            empty += 1
        yield from items
        if ahead is None:
            return
        requested, (items, following) = following, ahead.result()
        if following == requested or empty > _EMPTY_PAGES:
            raise stuck(f"s3://{api.bucket}", last, "")


def _first(api: S3Requests, base: Query, after: str) -> tuple[Page, bool]:
    """The first page, and whether the server has ListObjectsV2."""
    try:
        return _page(api, base, (("start-after", after),) if after else (), second=True), True
    except (S3NotImplemented, S3ArgumentRefused, S3Failed):  # from servers that have ListObjects only
        pass
    return _page(api, base, (("marker", after),) if after else (), second=False), False


def _page(api: S3Requests, base: Query, following: Query, *, second: bool) -> Page:
    # A server that ignores "list-type" answers as to ListObjects, and its next page is requested so.
    second = second and not any(name == "marker" for name, _ in following)
    query = (("list-type", "2"), *base, *following) if second else (*base, *following)
    document = _document(api, api.send("GET", query=query).body, _PAGE)
    encoded = _is_encoded(api, document)
    items = [_item(api, tag, record, encoded) for tag, record in document.records]
    items.sort(key=attrgetter("key"))  # folded names come apart from the others
    return with_sizes(items, api.head), _following(document, items)


def _following(document: Document, items: list[Listed]) -> Query:
    """``NextMarker`` is the last name, and not looked at: RGW writes it plainly where it encodes all others."""
    if document.fields.get("IsTruncated") != "true":
        return ()
    if token := document.fields.get("NextContinuationToken", ""):
        return (("continuation-token", token),)
    return (("marker", items[-1].key),) if items else ()


def _is_encoded(api: S3Requests, document: Document) -> bool:
    if document.fields.get("EncodingType") == "url":
        return True
    if document.mended:
        raise api.malformed("its listing is malformed: names that XML cannot carry")
    return False


def _item(api: S3Requests, tag: str, record: Fields, encoded: bool) -> Listed:
    if tag == "CommonPrefixes":
        return Listed(_name(api, record, "Prefix", encoded), prefix=True)
    size = record.get("Size", "")
    key = _name(api, record, "Key", encoded)
    if not (size.isascii() and size.isdigit()):
        raise api.malformed("its listing is malformed: a size that is no number")
    return Listed(key, int(size), record.get("ETag", "").strip('"'), iso_epoch(record.get("LastModified", "")))


def _name(api: S3Requests, record: Fields, tag: str, encoded: bool) -> str:
    name = record.get(tag, "")
    if not name:
        raise api.malformed("its listing is malformed: an object without a name")
    return _decoded(name) if encoded else name


def _decoded(name: str) -> str:
    """A name that was encoded for a URL, a space perhaps as ``+``."""
    if "%" not in name and "+" not in name:
        return name
    return unquote(name.replace("+", " "), errors="surrogateescape")


def _document(api: S3Requests, body: bytes, kind: tuple[frozenset[str], frozenset[str]]) -> Document:
    try:
        return parse(body, *kind)
    except XmlError as error:
        raise api.malformed(f"its listing is malformed: {error}") from error


def uploads(api: S3Requests, prefix: str = "") -> Iterator[Upload]:
    """The multipart uploads that are not complete, page by page."""
    base = (("uploads", ""), *((("prefix", prefix),) if prefix else ()))
    following: Query = ()
    encoded = False
    while True:
        document = _document(api, api.send("GET", query=base + following).body, _UPLOADS)
        if document.mended and not encoded:
            # Requested only where it is needed: RGW 16 encodes then, and does not say so.
            encoded, base = True, base + _URL
            continue
        last, requested = Upload("", ""), following
        for _, record in document.records:
            key = _name(api, record, "Key", encoded)
            last = Upload(key, record.get("UploadId", ""), iso_epoch(record.get("Initiated", "")))
            yield last
        if document.fields.get("IsTruncated") != "true":
            return
        following = (("key-marker", last.key), ("upload-id-marker", last.id))
        if following == requested or not last.key:
            raise stuck(f"s3://{api.bucket}", last.key, "")


def parts(api: S3Requests, upload: Upload) -> list[Part]:
    """The parts that the server has, by number. Not found (``upload-not-found``) where it knows no such upload."""
    return [
        Part(number, int(record["Size"]), record.get("ETag", "").strip('"'))
        for number, record in _part_records(api, upload)
    ]


def held(api: S3Requests, upload: Upload) -> tuple[int, int, float | None]:
    """The number of an upload's parts, their bytes, and when the last of them came (seconds since 1970).

    Raises as :func:`parts`.
    """
    count, size, newest = 0, 0, upload.started
    for _, record in _part_records(api, upload):
        came = iso_epoch(record.get("LastModified", ""))
        count, size = count + 1, size + int(record["Size"])
        newest = max(filter(None, (newest, came)), default=None)
    return count, size, newest


def _part_records(api: S3Requests, upload: Upload) -> Iterator[tuple[int, Fields]]:
    marker = 0
    while True:
        query: Query = (("uploadId", upload.id), *((("part-number-marker", str(marker)),) if marker else ()))
        document = _document(api, api.send("GET", upload.key, query=query).body, _PARTS)
        before = marker
        for _, record in document.records:
            if not (record.get("PartNumber", "").isdigit() and record.get("Size", "").isdigit()):
                raise api.malformed("its list of parts is malformed")
            marker = int(record["PartNumber"])
            yield marker, record
        if document.fields.get("IsTruncated") != "true":
            return
        if marker <= before:
            raise stuck(f"s3://{api.bucket}", f"part {before}", "")
