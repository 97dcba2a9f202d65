"""The object round trip over the Swift API, with nothing but python-swiftclient and the login's token: what a user's
program needs where there are no S3 keys, and the bytes compared."""

from __future__ import annotations

import contextlib
import json
import secrets
from typing import Any

from jsobj.doctor.case import Case, needed
from jsobj.doctor.check import Finding
from jsobj.doctor.checks.swift_api import swift_place
from jsobj.doctor.checks.trip import SMALL, StepError, Trip, md5, seen, take
from jsobj.doctor.http import ask
from jsobj.ec2_keys.server_info import server_info
from jsobj.identity.keystone.client import verify_of
from jsobj.net.connection.watched import watch_requests
from jsobj.store.swift.errors import account_context, evidence, explained, translate_errors
from jsobj.store.swift.temp_url import digest_of, is_rgw, key_in
from jsobj.urls import parse_url

_SEGMENT = 1024 * 1024  # bytes; what older servers want a segment to have at least
_SEGMENTS = ("segments/1", "segments/2")
_SECONDS = 20.0  # for one answer
_HINT = "try again in a minute; then give the request id to the cloud's help desk"


def through(proxy: str, **options: Any) -> Any:
    """A ``swiftclient.Connection`` that goes through ``proxy`` ("": through none), whatever requests would choose."""
    from swiftclient import Connection

    class Through(Connection):  # type: ignore[misc]  # swiftclient has no types
        def http_connection(self, url: str | None = None) -> Any:
            parsed, connection = super().http_connection(url)
            watch_requests(connection.request_session)
            connection.request_session.trust_env = False
            connection.requests_args["proxies"] = {parsed.scheme: proxy} if proxy else {}
            return parsed, connection

    return Through(**options)


class _SwiftTrip(Trip):
    """A round trip with swiftclient. A connection for each step costs little, and belongs to one thread."""

    dialect, parts_step, url_step = "swift", "segments", "temporary URL"
    names = ("small", "large", *_SEGMENTS)
    copied = "folder/copy"

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        self._keystone = needed(case.keystone)
        self._verify = verify_of(self._keystone, case.settings)

    def create(self, bucket: str) -> None:
        # With a key of its own for temporary URLs, so that the user's account needs none.
        headers = {"X-Container-Meta-Temp-Url-Key": secrets.token_hex(24)}
        with translate_errors(self._keystone, bucket, "create"), self._connected() as connection:
            connection.put_container(bucket, headers=headers)

    def _connected(self) -> contextlib.closing[Any]:
        url = self._keystone.login.swift_url
        connection = through(
            self.case.proxy(parse_url(url)[0]),
            preauthurl=url,
            preauthtoken=self._keystone.token.reveal(),
            retries=1,
            timeout=_SECONDS,
            insecure=self._verify is False,
            cacert=self._verify if isinstance(self._verify, str) else None,
        )
        return contextlib.closing(connection)

    def _swift(self, operation: str, name: str, *more: Any, **words: Any) -> Any:
        """One operation on an object of this trip."""
        with self._connected() as connection:
            return getattr(connection, operation)(self.scratch.name, self.key(name), *more, **words)

    def put(self, name: str, data: bytes) -> str:
        # The server compares what came with the ETag sent, we compare the ETag that comes back.
        return str(self._swift("put_object", name, data, etag=md5(data)))

    def size(self, name: str) -> int:
        return int(self._swift("head_object", name)["content-length"])

    def read(self, name: str, first: int | None = None, last: int | None = None) -> bytes:
        headers = {} if first is None else {"Range": f"bytes={first}-{last}"}
        answered, body = self._swift("get_object", name, headers=headers)
        if headers and "content-range" not in answered:
            raise StepError("a range was asked for and the whole object came")
        return bytes(body)

    def copy(self, name: str, target: str) -> None:
        self._swift("copy_object", name, f"/{self.scratch.name}/{self.key(target)}")

    def listed(self) -> set[str]:
        with self._connected() as connection:
            page = connection.get_container(self.scratch.name, prefix=self.scratch.prefix or None)[1]
        return {item["name"] for item in page}

    def delete(self, name: str) -> None:
        self._swift("delete_object", name)

    def put_parts(self) -> int:
        lines = []
        for name, body in zip(_SEGMENTS, (self.data * (_SEGMENT // SMALL), self.data), strict=True):
            path = f"/{self.scratch.name}/{self.key(name)}"
            lines.append({"path": path, "etag": self.put(name, body), "size_bytes": len(body)})
        self._swift("put_object", "large", json.dumps(lines), query_string="multipart-manifest=put")
        return _SEGMENT

    def try_url(self) -> str | None:
        from swiftclient.utils import generate_temp_url

        origin, root = swift_place(self.case)
        front, mark, account = root.partition("/v1")  # the server signs what follows whatever stands before /v1
        offered = server_info(ask(self.case, origin, f"{front}/info", verify=self._verify)).get("tempurl")
        if not isinstance(offered, dict):
            return "not tried: the server does not say that it offers any"
        key = self._signing_key()
        if not key:
            return "not tried: there is no key to sign with, and the doctor makes none in your account"
        path = f"{mark}{account}/{self.scratch.name}/{self.key(self.copied)}"
        signed = generate_temp_url(path, 300, key, "GET", digest=digest_of(offered))
        reply = ask(self.case, origin, f"{front}{signed}", verify=self._verify)
        if reply.status != 200:
            raise StepError(f"the temporary address answers {reply.status}")
        return None

    def _signing_key(self) -> str:
        """The container's key, which Ceph does not look at, or the account's; "" where there is none."""
        with self._connected() as connection:
            held = connection.head_container(self.scratch.name)
        own = "" if is_rgw(held) else key_in(held, "container")
        return own or key_in(self.case.swift, "account")

    def explain(self, error: Exception) -> tuple[dict[str, str], str]:
        from swiftclient import ClientException

        if not isinstance(error, ClientException):
            return {"seen": seen(error)}, _HINT
        status, headers = int(error.http_status or 0), error.http_response_headers or {}
        reason = evidence(status, error.http_reason or "", {})
        facts = {"seen": reason, "HTTP status": str(status), "request id": headers.get("x-trans-id", "")}
        hint = explained(status, reason, account_context(self._keystone), self.scratch.name).hint
        return {label: text for label, text in facts.items() if text}, hint or _HINT


def round_trip(case: Case) -> Finding:
    """Create, put, head, get, range, segments, list, copy, temporary URL, delete."""
    return take(_SwiftTrip, case)
