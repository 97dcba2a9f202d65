"""Opening connections to one object store, directly or through a proxy, and keeping those that are idle."""

from __future__ import annotations

import base64
import contextlib
import socket
import ssl
import threading
from collections import deque
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from jsobj.store.heads import WireError, parse_head
from jsobj.store.wire import CONNECT_SECONDS, Wire
from jsobj.urls import Origin


class Pool:
    """The connections to one server: as many as threads ask at once, each kept for whoever asks next.

    ``verify``: True, False, or the path of a file with authorities. ``proxy``: a URL, "" for none. All connections
    share one TLS context and resume one another's session.
    """

    def __init__(self, origin: Origin, *, verify: bool | str = True, proxy: str = "") -> None:
        self.origin = origin
        self._verify = verify
        self._proxy = proxy
        self._idle: deque[Wire] = deque()
        self._all: set[Wire] = set()
        self._lock = threading.Lock()
        self._context: ssl.SSLContext | None = None
        self._session: ssl.SSLSession | None = None
        self._stopped = False

    @property
    def absolute_targets(self) -> bool:
        """Whether the request line must name the whole URL (plain http through a proxy)."""
        return bool(self._proxy) and self.origin.scheme == "http"

    @contextlib.contextmanager
    def wire(self) -> Iterator[Wire]:
        """A connection for one request; the one used last first, so that few are kept open.

        Raises :class:`WireError` once the pool was stopped.
        """
        if self._stopped:
            raise WireError("reset", "the transfer was stopped")
        try:
            wire = self._idle.pop()
        except IndexError:
            wire = Wire(self._open)
            with self._lock:
                self._all.add(wire)
        try:
            yield wire
        finally:
            self._idle.append(wire)

    def stop(self) -> None:
        """Cut every connection, from any thread; no other is opened."""
        self._stopped = True
        with self._lock:
            for wire in self._all:
                wire.cut()

    def revive(self) -> None:
        """After :meth:`stop`: open connections again."""
        self.close()
        self._stopped = False

    def close(self) -> None:
        """Close every connection that is idle."""
        while self._idle:
            self._idle.pop().close()

    def __del__(self) -> None:
        # A store lives as long as somebody holds it, and nobody says when that ends; its sockets end with it.
        self.close()

    # -- opening

    def _open(self) -> socket.socket:
        if self._stopped:
            raise WireError("reset", "the transfer was stopped")
        through = urlsplit(self._proxy if "://" in self._proxy else f"http://{self._proxy}") if self._proxy else None
        address = (through.hostname or "", through.port or 80) if through else (self.origin.host, self.origin.port)
        connection = _connected(address, " (the proxy {}:{})".format(*address) if through else "")
        try:
            if self.origin.scheme == "https":
                if through is not None:
                    _tunnel(connection, self.origin, through.username, through.password)
                return self._secured(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _secured(self, connection: socket.socket) -> ssl.SSLSocket:
        with self._lock:
            if self._context is None:
                from jsobj.identity.tls import tls_context

                self._context = tls_context(self._verify)
        try:
            secured = self._context.wrap_socket(
                connection, server_hostname=self.origin.host, session=self._session, suppress_ragged_eofs=False
            )
        except ssl.SSLCertVerificationError as error:
            raise WireError("tls", error.verify_message or "the certificate was not accepted") from error
        except ssl.SSLError as error:
            raise WireError("tls", error.reason or "TLS failed") from error
        except TimeoutError as error:
            raise WireError("timeout", "no TLS handshake in time") from error
        except OSError as error:
            raise WireError("reset", error.strerror or "the connection was closed during the TLS handshake") from error
        if self._session is None or not secured.session_reused:
            self._session = secured.session
        return secured


def _connected(address: tuple[str, int], whose: str) -> socket.socket:
    """``whose`` is added to what went wrong."""
    try:
        connection = socket.create_connection(address, timeout=CONNECT_SECONDS)
    except socket.gaierror as error:
        unknown = error.errno in {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
        reason = error.strerror or "the name is not known"
        raise WireError("dns" if unknown else "connect", f"{reason}{whose}") from error
    except TimeoutError as error:
        raise WireError("connect", f"no connection within {CONNECT_SECONDS:.0f} s{whose}") from error
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise WireError("connect", f"{reason}{whose}") from error
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _tunnel(connection: socket.socket, origin: Origin, user: str | None, password: str | None) -> None:
    """Ask an HTTP proxy for a way through (RFC 9110, section 9.3.6)."""
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    lines = [f"CONNECT {host}:{origin.port} HTTP/1.1", f"Host: {host}:{origin.port}"]
    if user:
        pair = f"{unquote(user)}:{unquote(password or '')}".encode()
        lines.append(f"Proxy-Authorization: Basic {base64.b64encode(pair).decode()}")
    connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
    answer = b""
    while b"\r\n\r\n" not in answer:
        piece = connection.recv(4096)
        if not piece or len(answer) > 65536:
            raise WireError("connect", "the proxy gave no answer")
        answer += piece
    head = parse_head(answer.partition(b"\r\n\r\n")[0], bodiless=True)
    if head.status != 200:
        raise WireError("connect", f"the proxy refused: {head.status} {head.reason}")
