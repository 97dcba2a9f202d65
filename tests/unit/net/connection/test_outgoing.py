"""What leaves from files and from memory: by plain connections, and by TLS, which takes no flags and no file."""

from __future__ import annotations

import errno
import hashlib
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from certificates import certificate, server_context

from jsobj.errors import SourceChanged
from jsobj.net.body import BytesSource, FileSource, Source
from jsobj.net.connection.dial import Dialer
from jsobj.net.connection.wire import Wire
from jsobj.net.md5.streams import md5
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
            assert len(wire.buffer(0)) < 256 * 1024  # the connections of a run hold little memory
        thread.join()
    assert bytes(got) == head + DATA[:size]


@contextmanager
def taking(size: int) -> Iterator[tuple[Wire, bytearray]]:
    """A plain connection whose other end takes a request with a body of ``size`` bytes, and what it got."""
    got = bytearray()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = socket.create_connection(listener.getsockname())
        theirs, _ = listener.accept()

    def serve() -> None:
        with theirs, suppress(ConnectionError):
            while b"\r\n\r\n" not in got or len(got) < got.index(b"\r\n\r\n") + 4 + size:
                if not (data := theirs.recv(65536)):
                    return
                got.extend(data)
            theirs.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    thread = threading.Thread(target=serve)
    thread.start()
    with closing(Wire(lambda: ours)) as wire:
        yield wire, got
    thread.join()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("number", [0, errno.EINVAL, errno.ENOSYS, errno.EBADMSG, errno.ETIMEDOUT])
@pytest.mark.parametrize("kind", ["memory", "file"])
def test_a_large_body_leaves_from_where_it_lies_and_is_hashed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, number: int
) -> None:
    """Also where the system, or this kind of file, knows no ``sendfile``: after 1 MiB here."""
    real, calls = os.sendfile, list[int]()

    def sendfile(*words: int) -> int:
        calls.append(1)
        if number and len(calls) > 1:
            raise OSError(number, os.strerror(number))
        return real(*words)

    monkeypatch.setattr(os, "sendfile", sendfile)
    (tmp_path / "data").write_bytes(b"xyz" + DATA)
    head, counts, digest = b"PUT / HTTP/1.1\r\nHost: x\r\n\r\n", list[int](), md5()
    with (tmp_path / "data").open("rb") as file, taking(len(DATA)) as (wire, got):
        source: Source = FileSource(file.fileno(), 3, len(DATA), "data") if kind == "file" else BytesSource(DATA)
        assert wire.ask(head, source, digest=digest, moved=counts.append, idle=30).status == 200
    assert bytes(got) == head + DATA
    assert sum(counts) == len(DATA)
    assert digest.hexdigest() == hashlib.md5(DATA).hexdigest()
    assert bool(calls) == (kind == "file")


@pytest.mark.timeout(60)
def test_a_file_that_becomes_shorter_while_it_is_sent_has_changed(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(DATA)
    with (tmp_path / "data").open("r+b") as file, taking(len(DATA)) as (wire, _):
        source = FileSource(file.fileno(), 0, len(DATA), "data")
        with pytest.raises(SourceChanged, match="data changed while it was being sent"):
            wire.ask(b"PUT / HTTP/1.1\r\n\r\n", source, digest=md5(), moved=lambda _: file.truncate(0), idle=30)
