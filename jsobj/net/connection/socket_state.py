"""The state of a socket: closed, with bytes to read, or not to blame for an error."""

from __future__ import annotations

import fcntl
import select
import socket
import struct
import termios

from jsobj.net.connection.response_head import WireError


class FromSourceError(OSError):
    """Reading the source failed, not the socket."""

    def __init__(self, cause: OSError) -> None:
        super().__init__()
        self.cause = cause


def closed(buffer: memoryview) -> int:
    """In the place of ``recv_into`` where there is no socket."""
    raise WireError("reset", "the connection is closed")


def readable(connection: socket.socket) -> bool:
    """Whether bytes came without a request, or the server closed."""
    poll = select.poll()
    try:
        poll.register(connection, select.POLLIN)
    except (OSError, ValueError):
        return True
    return bool(poll.poll(0))


def unsent(connection: socket.socket | None) -> int:
    """The bytes that the system holds, and the other side has not taken; 0 where it does not say."""
    if connection is None:
        return 0
    try:
        return int(struct.unpack("i", fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, bytes(4)))[0])
    except (OSError, ValueError):
        return 0


def wait_until(connection: socket.socket, event: int) -> None:
    """Wait for room (``select.POLLOUT``) or for bytes (``POLLIN``). Raises TimeoutError after the socket's timeout."""
    poll, timeout = select.poll(), connection.gettimeout()
    poll.register(connection, event)
    if not poll.poll(None if timeout is None else timeout * 1000):
        raise TimeoutError("timed out")
