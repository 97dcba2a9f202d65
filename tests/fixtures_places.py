"""A bucket on Swift's S3 and one on Ceph RGW, each with a HOME that has a profile: where other tools work."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fixtures_cloud import Cloud
from fixtures_rgw import GLOBAL, Rgw

from jsobj.identity.aws_files.profile import AwsFiles, AwsProfile, write_profile
from jsobj.secret import Secret

SERVERS = ("swift", "rgw")
PROFILE = "science"


def s3_config() -> Any:
    """For boto3, which is imported inside functions: this file is loaded for every test, even of the smallest unit."""
    from botocore.config import Config

    return Config(
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        read_timeout=60,
    )


@dataclass(frozen=True)
class Place:
    """``bucket`` is empty at first; ``home`` holds nothing but ``~/.aws``."""

    server: str
    endpoint: str
    region: str
    key: tuple[str, str]
    bucket: str
    home: Path
    witness: Any

    @property
    def host(self) -> str:
        return self.endpoint.partition("://")[2]

    @property
    def environ(self) -> dict[str, str]:
        """For a foreign program: PATH and HOME, and nothing that leads elsewhere."""
        return environ_in(self.home)

    def url(self, key: str = "") -> str:
        return f"s3://{self.bucket}/{key}"

    def names(self) -> list[str]:
        pages = self.witness.get_paginator("list_objects").paginate(Bucket=self.bucket)
        return [item["Key"] for page in pages for item in page.get("Contents", ())]

    def body(self, key: str) -> bytes:
        data: bytes = self.witness.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return data

    def put(self, key: str, body: bytes) -> None:
        self.witness.put_object(Bucket=self.bucket, Key=key, Body=body)

    def empty(self) -> None:
        for key in self.names():
            self.witness.delete_object(Bucket=self.bucket, Key=key)

    def publish(self) -> None:
        """Everybody may read and list."""
        self.witness.put_bucket_acl(Bucket=self.bucket, ACL="public-read")


def environ_in(home: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "HOME": str(home), "AWS_EC2_METADATA_DISABLED": "true"}


@dataclass(frozen=True)
class Ground:
    """What the places of one server share."""

    server: str
    endpoint: str
    region: str
    key: tuple[str, str]
    witness: Any


@pytest.fixture(scope="session")
def place_ground(request: pytest.FixtureRequest, cloud: Cloud) -> Iterator[Callable[[str], Ground]]:
    """Both servers, each started when it is first asked for; alice's key ends with the tests."""
    import boto3

    pair = cloud.mint_ec2_key("alice")
    made: dict[str, Ground] = {}

    def find(server: str) -> Ground:
        if server not in made:
            endpoint, region = cloud.s3_endpoint, cloud.region
            if server == "rgw":
                rgw: Rgw = request.getfixturevalue("rgw")
                endpoint, region = rgw.gateway(GLOBAL).endpoint, "us-east-1"
            client = boto3.Session(*pair, region_name=region).client("s3", endpoint_url=endpoint, config=s3_config())
            made[server] = Ground(server, endpoint, region, pair, client)
        return made[server]

    yield find
    for ground in made.values():
        ground.witness.close()
    cloud.delete_ec2_key("alice", pair[0])


@pytest.fixture
def place_on(place_ground: Callable[[str], Ground], tmp_path: Path) -> Iterator[Callable[[str], Place]]:
    """A place on the server named; emptied at the end."""
    with contextlib.ExitStack() as stack:
        yield lambda server: stack.enter_context(new_place(place_ground(server), tmp_path / f"home-{server}"))


@contextlib.contextmanager
def new_place(ground: Ground, home: Path) -> Iterator[Place]:
    """A bucket of its own; emptied and deleted at the end."""
    files = AwsFiles(home / ".aws/credentials", home / ".aws/config")
    write_profile(files, AwsProfile(PROFILE, ground.key[0], Secret(ground.key[1]), ground.endpoint, ground.region))
    bucket = f"place-{uuid.uuid4().hex[:12]}"
    ground.witness.create_bucket(Bucket=bucket)
    place = Place(ground.server, ground.endpoint, ground.region, ground.key, bucket, home, ground.witness)
    yield place
    place.empty()
    place.witness.delete_bucket(Bucket=bucket)


@pytest.fixture(params=SERVERS)
def place(request: pytest.FixtureRequest, place_on: Callable[[str], Place]) -> Place:
    """A place on each server."""
    return place_on(request.param)


@pytest.fixture
def at_home(place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """This process as a user's who has the place's HOME."""
    settle(monkeypatch, place.environ)
    return place


def settle(monkeypatch: pytest.MonkeyPatch, environ: Mapping[str, str]) -> None:
    """Make ``environ`` this process's, as far as jsobj and the SDKs look at it."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "OS_", "JSOBJ_", "XDG_")) and name not in {
            "JSOBJ_REQUIRE_RIGS",
            "JSOBJ_TEST_CACHE",
        }:
            monkeypatch.delenv(name)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
