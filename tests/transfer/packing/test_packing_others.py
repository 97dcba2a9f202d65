"""Commands that know nothing of archives, on what is in one."""

from __future__ import annotations

import io
import random
import subprocess
import sys
import zipfile
from collections.abc import Mapping

import pytest
from transfer_scene import MIB, SWIFT_API, SWIFT_S3, TransferScene, aged, on_disk, shas

FILES = {f"d{number % 3}/{number:02}": random.Random(number).randbytes(1000 + number) for number in range(30)}
FILES["big"] = b"0123456789" * (MIB // 2)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """As Python's ``zipfile`` writes it, stored."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return target.getvalue()


@pytest.mark.parametrize("transfer", [SWIFT_API], indirect=True)
def test_other_commands(transfer: TransferScene) -> None:
    aged(transfer.write(FILES))
    transfer("upload", "--pack", "tree/", transfer.url("a.zip"), "--compress", "zstd")
    inside = transfer.url("a.zip!/")
    transfer("sync", inside, "synced")
    assert on_disk(transfer.folder / "synced") == shas(FILES)
    assert "Nothing" in transfer("sync", inside, "synced").err
    transfer("download", inside, "processes", "--processes", "2")
    assert on_disk(transfer.folder / "processes") == shas(FILES)
    for share in ("1/2", "2/2"):
        transfer("download", inside, "shares", "--shard", share)
    assert on_disk(transfer.folder / "shares") == shas(FILES)
    assert transfer("tree", inside).lines[-1].startswith("31 objects, 3 folders")
    assert transfer("cat", "--range", "5000000-5000004", transfer.url("a.zip!/big")).out == "01234"
    transfer("cp", inside, transfer.url("copied/"))
    assert {key: transfer.get(f"copied/{key}") for key in FILES} == FILES
    transfer("mv", transfer.url("a.zip!/big"), transfer.url("moved"), code=2)
    assert "moved" not in set(transfer.keys())


@pytest.mark.parametrize("transfer", [SWIFT_API], indirect=True)
def test_no_archive_is_made_of_nothing(transfer: TransferScene) -> None:
    (transfer.folder / "bare").mkdir()
    for words in ((), ("--dry-run",)):
        error = transfer("upload", "--pack", "bare", "bare/", transfer.url("e.zip"), *words, "--json", code=5).error
        assert error["reference"] == "nothing-to-pack"
        assert error["hint"] == "look: ls -lA bare bare/"
    assert transfer.keys() == []
    assert transfer("jobs", "list", "--json").json["items"] == []


@pytest.mark.parametrize("transfer", [SWIFT_API], indirect=True)
def test_members_are_no_objects_of_their_bucket(transfer: TransferScene) -> None:
    """One error where versions, segments or settings are asked for, which archives and buckets have."""
    transfer.put("a.zip", zipped({"d/x": b"1"}))
    for member in (transfer.url("a.zip!/d/x"), transfer.url("a.zip!")):
        for words in (
            ("ls", "--versions", member),
            ("undelete", member),
            ("verify", "--segments", member),
            ("bucket", "usage", member),
            ("bucket", "clean", member, "--dry-run"),
            ("bucket", "versioning", member),
            ("bucket", "quota", member),
        ):
            error = transfer(*words, "--json", code=2).error
            assert error["reference"] == "archive-read-only", words
            assert transfer.url("a.zip,") in error["hint"]
    transfer("ls", "--versions", transfer.url("a.zip"))
    transfer("bucket", "usage", transfer.url("none.zip!/x"), code=5)  # a key like any other


@pytest.mark.parametrize("transfer", [SWIFT_API, SWIFT_S3], indirect=True)
def test_snippets_read_members(transfer: TransferScene) -> None:
    """By jsobj's filesystems, in every library that reads through one; what is there is seen without its name."""
    transfer.put("a.zip", zipped({"in/t.csv": b"t\n281.4\n", "in/x": b"\x89HDF and more"}))
    for library in ("pandas", "polars", "fsspec"):
        said = transfer("snippet", library, transfer.url("a.zip!/in/t.csv"))
        done = subprocess.run(
            [sys.executable, "-c", said.out],
            env=transfer.jsobj.environment(),
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert done.returncode == 0, done.stderr
        assert ("t.csv" if library == "fsspec" else "281.4") in done.stdout
    seen = transfer("snippet", "xarray", transfer.url("a.zip!/in/x"))
    assert "h5netcdf" in seen.out
    assert "nothing at" not in seen.err


@pytest.mark.parametrize("transfer", [SWIFT_API], indirect=True)
def test_which_copies_have_the_index(transfer: TransferScene) -> None:
    """As 'jsobj help packing' says: those that have the archive's ETag."""
    transfer.write({"big": FILES["big"] + FILES["big"], "small": b"x"})
    transfer("upload", "--pack", "tree/", transfer.url("a.zip"), "--part-size", "5M")
    pair = (transfer.url("a.zip"), transfer.url("a.zip.index"))
    transfer("cp", *pair, transfer.url("copy/"), "--part-size", "6M")
    transfer("download", *pair, "got/")
    transfer("upload", "got/", transfer.url("alike/"), "--part-size", "5M")
    transfer("upload", "got/", transfer.url("other/"), "--part-size", "6M")
    for folder, by in (("copy", "sha256"), ("alike", "sha256"), ("other", "crc32")):
        member = transfer.url(f"{folder}/a.zip!/small")
        assert transfer("stat", member, "--json").json["verifiable_by"] == by
