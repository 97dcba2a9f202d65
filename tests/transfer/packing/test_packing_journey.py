"""Many small files as one object: packed, looked into, read member by member, unpacked; on both servers."""

from __future__ import annotations

import io
import os
import random
import zipfile
from pathlib import Path
from typing import Any

import fsspec
import pytest
from meddler import meddling
from transfer_scene import IN_PARTS, MIB, TransferScene, aged, on_disk, sha, shas

from jsobj.api.connection import connect

FILES = {
    "a.txt": b"first\n" * 300,
    "empty": b"",
    "raw/één.bin": random.Random(1).randbytes(70_000),
    "raw/text.csv": b"1,2,3\n" * 20_000,
    "raw/deep/er.nc": random.Random(2).randbytes(11 * MIB),
}


def packed(scene: TransferScene, *words: str, name: str = "a.zip", below: str = "tree") -> dict[str, Any]:
    """``FILES`` as one archive; what the command said."""
    if not (scene.folder / below).exists():
        aged(scene.write(FILES, below))
    found: dict[str, Any] = scene.summary("upload", "--pack", f"{below}/", scene.url(name), *IN_PARTS, *words)
    return found


@pytest.mark.parametrize("words", [(), ("--compress", "zstd")])
def test_packed_and_unpacked(transfer: TransferScene, words: tuple[str, ...]) -> None:
    said = packed(transfer, *words)
    assert (said["done"], said["failed"], said["unverified"]) == (1, 0, 0)
    assert sorted(transfer.keys()) == ["a.zip", "a.zip.index"]
    assert not transfer.unfinished()
    if not words:  # the standard library knows no zstd
        with zipfile.ZipFile(io.BytesIO(transfer.get("a.zip"))) as archive:
            assert archive.testzip() is None
            assert {name: archive.read(name) for name in archive.namelist()} == FILES
    got = transfer.summary("unpack", transfer.url("a.zip"), "out")
    assert (got["done"], got["verified"]) == (len(FILES), len(FILES))
    assert on_disk(transfer.folder / "out") == shas(FILES)
    assert (transfer.folder / "out/a.txt").stat().st_mtime == 1_700_000_000
    again = transfer.summary("unpack", transfer.url("a.zip"), "out")
    assert (again["done"], again["skipped"]) == (0, len(FILES))
    # Without the index: by the central directory.
    transfer.witness.delete_object(Bucket=transfer.bucket, Key="a.zip.index")
    bare = transfer.summary("unpack", transfer.url("a.zip"), "bare/")
    assert (bare["done"], bare["verified"]) == (len(FILES), len(FILES))
    assert on_disk(transfer.folder / "bare") == shas(FILES)


def test_looked_into(transfer: TransferScene) -> None:
    packed(transfer)
    inside = transfer.url("a.zip!/")
    assert transfer("ls", inside).lines == ["a.txt", "empty", "raw/"]
    assert transfer("ls", transfer.url("a.zip!")).lines == ["a.txt", "empty", "raw/"]
    assert transfer("ls", "-r", inside).lines == sorted(FILES)
    assert transfer("ls", transfer.url("a.zip!/raw")).lines == ["deep/", "text.csv", "één.bin"]
    assert transfer("ls", "-l", transfer.url("a.zip!/a.txt")).lines == ["1800\t2023-11-14T22:13:20Z\ta.txt"]
    assert transfer("ls", transfer.url("a.zip!/raw/*.csv")).lines == ["text.csv"]
    assert transfer("cat", transfer.url("a.zip!/a.txt")).out.encode() == FILES["a.txt"]
    assert transfer("cat", "--range", "6-10", transfer.url("a.zip!/a.txt")).out == "first"
    stat = transfer("stat", transfer.url("a.zip!/raw/text.csv"), "--json").json
    assert (stat["size"], stat["verifiable_by"], stat["content_type"]) == (120_000, "sha256", "text/csv")
    assert transfer("du", inside, "--json").json["objects"] == len(FILES)
    transfer("verify", "tree/", inside)
    (transfer.folder / "tree/a.txt").write_bytes(b"other\n" * 300)
    transfer("verify", "tree/", inside, code=8)
    transfer("cat", transfer.url("a.zip!/none"), code=5)
    transfer("ls", transfer.url("a.zip!/none"), code=5)
    assert "only read" in transfer("rm", transfer.url("a.zip!/a.txt"), code=2).err
    assert "only read" in transfer("upload", "tree/empty", transfer.url("a.zip!/b"), code=2).err


