"""Objects over S3, on real Swift and real Ceph RGW; boto3 reads what was written, and writes what is read."""

from __future__ import annotations

import json
import os
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
import swiftclient
from botocore.exceptions import ClientError
from fixtures_cloud import Cloud
from fixtures_rgw import TENANTS, Rgw
from s3_scene import MIB, SMALLEST, S3Scene, got, md5, open_scene, refused, send_in_parts

from jsobj.errors import ExitCode
from jsobj.net.body import BytesSink, BytesSource
from jsobj.net.sigv4 import KeyPair
from jsobj.secret import Secret
from jsobj.store.etag import composite
from jsobj.store.values import Listed, ObjectInfo, PutOptions, Upload

# Names that round-trip or break what is quoted twice, not at all, or tidied up (P23, B080, B082, B085, B090, B091).
NAMES = (
    "plain.txt", "a b", "100%", "a%20b", "a%2Fb", "%46", "a+b", "x?y#z&", "\u20ac/\u00fc.nc", "\u00e9", "e\u0301",
    "~'()*!$@:;,=", "a//b", "../x", "a/../b", "./c", ".", "..", "a/", "/lead", "line\nbreak", "cr\rlf", "tab\tvt\x0b",
    "\x01\x1f", "\x1b[31mred", "\x7f", "\u202e", "\U0001f980", '"quoted"<&>', "back\\slash", "trailing.", "trailing ",
    "-rf", "k" * 1024,
)  # fmt: skip


@pytest.mark.parametrize("size", [0, 1, MIB, MIB + 1, 5 * MIB, 16 * MIB + 1])
def test_P01_an_object_is_what_was_sent(stores: S3Scene, size: int) -> None:
    store, data, key = stores.store, os.urandom(size), f"whole/{size}"
    moved: list[int] = []
    assert store.put(key, BytesSource(data), moved=moved.append) == md5(data)
    assert sum(moved) == size
    assert stores.fetch(key) == data
    info = store.head(key)
    assert (info.size, info.etag, info.parts, info.large) == (size, md5(data), None, False)
    assert got(store, key, etag=info.etag) == data
    assert [(d.start, d.size, d.md5) for d in store.digests(info) or ()] == [(0, size, md5(data))]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_P23_every_name_arrives_exactly(stores: S3Scene, name: str) -> None:
    store, data = stores.store, name.encode()
    store.put(name, BytesSource(data))
    assert stores.fetch(name) == data
    assert got(store, name) == data
    found = [item.key for item in store.list(name)]
    assert name in found
    assert all(key.startswith(name) for key in found)
    copied = store.copy(stores.bucket, store.head(name), "copied")
    assert copied == md5(data)
    store.delete(name)
    assert refused(store.head, name).reference == "object-not-found"


def test_what_is_kept_with_an_object(stores: S3Scene) -> None:
    store = stores.store
    metadata = {"mtime": "1700000000.123456789", "note": "k\u00e4se  mit brot"}
    store.put("kept", BytesSource(b"x"), PutOptions("text/csv", "gzip", metadata))
    info = store.head("kept")
    assert (info.content_type, info.content_encoding, info.metadata) == ("text/csv", "gzip", metadata)
    seen = stores.witness.head_object(Bucket=stores.bucket, Key="kept")
    assert seen["Metadata"]["mtime"] == metadata["mtime"]
    assert info.modified == seen["LastModified"].timestamp()
    stores.write("theirs", b"y", Metadata={"a-b": "c"}, ContentType="a/b")
    theirs = store.head("theirs")
    assert (theirs.content_type, dict(theirs.metadata)) == ("a/b", {"a-b": "c"})


def test_stretches(stores: S3Scene) -> None:
    store, data = stores.store, os.urandom(3 * MIB + 5)
    etag = stores.write("stretches", data)
    for start, size in ((0, 1), (1, MIB), (len(data) - 1, 1), (0, len(data)), (MIB, 2 * MIB + 5)):
        assert got(store, "stretches", start=start, size=size, etag=etag) == data[start : start + size]
    assert got(store, "stretches", start=7) == data[7:]
    assert got(store, "stretches", start=3, size=0) == b""
    assert got(store, "stretches", start=len(data)) == b""
    error = refused(store.get, "stretches", BytesSink(), start=len(data), size=3)
    assert (error.reference, error.code) == ("range-outside", ExitCode.USAGE)


