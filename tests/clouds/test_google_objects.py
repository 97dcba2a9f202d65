"""Commands on gs://, judged by Google's own library."""

from __future__ import annotations

import gzip
import os
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import google_crc32c
import pytest
from google_scene import MIB, AsDocumented, GoogleScene
from meddler import Passing, meddling

from jsobj.errors import BytesDiffer
from jsobj.net.body import BytesSource
from jsobj.transfer.download.read_stream import ReadStream

ODD = ("a b/c+d%20e.txt", "Ärger/é?#&=.bin", "x//y", "-", ".hidden", "tab\tname", "q'uote\"s", "~t!*()[]{}|^`", "z/")


def test_small_empty_and_large_files_there_and_back(google: GoogleScene) -> None:
    data = {"small.txt": b"hello", "empty": b"", "large.bin": os.urandom(20 * MIB)}
    for name, content in data.items():
        google.file(f"data/{name}", content)
    sent = google.jsobj("upload", "--part-size", "5M", "data/", f"{google.url}/d/", "--json").json
    assert sent["verified"] == 3
    assert google.keys() == [f"d/{name}" for name in sorted(data)]  # and no part of them
    for name, content in data.items():
        assert google.data(f"d/{name}") == content
    blob = google.bucket.get_blob("d/small.txt")
    assert (blob.content_type, set(blob.metadata)) == ("text/plain", {"mtime"})
    assert google.bucket.get_blob("d/large.bin").metadata["jsobj-part-size"] == str(5 * MIB)

    again = google.jsobj("upload", "--part-size", "5M", "data/", f"{google.url}/d/", "--json").json
    assert again["skipped"] == 3
    items = google.jsobj("verify", "data/", f"{google.url}/d/", "--json").json["items"]
    assert {(item["state"], item["by"]) for item in items} == {("same", "md5")}
    google.jsobj("download", f"{google.url}/d/", "back/")
    for name, content in data.items():
        assert (google.jsobj.folder / "back" / name).read_bytes() == content


def test_what_commands_show(google: GoogleScene) -> None:
    google.put("a/one", b"12345", content_type="text/plain", cache_control="no-cache", metadata={"Who": "Ärger"})
    google.put("a/two", b"678")
    assert google.jsobj("ls", f"{google.url}/").lines == ["a/"]
    assert google.jsobj("ls", f"{google.url}/a/").lines == ["one", "two"]
    assert google.jsobj("du", google.url, "--json").json["bytes"] == 8
    assert google.jsobj("cat", f"{google.url}/a/one", f"{google.url}/a/two").out == "12345678"
    assert google.jsobj("cat", "--range", "1-2", f"{google.url}/a/one").out == "23"
    shown = google.jsobj("stat", f"{google.url}/a/one", "--json").json
    blob = google.bucket.get_blob("a/one")
    assert (shown["size"], shown["content_type"], shown["cache_control"]) == (5, "text/plain", "no-cache")
    assert (shown["etag"], shown["verifiable_by"]) == (f"g{blob.generation}", "md5")
    assert shown["metadata"] == {"who": "Ärger"}
    assert "storage_class" not in shown
    google.jsobj("verify", google.file("one", b"12345"), f"{google.url}/a/one")
    google.jsobj("verify", google.file("one", b"12346"), f"{google.url}/a/one", code=8)


def test_odd_names(google: GoogleScene) -> None:
    store = google.store()
    for number, key in enumerate(ODD):
        google.put(key, b"%d" % number)
    assert [item.key for item in store.list()] == sorted(ODD, key=str.encode)
    for number, key in enumerate(ODD):
        assert store.head(key).size == 1
        assert google.jsobj("cat", f"{google.url}/{key}").out == str(number) if not key.endswith("/") else True
        store.delete(key)
        store.delete(key)  # one that is not there is no error
    assert google.keys() == []
    for key in ODD[:7]:
        google.jsobj("upload", google.file("odd", key.encode()), f"{google.url}/{key}")
        assert google.data(key) == key.encode()


def test_two_thousand_objects_are_listed_in_order(google: GoogleScene) -> None:
    store, names = google.store(), [f"n/{n % 7}/{n:04d}" for n in range(2000)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: store.put(name, BytesSource(name.encode())), names))
    listed = list(store.list("n/"))
    assert [item.key for item in listed] == sorted(names) == google.keys()
    assert all(item.md5 and item.size == 8 for item in listed)
    after = random.Random(1).choice(sorted(names))
    assert [item.key for item in store.list("n/", after=after)] == [name for name in sorted(names) if name > after]
    assert [(item.key, item.prefix) for item in store.list("n/", delimiter="/")] == [
        (f"n/{n}/", True) for n in range(7)
    ]
    assert [item.key for item in store.list("n/", delimiter="/", after="n/3/")] == ["n/4/", "n/5/", "n/6/"]


def test_an_encoded_object_is_fetched_as_it_is_stored(google: GoogleScene) -> None:
    packed = gzip.compress(b"many words " * 100)
    google.put("words.txt", packed, content_encoding="gzip", content_type="text/plain")
    google.jsobj("download", "--raw", f"{google.url}/words.txt", "raw")
    assert (google.jsobj.folder / "raw").read_bytes() == packed
    google.jsobj("download", f"{google.url}/words.txt", "plain")
    assert (google.jsobj.folder / "plain").read_bytes() == b"many words " * 100


