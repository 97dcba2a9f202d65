"""One keep-alive HTTP/1.1 connection to an object store, streaming through one reusable buffer.

Not http.client because this is the hot path: a header block is parsed in a tenth of the time, a small object leaves in
one system call with its header, and a body goes from the file to the socket (or back) within the system or through one
buffer again and again, hashed where it lies, never copied in Python. It promises that every operation is bounded by an
idle timeout (a slow but moving transfer is never cut), that a response counts only if its length is given and has
arrived, and that a hostile answer (endless headers, two lengths) ends as :class:`WireError` with bounded memory.

Source of the rules: RFC 9112 (HTTP/1.1), sections 2.2, 5, 6.3 and 7.1.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable

from jsobj.net.body import Moved, Sink, Source
from jsobj.net.connection.bodies import Keep, receive_chunked, receive_exactly, receive_into, receive_to_end
from jsobj.net.connection.delivery import Delivery
from jsobj.net.connection.incoming import Incoming
from jsobj.net.connection.outgoing import Outgoing
from jsobj.net.connection.patience import NOTICE_SECONDS, GiveUp, Line, Patience
from jsobj.net.connection.response_head import Head, WireError, parse_head, wire_error_of
from jsobj.net.connection.socket_state import FromSourceError, closed, readable
from jsobj.net.connection.splicing import Splice
from jsobj.net.md5.streams import LARGE, Md5

CONNECT_SECONDS = 5.0
IDLE_SECONDS = 30.0  # without a single byte either way
_EARLY_SECONDS = 1.0  # to read an answer that came before the body was sent
_QUICKACK = getattr(socket, "TCP_QUICKACK", socket.TCP_NODELAY)
_FRESH_SECONDS = 1.0  # a connection idle for less is taken to be open


class Wire:
    """One connection. Not for two threads at once, except :meth:`cut`.

    ``name``: the server, for logs; ``line``: what all connections to it share.
    """

    def __init__(self, open_socket: Callable[[], socket.socket], name: str = "", line: Line | None = None) -> None:
        self._open = open_socket
        self._line = line or Line()
        self._patience = Patience(name, self._line)
        self._socket: socket.socket | None = None
        self._incoming = Incoming(self._patience)
        self._outgoing = Outgoing(self._patience, self._incoming.buffer)
        self._splice = Splice()
        self._used = 0.0
        self._keep = self._no_body = self.was_cut = False
        self._timeout = 0.0

    def buffer(self, size: int) -> memoryview:
        """The buffer, free between requests; large if ``size`` bytes are to pass through it."""
        return self._incoming.buffer(size)

    def ask(
        self,
        head: bytes,
        source: Source | None,
        *,
        digest: Md5 | None = None,
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
        # For the time until the answer begins. Not read after a small request has left: other threads may run before
        # this one goes on, while the answer is on its way, and a long way would look short.
        asked = time.monotonic()
        try:
            self._send(head, source, digest, moved)
            if source is not None and source.size >= LARGE:
                asked = time.monotonic()
            return self._read_head(asked)
        except WireError as error:
            self.close()
            error.stale = reused and error.kind == "reset" and not self._incoming.end
            error.sent = True
            raise
        except BaseException:
            self.close()
            raise

    def _ready(self, idle: float) -> bool:
        """An open connection; whether it was used before. Its timeout is that of the first notice, not of the end."""
        self._incoming.clear()
        if self._socket is not None and time.monotonic() - self._used > _FRESH_SECONDS and readable(self._socket):
            self.close()  # it was closed, or bytes came without a request
        reused = self._socket is not None
        if self._socket is None:
            self._socket = self._open()
            self._incoming.recv_into = self._socket.recv_into
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

    def _send(self, head: bytes, source: Source | None, digest: Md5 | None, moved: Moved | None) -> None:
        connection = self._socket
        assert connection is not None
        try:
            self._outgoing.send(connection, head, source, digest, moved)
        except OSError as error:
            if isinstance(error, FromSourceError):
                raise error.cause from None
            if not self._answered_early(connection):
                raise wire_error_of(error) from error

    def _answered_early(self, connection: socket.socket) -> bool:
        """A server that refuses need not read the body: its answer may lie there though sending failed."""
        try:
            connection.settimeout(_EARLY_SECONDS)
            self._timeout = _EARLY_SECONDS
            incoming = self._incoming
            incoming.end = incoming.recv_into(incoming.view)
        except OSError:
            return False
        return len(incoming) > 0

    # -- receiving

    def _read_head(self, asked: float) -> Head:
        assert self._socket is not None
        # Without it a small answer on a kept connection waits for a delayed acknowledgement: 44 ms instead of 1 on RGW.
        self._socket.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
        self._patience.body = False
        while True:
            found = parse_head(self._incoming.head_block(), bodiless=self._no_body)
            if found.status >= 200:
                break
        self._keep = found.keep
        self._used = time.monotonic()
        self._line.quickest = min(self._line.quickest, self._used - asked)
        return found

    def read(self, head: Head, limit: int) -> bytes:
        """The whole body in memory; raises :class:`WireError` (garbage) for more than ``limit`` bytes."""
        out = bytearray()

        def keep(chunk: memoryview) -> None:
            if len(out) + len(chunk) > limit:
                raise WireError("garbage", f"the answer is longer than {limit} bytes")
            out.extend(chunk)

        self._receive(head, keep)
        return bytes(out)

    def stream(self, head: Head, sink: Sink, *, digest: Md5 | None = None, moved: Moved | None = None) -> int:
        """The body into ``sink``, and into ``digest``; bytes that came.

        Raises :class:`WireError` (short) where it ends early, and whatever the sink raises.
        """
        delivery = Delivery(sink, digest, moved, self._room(head, sink), head.length)
        try:
            self._receive(head, delivery.keep, delivery)
        except BaseException:
            if digest is not None:
                digest.settle()  # before the next try writes to the same place; OSError: what came cannot be kept
            raise
        if digest is not None:
            digest.settle()
        return delivery.total

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

    def _receive(self, head: Head, keep: Keep, delivery: Delivery | None = None) -> None:
        self._patience.body = True
        try:
            if head.length is None:
                receive_chunked(self._incoming, keep)
            elif head.length < 0:
                receive_to_end(self._incoming, keep)
            elif delivery is not None and delivery.place is not None:
                receive_into(self._incoming, delivery.place, keep)
            else:
                spliced = self._receive_spliced(head.length, delivery) if delivery is not None else 0
                receive_exactly(self._incoming, head.length - spliced, keep)
        except BaseException:
            self._keep = False
            self.close()
            raise
        self._used = time.monotonic()
        if not self._keep or len(self._incoming):
            self._keep = False
            self.close()

    def _receive_spliced(self, length: int, delivery: Delivery) -> int:
        """As much of a body as can go straight into its file; how many bytes."""
        connection, file = self._socket, delivery.file
        if file is None or type(connection) is not socket.socket or not self._splice.possible:
            return 0
        if lying := len(self._incoming):
            delivery.keep(self._incoming.take(min(lying, length)))
        left, place = length - delivery.total, file.start + delivery.total
        self._splice.receive(connection, self._patience, left, file.descriptor, place, delivery.lies_in_file)
        return delivery.total

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
        self._incoming.recv_into = closed
        self._splice.close()
        self._keep = False
        if connection is not None:
            connection.close()
