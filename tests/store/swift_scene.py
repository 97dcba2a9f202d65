"""Containers over the Swift API for tests: on Swift with a restricted application credential, on both Ceph RGWs (one
namespace for all; one for each project) with a password. swiftclient is the witness, with a token of its own."""

from __future__ import annotations

import hashlib
import http.client
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import swiftclient
from fixtures_cloud import Cloud
from fixtures_rgw import GLOBAL, TENANTS, Rgw

from jsobj.identity.auth_source import AuthSource, from_rc
from jsobj.identity.keystone.client import Keystone
from jsobj.identity.rc.file import read
from jsobj.net.body import BytesSink, BytesSource
from jsobj.net.retry import RetryPolicy
from jsobj.secret import Secret
from jsobj.store.swift.store import SwiftStore
from jsobj.store.swift.token_keeper import TokenKeeper
from jsobj.store.values import Part, PutOptions, StorePlace, Upload

SERVERS = ("swift", GLOBAL, TENANTS)
MIB = 1024 * 1024
PLAIN = PutOptions()


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


@dataclass
class Scene:
    """One container, the store on it, and a witness who asks the server without us."""

    server: str
    keystone: Keystone
    account: str
    container: str
    witness: Any
    others: list[SwiftStore] = field(default_factory=list)

    @property
    def is_rgw(self) -> bool:
        return self.server != "swift"

    def store(
        self, container: str = "", *, public: bool = False, by_way_of: str = "", retry: RetryPolicy | None = None
    ) -> SwiftStore:
        """A store of its own, closed with the scene. ``by_way_of``: the origin of a proxy that it speaks through."""
        login = self.keystone.login
        account = f"{by_way_of}{urlsplit(self.account).path}" if by_way_of else self.account
        place = StorePlace("swift", container or self.container, self.account, "a test", login.project.name, account)
        made = SwiftStore(place, None if public else TokenKeeper(self.keystone), retry=retry)
        self.others.append(made)
        return made

    def another(self) -> str:
        """One more container."""
        name = f"{self.container}-{uuid.uuid4().hex[:4]}"
        self.witness.put_container(name)
        return name

    def fetch(self, key: str, container: str = "") -> bytes:
        """What the server has, by the witness; where it would tidy the name up (``..``), by the standard library."""
        container = container or self.container
        if not {".", ".."} & set(key.split("/")):
            return bytes(self.witness.get_object(container, key)[1])
        status, body = self._plainly("GET", container, key)
        assert status == 200
        return body

    def _plainly(self, method: str, container: str, key: str) -> tuple[int, bytes]:
        url = urlsplit(self.account)
        connection = http.client.HTTPConnection(url.netloc, timeout=60)
        path = f"{url.path}/{quote(container)}/{quote(key)}"
        connection.request(method, path, headers={"X-Auth-Token": self.witness.token})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, body

    def names(self, container: str = "") -> list[str]:
        """What the server lists, by the witness; nothing where there is no such container."""
        try:
            listed = self.witness.get_container(container or self.container, full_listing=True)[1]
        except swiftclient.ClientException as error:
            if error.http_status != 404:
                raise
            return []
        return [item["name"] for item in listed]

    @property
    def segments(self) -> list[str]:
        return self.names(f"{self.container}_segments")

    def clean_up(self) -> None:
        for made in self.others:
            made.close()
        for item in self.witness.get_account(full_listing=True)[1]:
            if item["name"].startswith(self.container):
                for name in self.names(item["name"]):
                    self._plainly("DELETE", item["name"], name)
                self.witness.delete_container(item["name"])
        self.witness.close()


def send_in_parts(
    store: SwiftStore, key: str, data: bytes, part: int = MIB, options: PutOptions = PLAIN
) -> tuple[Upload, list[Part], str]:
    """A multipart upload as transfers make it."""
    upload = store.begin(key, options)
    pieces = [data[start : start + part] for start in range(0, len(data), part)] or [b""]
    parts = [store.put_part(upload, number, BytesSource(piece)) for number, piece in enumerate(pieces, start=1)]
    return upload, parts, store.complete(upload, parts, options)


def source_of(cloud: Cloud, role: str) -> AuthSource:
    """The login in a downloaded file; a password comes from beside it."""
    source = from_rc(read(cloud.rc(role)))
    if role.startswith("openrc"):
        password = cloud.rc(f"password{role.removeprefix('openrc-password').removeprefix('openrc')}")
        source = source.with_secret("password", Secret(password.read_text().strip()), "a test")
    return source


def open_scene(request: pytest.FixtureRequest, server: str, cloud: Cloud) -> Iterator[Scene]:
    """The scene on one of ``SERVERS``."""
    role = "app-cred-restricted" if server == "swift" else "openrc-password"
    keystone = Keystone(source_of(cloud, role))
    account = keystone.login.swift_url
    if server != "swift":
        rgw: Rgw = request.getfixturevalue("rgw")
        account = rgw.gateway(server).swift_url(keystone.login.project.id)
    witness = swiftclient.Connection(
        preauthurl=account, preauthtoken=cloud.keystone_token("alice"), retries=5, timeout=60
    )
    scene = Scene(server, keystone, account, f"t{uuid.uuid4().hex[:10]}", witness)
    witness.put_container(scene.container)
    try:
        yield scene
    finally:
        scene.clean_up()


def random_bytes(size: int) -> bytes:
    return os.urandom(size)


def got(store: SwiftStore, key: str, **words: Any) -> bytes:
    """What a GET brings, with its count and digest checked."""
    sink = BytesSink()
    found = store.get(key, sink, **words)
    assert found.size == len(sink.data)
    assert found.md5 == md5(bytes(sink.data))
    return bytes(sink.data)
