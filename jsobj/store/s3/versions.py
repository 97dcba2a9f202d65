"""Old versions of objects over S3, and what the answer to HEAD of a bucket counts.

What was seen: Ceph RGW 16 and Swift 2.38 (s3api) both list versions by key, the newest first, and make an object
readable again when the delete marker on top of it is deleted. Only RGW counts in its answer to HEAD, with ``-1`` for no
quota.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import unquote

from jsobj.errors import ObjectNotFound
from jsobj.net.body import BytesSource
from jsobj.net.dates import iso_epoch
from jsobj.net.xml import XmlError, parse
from jsobj.store.buckets import Totals, Version
from jsobj.store.large_objects import stuck
from jsobj.store.s3.requests import GONE

if TYPE_CHECKING:
    from jsobj.net.xml import Document, Fields
    from jsobj.store.s3.requests import S3Requests

_STATES = {"Enabled": "on", "Suspended": "suspended", "": "off"}
_SPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


def state(api: S3Requests) -> str:
    """S3's own word: ``Enabled``, ``Suspended``, or "" where versions were never kept. Raises bucket not found."""
    reply = api.send("GET", query=(("versioning", ""),))
    return _parsed(api, reply.body, "VersioningConfiguration").fields.get("Status", "")


def versioning(api: S3Requests) -> str:
    """``on``, ``suspended`` (none are made, old ones stay) or ``off`` (never begun)."""
    return _STATES.get(state(api), "off")


def set_versioning(api: S3Requests, on: bool) -> None:
    """Begin to keep versions, or suspend it."""
    state = "Enabled" if on else "Suspended"
    body = f'<VersioningConfiguration xmlns="{_SPACE}"><Status>{state}</Status></VersioningConfiguration>'
    api.send("PUT", query=(("versioning", ""),), source=BytesSource(body.encode()), expect=GONE)


def versions(api: S3Requests, prefix: str = "", *, limit: int = 0) -> Iterator[Version]:
    """Every version and delete marker below ``prefix``, by key, of one key the newest first; page by page.

    ``limit``: versions a page; 0 for the server's default.
    """
    words = (("prefix", prefix), ("max-keys", str(limit or "")))
    base = (("versions", ""), ("encoding-type", "url"), *((name, value) for name, value in words if value))
    following: tuple[tuple[str, str], ...] = ()
    while True:
        document = _parsed(api, api.send("GET", query=base + following).body, "ListVersionsResult")
        encoded = document.fields.get("EncodingType") == "url"
        last = Version("", "")
        for tag, record in document.records:
            last = _version(api, tag, record, encoded)
            yield last
        if document.fields.get("IsTruncated") != "true":
            return
        # Not NextKeyMarker: Ceph RGW 16 encodes names for the URL, and that one not.
        requested, following = following, (("key-marker", last.key), ("version-id-marker", last.id))
        if not last.key or following == requested:
            raise stuck(f"s3://{api.bucket}", last.key, "")


def delete_version(api: S3Requests, key: str, ident: str) -> None:
    """Delete one version or delete marker; one that is not there is no error."""
    with suppress(ObjectNotFound):
        api.send("DELETE", key, query=(("versionId", ident),), expect=GONE)


def totals(api: S3Requests) -> tuple[Totals, str]:
    """What HEAD of the bucket tells, and which server it is: ``ceph-rgw``, ``swift`` or ``unknown``.

    Nothing but RGW counts here.
    """
    headers = api.send("HEAD").headers
    if "x-rgw-object-count" in headers:
        counted = (_number(headers, f"x-rgw-{name}") for name in _COUNTED)
        return Totals(*counted), "ceph-rgw"
    return Totals(), "swift" if "x-trans-id" in headers else "unknown"


def account_quota(api: S3Requests) -> Totals:
    """The quota of the bucket's owner; only RGW tells it."""
    headers = api.send("HEAD").headers
    limits = {"max_objects": "x-rgw-quota-user-objects", "max_size": "x-rgw-quota-user-size"}
    return Totals(**{field: _number(headers, name) for field, name in limits.items()})


_COUNTED = ("object-count", "bytes-used", "quota-bucket-objects", "quota-bucket-size")


def _number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(name, "")
    return int(text) if text.isascii() and text.isdigit() else None  # not -1


def _version(api: S3Requests, tag: str, record: Fields, encoded: bool) -> Version:
    size, key = record.get("Size", "0"), _decoded(record.get("Key", ""), encoded)
    if not key or not (size.isascii() and size.isdigit()):
        raise api.malformed("its list of versions is malformed")
    return Version(
        key,
        record.get("VersionId", ""),
        int(size),
        record.get("ETag", "").strip('"'),
        iso_epoch(record.get("LastModified", "")),
        latest=record.get("IsLatest") == "true",
        marker=tag == "DeleteMarker",
    )


def _decoded(name: str, encoded: bool) -> str:
    return unquote(name.replace("+", " "), errors="surrogateescape") if encoded else name


def _parsed(api: S3Requests, body: bytes, root: str) -> Document:
    try:
        return parse(body, frozenset({root}), frozenset({"Version", "DeleteMarker"}))
    except XmlError as error:
        raise api.malformed(f"its answer is malformed: {error}") from error
