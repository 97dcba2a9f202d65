"""Both ends of a TLS connection in the hands of a test: the server's records leave as it likes."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from jsobj.net.connection.tls_stream import TlsStream

HOST = "127.0.0.1"


def by_socket(connection: socket.socket, context: ssl.SSLContext) -> ssl.SSLSocket:
    return context.wrap_socket(connection, server_hostname=HOST, suppress_ragged_eofs=False)


def by_stream(connection: socket.socket, context: ssl.SSLContext) -> TlsStream:
    return TlsStream(connection, context, HOST)


class Peer:
    """The server's end, whose records a test sends as it likes."""

    def __init__(self, raw: socket.socket, context: ssl.SSLContext) -> None:
        self.raw = raw
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self.refused = ""
        self.pause = 0.0  # seconds before each piece

    def _fed(self, operation: Callable[[], Any]) -> Any:
        while True:
            try:
                return operation()
            except ssl.SSLWantReadError:
                if written := self._outgoing.read():
                    self.raw.sendall(written)
                time.sleep(self.pause)
                data = self.raw.recv(32768)
                self._incoming.write(data) if data else self._incoming.write_eof()

    def shake_hands(self) -> None:
        try:
            self._fed(self._tls.do_handshake)
            self.raw.sendall(self._outgoing.read())
        except (ssl.SSLError, OSError) as error:
            self.refused = getattr(error, "reason", None) or type(error).__name__

    def records(self, *contents: bytes) -> bytes:
        for content in contents:
            assert self._tls.write(content) == len(content)
        return self._outgoing.read()

    def end(self) -> bytes:
        with contextlib.suppress(ssl.SSLError):  # it would wait for ours
            self._tls.unwrap()
        return self._outgoing.read()

    def received(self, size: int) -> bytes:
        got = b""
        while len(got) < size:
            got += self._fed(lambda: self._tls.read(65536))
        return got


@dataclass
class Line:
    """Both ends of connections, made as often as a test asks."""

    ours: ssl.SSLContext
    theirs: ssl.SSLContext
    stack: contextlib.ExitStack

    def raw(self) -> tuple[socket.socket, socket.socket]:
        with socket.create_server((HOST, 0)) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
            near = self.stack.enter_context(socket.create_connection(listener.getsockname(), timeout=30))
            far = self.stack.enter_context(listener.accept()[0])
        near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16384)
        return near, far

    def made(self, secured: Callable[..., Any] = by_stream) -> tuple[Any, Peer]:
        near, far = self.raw()
        peer = Peer(far, self.theirs)
        thread = threading.Thread(target=peer.shake_hands)
        thread.start()
        try:
            return self.stack.enter_context(secured(near, self.ours)), peer
        finally:
            thread.join()


both = pytest.mark.parametrize("secured", [by_socket, by_stream])
