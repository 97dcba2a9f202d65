"""Bodies that go straight into files: the same bytes, errors and digests as by way of memory."""

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

from jsobj.net.body import FileSink
from jsobj.net.connection.response_head import WireError
from jsobj.net.connection.wire import Wire
from jsobj.net.md5.streams import LARGE, md5
from jsobj.net.partial import Partial
from jsobj.net.request import Request

DATA = os.urandom(5 * 1024 * 1024 + 13)
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"

pytestmark = pytest.mark.timeout(60)


@contextmanager
def answering(body: bytes, *, announced: int | None = None, pieces: int = 1) -> Iterator[Wire]:
    """A connection whose other end answers each request with ``body``, and says that ``announced`` bytes come."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = socket.create_connection(listener.getsockname())
        theirs, _ = listener.accept()

    def serve() -> None:
        with theirs, suppress(ConnectionError):
            while theirs.recv(65536):
                theirs.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (announced or len(body)))
                for n in range(pieces):
                    theirs.sendall(body[len(body) * n // pieces : len(body) * (n + 1) // pieces])
                if announced:
                    return

    server = threading.Thread(target=serve)
    server.start()
    with closing(Wire(lambda: ours)) as wire:
        yield wire
    server.join()


@contextmanager
def file_of(path: Path, flags: int = 0) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | flags)
    yield descriptor
    os.close(descriptor)


@pytest.mark.parametrize("size", [0, 1, LARGE - 1, LARGE, LARGE + 1, len(DATA)])
@pytest.mark.parametrize("pieces", [1, 97])
def test_a_body_lies_at_its_place_and_is_hashed(tmp_path: Path, size: int, pieces: int) -> None:
    body, counts = DATA[:size], list[int]()
    with file_of(tmp_path / "file") as descriptor, answering(body, pieces=pieces) as wire:
        os.pwrite(descriptor, b"before", 0)
        for _ in range(2):  # the connection stays usable
            head, digest = wire.ask(GET, None, idle=30), md5()
            assert wire.stream(head, FileSink(descriptor, 6), digest=digest, moved=counts.append) == size
            assert digest.hexdigest() == hashlib.md5(body).hexdigest()
            assert (tmp_path / "file").read_bytes() == b"before" + body
    assert sum(counts) == 2 * size


def test_what_came_before_the_end_counts_where_a_body_ends_early(tmp_path: Path) -> None:
    came, partial = DATA[: LARGE + 77_777], Partial()
    with file_of(tmp_path / "file") as descriptor, answering(came, announced=len(DATA)) as wire:
        request = Request(
            "GET", "/", sink=FileSink(descriptor, 3), range_start=0, range_size=len(DATA), partial=partial
        )
        sink = partial.rest(request).sink
        assert sink is not None
        with pytest.raises(WireError) as caught:
            wire.stream(wire.ask(GET, None, idle=30), sink, digest=partial.digest)
    assert caught.value.kind == "short"
    assert partial.size == len(came)
    assert partial.digest.hexdigest() == hashlib.md5(came).hexdigest()
    assert (tmp_path / "file").read_bytes() == bytes(3) + came


def test_a_file_that_the_system_does_not_splice_into_gets_the_same_bytes(tmp_path: Path) -> None:
    """Linux refuses files that are open for appending (EINVAL), when the bytes are in the pipe already."""
    with file_of(tmp_path / "file", os.O_APPEND) as descriptor, answering(DATA) as wire:
        for n in range(2):
            digest = md5()
            assert wire.stream(wire.ask(GET, None, idle=30), FileSink(descriptor, n * len(DATA)), digest=digest)
            assert digest.hexdigest() == hashlib.md5(DATA).hexdigest()
    assert (tmp_path / "file").read_bytes() == DATA * 2


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOSYS, errno.EPERM])
def test_where_the_system_does_not_splice_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "splice", refuse)
    with file_of(tmp_path / "file") as descriptor, answering(DATA) as wire:
        digest = md5()
        assert wire.stream(wire.ask(GET, None, idle=30), FileSink(descriptor), digest=digest) == len(DATA)
        assert digest.hexdigest() == hashlib.md5(DATA).hexdigest()
    assert (tmp_path / "file").read_bytes() == DATA


def test_a_full_disk_is_the_files_error_and_ends_the_connection() -> None:
    with answering(DATA, announced=len(DATA)) as wire, Path("/dev/full").open("wb") as full:
        with pytest.raises(OSError, match="space") as caught:
            wire.stream(wire.ask(GET, None, idle=30), FileSink(full.fileno()), digest=md5())
        assert caught.value.errno == errno.ENOSPC
        assert wire._socket is None


def test_a_server_that_stops_in_the_middle_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jsobj.net.connection.wire.NOTICE_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as listener, file_of(tmp_path / "file") as descriptor:
        ours = socket.create_connection(listener.getsockname())
        with listener.accept()[0] as theirs, closing(Wire(lambda: ours)) as wire:
            theirs.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(DATA) + DATA[:LARGE])
            head = wire.ask(GET, None, idle=0.3)
            with pytest.raises(WireError) as caught:
                wire.stream(head, FileSink(descriptor), digest=md5())
    assert caught.value.kind == "timeout"
    assert (tmp_path / "file").read_bytes() == DATA[:LARGE]


def test_a_connection_that_is_cut_ends_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, file_of(tmp_path / "file") as descriptor:
        ours = socket.create_connection(listener.getsockname())
        with listener.accept()[0] as theirs, closing(Wire(lambda: ours)) as wire:
            theirs.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(DATA) + DATA[:LARGE])
            head, came = wire.ask(GET, None, idle=30), threading.Event()
            cutter = threading.Thread(target=lambda: (came.wait(), wire.cut()))
            cutter.start()
            with pytest.raises(WireError) as caught:
                wire.stream(head, FileSink(descriptor), digest=md5(), moved=lambda _: came.set())
            cutter.join()
    assert caught.value.kind in {"short", "reset"}


def test_a_file_that_becomes_shorter_before_it_is_hashed_is_an_error_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where bytes are hashed as they come there is no such moment."""
    monkeypatch.setattr("jsobj.net.md5.laned._may_be_interrupted", lambda: False)  # as in a worker
    with file_of(tmp_path / "file") as descriptor, answering(DATA) as wire:
        head, digest = wire.ask(GET, None, idle=30), md5()
        sink = FileSink(descriptor)
        if not digest.together:
            wire.stream(head, sink, digest=digest, moved=lambda _: os.ftruncate(descriptor, 0))
            assert digest.hexdigest() == hashlib.md5(DATA).hexdigest()
            return
        with pytest.raises(OSError, match="shorter"):
            wire.stream(head, sink, digest=digest, moved=lambda _: os.ftruncate(descriptor, 0))


