"""A TLS connection that moves many records with one system call: for large bodies, instead of ``ssl.SSLSocket``."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

_RECEIVED = 272 * 1024  # bytes of records that one call takes from the socket at most
_SENT = 128 * 1024  # bytes that are encrypted before one call gives them to the socket
_SCRATCH = 32 * 1024  # bytes to receive records into, where the caller's room is smaller: two whole records

_T = TypeVar("_T")


class TlsStream(socket.socket):
    """A connected socket, with TLS over it; raises what :class:`ssl.SSLSocket` raises, which it stands in for.

    ``SSLSocket`` asks the system twice for each record of 16 KiB, and its caller once, and all threads wait for the
    interpreter in between. Here up to 272 KiB of records come with one call, are decrypted in a row and returned
    together. Measured with 1 GiB in ranges from nginx on the same 2 cores into a file, CPU seconds of the client
    without a digest, ``SSLSocket`` and this (medians of alternating runs): 1 thread 1.52, 1.28; 3 threads 1.49, 1.19;
    4 threads 1.63, 1.35; 8 threads on a quiet machine 1.43, 0.97, on a busy one about the same. Pieces of 64 KiB saved
    nothing, of 528 KiB hardly more than these. Sending takes about as much either way (4 threads: 0.91, 0.94), and
    1000 bytes for each request too, as long as the socket is asked no more often than it must.

    For one thread at a time, except ``shutdown``. The end without a ``close_notify`` is :class:`ssl.SSLEOFError`.
    """

    def __init__(
        self, connection: socket.socket, context: ssl.SSLContext, host: str, session: ssl.SSLSession | None = None
    ) -> None:
        """Takes ``connection`` over, and shakes hands within its timeout. Raises :class:`OSError`."""
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host, session=session)
        self._held = memoryview(b"")  # records that are to leave before anything else
        self._ahead = 0  # bytes in them that ``send`` has not reported yet
        self._more = True  # whether there may be records that were received and not looked at
        seconds = connection.gettimeout()
        super().__init__(connection.family, connection.type, connection.proto, connection.detach())
        try:
            self.settimeout(seconds)
            self._fed(self._tls.do_handshake, memoryview(b""))
            self._flush()
        except BaseException:
            self.close()
            raise

    # -- what is known of the other side

    @property
    def session(self) -> ssl.SSLSession | None:
        """As of :class:`ssl.SSLSocket`."""
        return self._tls.session

    @property
    def session_reused(self) -> bool:
        """As of :class:`ssl.SSLSocket`."""
        return bool(self._tls.session_reused)

    def getpeercert(self, *, binary_form: bool = False) -> Any:
        """The certificate as a mapping (empty if it was not checked), or DER; None where there is none."""
        return self._tls.getpeercert(binary_form)

    def version(self) -> str:
        """``TLSv1.3`` and the like."""
        return self._tls.version() or ""

    def pending(self) -> int:
        """Bytes that were received and not yet returned: the system knows nothing of them any more."""
        return self._incoming.pending + self._tls.pending()

    def _beside_tls(self, *given: Any, **named: Any) -> NoReturn:
        """Every other way to move bytes: they would go past TLS."""
        raise NotImplementedError

    recvfrom = recvfrom_into = recvmsg = recvmsg_into = sendfile = sendmsg = sendto = makefile = _beside_tls

    # -- receiving

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        """At most ``bufsize`` bytes; none at the end."""
        room = bytearray(bufsize)
        return bytes(room[: self.recv_into(room)])

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """The bytes of as many records as there are, 0 at the end.

        Waits for one whole record at most as long as the timeout. All of ``buffer`` may be written to.
        """
        room = memoryview(buffer)
        return self._fed(lambda: self._decrypt(room), room, fetch=not self._more)

    def _decrypt(self, room: memoryview) -> int:
        """What whole records give; raises :class:`ssl.SSLWantReadError` where there is none."""
        read, incoming, size, filled = self._tls.read, self._incoming, len(room), 0
        self._more = True
        try:
            while filled < size:
                count = int(read(size - filled, room[filled:]))
                filled += count
                if not count:
                    break
                if filled < size and not incoming.pending:
                    self._more = False
                    break
        except ssl.SSLWantReadError:
            self._more = False
            if not filled:
                raise
        return filled

    def _fed(self, operation: Callable[[], _T], room: memoryview, *, fetch: bool = False) -> _T:
        """What the operation returns, once it has the records that it wants. ``room`` is free for them.

        ``fetch``: it would want some at once. Asking it costs an exception, and one more fight for the interpreter.
        """
        ends: float | None = None
        while True:
            if not fetch:
                try:
                    return operation()
                except ssl.SSLWantReadError:
                    pass
                except ssl.SSLError:
                    with contextlib.suppress(OSError):
                        self._flush()  # the alert, which tells the other side why
                    raise
            fetch = False
            self._flush()
            seconds = self.gettimeout()
            if ends is not None:
                self._fetch_before(ends, room)
            elif seconds is None:
                self._fetch(room)
            else:
                ends = time.monotonic() + seconds
                self._fetch(room)

    def _fetch(self, room: memoryview) -> None:
        """Records, or pieces of them, from the socket: by way of the place where their content will be."""
        if len(room) < _SCRATCH:
            room = memoryview(bytearray(_SCRATCH))
        count = super().recv_into(room[:_RECEIVED])
        if count:
            self._incoming.write(room[:count])
        else:
            self._incoming.write_eof()

    def _fetch_before(self, ends: float, room: memoryview) -> None:
        """As :meth:`_fetch`: the timeout is one for a whole record, also where it comes byte by byte."""
        left, seconds = ends - time.monotonic(), self.gettimeout()
        if left <= 0:
            raise TimeoutError("the read operation timed out")
        self.settimeout(left)
        try:
            self._fetch(room)
        finally:
            self.settimeout(seconds)

    # -- sending

    def send(self, data: Any, flags: int = 0) -> int:
        """How many bytes of ``data`` have left, 0 where it is only a part of their records.

        What is encrypted must leave as it is: after an error that is to be got over, ``data`` must begin with the
        bytes that were not reported.
        """
        if not self._ahead:
            view = memoryview(data)[:_SENT]
            if not view:
                return 0
            self._ahead = self._fed(lambda: self._encrypt(view), memoryview(b""))
            self._hold()
        done = self._ahead
        if whole := len(self._held):
            done = done * self._sent_of_held() // whole  # all of them only when nothing is held any more
        self._ahead -= done
        return done

    def _sent_of_held(self) -> int:
        try:
            sent = os.write(self.fileno(), self._held)  # without asking first whether there is room
        except BlockingIOError:
            sent = super().send(self._held)
        self._held = self._held[sent:]
        return sent

    def sendall(self, data: Any, flags: int = 0) -> None:
        """All of ``data``; the timeout is one for each piece."""
        view = memoryview(data)
        while view:
            view = view[self.send(view) :]

    def _encrypt(self, data: memoryview) -> int:
        done = 0
        try:
            while done < len(data):
                done += self._tls.write(data[done:])  # one record
        except ssl.SSLWantReadError:
            if not done:
                raise
        return done

    def _hold(self) -> None:
        """What is to leave next: what TLS has written, behind what has not left yet."""
        written = self._outgoing.read()
        self._held = memoryview(b"".join((self._held, written)) if self._held else written)

    def _flush(self) -> None:
        """Send what TLS itself has to say."""
        if self._outgoing.pending:
            self._hold()
            while self._held:
                self._sent_of_held()
