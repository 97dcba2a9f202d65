"""What becomes of connections that nobody says are done with."""

from __future__ import annotations

import contextlib
import gc
import math
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from jsobj.net.client import HttpClient
from jsobj.net.connection.patience import Line
from jsobj.net.connection.pool import Pool
from jsobj.net.connection.response_head import WireError
from jsobj.net.connection.wire import Wire
from jsobj.net.request import Reply, Request
from jsobj.net.session import Session
from jsobj.urls import require_origin

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


class Server:
    """Answers everything, and tells when its client is gone."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.gone = threading.Event()
        self.delays: list[float] = []  # seconds, before each answer
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self) -> None:
        with self.listener, self.listener.accept()[0] as client:
            while client.recv(65536):
                time.sleep(self.delays.pop(0) if self.delays else 0.0)
                client.sendall(ANSWER)
            self.gone.set()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.thread.join(30)
    assert not made.thread.is_alive()


def by_pool(url: str) -> object:
    pool = Pool(require_origin(url))
    with pool.wire() as wire:
        wire.read(wire.ask(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n", None, idle=30), 1)
    return pool


def by_client(url: str) -> object:
    client = HttpClient({})
    client.send("GET", url, headers={})
    return client


def test_the_quickest_answer_of_all_connections_is_remembered(server: Server) -> None:
    """The second of three comes at once; how long each takes is the machine's affair."""
    server.delays = [0.2, 0.0, 0.2]
    with contextlib.closing(Pool(require_origin(server.url))) as pool:
        seen = [pool.quickest]
        for _ in range(3):
            with pool.wire() as wire:
                wire.read(wire.ask(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n", None, idle=30), 1)
            seen.append(pool.quickest)
    assert seen[0] == math.inf
    assert all(0 < each < math.inf for each in seen[1:])
    assert seen == sorted(seen, reverse=True)


class Held(socket.socket):
    """Its thread comes to run again only some time after a request has left."""

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        super().sendall(data, flags)
        time.sleep(0.1)


def test_a_way_does_not_look_shorter_because_a_thread_had_to_wait(server: Server) -> None:
    origin, connection, line = require_origin(server.url), Held(), Line()
    connection.connect((origin.host, origin.port))
    with contextlib.closing(Wire(lambda: connection, "", line)) as wire:
        wire.read(wire.ask(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n", None, idle=30), 1)
    assert 0.1 <= line.quickest < math.inf


class Open:
    """A dialect without a login, for which every answer is good."""

    signs_payload = False

    def authorise(self, request: Request, payload_sha256: str) -> dict[str, str]:
        return {}

    def observe(self, request: Request, reply: Reply) -> None:
        """There is nothing to learn."""

    def judge(self, request: Request, reply: Reply) -> None:
        """None for a good one."""

    def renew(self) -> None:
        """Never called."""


def by_session(url: str) -> object:
    session = Session(require_origin(url), Open())
    session.send(Request("GET", "/"))
    return session


@pytest.mark.parametrize("connected", [by_pool, by_client, by_session])
@pytest.mark.parametrize("held_by_itself", [False, True])
def test_what_is_forgotten_closes_its_connections(
    server: Server, connected: Callable[[str], object], held_by_itself: bool
) -> None:
    holder = [connected(server.url)]
    if held_by_itself:
        holder.append(holder)  # type: ignore[arg-type]
    del holder
    gc.collect()
    assert server.gone.wait(30)


@pytest.mark.parametrize("end", [Pool.stop, lambda pool: pool.cut(list(pool._of_thread))])
def test_a_connection_that_is_being_opened_is_cut_too(end: Callable[[Pool], None]) -> None:
    caught: list[WireError] = []
    opening, ended = threading.Event(), threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        pool = Pool(require_origin(f"http://127.0.0.1:{silent.getsockname()[1]}"))
        dial = pool._dialer.open

        def open_slowly() -> socket.socket:
            connection = dial()
            opening.set()
            assert ended.wait(30)
            return connection

        pool._dialer.open = open_slowly  # type: ignore[method-assign]

        def ask() -> None:
            try:
                with pool.wire() as wire:
                    wire.ask(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n", None, idle=10)
            except WireError as error:
                caught.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        assert opening.wait(30)
        end(pool)
        ended.set()
        thread.join(60)
    assert [error.kind for error in caught] == ["reset"]  # and not "timeout"
