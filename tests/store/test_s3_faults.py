"""S3 over a line that spoils things, before real Swift and real Ceph RGW: what the bytes are, and what is said."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from meddler import Meddler, Passing, flipped, meddling, refusal
from s3_scene import MIB, SMALLEST, S3Scene, got, md5, refused

from jsobj.errors import ExitCode
from jsobj.net.body import BytesSink, BytesSource
from jsobj.store.etag import composite
from jsobj.store.s3.store import S3Store
from jsobj.store.values import Part, Upload

DATA = os.urandom(SMALLEST + 5)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries at once: how long is waited is tested with the policy itself."""
    monkeypatch.setattr("jsobj.net.retry._BASE", 0.0)


@pytest.fixture
def meddler(stores: S3Scene) -> Iterator[Meddler]:
    with meddling(stores.endpoint) as made:
        yield made


@pytest.fixture
def store(stores: S3Scene, meddler: Meddler) -> S3Store:
    """A store behind the meddler."""
    return stores.another(endpoint=meddler.origin)


def begun(store: S3Store, key: str) -> tuple[Upload, list[Part]]:
    upload = store.begin(key)
    pieces = DATA[:SMALLEST], DATA[SMALLEST:]
    return upload, [store.put_part(upload, n, BytesSource(piece)) for n, piece in enumerate(pieces, start=1)]


@pytest.mark.parametrize("known", [False, True], ids=["server-unknown", "server-known"])
@pytest.mark.parametrize("size", [100, MIB + 1])
def test_F07_a_bit_that_flips_on_the_way_up(
    stores: S3Scene, store: S3Store, meddler: Meddler, size: int, known: bool
) -> None:
    data, key = os.urandom(size), f"flip/{size}/{known}"
    if known:
        store.delete(key)  # the first answer tells what the server compares

    def once(passing: Passing) -> Any:
        if passing.method == "PUT" and passing.number == 1:
            passing.body = flipped(passing.body)
        return passing.ask()

    def always(passing: Passing) -> Any:
        passing.body = flipped(passing.body) if passing.method == "PUT" else passing.body
        return passing.ask()

    meddler.spoil = once
    moved: list[int] = []
    assert store.put(key, BytesSource(data), moved=moved.append) == md5(data)
    assert sum(moved) == size
    assert stores.fetch(key) == data
    meddler.spoil = always
    error = refused(store.put, f"{key}/never", BytesSource(data))
    assert (error.reference, error.code) == ("digest-differs", ExitCode.INTEGRITY)
    assert not list(stores.store.list(f"{key}/never"))


@pytest.mark.parametrize("known", [False, True], ids=["server-unknown", "server-known"])
def test_F07_a_bit_that_flips_in_a_part(stores: S3Scene, store: S3Store, meddler: Meddler, known: bool) -> None:
    upload = store.begin(f"part/{known}")
    store._dialect.checks_payload = known

    def once(passing: Passing) -> Any:
        if passing.method == "PUT" and passing.number == 1:
            passing.body = flipped(passing.body)
        answer = passing.ask()
        if not known:  # an answer that does not name the server
            answer[1].pop("x-amz-request-id")
        return answer

    meddler.spoil = once
    moved: list[int] = []
    part = store.put_part(upload, 1, BytesSource(DATA), moved=moved.append)
    assert (part.etag, sum(moved)) == (md5(DATA), len(DATA))
    etag = stores.store.complete(upload, [part])
    assert etag == composite([md5(DATA)])
    assert stores.fetch(upload.key) == DATA


