"""Objects in segments (SLO) over the Swift API, on real Swift and real Ceph RGW; swiftclient is the witness."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from fixtures_cloud import Cloud
from swift_scene import MIB, SERVERS, Scene, got, md5, open_scene, random_bytes, send_in_parts

from jsobj.errors import ExitCode, JsobjError
from jsobj.net.body import BytesSource, uncounted
from jsobj.store.swift.segments import composite, segment_name
from jsobj.store.swift.store import SwiftStore
from jsobj.store.values import Listed, Part, PutOptions
from jsobj.transfer.copy.items import CopyItem, CopyTerms
from jsobj.transfer.copy.object_copier import ObjectCopier


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
def test_a_large_object_is_what_was_sent(scene: Scene, size: int) -> None:
    store, data, key = scene.store(), random_bytes(size), f"parts/{size}"
    options = PutOptions("text/x-test", metadata={"mtime": "12.5", "jsobj-part-size": str(MIB)})
    upload, parts, etag = send_in_parts(store, key, data, options=options)
    assert scene.fetch(key) == data
    info = store.head(key)
    assert (info.size, info.etag, info.content_type) == (size, etag, "text/x-test")
    assert dict(info.metadata) == dict(options.metadata)
    assert info.large is (size > 0)
    assert got(store, key, etag=etag) == data
    digests = store.digests(info)
    assert digests is not None
    assert all(d.md5 == md5(data[d.start : d.start + d.size]) for d in digests)
    assert sum(d.size for d in digests) == size
    if size:
        assert etag == composite(part.etag for part in parts)
        assert [name for name in scene.segments if name.startswith(f"{upload.id}/")] == [
            segment_name(upload, part.number) for part in parts
        ]


def test_a_stretch_across_segments(scene: Scene) -> None:
    store, data = scene.store(), random_bytes(2 * MIB + 3)
    _, _, etag = send_in_parts(store, "stretch", data)
    for start, size in ((0, 1), (MIB - 5, 10), (2 * MIB, 3), (0, len(data))):
        assert got(store, "stretch", start=start, size=size, etag=etag) == data[start : start + size]
    assert got(store, "stretch", start=2 * MIB - 1) == data[2 * MIB - 1 :]
    assert got(store, "stretch", start=7, size=0) == b""


def test_a_large_object_of_any_name(fresh: Scene, store: SwiftStore) -> None:
    for name in ("a b%20\u20ac?#\n", "deep/jsobj/1-00000000/2", "trailing/"):
        _, _, etag = send_in_parts(store, name, b"z" * MIB + name.encode())
        assert fresh.fetch(name) == b"z" * MIB + name.encode()
        info = store.head(name)
        assert info.etag == etag
        assert len(store.digests(info) or ()) == 2
        assert list(store.uploads()) == []
        store.delete(name)
    assert fresh.segments == []


def test_a_large_object_is_listed_as_large_as_it_is(fresh: Scene, store: SwiftStore) -> None:
    _, _, etag = send_in_parts(store, "large", b"l" * (MIB + 9))
    store.put("small", BytesSource(b"s"))
    store.put("empty", BytesSource(b""))
    assert [(item.key, item.size, item.etag) for item in store.list()] == [
        ("empty", 0, md5(b"")),
        ("large", MIB + 9, etag),
        ("small", 1, md5(b"s")),
    ]


def test_a_new_large_object_takes_the_old_segments_away_C07(fresh: Scene, store: SwiftStore) -> None:
    first, _, _ = send_in_parts(store, "data", b"1" * (2 * MIB))
    second = store.begin("data")
    parts = [store.put_part(second, n, BytesSource(b"2" * MIB)) for n in (1, 2)]
    # Before the manifest: the old object is whole, and the new upload is seen.
    assert fresh.fetch("data") == b"1" * (2 * MIB)
    assert [upload.id for upload in store.uploads()] == [second.id]
    assert store.parts(second) == parts
    etag = store.complete(second, parts)
    assert fresh.fetch("data") == b"2" * (2 * MIB)
    assert {name.rpartition("/")[0] for name in fresh.segments} == {second.id}
    assert first.id != second.id
    # Completed again (the first answer was lost): nothing of it goes.
    assert store.complete(second, parts) == etag
    assert fresh.fetch("data") == b"2" * (2 * MIB)
    assert list(store.uploads()) == []


def test_a_plain_object_over_a_large_one(fresh: Scene, store: SwiftStore) -> None:
    send_in_parts(store, "data", b"1" * (2 * MIB))
    assert len(fresh.segments) == 2
    store.put("data", BytesSource(b"small"))
    assert fresh.fetch("data") == b"small"
    assert fresh.segments == []


def test_segments_of_another_program_go_with_their_object(fresh: Scene, store: SwiftStore) -> None:
    """python-swiftclient's names for segments."""
    container = f"{fresh.container}_segments"
    fresh.witness.put_container(container)

    def put_slo(name: str) -> None:
        lines = []
        for number in range(2):
            path = f"{name}/slo/1700000000.0/{2 * MIB}/{MIB}/{number:08d}"
            data = bytes([65 + number]) * MIB
            fresh.witness.put_object(container, path, data)
            lines.append({"path": f"/{container}/{path}", "etag": md5(data), "size_bytes": MIB})
        fresh.witness.put_object(fresh.container, name, json.dumps(lines), query_string="multipart-manifest=put")

    put_slo("theirs")
    info = store.head("theirs")
    assert [d.md5 for d in store.digests(info) or ()] == [md5(b"A" * MIB), md5(b"B" * MIB)]
    assert list(store.uploads()) == []
    store.put("theirs", BytesSource(b"ours"))
    assert fresh.segments == []
    put_slo("theirs")
    store.delete("theirs")
    assert (fresh.names(), fresh.segments) == ([], [])


