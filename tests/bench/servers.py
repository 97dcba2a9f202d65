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
LISTED = "listed"  # the bucket of the listing server


@dataclass(frozen=True, slots=True)
class Place:
    """An S3 endpoint and how to come in. ``authority``: the file with the authority to trust, "" for none."""

    endpoint: str
    access: str
    secret: str
    region: str = "us-east-1"
    authority: str = ""


class Places:
    """All ways to one server, made when they are first asked for, until ``stack`` ends.

    A way is ``http`` or ``https``, with ``+25`` behind it for so many milliseconds more each way. ``listing`` leads
    to a server that can only list ``listed`` keys. Certificates go to ``folder``, which this makes.
    """

    def __init__(self, folder: Path, place: Place, listed: int, stack: contextlib.ExitStack) -> None:
        folder.mkdir()
        self._folder = folder
        self._listed = listed
        self._stack = stack
        self._known = {"http": place}

    def by(self, way: str) -> Place:
        """The place at the end of ``way``."""
        if way not in self._known:
            self._known[way] = self._made(way)
        return self._known[way]

    def _made(self, way: str) -> Place:
        if way == "listing":
            origin = self._stack.enter_context(listing_server(LISTED, self._listed))
            return replace(self.by("http"), endpoint=origin)
        scheme, _, added = way.partition("+")
        near = self.by(scheme if added else "http")
        address = near.endpoint.partition("://")[2]
        if added:
            far = self._stack.enter_context(far_away(address, seconds=float(added) / 1000))
            return replace(near, endpoint=f"{scheme}://{far}")
        front = self._stack.enter_context(tls_front(self._folder, address))
        return replace(near, endpoint=front.origin, authority=str(front.authority))


@contextlib.contextmanager
def gateway(folder: Path) -> Iterator[Place]:
    """A Ceph RGW in ``folder``, which this makes; its store is in memory, and it has one user."""
    folder.mkdir()
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
