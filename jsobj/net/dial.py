"""Opening connections to one object store, directly or through a proxy."""

from __future__ import annotations

import socket
import ssl
import threading
from urllib.parse import urlsplit

from jsobj.net.proxy import proxy_login
from jsobj.net.response_head import WireError, parse_head
from jsobj.net.wire import CONNECT_SECONDS
from jsobj.urls import Origin


class Dialer:
    """Opens connections to one server.

    ``verify``: True, False, or the path of a file with authorities. ``proxy``: a URL, "" for none. All connections
    share one TLS context and resume one another's session.
    """

    def __init__(self, origin: Origin, *, verify: bool | str = True, proxy: str = "") -> None:
        self.origin = origin
        self.proxy = proxy
        self.stopped = False
        self._verify = verify
        self._lock = threading.Lock()
        self._context: ssl.SSLContext | None = None
        self._session: ssl.SSLSession | None = None

    def check(self) -> None:
        """Raises :class:`WireError` where no more shall be opened."""
        if self.stopped:
            raise WireError("reset", "the transfer was stopped")

    def open(self) -> socket.socket:
        """A new connection. Raises :class:`WireError`."""
        self.check()
        through = urlsplit(self.proxy) if self.proxy else None
        address = (through.hostname or "", through.port or 80) if through else (self.origin.host, self.origin.port)
        connection = _connected(address, " (the proxy {}:{})".format(*address) if through else "")
        try:
            if self.origin.scheme == "https":
                if through is not None:
                    _tunnel(connection, self.origin, proxy_login(self.proxy))
                return self._secured(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _secured(self, connection: socket.socket) -> ssl.SSLSocket:
        with self._lock:
            if self._context is None:
                from jsobj.net.tls import tls_context

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


def _tunnel(connection: socket.socket, origin: Origin, login: str) -> None:
    """Ask an HTTP proxy for a way through (RFC 9110, section 9.3.6)."""
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    lines = [f"CONNECT {host}:{origin.port} HTTP/1.1", f"Host: {host}:{origin.port}"]
    if login:
        lines.append(f"Proxy-Authorization: {login}")
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
