"""The wire: what its timeout means on a line that is slow and moves."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jsobj.net.body import BytesSource, FileSource
from jsobj.net.connection.wire import Wire

SIZE = 1024 * 1024
IDLE = 1.0  # seconds
HEAD = b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % SIZE


def read_slowly(end: socket.socket, seconds: float, pieces: int) -> None:
    """Read all of the request in ``seconds``, a piece at a time, and answer."""
    wanted = len(HEAD) + SIZE
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


@contextlib.contextmanager
def slow_server(seconds: float, pieces: int, buffer: int = 16384) -> Iterator[socket.socket]:
    """Our end of a connection whose other end is read in ``seconds``, with a pause before each of the pieces."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        ours = socket.create_connection(listener.getsockname(), timeout=10)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer)
        theirs, _ = listener.accept()
    server = threading.Thread(target=read_slowly, args=(theirs, seconds, pieces))
    server.start()
    yield ours
    server.join()
    theirs.close()


@pytest.mark.timeout(60)
def test_a_slow_line_that_moves_is_not_given_up() -> None:
    with slow_server(3 * IDLE, 24) as ours, contextlib.closing(Wire(lambda: ours)) as wire:
        assert wire.ask(HEAD, BytesSource(bytes(SIZE)), idle=IDLE).status == 200


@pytest.mark.timeout(60)
def test_nor_one_where_all_bytes_lie_in_the_systems_buffer_and_leave_it_slowly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The answer comes when the last byte is there."""
    monkeypatch.setattr("jsobj.net.connection.wire.NOTICE_SECONDS", 0.2)
    with slow_server(3 * IDLE, 24, 4 * SIZE) as ours, contextlib.closing(Wire(lambda: ours)) as wire:
        assert wire.ask(HEAD, BytesSource(bytes(SIZE)), idle=IDLE).status == 200


@pytest.mark.timeout(60)
def test_a_server_that_takes_no_bytes_for_a_while_is_named_and_waited_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("jsobj.net.connection.wire.NOTICE_SECONDS", 0.2)
    with (
        caplog.at_level("INFO", "jsobj.waiting"),
        slow_server(1.5, 2) as ours,
        contextlib.closing(Wire(lambda: ours, "store.example")) as wire,
    ):
        assert wire.ask(HEAD, BytesSource(bytes(SIZE)), idle=30).status == 200
    assert "waiting for store.example" in caplog.text


@pytest.mark.timeout(60)
def test_a_source_that_brings_few_bytes_at_once_leaves_in_small_pieces(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(SIZE))
    with path.open("rb") as file:
        for source in (FileSource(file.fileno(), 0, SIZE, "file", 170_000), BytesSource(bytes(SIZE), 170_000)):
            counts: list[int] = []
            with slow_server(0.0, 1) as ours, contextlib.closing(Wire(lambda ours=ours: ours)) as wire:
                assert wire.ask(HEAD, source, moved=counts.append, idle=30).status == 200
            assert sum(counts) == SIZE
            assert 0 < max(counts) <= 170_000
