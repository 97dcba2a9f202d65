"""Small HTTP requests to Keystone and to object stores under test: the standard library's client, kept short.

It exists because requests takes longer to import than Keystone takes to answer, and ``login`` and ``ec2-creds`` make a
handful of requests each. What it promises: connections are kept and bounded in time; certificates are checked; no
redirect is followed (a token must not travel to another host); an answer that asks to come again later (429, 503) is
taken at its word up to a bound; proxies of the environment are used; no body and no header is ever logged.
"""

from __future__ import annotations

import http.client
import json
import logging
import random
import socket
import ssl
import time
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from jsobj import __version__
from jsobj.identity.settings import process_environment
from jsobj.net.proxy import Proxy, proxy_for
from jsobj.net.tls import tls_context
from jsobj.urls import Origin

CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0
MAX_BODY = 16 * 1024 * 1024  # bytes; a catalogue or a list of keys is far below
MAX_RETRY_AFTER = 20.0  # seconds; a longer wished wait is told to the user instead of sat through
_TRIES = 4
_BACKOFF = 0.3  # seconds, doubled each time, with full jitter
_COME_AGAIN = frozenset({429, 503})
_REPEATABLE = frozenset({"GET", "HEAD", "DELETE"})

_log = logging.getLogger("jsobj.http")


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. Header names are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> object:
        """The body as JSON; raises :class:`ValueError`."""
        try:
            return json.loads(self.body)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error


class TransportError(Exception):
    """No usable answer came. ``tls``: the server did not prove who it is. ``sent``: it may have got the request."""

    def __init__(self, reason: str, *, tls: bool = False, sent: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.tls = tls
        self.sent = sent


class HttpClient:
    """Keeps one connection to each server. ``verify``: True, False, or the path of a file with authorities."""

    def __init__(self, verify: bool | str = True, *, read_seconds: float = READ_SECONDS) -> None:
        self._kept: dict[str, http.client.HTTPConnection] = {}
        self._verify = verify
        self._read_seconds = read_seconds
        self._environ = process_environment()
        # A login lives as long as somebody holds it, and nobody says when that ends; its sockets end with it. Not in
        # __del__: of things that point at one another, the sockets may be finalized before their holder.
        weakref.finalize(self, _close, self._kept)

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes = b"", max_body: int = MAX_BODY
    ) -> Reply:
        """One request and its answer, whatever its status; tried again as the module says.

        Raises :class:`TransportError`; :class:`jsobj.errors.JsobjError` (local) for a proxy or a file of authorities
        that cannot be used.
        """
        for attempt in range(1, _TRIES + 1):
            reply = self._send_patiently(method, url, headers, body, max_body)
            wait = _pause(reply, attempt)
            if reply.status not in _COME_AGAIN or attempt == _TRIES or wait is None:
                return reply
            _log.debug("%s answered %d; again in %.1f s", urlsplit(url).netloc, reply.status, wait)
            time.sleep(wait)
        raise AssertionError("the loop above returns")

    def _send_patiently(self, method: str, url: str, headers: Mapping[str, str], body: bytes, max_body: int) -> Reply:
        """Once more where nothing was sent, or where sending twice does no harm (a kept connection had been closed)."""
        try:
            return self._send_once(method, url, headers, body, max_body)
        except TransportError as error:
            if error.tls or (error.sent and method not in _REPEATABLE) or error.reason.startswith(_TIMED_OUT):
                raise
            _log.debug("%s %s: %s; once more", method, urlsplit(url).netloc, error.reason)
        time.sleep(_BACKOFF * random.random())  # noqa: S311 - jitter, no secret
        return self._send_once(method, url, headers, body, max_body)

    def _send_once(self, method: str, url: str, headers: Mapping[str, str], body: bytes, max_body: int) -> Reply:
        parts = urlsplit(url)
        place = f"{parts.scheme}://{parts.netloc}"
        began = time.monotonic()
        sent, proxy = False, None
        try:
            proxy = proxy_for(self._environ, _origin(url))
            connection = self._connected(place, proxy)
            sent = True
            fixed = {"User-Agent": f"jsobj/{__version__}", "Accept-Encoding": "identity"}
            target = parts.path or "/"
            if proxy and parts.scheme == "http":
                target = url
                fixed |= _proxy_headers(proxy)
            connection.request(method, target, body=body or None, headers={**fixed, **headers})
            answer = connection.getresponse()
            data = answer.read(max_body + 1)
            reply = Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, data[:max_body])
            if len(data) > max_body or answer.will_close:
                self._drop(place)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._drop(place)
            failed = _failed(error, sent)
            if proxy:
                failed.reason += f" (through the proxy {proxy.host})"
            raise failed from error
        _log.debug("%s %s%s %d (%.2f s)", method, place, parts.path, reply.status, time.monotonic() - began)
        return reply

    def _connected(self, place: str, proxy: Proxy | None) -> http.client.HTTPConnection:
        """A connection to ``place`` that is open."""
        known = self._kept.get(place)
        if known is not None and known.sock is not None:
            return known
        scheme, _, netloc = place.partition("://")
        connection = self._new_connection(scheme, netloc, proxy)
        connection.connect()
        connection.sock.settimeout(self._read_seconds)
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._kept[place] = connection
        return connection

    def _new_connection(self, scheme: str, netloc: str, proxy: Proxy | None) -> http.client.HTTPConnection:
        if proxy is None:
            if scheme == "https":
                return http.client.HTTPSConnection(netloc, timeout=CONNECT_SECONDS, context=tls_context(self._verify))
            return http.client.HTTPConnection(netloc, timeout=CONNECT_SECONDS)
        address = (proxy.host, proxy.port)
        if scheme == "http":
            return http.client.HTTPConnection(*address, timeout=CONNECT_SECONDS)
        tunnel = http.client.HTTPSConnection(*address, timeout=CONNECT_SECONDS, context=tls_context(self._verify))
        tunnel.set_tunnel(netloc, headers=_proxy_headers(proxy))
        return tunnel

    def _drop(self, place: str) -> None:
        connection = self._kept.pop(place, None)
        if connection is not None:
            connection.close()

    def close(self) -> None:
        """Close every connection."""
        _close(self._kept)


def _close(kept: dict[str, http.client.HTTPConnection]) -> None:
    while kept:
        kept.popitem()[1].close()


_TIMED_OUT = "no answer in time"


def _failed(error: Exception, sent: bool) -> TransportError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return TransportError(error.verify_message or "certificate not accepted", tls=True)
    if isinstance(error, ssl.SSLError):
        return TransportError(error.reason or str(error), tls=not sent, sent=sent)
    if isinstance(error, TimeoutError):
        return TransportError(_TIMED_OUT, sent=sent)
    if isinstance(error, OSError):
        return TransportError(error.strerror or str(error) or type(error).__name__, sent=sent)
    return TransportError("the answer is not HTTP" if sent else str(error), sent=sent)


def _pause(reply: Reply, attempt: int) -> float | None:
    """Seconds to wait before asking again; None where the server wants more than a user would sit through."""
    wished = reply.headers.get("retry-after", "")
    if wished.isdigit():
        return float(wished) if int(wished) <= MAX_RETRY_AFTER else None
    return float(_BACKOFF * 2**attempt) * random.random()  # noqa: S311 - jitter, no secret


def _origin(url: str) -> Origin:
    """Raises ValueError for a port that is none."""
    parts = urlsplit(url)
    return Origin(parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))


def _proxy_headers(proxy: Proxy) -> dict[str, str]:
    return {"Proxy-Authorization": proxy.login} if proxy.login else {}
