"""What lies behind a symlink, or is named by another manifest, stays when the link or that manifest goes."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fixtures_cloud import Cloud
from swift_scene import MIB, Scene, got, open_scene, random_bytes, send_in_parts

from jsobj.errors import ExitCode, JsobjError
from jsobj.net.body import BytesSource
from jsobj.net.retry import RetryPolicy
from jsobj.store.swift.store import SwiftStore
from jsobj.transfer.compare import DigestComparison, compare

Goes = Callable[[SwiftStore, str], object]
GOES: list[Goes] = [
    lambda store, key: store.delete(key),
    lambda store, key: store.put(key, BytesSource(b"other")),
    lambda store, key: send_in_parts(store, key, b"z" * (MIB + 1)),
    lambda store, key: store.copy(store.place.bucket, store.head("small"), key),
]
goes = pytest.mark.parametrize("go", GOES, ids=["deleted", "replaced", "replaced-in-parts", "copied-onto"])
SERVERS = ("swift", "rgw")
DATA = random_bytes(2 * MIB + 5)


@pytest.fixture(scope="module", params=SERVERS)
def scene(request: pytest.FixtureRequest, cloud: Cloud) -> Iterator[Scene]:
    yield from open_scene(request, request.param, cloud)


@pytest.fixture(name="store")
def _store(scene: Scene) -> SwiftStore:
    """With a large object at ``run/1``, sent in three parts."""
    store = scene.store()
    store.put("small", BytesSource(b"s"))
    send_in_parts(store, "run/1", DATA)
    return store


def as_manifest(scene: Scene, key: str, of: str) -> None:
    """A second manifest of the segments of an object."""
    lines = [
        {"path": f"/{segment.container}/{segment.key}", "etag": segment.md5, "size_bytes": segment.size}
        for segment in scene.store().segments(scene.store().head(of)) or ()
    ]
    assert len(lines) == 3
    scene.witness.put_object(scene.container, key, json.dumps(lines), query_string="multipart-manifest=put")


@goes
@pytest.mark.parametrize("scene", ["swift"], indirect=True)
def test_the_target_of_a_symlink_stays(scene: Scene, store: SwiftStore, go: Goes) -> None:
    scene.witness.put_object(scene.container, "latest", b"", headers={"X-Symlink-Target": f"{scene.container}/run/1"})
    assert scene.fetch("latest") == DATA
    go(store, "latest")
    assert scene.fetch("run/1") == DATA


@goes
@pytest.mark.parametrize("key", ["again", "run"])
def test_segments_of_another_object_stay_when_a_second_manifest_goes(
    scene: Scene, store: SwiftStore, go: Goes, key: str
) -> None:
    as_manifest(scene, key, of="run/1")
    assert scene.fetch(key) == DATA
    go(store, key)
    assert scene.fetch("run/1") == DATA
    store.delete("run/1")
    assert not [name for name in scene.segments if name.startswith("run/1/")]


@pytest.mark.parametrize("scene", ["swift"], indirect=True)
def test_a_large_object_whose_segments_are_gone_is_the_same_as_nothing(
    scene: Scene, store: SwiftStore, tmp_path: Path
) -> None:
    path, info = tmp_path / "file", store.head("run/1")
    path.write_bytes(DATA)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        assert compare(store, info, descriptor).by == "manifest"
        segments = store.segments(info) or ()
        scene.witness.put_object(segments[1].container, segments[1].key, b"x" * segments[1].size)
        assert compare(store, info, descriptor) == DigestComparison(False, "a segment is gone")
    finally:
        os.close(descriptor)
    hasty = scene.store(retry=RetryPolicy(tries=2))
    for segment in segments[1], segments[0]:  # then the body ends too early; then the server sees it at once
        scene.witness.delete_object(segment.container, segment.key)
        with pytest.raises(JsobjError) as caught:
            got(hasty, "run/1")
        assert (caught.value.reference, caught.value.code) == ("segments-gone", ExitCode.INTEGRITY)
        assert f"jsobj verify --segments swift://{scene.container}/run/1" in caught.value.hint
