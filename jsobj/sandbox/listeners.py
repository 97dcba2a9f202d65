"""The listening sockets of a sandbox, bound before any server starts.

Bound here and inherited by the servers, a port can be lost to nobody between choosing and using it, and a client's
request waits in the queue until its server is up. Only 127.0.0.1 is ever bound.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Mapping

NAMES = ("keystone", "proxy", "account", "container", "object")
BACKLOG = 1024


@contextlib.contextmanager
def listeners(wanted: Mapping[str, int]) -> Iterator[dict[str, socket.socket]]:
    """One listening socket for each server, on the wanted port when it is free, else on another.

    They are closed on leaving; the supervisor has its own copies by then.
    """
    with contextlib.ExitStack() as stack:
        yield {name: stack.enter_context(_listen(wanted.get(name, 0))) for name in NAMES}


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        # Connections of an earlier life that linger in TIME_WAIT do not count as "in use".
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
            listener.listen(BACKLOG)
        except OSError:
            if port == 0:
                raise
            listener.close()
            return _listen(0)
    except BaseException:
        listener.close()
        raise
    return listener
