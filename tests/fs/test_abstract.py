"""fsspec's own tests of filesystems: copy, get, open, pipe, put.

Each dialect on one of the servers; on the other two roads by hand (``pytest -m long tests/fs``): they take minutes.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from typing import Any

import fsspec.tests.abstract as abstract
import pytest
from fixtures_places import settle
from fs_scene import ROADS, Road, new_road

OFTEN = ("swift-swift", "s3-rgw")


@pytest.fixture(
    scope="module",
    params=[pytest.param(road, marks=() if road in OFTEN else pytest.mark.long) for road in ROADS],
)
def shared_road(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Road]:
    with new_road(request, request.param, tmp_path_factory.mktemp("road")) as road:
        yield road


class Fixtures(abstract.AbstractFixtures):
    @pytest.fixture
    def road(self, shared_road: Road, monkeypatch: pytest.MonkeyPatch) -> Iterator[Road]:
        """One bucket for all tests, which each of them finds empty."""
        settle(monkeypatch, shared_road.environ)
        yield shared_road
        for name in shared_road.names():
            shared_road.witness.delete_object(Bucket=shared_road.bucket, Key=name)

    @pytest.fixture
    def fs(self, road: Road) -> Any:
        return road.filesystem()

    @pytest.fixture
    def fs_path(self, road: Road) -> str:
        return road.bucket

    @pytest.fixture
    def fs_join(self) -> Callable[..., str]:
        return posixpath.join

    @pytest.fixture
    def supports_empty_directories(self) -> bool:
        return False


class TestCopy(abstract.AbstractCopyTests, Fixtures):
    pass


class TestGet(abstract.AbstractGetTests, Fixtures):
    pass


class TestOpen(abstract.AbstractOpenTests, Fixtures):
    pass


class TestPipe(abstract.AbstractPipeTests, Fixtures):
    pass


class TestPut(abstract.AbstractPutTests, Fixtures):
    pass
