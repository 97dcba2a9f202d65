"""Ways that lead nowhere because of a proxy's variable (F27, P31): told soon, with the variable's place."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest
from commands import Jsobj

PLACE = "https://objects.invalid:8443"  # no such name anywhere: RFC 6761


@pytest.fixture
def jsobj(tmp_path: Path) -> Jsobj:
    return Jsobj(tmp_path / "home", ())


@pytest.fixture
def closed() -> str:
    """Host and port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"127.0.0.1:{listener.getsockname()[1]}"


def listing(jsobj: Jsobj, **variables: str) -> dict[str, str]:
    """The error of a listing of public data."""
    began = time.monotonic()
    words = ("ls", "s3://bucket/", "--no-sign-request", "--endpoint", PLACE, "--json")
    error: dict[str, str] = jsobj(*words, env=variables, code=7).error
    assert time.monotonic() - began < 15
    return error


def test_F27_P31_a_proxy_that_nobody_serves_is_named(jsobj: Jsobj, closed: str) -> None:
    error = listing(jsobj, HTTPS_PROXY=f"http://{closed}")
    assert f"the proxy {closed}" in error["context"]
    assert "objects.invalid" in error["message"]


def test_F27_P31_no_proxy_takes_it_out_of_the_way(jsobj: Jsobj, closed: str) -> None:
    """What is told then is the server itself."""
    error = listing(jsobj, HTTPS_PROXY=f"http://{closed}", NO_PROXY="objects.invalid")
    assert "objects.invalid" in error["message"]
    assert closed not in str(error)
