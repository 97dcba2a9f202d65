"""The wire: what its timeout means on a line that is slow and moves."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

import pytest

from jsobj.net.body import BytesSource
from jsobj.net.connection.wire import Wire

SIZE = 1024 * 1024
IDLE = 1.0  # seconds
HEAD = b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % SIZE


def read_slowly(end: socket.socket, seconds: float) -> None:
    """Read all of the request in ``seconds``, a little at a time, and answer."""
    wanted = len(HEAD) + SIZE
    pieces = 24
    while wanted > 0:
        time.sleep(seconds / pieces)
        got = 0
        while got < (len(HEAD) + SIZE) // pieces + 1 and wanted > 0:
            data = end.recv(8192)
            if not data:
                return
            got += len(data)
            wanted -= len(data)
    end.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.timeout(60)
def test_a_slow_line_that_moves_is_not_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        ours = socket.create_connection(listener.getsockname(), timeout=10)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16384)
        theirs, _ = listener.accept()
    server = threading.Thread(target=read_slowly, args=(theirs, 3 * IDLE))
    server.start()
    with contextlib.closing(Wire(lambda: ours)) as wire:
        head = wire.ask(HEAD, BytesSource(bytes(SIZE)), idle=IDLE)
    server.join()
    theirs.close()
    assert head.status == 200
