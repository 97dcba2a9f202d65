"""TLS connections, made as often as a test asks."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from certificates import certificate, server_context
from tls_peer import HOST, Line

from jsobj.net.connection.tls import tls_context


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("tls"), host=HOST, days=10)


@pytest.fixture(params=[ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def line(request: pytest.FixtureRequest, pem: Path) -> Iterator[Line]:
    theirs = server_context(pem)
    theirs.minimum_version = theirs.maximum_version = request.param
    with contextlib.ExitStack() as stack:
        yield Line(tls_context(str(pem)), theirs, stack)
