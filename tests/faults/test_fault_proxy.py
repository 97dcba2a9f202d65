"""The fault proxy itself: a fault that does not happen would make every test behind it say nothing."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fault_process import Remote, fault_process
from fault_proxy import Answer, FaultProxy, Rule, fault_proxy

BODY = bytes(range(256)) * 2048  # 512 KiB


class _Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._give(BODY)

    def do_PUT(self) -> None:
        self._give(self.rfile.read(int(self.headers["content-length"])))

    def _give(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def echo() -> Iterator[str]:
    """A server that gives ``BODY`` for GET, and what it got for PUT."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def ask(url: str, method: str = "GET", path: str = "/", body: bytes | None = None, range_: str = "") -> bytes:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        connection.request(method, path, body, {"Range": range_} if range_ else {})
        answer = connection.getresponse()
        assert answer.status == 200, answer.status
        return answer.read()
    finally:
        connection.close()


@pytest.fixture
def proxy(echo: str) -> Iterator[FaultProxy]:
    with fault_proxy(echo) as made:
        yield made


@pytest.fixture
def remote(echo: str) -> Iterator[Remote]:
    with fault_process(echo) as made:
        yield made


def test_without_a_rule_everything_passes(proxy: FaultProxy) -> None:
    assert ask(proxy.url) == BODY
    assert ask(proxy.url, "PUT", "/x?partNumber=3", BODY) == BODY
    assert [(one.method, one.part, one.status, one.sent, one.received) for one in proxy.journal] == [
        ("GET", 0, 200, 0, len(BODY)),
        ("PUT", 3, 200, len(BODY), len(BODY)),
    ]


@pytest.mark.parametrize("fault", ["reset", "cut"])
@pytest.mark.parametrize("when", ["request", "sent", "answer", "receiving"])
def test_a_connection_is_broken_where_the_rule_says(proxy: FaultProxy, fault: str, when: str) -> None:
    proxy.add(Rule(fault, when, at=1000))  # type: ignore[arg-type]
    with pytest.raises((OSError, http.client.HTTPException)):
        ask(proxy.url)
    assert proxy.journal[0].received == 0
    assert ask(proxy.url) == BODY


@pytest.mark.parametrize("at", [0, 70_000, -1])
def test_one_bit_is_another(proxy: FaultProxy, at: int) -> None:
    proxy.add(Rule("flip", "receiving", at=at), Rule("flip", "sending", method="PUT", at=at))
    got = ask(proxy.url)
    assert [index for index in range(len(BODY)) if got[index] != BODY[index]] == [at % len(BODY)]
    assert ask(proxy.url, "PUT", body=BODY) != BODY
    assert ask(proxy.url) == BODY


def test_a_rule_picks_its_requests(proxy: FaultProxy) -> None:
    proxy.add(Rule("answer", answer=Answer(503), method="PUT", path="/x$", part=2, skip=1, times=1))

    def status(path: str) -> int:
        connection = http.client.HTTPConnection(urlsplit(proxy.url).netloc, timeout=30)
        connection.request("PUT", path, b"1")
        found = connection.getresponse().status
        connection.close()
        return found

    asked = ["/x?partNumber=1", "/y?partNumber=2", "/x?partNumber=2", "/x?partNumber=2", "/x?partNumber=2"]
    assert [status(path) for path in asked] == [200, 200, 200, 503, 200]


def test_chance_is_the_same_for_the_same_seed(echo: str) -> None:
    def struck(seed: int) -> list[bool]:
        with fault_proxy(echo, [Rule("answer", answer=Answer(200), times=0, probability=0.3, seed=seed)]) as proxy:
            for _ in range(40):
                ask(proxy.url)
            return [bool(one.fault) for one in proxy.journal]

    assert struck(1) == struck(1)
    assert struck(1) != struck(2)
    assert 0 < sum(struck(1)) < 40


def test_a_way_with_latency_and_little_bandwidth(proxy: FaultProxy) -> None:
    """Only lower bounds: a machine may be slow, but not faster than the way allows."""
    proxy.add(Rule("slow", path="/slow", times=0, rate=2 << 20), Rule("late", "answer", path="/late", seconds=0.3))
    began = time.monotonic()
    assert ask(proxy.url, path="/slow") == BODY
    assert time.monotonic() - began > 0.15
    began = time.monotonic()
    assert ask(proxy.url, path="/late") == BODY
    assert time.monotonic() - began > 0.29
    proxy.latency = 0.3
    began = time.monotonic()
    assert ask(proxy.url) == BODY
    assert time.monotonic() - began > 0.29


def test_every_request_is_a_line_of_json(echo: str, tmp_path: Path) -> None:
    with fault_proxy(echo, [Rule("reset", skip=1)], lines=tmp_path / "requests") as proxy:
        ask(proxy.url, path="/a?b=c", range_="bytes=0-9")
        with pytest.raises((OSError, http.client.HTTPException)):
            ask(proxy.url)
    lines = [json.loads(line) for line in (tmp_path / "requests").read_text().splitlines()]
    first = {"method": "GET", "path": "/a", "query": "b=c", "range": "bytes=0-9", "status": 200, "connection": 1}
    assert first.items() <= lines[0].items()
    assert lines[0]["received"] == len(BODY)
    assert lines[0]["ended"] >= lines[0]["began"]
    assert {"status": 0, "fault": "reset at request", "connection": 2}.items() <= lines[1].items()


def test_it_obeys_over_its_socket(remote: Remote) -> None:
    remote.add(Rule("answer", answer=Answer(200, {}, b"told \xff"), times=2))
    assert [ask(remote.url), ask(remote.url)] == [b"told \xff"] * 2
    assert ask(remote.url) == BODY
    assert remote.state() == {"requests": 3, "sent": 0, "received": len(BODY), "struck": [2]}
    remote.clear()
    assert remote.state() == {"requests": 0, "sent": 0, "received": 0, "struck": []}
    remote.way(rate=2 << 20)
    began = time.monotonic()
    assert ask(remote.url) == BODY
    assert time.monotonic() - began > 0.15
    assert [line["status"] for line in remote.journal(4)] == [200] * 4


def test_what_is_held_goes_on_when_it_is_told(remote: Remote) -> None:
    remote.add(Rule("hold"))
    got: list[bytes] = []
    asking = threading.Thread(target=lambda: got.append(ask(remote.url)))
    asking.start()
    while remote.state()["struck"] != [1]:
        time.sleep(0.01)
    assert not got
    remote.release(0)
    asking.join()
    assert got == [BODY]


def test_a_command_that_is_none_is_refused(remote: Remote) -> None:
    with pytest.raises(ValueError, match="IndexError"):
        remote.release(7)
    with pytest.raises(ValueError, match="no such command"):
        remote._say(nonsense=1)
    with pytest.raises(ValueError, match="functions stay"):
        remote.add(Rule("hold", also=lambda: None))


def test_a_proxy_that_is_gone_takes_its_port_with_it(echo: str) -> None:
    with fault_process(echo) as remote:
        url = remote.url
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=5)
