"""Folders go to Azure and come back; Microsoft's own client says what is there."""

from __future__ import annotations

import hashlib
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from azure_scene import MIB, AzureScene
from meddler import Answer, Passing, meddling

from jsobj.errors import ObjectChanged
from jsobj.net.body import BytesSource, uncounted
from jsobj.store.values import Listed
from jsobj.transfer.copy.items import CopyItem, CopyTerms
from jsobj.transfer.copy.object_copier import ObjectCopier

ODD = [
    "a b",
    "p+q",
    "x%20y",
    "ü €",
    "\U0001f4e6 parcel",
    "\ufb01n",
    "dot.s",
    "10",
    "9",
    "deep/er/f",
    "q?w#e",
    "tab'&<x>",
]


def files(folder: Path) -> dict[str, bytes]:
    """Small ones, an empty one, names of all kinds, and one that goes in parts."""
    made = {name: f"bytes of {name}".encode() for name in ODD} | {"empty": b""}
    made["large.bin"] = hashlib.shake_128(b"large").digest(20 * MIB + 1)
    for name, data in made.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return made


def test_there_and_back(azure: AzureScene) -> None:
    jsobj = azure.jsobj
    made = files(jsobj.folder / "src")
    sent = jsobj("upload", "src/", azure.url("in/"), "--part-size", "8M", "--json").json
    assert (sent["done"], sent["verified"]) == (len(made), len(made))
    assert azure.contents() == {f"in/{name}": data for name, data in made.items()}
    for blob in azure.client.list_blobs(include=["metadata"]):
        data = made[blob.name.removeprefix("in/")]
        assert blob.content_settings.content_md5 == hashlib.md5(data).digest()
        assert "mtime" in blob.metadata
    committed, left = azure.client.get_blob_client("in/large.bin").get_block_list("all")
    assert ([block.size for block in committed], left) == ([8 * MIB, 8 * MIB, 4 * MIB + 1], [])

    again = jsobj("upload", "src/", azure.url("in/"), "--part-size", "8M")
    assert "Nothing to do" in again.err
    checked = jsobj("verify", "src/", azure.url("in/"), "--json").json["items"]
    assert [(item["state"], item["by"]) for item in checked] == [("same", "md5")] * len(made)
    jsobj("download", azure.url("in/"), "back/", "--part-size", "8M")
    back = {str(path.relative_to(jsobj.folder / "back")): path for path in (jsobj.folder / "back").rglob("*")}
    assert {name: path.read_bytes() for name, path in back.items() if path.is_file()} == made
    source = jsobj.folder / "src" / "large.bin"
    assert back["large.bin"].stat().st_mtime_ns == source.stat().st_mtime_ns
    assert "Nothing to do" in jsobj("download", azure.url("in/"), "back/").err

    listed = jsobj("ls", "-r", azure.url("in/"), "--json").json["items"]
    assert [item["key"].removeprefix("in/") for item in listed] == sorted(made)
    counted = jsobj("du", azure.url("in/"), "--json").json
    assert (counted["objects"], counted["bytes"]) == (len(made), sum(map(len, made.values())))
    assert jsobj("cat", azure.url("in/x%20y")).out == "bytes of x%20y"
    assert jsobj("cat", azure.url("in/ü €"), "--range", "9-").out == "ü €"


def test_what_microsofts_client_has_written(azure: AzureScene) -> None:
    jsobj = azure.jsobj
    azure.client.upload_blob("a//b", b"two slashes", metadata={"Project_1": "x"})
    azure.client.upload_blob("a/", b"a folder's name")
    blob = azure.client.get_blob_client("blocks")  # which gets no MD5
    blob.stage_block("MQ==", b"first ")
    blob.stage_block("Mg==", b"second")
    blob.commit_block_list(["MQ==", "Mg=="])
    blob = azure.client.get_blob_client("appended")
    blob.create_append_blob()
    blob.append_block(b"line")
    assert jsobj("cat", azure.url("a//b")).out == "two slashes"
    shown = jsobj("stat", azure.url("a//b"), "--json").json
    assert (shown["bytes"] if "bytes" in shown else shown["size"], shown["metadata"]) == (11, {"project_1": "x"})
    assert jsobj("cat", azure.url("blocks")).out == "first second"
    assert jsobj("cat", azure.url("appended")).out == "line"
    (jsobj.folder / "src").mkdir()
    (jsobj.folder / "src" / "blocks").write_bytes(b"first second")
    # What has no digest is not called verified: it is, once it was read.
    one = jsobj("verify", "src/blocks", azure.url("blocks"), code=3)
    assert "could not be verified" in one.out + one.err or "unverified" in (one.out + one.err).lower()
    jsobj("verify", "src/blocks", azure.url("blocks"), "--deep")


def test_two_thousand_names(azure: AzureScene) -> None:
    folder = azure.jsobj.folder / "many"
    folder.mkdir()
    names = [f"{number:04d}-ü.txt" for number in range(2000)]
    for name in names:
        (folder / name).write_text(name)
    azure.jsobj("upload", "many/", azure.url("many/"))
    store = azure.store()
    items = list(store.list("many/"))
    assert [item.key for item in items] == [f"many/{name}" for name in names]
    assert all(item.md5 == hashlib.md5(item.key.partition("/")[2].encode()).hexdigest() for item in items)
    after = list(store.list("many/", after=f"many/{names[1997]}"))
    assert [item.key for item in after] == [f"many/{name}" for name in names[1998:]]
    assert [item.key for item in store.list("", delimiter="/")] == ["many/"]
    store.close()
    assert "2000 same" in azure.jsobj("verify", "many/", azure.url("many/")).err


