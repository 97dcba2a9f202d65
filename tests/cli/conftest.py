"""What the tests of the commands share: the runner, a HOME that is logged in, and the keys at Keystone."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import Jsobj, Keys
from fixtures_cloud import Cloud
from objects_scene import DIALECTS, Scene, swift_of


@pytest.fixture
def jsobj(cloud: Cloud, tmp_path: Path) -> Iterator[Jsobj]:
    """jsobj for a newcomer: an empty HOME."""
    runner = Jsobj(tmp_path / "home", cloud.secrets)
    yield runner
    runner.check_no_secret_leaked()


@pytest.fixture(name="member_home", scope="session")
def _member_home(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A HOME after ``jsobj login`` of alice, by password, as cloud ``demo``; to be copied."""
    runner = Jsobj(tmp_path_factory.mktemp("member") / "home", ())
    runner("login", cloud.rc("openrc-password"), "--password-stdin", stdin=cloud.rc("password"))
    return runner.home


@pytest.fixture(name="keyed_home", scope="session")
def _keyed_home(cloud: Cloud, member_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same after ``jsobj ec2-creds``; to be copied."""
    home = tmp_path_factory.mktemp("keyed") / "home"
    shutil.copytree(member_home, home)
    Jsobj(home, ())("ec2-creds")
    return home


@pytest.fixture
def member(jsobj: Jsobj, member_home: Path) -> Jsobj:
    """jsobj, logged in as alice in project demo (cloud ``demo``), without keys."""
    shutil.copytree(member_home, jsobj.home, dirs_exist_ok=True)
    return jsobj


@pytest.fixture
def keyed(jsobj: Jsobj, keyed_home: Path) -> Jsobj:
    """jsobj, logged in as alice in project demo, with profile ``demo``. The key is shared: do not delete it."""
    shutil.copytree(keyed_home, jsobj.home, dirs_exist_ok=True)
    return jsobj


@pytest.fixture
def keys(cloud: Cloud) -> Iterator[Keys]:
    """alice's keys; those made in the test are deleted after it."""
    found = Keys(cloud, "alice")
    yield found
    for access in found.new:
        found.delete(access)


@pytest.fixture
def name() -> str:
    """A bucket name that no other test has."""
    return f"t-{uuid.uuid4().hex[:12]}"


@pytest.fixture(params=DIALECTS)
def scene(request: pytest.FixtureRequest, keyed: Jsobj, cloud: Cloud, name: str) -> Iterator[Scene]:
    """An empty bucket, over S3 with a key and over the Swift API with a token."""
    with swift_of(cloud) as swift:
        swift.put_container(name)
        yield Scene(keyed, request.param, name, swift)