def test_P11_another_version_is_never_mixed_in(stores: S3Scene) -> None:
    store = stores.store
    for key, etag in (
        ("small", store.put("small", BytesSource(b"first"))),
        ("large", send_in_parts(store, "large", b"1" * (SMALLEST + 1))[2]),
    ):
        assert got(store, key, start=1, size=2, etag=etag)
        stores.write(key, b"second version")
        sink = BytesSink()
        for words in ({}, {"start": 1, "size": 2}, {"start": 3}, {"size": 0}):
            error = refused(store.get, key, sink, etag=etag, **words)
            assert (error.reference, error.code) == ("object-changed", ExitCode.INTEGRITY)
        assert not sink.data


def test_F07_bytes_that_change_after_they_were_digested_make_no_object(stores: S3Scene) -> None:
    class Fickle:
        """Other bytes each time it is read to its end."""

        def __init__(self, size: int) -> None:
            self.size = size
            self._round = 0

        def read_into(self, buffer: memoryview, offset: int) -> int:
            count = min(len(buffer), self.size - offset)
            self._round += offset == 0
            buffer[:count] = bytes([self._round % 251]) * count
            return count

    for size in (1000, MIB + 1):
        moved: list[int] = []
        error = refused(stores.store.put, f"fickle/{size}", Fickle(size), moved=moved.append)
        assert (error.reference, error.code) == ("digest-differs", ExitCode.INTEGRITY)
        assert sum(moved) == 0
        with pytest.raises(ClientError, match="404"):
            stores.witness.head_object(Bucket=stores.bucket, Key=f"fickle/{size}")


# -- in parts


def test_an_upload_in_parts(stores: S3Scene) -> None:
    store, data = stores.store, os.urandom(2 * SMALLEST + 7)
    options = PutOptions("application/x-netcdf", "", {"jsobj-part-size": str(SMALLEST)})
    upload = store.begin("parts/one", options)
    assert ("parts/one", upload.id) in [(found.key, found.id) for found in store.uploads("parts/")]
    assert ("parts/one", upload.id) in stores.uploads()
    assert store.parts(upload) == []
    pieces = [data[start : start + SMALLEST] for start in range(0, len(data), SMALLEST)]
    moved: list[int] = []
    # Three at once, in any order.
    with ThreadPoolExecutor(3) as pool:
        numbered = list(enumerate(pieces, start=1))[::-1]
        send = list(pool.map(lambda p: store.put_part(upload, p[0], BytesSource(p[1]), moved=moved.append), numbered))
    parts = sorted(send, key=lambda part: part.number)
    assert sum(moved) == len(data)
    assert store.parts(upload) == parts
    etag = store.complete(upload, parts, options)
    assert etag == composite(md5(piece) for piece in pieces)
    assert stores.fetch("parts/one") == data
    assert ("parts/one", upload.id) not in stores.uploads()
    info = store.head("parts/one")
    assert (info.etag, info.parts, info.size) == (etag, 3, len(data))
    assert (info.content_type, dict(info.metadata)) == ("application/x-netcdf", {"jsobj-part-size": str(SMALLEST)})
    assert store.digests(info) is None
    assert store.part_size(info, 1) == (0 if stores.is_rgw else SMALLEST)
    assert got(store, "parts/one", start=SMALLEST, size=SMALLEST, etag=etag) == pieces[1]
    assert store.complete(upload, parts, options) == etag  # as after a lost answer


def test_an_upload_that_is_given_up(stores: S3Scene) -> None:
    store = stores.store
    upload = store.begin("given-up")
    part = store.put_part(upload, 1, BytesSource(b"x"))
    store.abort(upload)
    store.abort(upload)
    assert not [found for found in stores.uploads() if found[0] == "given-up"]
    for function, words in (
        (store.parts, (upload,)),
        (store.put_part, (upload, 2, BytesSource(b"y"))),
    ):
        error = refused(function, *words)
        assert (error.reference, error.code) == ("upload-not-found", ExitCode.NOT_FOUND)
    error = refused(store.complete, upload, [part])
    assert error.code in {ExitCode.NOT_FOUND, ExitCode.NETWORK}
    assert refused(store.head, "given-up").code is ExitCode.NOT_FOUND


def test_F08_an_upload_that_never_was_does_not_take_anothers_object_for_its_own(stores: S3Scene) -> None:
    store = stores.store
    _, parts, etag = send_in_parts(store, "anothers", b"a" * SMALLEST + b"b")
    theirs = [parts[0], store.put_part(store.begin("elsewhere"), 2, BytesSource(b"c"))]
    error = refused(store.complete, Upload("anothers", "2~NeverWas"), theirs)
    assert error.code in {ExitCode.INTEGRITY, ExitCode.NOT_FOUND, ExitCode.NETWORK}
    assert stores.fetch("anothers") == b"a" * SMALLEST + b"b"
    assert store.complete(Upload("anothers", "2~NeverWas"), parts) == etag  # the object of these parts is there


