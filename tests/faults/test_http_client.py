"""The small HTTP client that speaks with Keystone: what it repeats, what it never does, and what it says.

The server is a script: one answer for each request, sent as raw bytes, so that it can also be none.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from certificates import certificate, server_context

from jsobj.identity.settings import process_environment
from jsobj.net import client as http
from jsobj.net.client import HttpClient
from jsobj.net.connection.response_head import WireError
from jsobj.net.connection.tls import tls_context

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CLOSE = b""  # the connection is closed without an answer


def opened(verify: bool | str = True, **how: float) -> contextlib.closing[HttpClient]:
    return contextlib.closing(HttpClient(process_environment(), verify, **how))  # type: ignore[arg-type]


def answer(status: int, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"HTTP/1.1 {status} X", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


class Script:
    """Plays its answers in order and keeps what it was asked; ``connections`` counts how often it was called."""

    def __init__(self, answers: Sequence[bytes], context: ssl.SSLContext | None = None) -> None:
        self._answers = list(answers)
        self._context = context
        self.asked: list[str] = []
        self.connections = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self.connections += 1
                with contextlib.suppress(OSError), connection:
                    if self._context is not None:
                        connection = self._context.wrap_socket(connection, server_side=True)
                    self._converse(connection)

    def _converse(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as reader:
            while line := reader.readline():
                self.asked.append(line.decode().strip())
                length = 0
                while (header := reader.readline().strip()) != b"":
                    if header.lower().startswith(b"content-length:"):
                        length = int(header.split(b":")[1])
                reader.read(length)
                reply = self._answers.pop(0) if self._answers else OK
                if reply == CLOSE:
                    return
                connection.sendall(reply)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(10)


@contextlib.contextmanager
def playing(*answers: bytes, context: ssl.SSLContext | None = None) -> Iterator[tuple[Script, str]]:
    script = Script(answers, context)
    try:
        yield script, f"{'https' if context else 'http'}://127.0.0.1:{script.port}"
    finally:
        script.close()


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    slept: list[float] = []
    monkeypatch.setattr(http.time, "sleep", slept.append)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return slept


def test_one_connection_serves_many_requests() -> None:
    with playing() as (script, url), opened() as client:
        assert [client.send("GET", f"{url}/{n}", headers={}).body for n in range(3)] == [b"ok"] * 3
    assert script.connections == 1


@pytest.mark.parametrize("status", [429, 503])
def test_f22_f33_0_8_come_again_is_taken_at_its_word(status: int, waits: list[float]) -> None:
    with (
        playing(answer(status, "Retry-After: 2")) as (script, url),
        opened() as client,
    ):
        assert client.send("POST", url, headers={}, body=b"x").status == 200
    assert waits == [2.0]
    assert len(script.asked) == 2


def test_f22_a_long_wait_is_told_and_not_sat_through(waits: list[float]) -> None:
    with (
        playing(answer(429, "Retry-After: 3600")) as (script, url),
        opened() as client,
    ):
        reply = client.send("GET", url, headers={})
    assert (reply.status, reply.headers["retry-after"]) == (429, "3600")
    assert (waits, len(script.asked)) == ([], 1)


def test_p06_the_number_of_tries_is_bounded(waits: list[float]) -> None:
    with playing(*[answer(503)] * 10) as (script, url), opened() as client:
        assert client.send("GET", url, headers={}).status == 503
    assert len(script.asked) == 4
    assert len(waits) == 3


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_f36_a_redirect_is_not_followed(status: int) -> None:
    with playing() as (elsewhere, other), playing(answer(status, f"Location: {other}/")) as (_, url):
        with opened() as client:
            assert client.send("GET", url, headers={"X-Auth-Token": "t"}).status == status
        assert elsewhere.connections == 0


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500, 502])
def test_p08_what_is_final_is_asked_once(status: int) -> None:
    with playing(answer(status)) as (script, url), opened() as client:
        assert client.send("GET", url, headers={}).status == status
    assert len(script.asked) == 1


def test_a_lost_answer_to_a_get_is_asked_for_again() -> None:
    with playing(CLOSE) as (script, url), opened() as client:
        assert client.send("GET", url, headers={}).status == 200
    assert script.connections == 2


def test_f43_a_lost_answer_to_a_post_is_the_callers_business() -> None:
    """The server may have done it: sending it again could make a second key."""
    with playing(CLOSE) as (script, url), opened() as client:
        with pytest.raises(WireError) as caught:
            client.send("POST", url, headers={}, body=b"x")
        assert caught.value.sent
    assert len(script.asked) == 1


def test_f27_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with opened() as client, pytest.raises(WireError) as caught:
        client.send("GET", url, headers={})
    assert caught.value.reason == "Connection refused"
    assert not caught.value.sent


@pytest.mark.parametrize("garbage", [b"\x00\xff\x00garbage\r\n\r\n", b"HTTP/1.1 banana\r\n\r\n", b"SSH-2.0-x\r\n"])
def test_f23_what_is_not_http(garbage: bytes) -> None:
    with playing(garbage, garbage) as (_, url), opened() as client:
        with pytest.raises(WireError) as caught:
            client.send("GET", url, headers={})
        assert "banana" not in caught.value.reason


def test_f23_an_endless_body_is_cut() -> None:
    with (
        playing(answer(200, body=b"x" * 100_000)) as (_, url),
        opened() as client,
    ):
        assert len(client.send("GET", url, headers={}, max_body=1000).body) == 1000


def test_f15_silence_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with (
            opened(read_seconds=0.2) as client,
            pytest.raises(WireError) as caught,
        ):
            client.send("GET", url, headers={})
    assert caught.value.reason == "no answer in time"


def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with playing() as (proxy, url):
        monkeypatch.setenv("http_proxy", url)
        monkeypatch.setenv("JSOBJ_ALLOW_HTTP", "1")
        with opened() as client:
            client.send("GET", "http://keystone.example.org:5000/v3", headers={})
    assert proxy.asked == ["GET http://keystone.example.org:5000/v3 HTTP/1.1"]


def test_no_proxy_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    with playing() as (proxy, address), playing() as (server, url):
        monkeypatch.setenv("http_proxy", address)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        with opened() as client:
            client.send("GET", url, headers={})
        assert (proxy.connections, server.connections) == (0, 1)


def test_https_goes_through_a_tunnel(monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = answer(403, body=b"no")
    with playing(refusal, refusal) as (proxy, address):
        monkeypatch.setenv("https_proxy", address.replace("://", "://name:word@"))
        with opened() as client, pytest.raises(WireError):
            client.send("GET", "https://keystone.example.org:5000/v3", headers={"X-Auth-Token": "t"})
    assert set(proxy.asked) == {"CONNECT keystone.example.org:5000 HTTP/1.0"} or set(proxy.asked) == {
        "CONNECT keystone.example.org:5000 HTTP/1.1"
    }


def test_tls_with_the_right_authority(tmp_path: Path) -> None:
    pem = certificate(tmp_path, host="127.0.0.1", days=10)
    with playing(context=server_context(pem)) as (_, url), opened(str(pem)) as client:
        assert client.send("GET", url, headers={}).status == 200


@pytest.mark.parametrize(
    ("host", "days", "trusted", "words"),
    [
        ("127.0.0.1", 10, False, "self-signed"),
        ("127.0.0.1", -10, True, "expired"),
        ("127.0.0.9", 10, True, "IP address mismatch"),
    ],
)
def test_f28_tls_that_proves_nothing(tmp_path: Path, host: str, days: int, trusted: bool, words: str) -> None:
    """No byte of the request is sent: the server's script is never asked."""
    pem = certificate(tmp_path, host=host, days=days)
    with playing(context=server_context(pem)) as (script, url):
        verify = str(pem) if trusted else True
        with opened(verify) as client, pytest.raises(WireError) as caught:
            client.send("POST", url, headers={"X-Auth-Token": "secret"}, body=b"secret")
        assert caught.value.tls
        assert words in caught.value.reason
        assert script.asked == []


def test_s08_keys_of_the_session_are_not_written_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    context = tls_context(True)
    assert context.keylog_filename is None
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
