"""fsspec's own tests of filesystems: copy, get, open, pipe, put.

Each dialect on one of the servers; on the other two roads by hand (``pytest -m long tests/fs``): they take minutes.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from typing import Any

import fsspec.tests.abstract as abstract
import pytest
from fs_scene import ROADS, Road

OFTEN = ("swift-swift", "s3-rgw")


class Fixtures(abstract.AbstractFixtures):
    @pytest.fixture(params=[pytest.param(road, marks=() if road in OFTEN else pytest.mark.long) for road in ROADS])
    def road(self, request: pytest.FixtureRequest, road_to: Callable[[str], Road]) -> Road:
        return road_to(request.param)

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
