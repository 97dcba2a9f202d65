"""A proxy before a real server that spoils what a test tells it to: bodies on their way, answers on their way back."""

from __future__ import annotations

import contextlib
import http.client
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

Spoil = Callable[["Passing"], None]


@dataclass
class Passing:
    """One request on its way. A ``spoil`` may change ``body``, set ``lost`` (done, but no answer) or an ``answer``."""

    method: str
    path: str
    body: bytes
    number: int  # how often this method and path came by, from 1
    lost: bool = False
    answer: tuple[int, dict[str, str], bytes] | None = None


@dataclass
class Meddler:
    """``seen``: every request's method and path."""

    origin: str
    spoil: Spoil | None = None
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
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            with lock:
                meddler.seen.append((self.command, self.path))
                number = meddler.seen.count((self.command, self.path))
            passing = Passing(self.command, self.path, body, number)
            if meddler.spoil is not None:
                meddler.spoil(passing)
            status, headers, answer = passing.answer or self._ask(passing)
            if passing.lost:
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if "content-length" not in headers:
                self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def _ask(self, passing: Passing) -> tuple[int, dict[str, str], bytes]:
            connection = http.client.HTTPConnection(target, timeout=60)
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            connection.request(self.command, self.path, passing.body or None, headers)
            answer = connection.getresponse()
            body = answer.read()
            kept = {
                n.lower(): v for n, v in answer.getheaders() if n.lower() not in {"connection", "transfer-encoding"}
            }
            connection.close()
            return answer.status, kept, body

        do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
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
