"""What the tests of the filesystem share: four roads (Swift's API with a restricted application credential, S3 with a
key; each on Swift and on Ceph RGW), each with a bucket of its own and this process at home there."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsspec
import pytest
from commands import Jsobj
from fixtures_cloud import Cloud
from fixtures_places import Ground, Place, environ_in, settle
from fixtures_rgw import GLOBAL, Rgw

ROADS = ("swift-swift", "swift-rgw", "s3-swift", "s3-rgw")  # dialect and server
CLOUD = "field"  # what the login is called
BOTH = pytest.mark.parametrize("road", ["swift-swift", "s3-rgw"], indirect=True)


@dataclass(frozen=True)
class Road:
    """``bucket`` is empty at first, and emptied at the end; ``witness`` looks at it without us, over S3."""

    name: str
    bucket: str
    home: Path
    witness: Any
    account: str = ""  # its URL over Swift, on the roads without keys

    @property
    def dialect(self) -> str:
        return self.name.partition("-")[0]

    @property
    def protocol(self) -> str:
        return "swift" if self.dialect == "swift" else "jsobj+s3"

    def url(self, key: str = "") -> str:
        return f"{self.protocol}://{self.bucket}/{key}"

    def filesystem(self, **options: Any) -> Any:
        """A new one, with nothing in its caches."""
        return fsspec.filesystem(self.protocol, skip_instance_cache=True, **options)

    def names(self) -> list[str]:
        pages = self.witness.get_paginator("list_objects").paginate(Bucket=self.bucket)
        return [item["Key"] for page in pages for item in page.get("Contents", ())]

    def body(self, key: str) -> bytes:
        data: bytes = self.witness.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return data

    def put(self, key: str, body: bytes) -> None:
        self.witness.put_object(Bucket=self.bucket, Key=key, Body=body)


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
    request: pytest.FixtureRequest,
    cloud: Cloud,
    place_ground: Callable[[str], Ground],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[str], Road]]:
    """The road of ``ROADS``, with this process in its HOME."""
    made: list[Road] = []
    stack = contextlib.ExitStack()

    def find(name: str) -> Road:
        dialect, server = name.split("-")
        if dialect == "s3":
            place: Place = request.getfixturevalue("place_on")(server)
            road = Road(name, place.bucket, place.home, place.witness)
            settle(monkeypatch, {**place.environ, "AWS_PROFILE": "science"})
            return road
        home = request.getfixturevalue("keyless_homes")(server)
        account = cloud.swift_url
        if server == "rgw":
            rgw: Rgw = request.getfixturevalue("rgw")
            account = stack.enter_context(rgw.published(GLOBAL)).swift_url("")
        bucket = f"road-{uuid.uuid4().hex[:12]}"
        witness = place_ground(server).witness
        witness.create_bucket(Bucket=bucket)
        made.append(Road(name, bucket, home, witness, account))
        settle(monkeypatch, environ_in(home))
        return made[-1]

    with stack:
        yield find
        for road in made:
            empty(cloud, road)


def empty(cloud: Cloud, road: Road) -> None:
    """Delete the bucket, and what Swift's clients keep beside it."""
    import swiftclient  # not above: it warns, and this file is imported before the warnings are sorted out

    swift = swiftclient.Connection(preauthurl=road.account, preauthtoken=cloud.keystone_token("alice"), retries=5)
    names = {item["name"] for item in swift.get_account(full_listing=True)[1]}
    for name in names & {road.bucket, f"{road.bucket}_segments"}:
        for item in swift.get_container(name, full_listing=True)[1]:
            swift.delete_object(name, item["name"])
        swift.delete_container(name)
    swift.close()


@pytest.fixture(params=ROADS)
def road(request: pytest.FixtureRequest, road_to: Callable[[str], Road]) -> Road:
    return road_to(request.param)


@pytest.fixture
def keyless(road_to: Callable[[str], Road]) -> Road:
    """The road without keys, on Swift: for what is the same on all of them."""
    return road_to("swift-swift")
