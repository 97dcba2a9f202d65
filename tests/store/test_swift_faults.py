"""The Swift dialect when the way to a real server, or the server, does what it should not."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import pytest
from fixtures_cloud import Cloud
from fixtures_rgw import GLOBAL
from meddler import Answer, Meddler, Passing, flipped
from swift_scene import MIB, Scene, got, open_scene, send_in_parts

from jsobj.errors import ExitCode, JsobjError
from jsobj.net import retry
from jsobj.net.body import BytesSink, BytesSource
from jsobj.store.swift.store import SwiftStore


@pytest.fixture(scope="module", params=["swift", GLOBAL])
def scene(request: pytest.FixtureRequest, cloud: Cloud) -> Iterator[Scene]:
    yield from open_scene(request, request.param, cloud)


@pytest.fixture
def store(scene: Scene, meddler: Meddler, monkeypatch: pytest.MonkeyPatch) -> SwiftStore:
    """A store that speaks through the proxy, and does not wait long before it tries again."""
    monkeypatch.setattr(retry, "_BASE", 0.001)
    return scene.store(by_way_of=meddler.origin)


def is_part(passing: Passing) -> bool:
    return passing.method == "PUT" and "_segments/" in passing.path


def is_manifest(passing: Passing) -> bool:
    return passing.method == "PUT" and "multipart-manifest" in passing.path


@pytest.mark.parametrize("size", [10, MIB + 10])
def test_a_flipped_bit_is_sent_again_F07(scene: Scene, store: SwiftStore, meddler: Meddler, size: int) -> None:
    def spoil(passing: Passing) -> Answer | None:
        if passing.method == "PUT" and passing.number == 1:
            passing.body = flipped(passing.body)
        return passing.ask()

    meddler.spoil = spoil
    moved: list[int] = []
    store.put(f"flip/{size}", BytesSource(b"d" * size), moved=moved.append)
    assert scene.fetch(f"flip/{size}") == b"d" * size
    assert sum(moved) == size


def test_bits_that_always_flip_never_make_an_object_F07(scene: Scene, store: SwiftStore, meddler: Meddler) -> None:
    def spoil(passing: Passing) -> Answer | None:
        if passing.method == "PUT":
            passing.body = flipped(passing.body)
        return passing.ask()

    meddler.spoil = spoil
    with pytest.raises(JsobjError) as caught:
        store.put("flipped", BytesSource(b"data"))
    assert (caught.value.reference, caught.value.code) == ("digest-differs", ExitCode.INTEGRITY)
    assert "HTTP 422" in caught.value.context
    assert meddler.seen.count(("PUT", f"{scene.store()._requests.path('flipped')}")) == 3
    assert "flipped" not in scene.names()


@pytest.mark.parametrize("always", [False, True])
def test_a_flipped_bit_in_a_part_F07(scene: Scene, store: SwiftStore, meddler: Meddler, always: bool) -> None:
    upload = store.begin(f"part/{always}")

    def spoil(passing: Passing) -> Answer | None:
        if is_part(passing) and (always or passing.number == 1):
            passing.body = flipped(passing.body)
        return passing.ask()

    meddler.spoil = spoil
    moved: list[int] = []
    if always:
        with pytest.raises(JsobjError) as caught:
            store.put_part(upload, 1, BytesSource(b"d" * MIB), moved=moved.append)
        assert (caught.value.reference, caught.value.code) == ("digest-differs", ExitCode.INTEGRITY)
        assert sum(moved) == 0
        return
    part = store.put_part(upload, 1, BytesSource(b"d" * MIB), moved=moved.append)
    assert sum(moved) == MIB
    store.complete(upload, [part])
    assert scene.fetch(upload.key) == b"d" * MIB


@pytest.mark.parametrize("times", [1, 1000])
def test_a_lost_answer_to_the_manifest_is_settled_by_looking_C05(
    scene: Scene, store: SwiftStore, meddler: Meddler, times: int
) -> None:
    def spoil(passing: Passing) -> Answer | None:
        answer = passing.ask()
        return None if is_manifest(passing) and passing.number <= times else answer

    meddler.spoil = spoil
    _, _, etag = send_in_parts(store, f"lost/{times}", b"m" * (MIB + 1))
    assert scene.fetch(f"lost/{times}") == b"m" * (MIB + 1)
    assert scene.store().head(f"lost/{times}").etag == etag
    assert list(scene.store().uploads(f"lost/{times}")) == []


def test_a_manifest_that_never_arrives_keeps_the_old_object_C07(
    scene: Scene, store: SwiftStore, meddler: Meddler
) -> None:
    send_in_parts(store, "kept", b"old" * MIB)

    busy = (503, {"x-trans-id": "tx-made-up"}, b"busy")
    meddler.spoil = lambda passing: busy if is_manifest(passing) else passing.ask()
    upload = store.begin("kept")
    parts = [store.put_part(upload, 1, BytesSource(b"n" * MIB))]
    with pytest.raises(JsobjError) as caught:
        store.complete(upload, parts)
    assert caught.value.code is ExitCode.NETWORK
    assert scene.fetch("kept") == b"old" * MIB
    assert [found.id for found in scene.store().uploads("kept")] == [upload.id]
    meddler.spoil = lambda passing: passing.ask()
    store.complete(upload, store.parts(upload))
    assert scene.fetch("kept") == b"n" * MIB


@pytest.mark.parametrize("status", [408, 429, 498, 499, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again_F19_F20(scene: Scene, store: SwiftStore, meddler: Meddler, status: int) -> None:
    meddler.spoil = lambda passing: (status, {}, b"<html>busy</html>") if passing.number == 1 else passing.ask()
    store.put(f"busy/{status}", BytesSource(b"1"))
    assert got(store, f"busy/{status}") == b"1"
    assert [item.key for item in store.list("busy/")] == [item.key for item in scene.store().list("busy/")]


@pytest.mark.parametrize("status", [413, 507])
def test_no_room_is_final_F42(store: SwiftStore, meddler: Meddler, status: int) -> None:
    full = (status, {}, b"Upload exceeds quota.")
    meddler.spoil = lambda passing: full if passing.method == "PUT" else passing.ask()
    with pytest.raises(JsobjError) as caught:
        store.put("no-room", BytesSource(b"1"))
    assert (caught.value.reference, caught.value.code) == ("quota", ExitCode.REFUSED)
    assert sum(method == "PUT" for method, _ in meddler.seen) == 1


def test_0_1_a_proxy_that_ignores_ranges_spoils_nothing(scene: Scene, store: SwiftStore, meddler: Meddler) -> None:
    scene.witness.put_object(scene.container, "ranged", b"0123456789")

    whole = (200, {"etag": "781e5e245d69b566979b86e28d23f2c7"}, b"0123456789")
    meddler.spoil = lambda passing: whole if passing.method == "GET" and passing.number < 3 else passing.ask()
    assert got(store, "ranged", start=3, size=2) == b"34"


def test_a_read_that_was_cut_asks_nothing_more(scene: Scene, meddler: Meddler) -> None:
    """Whoever ends a run softly cuts some threads alone: the others' connections, and new ones, would work."""
    scene.store().put("cut", BytesSource(b"data"))
    store, me = scene.store(by_way_of=meddler.origin), threading.get_ident()
    meddler.spoil = lambda passing: store.cut([me])
    with pytest.raises(JsobjError):
        got(store, "cut")
    assert [method for method, _ in meddler.seen] == ["GET"]


