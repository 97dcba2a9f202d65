"""Shares of one transfer, as the jobs of an array take them: at the same time, and without talking to each other."""

from __future__ import annotations

import concurrent.futures
import os

from transfer_scene import IN_PARTS, PART, TransferScene, on_disk, sha, shas

FILES = {f"day{number % 3}/{number:03}.nc": os.urandom(200 + number) for number in range(60)}


def at_once(scene: TransferScene, *argv: str) -> list[str]:
    """The command as three jobs that run together; what each said on standard error."""

    def job(number: int) -> str:
        return scene.jsobj.process(*argv, "--shard", f"{number}/3").err

    with concurrent.futures.ThreadPoolExecutor(3) as threads:
        return list(threads.map(job, (1, 2, 3)))


def test_three_shares_are_the_whole_up_and_down_and_verified(transfer: TransferScene) -> None:
    files = {**FILES, "large.bin": os.urandom(PART + 1000)}
    transfer.write(files)
    at_once(transfer, "upload", "tree", transfer.url(), *IN_PARTS)
    assert transfer.digests() == {f"tree/{name}": digest for name, digest in shas(files).items()}
    assert transfer.unfinished() == []
    same = [
        transfer("verify", "tree", transfer.url("tree"), "--shard", f"{number}/3", "--verbose").out.count("same\t")
        for number in (1, 2, 3)
    ]
    assert sum(same) == len(files)
    assert all(same)
    at_once(transfer, "download", transfer.url("tree"), "back", *IN_PARTS)
    assert on_disk(transfer.folder / "back") == shas(files)


def test_a_copy_has_shares_too(over_s3: TransferScene) -> None:
    for name, data in list(FILES.items())[:9]:
        over_s3.put(f"a/{name}", data)
    done = []
    for number in (1, 2):
        done.append(over_s3.summary("cp", over_s3.url("a/"), over_s3.url("b/"), "--shard", f"{number}/2")["done"])
    assert sum(done) == 9
    copied = {key.removeprefix("b/"): digest for key, digest in over_s3.digests().items() if key.startswith("b/")}
    assert copied == shas(dict(list(FILES.items())[:9]))


def test_a_share_of_a_zarr_leaves_its_metadata_to_the_last_command(over_s3: TransferScene) -> None:
    zarr = {"zarr.json": b"{}", "t/zarr.json": b"{}", **{f"t/c/{number}": bytes([number]) * 9 for number in range(9)}}
    over_s3.write(zarr, "run.zarr")
    said = [over_s3("upload", "run.zarr", over_s3.url(), "--shard", f"{number}/2").err for number in (1, 2)]
    assert "left for the end: when all shares are done, run the same command without --shard" in "".join(said)
    assert over_s3.keys() == [f"run.zarr/t/c/{number}" for number in range(9)]
    assert over_s3.summary("upload", "run.zarr", over_s3.url())["done"] == 2
    assert over_s3.digests() == {f"run.zarr/{name}": sha(data) for name, data in zarr.items()}


def test_a_share_without_files_is_no_error_but_a_pattern_that_matches_nothing_is(over_s3: TransferScene) -> None:
    over_s3.write({"one.nc": b"one"})
    results = [
        over_s3.summary("upload", "tree/", over_s3.url(), "--include", "*.nc", "--shard", f"{number}/50")["done"]
        for number in range(1, 51)
    ]
    assert sorted(results) == [0] * 49 + [1]
    over_s3("verify", "tree/", over_s3.url(), "--include", "*.nc", "--shard", "1/50")
    over_s3("upload", "tree/", over_s3.url(), "--include", "*.tif", "--shard", "1/50", code=5)
    over_s3("verify", "tree/", over_s3.url(), "--include", "*.tif", "--shard", "1/50", code=5)


def test_what_has_no_shares_says_so(over_s3: TransferScene) -> None:
    over_s3("upload", "-", over_s3.url("x"), "--shard", "1/2", code=2)
    over_s3("download", over_s3.url("x"), "-", "--shard", "1/2", code=2)
    over_s3("verify", over_s3.url("x.zarr"), "--shard", "1/2", code=2)
    assert "1/16" in over_s3("upload", "tree", over_s3.url(), "--shard", "3/2", code=2).err


def test_shares_of_a_sync_make_the_whole(over_s3: TransferScene) -> None:
    """Up and down, both shares at once; a Zarr's metadata and deletions wait for the last command."""
    files = {f"f{number}": bytes([number]) for number in range(20)} | {"z.zarr/.zarray": b"{}", "z.zarr/0": b"chunk"}
    tree = over_s3.write(files)
    over_s3.put("x/gone", b"there")
    url = over_s3.url("x")
    for number in (1, 2):
        over_s3("sync", tree, url, "--shard", f"{number}/2")
    assert over_s3.keys() == sorted(f"x/{name}" for name in [*files, "gone"] if not name.endswith(".zarray"))
    assert "leave --delete out" in over_s3("sync", tree, url, "--shard", "1/2", "--delete", code=2).err
    last = over_s3.summary("sync", tree, url, "--delete")
    assert (last["done"], last["deleted"]) == (1, 1)
    for share in ("2/2", "1/2"):
        over_s3("sync", url, "back", "--shard", share)
    assert not (over_s3.folder / "back" / "z.zarr" / ".zarray").exists()
    assert over_s3.summary("sync", url, "back")["done"] == 1
    assert on_disk(over_s3.folder / "back") == shas(files)
