"""The store behind a link: one object, which is read with what signs the link in the query, and nothing else.

A link is made for one method. What HEAD would tell comes from a GET of one byte, since a link for GET answers no HEAD
over S3.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

from jsobj.errors import ExitCode, JsobjError, RangeOutside
from jsobj.net.body import BytesSink
from jsobj.net.request import Reply
from jsobj.net.retry import RetryPolicy
from jsobj.store.access import S3Access
from jsobj.store.s3.requests import READ, S3Requests
from jsobj.store.s3.requests import info_of as s3_info
from jsobj.store.s3.store import S3Store
from jsobj.store.swift.requests import SwiftRequests
from jsobj.store.swift.requests import info_of as swift_info
from jsobj.store.swift.store import SwiftStore
from jsobj.store.values import Listed, ObjectInfo, PartDigest, StorePlace

Signed: TypeAlias = tuple[tuple[str, str], ...]

_FIRST = "bytes=0-0"


class S3Link(S3Store):
    """The object ``key``; ``signed`` are names and values of the link's query."""

    def __init__(
        self, access: S3Access, bucket: str, key: str, signed: Signed, *, proxy: str, retry: RetryPolicy | None
    ) -> None:
        super().__init__(access, bucket, proxy=proxy, retry=retry)
        self._key = key
        self._requests = _S3Requests(self._session, access, bucket, signed)

    def list(self, prefix: str = "", *, delimiter: str = "", after: str = "") -> Iterator[Listed]:
        """The object alone."""
        return _alone(self.head(self._key), prefix, after)


class SwiftLink(SwiftStore):
    """The same of a temporary URL."""

    def __init__(
        self,
        place: StorePlace,
        key: str,
        signed: Signed,
        *,
        verify: bool | str,
        proxy: str,
        retry: RetryPolicy | None,
    ) -> None:
        super().__init__(place, verify=verify, proxy=proxy, retry=retry)
        self._key = key
        self._requests = _SwiftRequests(self._session, self._requests.root, place.bucket, signed)

    def list(self, prefix: str = "", *, delimiter: str = "", after: str = "") -> Iterator[Listed]:
        """The object alone."""
        return _alone(self.head(self._key), prefix, after)

    def digests(self, info: ObjectInfo) -> Sequence[PartDigest] | None:
        """As of the container; the segments of a large object cannot be asked for."""
        return None if info.large else super().digests(info)

    @contextmanager
    def _telling_what_is_missing(self, source: str = "") -> Iterator[None]:
        yield  # the container cannot be asked


def _alone(info: ObjectInfo, prefix: str, after: str) -> Iterator[Listed]:
    if info.key.startswith(prefix) and info.key > after:
        yield Listed(info.key, info.size, info.etag, info.modified)


class _S3Requests(S3Requests):
    def __init__(self, session: Any, access: S3Access, bucket: str, signed: Signed) -> None:
        super().__init__(session, access, bucket)
        self._signed = signed

    def send(self, method: str, key: str = "", **more: Any) -> Reply:
        """Send a request with what signs it."""
        with _explained():
            return super().send(method, key, **{**more, "query": (*self._signed, *more.get("query", ()))})

    def head(self, key: str, etag: str = "") -> ObjectInfo:
        """What a GET of one byte tells of the object."""
        return s3_info(self.access, key, _first_byte(self, key, etag))


class _SwiftRequests(SwiftRequests):
    def __init__(self, session: Any, root: str, bucket: str, signed: Signed) -> None:
        super().__init__(session, root, bucket, public=True)
        self._signed = signed

    def send(self, method: str, key: str | None = None, *, item: str = "", **more: Any) -> Reply:
        """Send a request with what signs it."""
        query = (*self._signed, *more.get("query", ()))
        with _explained():
            return super().send(method, key, item=item, **{**more, "query": query})

    def head(self, key: str, etag: str = "") -> ObjectInfo:
        """What a GET of one byte tells of the object."""
        return swift_info(self.bucket, key, _first_byte(self, key, etag))


def _first_byte(requests: S3Requests | SwiftRequests, key: str, etag: str) -> Reply:
    headers = {"if-match": etag} if etag else {}
    try:
        ranged = {**headers, "range": _FIRST}
        return requests.send("GET", key, headers=ranged, expect=READ, sink=BytesSink(), range_size=1)
    except RangeOutside:  # it is empty
        return requests.send("GET", key, headers=headers, expect=READ, sink=BytesSink())


@contextmanager
def _explained() -> Iterator[None]:
    """A refusal in the words of a link."""
    try:
        yield
    except JsobjError as error:
        if error.code not in {ExitCode.AUTH, ExitCode.REFUSED}:
            raise
        raise JsobjError(
            "link-refused",
            "the server refuses this link: it has ended, or it is not whole",
            code=ExitCode.REFUSED,
            context=error.context or error.message,
            hint="copy all of it, in quotation marks; else ask for a new one (its owner: jsobj presign)",
        ) from error
