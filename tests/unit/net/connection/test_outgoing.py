"""What leaves over TLS, which takes no flags and no file."""

from __future__ import annotations

import os
import socket
import threading
from contextlib import closing
from pathlib import Path

import pytest
from certificates import certificate, server_context

from jsobj.net.body import BytesSource, FileSource, Source
from jsobj.net.connection.dial import Dialer
from jsobj.net.connection.wire import Wire
from jsobj.urls import require_origin

DATA = os.urandom(3 << 20)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("size", [1, 60_000, 200_000, len(DATA)])
@pytest.mark.parametrize("kind", ["memory", "file"])
def test_a_body_of_any_size_arrives_over_tls(tmp_path: Path, size: int, kind: str) -> None:
    pem, got = certificate(tmp_path, host="127.0.0.1", days=10), bytearray()
    head = b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size
    (tmp_path / "data").write_bytes(DATA)
    context = server_context(pem)

    def serve() -> None:
        with listener.accept()[0] as plain, context.wrap_socket(plain, server_side=True) as end:
            while len(got) < len(head) + size:
                got.extend(end.recv(65536))
            end.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener, (tmp_path / "data").open("rb") as file:
        thread = threading.Thread(target=serve)
        thread.start()
        origin = require_origin(f"https://127.0.0.1:{listener.getsockname()[1]}")
        source: Source = FileSource(file.fileno(), 0, size, "data")
        if kind == "memory":
            source = BytesSource(DATA[:size])
        with closing(Wire(Dialer(origin, verify=str(pem)).open)) as wire:
            assert wire.ask(head, source, idle=30).status == 200
        thread.join()
    assert bytes(got) == head + DATA[:size]