def test_an_upload_that_was_killed_goes_on(azure: AzureScene) -> None:
    jsobj = azure.jsobj
    (jsobj.folder / "large").write_bytes(hashlib.shake_128(b"killed").digest(24 * MIB))
    words = ("upload", "large", azure.url("large"), "--part-size", "5M", "--parallel", "1", "--limit-rate", "3M")
    process = jsobj.start(*words)
    blob = azure.client.get_blob_client("large")
    deadline = time.monotonic() + 60
    while not (early := [block.id for block in _uncommitted(blob)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert early
    assert not blob.exists()
    (upload,) = azure.store().uploads("large")
    assert upload.key == "large"
    # Somebody else's unfinished upload to the same name is left alone.
    azure.store().put_part(azure.store().begin("large"), 1, BytesSource(b"another's"))
    jsobj(*words[:5])
    assert blob.download_blob().readall() == (jsobj.folder / "large").read_bytes()
    assert set(early) <= {block.id for block in blob.get_block_list()[0]}


def _uncommitted(blob: Any) -> list[Any]:
    from azure.core.exceptions import ResourceNotFoundError

    try:
        found: list[Any] = blob.get_block_list("uncommitted")[1]
    except ResourceNotFoundError:
        return []
    return found


def test_metadata_that_azure_has_no_names_for(azure: AzureScene) -> None:
    jsobj = azure.jsobj
    (jsobj.folder / "f").write_text("x")
    kept = ("--metadata", "my-key=wärme", "--metadata", "plain=1", "--cache-control", "no-cache")
    jsobj("upload", "f", azure.url("f"), *kept)
    seen = azure.client.get_blob_client("f").get_blob_properties()
    assert seen.metadata["rename_key_my_key"] == "my-key"
    assert seen.content_settings.cache_control == "no-cache"
    shown = jsobj("stat", azure.url("f"), "--json").json
    assert {name: shown["metadata"][name] for name in ("my-key", "plain")} == {"my-key": "wärme", "plain": "1"}
    assert "Nothing to do" in jsobj("upload", "f", azure.url("f"), *kept).err


def test_a_blob_that_is_replaced_while_it_is_fetched(azure: AzureScene) -> None:
    azure.client.upload_blob("large", bytes(24 * MIB))
    with meddling(azure.endpoint) as meddler:

        def spoil(passing: Passing) -> Answer:
            answer = passing.ask()
            if passing.method == "GET" and "range" in passing.headers and not replaced:
                replaced.append(passing.path)
                azure.client.upload_blob("large", b"another".ljust(24 * MIB), overwrite=True)
            return answer

        replaced: list[str] = []
        meddler.spoil = spoil
        azure.login_by(azure.through(meddler.origin))
        words = ("download", azure.url("large"), "large", "--part-size", "6M", "--parallel", "1")
        assert "[object-changed]" in azure.jsobj(*words, code=8).err
        assert not (azure.jsobj.folder / "large").exists()
        azure.jsobj(*words)
    assert (azure.jsobj.folder / "large").read_bytes() == b"another".ljust(24 * MIB)


def test_a_copy_that_fails_leaves_the_store_to_others(azure: AzureScene) -> None:
    azure.client.upload_blob("large", bytes(24 * MIB))
    with meddling(azure.endpoint) as meddler:

        def spoil(passing: Passing) -> Answer:
            if passing.method == "GET" and "range" in passing.headers and not replaced:
                replaced.append(passing.path)
                azure.client.upload_blob("large", b"another".ljust(24 * MIB), overwrite=True)
            return passing.ask()

        replaced: list[str] = []
        meddler.spoil = spoil
        source, target = azure.store(azure.through(meddler.origin)), azure.store()
        copier = ObjectCopier(source, target, CopyTerms(False, False, True, 6 * MIB, apart=True), uncounted)
        item = CopyItem(Listed("large", 24 * MIB), "new")
        with pytest.raises(ObjectChanged):
            copier.copied(item)
        copier.copied(item)
    assert target.head("new").size == 24 * MIB


def test_a_plan_is_done_once(azure: AzureScene) -> None:
    tree = azure.folder / "planned"
    tree.mkdir()
    (tree / "a").write_bytes(b"new")
    azure.client.upload_blob("d/a", b"old")
    azure.client.upload_blob("d/extra", b"gone")
    azure.jsobj("sync", str(tree), azure.url("d/"), "--delete", "--plan", "plan")
    assert azure.jsobj("apply", "plan", "--json").json["done"] == 1
    again = azure.jsobj("apply", "plan", "--json").json
    assert (again["done"], again["skipped"], again["failed"]) == (0, 1, 0)


def test_a_sync_is_undone(azure: AzureScene) -> None:
    (azure.jsobj.folder / "new").mkdir()
    (azure.jsobj.folder / "new/a").write_bytes(b"new")
    azure.client.upload_blob("d/a", b"old")
    azure.client.upload_blob("d/extra", b"gone")
    said = azure.jsobj("sync", "new/", azure.url("d/"), "--delete", "--backup", azure.url("kept/")).err
    run = said.rpartition("jsobj jobs undo ")[2].split()[0]
    assert azure.jsobj("jobs", "undo", run, "--json").json["done"] == 2
    assert {name: data for name, data in azure.contents().items() if name.startswith("d/")} == {
        "d/a": b"old",
        "d/extra": b"gone",
    }
    again = azure.jsobj("jobs", "undo", run, "--json").json
    assert (again["done"], again["failed"]) == (0, 0)
