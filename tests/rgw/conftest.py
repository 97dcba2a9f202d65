"""What the tests on Ceph RGW share: a gateway in the catalogue, and users of it, each in a HOME of his own."""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import s3fs
from commands import Jsobj, Keys
from fixtures_cloud import Cloud
from fixtures_rgw import REGIONS, Gateway, Rgw, need_ceph
from people import CLOUD, Boto, Swift, Users, log_in

from jsobj.sandbox.population import MEMBERS


@pytest.fixture(autouse=True, scope="session")
def _needs_ceph() -> None:
    need_ceph()


@pytest.fixture(scope="module", params=REGIONS)
def gateway(request: pytest.FixtureRequest, rgw: Rgw) -> Iterator[Gateway]:
    """A gateway, in Keystone's catalogue as a second region of the cloud."""
    with rgw.published(request.param) as published:
        yield published


@pytest.fixture(autouse=True)
def _only_the_users_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """boto3 and s3fs of this process find nothing but what a test gives them; see ``boto``."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    yield
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture
def newcomer(cloud: Cloud, tmp_path: Path) -> Iterator[Users]:
    """``newcomer("alice")``: jsobj in an empty HOME. What it printed and wrote is searched for secrets at the end."""
    record = json.loads((cloud.folder / "state/record.json").read_text())
    secrets = {*record["passwords"].values(), *(secret for _, secret in record["app_credentials"].values())}
    made: list[Jsobj] = []

    def make(user: str) -> Jsobj:
        made.append(Jsobj(tmp_path / f"home-{user}", secrets))
        return made[-1]

    yield make
    for jsobj in made:
        jsobj.check_no_secret_leaked()


@pytest.fixture(name="homes", scope="session")
def _homes(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[tuple[str, str], Path]]:
    """(region, user) to a HOME after ``jsobj login`` and ``jsobj ec2-creds``, to be copied. The keys end with it."""
    homes: dict[tuple[str, str], Path] = {}
    yield homes
    for (_, user), home in homes.items():
        Keys(cloud, user).delete(Jsobj(home, ()).profile(CLOUD)["aws_access_key_id"])


@pytest.fixture
def keyed(
    cloud: Cloud, gateway: Gateway, newcomer: Users, homes: dict[tuple[str, str], Path], tmp_path_factory: Any
) -> Users:
    """``keyed("alice")``: logged in to the gateway, with a profile. The key is shared: do not delete it."""

    def make(user: str) -> Jsobj:
        if (gateway.region, user) not in homes:
            first = Jsobj(tmp_path_factory.mktemp(user) / "home", ())
            log_in(first, cloud, gateway, user)
            first("ec2-creds")
            homes[gateway.region, user] = first.home
        jsobj = newcomer(user)
        shutil.copytree(homes[gateway.region, user], jsobj.home, dirs_exist_ok=True)
        return jsobj

    return make


@pytest.fixture
def alice(keyed: Users) -> Jsobj:
    """alice of project demo, logged in, with a profile."""
    return keyed("alice")


@pytest.fixture
def boto(monkeypatch: pytest.MonkeyPatch) -> Boto:
    """``boto(alice)``: plain boto3 in the user's HOME, given nothing but the profile's name."""

    def client(jsobj: Jsobj) -> Any:
        monkeypatch.setenv("HOME", str(jsobj.home))
        return boto3.Session(profile_name=CLOUD).client("s3")

    return client


@pytest.fixture
def swift(cloud: Cloud, gateway: Gateway) -> Iterator[Swift]:
    """``swift("alice")``: python-swiftclient with a token of the user, past jsobj."""
    import swiftclient  # not above: while a conftest is loaded, its warnings are not forgiven yet

    open_now: list[swiftclient.Connection] = []

    def connect(user: str) -> swiftclient.Connection:
        url = gateway.swift_url(cloud.status.projects[MEMBERS[user][0]])
        open_now.append(swiftclient.Connection(preauthurl=url, preauthtoken=cloud.keystone_token(user), retries=0))
        return open_now[-1]

    yield connect
    for connection in open_now:
        connection.close()


@pytest.fixture
def keys(cloud: Cloud) -> Iterator[Keys]:
    """alice's keys at Keystone; those made in the test are deleted after it."""
    found = Keys(cloud, "alice")
    yield found
    for access in found.new:
        found.delete(access)


@pytest.fixture
def name() -> str:
    """A bucket name that no other test has."""
    return f"t-{uuid.uuid4().hex[:12]}"
