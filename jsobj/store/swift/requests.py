"""Requests to one account over the Swift API: paths, tokens, and headers to values and back.

An ``if-match`` header stays here: Ceph RGW 16 answers 412 to a large object whatever its ETag is. The ETag of every
answer is compared with it instead, before a byte of the body is taken, which pins the version just as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from jsobj.errors import ExitCode, JsobjError
from jsobj.net.dates import http_epoch
from jsobj.net.request import Reauthorise, Reply, Request, Verdict
from jsobj.net.session import Session, default_verdict
from jsobj.store.refusals import OBJECT_CHANGED
from jsobj.store.swift.errors import AccountContext
from jsobj.store.swift.token_keeper import TokenKeeper
from jsobj.store.swift.verdict import failure, name_refused, not_swift
from jsobj.store.values import DELETE_AT, ObjectInfo, PutOptions, served

CREATED = frozenset({201, 202})
GONE = frozenset({200, 204, 404})
READ = frozenset({200, 204, 206})
JSON = {"accept": "application/json"}
_META = "x-object-meta-"
# Ceph RGW keeps its own mark of a large object as if it were the user's metadata.
_NOT_META = "static-large-object"


class SwiftDialect:
    """The Swift API. ``keeper`` None: only public data can be read."""

    signs_payload = False

    def __init__(self, keeper: TokenKeeper | None, who: AccountContext | None) -> None:
        self._keeper = keeper
        self._who = who

    def authorise(self, request: Request, payload_sha256: str) -> Mapping[str, str]:
        """The request's headers with the token; see :class:`jsobj.net.session.Dialect`."""
        headers = {name: value for name, value in request.headers.items() if name != "if-match"}
        if self._keeper is not None:
            headers["x-auth-token"] = self._keeper.current().reveal()
        return headers

    def observe(self, request: Request, reply: Reply) -> None:
        """Note that the server accepts the token; see :class:`jsobj.net.session.Dialect`."""
        if self._keeper is not None and reply.status in request.expect:
            self._keeper.accepted = True

    def judge(self, request: Request, reply: Reply) -> Verdict:
        """What an answer means; see :class:`jsobj.net.session.Dialect`."""
        if reply.status in request.expect:
            return _wrong_content(request, reply)
        again = default_verdict(reply)
        if again is not None:
            return again
        verdict = failure(request, reply, self._who)
        if reply.status == 401 and self._keeper is not None and isinstance(verdict, JsobjError):
            return Reauthorise(verdict)
        return verdict

    def renew(self) -> None:
        """A new token."""
        if self._keeper is not None:
            self._keeper.renew()


def _wrong_content(request: Request, reply: Reply) -> JsobjError | None:
    """What is wrong with an answer of a good status, known before any of its body is taken."""
    if request.sink is not None and "etag" not in reply.headers:
        return not_swift(request.bucket, f"HTTP {reply.status} without an ETag")
    wanted = request.headers.get("if-match", "")
    if wanted and reply.etag != wanted:
        return OBJECT_CHANGED.error("swift", request.bucket, request.key)
    return None


class SwiftRequests:
    """Requests to one container, and to others of the same account.

    ``root``: the account's path, which is percent-encoded and ends without a slash; ``public``: there is no login.
    ``bucket`` may name the account's project before it (``PROJECT:CONTAINER``), ``container`` is what the server knows.
    """

    def __init__(self, session: Session, root: str, bucket: str, *, public: bool = False) -> None:
        self.session = session
        self.root = root
        self.bucket = bucket
        self.container = bucket.removeprefix(f"{root.rpartition('_')[2]}:") if ":" in bucket else bucket
        self.public = public

    def of(self, container: str) -> SwiftRequests:
        """The same for another container."""
        return SwiftRequests(self.session, self.root, container, public=self.public)

    def path(self, key: str | None = None) -> str:
        """The path of the container (``key`` None) or an object, percent-encoded exactly once.

        An empty key is refused (usage): deleting it would delete the container. Without a login a container's path gets
        a slash behind it: RGW redirects requests without a token there.
        """
        path = f"{self.root}/{encoded(self.container)}"
        if key is not None:
            return f"{path}/{encoded(key)}"
        return f"{path}/" if self.public else path

    def send(self, method: str, key: str | None = None, *, item: str = "", **more: Any) -> Reply:
        """Send a request; ``more`` are fields of :class:`jsobj.net.request.Request`."""
        item = item or f"swift://{self.bucket}/{key or ''}"
        return self.session.send(Request(method, self.path(key), item=item, bucket=self.bucket, key=key or "", **more))

    def head(self, key: str, etag: str = "") -> ObjectInfo:
        """HEAD of an object; with ``etag``, ObjectChanged for another version."""
        reply = self.send("HEAD", key, expect=READ, headers={"if-match": etag} if etag else {})
        return self.info(key, reply)

    def info(self, key: str, reply: Reply) -> ObjectInfo:
        """The values in the answer to a HEAD or GET, and when the object is deleted, where that is for copies too."""
        info, ends = info_of(self.bucket, key, reply), reply.headers.get(DELETE_AT, "")
        return replace(info, served={**info.served, DELETE_AT: ends}) if ends and not self.public else info

    def head_or_none(self, key: str) -> ObjectInfo | None:
        """HEAD of an object; None where it or its container does not exist."""
        try:
            return self.head(key)
        except JsobjError as error:
            if error.code is ExitCode.NOT_FOUND:
                return None
            raise

    def remove(self, key: str) -> None:
        """Delete just this object or manifest; one that is not there is no error."""
        self.send("DELETE", key, expect=GONE)


def encoded(name: str) -> str:
    """A name in a path, percent-encoded once."""
    if not name or "\0" in name:
        raise name_refused("the name of an object", name)
    return quote(name, safe="/~", errors="surrogateescape")


def info_of(container: str, key: str, reply: Reply) -> ObjectInfo:
    """The values in the answer to a HEAD or GET; raises :class:`JsobjError` (network) where no Swift answers so."""
    headers = reply.headers
    came = str(reply.received)  # where the body was chunked
    size = headers.get("content-range", "").rpartition("/")[2] or headers.get("content-length") or came
    if not size.isdigit() or "etag" not in headers:
        raise not_swift(container, f"HTTP {reply.status} without a size or an ETag")
    metadata = {name[len(_META) :]: value for name, value in headers.items() if name.startswith(_META)}
    metadata.pop(_NOT_META, None)
    return ObjectInfo(
        key,
        int(size),
        reply.etag,
        _modified(headers),
        headers.get("content-type", ""),
        headers.get("content-encoding", ""),
        metadata,
        large=headers.get("x-static-large-object", "").lower() == "true" or "x-object-manifest" in headers,
        version=headers.get("x-object-version-id", ""),
        served=served(headers),
        # The current version of an object is a link, too, where versions are kept.
        link="?version-id=" not in headers.get("content-location", "?version-id="),
    )


def _modified(headers: Mapping[str, str]) -> float | None:
    """``X-Timestamp`` has fractions of a second, as listings do; ``Last-Modified`` has not."""
    try:
        return float(headers["x-timestamp"])
    except (KeyError, ValueError):
        return http_epoch(headers.get("last-modified", ""))


def headers_for(options: PutOptions) -> dict[str, str]:
    """The headers that keep ``options`` with an object."""
    return options.headers(_META)
