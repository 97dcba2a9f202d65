"""What the tests of stores share: one EC2 key, a bucket on each server, and a proxy before Swift."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from fixtures_cloud import Cloud
from meddler import Meddler, meddling
from s3_scene import SERVERS, S3Scene, open_scene

from jsobj.net.sigv4 import KeyPair
from jsobj.secret import Secret

if TYPE_CHECKING:
    from swift_scene import Scene  # loads swiftclient, which warns


@pytest.fixture(scope="session")
def ec2_key(cloud: Cloud) -> Iterator[KeyPair]:
    """A key of alice in project demo; it ends with the tests."""
    access, secret = cloud.mint_ec2_key("alice")
    yield KeyPair(access, Secret(secret))
    cloud.delete_ec2_key("alice", access)


@pytest.fixture(scope="module", params=SERVERS)
def stores(request: pytest.FixtureRequest, cloud: Cloud, ec2_key: KeyPair) -> Iterator[S3Scene]:
    """A bucket over S3 on Swift and on Ceph RGW, with a witness; tests of one file share it: choose your own keys."""
    yield from open_scene(request, request.param, cloud, ec2_key)


@pytest.fixture
def meddler(scene: Scene) -> Iterator[Meddler]:
    """A proxy before the Swift server of a test's ``scene``; tests over S3 have their own."""
    with meddling(scene.account) as running:
        yield running


@pytest.fixture
def fresh_bucket(request: pytest.FixtureRequest, stores: S3Scene, cloud: Cloud, ec2_key: KeyPair) -> Iterator[S3Scene]:
    """Another bucket on the same server, for tests that count what is in it."""
    yield from open_scene(request, stores.server, cloud, ec2_key)
