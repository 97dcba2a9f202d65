"""One keep-alive HTTP/1.1 connection to an object store, streaming through one reusable buffer.

Not http.client because this is the hot path: a header block is parsed in a tenth of the time, a small object leaves in
one system call with its header, and a body goes from the file to the socket (or back) through the same 1 MiB again and
again, hashed on its way, never copied in Python. It promises that every operation is bounded by an idle timeout (a slow
but moving transfer is never cut), that a response counts only if its length is given and has arrived, and that a
hostile answer (endless headers, two lengths) ends as :class:`WireError` with bounded memory.

Source of the rules: RFC 9112 (HTTP/1.1), sections 2.2, 5, 6.3 and 7.1.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable
from typing import Any

from jsobj.net.body import BytesSource, Moved, Sink, Source
from jsobj.net.connection.patience import NOTICE_SECONDS, GiveUp, Line, Patience
from jsobj.net.connection.response_head import MAX_HEAD, MAX_HEADERS, Head, WireError, parse_head, wire_error_of
from jsobj.net.connection.socket_state import FromSourceError, closed, readable

BUFFER = 1024 * 1024  # bytes; one a connection, which is one a worker
_SMALL = 160 * 1024  # bytes until more is needed: with small objects there are many connections
CONNECT_SECONDS = 5.0
IDLE_SECONDS = 30.0  # without a single byte either way
_EARLY_SECONDS = 1.0  # to read an answer that came before the body was sent
# Bytes gathered before they are hashed and written: fewer calls, and the next ones arrive meanwhile.
_CHUNK = 256 * 1024
_QUICKACK = getattr(socket, "TCP_QUICKACK", socket.TCP_NODELAY)
_FRESH_SECONDS = 1.0  # a connection idle for less is taken to be open


class Wire:
    """One connection. Not for two threads at once, except :meth:`cut`.

    ``name``: the server, for logs; ``line``: what all connections to it share.
    """

    def __init__(self, open_socket: Callable[[], socket.socket], name: str = "", line: Line | None = None) -> None:
        self._open = open_socket
        self._patience = Patience(name, line or Line())
        self._socket: socket.socket | None = None
        self._recv_into: Callable[[memoryview], int] = closed
        self._data = bytearray(_SMALL)
        self._view = memoryview(self._data)
        self._start = self._end = 0  # unread bytes in the buffer
        self._used = 0.0
        self._keep = self._no_body = self.was_cut = False
        self._timeout = 0.0

    def buffer(self, size: int) -> memoryview:
        """The buffer, free between requests; large if ``size`` bytes are to pass through it."""
        if size > _SMALL // 2 and len(self._data) < BUFFER:
            kept = bytes(self._view[self._start : self._end])
            self._data = bytearray(BUFFER)
            self._view = memoryview(self._data)
            self._view[: len(kept)] = kept
            self._start, self._end = 0, len(kept)
        return self._view

    def ask(
        self,
        head: bytes,
        source: Source | None,
        *,
        digest: Any = None,
        moved: Moved | None = None,
        idle: float,
        give_up: GiveUp | None = None,
    ) -> Head:
        """Send a request, its body streamed and hashed into ``digest``, and read the answer's head.

        ``give_up`` is asked when a body, of this request or of its answer, moves slower than the floor.
        Raises :class:`WireError`, and whatever reading the source raises.
        """
        self._patience.give_up = give_up
        reused = self._ready(idle)
        self._keep = False
        self._no_body = head.startswith(b"HEAD ")
        try:
            self._send(head, source, digest, moved)
            return self._read_head()
        except WireError as error:
            self.close()
            error.stale = reused and error.kind == "reset" and self._end == 0
            error.sent = True
            raise
        except BaseException:
            self.close()
            raise

    def _ready(self, idle: float) -> bool:
        """An open connection; whether it was used before. Its timeout is that of the first notice, not of the end."""
        self._start = self._end = 0
        if self._socket is not None and time.monotonic() - self._used > _FRESH_SECONDS and readable(self._socket):
            self.close()  # it was closed, or bytes came without a request
        reused = self._socket is not None
        if self._socket is None:
            self._socket = self._open()
            self._recv_into = self._socket.recv_into
            self._timeout = 0.0
            self._patience.fresh(self._socket)
            if self.was_cut:  # while it was opened
                self.cut()
        step = min(NOTICE_SECONDS, idle)
        self._patience.idle, self._patience.step = idle, step
        if step != self._timeout:
            self._socket.settimeout(step)
            self._timeout = step
        return reused

    # -- sending

    def _send(self, head: bytes, source: Source | None, digest: Any, moved: Moved | None) -> None:
        connection = self._socket
        assert connection is not None
        try:
            if source is None or source.size == 0:
                connection.sendall(head)
                return
            self._send_body(connection, head, source, digest, moved)
        except OSError as error:
            if isinstance(error, FromSourceError):
                raise error.cause from None
            if not self._answered_early(connection):
                raise wire_error_of(error) from error

    def _send_body(
        self, connection: socket.socket, head: bytes, source: Source, digest: Any, moved: Moved | None
    ) -> None:
        """The first piece travels with the head: a small object is one system call (and one TLS record)."""
        offset, size, room = 0, source.size, len(head)
        self._patience.body = True
        view = self._view if isinstance(source, BytesSource) else self.buffer(size + room)
        view[:room] = head
        while offset < size:
            if offset and isinstance(source, BytesSource):
                self._send_held(connection, source.view[offset:], source.at_once or BUFFER, digest, moved)
                return
            piece = view[room : room + size - offset]
            try:
                count = source.read_into(piece, offset)
            except OSError as error:
                raise FromSourceError(error) from error
            if digest is not None:
                digest.update(view[room : room + count])
            self._send_all(connection, view[: room + count])
            room = 0
            offset += count
            if moved is not None:
                moved(count)

    def _send_held(
        self, connection: socket.socket, data: memoryview, step: int, digest: Any, moved: Moved | None
    ) -> None:
        """What is in memory leaves from where it lies."""
        for start in range(0, len(data), step):
            piece = data[start : start + step]
            if digest is not None:
                digest.update(piece)
            self._send_all(connection, piece)
            if moved is not None:
                moved(len(piece))

    def _send_all(self, connection: socket.socket, data: memoryview) -> None:
        """Not ``sendall``: its timeout is one for all of the data, and would end a slow line on which bytes move."""
        while data:
            data = data[self._patience.send(connection.send, data) :]

    def _answered_early(self, connection: socket.socket) -> bool:
        """A server that refuses need not read the body: its answer may lie there though sending failed."""
        try:
            connection.settimeout(_EARLY_SECONDS)
            self._timeout = _EARLY_SECONDS
            self._start, self._end = 0, self._recv_into(self._view)
        except OSError:
            self._end = 0
            return False
        return self._end > 0

    # -- receiving

    def _fill(self) -> None:
        """At least one more byte behind the unread ones."""
        if self._start and self._start == self._end:
            self._start = self._end = 0
        count = self._patience.receive(self._recv_into, self._view[self._end :])
        if not count:
            raise WireError("reset", "the connection was closed")
        self._end += count

    def _read_head(self) -> Head:
        assert self._socket is not None
        # Without it a small answer on a kept connection waits for a delayed acknowledgement: 44 ms instead of 1 on RGW.
        self._socket.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
        self._patience.body = False
        while True:
            found = parse_head(self._head_block(), bodiless=self._no_body)
            if found.status >= 200:
                break
        self._keep = found.keep
        self._used = time.monotonic()
        return found

    def _head_block(self) -> bytes:
        looked = 0
        while True:
            if self._end > self._start:
                end = self._data.find(b"\r\n\r\n", self._start + max(0, looked - 3), self._end)
                if end >= 0:
                    block = bytes(self._view[self._start : end])
                    self._start = end + 4
                    return block
                looked = self._end - self._start
                if looked > MAX_HEAD:
                    raise WireError("garbage", "the answer's header has no end")
                if self._data[self._start] != 72:  # "H" of "HTTP/1.1"
                    raise WireError("garbage", "the answer is not HTTP")
            self._fill()

    def read(self, head: Head, limit: int) -> bytes:
        """The whole body in memory; raises :class:`WireError` (garbage) for more than ``limit`` bytes."""
        out = bytearray()

        def keep(chunk: memoryview) -> None:
            if len(out) + len(chunk) > limit:
                raise WireError("garbage", f"the answer is longer than {limit} bytes")
            out.extend(chunk)

        self._receive(head, keep)
        return bytes(out)

    def stream(self, head: Head, sink: Sink, *, digest: Any = None, moved: Moved | None = None) -> int:
        """The body into ``sink``, hashed on its way; bytes that came.

        Raises :class:`WireError` (short) where it ends early, and whatever the sink raises.
        """
        total, place = 0, self._room(head, sink)

        def keep(chunk: memoryview) -> None:
            nonlocal total
            if digest is not None:
                digest.update(chunk)
            if place is None:
                sink.write(chunk, total)
            total += len(chunk)
            if moved is not None:
                moved(len(chunk))

        self._receive(head, keep, place)
        return total

    def _room(self, head: Head, sink: Sink) -> memoryview | None:
        """The memory in which the sink takes the whole body; None if it takes pieces."""
        room: Callable[[int], memoryview] | None = getattr(sink, "room", None)
        if room is None or not head.length or head.length < 0:
            return None
        try:
            return room(head.length)
        except BaseException:
            self.close()  # the body stays unread
            raise

    def _receive(self, head: Head, keep: Callable[[memoryview], None], place: memoryview | None = None) -> None:
        self._patience.body = True
        try:
            if head.length is None:
                self._receive_chunked(keep)
            elif head.length < 0:
                self._receive_to_end(keep)
            elif place is not None:
                self._receive_into(place, keep)
            else:
                self._receive_exactly(head.length, keep)
        except BaseException:
            self._keep = False
            self.close()
            raise
        self._used = time.monotonic()
        if not self._keep or self._start != self._end:
            self._keep = False
            self.close()

    def _receive_exactly(self, length: int, keep: Callable[[memoryview], None]) -> None:
        view, recv_into, receive = self.buffer(length), self._recv_into, self._patience.receive
        whole, lying = len(view), min(self._end - self._start, length)
        left = length - lying
        if left == 0:
            if lying:
                keep(view[self._start : self._start + lying])
                self._start += lying
            return
        # What lies in the buffer stays at its front, and more is received behind it.
        if lying and self._start + lying > whole // 2:
            keep(view[self._start : self._end])
            begin = filled = 0
        else:
            begin, filled = self._start, self._end
        self._start = self._end = 0
        while left:
            goal = min(whole, max(filled + 1, begin + _CHUNK))
            try:
                count = receive(recv_into, view[filled : min(whole, filled + left)])
                if not count:
                    raise WireError("short", f"the body ended {left} bytes early")
            except WireError:
                keep(view[begin:filled])  # of a slow body this may be all that came in a minute
                raise
            filled += count
            left -= count
            if filled >= goal or not left:
                keep(view[begin:filled])
                begin = filled = 0

    def _receive_into(self, place: memoryview, keep: Callable[[memoryview], None]) -> None:
        """A body of known length straight to its place; ``keep`` is called for each piece."""
        length, recv_into, receive = len(place), self._recv_into, self._patience.receive
        filled = min(self._end - self._start, length)
        place[:filled] = self._view[self._start : self._start + filled]
        self._start += filled
        begin = 0
        while filled < length:
            count = receive(recv_into, place[filled:])
            if not count:
                raise WireError("short", f"the body ended {length - filled} bytes early")
            filled += count
            if filled - begin >= _CHUNK:
                keep(place[begin:filled])
                begin = filled
        if begin < length:
            keep(place[begin:])

    def _receive_to_end(self, keep: Callable[[memoryview], None]) -> None:
        keep(self._view[self._start : self._end])
        self._start = self._end = 0
        while True:
            count = self._patience.receive(self._recv_into, self._view)
            if not count:
                return
            keep(self._view[:count])

    def _receive_chunked(self, keep: Callable[[memoryview], None]) -> None:
        while True:
            text = self._line().split(b";")[0].strip()
            try:
                size = int(text, 16) if 0 < len(text) <= 15 and text.isalnum() else -1
            except ValueError:
                size = -1
            if size < 0:
                raise WireError("garbage", "the answer's chunks are malformed")
            if size == 0:
                break
            while size:
                if self._start == self._end:
                    self._fill()
                piece = self._view[self._start : min(self._end, self._start + size)]
                self._start += len(piece)
                size -= len(piece)
                keep(piece)
            if self._line():
                raise WireError("garbage", "the answer's chunks are malformed")
        for _ in range(MAX_HEADERS):  # trailers
            if not self._line():
                return
        raise WireError("garbage", "the answer's trailer has no end")

    def _line(self) -> bytes:
        while True:
            end = self._data.find(b"\r\n", self._start, self._end)
            if end >= 0:
                line = bytes(self._view[self._start : end])
                self._start = end + 2
                return line
            if self._end - self._start > 4096:
                raise WireError("garbage", "the answer's chunks are malformed")
            if self._end == len(self._data):
                rest = bytes(self._view[self._start : self._end])
                self._view[: len(rest)] = rest
                self._start, self._end = 0, len(rest)
            self._fill()

    # -- ending

    def cut(self) -> None:
        """End whatever is under way, from another thread: the one who waits gets an error at once."""
        self.was_cut = True
        if (connection := self._socket) is not None:
            with contextlib.suppress(OSError):  # it may have ended by itself
                connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        connection, self._socket = self._socket, None
        self._recv_into = closed
        self._keep = False
        if connection is not None:
            connection.close()
