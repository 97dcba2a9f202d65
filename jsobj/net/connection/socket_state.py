"""The state of a socket: closed, with bytes to read, or not to blame for an error."""

from __future__ import annotations

import select
import socket

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
