"""The mounter is killed, its disk is full, its key is another one: nothing that was written is lost, and it is said."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pytest
from mount_scene import Scene, error_of
from relay import relay
from rigs import small_disk

from jsobj.mount import table

pytestmark = pytest.mark.usefixtures("only_repairs")

MIB = 1 << 20


def test_what_waited_is_sent_by_repair(scene: Scene) -> None:
    """200 MiB wait; a second client compares."""
    with relay(scene.place.endpoint) as way:
        scene.options = (*scene.options, "--endpoint", way.url)
        folder = scene.mount("--write")
        pid = scene.pid()
        assert os.listdir(folder) == []
        way.cut()
        bodies = {f"f{number}": os.urandom(50 * MIB) for number in range(4)}
        for name, body in bodies.items():
            (folder / name).write_bytes(body)
        scene.kill(pid)
        (dead,) = scene.mounts()
        assert dead["state"] == "stale"
        assert sum(each["bytes"] for each in dead["waiting"]) == 200 * MIB
        refused = scene.umount(code=7)
        assert all(name in error_of(refused)["context"] for name in bodies)
        doctor = scene.jsobj.process("doctor", "mounts", "--json").json["checks"]
        assert [each["id"] for each in doctor if each["status"] == "WARN"] == ["stale-mounts", "waiting-caches"]
        way.mend()
        (repaired,) = scene.jsobj.process("mounts", "--repair", "--json", timeout=100).json["items"]
    assert repaired["done"] == "mounted again"
    assert repaired["sent"] == sorted(bodies)
    for name, body in bodies.items():
        assert hashlib.md5(scene.place.body(name)).digest() == hashlib.md5(body).digest()
    assert (folder / "f0").stat().st_size == 50 * MIB
    scene.umount()
    scene.nothing_left()


def test_a_file_written_anew_is_sent_as_it_was_written(scene: Scene) -> None:
    """rclone may have been killed before it knew that the file was closed; the old bytes must not come over the new."""
    old, new = os.urandom(300_000), os.urandom(200_000)
    scene.place.put("anew", old)
    folder = scene.mount("--write")
    pid = scene.pid()
    (folder / "anew").write_bytes(new)
    scene.kill(pid)
    scene.jsobj.process("mounts", "--repair")
    scene.umount()
    assert scene.place.body("anew") == new


def test_what_was_added_to_a_file_is_sent_or_kept(scene: Scene) -> None:
    """Killed while it fetched the old bytes, rclone has not written down which it has: then nothing is sent or lost."""
    old, new = os.urandom(300_000), os.urandom(200_000)
    scene.place.put("more", old)
    folder = scene.mount("--write")
    pid = scene.pid()
    with (folder / "more").open("ab") as stream:
        stream.write(new)
    scene.kill(pid)
    command = scene.jsobj.command("mounts", "--repair", "--json")
    done = subprocess.run(
        command, env=scene.jsobj.environment(), cwd=scene.jsobj.folder, capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        scene.umount()
        assert scene.place.body("more") == old + new
        return
    assert (done.returncode, "mount-cache-unclear" in done.stdout + done.stderr) == (9, True)
    assert scene.place.body("more") == old
    (kept,) = scene.jsobj.home.glob(".cache/jsobj/mounts/*/vfs/*/*/more")
    assert kept.read_bytes()[len(old) :] == new


def test_mounting_again_over_a_dead_mount_sends_what_it_left(scene: Scene) -> None:
    folder = scene.mount("--write")
    pid = scene.pid()
    (folder / "left").write_bytes(b"left")
    scene.kill(pid)
    scene.mount("--write")
    scene.umount()
    assert scene.place.body("left") == b"left"
    scene.nothing_left()


def test_what_is_left_below_another_mount_is_sent(scene: Scene) -> None:
    """The folder was used for something else meanwhile."""
    scene.mount("--write")
    pid = scene.pid()
    (scene.folder / "left").write_bytes(b"left")
    scene.kill(pid)
    subprocess.run(["umount", "--lazy", str(scene.folder)], check=True)
    scene.mount()
    assert [each["state"] for each in scene.mounts()] == ["dead", "alive"]
    (repaired,) = scene.jsobj.process("mounts", "--repair", "--json").json["items"]
    assert (repaired["done"], repaired["sent"]) == ("sent", ["left"])
    assert [each["state"] for each in scene.mounts()] == ["alive"]
    scene.umount()
    assert scene.place.body("left") == b"left"
    scene.nothing_left()


def test_a_dead_s3fs_is_repaired_too(scene: Scene) -> None:
    scene.place.put("seen", b"1")
    folder = scene.mount("--backend", "s3fs")
    scene.kill(scene.pid())
    with pytest.raises(OSError, match=r"not connected|abort"):
        list(folder.iterdir())
    assert scene.mounts()[0]["state"] == "stale"
    scene.jsobj.process("mounts", "--repair")
    assert (folder / "seen").read_bytes() == b"1"
    scene.umount()
    scene.nothing_left()


def test_a_dead_mount_without_anything_left_can_be_unmounted(scene: Scene) -> None:
    folder = scene.mount("--write")
    scene.kill(scene.pid())
    scene.umount()
    assert table.at(folder, table.read()) is None
    scene.nothing_left()


def test_the_disk_of_the_cache_is_full(scene: Scene, tmp_path: Path) -> None:
    """The writer is told; what was taken before is sent."""
    with small_disk(tmp_path, "24m") as disk:
        scene.jsobj.variables = {"XDG_CACHE_HOME": str(disk)}
        folder = scene.mount("--write")
        (folder / "small").write_bytes(b"x" * MIB)
        told = None
        try:
            with (folder / "large").open("wb") as stream:
                for _ in range(64):
                    stream.write(os.urandom(MIB))
        except OSError as error:
            told = error
        assert told is not None, "the writer believed that 64 MiB fit"
        (folder / "large").unlink()
        scene.umount()
        assert scene.place.body("small") == b"x" * MIB
        scene.nothing_left()


def test_the_key_is_another_one(scene: Scene) -> None:
    """What could not be sent with a key that ended is sent with the profile's new one."""
    credentials = scene.jsobj.credentials
    good = credentials.read_text()
    folder = scene.mount("--write")
    pid = scene.pid()
    (folder / "kept").write_bytes(b"kept")
    scene.kill(pid)
    credentials.write_text(good.replace(scene.place.key[1], "0" * 32))
    scene.jsobj.process("mounts", "--repair", code=4)
    assert scene.mounts()[0]["waiting"] == [{"key": "kept", "bytes": 4}]
    credentials.write_text(good)
    scene.jsobj.process("mounts", "--repair")
    scene.umount()
    assert scene.place.body("kept") == b"kept"