def test_members_are_fetched_and_copied(transfer: TransferScene) -> None:
    packed(transfer)
    transfer("download", transfer.url("a.zip!/raw/één.bin"), "one.bin")
    assert sha((transfer.folder / "one.bin").read_bytes()) == sha(FILES["raw/één.bin"])
    transfer("download", transfer.url("a.zip!/raw"), ".")
    transfer("download", transfer.url("a.zip!/**.csv"), "csv/")
    assert on_disk(transfer.folder / "raw") == shas({n[4:]: d for n, d in FILES.items() if n.startswith("raw/")})
    assert on_disk(transfer.folder / "csv") == {"raw/text.csv": sha(FILES["raw/text.csv"])}
    transfer("download", transfer.url("a.zip!/raw/deep/er.nc"), "parts.nc", *IN_PARTS)
    assert sha((transfer.folder / "parts.nc").read_bytes()) == sha(FILES["raw/deep/er.nc"])
    transfer("cp", transfer.url("a.zip!/a.txt"), transfer.url("copied.txt"))
    assert transfer.get("copied.txt") == FILES["a.txt"]


def test_the_same_files_are_not_sent_again(transfer: TransferScene) -> None:
    packed(transfer)
    first = transfer.state()
    again = packed(transfer)
    assert (again["done"], again["skipped"]) == (0, 1)
    assert transfer.state() == first
    plan = transfer("upload", "--pack", "tree/", transfer.url("a.zip"), "-n", "--json").json
    assert {item["action"] for item in plan["items"]} == {"skip"}
    (transfer.folder / "tree/a.txt").write_bytes(b"other\n" * 300)
    plan = transfer("upload", "--pack", "tree/", transfer.url("a.zip"), "-n", "--json").json
    assert {item["action"] for item in plan["items"]} == {"pack"}
    both = transfer("upload", "--pack", "tree/", "tree/a.txt", transfer.url("a.zip"), "-n", "--json").json
    assert {item["action"] for item in both["items"]} == {"refuse", "skip"}
    assert packed(transfer, "--check", "size")["skipped"] == 1
    assert packed(transfer)["done"] == 1
    assert transfer("cat", transfer.url("a.zip!/a.txt")).out == "other\n" * 300
    assert packed(transfer, "--no-clobber", "--exclude", "empty")["skipped"] == 1
    for more in (("--metadata", "run=1"), ("--metadata", "run=1")):
        told = packed(transfer, *more)
    assert transfer("stat", transfer.url("a.zip"), "--json").json["metadata"]["run"] == "1"
    assert told["skipped"] == 1


def test_what_goes_in(transfer: TransferScene) -> None:
    """Names as ``zip -r`` has them; filters, lists and links as for uploads."""
    base = transfer.write({"x/1": b"1", "x/2.tmp": b"2", "y": b"3"})
    (base / "link").symlink_to("y")
    (base / "x/1").chmod(0o700)
    transfer("upload", "--pack", "tree/x", "tree/y", transfer.url("b.zip"), "--exclude", "*.tmp")
    assert transfer("ls", "-r", transfer.url("b.zip!/")).lines == ["x/1", "y"]
    said = transfer("upload", "--pack", "tree/", transfer.url("c.zip"))
    assert "1 symbolic link was left out" in said.err
    assert transfer("ls", "-r", transfer.url("c.zip!/")).lines == ["x/1", "x/2.tmp", "y"]
    transfer("upload", "--pack", "tree/", transfer.url("d.zip"), "--links", "follow")
    assert "link" in transfer("ls", "-r", transfer.url("d.zip!/")).lines
    transfer("upload", "--pack", "tree", transfer.url("e.zip"), "--files-from", "-", stdin="y\nx/1\n")
    assert transfer("ls", "-r", transfer.url("e.zip!/")).lines == ["tree/x/1", "tree/y"]
    with zipfile.ZipFile(io.BytesIO(transfer.get("c.zip"))) as archive:
        modes = {each.filename: oct(each.external_attr >> 16) for each in archive.infolist()}
    assert modes == {"x/1": "0o100755", "x/2.tmp": "0o100644", "y": "0o100644"}


