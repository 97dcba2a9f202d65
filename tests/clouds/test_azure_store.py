"""The operations of the store on Azurite: versions, parts, copies, links, and what a proxy does to bytes."""

from __future__ import annotations

import hashlib
import urllib.request
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from azure_scene import MIB, AzureScene
from meddler import Passing, flipped, meddling

from jsobj.errors import BucketNotFound, BytesDiffer, JsobjError, ObjectChanged, ObjectNotFound, UploadNotFound
from jsobj.identity.settings import Settings
from jsobj.net import retry
from jsobj.net.body import BytesSink, BytesSource
from jsobj.store.etag import is_md5
from jsobj.store.foreign.azure.open import open_azure
from jsobj.store.foreign.azure.store import AzureStore
from jsobj.store.location import Location, everything_at
from jsobj.store.values import PartDigest, PutOptions

DATA = hashlib.shake_128(b"data").digest(3 * MIB)


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "_BASE", 0.005)


def test_one_version_is_read(azure: AzureScene) -> None:
    store, sink = azure.store(), BytesSink()
    etag = store.put("k", BytesSource(DATA), PutOptions("text/x", metadata={"a": "ü"}))
    info = store.head("k", etag)
    assert (info.size, info.etag, info.content_type, info.metadata) == (len(DATA), etag, "text/x", {"a": "ü"})
    assert not is_md5(etag)
    assert info.parts is None
    assert store.digests(info) == (PartDigest(0, len(DATA), hashlib.md5(DATA).hexdigest()),)
    got = store.get("k", sink, start=5, size=9, etag=etag)
    assert (bytes(sink.data), got.info.md5, got.info.size) == (DATA[5:14], info.md5, len(DATA))
    azure.client.upload_blob("k", b"another", overwrite=True)
    for attempt in (lambda: store.get("k", sink, start=0, size=2, etag=etag), lambda: store.head("k", etag)):
        with pytest.raises(ObjectChanged):
            attempt()
    with pytest.raises(JsobjError) as caught:
        store.get("k", sink, start=100, size=2)
    assert caught.value.reference == "range-outside"


def test_what_is_missing(azure: AzureScene) -> None:
    store = azure.store()
    with pytest.raises(ObjectNotFound):
        store.head("k")
    store.delete("k")
    azure.client.delete_container()
    for attempt in (lambda: store.head("k"), lambda: list(store.list()), lambda: store.put("k", BytesSource(b""))):
        with pytest.raises(BucketNotFound):
            attempt()


def test_a_blob_of_parts(azure: AzureScene) -> None:
    store = azure.store()
    upload, other = store.begin("k"), store.begin("k")
    with pytest.raises(UploadNotFound):
        store.parts(upload)
    parts = [
        store.put_part(upload, number, BytesSource(DATA[MIB * number - MIB : MIB * number])) for number in (3, 1, 2)
    ]
    store.put_part(other, 1, BytesSource(b"other"))
    assert sorted(parts, key=lambda part: part.number) == store.parts(upload)
    assert {each.id for each in store.uploads()} == {upload.id, other.id}
    options = PutOptions("text/x", metadata={"a": "1"}, md5=hashlib.md5(DATA).hexdigest())
    etag = store.complete(upload, parts, options)
    info = store.head("k")
    assert (info.etag, info.md5, info.content_type, info.metadata) == (etag, options.md5, "text/x", {"a": "1"})
    assert azure.contents() == {"k": DATA}
    with pytest.raises(UploadNotFound):  # its blocks went with the blob that was made
        store.complete(other, [store.put_part(store.begin("k"), 1, BytesSource(b"x"))], options)
    assert azure.contents() == {"k": DATA}
    empty = store.begin("empty")
    store.complete(empty, [store.put_part(empty, 1, BytesSource(b""))])
    assert store.head("empty").size == 0


def test_another_programs_unfinished_upload_is_in_the_way(azure: AzureScene) -> None:
    azure.client.get_blob_client("k").stage_block("MQ==", b"theirs")
    store = azure.store()
    assert list(store.uploads()) == []
    with pytest.raises(JsobjError) as caught:
        store.put_part(store.begin("k"), 1, BytesSource(b"ours"))
    assert caught.value.reference == "upload-in-the-way"