def test_what_was_put_together_is_verified_by_its_crc32c(google: GoogleScene) -> None:
    documented = AsDocumented(google)
    data = os.urandom(12 * MIB)
    with meddling(google.endpoint) as meddler:
        meddler.spoil = documented
        google.jsobj.variables["STORAGE_EMULATOR_HOST"] = meddler.origin
        google.jsobj("upload", "--part-size", "5M", google.file("big", data), f"{google.url}/big")
        shown = google.jsobj("stat", f"{google.url}/big", "--json").json
        assert shown["verifiable_by"] == "crc32c"
        assert google.store(meddler.origin).head("big").crc32c == f"{google_crc32c.value(data):08x}"
        for words in (("--part-size", "5M"), ("--part-size", "64M")):
            fetched = google.jsobj("download", *words, f"{google.url}/big", "back", "--json").json
            assert fetched["verified"] == 1
            assert (google.jsobj.folder / "back").read_bytes() == data
            (google.jsobj.folder / "back").unlink()
        items = google.jsobj("verify", "big", f"{google.url}/big", "--json").json["items"]
        assert [(item["state"], item["by"]) for item in items] == [("same", "crc32c")]
        store = google.store(meddler.origin)
        reading = ReadStream(store, store.head("big"))
        assert b"".join(reading) == data
        assert reading.verified == "crc32c"

        def flip(passing: Passing) -> object:
            answer = documented(passing)
            if answer is not None and "/download/" in passing.path and len(answer[2]) > 100:
                answer = (answer[0], answer[1], answer[2][:99] + bytes([answer[2][99] ^ 4]) + answer[2][100:])
            return answer

        meddler.spoil = flip  # type: ignore[assignment]
        google.jsobj("download", f"{google.url}/big", "back", code=8)
        assert not (google.jsobj.folder / "back").exists()
        with pytest.raises(BytesDiffer):
            list(ReadStream(store, store.head("big")))
        google.file("big", data[:-1] + bytes([data[-1] ^ 1]))
        meddler.spoil = documented
        google.jsobj("verify", "big", f"{google.url}/big", code=8)


def test_copies_within_google_and_to_a_file(google: GoogleScene, tmp_path: Path) -> None:
    google.put("from", b"data", content_type="text/plain", metadata={"k": "v"})
    store = google.store()
    info = store.head("from")
    store.copy(google.bucket.name, info, "kept")
    store.copy(google.bucket.name, info, "other", info.kept({"k": "w"}))
    assert google.bucket.get_blob("kept").metadata == {"k": "v"}
    other = google.bucket.get_blob("other")
    assert (other.metadata, other.content_type, google.data("other")) == ({"k": "w"}, "text/plain", b"data")
    done = google.jsobj("cp", f"{google.url}/from", f"{google.url}/again", "--json").json
    assert (done["verified"], google.data("again")) == (1, b"data")


@pytest.mark.parametrize("key", ["nothing", "a/b c"])
def test_what_is_missing_is_named(google: GoogleScene, key: str) -> None:
    missing = google.jsobj("stat", f"{google.url}/{key}", "--json", code=5).error
    assert missing["reference"] == "object-not-found"
    for words in (("stat", "gs://no-such-bucket/k"), ("ls", "gs://no-such-bucket/"), ("cat", "gs://no-such-bucket/k")):
        assert google.jsobj(*words, "--json", code=5).error["reference"] == "bucket-not-found"
    google.jsobj("upload", google.file("f", b"1"), "gs://no-such-bucket/k", code=5)


def test_a_plan_is_done_once(google: GoogleScene) -> None:
    for name, content in {"a": b"new", "large": os.urandom(20 * MIB)}.items():
        google.file(f"data/{name}", content)
    google.put("d/a", b"old")
    google.put("d/extra", b"gone")
    google.jsobj("sync", "data/", f"{google.url}/d/", "--delete", "--plan", "plan")
    assert google.jsobj("apply", "plan", "--part-size", "5M", "--json").json["done"] == 2
    again = google.jsobj("apply", "plan", "--json").json
    assert (again["done"], again["skipped"], again["failed"]) == (0, 2, 0)
    google.jsobj("sync", f"{google.url}/d/", f"{google.url}/e/", "--plan", "copies")
    assert google.jsobj("apply", "copies", "--json").json["done"] == 2
    assert google.jsobj("apply", "copies", "--json").json["skipped"] == 2
    assert google.keys() == ["d/a", "d/large", "e/a", "e/large"]


def test_a_sync_is_undone(google: GoogleScene) -> None:
    google.file("data/a", b"new")
    google.put("d/a", b"old")
    google.put("d/extra", b"gone")
    said = google.jsobj("sync", "data/", f"{google.url}/d/", "--delete", "--backup", f"{google.url}/old/").err
    assert google.data("d/a") == b"new"
    run = said.rpartition("jsobj jobs undo ")[2].split()[0]
    assert google.jsobj("jobs", "undo", run, "--json").json["done"] == 2
    assert (google.data("d/a"), google.data("d/extra")) == (b"old", b"gone")
    again = google.jsobj("jobs", "undo", run, "--json").json
    assert (again["done"], again["failed"]) == (0, 0)
