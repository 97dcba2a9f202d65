"""Small real servers for what a real cloud cannot be made to do: another service's page, and an answer that is lost."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

SECONDS = 30.0


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is what these tests are about."""


@contextlib.contextmanager
def _serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = _Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(SECONDS)


@contextlib.contextmanager
def answering(status: int, headers: dict[str, str], body: bytes) -> Iterator[tuple[str, list[str]]]:
    """A server that gives one answer to everything; its URL, and the requests it saw."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            seen.append(f"{self.command} {self.path}")
            self.send_response(status)
            for header, value in headers.items():
                self.send_header(header, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = _answer

        def log_message(self, format: str, *args: object) -> None:
            pass

    with _serving(Handler) as url:
        yield url, seen


@dataclass
class Lossy:
    """A way to Keystone on which answers can be lost. ``url`` ends in /v3.

    ``lose`` judges method and path: after a yes the request has been done by the real server, ``arrived`` is set, and
    the connection is closed without a byte, once ``let_go`` is set (it is, unless a test clears it). ``replaced``: what
    stands in every answer in the place of what.
    """

    url: str = ""
    lose: Callable[[str, str], bool] = lambda method, path: False
    arrived: threading.Event = field(default_factory=threading.Event)
    let_go: threading.Event = field(default_factory=threading.Event)
    seen: list[str] = field(default_factory=list)
    extra_date: str = ""
    replaced: tuple[bytes, bytes] = (b"", b"")

    def lose_once(self, method: str, end: str) -> None:
        """Lose the answer to the next such request, and only that."""
        left = [1]

        def judge(got: str, path: str) -> bool:
            return bool(got == method and path.endswith(end) and left and left.pop())

        self.lose = judge


@contextlib.contextmanager
def lossy_keystone(auth_url: str) -> Iterator[Lossy]:
    """A proxy before the real Keystone."""
    real = urlsplit(auth_url)
    state = Lossy()
    state.let_go.set()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            state.seen.append(f"{self.command} {self.path}")
            connection = http.client.HTTPConnection(real.hostname or "", real.port, timeout=SECONDS)
            try:
                headers = {k: v for k, v in self.headers.items() if k.lower() not in {"host", "connection"}}
                connection.request(self.command, self.path, body, headers)
                answer = connection.getresponse()
                data = answer.read().replace(*state.replaced)
            finally:
                connection.close()
            if state.lose(self.command, self.path):
                state.arrived.set()
                state.let_go.wait(SECONDS)
                self.close_connection = True
                with contextlib.suppress(OSError):
                    self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response_only(answer.status)  # the real server's Date goes on, and no second one
            for header, value in answer.getheaders():
                if header.lower() not in {"transfer-encoding", "connection", "content-length"}:
                    self.send_header(header, value)
            if state.extra_date:
                self.send_header("Date", state.extra_date)
            if answer.status != 204:
                self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_HEAD = do_DELETE = do_PATCH = _forward

        def log_message(self, format: str, *args: object) -> None:
            pass

    with _serving(Handler) as url:
        state.url = f"{url}{real.path}"
        try:
            yield state
        finally:
            state.let_go.set()
