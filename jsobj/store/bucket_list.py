"""The names of all buckets, over our own wire: ``jsobj ls`` must not wait for an SDK to be imported."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timezone
from operator import itemgetter
from typing import TYPE_CHECKING

from jsobj.ec2_keys.s3_account import read_buckets
from jsobj.errors import NotObjectStore
from jsobj.net.request import Request
from jsobj.net.session import Session
from jsobj.store.buckets import Bucket
from jsobj.store.swift.verdict import not_swift
from jsobj.urls import parse_url

if TYPE_CHECKING:
    from jsobj.identity.keystone.client import Keystone
    from jsobj.store.access import S3Access

_PAGE = 1000  # containers
# Swift's s3api knows no creation dates and gives this one for every bucket: it is not shown.
SWIFT_PLACEHOLDER = datetime(2009, 2, 3, 16, 45, 9, tzinfo=timezone.utc)


def s3_buckets(access: S3Access, *, proxy: str) -> Iterator[Bucket]:
    """All buckets that the key sees: one answer, which neither Swift nor Ceph RGW cuts into pages.

    Raises :class:`JsobjError`: auth, refused, network (also for an answer that is no list of buckets).
    """
    from jsobj.store.s3.requests import S3Dialect

    session = Session(access.origin, S3Dialect(access), verify=access.verify, proxy=proxy)
    reply = session.send(Request("GET", "/", item="the buckets"))
    session.close()
    listed = read_buckets(reply)
    if listed is None:
        raise NotObjectStore(
            f"what answers at {access.origin} is not an S3 server",
            context=f"its answer to ListBuckets: {reply.text[:100]}",
            hint="check the endpoint: jsobj endpoint",
        )
    yield from (Bucket(name, "s3", _true(created)) for name, created in sorted(listed.buckets, key=itemgetter(0)))


def _true(created: datetime | None) -> datetime | None:
    return None if created is None or created.replace(microsecond=0) == SWIFT_PLACEHOLDER else created


def swift_containers(keystone: Keystone, *, verify: bool | str, proxy: str) -> Iterator[Bucket]:
    """All containers of the login's account, page by page, with their counts.

    Raises :class:`JsobjError`: auth, refused, network (also for an answer that is no listing).
    """
    from jsobj.store.swift.errors import account_context
    from jsobj.store.swift.requests import SwiftDialect
    from jsobj.store.swift.token_keeper import TokenKeeper

    origin, path = parse_url(keystone.login.swift_url)
    root = path.rstrip("/")
    dialect = SwiftDialect(TokenKeeper(keystone), account_context(keystone))
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