def test_parts_that_the_server_does_not_have(stores: S3Scene) -> None:
    store = stores.store
    _, parts, _ = send_in_parts(store, "whole", b"a" * SMALLEST + b"b")
    upload = store.begin("lacking")
    error = refused(store.complete, upload, parts)
    assert (error.reference, error.code) == ("parts-refused", ExitCode.INTEGRITY)
    assert ("lacking", upload.id) in stores.uploads()


# -- copies


def test_copies(stores: S3Scene, fresh_bucket: S3Scene) -> None:
    store, other = stores.store, fresh_bucket
    store.put("from", BytesSource(b"to be copied"), PutOptions("a/b", metadata={"k": "v"}))
    source = store.head("from")
    assert other.store.copy(stores.bucket, source, "same") == source.etag
    same = other.store.head("same")
    assert (same.content_type, dict(same.metadata)) == ("a/b", {"k": "v"})
    other.store.copy(stores.bucket, source, "new", PutOptions("c/d", metadata={"m": "n"}))
    new = other.store.head("new")
    assert (new.content_type, dict(new.metadata)) == ("c/d", {"m": "n"})
    assert other.fetch("same") == other.fetch("new") == b"to be copied"
    missing = refused(other.store.copy, stores.bucket, ObjectInfo("nope", 1, "0" * 32), "x")
    assert (missing.reference, missing.code) == ("object-not-found", ExitCode.NOT_FOUND)
    assert f"s3://{stores.bucket}/nope" in missing.message


def test_P11_a_copy_is_of_the_version_that_was_meant(stores: S3Scene) -> None:
    store = stores.store
    old = ObjectInfo("moving", 5, store.put("moving", BytesSource(b"first")))
    stores.write("moving", b"x" * SMALLEST)
    error = refused(store.copy, stores.bucket, old, "copy-of-moving")
    assert (error.reference, error.code) == ("object-changed", ExitCode.INTEGRITY)
    upload = store.begin("copy-in-parts")
    error = refused(store.copy_part, upload, 1, stores.bucket, old, 0, 5)
    assert error.reference == "object-changed"
    store.abort(upload)


def test_a_copy_in_parts(stores: S3Scene) -> None:
    store, data = stores.store, os.urandom(2 * SMALLEST + 7)
    send_in_parts(store, "large-source", data)
    source = store.head("large-source")
    assert store.copy(stores.bucket, source, "large-copy")
    assert stores.fetch("large-copy") == data
    upload = store.begin("cut-otherwise")
    parts = [
        store.copy_part(upload, 1, stores.bucket, source, 0, SMALLEST + 3),
        store.copy_part(upload, 2, stores.bucket, source, SMALLEST + 3, SMALLEST + 4),
    ]
    assert [part.etag for part in parts] == [md5(data[: SMALLEST + 3]), md5(data[SMALLEST + 3 :])]
    store.complete(upload, parts)
    assert stores.fetch("cut-otherwise") == data


# -- what is not there, and who may not


def test_what_is_missing_is_named(stores: S3Scene) -> None:
    store, nowhere = stores.store, stores.another("no-such-bucket-at-all")
    for function in (store.head, lambda key: store.get(key, BytesSink())):
        error = refused(function, "nope")
        assert (error.reference, error.code) == ("object-not-found", ExitCode.NOT_FOUND)
    for function in (
        nowhere.head,
        nowhere.delete,
        lambda key: nowhere.get(key, BytesSink()),
        lambda key: nowhere.put(key, BytesSource(b"x")),
        lambda key: nowhere.begin(key),
        lambda key: list(nowhere.list(key)),
        lambda key: list(nowhere.uploads(key)),
    ):
        error = refused(function, "x")
        assert (error.reference, error.code) == ("bucket-not-found", ExitCode.NOT_FOUND)
        assert "no-such-bucket-at-all" in error.message
    store.delete("never-was")


def test_keys_that_are_wrong(stores: S3Scene) -> None:
    secret = stores.another(key=KeyPair(stores.key.access, Secret("wrong")))
    unknown = stores.another(key=KeyPair("0" * 32, Secret("wrong")))
    for store in (secret, unknown):
        for function in (store.head, lambda key: list(store.list(key)), lambda key: store.put(key, BytesSource(b""))):  # noqa: B023
            error = refused(function, "x")
            assert (error.reference, error.code) == ("s3-key-refused", ExitCode.AUTH)
            assert stores.key.secret.reveal() not in f"{error} {error.context} {error.hint}"


