"""The object round trip over the Swift API, with nothing but python-swiftclient and the login's token: what a user's
program needs where there are no S3 keys, and the bytes compared."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from typing import Any

from jsobj.doctor.case import Case
from jsobj.doctor.check import Finding, skipped
from jsobj.doctor.checks.keystone import reads_only
from jsobj.doctor.checks.scratch_bucket import open_scratch
from jsobj.doctor.checks.scratch_swift import TEMP_URL_KEYS, SwiftContainers
from jsobj.doctor.checks.swift_api import swift_place
from jsobj.doctor.http import ask
from jsobj.doctor.trip import SMALL, Step, StepError, Trip, random_bytes, same, seen, walk
from jsobj.ec2_keys.setup import verify_of
from jsobj.store.swift.errors import asker, evidence, explained
from jsobj.store.swift.temp_url import is_rgw
from jsobj.urls import parse_url

_SEGMENT = 1024 * 1024  # bytes; what older servers want a segment to have at least
_SEGMENTS = ("segments/1", "segments/2")
_COPY = "folder/copy"
_LISTED_WITHIN = 5.0  # seconds; the listing of a busy cluster lags behind
_LOOK_EVERY = 0.5
_DIGESTS = ("sha256", "sha512", "sha1")  # for temporary URLs; the first that the server takes
_HINT = "try again in a minute; then give the request id to the cloud's help desk"


class _Trip(Trip[SwiftContainers]):
    """A round trip with swiftclient. A connection for each step costs little, and belongs to one thread."""

    def swift(self, operation: str, name: str, *more: Any, **words: Any) -> Any:
        """One operation on an object of ours."""
        with self.scratch.buckets.connected() as connection:
            return getattr(connection, operation)(self.scratch.name, self.key(name), *more, **words)

    def read(self, name: str, *, first: int | None = None, last: int | None = None) -> bytes:
        """The object's bytes, or ``first`` to ``last`` of them."""
        headers = {} if first is None else {"Range": f"bytes={first}-{last}"}
        told, body = self.swift("get_object", name, headers=headers)
        if headers and "content-range" not in told:
            raise StepError("a range was asked for and the whole object came")
        assert isinstance(body, bytes)
        return body

    def expect_listed(self, wanted: set[str], otherwise: str) -> None:
        """Raise where the listing does not come to hold just these."""
        deadline = time.monotonic() + _LISTED_WITHIN
        while True:
            with self.scratch.buckets.connected() as connection:
                page = connection.get_container(self.scratch.name, prefix=self.scratch.prefix or None)[1]
            found = {item["name"] for item in page}
            if found == {self.key(name) for name in wanted}:
                return
            if time.monotonic() > deadline:
                raise StepError(f"{len(found)} objects are {otherwise}")
            time.sleep(_LOOK_EVERY)


def round_trip(case: Case) -> Finding:
    """Create, put, head, get, range, segments, list, copy, temporary URL, delete."""
    assert case.keystone is not None, "needs 'token'"
    if reads_only(case):
        return skipped("this login may only read")
    proxy = case.proxy(parse_url(case.keystone.login.swift_url)[0])
    containers = SwiftContainers(case.keystone, verify=verify_of(case.keystone, case.settings), proxy=proxy)
    case.swift_scratch = open_scratch(case, containers)
    trip = _Trip(case, case.swift_scratch, random_bytes())
    return walk(trip, _STEPS, lambda error: _explained(trip, error))


def _explained(trip: _Trip, error: Exception) -> tuple[dict[str, str], str]:
    from swiftclient import ClientException

    if not isinstance(error, ClientException):
        return {"seen": seen(error)}, _HINT
    status, headers = int(error.http_status or 0), error.http_response_headers or {}
    reason = evidence(status, error.http_reason or "", {})
    facts = {"seen": reason, "HTTP status": str(status), "request id": headers.get("x-trans-id", "")}
    assert trip.case.keystone is not None, "needs 'token'"
    who = asker(trip.case.keystone)
    hint = explained(status, reason, who, trip.scratch.name).hint
    return {label: text for label, text in facts.items() if text}, hint or _HINT


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _put(trip: _Trip) -> None:
    # The server compares what came with the ETag sent, we compare the ETag that comes back.
    if trip.swift("put_object", "small", trip.data, etag=_md5(trip.data)) != _md5(trip.data):
        raise StepError("the ETag is not the MD5 of what was sent")


