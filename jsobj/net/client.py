"""Single requests to any server: Keystone, an endpoint under test, whatever the doctor examines.

Unlike a :class:`jsobj.net.session.Session` it knows no dialect: every status is a result. Connections are kept and
bounded in time; certificates are checked; no redirect is followed (a token must not travel to another host); a busy
server (429, 503) is tried again after the time that it names, up to a bound; no body and no header is
ever logged.
"""

from __future__ import annotations

import logging
import random
import re
import threading
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from jsobj import __version__
from jsobj.net.body import BytesSource
from jsobj.net.connection.pool import Pool
from jsobj.net.connection.proxy import tunnel_for
from jsobj.net.connection.request_head import RequestHead
from jsobj.net.connection.response_head import WireError
from jsobj.net.connection.wire import CONNECT_SECONDS
from jsobj.net.request import Reply
from jsobj.net.retry import retry_after
from jsobj.urls import Origin

READ_SECONDS = 30.0
MAX_BODY = 16 * 1024 * 1024  # bytes; a catalogue or a list of keys is far below
MAX_RETRY_AFTER = 20.0  # seconds; a longer wait is reported to the user instead of waited out
_BACKOFF = 0.3  # seconds, doubled each time, with full jitter
_COME_AGAIN = frozenset({429, 503})
_REPEATABLE = frozenset({"GET", "HEAD", "DELETE"})

_log = logging.getLogger("jsobj.http")


class HttpClient:
    """Keeps connections to every server.

    ``environ`` names the proxies, as in :mod:`jsobj.net.connection.proxy`; ``verify``: True, False, or the path of a
    file with authorities. ``tries``: with 1 nothing is repeated, neither a busy answer nor a lost one.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        verify: bool | str = True,
        *,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        tries: int = 4,
        agent: str = f"jsobj/{__version__}",
    ) -> None:
        self._environ = environ
        self._verify = verify
        self._connect_seconds = connect_seconds
        self._read_seconds = read_seconds
        self._tries = tries
        self._agent = agent
        self._lock = threading.Lock()
        self._servers: dict[Origin, tuple[Pool, RequestHead]] = {}

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes = b"", max_body: int = MAX_BODY
    ) -> Reply:
        """One request and its answer, whatever its status; a longer body than ``max_body`` is cut there.

        Raises :class:`WireError`; :class:`jsobj.errors.JsobjError` (local) for a proxy or a file of authorities that
        cannot be used.
        """
        for attempt in range(1, self._tries + 1):
            reply = self._send_repeatable(method, url, headers, body, max_body)
            wait = _pause(reply, attempt)
            if reply.status not in _COME_AGAIN or attempt == self._tries or wait is None:
                return reply
            _log.debug("%s answered %d; again in %.1f s", urlsplit(url).netloc, reply.status, wait)
            time.sleep(wait)
        raise AssertionError("the loop above returns")

    def _send_repeatable(self, method: str, url: str, headers: Mapping[str, str], body: bytes, max_body: int) -> Reply:
        """Once more where nothing was sent, or where sending twice does no harm (the server closed a kept connection).

        A POST that was sent is left to the caller: the server may have done it, and again could make a second key.
        """
        try:
            return self._once(method, url, headers, body, max_body)
        except WireError as error:
            repeatable = method in _REPEATABLE or not error.sent
            if self._tries == 1 or error.kind in {"tls", "timeout"} or not repeatable:
                raise
            _log.debug("%s %s: %s; once more", method, urlsplit(url).netloc, error.reason)
        time.sleep(_BACKOFF * random.random())  # noqa: S311 - jitter, no secret
        return self._once(method, url, headers, body, max_body)

    def _once(self, method: str, url: str, headers: Mapping[str, str], body: bytes, max_body: int) -> Reply:
        origin, target = _split(url)
        pool, request_head = self._server(origin)
        began = time.monotonic()
        names = {name.lower(): value for name, value in headers.items()}
        head = request_head.write(method, target, names, len(body) if body else None)
        kept = _FirstBytes(max_body)
        with pool.wire() as wire:
            answer = wire.ask(head, BytesSource(body) if body else None, idle=self._read_seconds)
            try:
                wire.stream(answer, kept)
            except _EnoughError:
                _log.debug("the answer is longer than %d bytes", max_body)
        _log.debug("%s %s%s %d (%.2f s)", method, origin, urlsplit(url).path, answer.status, time.monotonic() - began)
        return Reply(answer.status, answer.reason, answer.headers, bytes(kept.data))

    def _server(self, origin: Origin) -> tuple[Pool, RequestHead]:
        with self._lock:
            if origin not in self._servers:
                proxy = tunnel_for(self._environ, origin)
                pool = Pool(origin, verify=self._verify, proxy=proxy, connect_seconds=self._connect_seconds)
                self._servers[origin] = pool, RequestHead(origin, proxy, agent=self._agent)
            return self._servers[origin]

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            for pool, _ in self._servers.values():
                pool.close()


class _EnoughError(Exception):
    """The body is longer than wanted."""


class _FirstBytes:
    """A sink for ``limit`` bytes at most."""

    def __init__(self, limit: int) -> None:
        self.data = bytearray()
        self._limit = limit

    def write(self, chunk: memoryview, offset: int) -> None:
        """Keep what fits."""
        self.data += chunk[: self._limit - len(self.data)]
        if offset + len(chunk) > self._limit:
            raise _EnoughError


def _split(url: str) -> tuple[Origin, str]:
    """The server, and the target of the request line."""
    try:
        parts = urlsplit(url)
        default = {"http": 80, "https": 443}[parts.scheme]
        origin = Origin(parts.scheme, parts.hostname or "", parts.port or default)
    except (ValueError, KeyError) as error:
        raise WireError("dns", f"not an address of http or https: {url}") from error
    if re.search(r"[\x00-\x20\x7f]", url):
        raise WireError("dns", "a blank or a control character in the address")
    return origin, f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"


def _pause(reply: Reply, attempt: int) -> float | None:
    """Seconds to wait before asking again; None if the server demands more than a user would wait."""
    named = retry_after(reply.headers)
    if named is not None:
        return named if named <= MAX_RETRY_AFTER else None
    return float(_BACKOFF * 2**attempt) * random.random()  # noqa: S311 - jitter, no secret
