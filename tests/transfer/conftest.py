"""What the tests of transfers share: a scene on each ground, with a HOME that is logged in to it."""

from __future__ import annotations

import contextlib
import json
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from commands import Jsobj
from fixtures_cloud import Cloud
from fixtures_rgw import GLOBAL, Rgw
from transfer_scene import GROUNDS, MIB, RGW_S3, RGW_SWIFT, SWIFT_API, SWIFT_S3, TransferScene, write_profile

RESTRICTED = "app-cred-restricted"


@pytest.fixture(scope="session")
def transfer_secrets(cloud: Cloud) -> set[str]:
    """Every secret of this cloud."""
    record = json.loads((cloud.folder / "state/record.json").read_text())
    return {*record["passwords"].values(), *(secret for _, secret in record["app_credentials"].values())}


@pytest.fixture(scope="session")
def witness_key(cloud: Cloud) -> Iterator[tuple[str, str]]:
    """A key of alice for the witness and for profiles; it ends with the tests."""
    pair = cloud.mint_ec2_key("alice")
    yield pair
    cloud.delete_ec2_key("alice", pair[0])


@pytest.fixture(scope="session")
def endpoint_of(request: pytest.FixtureRequest, cloud: Cloud) -> Callable[[str], tuple[str, str]]:
    """S3 endpoint and region of a ground; a gateway is started when it is first asked for."""

    def find(ground: str) -> tuple[str, str]:
        if ground in {SWIFT_S3, SWIFT_API}:
            return cloud.s3_endpoint, cloud.region
        rgw: Rgw = request.getfixturevalue("rgw")
        return rgw.gateway(GLOBAL).endpoint, "us-east-1"

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
        endpoint, region = endpoint_of(ground)
        if endpoint not in made:
            session = boto3.Session(*witness_key, region_name=region)
            made[endpoint] = session.client("s3", endpoint_url=endpoint, config=config)
        return made[endpoint]

    yield find
    for client in made.values():
        client.close()


@pytest.fixture(scope="session")
def transfer_homes(
    cloud: Cloud,
    witness_key: tuple[str, str],
    endpoint_of: Callable[[str], tuple[str, str]],
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str], Path]:
    """A HOME for each ground, to be copied."""
    homes: dict[str, Path] = {}

    def make(ground: str) -> Path:
        home = tmp_path_factory.mktemp(ground) / "home"
        jsobj = Jsobj(home, ())
        if ground in {SWIFT_S3, RGW_S3}:
            write_profile(jsobj, *endpoint_of(ground), witness_key)
        elif ground == SWIFT_API:
            jsobj("login", cloud.rc(RESTRICTED), "--as", "demo")
        else:
            rgw: Rgw = request.getfixturevalue("rgw")
            with rgw.published(GLOBAL):
                words = ("--region", GLOBAL, "--as", "demo", "--password-stdin")
                jsobj("login", cloud.rc("openrc-password"), *words, stdin=cloud.rc("password"))
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
    request: pytest.FixtureRequest,
    transfer_secrets: set[str],
    transfer_homes: Callable[[str], Path],
    witness_of_ground: Callable[[str], Any],
    endpoint_of: Callable[[str], tuple[str, str]],
) -> Iterator[Callable[[str], TransferScene]]:
    """``make_scene(ground)``: a bucket of its own, and a HOME. Secrets are looked for at the end."""
    with contextlib.ExitStack() as stack:

        def make(ground: str) -> TransferScene:
            home = tmp_path / ground / "home"
            shutil.copytree(transfer_homes(ground), home)
            if ground == RGW_SWIFT:
                stack.enter_context(request.getfixturevalue("rgw").published(GLOBAL))
            jsobj = Jsobj(home, transfer_secrets)
            if ground in {SWIFT_S3, RGW_S3}:
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


@pytest.fixture(params=GROUNDS)
def anywhere(request: pytest.FixtureRequest, make_scene: Callable[[str], TransferScene]) -> TransferScene:
    """Each of the four grounds."""
    return make_scene(request.param)


@pytest.fixture(params=[SWIFT_API, RGW_S3])
def transfer(request: pytest.FixtureRequest, make_scene: Callable[[str], TransferScene]) -> TransferScene:
    """Both dialects, each on the server that it was made for here."""
    return make_scene(request.param)


@pytest.fixture
def over_s3(make_scene: Callable[[str], TransferScene]) -> TransferScene:
    """Ceph RGW's S3: for what does not depend on the dialect."""
    return make_scene(RGW_S3)
