"""A proxy between a client and real servers that breaks what a test tells it to break, where it is told to.

It stands before one server (``upstream``) or is used as ``HTTP_PROXY`` for all of them. Requests pass byte for byte
unless a :class:`Rule` fits; every request is written down. Faults are exact: at a request, at a byte, at an answer that
the server has already given; nothing depends on the speed of anything.
"""

from __future__ import annotations

import contextlib
import random
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from fault_wire import CHUNKED, End, Reader, length_of

SECONDS = 120.0  # how long a test waits for anything before it fails

# request: nothing has reached the server. sent: it has the request, its answer is not read.
# answer: it has answered, the client has nothing. sending, receiving: at byte ``at`` of a body.
When = Literal["request", "sending", "sent", "answer", "receiving"]
# reset: RST. cut: FIN. stall: nothing more, until the proxy ends. hold: go on when released. flip: one bit is another.
# answer: the client gets ``Rule.answer`` instead. change: the server's answer, as ``Rule.change`` makes it.
Fault = Literal["reset", "cut", "stall", "hold", "flip", "answer", "change"]


@dataclass(frozen=True)
class Answer:
    """An answer in whole; header names in small letters."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def as_bytes(self) -> bytes:
        lines = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items() if name != "content-length")
        length = f"content-length: {self.headers.get('content-length', len(self.body))}\r\n"
        return f"HTTP/1.1 {self.status} Told\r\n{lines}{length}\r\n".encode("latin-1") + self.body


@dataclass
class Rule:
    """One fault, for the requests that fit: all fields that are set must. Of several rules the first that fits counts.

    ``skip`` that many fitting requests first, then meet ``times`` of them (0: all), each with ``probability``.
    ``reached`` is set when it first strikes; :meth:`release` ends a hold.
    """

    fault: Fault
    when: When = "request"
    method: str = ""  # a regular expression, as are the next two
    path: str = ""
    query: str = ""
    part: int = 0
    at: int = 0  # the byte of the body, for sending and receiving; negative counts from its end
    skip: int = 0
    times: int = 1
    probability: float = 1.0
    seed: int = 0
    answer: Answer = field(default_factory=lambda: Answer(500))
    change: Callable[[Answer], Answer] | None = None
    least: int = 0  # bytes of the request's body that make it fit
    also: Callable[[], None] | None = None  # done when the rule strikes, before its fault
    struck: int = 0
    reached: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    _seen: int = 0
    _random: random.Random | None = None

    def fits(self, one: Exchange) -> bool:
        """Whether it strikes this request; counts it."""
        if not self._matches(one):
            return False
        self._seen += 1
        if self._seen <= self.skip or (self.times and self.struck >= self.times):
            return False
        if self.probability < 1:
            self._random = self._random or random.Random(self.seed)
            if self._random.random() >= self.probability:
                return False
        self.struck += 1
        return True

    def _matches(self, one: Exchange) -> bool:
        patterns = ((self.method, one.method), (self.path, one.path), (self.query, one.query))
        if not all(re.search(pattern, value) for pattern, value in patterns if pattern):
            return False
        return one.length >= self.least and (not self.part or one.part == self.part)

    def release(self) -> None:
        """Let what is held go on."""
        self.released.set()

    def wait(self) -> None:
        """Until it has struck."""
        assert self.reached.wait(SECONDS), f"no request met {self}"


@dataclass
class Exchange:
    """One request as it passed. ``sent`` and ``received``: bytes of bodies; ``status`` 0: no answer was passed on."""

    method: str
    path: str
    query: str
    length: int
    began: float
    sent: int = 0
    received: int = 0
    status: int = 0
    fault: str = ""

    @property
    def part(self) -> int:
        """The part number of S3, 0 for none."""
        return int(parse_qs(self.query).get("partNumber", ["0"])[0])


class FaultProxy:
    """See :func:`fault_proxy`. ``journal`` holds every request in the order of arrival."""

    def __init__(self, upstream: str, rules: Sequence[Rule]) -> None:
        self.rules = list(rules)
        self.journal: list[Exchange] = []
        self.sent = 0  # bytes of bodies that went up
        self.received = 0  # ... and down
        self._upstream = urlsplit(upstream).netloc if upstream else ""
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._changed = threading.Condition()
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    # -- for tests

    def add(self, *rules: Rule) -> Rule:
        """More rules; the first of them."""
        with self._changed:
            self.rules += rules
        return rules[0]

    def clear(self) -> None:
        """No rules, and a fresh journal."""
        with self._changed:
            self.rules = []
            self.journal = []
            self.sent = self.received = 0

    def until(self, true: Callable[[FaultProxy], bool], also: Callable[[], bool] = lambda: False) -> bool:
        """Wait until ``true`` of what has passed (looked at with every piece), or ``also``; whether it was the first.

        Fails where neither comes.
        """
        end = time.monotonic() + SECONDS
        with self._changed:
            while not true(self):
                if also():
                    return False
                assert time.monotonic() < end, "what the test waits for did not pass the proxy"
                self._changed.wait(0.05)
        return True

    def of(self, method: str = "", query: str = "", path: str = "") -> list[Exchange]:
        """The requests that fit, as for a :class:`Rule`."""
        wanted = Rule("hold", method=method, query=query, path=path)
        with self._changed:
            return [one for one in self.journal if wanted._matches(one)]

    # -- serving

    def serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._over.is_set():
                client.close()
                return
            thread = threading.Thread(target=self._connection, args=(client,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def close(self) -> None:
        self._over.set()
        with contextlib.suppress(OSError):
            socket.create_connection(self._listener.getsockname()).close()  # wakes accept up
        self._listener.close()
        with self._changed:
            for each in self._open:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(SECONDS)
            assert not thread.is_alive()

    def _connection(self, client: socket.socket) -> None:
        server = _Server(self)
        self._track(client)
        try:
            reader = Reader(client)
            while (head := reader.head()) is not None:
                self._exchange(client, reader, server, head)
        except (End, OSError):
            pass
        finally:
            server.close()
            self.forget(client)

    def _track(self, one: socket.socket) -> None:
        with self._changed:
            self._open.add(one)

    def forget(self, one: socket.socket) -> None:
        with self._changed:
            self._open.discard(one)
        one.close()

    def _exchange(self, client: socket.socket, reader: Reader, server: _Server, head: bytes) -> None:
        first, _, rest = head.partition(b"\r\n")
        method, target, _ = first.decode("latin-1").split(" ", 2)
        url = urlsplit(target)
        one = Exchange(method, url.path, url.query, max(0, length_of(b"\r\n" + rest) or 0), time.monotonic())
        with self._changed:
            self.journal.append(one)
            rule = next((rule for rule in self.rules if rule.fits(one)), None)
            if rule is not None:
                one.fault = f"{rule.fault} at {rule.when}"
            self._changed.notify_all()
        when = rule.when if rule is not None else ""
        if rule is not None and when == "request":
            self._strike(rule, client)
            if rule.fault == "answer":
                for _ in reader.body(one.length):
                    pass
                self._give(client, one, rule.answer)
                return
        path = f"{url.path}{'?' + url.query if url.query else ''}"
        upstream = server.connected(url.netloc or self._upstream)
        upstream.sendall(f"{method} {path} HTTP/1.1\r\n".encode("latin-1") + rest)
        spoiled = _Spoiled(self, rule if when == "sending" else None, client, one.length)
        for piece in reader.body(one.length):
            upstream.sendall(spoiled.piece(piece))
            self._count(one, sent=len(piece))
        spoiled.end()
        if rule is not None and when == "sent":
            self._strike(rule, client)
        self._answer(client, server, one, rule)

    def _answer(self, client: socket.socket, server: _Server, one: Exchange, rule: Rule | None) -> None:
        assert server.reader is not None
        head = server.reader.head()
        if head is None:
            raise End
        status = int(head.split(b" ", 2)[1])
        bare = one.method == "HEAD" or status in {204, 304}
        length = 0 if bare else length_of(head)
        if rule is not None and rule.when == "answer":
            self._strike(rule, client)
            if rule.fault in {"answer", "change"}:
                whole = b"".join(server.reader.body(length))
                told = rule.answer if rule.fault == "answer" else _changed(rule, head, status, whole)
                self._give(client, one, told)
                return
        client.sendall(head)
        one.status = status
        chunked = length == CHUNKED
        spoiled = _Spoiled(
            self, rule if rule is not None and rule.when == "receiving" else None, client, max(0, length or 0)
        )
        for piece in server.reader.body(length):
            piece = spoiled.piece(piece)
            client.sendall(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
            self._count(one, received=len(piece))
        spoiled.end()
        if chunked:
            client.sendall(b"0\r\n\r\n")
        if length is None or b"\r\nconnection: close" in head.lower():
            raise End

    def _give(self, client: socket.socket, one: Exchange, answer: Answer) -> None:
        client.sendall(answer.as_bytes())
        one.status = answer.status

    def _count(self, one: Exchange, *, sent: int = 0, received: int = 0) -> None:
        with self._changed:
            one.sent += sent
            one.received += received
            self.sent += sent
            self.received += received
            self._changed.notify_all()

    def _strike(self, rule: Rule, client: socket.socket) -> None:
        """Do what does not need the bytes."""
        if rule.also is not None:
            rule.also()
        rule.reached.set()
        if rule.fault == "reset":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raise End
        if rule.fault == "cut":
            raise End
        if rule.fault in {"stall", "hold"}:
            while not self._over.is_set() and not rule.released.wait(0.02):
                pass
            if rule.fault == "stall" or self._over.is_set():
                raise End


class _Spoiled:
    """A body on its way, with a fault at one byte."""

    def __init__(self, proxy: FaultProxy, rule: Rule | None, client: socket.socket, length: int) -> None:
        self._proxy, self._rule, self._client = proxy, rule, client
        self._at = -1 if rule is None else rule.at if rule.at >= 0 else max(0, length + rule.at)
        self._passed = 0

    def piece(self, piece: bytes) -> bytes:
        begin, self._passed = self._passed, self._passed + len(piece)
        if self._rule is None or not begin <= self._at < self._passed:
            return piece
        offset = self._at - begin
        if self._rule.fault == "flip":
            self._strike()
            return piece[:offset] + bytes([piece[offset] ^ 1]) + piece[offset + 1 :]
        self._strike()
        return piece

    def end(self) -> None:
        """A fault right behind the last byte."""
        if self._rule is not None and self._at == self._passed:
            self._strike()

    def _strike(self) -> None:
        assert self._rule is not None
        self._proxy._strike(self._rule, self._client)


class _Server:
    """The connection to the server that belongs to one client's."""

    def __init__(self, proxy: FaultProxy) -> None:
        self._proxy = proxy
        self._socket: socket.socket | None = None
        self._place = ""
        self.reader: Reader | None = None

    def connected(self, place: str) -> socket.socket:
        if self._socket is None or self._place != place:
            self.close()
            host, _, port = place.rpartition(":")
            self._socket, self._place = socket.create_connection((host, int(port)), timeout=SECONDS), place
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._proxy._track(self._socket)
            self.reader = Reader(self._socket)
        return self._socket

    def close(self) -> None:
        if self._socket is not None:
            self._proxy.forget(self._socket)
        self._socket = None


def _changed(rule: Rule, head: bytes, status: int, body: bytes) -> Answer:
    assert rule.change is not None
    lines = head.decode("latin-1").split("\r\n")[1:]
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines) if name
    }
    headers.pop("transfer-encoding", None)
    return rule.change(Answer(status, headers, body))


@contextlib.contextmanager
def fault_proxy(upstream: str = "", rules: Sequence[Rule] = ()) -> Iterator[FaultProxy]:
    """The proxy on a port of loopback: ``proxy.url`` is an endpoint (with ``upstream``), or a value for HTTP_PROXY."""
    proxy = FaultProxy(upstream, rules)
    thread = threading.Thread(target=proxy.serve, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join(SECONDS)
