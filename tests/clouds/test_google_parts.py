"""Uploads to gs:// in parts: put together on the server, resumed, given up; and objects that change meanwhile."""

from __future__ import annotations

import itertools
import os
import signal
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import google_crc32c
import pytest
from google_scene import MIB, AsDocumented, GoogleScene, google_error
from meddler import Answer, Passing, flipped, meddling

from jsobj.errors import JsobjError, ObjectChanged, ObjectNotFound, UploadNotFound
from jsobj.net.body import BytesSink, BytesSource
from jsobj.store.values import ObjectInfo, PutOptions

HIDDEN = ".jsobj-parts/"


@pytest.mark.parametrize("at_once", [32, 3])
def test_parts_in_any_order_become_one_object(
    google: GoogleScene, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """70 of them, so that two rounds of compositions are needed, or four."""
    monkeypatch.setattr("jsobj.store.foreign.google.parts.AT_ONCE", at_once)
    store = google.store()
    options = PutOptions("text/x", "", {"Who": "Ärger"}, {"cache-control": "no-cache"})
    upload = store.begin("deep/Ä whole", options)
    pieces = {number: os.urandom(number * 7) for number in range(1, 71)}
    parts = [store.put_part(upload, number, BytesSource(pieces[number])) for number in sorted(pieces, reverse=True)]
    assert sorted(parts, key=lambda part: part.number) == list(store.parts(upload))
    assert list(store.list()) == []
    assert len(list(store.list(HIDDEN))) == 70
    assert [(each.key, each.id) for each in store.uploads("deep/")] == [("deep/Ä whole", upload.id)]
    assert list(store.uploads("other")) == []
    etag = store.complete(upload, parts, options)
    data = b"".join(pieces[number] for number in sorted(pieces))
    assert google.data("deep/Ä whole") == data
    blob = google.bucket.get_blob("deep/Ä whole")
    assert (blob.content_type, blob.metadata, blob.cache_control) == ("text/x", {"who": "Ärger"}, "no-cache")
    assert etag == f"g{blob.generation}"
    assert google.keys() == ["deep/Ä whole"]
    assert store.head("deep/Ä whole").crc32c == f"{google_crc32c.value(data):08x}"
    with pytest.raises(UploadNotFound):
        store.parts(upload)


def test_a_single_part_keeps_its_md5_and_nothing_makes_an_empty_object(google: GoogleScene) -> None:
    with meddling(google.endpoint) as meddler:
        meddler.spoil = AsDocumented(google)
        store = google.store(meddler.origin)
        upload = store.begin("one")
        store.complete(upload, [store.put_part(upload, 1, BytesSource(b"abc"))])
        assert store.head("one").md5 == "900150983cd24fb0d6963f7d28e17f72"
        store.complete(store.begin("none"), [])
        assert store.head("none").size == 0
    assert google.keys() == ["none", "one"]


def test_an_upload_that_is_given_up_leaves_nothing(google: GoogleScene) -> None:
    store = google.store()
    kept, upload = store.begin("key/0"), store.begin("key")
    store.put_part(kept, 1, BytesSource(b"kept"))
    for number in range(1, 4):
        store.put_part(upload, number, BytesSource(b"gone"))
    google.jsobj("uploads", "list", google.url)
    store.abort(upload)
    store.abort(upload)
    assert [item.id for item in store.uploads()] == [kept.id]
    assert len(google.jsobj("uploads", "abort", google.url, "--yes", "--json").json["items"]) == 1
    assert google.keys() == []


def test_a_part_that_is_gone_is_missed_before_anything_is_made(google: GoogleScene) -> None:
    store = google.store()
    upload = store.begin("key")
    parts = [store.put_part(upload, number, BytesSource(b"part")) for number in (1, 2)]
    store.delete(next(iter(store.list(HIDDEN))).key)
    with pytest.raises(UploadNotFound):
        store.complete(upload, parts)
    keys = google.keys()
    assert all(key.startswith(HIDDEN) for key in keys)


def test_a_lost_answer_is_settled_by_what_is_there(google: GoogleScene) -> None:
    def lost(passing: Passing) -> Answer | None:
        """The last composition is done, and its answer lost: the same again is refused."""
        answer = documented(passing)
        return None if "/o/key/compose" in passing.path and passing.number == 1 else answer

    google.put("key", b"before")
    documented = AsDocumented(google)
    with meddling(google.endpoint) as meddler:
        meddler.spoil = lost
        store = google.store(meddler.origin)
        upload = store.begin("key")
        parts = [store.put_part(upload, number, BytesSource(b"part")) for number in (1, 2)]
        etag = store.complete(upload, parts)
    assert google.store().head("key").etag == etag
    assert google.data("key") == b"partpart"
    assert google.keys() == ["key"]


def test_what_another_writer_has_put_meanwhile_is_not_replaced_unseen(google: GoogleScene) -> None:
    def busy(passing: Passing) -> Answer | None:
        if "/o/key/compose" in passing.path:
            google.put("key", b"of somebody else")
        return documented(passing)

    documented = AsDocumented(google)
    with meddling(google.endpoint) as meddler:
        meddler.spoil = busy
        store = google.store(meddler.origin)
        upload = store.begin("key")
        parts = [store.put_part(upload, number, BytesSource(b"part")) for number in (1, 2)]
        with pytest.raises(JsobjError) as raised:
            store.complete(upload, parts)
        store.abort(upload)
    assert raised.value.reference == "store-conflict"
    assert google.data("key") == b"of somebody else"


def test_bytes_that_are_damaged_on_their_way_are_sent_again(google: GoogleScene) -> None:
    """A whole object is refused by Google, a part by what comes back."""

    def flip(passing: Passing) -> Answer | None:
        at = passing.body.find(b"payload")
        if at >= 0 and passing.number < 3:
            passing.body = passing.body[:at] + flipped(passing.body[at:])
        return documented(passing)

    documented = AsDocumented(google)
    with meddling(google.endpoint) as meddler:
        meddler.spoil = flip
        store = google.store(meddler.origin)
        store.put("whole", BytesSource(b"payload"))
        upload = store.begin("parts")
        store.complete(upload, [store.put_part(upload, 1, BytesSource(b"payload"))])
    assert google.data("whole") == google.data("parts") == b"payload"


def test_an_object_that_is_replaced_while_it_is_read(google: GoogleScene) -> None:
    google.put("key", b"first version")
    store = google.store()
    info = store.head("key")
    sink = BytesSink()
    store.get("key", sink, start=2, size=3, etag=info.etag)
    assert sink.data == b"rst"
    google.put("key", b"second version")
    for more in ({"start": 2, "size": 3}, {}, {"start": 4}, {"size": 0}):
        with pytest.raises(ObjectChanged):
            store.get("key", BytesSink(), etag=info.etag, **more)  # type: ignore[arg-type]
    google.bucket.blob("key").delete()
    with pytest.raises(ObjectNotFound):
        store.get("key", BytesSink(), etag=info.etag)


def test_ends_of_objects(google: GoogleScene) -> None:
    google.put("key", b"0123456789")
    google.put("empty", b"")
    store = google.store()
    for start, size, expected in ((0, None, b"0123456789"), (4, None, b"456789"), (9, 1, b"9"), (3, 0, b"")):
        sink = BytesSink()
        got = store.get("key", sink, start=start, size=size)
        assert (bytes(sink.data), got.size, got.info.size) == (expected, len(expected), 10)
    assert store.get("empty", BytesSink()).md5 == "d41d8cd98f00b204e9800998ecf8427e"
    with pytest.raises(JsobjError) as raised:
        store.get("key", BytesSink(), start=20, size=5)
    assert raised.value.reference == "range-outside"


def test_one_generation_of_an_object(google: GoogleScene) -> None:
    google.bucket.versioning_enabled = True
    google.bucket.patch()
    first = google.put("key", b"first").generation
    google.put("key", b"second")
    store = google.store()
    pinned = store.at_version(str(first))
    sink = BytesSink()
    assert pinned.get("key", sink).info.version == str(first)
    assert sink.data == b"first"
    with pytest.raises(JsobjError) as raised:
        store.at_version("12345").head("key")
    assert raised.value.reference == "version-not-found"


def test_names_that_cannot_be(google: GoogleScene) -> None:
    store = google.store()
    for key in (".", "..", "a\0b"):
        with pytest.raises(JsobjError):
            store.put(key, BytesSource(b""))
    with pytest.raises(JsobjError):
        store.begin("x" * 1000)
    with pytest.raises(JsobjError) as raised:
        store.put("key", BytesSource(b""), PutOptions("text/x\r\nx-evil: 1"))
    assert raised.value.reference == "header-refused"
    with pytest.raises(JsobjError) as raised:
        store.copy_part(store.begin("k"), 1, google.bucket.name, ObjectInfo("key", 1, "g1"), 0, 1)
    assert raised.value.reference == "copy-range"
    assert google.keys() == []


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again(google: GoogleScene, status: int) -> None:
    def busy(passing: Passing) -> Answer | None:
        return google_error(status, "slow down", "rateLimitExceeded") if passing.number == 1 else passing.ask()

    with meddling(google.endpoint) as meddler:
        meddler.spoil = busy
        google.store(meddler.origin).put("key", BytesSource(b"data"))
    assert google.data("key") == b"data"


def test_an_upload_that_was_killed_goes_on(google: GoogleScene) -> None:
    """Parts that were sent before are not sent again."""
    data = os.urandom(30 * MIB)
    file = google.file("big", data)

    numbers = itertools.count()

    def held(passing: Passing) -> Answer | None:
        if "uploadType=media" in passing.path and next(numbers) >= 3:
            time.sleep(0.2)
            return None
        return passing.ask()

    with meddling(google.endpoint) as meddler:
        meddler.spoil = held
        google.jsobj.variables["STORAGE_EMULATOR_HOST"] = meddler.origin
        words: Any = ("upload", "--part-size", "5M", "--parallel", "2", file, f"{google.url}/big")
        process = google.jsobj.start(*words)
        try:
            deadline = time.monotonic() + 60
            while len(list(google.store().list(HIDDEN))) < 3:
                assert process.poll() is None, (google.jsobj.home / "output").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.05)
            process.send_signal(signal.SIGKILL)
        finally:
            process.kill()
            process.wait()
        meddler.spoil = lambda passing: passing.ask()
        there = {info.key for info in google.store().list(HIDDEN)}
        assert len(there) == 3
        before = len(meddler.seen)
        google.jsobj(*words)
        sent = {
            parse_qs(urlsplit(path).query)["name"][0] for _, path in meddler.seen[before:] if "uploadType=media" in path
        }
    assert len(sent) == 3
    assert not sent & there
    assert google.data("big") == data
    assert google.keys() == ["big"]
