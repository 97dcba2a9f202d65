"""What a connection that is kept knows of its socket between requests."""

from __future__ import annotations

import select
import socket

from jsobj.store.heads import WireError


def closed(buffer: memoryview) -> int:
    """In the place of ``recv_into`` where there is no socket."""
    raise WireError("reset", "the connection is closed")


def readable(connection: socket.socket) -> bool:
    """Whether the server has said something unasked, if only that it closed."""
    poll = select.poll()
    try:
        poll.register(connection, select.POLLIN)
    except (OSError, ValueError):
        return True
    return bool(poll.poll(0))
