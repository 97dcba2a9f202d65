"""Opening connections to one server, directly or through a proxy.

The steps are public, so that the doctor can take them one by one: :func:`connect`, :func:`open_tunnel`, :func:`secure`.
"""

from __future__ import annotations

import socket
import ssl
import threading
from urllib.parse import urlsplit

from jsobj.net.connection.proxy import proxy_login
from jsobj.net.connection.response_head import WireError, parse_head
from jsobj.net.connection.wire import CONNECT_SECONDS
from jsobj.urls import Origin


class Dialer:
    """Opens connections to one server.

    ``verify``: True, False, or the path of a file with authorities. ``proxy``: a URL, "" for none. All connections
    share one TLS context and resume one another's session.
    """

    def __init__(
        self, origin: Origin, *, verify: bool | str = True, proxy: str = "", connect_seconds: float = CONNECT_SECONDS
    ) -> None:
        self.stopped = False
        self._origin = origin
        self._proxy = proxy
        self._verify = verify
        self.seconds = connect_seconds
        self._lock = threading.Lock()
        self._context: ssl.SSLContext | None = None
        self._session: ssl.SSLSession | None = None

    def check(self) -> None:
        """Raises :class:`WireError` once no more connections may be opened."""
        if self.stopped:
            raise WireError("reset", "the transfer was stopped")

    def open(self) -> socket.socket:
        """A new connection. Raises :class:`WireError`."""
        self.check()
        origin, through = self._origin, urlsplit(self._proxy) if self._proxy else None
        address = (through.hostname or "", through.port or 80) if through else (origin.host, origin.port)
        connection = connect(address, self.seconds, " (the proxy {}:{})".format(*address) if through else "")
        try:
            if origin.scheme == "https":
                if through is not None:
                    open_tunnel(connection, origin, proxy_login(self._proxy))
                return self._secured(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _secured(self, connection: socket.socket) -> ssl.SSLSocket:
        with self._lock:
            if self._context is None:
                from jsobj.net.connection.tls import tls_context

                self._context = tls_context(self._verify)
        secured = secure(connection, self._context, self._origin.host, self._session)
        if self._session is None or not secured.session_reused:
            self._session = secured.session
        return secured


def connect(address: tuple[str, int], seconds: float, suffix: str = "") -> socket.socket:
    """A TCP connection. ``suffix`` is appended to the reason. Raises :class:`WireError` (dns, connect)."""
    try:
        connection = socket.create_connection(address, timeout=seconds)
    except socket.gaierror as error:
        unknown = error.errno in {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}
        reason = error.strerror or "the name is not known"
        raise WireError("dns" if unknown else "connect", f"{reason}{suffix}") from error
    except TimeoutError as error:
        raise WireError("connect", f"no connection within {seconds:.0f} s{suffix}") from error
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise WireError("connect", f"{reason}{suffix}") from error
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def open_tunnel(connection: socket.socket, origin: Origin, login: str) -> None:
    """Ask an HTTP proxy for a tunnel (RFC 9110, section 9.3.6). Raises :class:`WireError` (connect)."""
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    lines = [f"CONNECT {host}:{origin.port} HTTP/1.1", f"Host: {host}:{origin.port}"]
    if login:
        lines.append(f"Proxy-Authorization: {login}")
    answer = b""
    try:
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        while b"\r\n\r\n" not in answer:
            piece = connection.recv(4096)
            if not piece or len(answer) > 65536:
                raise WireError("connect", "the proxy gave no answer")
            answer += piece
    except OSError as error:
        raise WireError("connect", f"the proxy gave no answer: {error.strerror or error}") from error
    head = parse_head(answer.partition(b"\r\n\r\n")[0], bodiless=True)
    if head.status != 200:
        raise WireError("connect", f"the proxy refused: {head.status} {head.reason}")


def secure(
    connection: socket.socket, context: ssl.SSLContext, host: str, session: ssl.SSLSession | None = None
) -> ssl.SSLSocket:
    """TLS over an open connection. Raises :class:`WireError` (tls, timeout, reset)."""
    try:
        return context.wrap_socket(connection, server_hostname=host, session=session, suppress_ragged_eofs=False)
    except ssl.SSLCertVerificationError as error:
        raise WireError("tls", error.verify_message or "the certificate was not accepted") from error
    except ssl.SSLError as error:
        raise WireError("tls", error.reason or "TLS failed") from error
    except TimeoutError as error:
        raise WireError("timeout", "no TLS handshake in time") from error
    except OSError as error:
        raise WireError("reset", error.strerror or "the connection was closed during the TLS handshake") from error
