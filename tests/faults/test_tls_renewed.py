"""A server that renews the keys of a connection, or shakes hands once more, in the middle of what it sends."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from certificates import certificate
from ports import free_port

from jsobj.net.connection.tls import tls_context
from jsobj.net.connection.tls_stream import TlsStream

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl not found: apt-get install openssl")


@contextmanager
def server(pem: Path, version: str) -> Iterator[tuple[subprocess.Popen[str], TlsStream]]:
    """openssl's own server, which obeys letters at the beginning of a line; and a connection to it."""
    port = free_port()
    command = [
        "stdbuf",
        "-oL",
        "openssl",
        "s_server",
        "-accept",
        f"127.0.0.1:{port}",
        "-cert",
        str(pem),
        "-key",
        str(pem),
        version,
    ]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, text=True, bufsize=1) as process:
        try:
            yield process, connected(port, pem, process)
        finally:
            process.kill()


def connected(port: int, pem: Path, process: subprocess.Popen[str]) -> TlsStream:
    while True:
        try:
            plain = socket.create_connection(("127.0.0.1", port), timeout=30)
        except ConnectionRefusedError:
            assert process.poll() is None
            time.sleep(0.02)
            continue
        return TlsStream(plain, tls_context(str(pem)), "127.0.0.1")


def tell(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


def wait_for(process: subprocess.Popen[str], words: str) -> None:
    assert process.stdout is not None
    while words not in process.stdout.readline():
        assert process.poll() is None


def exchange(process: subprocess.Popen[str], stream: TlsStream, word: str) -> None:
    """A word there, and one back."""
    tell(process, word)
    got = b""
    while not got.endswith(b"\n"):
        got += stream.recv(100)
    assert got.decode() == f"{word}\n"
    stream.sendall(f"seen {word}\n".encode())
    wait_for(process, f"seen {word}")


@needs_openssl
@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("version", "letter"),
    [("-tls1_3", "k"), ("-tls1_3", "K"), ("-tls1_2", "r")],
    ids=["its keys", "both keys", "a whole handshake"],
)
def test_keys_are_renewed_between_bytes(tmp_path: Path, version: str, letter: str) -> None:
    pem = certificate(tmp_path, host="127.0.0.1", days=10)
    with server(pem, version) as (process, stream), closing(stream):
        exchange(process, stream, "first")
        for word in ("second", "third"):
            tell(process, letter)
            wait_for(process, "SSL_do_handshake -> 1")  # of what it reads at once it obeys the first letter alone
            exchange(process, stream, word)