def test_a_line_that_brings_little_at_once_goes_by_way_of_memory(tmp_path: Path) -> None:
    """There pieces are gathered before they are written."""
    counts: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listener, file_of(tmp_path / "file") as descriptor:
        ours = socket.create_connection(listener.getsockname())
        with listener.accept()[0] as theirs, closing(Wire(lambda: ours)) as wire:
            theirs.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(DATA))
            head, digest, rest = wire.ask(GET, None, idle=30), md5(), list[threading.Thread]()

            def more(count: int = 0) -> None:
                """A thousand bytes leave when the last thousand are there; in the end all the rest."""
                if count:
                    counts.append(count)
                if len(counts) < 16:
                    theirs.sendall(DATA[1000 * len(counts) :][:1000])
                elif not rest:
                    rest.append(threading.Thread(target=theirs.sendall, args=(DATA[16_000:],)))
                    rest[0].start()

            more()
            assert wire.stream(head, FileSink(descriptor), digest=digest, moved=more) == len(DATA)
            rest[0].join()
    assert digest.hexdigest() == hashlib.md5(DATA).hexdigest()
    assert counts[:16] == [1000] * 16
    assert counts[16] >= 256 * 1024  # gathered: it would be what lay there, at most as much as a pipe holds
    assert (tmp_path / "file").read_bytes() == DATA
