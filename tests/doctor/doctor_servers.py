"""Small real servers that break one thing: a certificate, an answer, the time, silence."""

from __future__ import annotations

import contextlib
import datetime as dt
import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

SECONDS = 30.0


@dataclass
class Asked:
    """A request on its way to the real server."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def signed(self) -> bool:
        return "authorization" in {name.lower() for name in self.headers}


@dataclass
class Answered:
    """An answer on its way back; a fault changes it."""

    status: int
    headers: dict[str, str]
    body: bytes

    def becomes(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.status, self.body = status, body
        self.headers |= {name.replace("_", "-"): value for name, value in headers.items()}

    def s3_error(self, status: int, code: str) -> None:
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>made by a test</Message></Error>".encode()
        self.becomes(status, body, Content_Type="application/xml")


Change = Callable[[Asked, Answered], None]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away, or that refuse our certificate, are what these tests are about."""


@contextlib.contextmanager
def serving(handler: type[BaseHTTPRequestHandler], context: ssl.SSLContext | None) -> Iterator[str]:
    server = _Server(("127.0.0.1", 0), handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"{'https' if context else 'http'}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(SECONDS)


@contextlib.contextmanager
def between(
    real: str,
    change: Change = lambda asked, answered: None,
    *,
    before: Callable[[Asked], None] = lambda asked: None,
    context: ssl.SSLContext | None = None,
) -> Iterator[str]:
    """A way to the real server on which single answers are changed; its origin.

    The Host header goes through as it came, so that signatures stay right.
    """
    parts = urlsplit(real)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _forward(self) -> None:
            body = self._body()
            hop = {"connection", "expect", "transfer-encoding"}
            asked = Asked(
                self.command, self.path, {k: v for k, v in self.headers.items() if k.lower() not in hop}, body
            )
            before(asked)
            connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=SECONDS)
            try:
                connection.request(asked.method, asked.path, asked.body, asked.headers)
                got = connection.getresponse()
                drop = {"transfer-encoding", "connection"}
                headers = {k: v for k, v in got.getheaders() if k.lower() not in drop}
                answered = Answered(got.status, headers, got.read())
            finally:
                connection.close()
            length = answered.headers.get("Content-Length", "0")
            old = answered.body
            change(asked, answered)
            self.send_response_only(answered.status)
            for name, value in answered.headers.items():
                if name.lower() != "content-length":
                    self.send_header(name, value)
            if answered.status != 204:
                kept = self.command == "HEAD" and answered.body == old
                self.send_header("Content-Length", length if kept else str(len(answered.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answered.body)

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = []
            while size := int(self.rfile.readline().partition(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)

        do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = do_COPY = _forward

        def log_message(self, format: str, *args: object) -> None:
            pass

    with serving(Handler, context) as url:
        yield url


@contextlib.contextmanager
def page(
    status: int = 200,
    body: bytes = b"<html><body>Please log in to the network.</body></html>",
    headers: dict[str, str] | None = None,
    context: ssl.SSLContext | None = None,
) -> Iterator[tuple[str, list[str]]]:
    """One answer to everything, also to CONNECT; its origin, and what was asked."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            seen.append(f"{self.command} {self.path}")
            self.send_response_only(status)
            for name, value in (headers or {"Content-Type": "text/html"}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = do_CONNECT = _answer

        def log_message(self, format: str, *args: object) -> None:
            pass

    with serving(Handler, context) as url:
        yield url, seen


@contextlib.contextmanager
def silent() -> Iterator[str]:
    """A port that accepts and says nothing; its host and port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def closed_port() -> str:
    """Host and port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"127.0.0.1:{listener.getsockname()[1]}"


@dataclass
class Authority:
    """A certificate authority of the test's own, and what it signs."""

    folder: Path
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def __post_init__(self) -> None:
        name = _name("Test Authority")
        now = dt.datetime.now(dt.timezone.utc)
        self.certificate = (
            _builder(name, name, self.key, now - dt.timedelta(days=2), now + dt.timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(x509.KeyUsage(False, False, False, False, False, True, True, False, False), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        self.path = self.folder / "authority.pem"
        self.path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def context(self, *, host: str = "127.0.0.1", days: int = 10, self_signed: bool = False) -> ssl.SSLContext:
        """For a server. ``days`` negative: expired that long ago."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = dt.datetime.now(dt.timezone.utc)
        start = min(now, now + dt.timedelta(days=days)) - dt.timedelta(days=1)
        name = _name(host)
        issuer, signer = (name, key) if self_signed else (self.certificate.subject, self.key)
        alternative: x509.GeneralName = x509.DNSName(host)
        with contextlib.suppress(ValueError):
            alternative = x509.IPAddress(ipaddress.ip_address(host))
        certificate = (
            _builder(name, issuer, key, start, now + dt.timedelta(days=days))
            .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
            .sign(signer, hashes.SHA256())
        )
        path = self.folder / f"server-{certificate.serial_number}.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(
    name: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, start: dt.datetime, end: dt.datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
    )
