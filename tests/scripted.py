"""A server that says exactly what a test tells it, byte for byte: for answers that no healthy server gives."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

SECONDS = 20.0
# What to do with one request on an open connection: bytes to send, or an action on the socket.
Step = bytes | Callable[[socket.socket], None]


@dataclass
class Script:
    """``seen``: the requests (head and body) in the order of their arrival; ``connections``: how many were made."""

    port: int = 0
    seen: list[bytes] = field(default_factory=list)
    connections: int = 0
    here: threading.local = field(default_factory=threading.local)  # .request: what a step's own connection asked


def answer(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    """A plain answer; ``content_length="5"`` becomes a header, and replaces the right one."""
    told = {"Content-Length": str(len(body))} | {k.replace("_", "-").title(): v for k, v in headers.items()}
    lines = "".join(f"{k}: {v}\r\n" for k, v in told.items() if v)
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body


def reset(connection: socket.socket) -> None:
    """Close with RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def finish(connection: socket.socket) -> None:
    """Close with FIN."""
    connection.close()


@contextlib.contextmanager
def scripted(*connections: Sequence[Step], repeat: bool = False) -> Iterator[Script]:
    """Serve the connections one after the other, each with its steps; with ``repeat`` the last one again and again.

    A connection whose steps are used up is closed.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    script = Script(listener.getsockname()[1])
    over = threading.Event()
    threads: list[threading.Thread] = []

    def accept() -> None:
        number = 0
        while not over.is_set() and (number < len(connections) or repeat):
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            steps = connections[min(number, len(connections) - 1)]
            number += 1
            script.connections += 1
            thread = threading.Thread(target=_serve, args=(connection, steps, script, over), daemon=True)
            thread.start()
            threads.append(thread)

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield script
    finally:
        over.set()
        listener.close()
        accepting.join(SECONDS)
        for thread in threads:
            thread.join(SECONDS)


def _serve(connection: socket.socket, steps: Sequence[Step], script: Script, over: threading.Event) -> None:
    with contextlib.suppress(OSError), connection:
        connection.settimeout(SECONDS)
        for step in steps:
            request = _request(connection, over)
            if not request:
                return
            script.seen.append(request)
            script.here.request = request
            if isinstance(step, bytes):
                connection.sendall(step)
            else:
                step(connection)
                if connection.fileno() < 0:
                    return
        connection.shutdown(socket.SHUT_WR)


def _request(connection: socket.socket, over: threading.Event) -> bytes:
    while not select.select([connection], [], [], 0.05)[0]:
        if over.is_set():
            return b""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    while len(body) < length:
        piece = connection.recv(1 << 20)
        if not piece:
            return b""
        body += piece
    return head + b"\r\n\r\n" + body
