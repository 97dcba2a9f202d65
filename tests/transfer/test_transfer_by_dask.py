"""Transfers spread over the workers of a dask scheduler: real processes, each with a folder and a login of its own."""

from __future__ import annotations

import os
import shutil
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from dask_cluster import Cluster, cluster
from transfer_scene import IN_PARTS, MIB, TransferScene, on_disk, shas

pytest.importorskip("distributed")

FILES = {
    **{f"day{number % 7}/{number:03}.nc": os.urandom(100 + number) for number in range(100)},
    "empty": b"",
    "large.bin": os.urandom(12 * MIB + 5),
}


def workers_of(scene: TransferScene, tmp_path: Path, *, login: bool = True) -> AbstractContextManager[Cluster]:
    """Two workers, whose HOME has the login's files, or none."""
    home = tmp_path / "worker-home"
    if login:
        shutil.copytree(scene.jsobj.home, home, ignore=shutil.ignore_patterns("work"))
    else:
        home.mkdir()
    environment = scene.jsobj.environment({"HOME": str(home)})
    environment.pop("AWS_PROFILE", None)  # they are told the profile's name
    return cluster(tmp_path / "dask", environment, 2)


def test_all_verbs_by_two_workers(transfer: TransferScene, tmp_path: Path) -> None:
    base = transfer.write(FILES)
    with workers_of(transfer, tmp_path) as there:
        by = ("--dask", there.address)
        found = transfer.summary("upload", "tree", transfer.url(), *IN_PARTS, *by)
        assert (found["done"], found["bytes"]) == (len(FILES), sum(map(len, FILES.values())))
        assert transfer.digests() == {f"tree/{name}": digest for name, digest in shas(FILES).items()}
        assert transfer.summary("upload", "tree", transfer.url(), *IN_PARTS, *by)["skipped"] == len(FILES)
        transfer("download", transfer.url("tree/"), "back", *IN_PARTS, *by)
        assert on_disk(transfer.folder / "back") == shas(FILES)
        assert transfer.summary("sync", "tree", transfer.url("synced"), *IN_PARTS, *by)["done"] == len(FILES)
        assert transfer.summary("sync", transfer.url("synced"), "alike", *IN_PARTS, *by)["done"] == len(FILES)
        assert on_disk(transfer.folder / "alike") == shas(FILES)
        (base / "large.bin").write_bytes(FILES["large.bin"][:-1] + bytes([FILES["large.bin"][-1] ^ 1]))
        (base / "day1/001.nc").unlink()
        (base / "more").write_bytes(b"more")
        said = transfer("verify", "tree", transfer.url("tree"), *by, code=8).out
        assert [line.split("\t")[:2] for line in said.splitlines()] == [
            ["differs", "tree/large.bin"],
            ["missing", "tree/more"],
        ]
        assert transfer.summary("cp", transfer.url("tree/"), transfer.url("copy/"), *by)["done"] == len(FILES)
        assert there.is_idle()
    copied = {key.removeprefix("copy/"): digest for key, digest in transfer.digests().items() if key[0] == "c"}
    assert copied == shas(FILES)


def test_workers_without_a_login_name_the_lack_and_can_be_lent_a_token(transfer: TransferScene, tmp_path: Path) -> None:
    transfer.write(FILES)
    with workers_of(transfer, tmp_path, login=False) as there:
        words = ("upload", "tree", transfer.url(), "--dask", there.address, *IN_PARTS)
        said = transfer.jsobj.process(*words, code=5).err
        assert "worker tcp://127.0.0.1" in said
        assert transfer.keys() == []
        if transfer.dialect == "s3":
            said = transfer.jsobj.process(*words, "--ship-credentials", code=2).err
            assert f"write swift://{transfer.bucket}" in said
            return
        said = transfer.jsobj.process(*words, "--ship-credentials").err
        assert "lent a token of this login" in said
        assert "gAAAA" not in said + there.logs()  # as Keystone's tokens begin
    assert transfer.digests() == {f"tree/{name}": digest for name, digest in shas(FILES).items()}


def test_files_that_workers_do_not_see_are_refused_before_the_first_byte(
    over_s3: TransferScene, tmp_path: Path
) -> None:
    """What this path means is another folder for each process, as on machines that do not share it."""
    over_s3.write(FILES)
    over_s3.put("data/one", b"one")
    with workers_of(over_s3, tmp_path) as there:
        by = ("--dask", there.address)
        said = over_s3.jsobj.process("upload", "/proc/self/cwd/tree/", over_s3.url("x/"), *by, code=9).err
        assert "[files-not-shared]" in said
        said = over_s3.jsobj.process("verify", "/proc/self/cwd/tree/", over_s3.url("x/"), *by, code=9).err
        assert "[files-not-shared]" in said
        said = over_s3.jsobj.process("download", over_s3.url("data/"), "/proc/self/cwd/back/", *by, code=9).err
        assert "[files-not-shared]" in said
    assert over_s3.keys() == ["data/one"]
    assert on_disk(over_s3.folder / "back") == {}


def test_what_cannot_be_spread_says_so(over_s3: TransferScene) -> None:
    nobody = ("--dask", "tcp://127.0.0.1:1")
    over_s3("upload", "-", over_s3.url("x"), *nobody, code=2)
    over_s3("download", over_s3.url("x"), "-", *nobody, code=2)
    over_s3("upload", ".", over_s3.url(), *nobody, "--processes", "2", code=2)
    over_s3("upload", ".", over_s3.url(), "--ship-credentials", code=2)
    over_s3("verify", over_s3.url("x.zarr"), *nobody, code=2)
