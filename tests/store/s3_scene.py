"""Buckets over S3 for tests: on Swift's s3api and on both Ceph RGWs, with an EC2 key. boto3 is the witness."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.config import Config
from fixtures_cloud import Cloud
from fixtures_rgw import GLOBAL, TENANTS, Rgw

from jsobj.errors import JsobjError
from jsobj.net.body import BytesSink, BytesSource
from jsobj.net.sigv4 import KeyPair
from jsobj.store.access import S3Access
from jsobj.store.s3.store import S3Store
from jsobj.store.values import Part, PutOptions, Upload
from jsobj.urls import require_origin

SERVERS = ("swift", GLOBAL)
MIB = 1024 * 1024
SMALLEST = 5 * MIB  # of a part that is not the last
PLAIN = PutOptions()


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


@dataclass
class S3Scene:
    """One bucket, the store on it, and a witness who asks the server without us."""

    server: str
    endpoint: str
    region: str
    key: KeyPair
    bucket: str
    witness: Any
    made: list[S3Store] = field(default_factory=list)
    straight: S3Store | None = None

    @property
    def is_rgw(self) -> bool:
        return self.server != "swift"

    @property
    def store(self) -> S3Store:
        """The one that goes straight to the server."""
        self.straight = self.straight or self.another()
        return self.straight

    def another(self, bucket: str = "", *, endpoint: str = "", region: str = "", key: KeyPair | None = None) -> S3Store:
        """A store of its own, closed with the scene. ``key``: another one; one that is empty reads what is public."""
        access = S3Access(
            require_origin(endpoint or self.endpoint),
            region or self.region,
            key or self.key,
            "path",
            "when_required",
            True,
            "a test",
        )
        self.made.append(S3Store(access, bucket or self.bucket))
        return self.made[-1]

    def fetch(self, key: str) -> bytes:
        """What the server has, by the witness."""
        return bytes(self.witness.get_object(Bucket=self.bucket, Key=key)["Body"].read())

    def write(self, key: str, data: bytes, **words: Any) -> str:
        """Have the witness write an object; its ETag."""
        return str(self.witness.put_object(Bucket=self.bucket, Key=key, Body=data, **words)["ETag"]).strip('"')

    def uploads(self) -> list[tuple[str, str]]:
        """Unfinished uploads, by the witness."""
        found = self.witness.list_multipart_uploads(Bucket=self.bucket)
        return [(upload["Key"], upload["UploadId"]) for upload in found.get("Uploads", ())]

    def clean_up(self) -> None:
        for store in self.made:
            store.close()
        for key, number in self.uploads():
            self.witness.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=number)
        for page in self.witness.get_paginator("list_objects_v2").paginate(Bucket=self.bucket):
            for item in page.get("Contents", ()):
                self.witness.delete_object(Bucket=self.bucket, Key=item["Key"])
        with suppress(self.witness.exceptions.ClientError):  # Swift: segments may still be on their way out
            self.witness.delete_bucket(Bucket=self.bucket)
        self.witness.close()


def witness_of(endpoint: str, region: str, key: KeyPair) -> Any:
    config = Config(
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        connect_timeout=10,
        read_timeout=60,
    )
    session = boto3.Session(key.access, key.secret.reveal(), region_name=region)
    return session.client("s3", endpoint_url=endpoint, config=config)


def endpoint_of(request: pytest.FixtureRequest, server: str, cloud: Cloud) -> tuple[str, str]:
    """Endpoint and signing region of one of ``SERVERS`` (or of the RGW with tenants)."""
    if server == "swift":
        return cloud.s3_endpoint, cloud.region
    assert server in {GLOBAL, TENANTS}
    rgw: Rgw = request.getfixturevalue("rgw")
    return rgw.gateway(server).endpoint, "us-east-1"


def open_scene(request: pytest.FixtureRequest, server: str, cloud: Cloud, key: KeyPair) -> Iterator[S3Scene]:
    endpoint, region = endpoint_of(request, server, cloud)
    witness = witness_of(endpoint, region, key)
    scene = S3Scene(server, endpoint, region, key, f"t-{uuid.uuid4().hex[:12]}", witness)
    witness.create_bucket(Bucket=scene.bucket)
    try:
        yield scene
    finally:
        scene.clean_up()


def send_in_parts(
    store: S3Store, key: str, data: bytes, part: int = SMALLEST, options: PutOptions = PLAIN
) -> tuple[Upload, list[Part], str]:
    """A multipart upload as transfers make it."""
    upload = store.begin(key, options)
    pieces = [data[start : start + part] for start in range(0, len(data), part)]
    parts = [store.put_part(upload, number, BytesSource(piece)) for number, piece in enumerate(pieces, start=1)]
    return upload, parts, store.complete(upload, parts, options)


def refused(function: Any, *words: Any, **more: Any) -> JsobjError:
    with pytest.raises(JsobjError) as caught:
        function(*words, **more)
    return caught.value


def got(store: S3Store, key: str, **words: Any) -> bytes:
    """What a GET brings, with its count and digest checked."""
    sink = BytesSink()
    found = store.get(key, sink, **words)
    assert found.size == len(sink.data)
    assert found.md5 == md5(bytes(sink.data))
    return bytes(sink.data)
