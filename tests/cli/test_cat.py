"""``jsobj cat``: exactly the bytes that are stored, in order, or an error."""

from __future__ import annotations

import os

import pytest
from fixtures_cloud import Cloud
from objects_scene import Scene, damage, md5

MIB = 1024**2


@pytest.mark.parametrize("size", [0, 1, 100_000, 8 * MIB, 8 * MIB + 1, 33 * MIB + 7])
def test_the_bytes(scene: Scene, size: int) -> None:
    """33 MiB are more than is held at once: fetched in stretches, and compared as a whole."""
    data = os.urandom(size)
    scene.fill({"x": data})
    out, err = scene.binary("cat", scene.url("x"), "-v")
    assert md5(out) == md5(data)
    assert "verified by md5" in err


def test_several_in_order(scene: Scene) -> None:
    scene.fill({"a": b"one\n", "b": b"two\n"})
    assert scene.binary("cat", scene.url("b"), scene.url("a"), scene.url("b"))[0] == b"two\none\ntwo\n"


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("0-0", 0, 1), ("10-19", 10, 20), ("90-", 90, 100), ("90-1000", 90, 100), ("-7", 93, 100), ("-1000", 0, 100)],
)
def test_a_stretch(scene: Scene, asked: str, start: int, end: int) -> None:
    data = os.urandom(100)
    scene.fill({"x": data})
    assert scene.binary("cat", scene.url("x"), f"--range={asked}")[0] == data[start:end]


def test_a_stretch_of_many_pieces(scene: Scene) -> None:
    data = os.urandom(20 * MIB)
    scene.fill({"x": data})
    out, _ = scene.binary("cat", scene.url("x"), "--range", f"{MIB}-{19 * MIB}")
    assert out == data[MIB : 19 * MIB + 1]


@pytest.mark.parametrize("asked", ["", "5", "a-b", "5-2", "-", "--5", "1-2-3", "1.5-2", "-0x5"])
def test_a_stretch_that_is_none(scene: Scene, asked: str) -> None:
    scene.fill({"x": b"abc"})
    if not asked:  # an empty option is none
        assert scene.binary("cat", scene.url("x"), "--range=")[0] == b"abc"
        return
    assert scene("cat", scene.url("x"), f"--range={asked}", "--json", code=2).error["reference"] == "bad-range"


def test_a_stretch_beyond_the_end(scene: Scene) -> None:
    scene.fill({"x": b"abc", "empty": b""})
    assert scene("cat", scene.url("x"), "--range", "3-", "--json", code=2).error["reference"] == "range-outside"
    assert scene("cat", scene.url("empty"), "--range", "0-1", "--json", code=2).error["reference"] == "range-outside"
    assert scene.binary("cat", scene.url("empty"), "--range=-5")[0] == b""


def test_one_that_is_missing_does_not_keep_others_from_being_written(scene: Scene) -> None:
    scene.fill({"a": b"one\n", "b": b"two\n"})
    out, err = scene.binary("cat", scene.url("a"), scene.url("nope"), scene.url("b"), code=5)
    assert out == b"one\ntwo\n"
    assert "object-not-found" in err
    assert "not-all-shown" in err
    out, err = scene.binary("cat", scene.url("nope"), code=5)
    assert out == b""
    assert "not-all-shown" not in err


def test_what_matches_a_pattern(scene: Scene) -> None:
    scene.fill({"log-1": b"one\n", "log-2": b"two\n", "log-dir/x": b"no", "w*": b"exactly this\n", "wide": b"no"})
    out, err = scene.binary("cat", scene.url("log-*"), scene.url("w*"))
    assert out == b"one\ntwo\nexactly this\n"
    assert f"the folder {scene.url('log-dir/')} is left out" in err
    assert scene.binary("cat", scene.url("w*"), "--range", "0-6")[0] == b"exactly"
    assert scene("cat", scene.url("log-*"), "--range", "0-1", "--json", code=2).error["reference"] == "usage"
    assert scene("cat", scene.url("none*"), "--json", code=5).error["reference"] == "nothing-matches"


@pytest.mark.parametrize("key", ["a//b", "./x", "a/../b", "../up", "dir/.", "trailing /.."])
def test_b082_keys_that_cannot_be_paths_can_be_read(scene: Scene, key: str) -> None:
    """Written by the standard library: swiftclient's requests would tidy these names up."""
    scene.put_plainly(key, b"content")
    assert key in scene.names()
    assert scene.binary("cat", scene.url(key))[0] == b"content"
    scene("rm", scene.url(key))
    assert key not in scene.names()


def test_damaged_bytes_are_never_given_out(scene: Scene, cloud: Cloud) -> None:
    data = os.urandom(50_000)
    scene.fill({"x": data, "y": b"y"})
    damage(cloud.folder, data, 25_000)
    out, err = scene.binary("cat", scene.url("x"), scene.url("y"), code=8)
    assert out == b""  # nothing comes behind what is damaged
    assert "bytes-differ" in err


def test_damage_of_what_is_too_large_to_be_held_is_told_at_the_end(scene: Scene, cloud: Cloud) -> None:
    data = os.urandom(33 * MIB)
    scene.fill({"x": data})
    damage(cloud.folder, data, 20 * MIB)
    out, err = scene.binary("cat", scene.url("x"), code=8)
    assert len(out) == len(data)
    assert out != data
    assert "throw them away" in err


def test_b134_head_ends_it_quietly(scene: Scene) -> None:
    scene.fill({"x": os.urandom(12 * MIB)})
    script = f"{' '.join(scene.jsobj.command('cat', scene.url('x')))} | head -c 5 | wc -c"
    done = scene.jsobj.tool("bash", "-c", f"set -o pipefail; {script}")
    assert done.out.strip() == "5"
    assert done.err == ""
