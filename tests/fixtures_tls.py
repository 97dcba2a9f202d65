"""https before the servers of the tests as a fixture: ``fronts``. Clouds have such a front; here it is nginx."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from rigs import lack
from tls_front import Front, lacking, tls_front


class Fronts:
    """The fronts of this test run, each started when it is first asked for, all of one authority each."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._started: dict[str, Front] = {}

    def before(self, origin: str) -> Front:
        """The front of a server that speaks http at ``origin``."""
        if origin not in self._started:
            folder = self._folder / str(len(self._started))
            folder.mkdir()
            self._started[origin] = self._stack.enter_context(tls_front(folder, urlsplit(origin).netloc))
        return self._started[origin]

    def authorities(self) -> Path:
        """All their authorities in one file, as a user has them who meets more than one."""
        path = self._folder / "authorities.pem"
        path.write_text("".join(front.authority.read_text() for front in self._started.values()))
        return path


@pytest.fixture(scope="session")
def fronts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fronts]:
    """nginx with TLS on loopback, before whatever a test names."""
    if reason := lacking():
        lack(reason)
    with contextlib.ExitStack() as stack:
        yield Fronts(tmp_path_factory.mktemp("tls"), stack)
