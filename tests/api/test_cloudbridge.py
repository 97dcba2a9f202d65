"""One program for CloudBridge's storage service, run with CloudBridge and with jsobj: both see the same."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from commands import Jsobj
from fixtures_cloud import Cloud
from fixtures_places import PROFILE, Place, environ_in
from own_python import CannotBuildError, cache_of, interpreter
from rigs import lack

PROGRAM = Path(__file__).with_name("storage_program.py")
CLOUDBRIDGE = "cloudbridge[openstack]>=4.4,<5"  # 62 packages, which are not for the environment of jsobj
pytestmark = pytest.mark.timeout(600)  # the first run makes it


def seen(python: str | Path, kind: str, config: Mapping[str, str], environ: Mapping[str, str], folder: Path) -> Any:
    """What the program saw, with a bucket of its own."""
    folder.mkdir()
    name = f"t-{uuid.uuid4().hex[:12]}"
    done = subprocess.run(
        [python, PROGRAM, kind, name, folder],
        input=json.dumps(config),
        env=dict(environ),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.replace(name, "BUCKET"))


@contextlib.contextmanager
def a_bucket_beside(cloud: Cloud) -> Iterator[None]:
    """alice's project has another bucket than the program's, so that a list of one is not the whole."""
    import swiftclient  # not above: while tests are collected, its warnings are not forgiven yet

    name = f"t-{uuid.uuid4().hex[:12]}"
    there = swiftclient.Connection(preauthurl=cloud.swift_url, preauthtoken=cloud.keystone_token("alice"), retries=0)
    with contextlib.closing(there):
        there.put_container(name)
        yield
        there.delete_container(name)


@pytest.fixture(name="theirs", scope="module")
def _theirs(request: pytest.FixtureRequest, cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What it sees with CloudBridge, on Swift."""
    try:
        python = interpreter(
            "cloudbridge", [CLOUDBRIDGE], cache_of(request.config, "cloudbridge"), imports="cloudbridge.factory"
        )
    except CannotBuildError as error:
        lack(f"CloudBridge cannot be installed: {error}")
    config = {
        "os_auth_url": cloud.auth_url,
        "os_username": "alice",
        "os_password": cloud.password("alice"),
        "os_project_name": "demo",
        "os_user_domain_name": "Default",
        "os_project_domain_name": "Default",
        "os_region_name": cloud.region,
        "os_zone_name": "nova",  # or it asks a compute service for one
    }
    folder = tmp_path_factory.mktemp("theirs")
    with a_bucket_beside(cloud):
        return seen(python, "cloudbridge", config, environ_in(folder), folder / "work")


def test_the_program_sees_what_it_expects(theirs: Any) -> None:
    assert theirs["buckets"]["made"] == ["BUCKET", "BUCKET"]
    assert theirs["links"] == {"read": 6000, "written": [4, True], "deleted": None}
    assert theirs["gone"] == [None, True]


@pytest.mark.parametrize("server", ["swift", "rgw"])
def test_with_the_keys_of_a_profile(theirs: Any, place_on: Callable[[str], Place], server: str, tmp_path: Path) -> None:
    place = place_on(server)
    place.put("other", b"x")  # the project has a bucket beside the program's
    assert seen(sys.executable, "ours", {"profile": PROFILE}, place.environ, tmp_path / "work") == theirs


def test_with_a_login_alone(theirs: Any, cloud: Cloud, tmp_path: Path) -> None:
    runner = Jsobj(tmp_path / "home", cloud.secrets)
    runner("login", cloud.rc("openrc-password"), "--as", "js2", "--password-stdin", stdin=cloud.rc("password"))
    with a_bucket_beside(cloud):
        assert seen(sys.executable, "ours", {"cloud": "js2"}, environ_in(runner.home), tmp_path / "work") == theirs
