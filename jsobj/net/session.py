"""Requests to one object store: connections, retries and logins, the same for both dialects.

A dialect says how a request is signed and what an answer means; everything that can go wrong on the way is dealt with
here, for every request alike. A body is streamed again from its source with each try.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Protocol
from urllib.parse import quote

from jsobj.errors import ExitCode, JsobjError
from jsobj.net.body import BytesSource, FileSource, Source, digest_of
from jsobj.net.connection.patience import FLOOR_SECONDS, say_waiting
from jsobj.net.connection.pool import Pool
from jsobj.net.connection.request_head import RequestHead
from jsobj.net.connection.response_head import Head, WireError
from jsobj.net.connection.wire import IDLE_SECONDS, Wire
from jsobj.net.errors import endpoint_unreachable, tls_failed
from jsobj.net.md5.streams import LARGE, md5
from jsobj.net.request import MAX_BODY, Reauthorise, Reply, Request, Retry, Verdict
from jsobj.net.retry import RetryPolicy, retry_after
from jsobj.net.sigv4 import EMPTY_SHA256, UNSIGNED_PAYLOAD
from jsobj.urls import Origin

_log = logging.getLogger("jsobj.http")
_SIGNED = 1024 * 1024  # bytes up to which a body's SHA-256 is taken first, where the dialect signs payloads
_TRANSIENT = frozenset({408, 429, 498, 499, 500, 502, 503, 504})
_BUSY = frozenset({429, 498, 503})
_CLEARING_UP = 1.0  # seconds without a byte, or for a connection, once somebody waits at a terminal for the end
_CLEARING_TRIES = 2  # of each request then
_LOST = frozenset({"dns", "connect"})
# How often a request is given up below the floor: where others are well, or what came is kept; and else.
_CRAWLED, _CRAWLED_ALL = 3, 1


class Dialect(Protocol):
    """How one API of object stores signs requests and answers them."""

    signs_payload: bool

    def authorise(self, request: Request, payload_sha256: str) -> Mapping[str, str]:
        """All headers to send, names in small letters; called for each try."""

    def observe(self, request: Request, reply: Reply) -> None:
        """Learn what the answer shows about the server or the login, before it is judged. Called by many threads."""

    def judge(self, request: Request, reply: Reply) -> Verdict:
        """What the answer means; changes nothing. Where a sink takes the body, called before its first byte."""

    def renew(self) -> None:
        """Get a new token, or sign as the server expects; called once for all workers."""


class Session:
    """Sends requests for any number of threads. ``verify`` and ``proxy`` as for
    :class:`jsobj.net.connection.dial.Pool`."""

    def __init__(
        self,
        origin: Origin,
        dialect: Dialect,
        *,
        verify: bool | str = True,
        proxy: str = "",
        retry: RetryPolicy | None = None,
    ) -> None:
        self.origin = origin
        self.retry = retry or RetryPolicy()
        self._dialect = dialect
        self.verify = verify
        self.proxied = bool(proxy)
        self._pool = Pool(origin, verify=verify, proxy=proxy)
        self._head = RequestHead(origin, proxy)
        self._login_lock = threading.Lock()
        self._logins = 0
        self._longest_idle = float("inf")

    @property
    def quickest(self) -> float:
        """Seconds that the quickest answer took to begin; infinite before the first."""
        return self._pool.quickest

    def stop(self) -> None:
        """End everything that is under way, from another thread."""
        self.retry.stop()
        self._pool.stop()

    def cut(self, threads: Iterable[int]) -> None:
        """End what some threads have under way, from another one. From now on nothing is retried."""
        self.retry.stop()
        self._pool.cut(threads)

    def revive(self) -> None:
        """After :meth:`stop`: serve a few requests more, to clear up, and wait for none of them long."""
        self.retry = RetryPolicy(tries=_CLEARING_TRIES, on_retry=self.retry.on_retry)
        self._longest_idle = _CLEARING_UP
        self._pool.revive(_CLEARING_UP)

    def close(self) -> None:
        """Close the connections that are kept."""
        self._pool.close()

    def send(self, request: Request) -> Reply:
        """The answer that the dialect calls good.

        Raises :class:`JsobjError`: the dialect's own, or network where trying again did not help.
        """
        began, attempt, relogins, crawled = time.monotonic(), 0, 0, 0
        while True:
            attempt += 1
            logins = self._logins
            trouble, lost = self._attempt(request, attempt, crawled)
            if isinstance(trouble, Reply):
                self.retry.succeeded()
                return trouble
            if isinstance(trouble, Reauthorise):
                if relogins:
                    raise trouble.error
                relogins += 1
                self._log_in_again(logins)
                continue
            crawled += trouble.crawled
            if trouble.slow:
                self.retry.slow_down()
            patient = not trouble.silent or not _is_small(request)
            reason = self.retry.wait_before_retry(
                request.item, trouble.reason, attempt, began, after=trouble.after, lost=lost, patient=patient
            )
            if reason is not None:
                raise self._gave_up(reason, lost)
            if trouble.silent or lost:
                say_waiting(self.origin.netloc, time.monotonic() - began, more="; trying again")

    def _attempt(self, request: Request, attempt: int, crawled: int) -> tuple[Reply | Retry | Reauthorise, bool]:
        """One try: a good reply, or what to do about a bad one; and whether the server could not be reached."""
        try:
            try:
                reply, verdict = self._once(request, attempt, crawled)
            except WireError as error:
                if not error.stale or self.retry.stopped:
                    raise
                reply, verdict = self._once(request, attempt + 1, crawled)
        except WireError as error:
            return self._broken(error)
        if verdict is None:
            return reply, False
        if isinstance(verdict, JsobjError):
            self.retry.server_answered = True  # an answer in the dialect's own words
            raise verdict
        return verdict, False

    def _broken(self, error: WireError) -> tuple[Retry, bool]:
        if error.kind == "tls":
            raise tls_failed(self.origin, error.reason)
        if error.kind == "dns":
            raise self._gave_up(error.reason, True)
        return Retry(error.reason, silent=error.kind == "timeout", crawled=error.kind == "slow"), error.kind in _LOST

    def _once(self, request: Request, attempt: int, crawled: int) -> tuple[Reply, Verdict]:
        if request.partial is not None:
            if request.partial.size == request.range_size:  # all has come, and not the answer's end
                _taken_back(request)
            request = request.partial.rest(request)
        source = request.source
        payload = UNSIGNED_PAYLOAD
        if source is None:
            payload = EMPTY_SHA256
        elif self._dialect.signs_payload and (source.size <= _SIGNED or request.signed):
            payload = ""
        with self.retry.turn(), self._pool.wire() as wire:
            if not payload and source is not None:
                source = _read_once(source, wire)
                payload = digest_of(source, hashlib.sha256(), partial(wire.buffer, source.size))
            target = f"{request.path}{query_string(request.query)}"
            headers = self._dialect.authorise(request, payload)
            head = self._head.write(request.method, target, headers, source.size if source is not None else None)
            sent = md5(source.size) if request.digest and source is not None else None
            moved = _Counted(request.moved) if request.moved is not None else None
            try:
                answer = wire.ask(
                    head,
                    source,
                    digest=sent,
                    moved=moved if source is not None else None,
                    idle=min(request.idle, self._longest_idle),
                    give_up=partial(_gives_up, self.retry, request.partial is not None, crawled),
                )
                reply, verdict = self._receive(request, wire, answer, moved, attempt)
            except BaseException:
                if moved is not None and request.partial is None:
                    moved.take_back()
                raise
            if verdict is not None and moved is not None and request.partial is None:
                moved.take_back()
            if sent is not None:
                reply = replace(reply, sent_digest=sent.hexdigest())
            return reply, verdict

    def _receive(self, request: Request, wire: Wire, answer: Head, moved: Any, attempt: int) -> tuple[Reply, Verdict]:
        status, reason, headers = answer.status, answer.reason, answer.headers
        if _log.isEnabledFor(logging.DEBUG):
            _log.debug("%s %s%s %d", request.method, self.origin, request.path.partition("?")[0], status)
        if request.sink is None or status not in request.expect:
            body = wire.read(answer, MAX_BODY)
            reply = Reply(status, reason, headers, body, attempts=attempt)
            self._dialect.observe(request, reply)
            return reply, self._dialect.judge(request, reply)
        reply = Reply(status, reason, headers, attempts=attempt)
        self._dialect.observe(request, reply)
        verdict = self._dialect.judge(request, reply) or _wrong_range(request, reply) or _other_version(request, reply)
        if verdict is not None:
            wire.close()  # the body is not wanted
            return reply, verdict
        taken = md5(answer.length) if request.digest else None
        if request.partial is not None:
            taken = request.partial.digest
        count = wire.stream(answer, request.sink, digest=taken, moved=moved)
        if request.range_size is not None and count != request.range_size:
            return reply, Retry(f"{count} bytes came instead of {request.range_size}")
        digest = taken.hexdigest() if taken is not None else ""
        if request.partial is not None:
            count = request.partial.size
        return Reply(status, reason, headers, received=count, received_digest=digest, attempts=attempt), None

    def _log_in_again(self, seen: int) -> None:
        """One renewal for all workers: a worker that comes just after another has renewed uses the new login."""
        with self._login_lock:
            if self._logins == seen:
                self._dialect.renew()
                self._logins += 1

    def _gave_up(self, reason: str, lost: bool) -> JsobjError:
        if lost:
            hint = "check the network, then run the same command again; jsobj doctor finds the cause"
            return endpoint_unreachable(self.origin, reason, hint)
        return JsobjError(
            "store-trouble",
            f"{self.origin} does not answer as it should",
            code=ExitCode.NETWORK,
            context=reason,
            hint="run the same command again in a minute: it goes on where it stopped",
        )


def _gives_up(retry: RetryPolicy, kept: bool, crawled: int, others: bool) -> bool:
    """Whether a connection below the floor is given up for another one.

    It is where ``others`` are well. Where the line is slow for all, fewer requests share it, and what would be lost
    counts: what has come of a stretch is ``kept``, and what was sent is not. In the end it goes on as it is.

    No method: the connection remembers it, and would keep the session, whose end is what closes the connection.
    """
    if others:
        return crawled < _CRAWLED
    return crawled < (_CRAWLED if kept else _CRAWLED_ALL) and retry.gives_way(FLOOR_SECONDS)


def _is_small(request: Request) -> bool:
    """Whether any server that works answers within the idle time: no data moves, and nothing long is asked for."""
    return request.source is None and request.sink is None and request.idle <= IDLE_SECONDS


def _read_once(source: Source, wire: Wire) -> Source:
    """A small file in memory: the bytes that leave are those that are signed.

    Large ones, and those that are to leave slowly, stay files. It lies at the end of the wire's buffer; the beginning,
    at least half of it, is free for the request's head.
    """
    size = source.size
    if not isinstance(source, FileSource) or not 0 < size < LARGE or 0 < source.at_once < size:
        return source
    place = wire.buffer(size)[-size:]
    source.read_into(place, 0)
    return BytesSource(place)


class _Counted:
    """Counts what passes in one try, so that it can be taken back."""

    __slots__ = ("_count", "_moved")

    def __init__(self, moved: Any) -> None:
        self._moved = moved
        self._count = 0

    def __call__(self, count: int) -> None:
        self._count += count
        self._moved(count)

    def take_back(self) -> None:
        if self._count:
            self._moved(-self._count)
            self._count = 0


def query_string(query: tuple[tuple[str, str], ...]) -> str:
    """``?a=b&c=`` with everything but unreserved characters encoded, in the order given; "" for no query."""
    if not query:
        return ""
    return "?" + "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in query)


def default_verdict(reply: Reply) -> Retry | None:
    """What every dialect makes of the statuses that may pass; None for all others."""
    if reply.status not in _TRANSIENT:
        return None
    return Retry(
        f"the server answered {reply.status} {reply.reason or 'trouble'}"[:200],
        slow=reply.status in _BUSY,
        after=retry_after(reply.headers),
    )


def _wrong_range(request: Request, reply: Reply) -> Retry | None:
    """A stretch counts only as 206 with exactly the requested range (RFC 9110, section 14.4)."""
    if request.range_size is None:
        return None if reply.status == 200 else Retry(f"the server answered {reply.status} instead of 200")
    if reply.status != 206:
        return Retry(f"the server (or a proxy before it) answered {reply.status} to a request for a part")
    first, last = request.range_start, request.range_start + request.range_size - 1
    sent = reply.headers.get("content-range", "")
    if not sent.startswith(f"bytes {first}-{last}/"):
        return Retry(f"the server sent the range '{sent[:60]}' instead of {first}-{last}")
    return None


def _other_version(request: Request, reply: Reply) -> Retry | None:
    """The rest of a stretch must be of the version that its beginning is of; else all of it is fetched again."""
    partial = request.partial
    if partial is None:
        return None
    if partial.size and partial.etag not in {"", reply.etag}:
        _taken_back(request)
        return Retry("the object changed between two requests for a part")
    partial.etag = reply.etag
    return None


def _taken_back(request: Request) -> None:
    """All of a stretch is to come again."""
    assert request.partial is not None
    count = request.partial.forget()
    if request.moved is not None:
        request.moved(-count)