def _head(trip: _Trip) -> None:
    length = int(trip.swift("head_object", "small")["content-length"])
    if length != len(trip.data):
        raise StepError(f"the object has {length} bytes instead of {len(trip.data)}")


def _get(trip: _Trip) -> None:
    same(trip.read("small"), trip.data)


def _range(trip: _Trip) -> None:
    same(trip.read("small", first=1000, last=1999), trip.data[1000:2000])


def _segments(trip: _Trip) -> None:
    """A static large object of two segments, read across their border."""
    lines = []
    for name, body in zip(_SEGMENTS, (trip.data * (_SEGMENT // SMALL), trip.data), strict=True):
        tag = trip.swift("put_object", name, body, etag=_md5(body))
        lines.append({"path": f"/{trip.scratch.name}/{trip.key(name)}", "etag": tag, "size_bytes": len(body)})
    trip.swift("put_object", "large", json.dumps(lines), query_string="multipart-manifest=put")
    same(trip.read("large", first=_SEGMENT - 8, last=_SEGMENT + 7), trip.data[-8:] + trip.data[:8])


def _list(trip: _Trip) -> None:
    trip.expect_listed({"small", "large", *_SEGMENTS}, "listed instead of the 4 that are there")


def _copy(trip: _Trip) -> None:
    trip.swift("copy_object", "small", f"/{trip.scratch.name}/{trip.key(_COPY)}")
    same(trip.read(_COPY), trip.data)


def _temporary_url(trip: _Trip) -> str | None:
    """An address that is good for a while, read without the token."""
    from swiftclient.utils import generate_temp_url

    case = trip.case
    assert case.keystone is not None, "needs 'token'"
    origin, root = swift_place(case)
    front, mark, account = root.partition("/v1")  # the server signs what follows whatever stands before /v1
    offered = _offered(trip, f"{origin}{front}/info")
    if offered is None:
        return "not tried: the server does not say that it offers any"
    key = _signing_key(trip)
    if not key:
        return "not tried: there is no key to sign with, and the doctor makes none in your account"
    allowed = offered.get("allowed_digests")
    digest = next((d for d in _DIGESTS if d in allowed), "sha1") if isinstance(allowed, list) else "sha1"
    path = f"{mark}{account}/{trip.scratch.name}/{trip.key(_COPY)}"
    signed = generate_temp_url(path, 300, key, "GET", digest=digest)
    reply = ask(case, origin, f"{front}{signed}", verify=verify_of(case.keystone, case.settings))
    if reply.answer.status != 200:
        raise StepError(f"the temporary address answers {reply.answer.status}")
    return None


def _offered(trip: _Trip, url: str) -> Mapping[str, Any] | None:
    """What the server's ``/info`` says of temporary URLs; None where it says nothing."""
    from swiftclient import ClientException

    try:
        with trip.scratch.buckets.connected() as connection:
            told = connection.get_capabilities(url).get("tempurl")
    except ClientException:  # an operator may hide it
        return None
    return told if isinstance(told, Mapping) else None


def _signing_key(trip: _Trip) -> str:
    """The container's key, which Ceph does not look at, or the account's; "" where there is none."""
    with trip.scratch.buckets.connected() as connection:
        held = connection.head_container(trip.scratch.name)
    places = [] if is_rgw(held) else [("container", held)]
    for level, headers in (*places, ("account", trip.case.swift)):
        for name in TEMP_URL_KEYS:
            if key := headers.get(f"x-{level}-meta-{name}"):
                return str(key)
    return ""


def _delete(trip: _Trip) -> None:
    for name in ("small", "large", *_SEGMENTS, _COPY):
        trip.swift("delete_object", name)
    trip.expect_listed(set(), "still listed after they were deleted")


_STEPS: tuple[tuple[str, Step[_Trip]], ...] = (
    ("put", _put),
    ("head", _head),
    ("get", _get),
    ("range", _range),
    ("segments", _segments),
    ("list", _list),
    ("copy", _copy),
    ("temporary URL", _temporary_url),
    ("delete", _delete),
)
