"""Four roads to an object store: Swift's API with an application credential, S3 with a key; each on Swift and on Ceph
RGW."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fixtures_cloud import Cloud
from fixtures_places import PROFILE, Ground, environ_in, new_place
from fixtures_rgw import GLOBAL, Rgw

ROADS = ("swift-swift", "swift-rgw", "s3-swift", "s3-rgw")  # dialect and server
CLOUD = "field"  # what the login is called
BOTH = pytest.mark.parametrize("road", ["swift-swift", "s3-rgw"], indirect=True)


@dataclass(frozen=True)
class Road:
    """``bucket`` is empty at first, and emptied at the end; ``witness`` looks at it without us, over S3."""

    name: str
    bucket: str
    environ: Mapping[str, str]
    witness: Any
    account: str = ""  # its URL over Swift, on the roads without keys

    @property
    def home(self) -> Path:
        return Path(self.environ["HOME"])

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


@contextlib.contextmanager
def new_road(request: pytest.FixtureRequest, name: str, folder: Path) -> Iterator[Road]:
    """The road of ``ROADS``, with a bucket of its own; ``folder`` is for a HOME."""
    dialect, server = name.split("-")
    ground: Ground = request.getfixturevalue("place_ground")(server)
    if dialect == "s3":
        with new_place(ground, folder / f"home-{server}") as place:
            yield Road(name, place.bucket, {**place.environ, "AWS_PROFILE": PROFILE}, place.witness)
        return
    cloud: Cloud = request.getfixturevalue("cloud")
    home = request.getfixturevalue("keyless_homes")(server)
    with contextlib.ExitStack() as stack:
        account = cloud.swift_url
        if server == "rgw":
            rgw: Rgw = request.getfixturevalue("rgw")
            account = stack.enter_context(rgw.published(GLOBAL)).swift_url("")
        bucket = f"road-{uuid.uuid4().hex[:12]}"
        ground.witness.create_bucket(Bucket=bucket)
        road = Road(name, bucket, environ_in(home), ground.witness, account)
        yield road
        empty(cloud, road)