def test_a_portal_that_answers_everything_with_its_page(store: SwiftStore, meddler: Meddler) -> None:
    """A captive portal: no object, no listing, no success of a PUT."""

    meddler.spoil = lambda passing: (200, {"content-type": "text/html"}, b"<html>Log in!</html>")
    sink = BytesSink()
    for call in (
        lambda: store.head("x"),
        lambda: store.get("x", sink),
        lambda: list(store.list()),
        lambda: store.put("x", BytesSource(b"1")),
        lambda: store.begin("x"),
    ):
        with pytest.raises(JsobjError) as caught:
            call()
        assert (caught.value.reference, caught.value.code) == ("not-object-store", ExitCode.NETWORK)
    assert not sink.data


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b"\xff\xfe[]",
        b'{"name": "x"}',
        b"[1]",
        b'[{"name": "a\\u0000b", "bytes": 1}]',
        b'[{"name": "\\ud800", "bytes": 1}]',
        b'[{"name": "a", "bytes": "1"}]',
        b'[{"name": "a", "bytes": -1}]',
        b'[{"bytes": 1}]',
        b'[{"name": "a", "bytes": 1}',
    ],
)
def test_a_hostile_listing_F24(store: SwiftStore, meddler: Meddler, body: bytes) -> None:
    meddler.spoil = lambda passing: (200, {"content-type": "application/json"}, body)
    with pytest.raises(JsobjError) as caught:
        list(store.list())
    assert (caught.value.reference, caught.value.code) == ("not-object-store", ExitCode.NETWORK)


def test_a_key_that_the_next_page_repeats_is_read_once(store: SwiftStore, meddler: Meddler) -> None:
    def page(keys: str) -> tuple[int, dict[str, str], bytes]:
        return 200, {}, json.dumps([{"name": key, "bytes": 1, "hash": "0"} for key in keys]).encode()

    pages = [page("ab"), page("bc"), page("")]
    meddler.spoil = lambda passing: pages[len(meddler.seen) - 1]
    assert [item.key for item in store.list()] == ["a", "b", "c"]


def test_a_listing_that_never_ends_F24(store: SwiftStore, meddler: Meddler) -> None:
    meddler.spoil = lambda passing: (200, {}, b'[{"name": "a", "bytes": 1, "hash": "0"}]')
    with pytest.raises(JsobjError) as caught:
        list(store.list())
    assert (caught.value.reference, caught.value.code) == ("listing-stuck", ExitCode.NETWORK)
    assert len(meddler.seen) == 2


def test_no_token_is_told(scene: Scene, store: SwiftStore, meddler: Meddler) -> None:
    meddler.spoil = lambda passing: (400, {}, b"bad \x1b[31m request")
    with pytest.raises(JsobjError) as caught:
        store.put("x", BytesSource(b"1"))
    said = f"{caught.value.to_json()}{caught.value!r}{caught.value.__cause__!r}"
    assert scene.keystone.token.reveal() not in said
    assert "\x1b" not in caught.value.context
