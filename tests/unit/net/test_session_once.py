"""A small file is read once for its signature and its body; what would not fit, or is to leave slowly, is not."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
from pathlib import Path

import pytest

from jsobj.net.body import BytesSource, FileSource
from jsobj.net.connection.wire import Wire
from jsobj.net.md5.streams import LARGE
from jsobj.net.session import _read_once

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


def received_of(head: bytes, path: Path, size: int) -> tuple[str, bytes]:
    """The digest that was taken of a file, and what the server received, though the file changed in between."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = socket.create_connection(listener.getsockname())
        theirs, _ = listener.accept()
    wire = Wire(lambda: ours)
    descriptor = os.open(path, os.O_RDONLY)
    came = bytearray()

    def serve() -> None:
        while len(came) < len(head) + size and (data := theirs.recv(1 << 20)):
            came.extend(data)
        theirs.sendall(ANSWER)

    server = threading.Thread(target=serve, daemon=True)
    server.start()
    try:
        source = _read_once(FileSource(descriptor, 0, size, str(path)), wire)
        assert isinstance(source, BytesSource)
        digest = hashlib.sha256(source.view).hexdigest()
        path.write_bytes(bytes(size))
        assert wire.ask(head, source, idle=30).status == 200
    finally:
        wire.close()
        server.join(30)
        theirs.close()
        os.close(descriptor)
    return digest, bytes(came)


@pytest.mark.parametrize("size", [1, 65536, 80 * 1024, 80 * 1024 + 1, 160 * 1024, LARGE - 1])
@pytest.mark.parametrize("room", [1, 700, 80 * 1024])
def test_the_bytes_that_leave_are_those_that_were_signed(tmp_path: Path, size: int, room: int) -> None:
    body, head, path = os.urandom(size), b"x" * room, tmp_path / "file"
    path.write_bytes(body)
    digest, came = received_of(head, path, size)
    assert digest == hashlib.sha256(body).hexdigest()
    assert came[:room] == head
    assert came[room:] == body


def test_what_is_large_empty_or_slow_is_read_as_it_leaves() -> None:
    wire = Wire(socket.socket)
    held = BytesSource(b"abc")
    for source in (FileSource(0, 0, LARGE, "a"), FileSource(0, 0, 0, "a"), FileSource(0, 0, 9, "a", at_once=8), held):
        assert _read_once(source, wire) is source