def test_the_region_that_the_server_wants_is_learnt(stores: S3Scene) -> None:
    stores.write("region", b"x")
    for ask in (lambda store: store.head("region").size, lambda store: len(got(store, "region"))):
        assert ask(stores.another(region="dc3-a")) == 1


def test_0_12_limits_are_the_servers(stores: S3Scene) -> None:
    limits = stores.store.limits
    assert limits.parts == (10_000 if stores.is_rgw else 1000)
    assert (limits.smallest_part, limits.largest_put) == (SMALLEST, 5 * 1024 * MIB)


def test_public_data_need_no_key(stores: S3Scene) -> None:
    nobody = stores.another(key=KeyPair("", Secret("")))
    stores.write("public", b"for all", ACL="public-read")
    stores.write("private", b"for some")
    if stores.is_rgw:
        assert got(nobody, "public") == b"for all"
        assert nobody.head("public").size == 7
    for key in ("private",) if stores.is_rgw else ("public", "private"):
        for function in (nobody.head, lambda key: nobody.get(key, BytesSink())):
            error = refused(function, key)
            assert (error.reference, error.code) == ("not-public", ExitCode.AUTH)
    assert refused(lambda: list(nobody.list())).reference == "not-public"
    assert refused(nobody.presign, "GET", "public", 60).code is ExitCode.AUTH


def test_presigned_urls(stores: S3Scene) -> None:
    store, key = stores.store, "signed/\u00fc +%2F"
    put = urllib.request.Request(store.presign("PUT", key, 60), data=b"by anybody", method="PUT")
    with urllib.request.urlopen(put, timeout=30) as answer:
        assert answer.status == 200
    assert stores.fetch(key) == b"by anybody"
    with urllib.request.urlopen(store.presign("GET", key, 60), timeout=30) as answer:
        assert answer.read() == b"by anybody"


def test_tenants_buckets(request: pytest.FixtureRequest, cloud: Cloud, ec2_key: KeyPair) -> None:
    scenes = open_scene(request, TENANTS, cloud, ec2_key)
    scene = next(scenes)
    project = cloud.status.projects["demo"]
    store = scene.another(f"{project}:{scene.bucket}")
    store.put("a b", BytesSource(b"theirs"), PutOptions(metadata={"k": "v"}))
    assert scene.fetch("a b") == b"theirs"
    assert [item.key for item in store.list()] == ["a b"]
    assert store.copy(f"{project}:{scene.bucket}", store.head("a b"), "c") == md5(b"theirs")
    assert got(store, "c") == b"theirs"
    assert store.place.url("c") == f"s3://{project}:{scene.bucket}/c"
    assert refused(scene.another(f"{'0' * 32}:{scene.bucket}").head, "a b").code is ExitCode.NOT_FOUND
    next(scenes, None)


def test_what_was_uploaded_in_segments_over_swift(
    request: pytest.FixtureRequest, stores: S3Scene, cloud: Cloud
) -> None:
    """Ceph RGW lists the manifest's size, and gives an ETag that looks like an MD5 of the bytes."""
    account = cloud.swift_url
    if stores.is_rgw:
        rgw: Rgw = request.getfixturevalue("rgw")
        account = rgw.gateway(stores.server).swift_url(cloud.status.projects["demo"])
    swift = swiftclient.Connection(preauthurl=account, preauthtoken=cloud.keystone_token("alice"), retries=3)
    pieces = [b"a" * 100, b"b" * 50]
    segments = [
        {
            "path": f"/{stores.bucket}/segments/{n}",
            "etag": swift.put_object(stores.bucket, f"segments/{n}", piece),
            "size_bytes": len(piece),
        }
        for n, piece in enumerate(pieces)
    ]
    swift.put_object(stores.bucket, "slo", json.dumps(segments), query_string="multipart-manifest=put")
    swift.close()
    store = stores.store
    info = store.head("slo")
    assert (info.size, info.large, info.parts, store.digests(info)) == (150, True, None, None)
    assert got(store, "slo", etag=info.etag) == got(store, "slo", start=0, size=150, etag=info.etag) == b"".join(pieces)
    assert list(store.list("slo")) == [Listed("slo", 150, info.etag, next(store.list("slo")).modified)]
