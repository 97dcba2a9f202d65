"""A proxy between a client and real servers that breaks what a test tells it to break, where it is told to.

It stands before one server (``upstream``) or is used as ``HTTP_PROXY`` for all of them. Requests pass byte for byte
unless a :class:`Rule` fits; every request is written down. Faults are exact: at a request, at a byte, at an answer that
the server has given; nothing depends on the speed of anything.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from fault_rules import SECONDS, Answer, Exchange, Fault, Rule, When
from fault_wire import CHUNKED, End, Reader, length_of, let_go_on

__all__ = ["Answer", "Exchange", "Fault", "FaultProxy", "Rule", "When", "fault_proxy"]


class Pace:
    """So many bytes per second, over all who share it; 0: as fast as they come."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self.step = max(1, rate // 20) if rate else 1 << 20  # bytes that go at once
        self._lock = threading.Lock()
        self._free = 0.0  # when the next byte may go

    def take(self, count: int, over: threading.Event) -> None:
        """Wait until ``count`` bytes may go."""
        if not self._rate:
            return
        with self._lock:
            now = time.monotonic()
            self._free = max(self._free, now) + count / self._rate
            wait = self._free - now
        over.wait(wait)


class FaultProxy:
    """See :func:`fault_proxy`. ``journal`` holds every request in the order of arrival.

    ``latency`` (seconds before each answer) and ``pace`` (bytes of bodies per second, of all connections together) are
    those of the way, and come on top of any rule. ``names``: who (host:port) stands for a host.
    """

    def __init__(
        self, upstream: str, rules: Sequence[Rule], lines: Path | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self.rules = list(rules)
        self.journal: list[Exchange] = []
        self.names: dict[str, str] = {}
        self.sent = 0  # bytes of bodies that went up
        self.received = 0  # ... and down
        self.latency, self.pace = 0.0, Pace(0)
        self._lines = lines.open("a", encoding="utf-8", buffering=1) if lines else None
        self.connections = 0  # that were opened
        self._upstream = urlsplit(upstream).netloc if upstream else ""
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._changed = threading.Condition()
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()
        self._tls = tls
        self._port: int = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._port}"

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

    def go_away(self) -> None:
        """As a network that is gone: nobody listens, and every connection is reset."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()

    def hang_up(self) -> None:
        """Reset every connection."""
        with self._changed:
            for each in self._open:
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def come_back(self) -> None:
        """At the same address."""
        self._listener = socket.create_server(("127.0.0.1", self._port), backlog=128)
        self.start()

    # -- serving

    def start(self) -> None:
        """Accept connections, in a thread."""
        thread = threading.Thread(target=self._serve, args=(self._listener,), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            if self._over.is_set():
                client.close()
                return
            self._track(client)
            if listener.fileno() < 0:  # it went away meanwhile
                self.forget(client)
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
        if self._lines:
            self._lines.close()

    def _connection(self, client: socket.socket) -> None:
        server = _Server(self)
        with self._changed:
            self.connections += 1
            number = self.connections
        try:
            if self._tls is not None:
                with self._changed:
                    self._open.discard(client)  # it is another object from now on
                client = self._tls.wrap_socket(client, server_side=True)
                self._track(client)
            reader = Reader(client)
            while (head := reader.head()) is not None:
                one, rest = _read(head, number)
                try:
                    self._exchange(client, reader, server, one, rest)
                finally:
                    self._write_down(one)
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

    def _write_down(self, one: Exchange) -> None:
        if self._lines:
            self._lines.write(json.dumps({**dataclasses.asdict(one), "ended": time.monotonic()}) + "\n")

    def _exchange(self, client: socket.socket, reader: Reader, server: _Server, one: Exchange, rest: bytes) -> None:
        with self._changed:
            self.journal.append(one)
            rule = next((rule for rule in self.rules if rule.fits(one)), None)
            if rule is not None:
                one.fault = f"{rule.fault} at {rule.when}"
            self._changed.notify_all()
        pace = Pace(rule.rate if rule is not None and rule.fault == "slow" else 0)
        when = rule.when if rule is not None else ""
        if rule is not None and when == "request":
            self._strike(rule, client)
            if rule.fault == "answer":
                for _ in reader.body(one.length):
                    pass
                self._give(client, one, rule.answer)
                return
        path = f"{one.path}{'?' + one.query if one.query else ''}"
        upstream = server.connected(self.names.get(one.place, one.place) or self._upstream)
        upstream.sendall(f"{one.method} {path} HTTP/1.1\r\n".encode("latin-1") + let_go_on(client, rest))
        spoiled = _Spoiled(self, rule if when == "sending" else None, client, one.length)
        for piece in self._steps(pace, reader.body(one.length)):
            self._slow(pace, len(piece))
            upstream.sendall(spoiled.piece(piece))
            self._count(one, sent=len(piece))
        spoiled.end()
        if rule is not None and when == "sent":
            self._strike(rule, client)
        self._over.wait(self.latency)
        self._answer(client, server, one, rule, pace)

    def _steps(self, pace: Pace, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Small pieces on a slow way: its bytes come one after the other, and not in heaps."""
        step = min(pace.step, self.pace.step)
        return (piece[start : start + step] for piece in pieces for start in range(0, len(piece), step))

    def _slow(self, pace: Pace, count: int) -> None:
        pace.take(count, self._over)
        self.pace.take(count, self._over)

    def _answer(self, client: socket.socket, server: _Server, one: Exchange, rule: Rule | None, pace: Pace) -> None:
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
        one.status = status
        client.sendall(head)
        chunked = length == CHUNKED
        spoiled = _Spoiled(
            self, rule if rule is not None and rule.when == "receiving" else None, client, max(0, length or 0)
        )
        for piece in self._steps(pace, server.reader.body(length)):
            piece = spoiled.piece(piece)
            self._slow(pace, len(piece))
            self._count(one, received=len(piece))  # before: who has the whole answer finds it in the journal
            client.sendall(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
        spoiled.end()
        if chunked:
            client.sendall(b"0\r\n\r\n")
        if length is None or b"\r\nconnection: close" in head.lower():
            raise End

    def _give(self, client: socket.socket, one: Exchange, answer: Answer) -> None:
        one.status = answer.status
        client.sendall(answer.as_bytes())

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
        if rule.fault == "late":
            self._over.wait(rule.seconds)
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


def _read(head: bytes, connection: int) -> tuple[Exchange, bytes]:
    """A request's head: what it asks, and its header lines as they came."""
    first, _, rest = head.partition(b"\r\n")
    method, target, _ = first.decode("latin-1").split(" ", 2)
    url = urlsplit(target)
    found = re.search(rb"(?i)\r\nrange: *([^\r]*)", b"\r\n" + rest)
    one = Exchange(method, url.path, url.query, max(0, length_of(b"\r\n" + rest) or 0), time.monotonic())
    one.connection, one.place = connection, url.netloc
    one.range = found[1].decode("latin-1") if found else ""
    return one, rest


def _changed(rule: Rule, head: bytes, status: int, body: bytes) -> Answer:
    assert rule.change is not None
    lines = head.decode("latin-1").split("\r\n")[1:]
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines) if name
    }
    headers.pop("transfer-encoding", None)
    return rule.change(Answer(status, headers, body))


@contextlib.contextmanager
def fault_proxy(
    upstream: str = "", rules: Sequence[Rule] = (), lines: Path | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[FaultProxy]:
    """The proxy on a port of loopback: ``proxy.url`` is an endpoint (with ``upstream``), or a value for HTTP_PROXY.

    ``lines``: a file for every request as a line of JSON, written when it has ended (``began`` and ``ended`` in
    seconds of the monotonic clock). ``tls``: speak TLS with the client; what is cut then has no close_notify.
    """
    proxy = FaultProxy(upstream, rules, lines, tls)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.close()
