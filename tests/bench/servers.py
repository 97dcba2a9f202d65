"""The servers of the transfer bench: a Ceph RGW of its own (or a given one), and the ways that lead to it."""

from __future__ import annotations

import contextlib
import secrets
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import ceph_cluster
from latency import far_away
from listing_server import listing_server
from tls_front import tls_front

MEMORY = 6 << 30  # bytes that the gateway's store may take: some copies of the large file, until they are collected
EACH_WAY = 0.025  # seconds
LISTED = "listed"  # the bucket of the listing server


@dataclass(frozen=True, slots=True)
class Place:
    """An S3 endpoint and how to come in. ``authority``: the file with the authority to trust, "" for none."""

    endpoint: str
    access: str
    secret: str
    region: str = "us-east-1"
    authority: str = ""

    def by_way_of(self, endpoint: str) -> Place:
        """The same server by another way over http."""
        return replace(self, endpoint=endpoint)


@dataclass(frozen=True, slots=True)
class Places:
    """The same server by three ways, and the one that only lists."""

    http: Place
    https: Place
    far: Place
    listing: Place

    def by(self, way: str) -> Place:
        """The place that a row names."""
        place: Place = getattr(self, way)
        return place


@contextlib.contextmanager
def gateway(folder: Path) -> Iterator[Place]:
    """A Ceph RGW whose store is in memory, with one user. What is deleted frees its memory within seconds."""
    ceph_cluster.MEMORY = MEMORY
    with ceph_cluster.ceph(folder, {"rgw enable apis": "s3"}) as cluster:
        place = Place(cluster.origin, secrets.token_hex(10).upper(), secrets.token_hex(20))
        keys = ["--access-key", place.access, "--secret-key", place.secret]
        subprocess.run(
            ["radosgw-admin", "-n", "client.rgw", "user", "create", "--uid", "bench", "--display-name", "bench", *keys],
            env={"PATH": ceph_cluster.PATH, "HOME": str(folder), "CEPH_CONF": str(folder / "ceph.conf")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        yield place


@contextlib.contextmanager
def ways(folder: Path, place: Place, listed: int) -> Iterator[Places]:
    """All ways to ``place``, and a server that lists ``listed`` keys; certificates go to the empty ``folder``."""
    address = place.endpoint.removeprefix("http://")
    with (
        tls_front(folder, address) as front,
        far_away(address, seconds=EACH_WAY) as far,
        listing_server(LISTED, listed) as listing,
    ):
        yield Places(
            place,
            replace(place, endpoint=front.origin, authority=str(front.authority)),
            place.by_way_of(f"http://{far}"),
            place.by_way_of(listing),
        )
