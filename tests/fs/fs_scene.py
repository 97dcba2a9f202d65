"""Four roads to an object store: Swift's API with an application credential, S3 with a key; each on Swift and on Ceph
RGW."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fixtures_cloud import Cloud

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
