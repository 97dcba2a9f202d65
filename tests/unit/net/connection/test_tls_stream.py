"""TLS in large pieces: each condition also on ``ssl.SSLSocket``, which it stands in for, wherever that can be asked."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from tls_peer import Line, both

from jsobj.net.connection.response_head import WireError, wire_error_of
from jsobj.net.connection.socket_state import readable
from jsobj.net.connection.wire import Wire

DATA = os.urandom(300_001)
pytestmark = pytest.mark.timeout(120)


def collected(stream: Any, size: int, room: int = 65536) -> bytes:
    """So many bytes, however often the timeout strikes."""
    got, view = b"", memoryview(bytearray(room))
    while len(got) < size:
        with contextlib.suppress(TimeoutError):
            count = stream.recv_into(view)
            assert count
            got += view[:count]
    return got


@both
def test_records_that_come_in_two_pieces_cut_at_every_byte(line: Line, secured: Callable[..., Any]) -> None:
    stream, peer = line.made(secured)
    stream.settimeout(0.002)
    contents, cut, whole = (b"a", DATA[:100], DATA[:33]), 0, 1
    while cut < whole:
        records = peer.records(*contents)
        whole = len(records)
        got = b""
        for piece in (records[:cut], records[cut:]):
            peer.raw.sendall(piece)
            with contextlib.suppress(TimeoutError):
                got += stream.recv(1000)
        assert got + collected(stream, 134 - len(got)) == b"".join(contents)
        cut += 1
    assert cut > 134


@pytest.mark.parametrize("room", [1, 100, 16384, 20_000, 40_000, 1 << 20])
def test_every_size_of_room(line: Line, room: int) -> None:
    stream, peer = line.made()
    data = DATA[: 3000 if room == 1 else len(DATA)]
    pieces = [data[at : at + 16384] for at in range(0, len(data), 16384)]
    sender = threading.Thread(target=peer.raw.sendall, args=(peer.records(*pieces),))
    sender.start()
    assert collected(stream, len(data), room) == data
    sender.join()
    assert not readable(stream)


def test_many_records_come_with_one_call(line: Line) -> None:
    stream, peer = line.made()
    peer.raw.sendall(peer.records(*[b"ab"] * 100))
    got = [stream.recv(1)]  # waits; what else is there by now has come with it
    while sum(map(len, got)) < 200:
        got.append(stream.recv(1000))
    assert (b"".join(got), stream.pending()) == (b"ab" * 100, 0)
    assert len(got) < 100  # the system may bring them in several pieces, never in a hundred


@both
def test_half_a_record_is_waited_for_no_longer_than_the_timeout(line: Line, secured: Callable[..., Any]) -> None:
    """Also where a byte comes now and then: who calls decides how long a line may be so slow."""
    stream, peer = line.made(secured)
    record, over, sent = peer.records(DATA[:16000]), threading.Event(), []

    def drip() -> None:
        while not over.wait(0.02):
            peer.raw.sendall(record[len(sent) : len(sent) + 1])
            sent.append(1)

    stream.settimeout(0.3)
    thread = threading.Thread(target=drip)
    thread.start()
    with pytest.raises(TimeoutError):
        stream.recv(16000)
    over.set()
    thread.join()
    assert stream.gettimeout() == 0.3
    peer.raw.sendall(record[len(sent) :])
    assert collected(stream, 16000) == DATA[:16000]


@both
@pytest.mark.parametrize("cut", [0, 1, 3, 50])
def test_an_end_that_was_not_announced(line: Line, secured: Callable[..., Any], cut: int) -> None:
    stream, peer = line.made(secured)
    peer.raw.sendall(peer.records(b"body") + peer.records(DATA[:100])[:cut])
    peer.raw.close()
    assert stream.recv(4) == b"body"
    with pytest.raises(ssl.SSLEOFError) as caught:
        stream.recv(1)
    assert wire_error_of(caught.value).kind == "short"


@both
def test_an_end_that_was_announced(line: Line, secured: Callable[..., Any]) -> None:
    stream, peer = line.made(secured)
    peer.raw.sendall(peer.records(b"body") + peer.end())
    peer.raw.close()
    assert stream.recv(4) == b"body"
    assert stream.recv(4) == b""
    assert stream.recv(4) == b""


def test_a_reset_is_told_as_one(line: Line) -> None:
    """As over plain http. ``SSLSocket`` calls it an unexpected end in some versions of Python."""
    stream, peer = line.made()
    peer.raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.raw.close()
    with pytest.raises(ConnectionResetError):
        stream.recv(4)
    with pytest.raises(BrokenPipeError):
        stream.send(DATA)


@both
def test_a_record_that_was_changed_on_the_way(line: Line, secured: Callable[..., Any]) -> None:
    stream, peer = line.made(secured)
    record = bytearray(peer.records(DATA[:100]))
    record[50] ^= 1
    peer.raw.sendall(record)
    with pytest.raises(ssl.SSLError) as caught:
        stream.recv(100)
    assert wire_error_of(caught.value).kind == "reset"
    with pytest.raises(ssl.SSLError, match=r"ALERT|alert"):
        peer.received(1)


def test_what_was_encrypted_leaves_once_and_in_order_whatever_timeouts_strike(line: Line) -> None:
    stream, peer = line.made()
    stream.settimeout(0.01)
    data, done, struck = memoryview(DATA * 20), 0, 0
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(peer.received(len(data))))
    while done < len(data):
        try:
            done += stream.send(data[done:])
        except TimeoutError:
            struck += 1
            if struck == 3:
                reader.start()
    reader.join()
    assert struck >= 3
    assert got == [bytes(data)]


def test_all_is_reported_only_when_all_has_left(line: Line) -> None:
    """Else the next request of the connection would begin before the end of the one before it."""
    stream, peer = line.made()
    stream.settimeout(0.01)
    data = memoryview(DATA[:100_000])
    with contextlib.suppress(TimeoutError):
        while data:
            data = data[stream.send(data) :]
    assert data
    reader = threading.Thread(target=peer.received, args=(100_000,))
    reader.start()
    stream.settimeout(30)
    stream.sendall(data)
    reader.join()


def test_one_who_waits_is_cut_by_another_thread(line: Line) -> None:
    stream, _ = line.made()
    caught: list[WireError] = []
    wire = Wire(lambda: stream)

    def ask() -> None:
        with pytest.raises(WireError) as error:
            wire.ask(b"GET / HTTP/1.1\r\n\r\n", None, idle=30)
        caught.append(error.value)

    thread = threading.Thread(target=ask)
    thread.start()
    while thread.is_alive():
        wire.cut()
        time.sleep(0.01)
    assert [error.kind for error in caught] in (["short"], ["reset"])


def test_no_byte_goes_past_tls(line: Line) -> None:
    stream, _ = line.made()
    for send in (stream.sendmsg, stream.sendto, stream.sendfile, stream.recvmsg, stream.recvfrom, stream.makefile):
        with pytest.raises(NotImplementedError):
            send([DATA])