@pytest.mark.parametrize("known", [False, True], ids=["server-unknown", "server-known"])
def test_F38_a_part_without_an_etag(stores: S3Scene, store: S3Store, meddler: Meddler, known: bool) -> None:
    upload = store.begin(f"untold/{known}")
    store._dialect.checks_payload = known

    def untold(times: int) -> Any:
        def spoil(passing: Passing) -> Any:
            status, headers, body = passing.ask()
            headers.pop("x-amz-request-id")
            if passing.number <= times:
                headers.pop("etag")
            return status, headers, body

        return spoil

    meddler.spoil = untold(1)
    assert store.put_part(upload, 1, BytesSource(b"x")).etag == md5(b"x")
    meddler.spoil = untold(99)
    moved: list[int] = []
    error = refused(store.put_part, upload, 2, BytesSource(b"y"), moved=moved.append)
    assert (error.reference, error.code, sum(moved)) == ("digest-differs", ExitCode.INTEGRITY, 0)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_F17_trouble_that_passes(stores: S3Scene, store: S3Store, meddler: Meddler, status: int) -> None:
    def spoil(passing: Passing) -> Any:
        return (
            refusal(status, "SlowDown" if status == 503 else "InternalError") if passing.number == 1 else passing.ask()
        )

    meddler.spoil = spoil
    key = f"trouble/{status}"
    upload, parts = begun(store, key)
    assert store.parts(upload) == parts
    assert [found.id for found in store.uploads(key)] == [upload.id]
    etag = store.complete(upload, parts)
    assert store.head(key).etag == etag
    assert got(store, key, etag=etag) == DATA == stores.fetch(key)
    assert store.copy(stores.bucket, store.head(key), f"{key}/copy")
    assert [item.key for item in store.list(key)] == [key, f"{key}/copy"]
    store.put(f"{key}/small", BytesSource(b"x"))
    store.delete(f"{key}/small")
    store.abort(store.begin(key))
    assert not [upload for upload in stores.uploads() if upload[0] == key]


@pytest.mark.parametrize("end", ["complete", "abort"])
def test_F48_P04_what_the_server_begins_late_is_taken_back_at_the_end(
    stores: S3Scene, store: S3Store, meddler: Meddler, end: str
) -> None:
    """A request whose answer was lost is with the server still, and makes its upload when ours has been begun."""
    key = f"late/{end}"
    meddler.spoil = lambda passing: None if passing.method == "POST" and passing.number == 1 else passing.ask()
    upload, parts = begun(store, key)
    late, kept = (stores.witness.create_multipart_upload(Bucket=stores.bucket, Key=key)["UploadId"] for _ in range(2))
    stores.witness.upload_part(Bucket=stores.bucket, Key=key, UploadId=kept, PartNumber=1, Body=b"theirs")
    other = stores.witness.create_multipart_upload(Bucket=stores.bucket, Key=f"{key}/other")["UploadId"]
    assert {(key, late), (key, upload.id)} <= set(stores.uploads())
    if end == "complete":
        store.complete(upload, parts)
        assert stores.fetch(key) == DATA
    else:
        store.abort(upload)
    assert {found for found in stores.uploads() if found[0].startswith(key)} == {(key, kept), (f"{key}/other", other)}


def test_F48_P04_an_upload_that_was_begun_at_once_asks_for_no_twins(store: S3Store, meddler: Meddler) -> None:
    store.complete(*begun(store, "one"))
    assert "GET" not in {method for method, _ in meddler.seen}


# -- the request that makes the object (F08, F10, C05, 0.3, 0.13)


def test_F08_it_was_done_but_the_answer_was_500_and_then_404(stores: S3Scene, store: S3Store, meddler: Meddler) -> None:
    upload, parts = begun(store, "done/500")

    def spoil(passing: Passing) -> Any:
        if passing.method != "POST":
            return passing.ask()
        if passing.number == 1:
            passing.ask()
            return refusal(500, "InternalError")
        return refusal(404, "NoSuchUpload")

    meddler.spoil = spoil
    assert store.complete(upload, parts) == composite(part.etag for part in parts)
    assert stores.fetch("done/500") == DATA
    assert len([seen for seen in meddler.seen if seen[0] == "POST" and "uploadId" in seen[1]]) == 2


@pytest.mark.parametrize("kind", ["cut", "500"])
def test_F08_it_was_done_and_no_answer_ever_said_so(
    stores: S3Scene, store: S3Store, meddler: Meddler, kind: str
) -> None:
    upload, parts = begun(store, f"done/{kind}")

    def spoil(passing: Passing) -> Any:
        if passing.method != "POST":
            return passing.ask()
        if passing.number == 1:
            passing.ask()
        return None if kind == "cut" else refusal(500, "InternalError")

    meddler.spoil = spoil
    assert store.complete(upload, parts) == composite(part.etag for part in parts)
    assert stores.fetch(upload.key) == DATA


def test_F10_an_error_after_200_is_tried_again(stores: S3Scene, store: S3Store, meddler: Meddler) -> None:
    upload, parts = begun(store, "error/200")

    def spoil(passing: Passing) -> Any:
        if passing.method == "POST" and passing.number == 1:
            return 200, {}, b"<?xml version='1.0'?>\n" + b" " * 100 + b"<Error><Code>InternalError</Code></Error>"
        return passing.ask()

    meddler.spoil = spoil
    assert store.complete(upload, parts) == composite(part.etag for part in parts)
    assert stores.fetch(upload.key) == DATA


