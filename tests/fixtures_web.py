"""A plain web server (nginx) as a fixture, ``web``; who reads from it without a login, and who copies to a bucket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from commands import Jsobj
from fixtures_places import PROFILE, SERVERS, Place
from rigs import lack
from tls_front import lacking
from web_server import WebServer, web_server


@dataclass(frozen=True)
class Copier:
    """Has the authority of the web server, and a profile for ``place``."""

    place: Place
    jsobj: Jsobj


@pytest.fixture(scope="session", name="web")
def _web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """Each test has a folder of its own there."""
    if reason := lacking():
        lack(reason)
    with web_server(tmp_path_factory.mktemp("web")) as server:
        yield server


@pytest.fixture
def reader(web: WebServer, tmp_path: Path) -> Iterator[Jsobj]:
    """Has the authority of the server, and nothing else."""
    runner = Jsobj(tmp_path / "reader", ())
    runner.variables["AWS_CA_BUNDLE"] = str(web.authority)
    yield runner
    runner.check_no_secret_leaked()


@pytest.fixture(params=SERVERS)
def copier(request: pytest.FixtureRequest, web: WebServer, place_on: Callable[[str], Place]) -> Iterator[Copier]:
    """To each server."""
    yield from _copying(web, place_on(request.param))


@pytest.fixture
def one_copier(web: WebServer, place_on: Callable[[str], Place]) -> Iterator[Copier]:
    """To one of them, where that makes no difference."""
    yield from _copying(web, place_on("swift"))


def _copying(web: WebServer, place: Place) -> Iterator[Copier]:
    runner = Jsobj(place.home, {place.key[1]})
    runner.variables |= {"AWS_CA_BUNDLE": str(web.authority), "AWS_PROFILE": PROFILE}
    yield Copier(place, runner)
    runner.check_no_secret_leaked()
