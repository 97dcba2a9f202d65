"""A server that accepts the connection and never answers: said early on a terminal, and given up in sensible time."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import requests
from commands import Jsobj, edited
from fixtures_cloud import Cloud
from swiftclient import ClientException

from jsobj.doctor.checks.swift_round_trip import through
from jsobj.errors import ExitCode, JsobjError
from jsobj.net.client import HttpClient
from jsobj.net.request import Request
from jsobj.net.retry import RetryPolicy
from jsobj.net.session import Session
from jsobj.urls import Origin

KEYS = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of such a server: the kernel accepts, and nobody reads."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield listener.getsockname()[1]


@contextlib.contextmanager
def told() -> Iterator[list[str]]:
    logger, lines = logging.getLogger("jsobj.waiting"), []
    before, handler = list(logger.handlers), logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        logger.handlers = before


def test_commands_say_what_they_wait_for(jsobj: Jsobj, cloud: Cloud, silent: int) -> None:
    rc = edited(cloud, jsobj, "app-cred-restricted", (cloud.auth_url, f"http://127.0.0.1:{silent}/v3"))
    there = {**KEYS, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{silent}"}
    by_plugin = jsobj.folder / "clouds.yaml"
    by_plugin.write_text(
        f"clouds: {{code: {{auth_type: v3totp, auth: {{auth_url: 'http://127.0.0.1:{silent}/v3', username: alice,"
        " user_domain_name: Default, project_name: demo, project_domain_name: Default, passcode: '123456'}}}\n"
    )
    commands = (
        ("ls", "s3://results"),
        ("login", rc),
        ("login", by_plugin, "--as", "code"),
        ("bucket", "create", "results"),
        ("bucket", "delete", "results", "--recursive", "--yes"),
    )
    with contextlib.ExitStack() as stack:
        began = time.monotonic()
        children = [stack.enter_context(jsobj.terminal(*words, env=there)) for words in commands]  # all wait at once
        for child in children:
            child.expect_exact(f"waiting for 127.0.0.1:{silent} (5 s without an answer)", timeout=60)
            child.kill(9)
        assert time.monotonic() - began > 4


@pytest.mark.parametrize("answers", [False, True])
def test_requests_of_swiftclient_are_waited_for_aloud(
    silent: int, cloud: Cloud, answers: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jsobj.net.connection.watched.NOTICE_SECONDS", 10.0 if answers else 0.05)
    url = cloud.swift_url if answers else f"http://127.0.0.1:{silent}/v1/a"
    connection = through("", preauthurl=url, preauthtoken="t", retries=0, timeout=0.5)
    with told() as lines, pytest.raises((ClientException, requests.RequestException)):
        connection.get_container("results")
    assert bool(lines) is not answers
    assert not [thread for thread in threading.enumerate() if thread.name == "watching"]


def test_a_keystone_that_does_not_answer_is_not_blamed_on_the_address(
    jsobj: Jsobj, cloud: Cloud, silent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert HttpClient.__init__.__kwdefaults__
    monkeypatch.setitem(HttpClient.__init__.__kwdefaults__, "read_seconds", 0.2)
    rc = edited(cloud, jsobj, "app-cred-restricted", (cloud.auth_url, f"http://127.0.0.1:{silent}/v3"))
    error = jsobj("login", rc, "--json", code=7).error
    assert error["reference"] == "keystone-busy"
    assert "accepted the connection and did not answer" in error["message"]
    assert "address" not in error["hint"]


class _Unsigned:
    signs_payload = False

    def authorise(self, request: Request, payload_sha256: str) -> dict[str, str]:
        return {}


def test_a_small_request_is_given_up_after_a_bounded_time(silent: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the proportions of the real times: a notice at 5 s, 30 s for each try, no other try after 75 s."""
    monkeypatch.setattr("jsobj.net.connection.wire.NOTICE_SECONDS", 0.2)
    monkeypatch.setattr("jsobj.net.retry._SILENCE", 3.0)
    monkeypatch.setattr("jsobj.net.retry._BASE", 0.0)
    for answered in (False, True):
        retry = RetryPolicy()
        retry.server_answered = answered
        opened = Session(Origin("http", "127.0.0.1", silent), _Unsigned(), retry=retry)  # type: ignore[arg-type]
        with told() as lines, pytest.raises(JsobjError) as caught:
            opened.send(Request("GET", "/", idle=1.2))
        assert caught.value.code is ExitCode.NETWORK
        tries = caught.value.context.removeprefix("no answer in time (tried ").removesuffix(" times)")
        assert 2 <= int(tries) <= 3
        assert len([line for line in lines if "trying again" in line]) == int(tries) - 1
        assert len([line for line in lines if "trying again" not in line]) == int(tries)


def test_bytes_that_come_after_the_notice_are_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jsobj.net.connection.wire.NOTICE_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as listener, told() as lines:
        opened = HttpClient({}, read_seconds=30)

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                for piece in (b"HTTP/1.1 200 OK\r\nContent-", b"Length: 4\r\n\r\nsl", b"ow"):
                    while len(lines) < 1:  # until the client has said that it waits
                        time.sleep(0.01)
                    connection.sendall(piece)
                    time.sleep(0.15)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        reply = opened.send("GET", f"http://127.0.0.1:{listener.getsockname()[1]}/", headers={})
        thread.join(30)
    assert (reply.status, reply.body) == (200, b"slow")
