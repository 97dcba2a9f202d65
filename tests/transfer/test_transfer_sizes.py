"""Objects of every size, up and down, on every ground: the bytes are the same, and said to be verified."""

from __future__ import annotations

import os

from transfer_scene import IN_PARTS, MIB, PART, SWIFT_S3, TransferScene, sha

SIZES = (0, 1, PART - 1, PART, PART + 1)


def test_sizes_up_and_down(anywhere: TransferScene) -> None:
    files = {f"size-{size}": os.urandom(size) for size in SIZES}
    tree = anywhere.write(files)
    sent = anywhere.summary("upload", f"{tree}/", anywhere.url(), *IN_PARTS)
    assert (sent["done"], sent["verified"], sent["failed"]) == (len(SIZES), len(SIZES), 0)
    assert sent["bytes"] == sum(SIZES)
    assert anywhere.digests() == {name: sha(data) for name, data in files.items()}
    assert anywhere.unfinished() == []
    got = anywhere.summary("download", anywhere.url(), "back", *IN_PARTS)
    assert (got["done"], got["verified"], got["unverified"]) == (len(SIZES), len(SIZES), 0)
    assert {path.name: sha(path.read_bytes()) for path in (anywhere.folder / "back").iterdir()} == {
        name: sha(data) for name, data in files.items()
    }


def test_ten_parts(anywhere: TransferScene) -> None:
    data = os.urandom(9 * PART + 12_345)
    path = anywhere.write({"big": data}) / "big"
    sent = anywhere.summary("upload", path, anywhere.url("big"), *IN_PARTS)
    assert (sent["done"], sent["verified"], sent["bytes"]) == (1, 1, len(data))
    assert sha(anywhere.get("big")) == sha(data)
    assert anywhere.unfinished() == []
    got = anywhere.summary("download", anywhere.url("big"), "back/", *IN_PARTS)
    assert (got["done"], got["verified"], got["bytes"]) == (1, 1, len(data))
    assert sha((anywhere.folder / "back/big").read_bytes()) == sha(data)


def test_parts_of_another_client(transfer: TransferScene) -> None:
    """An object that boto3 made in parts of a size that nobody told."""
    part = 6 * MIB + 1
    data = os.urandom(2 * part + 999)
    transfer.put_in_parts("theirs", data, part)
    got = transfer.summary("download", transfer.url("theirs"), "theirs", *IN_PARTS)
    assert got["verified"] + got["unverified"] == 1
    assert sha((transfer.folder / "theirs").read_bytes()) == sha(data)


def test_both_dialects_of_swift_continue_each_other(make_scene: object) -> None:
    """What one dialect sent, the other fetches and finds unchanged."""
    scene = make_scene(SWIFT_S3)  # type: ignore[operator]
    data = os.urandom(2 * PART + 1)
    path = scene.write({"x": data}) / "x"
    scene("upload", path, scene.url("x"), *IN_PARTS)
    assert sha(scene.get("x")) == sha(data)
    again = scene.summary("upload", path, scene.url("x"), *IN_PARTS)
    assert (again["done"], again["skipped"], again["bytes"]) == (0, 1, 0)
