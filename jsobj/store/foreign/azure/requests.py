"""Requests to one container of Azure's Blob storage: paths, signatures, and headers to values and back."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl, quote

from jsobj.errors import EndpointUnreachable, JsobjError, ObjectNotFound
from jsobj.identity.foreign.azure import AzureLogin
from jsobj.net.dates import http_epoch
from jsobj.net.request import Reply, Request, Verdict
from jsobj.net.session import Session, default_verdict, query_string
from jsobj.store.foreign.azure.names import encoded, md5_in, metadata_of
from jsobj.store.foreign.azure.shared_key import VERSION, authorization
from jsobj.store.foreign.azure.verdict import Sent, failure, not_azure
from jsobj.store.values import ObjectInfo, served
from jsobj.urls import parse_url

READ = frozenset({200, 206})
CREATED = frozenset({201})
_CONDITIONS = frozenset({"if-match", "x-ms-source-if-match"})


class AzureDialect:
    """The Blob service's REST API. A login without anything reads public data only."""

    signs_payload = False

    def __init__(self, login: AzureLogin) -> None:
        self._login = login

    def authorise(self, request: Request, payload_sha256: str) -> Mapping[str, str]:
        """The request's headers with what proves who sends it; see :class:`jsobj.net.session.Dialect`.

        A SAS is in the query already.
        """
        headers = {**request.headers, "x-ms-version": VERSION, "x-ms-date": formatdate(usegmt=True)}
        for name in _CONDITIONS & headers.keys():
            headers[name] = f'"{headers[name]}"'
        login = self._login
        if login.key:
            size = request.source.size if request.source is not None else 0
            headers["authorization"] = authorization(
                login.account, login.key, request.method, request.path, request.query, headers, size
            )
        elif login.tokens:
            headers["authorization"] = f"Bearer {login.tokens.current().reveal()}"
        return headers

    def observe(self, request: Request, reply: Reply) -> None:
        """There is nothing to learn; see :class:`jsobj.net.session.Dialect`."""

    def judge(self, request: Request, reply: Reply) -> Verdict:
        """What an answer means; see :class:`jsobj.net.session.Dialect`."""
        if reply.status in request.expect:
            return None if "x-ms-request-id" in reply.headers else not_azure(self._login, f"HTTP {reply.status}")
        return default_verdict(reply) or failure(reply, Sent(self._login, request, time.time()))

    def renew(self) -> None:
        """Another token."""
        if self._login.tokens:
            self._login.tokens.renew()


class AzureRequests:
    """Requests to one container, and to others of the same account."""

    def __init__(self, session: Session, login: AzureLogin, container: str) -> None:
        self.session = session
        self.login = login
        self.container = container
        text = login.sas.reveal().replace("+", "%2B")  # of a signature that was pasted decoded
        self.sas = tuple(parse_qsl(text, keep_blank_values=True))
        self._root = parse_url(login.endpoint)[1].rstrip("/")

    def of(self, container: str) -> AzureRequests:
        """The same for another container."""
        return AzureRequests(self.session, self.login, container)

    def path(self, key: str | None = None) -> str:
        """The path of the container (``key`` None) or of a blob, percent-encoded exactly once."""
        path = f"{self._root}/{quote(self.container, safe='$-_.~')}"
        return path if key is None else f"{path}/{encoded(key)}"

    def url(self, key: str, query: tuple[tuple[str, str], ...] = ()) -> str:
        """A blob's URL. With the login's own ``sas`` as ``query``, another server may read it."""
        return f"{self.session.origin}{self.path(key)}{query_string(query)}"

    def send(
        self, method: str, key: str | None = None, *, query: tuple[tuple[str, str], ...] = (), **more: Any
    ) -> Reply:
        """Send a request; ``more`` are fields of :class:`jsobj.net.request.Request`."""
        bucket, name = self.container, key or ""
        more |= {"item": f"az://{bucket}/{name}", "bucket": bucket, "key": name}
        try:
            return self.session.send(Request(method, self.path(key), query + self.sas, **more))
        except EndpointUnreachable as error:
            raise self._without_account(error) from error

    def _without_account(self, error: JsobjError) -> JsobjError:
        """Each account has a host of its own, so that a wrong name is a host that does not exist.

        Behind a proxy that says nothing: it is the proxy that looks names up.
        """
        if self.session.proxied:
            return error
        host = self.session.origin.host
        try:
            socket.getaddrinfo(host, None)
        except socket.gaierror:
            sentence = f"there is no storage account '{self.login.account}', or there is no network: "
            hint = "check the account's name, and the network"
            return error.reworded(f"{sentence}the name {host} is not known", hint=hint)
        return error

    def head(self, key: str, etag: str = "") -> ObjectInfo:
        """HEAD of a blob; with ``etag``, ObjectChanged for another version."""
        reply = self.send("HEAD", key, expect=READ, headers={"if-match": etag} if etag else {})
        return info_of(self.login, key, reply)

    def head_or_none(self, key: str) -> ObjectInfo | None:
        """HEAD of a blob; None where there is none. A missing container is raised."""
        try:
            return self.head(key)
        except ObjectNotFound:
            return None


def info_of(login: AzureLogin, key: str, reply: Reply) -> ObjectInfo:
    """The values in the answer to a HEAD or GET; raises :class:`JsobjError` (network) where no Azure answers so.

    ``Content-MD5`` is that of the bytes that come, so in an answer with a range it is not the blob's.
    """
    headers = reply.headers
    size = headers.get("content-range", "").rpartition("/")[2] or headers.get("content-length", "")
    if not (size.isascii() and size.isdigit()) or "etag" not in headers:
        raise not_azure(login, f"HTTP {reply.status} without a size or an ETag")
    md5 = headers.get("x-ms-blob-content-md5", "") or (headers.get("content-md5", "") if reply.status == 200 else "")
    return ObjectInfo(
        key,
        int(size),
        reply.etag,
        http_epoch(headers.get("last-modified", "")),
        headers.get("content-type", ""),
        headers.get("content-encoding", ""),
        metadata_of(headers),
        version=headers.get("x-ms-version-id", ""),
        served=served(headers),
        md5=md5_in(md5),
    )