def test_the_digests_of_a_dynamic_large_object_are_its_segments_which_stay(fresh: Scene, store: SwiftStore) -> None:
    other = fresh.another()
    for number in range(2):
        fresh.witness.put_object(other, f"dlo/{number}", b"d" * 10)
    fresh.witness.put_object(fresh.container, "dlo", b"", headers={"X-Object-Manifest": f"{other}/dlo/"})
    info = store.head("dlo")
    assert (info.size, info.large) == (20, True)
    assert [digest.md5 for digest in store.digests(info) or ()] == [md5(b"d" * 10)] * 2
    assert got(store, "dlo") == b"d" * 20
    fresh.witness.put_object(other, "dlo/1", b"e" * 10)
    assert store.digests(info) is None  # it is another object since
    store.delete("dlo")
    assert fresh.names() == []
    assert len(fresh.witness.get_container(other)[1]) == 2


def test_deleting_a_large_object_leaves_nothing(fresh: Scene, store: SwiftStore) -> None:
    send_in_parts(store, "large", b"1" * (2 * MIB))
    send_in_parts(store, "large2", b"2" * (2 * MIB))
    store.delete("large")
    assert fresh.names() == ["large2"]
    assert len(fresh.segments) == 2
    fresh.store().delete("large2")
    assert (fresh.names(), fresh.segments) == ([], [])


def test_giving_an_upload_up(fresh: Scene, store: SwiftStore) -> None:
    upload = store.begin("data")
    with pytest.raises(JsobjError) as caught:
        store.parts(upload)
    assert (caught.value.reference, caught.value.code) == ("upload-not-found", ExitCode.NOT_FOUND)
    store.put_part(upload, 1, BytesSource(b"1" * MIB))
    found = list(store.uploads("da"))
    assert [(u.key, u.id) for u in found] == [("data", upload.id)]
    assert found[0].started == pytest.approx(upload.started, abs=1)
    assert list(store.uploads("other")) == []
    store.abort(upload)
    store.abort(upload)
    assert fresh.segments == []
    assert list(store.uploads()) == []


def test_a_completed_upload_is_not_given_up(fresh: Scene, store: SwiftStore) -> None:
    upload, _, _ = send_in_parts(store, "data", b"1" * (2 * MIB))
    store.abort(upload)
    assert fresh.fetch("data") == b"1" * (2 * MIB)


def test_a_manifest_of_missing_segments_is_refused(fresh: Scene, store: SwiftStore) -> None:
    upload = store.begin("data")
    part = store.put_part(upload, 1, BytesSource(b"1" * MIB))
    with pytest.raises(JsobjError) as caught:
        store.complete(upload, [part, Part(2, MIB, part.etag)])
    assert caught.value.code is not ExitCode.NETWORK
    assert fresh.names() == []


def test_a_copy_of_a_large_object_shares_nothing_with_it(fresh: Scene, store: SwiftStore) -> None:
    other = fresh.another()
    there = fresh.store(other)
    data = random_bytes(2 * MIB + 1)
    _, _, etag = send_in_parts(store, "da%20ta", data, options=PutOptions("text/x-a", metadata={"mtime": "1.5"}))
    copied = ObjectCopier(store, there, CopyTerms(True, False, True, MIB), uncounted).copied(
        CopyItem(Listed("da%20ta"), "copy")
    )
    assert (copied.size, copied.etag, copied.verified) == (len(data), etag, "etag")
    store.delete("da%20ta")
    assert fresh.segments == []
    assert fresh.fetch("copy", other) == data
    assert (there.head("copy").content_type, dict(there.head("copy").metadata)) == ("text/x-a", {"mtime": "1.5"})


def test_parts_from_another_object(fresh: Scene, store: SwiftStore) -> None:
    data = random_bytes(3 * MIB)
    send_in_parts(store, "data", data)
    info = store.head("data")
    upload = store.begin("copy")
    parts = [store.copy_part(upload, n + 1, fresh.container, info, n * MIB, MIB) for n in range(3)]
    store.complete(upload, parts)
    assert fresh.fetch("copy") == data
    half = store.begin("half")
    if fresh.is_rgw:  # it ignores Range in copies
        with pytest.raises(JsobjError) as caught:
            store.copy_part(half, 1, fresh.container, info, 5, MIB)
        assert (caught.value.reference, caught.value.code) == ("copy-range", ExitCode.REFUSED)
    else:
        store.complete(half, [store.copy_part(half, 1, fresh.container, info, 5, MIB)])
        assert fresh.fetch("half") == data[5 : 5 + MIB]
    assert list(store.uploads()) == []
    assert fresh.fetch("data") == data


def test_the_servers_limits(scene: Scene) -> None:
    limits = scene.store().limits
    assert limits.parts == 1000
    assert limits.smallest_part == 1
    assert 5 * 1024**3 <= limits.largest_put <= 5 * 1024**3 + 2
    assert limits.largest_object == limits.parts * limits.largest_part
