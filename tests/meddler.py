"""A proxy before a real server that spoils what a test tells it to: bodies on their way, answers on their way back.

The ``Host`` that was signed stays as it is."""

from __future__ import annotations

import contextlib
import http.client
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Passing:
    """One request on its way. ``number``: how often this method and path came by, from 1."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    number: int
    ask: Callable[[], Answer]  # the real server's answer to what is in ``body`` by now


Spoil = Callable[[Passing], "Answer | None"]  # another answer than the server's; None for a connection that is cut


@dataclass
class Meddler:
    """``seen``: every request's method and path, in their order."""

    origin: str
    spoil: Spoil = lambda passing: passing.ask()
    seen: list[tuple[str, str]] = field(default_factory=list)


@contextlib.contextmanager
def meddling(upstream: str) -> Iterator[Meddler]:
    """The proxy before the server ``upstream``, a URL."""
    target = urlsplit(upstream).netloc
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            pass

        def _pass(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(length)
            if len(body) < length:  # whoever sent it was killed
                self.close_connection = True
                return
            with lock:
                meddler.seen.append((self.command, self.path))
                number = meddler.seen.count((self.command, self.path))
            headers = {name.lower(): value for name, value in self.headers.items()}
            passing = Passing(self.command, self.path, headers, body, number, lambda: self._ask(passing))
            answer = meddler.spoil(passing)
            if answer is None:
                self.close_connection = True
                return
            self.send_response(answer[0])
            kept = {"content-length": str(len(answer[2]))} | answer[1]
            for name, value in kept.items():
                self.send_header(name, value)
            with contextlib.suppress(ConnectionError):  # who asked may not want all of it
                self.end_headers()
                self.wfile.write(answer[2] if self.command != "HEAD" else b"")

        def _ask(self, passing: Passing) -> Answer:
            with contextlib.closing(http.client.HTTPConnection(target, timeout=60)) as connection:
                connection.putrequest(passing.method, passing.path, skip_host=True, skip_accept_encoding=True)
                for name, value in passing.headers.items():
                    connection.putheader(name, value)
                connection.endheaders(passing.body or None)
                answer = connection.getresponse()
                body = answer.read()
            kept = {
                n.lower(): v
                for n, v in answer.getheaders()
                if n.lower() not in {"connection", "transfer-encoding", "date", "server"}
            }
            return answer.status, kept, body

        do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that was killed is no error, and has no business in the output of the next command."""
            if not isinstance(sys.exc_info()[1], ConnectionError):
                super().handle_error(request, client_address)

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    meddler = Meddler(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield meddler
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def flipped(body: bytes) -> bytes:
    """One bit is another."""
    return bytes([body[0] ^ 1]) + body[1:]


def refusal(status: int, code: str) -> Answer:
    """An error as S3 writes it."""
    return status, {}, f"<?xml version='1.0'?>\n<Error><Code>{code}</Code></Error>".encode()
