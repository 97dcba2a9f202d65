"""Ceph RGW beside the embedded cloud as a fixture, asking the same Keystone: ``rgw``.

Two gateways, each with a Ceph of its own that starts when it is first asked for. ``rgw`` is made like Jetstream2's:
names are shared by all projects, and Swift's URL is the same for all. ``rgw-tenants`` is made like Chameleon's and
Allas's URLs: the project stands in Swift's URL, and (as at Cleura and CSCS) each project has names of its own.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from ceph_cluster import Cluster, ceph, lacking
from fixtures_cloud import Cloud
from rigs import lack

from jsobj.sandbox import lifecycle

GLOBAL = "rgw"
TENANTS = "rgw-tenants"
REGIONS = (GLOBAL, TENANTS)


@dataclass(frozen=True)
class Gateway:
    """A running gateway. ``region`` is its name in Keystone's catalogue, ``endpoint`` the origin of S3 and Swift."""

    region: str
    endpoint: str

    @property
    def tenants(self) -> bool:
        """Whether each project has bucket names of its own."""
        return self.region == TENANTS

    def swift_url(self, project: str) -> str:
        """Swift's URL for a project, by id; ``%(project_id)s`` makes it the catalogue's template."""
        return f"{self.endpoint}/swift/v1" + (f"/AUTH_{project}" if self.tenants else "")


class Rgw:
    """The gateways of this test run."""

    def __init__(self, cloud: Cloud, folder: Path, stack: contextlib.ExitStack) -> None:
        self._cloud = cloud
        self._folder = folder
        self._stack = stack
        self._started: dict[str, Gateway] = {}
        self._clusters: dict[str, Cluster] = {}

    def gateway(self, region: str) -> Gateway:
        """The gateway of ``REGIONS``, started if it is not yet."""
        if region not in self._started:
            folder = self._folder / region
            folder.mkdir()
            cluster = self._stack.enter_context(ceph(folder, _options(self._cloud, region)))
            self._clusters[region] = cluster
            self._started[region] = Gateway(region, cluster.origin)
        return self._started[region]

    def restart(self, region: str) -> None:
        """End a gateway by SIGTERM, as an operator does, and start it again at its address."""
        self._clusters[region].restart()

    def admin(self, region: str, *argv: str) -> None:
        """Run ``radosgw-admin``, as the cloud's operator does."""
        self._clusters[region].call("radosgw-admin", "-n", "client.rgw", *argv)

    @contextlib.contextmanager
    def published(self, region: str) -> Iterator[Gateway]:
        """The gateway, in the catalogue for a while."""
        gateway = self.gateway(region)
        with self._cloud.published(region, gateway.swift_url("%(project_id)s")):
            yield gateway


def _options(cloud: Cloud, region: str) -> dict[str, str]:
    """The gateway's own part of ceph.conf (Ceph's manual, "Integrating with OpenStack Keystone")."""
    tenants = "true" if region == TENANTS else "false"
    return {
        "rgw enable apis": "s3, swift",
        "rgw keystone url": f"http://{urlsplit(cloud.auth_url).netloc}",
        "rgw keystone api version": "3",
        "rgw keystone admin user": "swift",
        "rgw keystone admin password": lifecycle.password(cloud.folder, "swift").reveal(),
        "rgw keystone admin project": "service",
        "rgw keystone admin domain": "Default",
        # RGW gives every accepted role everything: a reader may write, or may not even read. One of each.
        "rgw keystone accepted roles": "admin, member, reader" if region == TENANTS else "admin, member",
        "rgw keystone implicit tenants": tenants,
        "rgw s3 auth use keystone": "true",
        "rgw swift account in url": tenants,
        "rgw swift versioning enabled": "true",
    }


def need_ceph() -> None:
    """Skip where Ceph cannot run; fail instead when the rigs are required."""
    if reason := lacking():
        lack(reason)


@pytest.fixture(scope="session")
def rgw(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rgw]:
    """Real Ceph RGW on loopback, with the Keystone of ``cloud``."""
    need_ceph()
    cloud: Cloud = request.getfixturevalue("cloud")  # not started where Ceph is missing
    with contextlib.ExitStack() as stack:
        yield Rgw(cloud, tmp_path_factory.mktemp("rgw"), stack)
