"""Single requests: what threads share."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from jsobj.net import client
from jsobj.net.client import HttpClient
from jsobj.urls import Origin


def test_threads_share_the_connections_to_one_server(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow_rule(environ: Mapping[str, str], origin: Origin) -> str:
        time.sleep(0.05)
        return ""

    monkeypatch.setattr(client, "tunnel_for", slow_rule)
    shared = HttpClient({})
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: shared._server(Origin("http", "127.0.0.1", 9)), range(8)))
    assert len({id(pool) for pool, _ in found}) == 1
