"""The containers of an account as the Swift API tells of them: headers, and listings with all that an entry says.

:mod:`jsobj.store.swift.listing` lists objects for transfers; here are the other facts of a listing, which housekeeping
needs: versions, manifests, symlinks. What was seen (Swift 2.38, Ceph RGW 16):

- A container that keeps versions lists its current objects as symlinks without ``slo_etag``; ``?versions`` tells all.
- RGW ignores ``?versions``, ``X-Versions-Enabled`` and ``?version-id``: its versions are known over S3 only.
- Quotas are the same headers on both. RGW ignores ``X-Remove-...``; an empty value takes a quota away on both.
- An older version becomes current by ``PUT ?version-id``; deleting a delete marker alone brings nothing back.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from jsobj.errors import BucketNotFound
from jsobj.net.body import BytesSource
from jsobj.net.dates import iso_epoch
from jsobj.net.request import Request
from jsobj.store.buckets import Bucket, Totals, Version
from jsobj.store.large_objects import stuck
from jsobj.store.swift.listing import LIMIT
from jsobj.store.swift.requests import CREATED, GONE, JSON, READ, SwiftRequests
from jsobj.store.swift.temp_url import is_rgw
from jsobj.store.swift.verdict import not_swift

_ENABLED = "x-versions-enabled"
_MARKER = "application/x-deleted;swift_versions_deleted=1"
_QUOTA = ("x-container-meta-quota-count", "x-container-meta-quota-bytes")
_ACCOUNT_QUOTA = ("", "x-account-meta-quota-bytes")
_LIST = frozenset({200, 204})
_PAGE = 1000  # containers


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a container's listing, or one version. ``etag``: of the entry itself, of an SLO that of its manifest.

    ``slo``: a static large object where the server marks them. ``symlink``: the path that it points to, "" for none.
    """

    key: str
    size: int
    etag: str
    modified: float | None
    content_type: str = ""
    slo: bool = False
    symlink: str = ""
    version: str = ""
    latest: bool = True
    marker: bool = False


def headers_of(api: SwiftRequests) -> Mapping[str, str]:
    """The container's headers. Raises bucket not found."""
    return api.send("HEAD", expect=READ).headers


def account_containers(api: SwiftRequests) -> Iterator[Bucket]:
    """All containers of the account, by name, page by page, with their counts."""
    marker = ""
    while True:
        query = (("format", "json"), ("limit", str(_PAGE)), *((("marker", marker),) if marker else ()))
        reply = api.session.send(Request("GET", api.root, query, JSON, item="the account", expect=_LIST))
        page = [_container(entry) for entry in _read(reply.body, "the account")]
        yield from page
        # A server may allow fewer a page than were asked for, and a count that is less than what came is out of date.
        held = reply.headers.get("x-account-container-count", "")
        if not page or (len(page) < _PAGE and held == str(len(page))):
            return
        if page[-1].name <= marker:
            raise not_swift("the account", "its listing does not advance")
        marker = page[-1].name


def _container(entry: dict[str, Any]) -> Bucket:
    try:
        return Bucket(str(entry["name"]), "swift", objects=int(entry["count"]), size=int(entry["bytes"]))
    except (KeyError, TypeError, ValueError) as error:
        raise not_swift("the account", f"its listing is malformed: {type(error).__name__}") from error


def account_totals(api: SwiftRequests) -> Totals:
    """What the account holds, and its quota, by one HEAD."""
    headers = api.session.send(Request("HEAD", api.root, item="the account", expect=READ)).headers
    return _totals(headers, "account", _ACCOUNT_QUOTA)


def container_totals(headers: Mapping[str, str]) -> Totals:
    """What a container holds, and its quota, from its headers. RGW tells no quota here."""
    return _totals(headers, "container", _QUOTA)


def _totals(headers: Mapping[str, str], what: str, quota: tuple[str, str]) -> Totals:
    names = (f"x-{what}-object-count", f"x-{what}-bytes-used", *quota)
    return Totals(*(int(text) if (text := headers.get(name, "")).isdigit() else None for name in names))


