"""Listings over S3, on real Swift and real Ceph RGW: whole, in order, page by page, whatever the server knows."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Any

import pytest
from fixtures_cloud import Cloud
from s3_scene import S3Scene, md5, open_scene

from jsobj.errors import S3NotImplemented
from jsobj.net.body import BytesSource
from jsobj.net.sigv4 import KeyPair
from jsobj.store.s3 import listing as s3_listing
from jsobj.store.values import Upload


@pytest.fixture(name="tree", scope="module")
def _tree(request: pytest.FixtureRequest, stores: S3Scene, cloud: Cloud, ec2_key: KeyPair) -> Iterator[S3Scene]:
    scenes = open_scene(request, stores.server, cloud, ec2_key)
    scene = next(scenes)
    for key in TREE:
        scene.write(key, key.encode())
    yield scene
    next(scenes, None)


TREE = (
    "a",
    "a/1",
    "a/2",
    "a b/+",
    "b%2F",
    "b/\u00fc",
    "b/\u20ac",
    "b/\U0001f980",
    "c\n",
    "d/e/f",
    "z",
    "\ue000",
    "\U0001f980",
)


@pytest.mark.parametrize("limit", [0, 1, 2, 3, len(TREE) - 1, len(TREE), len(TREE) + 1])
@pytest.mark.parametrize("prefix", ["", "a", "b/", "nothing"])
@pytest.mark.parametrize("delimiter", ["", "/"])
def test_P21_listings_are_whole_and_in_order(tree: S3Scene, limit: int, prefix: str, delimiter: str) -> None:
    found = list(s3_listing.objects(tree.store._requests, prefix, delimiter=delimiter, limit=limit))
    words = {"Bucket": tree.bucket, "Prefix": prefix, "Delimiter": delimiter}
    theirs = tree.witness.list_objects_v2(**words)
    keys = [item["Key"] for item in theirs.get("Contents", ())]
    folded = [item["Prefix"] for item in theirs.get("CommonPrefixes", ())]
    assert [item.key for item in found if not item.prefix] == keys
    assert [item.key for item in found if item.prefix] == folded
    assert [item.key.encode() for item in found] == sorted(item.key.encode() for item in found)
    for item in found:
        if not item.prefix:
            assert (item.size, item.etag) == (len(item.key.encode()), md5(item.key.encode()))
            assert item.modified is not None


@pytest.mark.parametrize("after", ["a", "a/1", "b/", "c", "z", "\U0001f980"])
@pytest.mark.parametrize("limit", [0, 2])
def test_a_listing_begins_after_a_name(tree: S3Scene, after: str, limit: int) -> None:
    found = [item.key for item in s3_listing.objects(tree.store._requests, after=after, limit=limit)]
    assert found == sorted((key for key in TREE if key.encode() > after.encode()), key=str.encode)
    folded = list(s3_listing.objects(tree.store._requests, delimiter="/", after=after, limit=limit))
    assert [item.key.encode() for item in folded] == sorted({item.key.encode() for item in folded})


def test_a_listing_that_is_given_up_asks_for_no_more(tree: S3Scene) -> None:
    asked = []
    api = tree.another()._requests
    send = api.session.send
    api.session.send = lambda request: asked.append(request) or send(request)  # type: ignore[assignment, func-returns-value]
    listing = s3_listing.objects(api, limit=2)
    assert isinstance(listing, Generator)
    next(listing)
    listing.close()
    assert len(asked) <= 2  # the page in use, and the one that is fetched meanwhile


@pytest.mark.parametrize("limit", [1, 2, 0])
def test_servers_that_know_only_the_first_way_to_list(tree: S3Scene, monkeypatch: Any, limit: int) -> None:
    api = tree.another()._requests
    send = api.session.send

    def old(request: Any) -> Any:
        if ("list-type", "2") in request.query:
            raise S3NotImplemented("no")
        return send(request)

    monkeypatch.setattr(api.session, "send", old)
    for delimiter in ("", "/"):
        ours = list(s3_listing.objects(api, delimiter=delimiter, limit=limit))
        assert ours == list(tree.store.list(delimiter=delimiter))


def test_servers_that_ignore_that_they_are_asked_in_the_second_way(tree: S3Scene, monkeypatch: Any) -> None:
    api = tree.another()._requests
    send = api.session.send
    asked = []

    def old(request: Any) -> Any:
        asked.append(request.query)
        return send(replace(request, query=tuple(pair for pair in request.query if pair != ("list-type", "2"))))

    monkeypatch.setattr(api.session, "send", old)
    assert list(s3_listing.objects(api, limit=3)) == list(tree.store.list())
    assert [("list-type", "2") in query for query in asked][:2] == [True, False]


def test_many_uploads_and_parts_come_page_by_page(fresh_bucket: S3Scene, monkeypatch: Any) -> None:
    store, api = fresh_bucket.store, fresh_bucket.store._requests
    begun = {(key, store.begin(key).id) for key in ("u/1", "u/1", "u/2 +", "u/\u00fc", "v")}
    if fresh_bucket.is_rgw:  # Swift 2.38 answers 500
        control = store.begin("\x01")
        assert [upload.key for upload in store.uploads("\x01")] == ["\x01"]
        assert next(store.uploads()).key == "\x01"
        store.abort(control)
    parts = [store.put_part(Upload("v", dict(begun)["v"]), number, BytesSource(b"x")) for number in (1, 2, 5)]
    send = api.session.send
    asked = []

    def small(request: Any) -> Any:
        asked.append(request)
        names = {name for name, _ in request.query}
        more = (("max-uploads", "2"),) if "uploads" in names else (("max-parts", "1"),)
        return send(replace(request, query=request.query + more))

    monkeypatch.setattr(api.session, "send", small)
    found = [(upload.key, upload.id) for upload in store.uploads()]
    assert set(found) == begun
    assert len(found) == len(begun)
    assert len(asked) == 3
    assert {upload.key for upload in store.uploads("u/")} == {"u/1", "u/2 +", "u/\u00fc"}
    assert store.parts(Upload("v", dict(begun)["v"])) == parts
