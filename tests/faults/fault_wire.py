"""Heads and bodies of HTTP messages from a socket, as the fault proxy passes them on."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator

_CHUNK = 64 * 1024
_HEAD = 256 * 1024
CHUNKED = -1  # as a length
_EXPECT = re.compile(rb"(?im)^expect: *100-continue\r\n")


class End(Exception):
    """The connection is over."""


class Reader:
    """Heads and bodies from a socket."""

    def __init__(self, source: socket.socket) -> None:
        self._socket = source
        self._rest = b""

    def head(self) -> bytes | None:
        """Up to the empty line; None where the other side has closed."""
        while (end := self._rest.find(b"\r\n\r\n")) < 0:
            more = self._socket.recv(_CHUNK)
            if not more or len(self._rest) > _HEAD:
                return None
            self._rest += more
        head, self._rest = self._rest[: end + 4], self._rest[end + 4 :]
        return head

    def body(self, length: int | None) -> Iterator[bytes]:
        """So many bytes; None: all up to the end of the connection; ``CHUNKED``: without what is around the chunks."""
        if length == CHUNKED:
            yield from self._chunks()
            return
        left = length
        while left is None or left > 0:
            piece = self._rest or self._socket.recv(_CHUNK)
            self._rest = b""
            if not piece:
                if left is None:
                    return
                raise End
            if left is not None:
                piece, self._rest = piece[:left], piece[left:]
                left -= len(piece)
            yield piece

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self._line().split(b";")[0], 16):
            yield from self.body(size)
            self._line()
        while self._line():  # trailers
            pass

    def _line(self) -> bytes:
        while b"\r\n" not in self._rest:
            more = self._socket.recv(_CHUNK)
            if not more:
                raise End
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\r\n")
        return line


def length_of(head: bytes) -> int | None:
    """Of the body; None: up to the end of the connection."""
    if re.search(rb"(?i)\r\ntransfer-encoding: *chunked", head):
        return CHUNKED
    found = re.search(rb"(?i)(?:^|\r\n)content-length: *(\d+)", head)
    if found:
        return int(found[1])
    return None if head.startswith(b"HTTP/") else 0


def let_go_on(client: socket.socket, headers: bytes) -> bytes:
    """Tell a client that asks whether to send its body to do so; the headers without that question."""
    if (found := _EXPECT.search(headers)) is None:
        return headers
    client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    return headers[: found.start()] + headers[found.end() :]