def set_quota(api: SwiftRequests, limits: Mapping[str, int | None]) -> None:
    """Set the container's quota, ``size`` and ``objects``; None takes a limit away, the other one stays.

    Ceph RGW obeys the same headers; there 0 is no limit.
    """
    names = dict(zip(("objects", "size"), _QUOTA, strict=True))
    headers = {names[name]: "" if limit is None else str(limit) for name, limit in limits.items()}
    api.send("POST", headers=headers, expect=CREATED | GONE)


def versioning(headers: Mapping[str, str]) -> str:
    """``on``, ``suspended`` or ``off``; "" where the server does not tell (Ceph RGW)."""
    if is_rgw(headers):
        return ""
    return {"true": "on", "false": "suspended"}.get(headers.get(_ENABLED, "").lower(), "off")


def set_versioning(api: SwiftRequests, on: bool) -> None:
    """Begin to keep versions, or suspend it (Swift only: RGW answers 204 and does nothing)."""
    api.send("POST", headers={_ENABLED: "true" if on else "false"}, expect=CREATED | GONE)


def entries(api: SwiftRequests, prefix: str = "", *, versions: bool = False) -> Iterator[Entry]:
    """The listing of a container, or with ``versions`` every version by key, the newest first.

    Nothing where there is no such container.
    """
    after: tuple[tuple[str, str], ...] = ()
    while True:
        page: list[Entry] = []
        with suppress(BucketNotFound):
            page = first_entries(api, prefix, versions=versions, after=after)
        yield from page
        if not page:
            return
        last = page[-1]
        before, after = after, (("marker", last.key), *((("version_marker", last.version),) if versions else ()))
        if after == before:
            raise stuck(f"swift://{api.bucket}", last.key, "")


def first_entries(
    api: SwiftRequests,
    prefix: str = "",
    *,
    versions: bool = False,
    limit: int = LIMIT,
    after: tuple[tuple[str, str], ...] = (),
) -> list[Entry]:
    """One page of :func:`entries`, the first one without ``after``. Raises bucket not found."""
    words = {"format": "json", "limit": str(limit), "prefix": prefix, "versions": "true" if versions else ""}
    query = tuple((name, value) for name, value in words.items() if value) + after
    reply = api.send("GET", query=query, headers=JSON, expect=_LIST)
    return [_entry(entry, api.bucket) for entry in _read(reply.body, api.bucket)]


def as_version(entry: Entry) -> Version:
    """The entry as any server's version."""
    return Version(entry.key, entry.version, entry.size, entry.etag, entry.modified, entry.latest, entry.marker)


def version_query(ident: str) -> tuple[tuple[str, str], ...]:
    """The query that means one version of an object."""
    return (("version-id", ident),)


def restore(api: SwiftRequests, key: str, ident: str) -> None:
    """Make an older version the current one. Nothing is copied, and no version is lost."""
    api.send("PUT", key, query=version_query(ident), source=BytesSource(b""), expect=CREATED)


def delete_version(api: SwiftRequests, key: str, ident: str) -> None:
    """Delete one version or delete marker; one that is not there is no error."""
    api.send("DELETE", key, query=version_query(ident), expect=GONE)


def _read(body: bytes, container: str) -> list[dict[str, Any]]:
    try:
        document = json.loads(body or b"[]")
        if not isinstance(document, list) or not all(isinstance(entry, dict) for entry in document):
            raise TypeError("not a list of entries")
    except (ValueError, TypeError, RecursionError) as error:
        raise not_swift(container, f"its listing is malformed: {type(error).__name__}") from error
    return document


def _entry(entry: dict[str, Any], container: str) -> Entry:
    try:
        kind = str(entry.get("content_type") or "")
        return Entry(
            str(entry["name"]),
            int(entry["bytes"]),
            str(entry.get("hash") or ""),
            iso_epoch(entry.get("last_modified") or ""),
            kind,
            slo="slo_etag" in entry,
            symlink=str(entry.get("symlink_path") or ""),
            version=str(entry.get("version_id") or ""),
            latest=bool(entry.get("is_latest", True)),
            marker=kind == _MARKER,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise not_swift(container, f"its listing is malformed: {type(error).__name__}") from error
