"""What the tests of the filesystem share: four roads (Swift's API with a restricted application credential, S3 with a
key; each on Swift and on Ceph RGW), each with a bucket of its own and this process at home there."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from commands import Jsobj
from fixtures_cloud import Cloud
from fixtures_places import settle
from fixtures_rgw import GLOBAL, Rgw
from fs_scene import CLOUD, ROADS, Road, new_road


@pytest.fixture(scope="session")
def keyless_homes(
    request: pytest.FixtureRequest, cloud: Cloud, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """A HOME for each server in which a restricted application credential is logged in, and no key is."""
    made: dict[str, Path] = {}

    def home(server: str) -> Path:
        if server not in made:
            jsobj = Jsobj(tmp_path_factory.mktemp("keyless") / "home", ())
            rc = cloud.rc("app-cred-restricted")
            if server == "rgw":
                rgw: Rgw = request.getfixturevalue("rgw")
                with rgw.published(GLOBAL):
                    jsobj("login", rc, "--as", CLOUD, "--region", GLOBAL)
            else:
                jsobj("login", rc, "--as", CLOUD)
            made[server] = jsobj.home
        return made[server]

    return home


@pytest.fixture
def road_to(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], Road]]:
    """A new road, with this process in its HOME."""
    with contextlib.ExitStack() as stack:

        def find(name: str) -> Road:
            road = stack.enter_context(new_road(request, name, tmp_path))
            settle(monkeypatch, road.environ)
            return road

        yield find


@pytest.fixture(params=ROADS)
def road(request: pytest.FixtureRequest, road_to: Callable[[str], Road]) -> Road:
    return road_to(request.param)


@pytest.fixture
def keyless(road_to: Callable[[str], Road]) -> Road:
    """The road without keys, on Swift: for what is the same on all of them."""
    return road_to("swift-swift")