@pytest.mark.parametrize("answer", [(200, {}, b"<Error><Code>InternalError</Code></Error>"), refusal(500, "Oops")])
def test_F10_where_it_is_never_done_the_parts_are_kept(
    stores: S3Scene, store: S3Store, meddler: Meddler, answer: Any
) -> None:
    key = f"never/{answer[0]}"
    upload, parts = begun(store, key)
    meddler.spoil = lambda passing: answer if passing.method == "POST" else passing.ask()
    error = refused(store.complete, upload, parts)
    assert (error.reference, error.code) == ("upload-not-completed", ExitCode.NETWORK)
    assert "the parts are kept" in error.hint
    assert (key, upload.id) in stores.uploads()
    assert refused(stores.store.head, key).code is ExitCode.NOT_FOUND
    assert stores.store.complete(upload, parts)  # later


@pytest.mark.parametrize(
    "body", [b"", b"<CompleteMultipartUploadResult><ETag>", b"<html/>"], ids=["empty", "cut", "html"]
)
def test_an_answer_that_proves_nothing_is_settled_by_looking(
    stores: S3Scene, store: S3Store, meddler: Meddler, body: bytes
) -> None:
    upload, parts = begun(store, f"vague/{len(body)}")
    meddler.spoil = lambda passing: (200, {}, body) if passing.method == "POST" else passing.ask()
    stores.write(upload.key, DATA)  # the same bytes and size, but not the object of these parts
    error = refused(store.complete, upload, parts)
    assert (error.reference, error.code) == ("digest-differs", ExitCode.INTEGRITY)
    meddler.spoil = lambda passing: (passing.ask()[0], {}, body) if passing.method == "POST" else passing.ask()
    assert store.complete(upload, parts) == composite(part.etag for part in parts)


# -- on the way down


def test_P11_a_version_that_changes_between_parts(stores: S3Scene, store: S3Store, meddler: Meddler) -> None:
    etag = stores.write("moving", DATA)

    def spoil(passing: Passing) -> Any:
        if passing.headers.get("range", "").startswith("bytes=1000-"):
            stores.write("moving", DATA[::-1])
        return passing.ask()

    meddler.spoil = spoil
    assert got(store, "moving", start=0, size=1000, etag=etag) == DATA[:1000]
    sink = BytesSink()
    error = refused(store.get, "moving", sink, start=1000, size=1000, etag=etag)
    assert (error.reference, error.code, bytes(sink.data)) == ("object-changed", ExitCode.INTEGRITY, b"")


def test_F40_an_object_that_is_deleted_meanwhile(stores: S3Scene, store: S3Store) -> None:
    etag = stores.write("gone", DATA)
    assert got(store, "gone", start=0, size=10, etag=etag)
    stores.store.delete("gone")
    assert refused(store.get, "gone", BytesSink(), start=10, size=10, etag=etag).code is ExitCode.NOT_FOUND


def test_0_1_a_range_that_is_ignored_is_never_taken(stores: S3Scene, store: S3Store, meddler: Meddler) -> None:
    stores.write("whole", DATA)

    def spoil(passing: Passing) -> Any:
        status, headers, body = passing.ask()
        if passing.method == "GET" and status == 206:
            headers.pop("content-range")
            return 200, headers | {"content-length": str(len(DATA))}, DATA
        return status, headers, body

    meddler.spoil = spoil
    sink = BytesSink()
    error = refused(store.get, "whole", sink, start=5, size=10)
    assert (error.code, bytes(sink.data)) == (ExitCode.NETWORK, b"")


def test_P09_data_that_look_like_an_error(stores: S3Scene, store: S3Store) -> None:
    data = b"<?xml version='1.0'?><Error><Code>InternalError</Code></Error>"
    stores.write("error.xml", data)
    assert got(store, "error.xml") == data


# -- listings that lie (F24)


