"""The listening sockets of a sandbox, bound before the servers start, which inherit them.

So no port is lost between choosing and using it, and a request waits in the backlog until its server is up. Only
127.0.0.1 is bound.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Mapping

NAMES = ("keystone", "proxy", "account", "container", "object")
BACKLOG = 1024


@contextlib.contextmanager
def listeners(wanted: Mapping[str, int]) -> Iterator[dict[str, socket.socket]]:
    """One listening socket per server, on the wanted port or, where that is in use, another.

    They are closed on leaving; the supervisor has inherited copies by then.
    """
    with contextlib.ExitStack() as stack:
        yield {name: stack.enter_context(_listen(wanted.get(name, 0))) for name in NAMES}


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port), backlog=BACKLOG)
    except OSError:
        if port == 0:
            raise
        return _listen(0)
