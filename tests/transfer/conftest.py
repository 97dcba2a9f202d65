"""What the tests of transfers share: a scene on each ground, with a HOME that is logged in to it."""

from __future__ import annotations

import contextlib
import shutil
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from commands import Jsobj, edited
from fixtures_cloud import Cloud
from fixtures_rgw import GLOBAL, Rgw
from fixtures_tls import Fronts
from transfer_scene import (
    EVERYWHERE,
    HTTPS,
    MIB,
    RGW_S3,
    RGW_SWIFT,
    SWIFT_API,
    TransferScene,
    plain,
    speaks_s3,
    write_profile,
)

# The fault proxy, for the modules here.
sys.path.insert(0, str(Path(__file__).parent.parent / "faults"))

RESTRICTED = "app-cred-restricted"


@pytest.fixture(scope="session")
def witness_key(cloud: Cloud) -> Iterator[tuple[str, str]]:
    """A key of alice for the witness and for profiles; it ends with the tests."""
    pair = cloud.mint_ec2_key("alice")
    yield pair
    cloud.delete_ec2_key("alice", pair[0])


@pytest.fixture(scope="session")
def endpoint_of(request: pytest.FixtureRequest, cloud: Cloud, fronts: Fronts) -> Callable[[str], tuple[str, str]]:
    """S3 endpoint and region of a ground; a gateway and a front are started when they are first asked for."""

    def find(ground: str) -> tuple[str, str]:
        endpoint, region = cloud.s3_endpoint, cloud.region
        if plain(ground) in {RGW_S3, RGW_SWIFT}:
            rgw: Rgw = request.getfixturevalue("rgw")
            endpoint, region = rgw.gateway(GLOBAL).endpoint, "us-east-1"
        return (fronts.before(endpoint).origin if ground.endswith(HTTPS) else endpoint), region

    return find


@pytest.fixture(scope="session")
def witness_of_ground(
    witness_key: tuple[str, str], endpoint_of: Callable[[str], tuple[str, str]]
) -> Iterator[Callable[[str], Any]]:
    """boto3 on a ground, past jsobj."""
    made: dict[str, Any] = {}
    config = Config(
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        read_timeout=60,
    )

    def find(ground: str) -> Any:
        endpoint, region = endpoint_of(plain(ground))
        if endpoint not in made:
            session = boto3.Session(*witness_key, region_name=region)
            made[endpoint] = session.client("s3", endpoint_url=endpoint, config=config)
        return made[endpoint]

    yield find
    for client in made.values():
        client.close()


@pytest.fixture(scope="session")
def published_for(
    request: pytest.FixtureRequest, cloud: Cloud, endpoint_of: Callable[[str], tuple[str, str]]
) -> Callable[[str], contextlib.AbstractContextManager[object]]:
    """What must stand in Keystone's catalogue while a ground is used; its region has the ground's name."""

    def way(ground: str) -> contextlib.AbstractContextManager[object]:
        if speaks_s3(ground) or ground == SWIFT_API:
            return contextlib.nullcontext()
        there, template = endpoint_of(ground)[0], "/v1/AUTH_%(project_id)s"
        if plain(ground) == RGW_SWIFT:
            rgw: Rgw = request.getfixturevalue("rgw")
            gateway = rgw.gateway(GLOBAL)
            template = gateway.swift_url("%(project_id)s").removeprefix(gateway.endpoint)
        return cloud.published(ground, there + template)

    return way


@pytest.fixture(scope="session")
def transfer_homes(
    cloud: Cloud,
    fronts: Fronts,
    witness_key: tuple[str, str],
    endpoint_of: Callable[[str], tuple[str, str]],
    published_for: Callable[[str], contextlib.AbstractContextManager[object]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str], Path]:
    """A HOME for each ground, to be copied."""
    homes: dict[str, Path] = {}

    def log_in(ground: str, jsobj: Jsobj, role: str, *words: str, password: str | Path = "") -> None:
        """With the downloaded file; over https it names the front of Keystone, and the user whom to trust."""
        path, env = cloud.rc(role), {}
        if ground.endswith(HTTPS):
            parts = urlsplit(cloud.auth_url)
            front = fronts.before(f"{parts.scheme}://{parts.netloc}").origin
            path = edited(cloud, jsobj, role, (cloud.auth_url, front + parts.path))
            env = {"OS_CACERT": str(fronts.authorities())}
        with published_for(ground):
            jsobj("login", path, "--as", "demo", *words, stdin=password, env=env)
        if path != cloud.rc(role):
            path.unlink()

    def make(ground: str) -> Path:
        home = tmp_path_factory.mktemp(ground) / "home"
        jsobj = Jsobj(home, ())
        endpoint = endpoint_of(ground)
        if speaks_s3(ground):
            authority = fronts.authorities() if ground.endswith(HTTPS) else None
            write_profile(jsobj, *endpoint, witness_key, authority)
            return home
        region = () if ground == SWIFT_API else ("--region", ground)
        if plain(ground) == SWIFT_API:
            log_in(ground, jsobj, RESTRICTED, *region)
        else:
            log_in(ground, jsobj, "openrc-password", *region, "--password-stdin", password=cloud.rc("password"))
        return home

    def find(ground: str) -> Path:
        if ground not in homes:
            homes[ground] = make(ground)
        return homes[ground]

    return find


@pytest.fixture
def make_scene(
    cloud: Cloud,
    tmp_path: Path,
    published_for: Callable[[str], contextlib.AbstractContextManager[object]],
    transfer_homes: Callable[[str], Path],
    witness_of_ground: Callable[[str], Any],
    endpoint_of: Callable[[str], tuple[str, str]],
) -> Iterator[Callable[[str], TransferScene]]:
    """``make_scene(ground)``: a bucket of its own, and a HOME. Secrets are looked for at the end."""
    with contextlib.ExitStack() as stack:

        def make(ground: str) -> TransferScene:
            home = tmp_path / ground / "home"
            shutil.copytree(transfer_homes(ground), home)
            stack.enter_context(published_for(ground))
            jsobj = Jsobj(home, cloud.secrets)
            if speaks_s3(ground):
                jsobj.variables["AWS_PROFILE"] = "demo"
            name = f"t-{uuid.uuid4().hex[:12]}"
            scene = TransferScene(jsobj, ground, name, witness_of_ground(ground), endpoint_of(ground)[0])
            scene.witness.create_bucket(Bucket=scene.bucket)
            stack.callback(scene.drop_bulk)
            stack.callback(jsobj.check_no_secret_leaked)
            stack.callback(_drop_bulk, jsobj.folder)  # before that: random bytes are not worth searching
            return scene

        yield make


def _drop_bulk(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.stat().st_size > MIB:
            path.unlink()


@pytest.fixture(params=EVERYWHERE)
def anywhere(request: pytest.FixtureRequest, make_scene: Callable[[str], TransferScene]) -> TransferScene:
    """Each of the eight grounds."""
    return make_scene(request.param)


@pytest.fixture(params=[SWIFT_API, RGW_S3])
def transfer(request: pytest.FixtureRequest, make_scene: Callable[[str], TransferScene]) -> TransferScene:
    """Both dialects, each on the server that it was made for here."""
    return make_scene(request.param)


@pytest.fixture
def over_s3(make_scene: Callable[[str], TransferScene]) -> TransferScene:
    """Ceph RGW's S3: for what does not depend on the dialect."""
    return make_scene(RGW_S3)
