"""The bytes of a connection that came and were not read yet, in one reusable buffer."""

from __future__ import annotations

from collections.abc import Callable

from jsobj.net.connection.patience import Patience
from jsobj.net.connection.response_head import MAX_HEAD, WireError
from jsobj.net.connection.socket_state import closed

BUFFER = 1024 * 1024  # bytes; one a connection, which is one a worker
_SMALL = 160 * 1024  # bytes until more is needed: with small objects there are many connections
_LONGEST_LINE = 4096  # bytes, between the chunks of a body


class Incoming:
    """Bytes ``start`` to ``end`` of ``view`` are unread. ``recv_into`` is the socket's. Not for two threads at once."""

    __slots__ = ("_data", "_patience", "end", "recv_into", "start", "view")

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self.recv_into: Callable[[memoryview], int] = closed
        self._data = bytearray(_SMALL)
        self.view = memoryview(self._data)
        self.start = self.end = 0

    def __len__(self) -> int:
        """Bytes that are unread."""
        return self.end - self.start

    def buffer(self, size: int) -> memoryview:
        """The buffer, free between requests; large if ``size`` bytes are to pass through it."""
        if size > _SMALL // 2 and len(self._data) < BUFFER:
            kept = bytes(self.view[self.start : self.end])
            self._data = bytearray(BUFFER)
            self.view = memoryview(self._data)
            self.view[: len(kept)] = kept
            self.start, self.end = 0, len(kept)
        return self.view

    def clear(self) -> None:
        """Forget what is unread."""
        self.start = self.end = 0

    def take(self, most: int) -> memoryview:
        """Up to ``most`` of the unread bytes, which count as read; they stay until more is received."""
        begin = self.start
        self.start = min(self.end, begin + most)
        return self.view[begin : self.start]

    def receive(self, room: memoryview) -> int:
        """Bytes from the connection into ``room``, past the buffer: their number, 0 at the end."""
        return self._patience.receive(self.recv_into, room)

    def fill(self) -> None:
        """At least one more byte behind the unread ones. Raises :class:`WireError`."""
        if self.start == self.end:
            self.start = self.end = 0
        count = self.receive(self.view[self.end :])
        if not count:
            raise WireError("reset", "the connection was closed")
        self.end += count

    def head_block(self) -> bytes:
        """The head of an answer, without the empty line at its end."""
        looked = 0
        while True:
            if self.end > self.start:
                end = self._data.find(b"\r\n\r\n", self.start + max(0, looked - 3), self.end)
                if end >= 0:
                    block = bytes(self.view[self.start : end])
                    self.start = end + 4
                    return block
                looked = self.end - self.start
                if looked > MAX_HEAD:
                    raise WireError("garbage", "the answer's header has no end")
                if self._data[self.start] != 72:  # "H" of "HTTP/1.1"
                    raise WireError("garbage", "the answer is not HTTP")
            self.fill()

    def line(self) -> bytes:
        """The next line, without its end."""
        while True:
            end = self._data.find(b"\r\n", self.start, self.end)
            if end >= 0:
                line = bytes(self.view[self.start : end])
                self.start = end + 2
                return line
            if self.end - self.start > _LONGEST_LINE:
                raise WireError("garbage", "the answer's chunks are malformed")
            if self.end == len(self._data):
                rest = bytes(self.view[self.start : self.end])
                self.view[: len(rest)] = rest
                self.start, self.end = 0, len(rest)
            self.fill()
