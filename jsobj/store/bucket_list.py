"""The names of all buckets, over our own wire: ``jsobj ls`` must not wait for an SDK to be imported."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from jsobj.errors import NotObjectStore
from jsobj.net.request import Request
from jsobj.net.session import Session
from jsobj.store.buckets import Bucket
from jsobj.store.swift.verdict import not_swift
from jsobj.units import parse_keystone_time
from jsobj.urls import parse_url

if TYPE_CHECKING:
    from jsobj.identity.keystone.client import Keystone
    from jsobj.store.access import S3Access

_PAGE = 1000  # containers
_BUCKET = re.compile(r"<Bucket>(.*?)</Bucket>", re.DOTALL)
_NAME = re.compile(r"<Name>([^<]+)</Name>")
_CREATED = re.compile(r"<CreationDate>([^<]{1,40})</CreationDate>")
# Swift's s3api knows no creation dates and gives this one for every bucket; no date is better than a false one.
SWIFT_PLACEHOLDER = datetime(2009, 2, 3, 16, 45, 9, tzinfo=timezone.utc)


def s3_buckets(access: S3Access, *, proxy: str) -> Iterator[Bucket]:
    """All buckets that the key sees: one answer, which neither Swift nor Ceph RGW cuts into pages.

    Raises :class:`JsobjError`: auth, refused, network (also for an answer that is no list of buckets).
    """
    from jsobj.store.s3.requests import S3Dialect

    session = Session(access.origin, S3Dialect(access), verify=access.verify, proxy=proxy)
    body = session.send(Request("GET", "/", item="the buckets")).body.decode("utf-8", "replace")
    session.close()
    # Not given to an XML parser: the names of buckets need none, and what a parser does with hostile XML is no worry.
    if "<ListAllMyBucketsResult" not in body[:1000]:
        raise NotObjectStore(
            f"what answers at {access.origin} is no S3 server",
            context=f"to ListBuckets it says: {body[:100]}",
            hint="check the endpoint: jsobj endpoint",
        )
    found = [(_text(_NAME, entry), _created(_text(_CREATED, entry))) for entry in _BUCKET.findall(body)]
    yield from (Bucket(name, "s3", created) for name, created in sorted(found, key=lambda item: item[0]) if name)


def _text(pattern: re.Pattern[str], entry: str) -> str:
    match = pattern.search(entry)
    return html.unescape(match[1]) if match else ""


def _created(text: str) -> datetime | None:
    moment = parse_keystone_time(text)  # the same form of ISO 8601
    return None if moment is None or moment.replace(microsecond=0) == SWIFT_PLACEHOLDER else moment


def swift_containers(keystone: Keystone, *, verify: bool | str, proxy: str) -> Iterator[Bucket]:
    """All containers of the login's account, page by page, with their counts.

    Raises :class:`JsobjError`: auth, refused, network (also for an answer that is no listing).
    """
    from jsobj.store.swift.errors import asker
    from jsobj.store.swift.requests import SwiftDialect
    from jsobj.store.swift.token_keeper import TokenKeeper

    origin, path = parse_url(keystone.login.swift_url)
    root = path.rstrip("/")
    dialect = SwiftDialect(TokenKeeper(keystone), asker(keystone))
    session = Session(origin, dialect, verify=verify, proxy=proxy)
    marker = ""
    while True:
        query = (("format", "json"), ("limit", str(_PAGE)), *((("marker", marker),) if marker else ()))
        reply = session.send(Request("GET", root, query, {"accept": "application/json"}, item="the account"))
        page = list(_containers(reply.body))
        yield from page
        if len(page) < _PAGE:
            session.close()
            return
        if page[-1].name <= marker:
            raise not_swift("the account", "its listing does not advance")
        marker = page[-1].name


def _containers(body: bytes) -> Iterator[Bucket]:
    try:
        for item in json.loads(body or b"[]"):
            yield Bucket(str(item["name"]), "swift", objects=int(item["count"]), size=int(item["bytes"]))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise not_swift("the account", f"its listing is malformed: {type(error).__name__}") from error
