"""Handshakes of the TLS that moves large pieces, and the wire over it."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Any

import pytest
from tls_peer import Line, Peer, both, by_socket

from jsobj.net.body import BytesSink, BytesSource
from jsobj.net.connection import wire as wire_module
from jsobj.net.connection.socket_state import readable
from jsobj.net.connection.tls import tls_context
from jsobj.net.connection.wire import Wire

DATA = os.urandom(300_001)
pytestmark = pytest.mark.timeout(120)


def failed_handshake(line: Line, secured: Callable[..., Any], end: Callable[[socket.socket], None]) -> OSError:
    near, far = line.raw()
    near.settimeout(0.2)
    end(far)
    with pytest.raises(OSError) as caught:
        secured(near, line.ours)
    return caught.value


@both
@pytest.mark.parametrize(
    ("end", "kind"),
    [
        (lambda far: None, TimeoutError),
        (lambda far: far.close(), ssl.SSLEOFError),
        (lambda far: far.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"), ssl.SSLError),
        (lambda far: far.sendall(b"\x16\x03\x03\x00\x10half"), TimeoutError),
    ],
    ids=["silence", "closed", "http", "half"],
)
def test_a_handshake_that_fails(
    line: Line, secured: Callable[..., Any], end: Callable[[socket.socket], None], kind: type[OSError]
) -> None:
    error = failed_handshake(line, secured, end)
    if isinstance(error, ConnectionResetError) and kind is ssl.SSLEOFError:
        return  # closed with our greeting unread: which of both is seen depends on who was first
    assert type(error) is kind
    if kind is ssl.SSLError:
        assert error.reason in {
            "WRONG_VERSION_NUMBER",
            "RECORD_LAYER_FAILURE",
            "HTTP_REQUEST",
            "PACKET_LENGTH_TOO_LONG",
        }


@both
def test_who_is_not_trusted_is_told_so_and_nothing_stays_open(line: Line, secured: Callable[..., Any]) -> None:
    near, far = line.raw()
    peer = Peer(far, line.theirs)
    thread = threading.Thread(target=peer.shake_hands)
    thread.start()
    with pytest.raises(ssl.SSLCertVerificationError) as caught:
        secured(near, tls_context(True))
    thread.join()
    assert "self-signed" in caught.value.verify_message or "self signed" in caught.value.verify_message
    assert "ALERT_UNKNOWN_CA" in peer.refused
    assert near.fileno() == -1


def test_it_tells_of_the_server_what_a_socket_does(line: Line) -> None:
    stream, _ = line.made()
    plain, _ = line.made(by_socket)
    assert stream.getpeercert() == plain.getpeercert() != {}
    assert stream.getpeercert(binary_form=True) == plain.getpeercert(True)
    assert stream.version() == plain.version()


# -- as the wire uses it


def test_bodies_of_none_and_of_many_bytes_on_one_connection(line: Line) -> None:
    stream, peer = line.made()
    opened = iter([stream])
    with contextlib.closing(Wire(lambda: next(opened))) as wire:
        for body in (b"", DATA, b"", b"x"):
            answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
            pieces = [body[at : at + 16384] for at in range(0, len(body), 16384)]
            sender = threading.Thread(target=peer.raw.sendall, args=(peer.records(answer, *pieces),))
            sender.start()
            head, sink = wire.ask(b"GET / HTTP/1.1\r\n\r\n", None, idle=30), BytesSink()
            assert wire.stream(head, sink) == len(body)
            assert bytes(sink.data) == body
            sender.join()


def test_bytes_that_nobody_asked_for_end_the_connection(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though the system knows nothing of them any more: they lie, received, in front of TLS."""
    monkeypatch.setattr(wire_module, "_FRESH_SECONDS", -1.0)
    first, second = line.made(), line.made()
    opened = iter([first[0], second[0]])
    body, answer = DATA[:200_000], b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
    with contextlib.closing(Wire(lambda: next(opened))) as wire:
        pieces = [body[at : at + 1000] for at in range(0, len(body), 1000)]
        records = first[1].records(answer % len(body), *pieces, b"HTTP/1.1 403 Forbidden\r\n\r\n")
        sender = threading.Thread(target=first[1].raw.sendall, args=(records,))
        sender.start()
        sink = BytesSink()
        wire.stream(wire.ask(b"GET / HTTP/1.1\r\n\r\n", None, idle=30), sink)
        assert bytes(sink.data) == body
        sender.join()
        second[1].raw.sendall(second[1].records(answer % 0))
        assert wire.ask(b"GET / HTTP/1.1\r\n\r\n", None, idle=30).status == 200
    assert next(opened, None) is None


def test_what_lies_there_unasked_is_seen_without_the_system(line: Line) -> None:
    stream, peer = line.made()
    peer.raw.sendall(peer.records(b"behind the session's tickets"))
    assert stream.recv(100) == b"behind the session's tickets"
    while True:  # until both have come by one call
        assert not readable(stream)
        peer.raw.sendall(peer.records(b"asked", b"unasked"))
        assert stream.recv(5) == b"asked"
        if stream.pending():
            break
        assert stream.recv(100) == b"unasked"
    assert readable(stream)


@pytest.mark.timeout(60)
def test_a_slow_line_that_moves_is_not_given_up(line: Line) -> None:
    """Read in 3 s, where 1 s without movement is the end."""
    stream, peer = line.made()
    body = DATA * 3
    head = b"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
    got = []

    def read_slowly() -> None:
        peer.pause = 0.1
        got.append(peer.received(len(head) + len(body)))
        peer.raw.sendall(peer.records(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))

    thread = threading.Thread(target=read_slowly)
    thread.start()
    with contextlib.closing(Wire(lambda: stream)) as wire:
        assert wire.ask(head, BytesSource(body), idle=1.0).status == 200
    thread.join()
    assert got == [head + body]
