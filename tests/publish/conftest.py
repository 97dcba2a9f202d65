"""What the tests of published pages share: alice's HOME at each server, and buckets that everybody may read."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TypeAlias

import pytest
from commands import Jsobj, Keys
from fixtures_cloud import Cloud
from fixtures_rgw import Rgw
from publish_scene import GROUNDS, Scene

from jsobj.sandbox.population import MEMBERS

Open: TypeAlias = Callable[[], Scene]


@pytest.fixture(name="homes", scope="session")
def _homes(cloud: Cloud) -> Iterator[dict[str, Path]]:
    """Of each ground, a HOME after ``jsobj login`` and ``jsobj ec2-creds``. The keys end with the tests."""
    homes: dict[str, Path] = {}
    yield homes
    for home in homes.values():
        (access,) = {line.split("=")[1].strip() for line in _lines(home) if line.startswith("aws_access_key_id")}
        Keys(cloud, "alice").delete(access)


def _lines(home: Path) -> list[str]:
    return (home / ".aws/credentials").read_text().splitlines()


@pytest.fixture(name="opened", scope="module", params=GROUNDS)
def _opened(
    request: pytest.FixtureRequest, cloud: Cloud, homes: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Open]:
    """Makes scenes at one server, each with a bucket of its own, which are deleted at the end of the module."""
    import swiftclient  # not above: it warns, and this file is imported before the warnings are sorted out

    ground, made = request.param, []
    with ExitStack() as stack:
        url, region = cloud.swift_url, ()
        if ground != "swift":
            rgw: Rgw = request.getfixturevalue("rgw")
            gateway = stack.enter_context(rgw.published(ground))
            url, region = gateway.swift_url(cloud.status.projects[MEMBERS["alice"][0]]), ("--region", ground)
        if ground not in homes:
            first = Jsobj(tmp_path_factory.mktemp(ground) / "home", ())
            words = (*region, "--as", "data", "--password-stdin")
            first("login", cloud.rc("openrc-password"), *words, stdin=cloud.rc("password"))
            first("ec2-creds")
            homes[ground] = first.home
        jsobj = Jsobj(tmp_path_factory.mktemp("alice") / "home", cloud.secrets)
        shutil.copytree(homes[ground], jsobj.home, dirs_exist_ok=True)
        swift = swiftclient.Connection(preauthurl=url, preauthtoken=cloud.keystone_token("alice"), retries=0)
        stack.callback(swift.close)

        def make() -> Scene:
            made.append(Scene(ground, jsobj, f"t-{uuid.uuid4().hex[:12]}", swift))
            jsobj("bucket", "create", made[-1].bucket)
            jsobj("bucket", "public", made[-1].bucket)
            return made[-1]

        yield make
        for scene in made:
            jsobj("bucket", "delete", scene.bucket, "--recursive", "--yes")
        jsobj.check_no_secret_leaked()


@pytest.fixture
def scene(opened: Open) -> Scene:
    """An empty public bucket."""
    return opened()
