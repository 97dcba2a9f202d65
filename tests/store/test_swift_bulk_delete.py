"""Many objects deleted by one request over the Swift API: exactly those, with segments where there are any."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import pytest
from fixtures_cloud import Cloud
from meddler import Answer, Meddler, Passing
from swift_scene import MIB, SERVERS, Scene, open_scene, random_bytes, send_in_parts
from test_s3_delete_many import KEYS, NEIGHBOURS, failed, rid
from test_swift_objects import NAMES

from jsobj.net.body import BytesSource
from jsobj.store.swift.store import SwiftStore
from jsobj.transfer.events import Done

ODD = ("/", "//", "/lead", "tab\tx", "trailing ", " ")


@pytest.fixture(params=SERVERS)
def scene(request: pytest.FixtureRequest, cloud: Cloud) -> Iterator[Scene]:
    yield from open_scene(request, request.param, cloud)


@pytest.fixture
def behind(scene: Scene, meddler: Meddler, monkeypatch: pytest.MonkeyPatch) -> SwiftStore:
    """A store that speaks through the proxy."""
    monkeypatch.setattr("jsobj.net.retry._BASE", 0.0)
    return scene.store(by_way_of=meddler.origin)


def fill(scene: Scene, keys: Sequence[str]) -> None:
    store = scene.store()
    for key in keys:
        store.put(key, BytesSource(b"x"))


def test_P23_exactly_the_names_that_were_meant(scene: Scene) -> None:
    every = sorted({*NAMES, *NEIGHBOURS, *(ODD if not scene.is_rgw else ODD[2:])})
    fill(scene, every)
    assert set(scene.names()) == set(every)
    store = scene.store()
    for chosen in (every[::2], every[1::2]):
        before = set(scene.names())
        gone = store.delete_many([*chosen, "nothing of this name"])
        assert before - set(scene.names()) == set(gone) - {"nothing of this name"} <= set(chosen)
        assert bool(gone) is not scene.is_rgw
    left = scene.names()
    assert left
    assert [e.item for e in rid(store, left) if isinstance(e, Done)] == [store.place.url(key) for key in left]
    assert scene.names() == []


def test_a_few_requests_for_many_objects(scene: Scene, meddler: Meddler, behind: SwiftStore) -> None:
    """On Ceph one for each: its bulk delete looks at no policy."""
    fill(scene, KEYS)
    assert [e.item for e in rid(behind, KEYS)] == [behind.place.url(key) for key in KEYS]
    assert scene.names() == []
    methods = [method for method, _ in meddler.seen if method in {"POST", "DELETE"}]
    assert methods == ["DELETE" if scene.is_rgw else "POST"] * len(methods)
    assert len(methods) == len(KEYS) if scene.is_rgw else len(methods) <= len(KEYS) / 8 + 1


def test_segments_go_with_their_objects(scene: Scene) -> None:
    store = scene.store()
    fill(scene, KEYS)
    for key in ("many/large", "many/larger"):
        send_in_parts(store, key, random_bytes(2 * MIB + 1))
    assert len(scene.segments) == 6
    assert store.delete_many(KEYS) == ()
    keys = scene.names()
    assert [type(event) for event in rid(scene.store(), keys)] == [Done] * 42
    assert (scene.names(), scene.segments) == ([], [])


def one_failed(passing: Passing) -> Answer:
    """Nothing was deleted."""
    errors = [[passing.body.decode().split("\n")[0], "409 Conflict"]]
    numbers = {"Number Deleted": len(passing.body.split()) - 1, "Number Not Found": 0}
    document = {"Response Status": "400 Bad Request", "Response Body": "", "Errors": errors, **numbers}
    return 200, {"content-type": "application/json"}, json.dumps(document).encode()


def one_uncounted(passing: Passing) -> Answer:
    """It was done, and the answer counts one less."""
    status, headers, body = passing.ask()
    document = json.loads(body)
    return status, headers, json.dumps(document | {"Number Deleted": document["Number Deleted"] - 1}).encode()


SPOILT = {
    "one-failed": one_failed,
    "one-uncounted": one_uncounted,
    "the-account-took-it": lambda passing: (204, {}, b""),
    "forbidden": lambda passing: (403, {}, b""),
    "no-json": lambda passing: (200, {}, b"fine"),
    "odd-json": lambda passing: (200, {}, b'{"Errors": [], "Response Status": 200}'),
    "cut": lambda passing: None,
}


@pytest.mark.parametrize("how", SPOILT)
def test_what_is_not_confirmed_is_deleted_by_itself(
    scene: Scene, meddler: Meddler, behind: SwiftStore, how: str
) -> None:
    fill(scene, KEYS)
    meddler.spoil = lambda passing: passing.ask() if passing.method != "POST" else SPOILT[how](passing)
    assert [type(event) for event in rid(behind, KEYS)] == [Done] * len(KEYS)
    assert scene.names() == []
    assert any(method == "DELETE" for method, _ in meddler.seen)


def test_F06_each_failure_is_named_with_the_servers_reason(scene: Scene, meddler: Meddler, behind: SwiftStore) -> None:
    fill(scene, KEYS)
    kept = KEYS[5:8]

    def spoil(passing: Passing) -> Answer:
        if passing.method == "DELETE" and passing.path.endswith(kept):
            return 403, {}, b""
        if passing.method == "POST" and any(key.encode() in passing.body for key in kept):
            return one_failed(passing)
        return passing.ask()

    meddler.spoil = spoil
    assert set(failed(rid(behind, KEYS))) == {behind.place.url(key) for key in kept}
    assert scene.names() == list(kept)
