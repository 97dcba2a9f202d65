"""Plain objects over the Swift API, on real Swift and real Ceph RGW; swiftclient reads what was written, too."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import swiftclient
from fixtures_cloud import Cloud
from fixtures_rgw import GLOBAL
from swift_scene import MIB, SERVERS, Scene, got, md5, open_scene, random_bytes, send_in_parts

from jsobj.errors import ExitCode, JsobjError
from jsobj.net.body import BytesSink, BytesSource
from jsobj.store.swift import listing as swift_listing
from jsobj.store.swift.store import SwiftStore
from jsobj.store.values import Listed, ObjectInfo, PutOptions

# Objects whose names break what is quoted twice, not at all, or tidied up (B074, B085, B091).
NAMES = (
    "plain.txt", "a b", "100%", "a%20b", "a%2Fb", "a+b", "x?y#z&", "\u20ac/\u00fc.nc", "\u00e9", "~'()*!$@:;,=",
    "e\u0301", "a//b", "../x", "a/./b", "a/", "line\nbreak", "\x1b[31mred", "\U0001f980", '"quoted"', "back\\slash",
)  # fmt: skip


@pytest.fixture(scope="module", params=SERVERS)
def scene(request: pytest.FixtureRequest, cloud: Cloud) -> Iterator[Scene]:
    yield from open_scene(request, request.param, cloud)


@pytest.fixture
def fresh(request: pytest.FixtureRequest, scene: Scene, cloud: Cloud) -> Iterator[Scene]:
    """Another container on the same server, for tests that count what is in it."""
    yield from open_scene(request, scene.server, cloud)


@pytest.fixture
def store(fresh: Scene) -> SwiftStore:
    return fresh.store()


@pytest.mark.parametrize("size", [0, 1, MIB - 1, MIB, MIB + 1, 5 * MIB])
def test_an_object_is_what_was_sent(scene: Scene, size: int) -> None:
    store, data, key = scene.store(), random_bytes(size), f"whole/{size}"
    moved: list[int] = []
    assert store.put(key, BytesSource(data), moved=moved.append) == md5(data)
    assert sum(moved) == size
    assert scene.fetch(key) == data
    info = store.head(key)
    assert (info.size, info.etag, info.large) == (size, md5(data), False)
    assert got(store, key) == data
    assert [(d.start, d.size, d.md5) for d in store.digests(info) or ()] == [(0, size, md5(data))]


def test_a_name_that_is_not_utf8_is_refused_as_one(scene: Scene) -> None:
    """Swift answers 412 to it, as to a condition that does not hold."""
    with pytest.raises(JsobjError) as caught:
        scene.store().put("bad\udcff", BytesSource(b"x"))
    assert (caught.value.reference, caught.value.code) == ("object-refused", ExitCode.REFUSED)
    assert "UTF" in caught.value.hint


@pytest.mark.parametrize("large", [False, True])
def test_another_version_is_never_mixed_in(scene: Scene, large: bool) -> None:
    store, key = scene.store(), f"versions/{large}"
    send_in_parts(store, key, b"x" * MIB + b"y") if large else store.put(key, BytesSource(b"first one"))
    old = store.head(key).etag
    scene.witness.put_object(scene.container, key, b"second version")
    for words in ({}, {"start": 0, "size": 3}, {"start": 3}, {"size": 0}):
        sink = BytesSink()
        with pytest.raises(JsobjError) as caught:
            store.get(key, sink, etag=old, **words)  # type: ignore[arg-type]
        assert (caught.value.reference, caught.value.code) == ("object-changed", ExitCode.INTEGRITY)
        assert not sink.data


def test_metadata_comes_back(scene: Scene) -> None:
    store = scene.store()
    options = PutOptions("application/x-netcdf", "gzip", {"mtime": "1700000000.5", "colour": "gr\u00fcn \u20ac"})
    store.put("meta", BytesSource(b"1"), options)
    info = store.head("meta")
    assert (info.content_type, info.content_encoding, dict(info.metadata)) == (
        "application/x-netcdf",
        "gzip",
        dict(options.metadata),
    )
    listed = next(item for item in store.list("meta"))
    assert info.modified is not None
    assert listed.modified == pytest.approx(info.modified, abs=1)
    assert scene.witness.head_object(scene.container, "meta")["x-object-meta-mtime"] == "1700000000.5"


def test_names_arrive_as_they_are_B074_B085(fresh: Scene, store: SwiftStore) -> None:
    for name in NAMES:
        store.put(name, BytesSource(name.encode()))
    assert sorted(fresh.names(), key=str.encode) == sorted(NAMES, key=str.encode)
    for name in NAMES:
        assert fresh.fetch(name) == name.encode()
        assert got(store, name) == name.encode()
    assert [item.key for item in store.list()] == sorted(NAMES, key=str.encode)
    for name in NAMES:
        store.delete(name)
    assert fresh.names() == []


@pytest.mark.parametrize("limit", [1, 2, 5, 1000])
def test_listings_are_whole_and_in_order(
    fresh: Scene, store: SwiftStore, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(swift_listing, "LIMIT", limit)
    names = ["a", "a/1", "a/2", "a/b/c", "a0", "b//x", "c/", "\u00fc/1", "\u20ac"]
    for name in names:
        fresh.witness.put_object(fresh.container, name, b"12")
    assert [(item.key, item.size, item.etag) for item in store.list()] == [(n, 2, md5(b"12")) for n in names]
    assert [(item.key, item.prefix) for item in store.list(delimiter="/")] == [
        ("a", False), ("a/", True), ("a0", False), ("b/", True), ("c/", True), ("\u00fc/", True), ("\u20ac", False),
    ]  # fmt: skip
    assert [item.key for item in store.list("a/", delimiter="/")] == ["a/1", "a/2", "a/b/"]
    assert [item.key for item in store.list("a/")] == ["a/1", "a/2", "a/b/c"]
    assert [item.key for item in store.list("a/", after="a/1")] == ["a/2", "a/b/c"]
    assert [item.key for item in store.list("zz")] == []


def test_what_is_not_there(scene: Scene) -> None:
    store, nowhere = scene.store(), scene.store(f"{scene.container}-nowhere")
    with pytest.raises(JsobjError) as caught:
        store.head("missing")
    assert (caught.value.reference, caught.value.code) == ("object-not-found", ExitCode.NOT_FOUND)
    assert "HTTP 404" in caught.value.context
    store.delete("missing")
    for call in (
        lambda: nowhere.head("x"),
        lambda: nowhere.get("x", BytesSink()),
        lambda: list(nowhere.list()),
        lambda: nowhere.put("x", BytesSource(b"1")),
        lambda: nowhere.begin("x"),
    ):
        with pytest.raises(JsobjError) as caught:
            call()
        assert (caught.value.reference, caught.value.code) == ("bucket-not-found", ExitCode.NOT_FOUND)
        assert f"{scene.container}-nowhere" in caught.value.message


def test_a_range_behind_the_end(scene: Scene) -> None:
    store = scene.store()
    store.put("short", BytesSource(b"123"))
    with pytest.raises(JsobjError) as caught:
        store.get("short", BytesSink(), start=10, size=5)
    assert (caught.value.reference, caught.value.code) == ("range-outside", ExitCode.USAGE)


def test_copies(fresh: Scene, store: SwiftStore) -> None:
    other = fresh.another()
    there = fresh.store(other)
    store.put("from %20\u20ac", BytesSource(b"text"), PutOptions("text/x-a", metadata={"colour": "red"}))
    info = store.head("from %20\u20ac")
    there.copy(fresh.container, info, "to/1")
    there.copy(fresh.container, info, "to/2", PutOptions("text/x-b", metadata={"mtime": "1.0"}))
    assert fresh.fetch("to/1", other) == fresh.fetch("to/2", other) == b"text"
    assert (there.head("to/1").content_type, dict(there.head("to/1").metadata)) == ("text/x-a", {"colour": "red"})
    assert (there.head("to/2").content_type, dict(there.head("to/2").metadata)) == ("text/x-b", {"mtime": "1.0"})
    with pytest.raises(JsobjError) as caught:
        there.copy(fresh.container, ObjectInfo("missing", 1, "0" * 32), "to/3")
    assert caught.value.code is ExitCode.NOT_FOUND


def test_a_listing_given_up_asks_for_no_more_pages(fresh: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(9):
        fresh.witness.put_object(fresh.container, f"{number}", b"")
    asked: list[str] = []
    real = swift_listing._page

    def page(api: Any, prefix: str, delimiter: str, marker: str) -> Any:
        asked.append(marker)
        return real(api, prefix, delimiter, marker)

    monkeypatch.setattr(swift_listing, "LIMIT", 3)
    monkeypatch.setattr(swift_listing, "_page", page)
    listing = fresh.store().list()
    assert isinstance(next(listing), Listed)
    listing.close()  # type: ignore[attr-defined]
    assert asked == [""]


def test_the_witness_is_another_program() -> None:
    """Were swiftclient ours, all of the above would prove little."""
    assert "jsobj" not in swiftclient.__file__.rpartition("swiftclient")[0].rpartition("site-packages")[2]


@pytest.mark.parametrize("scene", [GLOBAL], indirect=True)
def test_more_names_than_a_server_sends_at_once(fresh: Scene) -> None:
    """Ceph RGW sends 1000 names, whatever was asked for and is promised in /info."""
    store, keys = fresh.store(), [f"n/{number:04d}" for number in range(1203)]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda key: store.put(key, BytesSource(b"")), keys))
        assert [item.key for item in store.list()] == keys
        assert [item.key for item in store.list("n/1")] == keys[1000:]
        assert [item.key for item in store.list(after=keys[999])] == keys[1000:]
        assert [item.key for item in store.list(delimiter="/")] == ["n/"]
        list(pool.map(store.delete, keys))
