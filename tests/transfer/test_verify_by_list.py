"""``jsobj verify --manifest``: objects and folders against lists that jsobj and other programs wrote."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from fault_proxy import Rule, fault_proxy
from transfer_scene import PART, TransferScene, sha

FILES = {"a.txt": b"a", "sub/b b.txt": b"bb", "new\nline": b"n"}
PAGE = b'<!doctype html><meta name="generator" content="jsobj publish">'


def listed(folder: Path, *words: str) -> None:
    """Write the list of a folder with coreutils."""
    names = subprocess.run(["find", ".", "-type", "f", "-print0"], cwd=folder, check=True, capture_output=True).stdout
    made = subprocess.run(
        [*words, *names.decode().strip("\0").split("\0")], cwd=folder, check=True, capture_output=True
    )
    (folder / "MANIFEST.sha256").write_bytes(made.stdout)


@pytest.mark.parametrize("words", [["sha256sum"], ["sha256sum", "--tag"], ["md5sum"]])
def test_a_folder_and_what_was_sent_of_it(transfer: TransferScene, words: list[str]) -> None:
    tree = transfer.write({**FILES, "index.html": PAGE})
    (tree / "index.html").rename(transfer.folder / "index.html")
    listed(tree, *words)
    (transfer.folder / "index.html").rename(tree / "index.html")
    transfer("upload", f"{tree}/", transfer.url("t/"))
    transfer.put_in_parts("t/.jsobj/manifest.jsonl", b"x", PART)
    for place in (str(tree), transfer.url("t"), transfer.url("t/")):
        assert transfer("verify", place, "--manifest", "--extra").err == "3 same\n"
    for place, other in ((tree, transfer.url("t/MANIFEST.sha256")), (transfer.url("t/"), tree / "MANIFEST.sha256")):
        assert transfer("verify", place, "--manifest", other, "--extra").err == "3 same\n"
    (tree / "a.txt").write_bytes(b"A")
    transfer.put("t/a.txt", b"A")
    (tree / "new\nline").unlink()
    transfer.witness.delete_object(Bucket=transfer.bucket, Key="t/new\nline")
    (tree / "more").write_bytes(b"more")
    transfer.put("t/more", b"more")
    for place, before, where in ((tree, "", "folder"), (transfer.url("t/"), "t/", "bucket")):
        found = transfer("verify", place, "--manifest", code=8)
        assert found.err == f"1 same, 1 differs, 1 missing, 1 more in the {where}\n"
        kind = words[0].removesuffix("sum")
        states = {line.split("\t")[0]: line.split("\t")[1:] for line in found.out.splitlines()}
        assert states["differs"] == [f"{before}a.txt", kind]
        assert states["missing"][0].startswith(f"{before}new")
        transfer("verify", place, "--manifest", "--exclude", "a.txt", code=5)
        only = transfer("verify", place, "--manifest", "--exclude", "a.txt", "--exclude", "new*", "--extra", code=8)
        assert only.out == f"extra\t{before}more\tnot in the list\n"


def test_a_bag(over_s3: TransferScene) -> None:
    """RFC 8493: the payload is what the manifest is about."""
    files = {"data/100% sure": b"1", "data/b": b"2", "bagit.txt": b"BagIt-Version: 1.0\n", "bag-info.txt": b""}
    bag = over_s3.write(files, "bag")
    lines = f"{sha(b'1')}\tdata/100%25 sure\n{sha(b'2')}   data/b\n"
    (bag / "manifest-sha256.txt").write_text(lines)
    over_s3("upload", f"{bag}/", over_s3.url("bag/"))
    for place in (bag, over_s3.url("bag/")):
        found = over_s3("verify", place, "--manifest", bag / "manifest-sha256.txt", "--extra")
        assert found.err == "2 same\n"
    (bag / "data/c").write_bytes(b"3")
    over_s3("verify", bag, "--manifest", bag / "manifest-sha256.txt", "--extra", code=8)


def test_a_hostile_list_reads_nothing_outside(over_s3: TransferScene) -> None:
    (over_s3.folder / "secret").write_bytes(b"secret")
    tree = over_s3.write({"a": b"a"})
    (tree / "link").symlink_to("../secret")
    (tree / "loop").symlink_to("loop")
    (tree / "inside").symlink_to("a")
    os.mkfifo(tree / "pipe")
    for name in ("../secret", str(over_s3.folder / "secret"), "x/../../secret"):
        (over_s3.folder / "SUMS").write_text(f"{sha(b'a')}  a\n{sha(b'secret')}  {name}\n")
        for place in (tree, over_s3.url("t/")):
            error = over_s3("verify", place, "--manifest", "SUMS", "--json", code=6).error
            assert error["reference"] == "manifest-path"
            assert "line 2" in error["message"]
    names = {"a": b"a", "link": b"secret", "inside": b"a", "pipe": b"", "loop": b"", "a/b": b""}
    (over_s3.folder / "SUMS").write_text("".join(f"{sha(data)}  {name}\n" for name, data in names.items()))
    found = over_s3("verify", tree, "--manifest", "SUMS", "--json", code=5).json["items"]
    states = {item["item"]: (item["state"], item["by"]) for item in found}
    assert states["a"] == states["inside"] == ("same", "sha256")
    assert states["link"] == ("unreadable", "a symbolic link leads out of the folder")
    assert states["pipe"] == ("unreadable", "it is no regular file")
    assert (states["loop"][0], states["a/b"][0]) == ("unreadable", "missing")


def test_what_cannot_be_compared_at_all(over_s3: TransferScene) -> None:
    tree = over_s3.write({"a": b"a"})
    over_s3.put("t/a", b"a")
    cases = {
        ("verify", tree, "--manifest"): ("file-unreadable", 9),
        ("verify", over_s3.url("t/"), "--manifest"): ("object-not-found", 5),
        ("verify", tree, "--manifest", over_s3.url("t/none")): ("object-not-found", 5),
        ("verify", tree / "a", "--manifest", "SUMS"): ("usage", 2),
        ("verify", tree, over_s3.url("t/"), "--manifest"): ("usage", 2),
        ("verify",): ("usage", 2),
    }
    for words, (reference, code) in cases.items():
        assert over_s3(*words, "--json", code=code).error["reference"] == reference, words
    error = over_s3("verify", "--manifest", over_s3.url("t/"), "--json", code=2).error
    assert error["hint"] == f"jsobj verify {over_s3.url('t/')} --manifest"


def test_bytes_that_are_damaged_on_their_way_are_fetched_again(over_s3: TransferScene) -> None:
    over_s3.put("t/a", b"a" * 100)
    (over_s3.folder / "SUMS").write_text(f"{sha(b'a' * 100)}  a\n")
    for times, code in ((1, 0), (0, 8)):
        flip = Rule("flip", "receiving", method="GET", path="/t/a", at=7, times=times)
        with fault_proxy(over_s3.endpoint, [flip]) as proxy:
            words = ("verify", over_s3.url("t/"), "--manifest", "SUMS", "--endpoint", proxy.url)
            done = over_s3(*words, code=code)
        assert ("1 same" in done.err) == bool(times), done.err


def test_a_list_is_read_as_it_comes_and_from_standard_input(over_s3: TransferScene) -> None:
    for number in range(3):
        over_s3.put(f"t/{number}", b"x")
    text = "".join(f"{sha(b'x')}  {number}\n" for number in range(3))
    assert over_s3("verify", over_s3.url("t/"), "--manifest", "-", stdin=text).err == "3 same\n"