def test_copies_within_the_account(azure: AzureScene) -> None:
    store = azure.store()
    kept = PutOptions("text/x", metadata={"a": "1"}, served={"cache-control": "no-cache"})
    store.put("k ü", BytesSource(DATA), kept)
    info = store.head("k ü")
    store.copy(azure.container, info, "same")
    same = store.head("same")
    assert (same.md5, same.content_type, same.metadata, same.served) == (info.md5, "text/x", {"a": "1"}, kept.served)
    etag = store.copy(azure.container, info, "other", PutOptions("text/y", metadata={"b": "2"}))
    other = store.head("other")
    assert (other.etag, other.md5, other.content_type, other.metadata) == (etag, info.md5, "text/y", {"b": "2"})
    assert other.served == {}
    store.copy(azure.container, info, "bare", replace(kept, metadata={}))
    assert store.head("bare").metadata == {}
    assert store.limits.largest_copy == store.limits.largest_object  # whole, of any size: there is no way in parts
    store.put("k ü", BytesSource(b"new"))
    with pytest.raises(ObjectChanged):
        store.copy(azure.container, info, "stale")
    with pytest.raises(JsobjError) as caught:
        store.copy_part(store.begin("p"), 1, azure.container, info, 0, 5)
    assert caught.value.reference == "copy-range"


def test_links(azure: AzureScene) -> None:
    store = azure.store()
    store.put("k ü", BytesSource(b"shared"))
    with urllib.request.urlopen(store.presign("GET", "k ü", 60)) as answer:
        assert answer.read() == b"shared"
    headers = {"x-ms-blob-type": "BlockBlob"}
    put = urllib.request.Request(store.presign("PUT", "new", 60), b"by link", headers, method="PUT")
    urllib.request.urlopen(put).close()
    assert azure.contents()["new"] == b"by link"
    by_sas = azure.store(f"BlobEndpoint={azure.endpoint};SharedAccessSignature={azure.sas('r')}")
    with pytest.raises(JsobjError) as caught:
        by_sas.presign("GET", "k ü", 60)
    assert caught.value.reference == "usage"
    with pytest.raises(JsobjError):
        store.at_version("2026")


def test_a_bit_that_is_flipped_on_its_way(azure: AzureScene, tmp_path: Path) -> None:
    azure.client.upload_blob("k", DATA)
    with meddling(azure.endpoint) as meddler:

        def spoil(passing: Passing) -> tuple[int, dict[str, str], bytes]:
            if passing.method == "PUT":
                passing.body = flipped(passing.body)
                return passing.ask()
            status, headers, body = passing.ask()
            return status, headers, flipped(body) if passing.method == "GET" and "comp=" not in passing.path else body

        meddler.spoil = spoil
        store = azure.store(azure.through(meddler.origin))
        for attempt in (
            lambda: store.put("new", BytesSource(b"sent")),
            lambda: store.put_part(store.begin("new"), 1, BytesSource(b"sent")),
        ):
            with pytest.raises(JsobjError) as caught:
                attempt()
            assert caught.value.reference == "digest-differs"
        with pytest.raises(BytesDiffer):
            store.get("k", BytesSink(), start=0, size=1000)
        azure.login_by(azure.through(meddler.origin))
        azure.jsobj("download", azure.url("k"), "k", code=8)
        assert not (azure.jsobj.folder / "k").exists()
    assert "new" not in azure.contents()


def test_an_answer_that_is_lost(azure: AzureScene) -> None:
    with meddling(azure.endpoint) as meddler:

        def spoil(passing: Passing) -> tuple[int, dict[str, str], bytes] | None:
            answer = passing.ask()
            return None if "comp=blocklist" in passing.path and passing.number == 1 else answer

        meddler.spoil = spoil
        store = azure.store(azure.through(meddler.origin))
        upload = store.begin("k")
        part = store.put_part(upload, 1, BytesSource(DATA))
        etag = store.complete(upload, [part])
        assert store.head("k").etag == etag
    assert azure.contents() == {"k": DATA}


def test_a_link_that_was_pasted(azure: AzureScene, tmp_path: Path) -> None:
    store = azure.store()
    for key in ("d/k ü", "d/other"):
        store.put(key, BytesSource(key.encode()))
    link = store.presign("GET", "d/k ü", 60)
    settings = Settings.read({"HOME": str(tmp_path)})

    def opened(query: str, key: str) -> AzureStore:
        location = Location("az", azure.container, key, azure.endpoint, tuple(parse_qsl(query)))
        return open_azure(settings, location, retry=retry.RetryPolicy(tries=1))

    one = opened(link.partition("?")[2], "d/k ü")
    assert [item.key for item in everything_at(one, "d/k ü")] == ["d/k ü"]
    sink = BytesSink()
    one.get("d/k ü", sink)
    assert bytes(sink.data) == "d/k ü".encode()
    all_of_it = opened(azure.sas("rl"), "d/")
    assert [item.key for item in everything_at(all_of_it, "d/")] == ["d/k ü", "d/other"]
    with pytest.raises(JsobjError) as caught:
        opened(link.partition("?")[2], "d/other").head("d/other")
    assert link.rpartition("sig=")[2] not in str(caught.value)
