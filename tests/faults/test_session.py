"""The wire and the session against servers that misbehave: what is tried again, what is not, what is never accepted."""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from collections.abc import Mapping
from typing import Any

import pytest
from scripted import Step, answer, finish, reset, scripted

from jsobj.errors import ExitCode, JsobjError
from jsobj.net.body import BytesSink, BytesSource
from jsobj.net.request import Reauthorise, Reply, Request, Verdict
from jsobj.net.retry import RetryPolicy
from jsobj.net.session import Session, default_verdict
from jsobj.urls import Origin

BODY = bytes(range(256)) * 512  # 128 KiB


class Plain:
    """A dialect without signatures."""

    signs_payload = False

    def __init__(self) -> None:
        self.renewed = 0
        self.token = "old"

    def authorise(self, request: Request, payload_sha256: str) -> Mapping[str, str]:
        return {**request.headers, "x-token": self.token}

    def observe(self, request: Request, reply: Reply) -> None:
        """There is nothing to learn."""

    def judge(self, request: Request, reply: Reply) -> Verdict:
        if again := default_verdict(reply):
            return again
        if reply.status == 401:
            return Reauthorise(JsobjError("token-refused", "refused", code=ExitCode.AUTH))
        if reply.status >= 300:
            return JsobjError("refused", f"HTTP {reply.status}", code=ExitCode.REFUSED)
        return None

    def renew(self) -> None:
        self.renewed += 1
        self.token = "new"


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries at once: how long is waited is tested with the policy itself."""
    monkeypatch.setattr("jsobj.net.retry._BASE", 0.0)


def session(port: int, dialect: Any = None, **words: Any) -> Session:
    return Session(Origin("http", "127.0.0.1", port), dialect or Plain(), retry=RetryPolicy(**words))


class Pieces(BytesSink):
    """Without room for a whole answer, as a file is."""

    def room(self, size: int) -> None:
        return None


def fetch(opened: Session, sink: BytesSink | None = None, **words: Any) -> tuple[Reply, bytes]:
    sink = sink or BytesSink()
    reply = opened.send(Request("GET", "/b/k", sink=sink, digest="md5", **words))
    return reply, bytes(sink.data)


RIGHT = answer(BODY)
BROKEN: dict[str, Step] = {
    "F01-reset-instead-of-answer": reset,
    "F03-reset-in-the-body": lambda c: (c.sendall(answer(BODY)[:70_000]), reset(c))[-1],
    "F04-body-cut-short": lambda c: (c.sendall(answer(BODY)[:-1]), finish(c))[-1],
    "F17-500": answer(b"oops", "500 Internal Server Error"),
    "F17-502": answer(b"<html>", "502 Bad Gateway"),
    "F17-503": answer(b"", "503 Service Unavailable"),
    "F17-504": answer(b"", "504 Gateway Timeout"),
    "F19-408": answer(b"", "408 Request Timeout"),
    "F19-429": answer(b"", "429 Too Many Requests"),
    "F19-498": answer(b"", "498 Rate Limited"),
    "F20-slow-down": answer(b"<Error><Code>SlowDown</Code></Error>", "503 Slow Down"),
    "F22-retry-after": answer(b"", "503 Service Unavailable", retry_after="0"),
    "F23-binary": b"\x00\x01\x02\x03" * 64 + b"\r\n\r\n",
    "F23-two-lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n123456",
    "F23-negative-length": answer(b"x", content_length="-1"),
    "F23-chunked-and-length": answer(b"0\r\n\r\n", transfer_encoding="chunked"),
    "F23-header-of-1-MiB": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 2**20,
    "F23-10000-headers": b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 10_000 + b"\r\n",
    "F23-endless-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"f" * 10_000,
    "F23-bad-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "no-length": b"HTTP/1.1 206 Partial\r\n\r\nabc",
}


@pytest.mark.parametrize("sink", [BytesSink, Pieces])
@pytest.mark.parametrize("step", BROKEN.values(), ids=BROKEN.keys())
def test_what_may_pass_is_tried_again_and_the_bytes_are_right(step: Step, sink: type[BytesSink]) -> None:
    with scripted([step, RIGHT, RIGHT], [RIGHT]) as server:
        reply, data = fetch(session(server.port), sink())
    assert data == BODY
    assert reply.received_digest == hashlib.md5(BODY).hexdigest()
    assert len(server.seen) == 2


def test_a_sink_without_room_leaves_no_half_read_answer_behind() -> None:
    class Full(BytesSink):
        def room(self, size: int) -> None:
            raise JsobjError("memory-short", f"no room for {size}", code=ExitCode.LOCAL)

    with scripted([RIGHT], [RIGHT]) as server:
        opened = session(server.port)
        with pytest.raises(JsobjError, match=f"no room for {len(BODY)}"):
            fetch(opened, Full())
        assert fetch(opened)[1] == BODY
    assert len(server.seen) == 2


def test_f23_memory_is_bounded_for_an_endless_answer() -> None:
    def endless(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        piece = b"100000\r\n" + b"x" * 2**20 + b"\r\n"
        for _ in range(64):
            connection.sendall(piece)

    with scripted([endless], [answer(b"fine")]) as server:
        reply = session(server.port).send(Request("GET", "/"))
    assert reply.body == b"fine"


RANGES = {
    "0.1-the-whole-instead": answer(BODY),
    "another-range": answer(BODY[1:11], "206 Partial Content", content_range=f"bytes 1-10/{len(BODY)}"),
    "no-content-range": answer(BODY[:10], "206 Partial Content"),
    "shorter": answer(BODY[:9], "206 Partial Content", content_range=f"bytes 0-9/{len(BODY)}"),
    "longer": answer(BODY[:11], "206 Partial Content", content_range=f"bytes 0-9/{len(BODY)}"),
}


@pytest.mark.parametrize("step", RANGES.values(), ids=RANGES.keys())
def test_a_range_counts_only_as_exactly_that_range(step: bytes) -> None:
    right = answer(BODY[:10], "206 Partial Content", content_range=f"bytes 0-9/{len(BODY)}")
    with scripted([step], [right]) as server:
        _, data = fetch(session(server.port), range_start=0, range_size=10)
    assert data[:10] == BODY[:10]
    assert len(server.seen) == 2


def test_0_1_a_server_that_always_ignores_ranges_is_an_error_and_never_data() -> None:
    with scripted([RIGHT] * 20, repeat=True) as server, pytest.raises(JsobjError) as caught:
        fetch(session(server.port), range_start=0, range_size=10)
    assert caught.value.code is ExitCode.NETWORK
    assert "200" in caught.value.context


@pytest.mark.parametrize(
    "status", ["400 Bad Request", "403 Forbidden", "404 Not Found", "405 No", "411 Length", "301 Moved"]
)
def test_p08_permanent_errors_are_asked_once(status: str) -> None:
    moved_on = answer(b"", status, location="http://127.0.0.1:1/")
    with scripted([moved_on], repeat=True) as server, pytest.raises(JsobjError) as caught:
        session(server.port).send(Request("GET", "/"))
    assert caught.value.reference == "refused"
    assert len(server.seen) == 1


def test_f30_one_renewal_for_all_workers() -> None:
    dialect = Plain()
    gate = threading.Barrier(8)

    def judge_token(connection: socket.socket) -> None:
        old = b"x-token: old" in server.here.request
        connection.sendall(answer(b"", "401 Unauthorized") if old else answer(b"ok"))

    steps: list[Step] = [judge_token] * 4
    with scripted(steps, repeat=True) as server:
        opened = session(server.port, dialect)
        found: list[int] = []

        def work() -> None:
            gate.wait()
            found.append(opened.send(Request("GET", "/")).status)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [200] * 8
    assert dialect.renewed == 1


def test_f31_a_second_401_is_final() -> None:
    with scripted([answer(b"", "401 Unauthorized")] * 9, repeat=True) as server, pytest.raises(JsobjError) as caught:
        session(server.port).send(Request("GET", "/"))
    assert caught.value.code is ExitCode.AUTH
    assert len(server.seen) == 2


def test_p06_retry_after_of_an_hour_gives_up_at_once_and_says_so() -> None:
    busy = answer(b"", "503 Busy", retry_after="3600")
    with scripted([busy], repeat=True) as server, pytest.raises(JsobjError) as caught:
        session(server.port).send(Request("GET", "/"))
    assert "3600 s" in caught.value.context
    assert len(server.seen) == 1


def test_p07_a_budget_ends_the_storm() -> None:
    with scripted([answer(b"", "500 Oops")] * 20, repeat=True) as server:
        opened = session(server.port)
        opened.retry.server_answered = True
        for _ in range(60):
            with pytest.raises(JsobjError):
                opened.send(Request("GET", "/"))
    assert len(server.seen) <= 60 + 100


def test_f20_a_busy_server_is_asked_less_at_once() -> None:
    retry = RetryPolicy(parallel=16)
    turns = [retry.turn() for _ in range(16)]
    for turn in turns:
        turn.__enter__()
    retry.slow_down()
    assert retry._allowed == 8
    retry.slow_down()  # of the same burst: no second halving within a second
    assert retry._allowed == 8
    for _ in range(200):
        retry.succeeded()
    assert retry._allowed == 16


def test_f12_a_stall_ends_after_the_idle_time_and_f14_a_slow_one_does_not() -> None:
    over = threading.Event()

    def stall(connection: socket.socket) -> None:
        connection.sendall(answer(BODY)[:1000])
        over.wait(10)

    def slow(connection: socket.socket) -> None:
        data = answer(BODY[:40])
        for start in range(0, len(data), 8):
            connection.sendall(data[start : start + 8])
            time.sleep(0.1)

    with scripted([stall], [slow]) as server:
        began = time.monotonic()
        _, data = fetch(session(server.port), idle=0.5)
        over.set()
    assert data == BODY[:40]
    assert time.monotonic() - began > 1.0  # the slow answer alone takes longer than the idle time


def test_a_kept_connection_that_the_server_closed_is_not_a_failure() -> None:
    retried: list[str] = []
    with scripted([answer(b"one")], [answer(b"two")]) as server:
        opened = session(server.port, on_retry=lambda item, reason, wait: retried.append(reason))
        assert opened.send(Request("GET", "/")).body == b"one"
        assert opened.send(Request("PUT", "/", source=BytesSource(b"x"))).body == b"two"
    assert retried == []
    assert server.connections == 2


def test_connections_are_kept() -> None:
    with scripted([answer(b"one"), answer(b"two"), answer(b"three")]) as server:
        opened = session(server.port)
        assert [opened.send(Request("GET", "/")).body for _ in range(3)] == [b"one", b"two", b"three"]
    assert server.connections == 1


@pytest.mark.parametrize("size", [0, 1, 1000, 2**20 - 1, 2**20, 2**20 + 1, 3 * 2**20 + 5])
def test_a_body_arrives_whole_with_its_digest(size: int) -> None:
    data = (BODY * 32)[:size]
    moved: list[int] = []
    with scripted([answer(b"")]) as server:
        reply = session(server.port).send(
            Request("PUT", "/k", source=BytesSource(data), digest="md5", moved=moved.append)
        )
    assert server.seen[0].partition(b"\r\n\r\n")[2] == data
    assert reply.sent_digest == hashlib.md5(data).hexdigest()
    assert sum(moved) == size


def test_f02_a_body_is_sent_again_from_its_start_and_counted_once() -> None:
    moved: list[int] = []

    def refuse(connection: socket.socket) -> None:
        reset(connection)

    with scripted([refuse], [answer(b"")]) as server:
        session(server.port).send(Request("PUT", "/k", source=BytesSource(BODY), moved=moved.append))
    assert server.seen[-1].partition(b"\r\n\r\n")[2] == BODY
    assert sum(moved) == len(BODY)


def test_an_answer_before_the_body_was_sent_is_heard() -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def refuse() -> None:
        connection, _ = listener.accept()
        connection.recv(100)
        connection.sendall(answer(b"", "403 Forbidden", connection="close"))
        connection.shutdown(socket.SHUT_RDWR)
        connection.close()

    thread = threading.Thread(target=refuse)
    thread.start()
    with pytest.raises(JsobjError) as caught:
        session(listener.getsockname()[1]).send(Request("PUT", "/k", source=BytesSource(bytes(64 * 2**20))))
    thread.join()
    listener.close()
    assert caught.value.code in {ExitCode.REFUSED, ExitCode.NETWORK}


def test_stop_ends_what_waits() -> None:
    over = threading.Event()
    with scripted([lambda c: over.wait(10) and None], repeat=True) as server:
        opened = session(server.port)
        caught: list[BaseException] = []

        def work() -> None:
            try:
                opened.send(Request("GET", "/"))
            except JsobjError as error:
                caught.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        while not server.seen:
            time.sleep(0.01)
        began = time.monotonic()
        opened.stop()
        thread.join(10)
        over.set()
    assert caught
    assert time.monotonic() - began < 5


def test_f27_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(JsobjError) as caught:
        session(port).send(Request("GET", "/"))
    assert caught.value.reference == "endpoint-unreachable"


def test_f26_a_name_that_does_not_exist_is_asked_for_once() -> None:
    told: list[str] = []
    opened = Session(
        Origin("http", "no-such-host.invalid", 80),
        Plain(),
        retry=RetryPolicy(on_retry=lambda i, r, w: told.append(r)),
    )
    with pytest.raises(JsobjError) as caught:
        opened.send(Request("GET", "/"))
    assert caught.value.code is ExitCode.NETWORK
    assert told == []


def test_a_line_break_in_a_value_is_refused_before_anything_is_sent() -> None:
    with scripted([answer(b"")]) as server, pytest.raises(JsobjError) as caught:
        session(server.port).send(Request("GET", "/", headers={"x-amz-meta-a": "b\r\nInjected: yes"}))
    assert caught.value.code is ExitCode.USAGE
    assert server.seen == []


def test_chunked_answers_are_read() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nT: v\r\n\r\n"
    with scripted([chunked, answer(b"next")]) as server:
        opened = session(server.port)
        assert opened.send(Request("GET", "/")).body == b"hello world"
        assert opened.send(Request("GET", "/")).body == b"next"


def test_waits_grow_and_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    """P06: exponential with full jitter, capped."""
    monkeypatch.setattr("jsobj.net.retry._BASE", 0.25)
    waits: dict[int, list[float]] = {}
    for _ in range(200):
        retry = RetryPolicy(on_retry=lambda item, reason, wait: waits.setdefault(len(item), []).append(wait))
        retry.server_answered = True
        retry._stopped.wait = lambda wait: False  # type: ignore[assignment,method-assign]
        for attempt in range(1, 8):
            assert retry.wait_before_retry("x" * attempt, "", attempt, 0.0) is None
    for attempt in range(1, 8):
        longest = min(20.0, 0.25 * 2**attempt)
        assert max(waits[attempt]) <= longest
        assert max(waits[attempt]) > longest / 2
        assert len(set(waits[attempt])) > 100