def test_words_that_do_not_fit(transfer: TransferScene) -> None:
    transfer.write({"x": b"1"})
    for words in (
        ("tree", transfer.url()),
        ("tree", transfer.url("a.tar")),
        ("tree", transfer.url("a.zip"), "--compress", "gzip"),
        ("tree", transfer.url("a.zip"), "--shard", "1/2"),
        ("-", transfer.url("a.zip")),
    ):
        transfer("upload", "--pack", *words, code=2)
    transfer("unpack", transfer.url("x"), code=2)
    transfer("unpack", transfer.url("none.zip"), code=5)
    assert transfer.keys() == []


def test_a_key_that_looks_like_a_member(transfer: TransferScene) -> None:
    """Without an archive of that name it is an object like any other."""
    transfer.write({"x": b"1"})
    transfer("upload", "tree/x", transfer.url("no.zip!/x"))
    assert transfer.keys() == ["no.zip!/x"]
    assert transfer("cat", transfer.url("no.zip!/x")).out == "1"


def test_one_request_for_a_member(over_s3: TransferScene) -> None:
    packed(over_s3)
    with meddling(over_s3.endpoint) as way:
        at = ("--endpoint", way.origin)
        over_s3("cat", over_s3.url("a.zip!/raw/text.csv"), *at)
        assert [(verb, path.rpartition("/")[2]) for verb, path in way.seen] == [
            ("HEAD", "a.zip"),
            ("GET", "a.zip.index"),
            ("GET", "a.zip"),
        ]
        way.seen.clear()
        over_s3("unpack", over_s3.url("a.zip"), "out", *at, "--include", "*.csv", "--include", "*.txt")
        assert len(way.seen) <= 6
        assert set(on_disk(over_s3.folder / "out")) == {"a.txt", "raw/text.csv"}


def test_from_programs(transfer: TransferScene, monkeypatch: pytest.MonkeyPatch) -> None:
    transfer.write(FILES)
    monkeypatch.chdir(transfer.folder)
    for name, value in transfer.jsobj.environment().items():
        monkeypatch.setenv(name, value)
    connection = connect()
    protocol = "swift" if transfer.dialect == "swift" else "jsobj+s3"
    files = fsspec.filesystem(protocol, skip_instance_cache=True)
    inside = f"{transfer.bucket}/p.zip!"
    assert not files.exists(f"{inside}/a.txt")
    assert connection.pack("tree/", transfer.url("p.zip"), compress="zstd").done == 1
    assert connection.read(transfer.url("p.zip!/a.txt")) == FILES["a.txt"]
    assert connection.read(transfer.url("p.zip!/raw/text.csv"), start=6, size=5) == b"1,2,3"
    assert connection.unpack(transfer.url("p.zip"), Path("out")).done == len(FILES)
    assert on_disk(transfer.folder / "out") == shas(FILES)
    assert sorted(os.path.basename(name) for name in files.ls(f"{inside}/", detail=False)) == ["a.txt", "empty", "raw"]
    assert files.cat(f"{inside}/raw/text.csv") == FILES["raw/text.csv"]
    with files.open(f"{inside}/raw/deep/er.nc") as file:
        file.seek(5 * MIB)
        assert file.read(100) == FILES["raw/deep/er.nc"][5 * MIB : 5 * MIB + 100]
    assert files.info(f"{inside}/a.txt")["size"] == 1800
    assert sorted(files.find(f"{inside}/raw")) == [f"{inside}/{name}" for name in sorted(FILES) if name > "raw"]