@pytest.mark.parametrize(
    "body",
    [
        b"<html>Please log in</html>",
        b"<!DOCTYPE x [<!ENTITY a 'b'>]><ListBucketResult>&a;</ListBucketResult>",
        b"<ListBucketResult><Contents><Key>a</Key>",
        b"<ListBucketResult><Contents><Key>a</Key><Size>-1</Size></Contents></ListBucketResult>",
        b"<ListBucketResult><Contents><Size>1</Size></Contents></ListBucketResult>",
        b"<ListBucketResult><Contents><Key>\xff</Key><Size>1</Size></Contents></ListBucketResult>",
        b"<ListBucketResult><Contents><Key>&#1;</Key><Size>1</Size></Contents></ListBucketResult>",
    ],
)
def test_F24_what_is_no_listing_is_refused(store: S3Store, meddler: Meddler, body: bytes) -> None:
    meddler.spoil = lambda passing: (200, {}, body)
    error = refused(lambda: list(store.list()))
    assert (error.reference, error.code) == ("not-object-store", ExitCode.NETWORK)


def page(keys: str, token: str = "") -> Any:
    items = "".join(f"<Contents><Key>{key}</Key><Size>1</Size></Contents>" for key in keys)
    more = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{token}</NextContinuationToken>" if token else ""
    return 200, {}, f"<ListBucketResult>{items}{more}</ListBucketResult>".encode()


@pytest.mark.parametrize("second", ["bc", "b"])
def test_a_key_that_the_next_page_repeats_is_read_once(store: S3Store, meddler: Meddler, second: str) -> None:
    pages = [page("ab", "t1"), page(second)]
    meddler.spoil = lambda passing: pages[len(meddler.seen) - 1]
    assert [item.key for item in store.list()] == sorted({*"ab", *second})


@pytest.mark.parametrize(
    "pages",
    [
        [page("ab", "t1"), page("b", "t2")],  # the last name, and no other
        [page("ab", "t1"), page("ab", "t2")],  # the same names
        [page("cd", "t1"), page("ab", "t2")],  # backwards
        [page("ab", "t1"), page("cd", "t1")],  # the same token
        [page("", f"t{n}") for n in range(200)],  # nothing, for ever
    ],
    ids=["the-last", "repeats", "backwards", "token", "empty"],
)
def test_L05_a_listing_that_does_not_advance_ends(store: S3Store, meddler: Meddler, pages: list[Any]) -> None:
    meddler.spoil = lambda passing: pages[min(len(meddler.seen), len(pages)) - 1]
    error = refused(lambda: list(store.list()))
    assert (error.reference, error.code) == ("listing-stuck", ExitCode.NETWORK)
    assert len(meddler.seen) <= 110


# -- keys and redirects


def test_F32_0_9_a_key_that_worked_and_is_refused(store: S3Store, meddler: Meddler, monkeypatch: Any) -> None:
    monkeypatch.setattr(store._requests.session.retry._stopped, "wait", lambda seconds: waits.append(seconds))
    waits: list[float] = []
    store.put("throttled", BytesSource(b"x"))
    meddler.spoil = lambda passing: (
        refusal(403, "InvalidAccessKeyId") if passing.method == "GET" and passing.number < 3 else passing.ask()
    )
    assert got(store, "throttled") == b"x"
    assert len(waits) == 2
    assert waits[0] >= 2
    meddler.spoil = lambda passing: refusal(403, "InvalidAccessKeyId")
    error = refused(store.put, "throttled", BytesSource(b"y"))
    assert error.code is ExitCode.AUTH
    assert "may be Keystone throttling" in error.message
    assert len(waits) == 5


def test_F36_P29_a_redirect_is_not_followed(stores: S3Scene, store: S3Store, meddler: Meddler) -> None:
    stores.write("here", b"x")
    with meddling(stores.endpoint) as other:
        meddler.spoil = lambda passing: (307, {"location": f"{other.origin}{passing.path}"}, b"")
        for function in (store.head, lambda key: store.get(key, BytesSink()), store.delete):
            error = refused(function, "here")
            assert (error.reference, error.code) == ("store-redirects", ExitCode.NETWORK)
        assert not other.seen
    assert stores.fetch("here") == b"x"


def test_S01_no_error_shows_a_signature(stores: S3Scene, store: S3Store, meddler: Meddler) -> None:
    signatures: list[str] = []

    def spoil(passing: Passing) -> Any:
        signatures.append(passing.headers["authorization"].rpartition("=")[2])
        return refusal(403, "AccessDenied")

    meddler.spoil = spoil
    error = refused(store.head, "x")
    assert signatures
    said = f"{error} {error.context} {error.hint} {error.to_json()}"
    assert not any(signature in said for signature in signatures)
    assert stores.key.secret.reveal() not in said
