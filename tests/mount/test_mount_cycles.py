"""Mount, write, unmount, compare, again and again; the same with the tools alone, for what they lose."""

from __future__ import annotations

import os
import random
import subprocess
import time
from pathlib import Path

import pytest
from mount_scene import BACKENDS, Scene, until

from jsobj.mount import table
from jsobj.mount.mounters.registry import MOUNTERS


def cycles(scene: Scene, backend: str, count: int) -> None:
    """Files of many sizes, some written over, some renamed, some deleted at once."""
    chance = random.Random(count)
    wanted: dict[str, bytes] = {}
    for number in range(count):
        folder = scene.mount("--write", "--backend", backend)
        for place in range(4):
            body = os.urandom(chance.choice((0, 1, 4096, 70_000, 300_000)))
            (folder / f"c{number}-{place}").write_bytes(body)
            wanted[f"c{number}-{place}"] = body
        (folder / "over").write_bytes(wanted[f"c{number}-1"])
        wanted["over"] = wanted[f"c{number}-1"]
        (folder / f"c{number}-0").unlink()
        del wanted[f"c{number}-0"]
        (folder / f"c{number}-2").rename(folder / f"r{number}")
        wanted[f"r{number}"] = wanted.pop(f"c{number}-2")
        scene.umount()
        scene.nothing_left()
    assert set(scene.place.names()) == set(wanted)
    for name, body in wanted.items():
        assert scene.place.body(name) == body, name


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_few_cycles(scene: Scene, backend: str) -> None:
    cycles(scene, backend, 3)


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("server", ["swift", "rgw"])
def test_fifty_cycles(scene_on, backend: str, server: str) -> None:  # type: ignore[no-untyped-def]
    cycles(scene_on(server), backend, 50)


def test_rclone_alone_loses_what_jsobj_keeps(scene: Scene, tmp_path: Path) -> None:
    """The reason for all this: the same script, with ``rclone mount`` and ``fusermount3 -u``."""
    rclone = next(each for each in MOUNTERS if each.name == "rclone").find()
    assert rclone is not None
    folder = tmp_path / "plain"
    folder.mkdir()
    place = scene.place
    environ = {**place.environ, "AWS_ACCESS_KEY_ID": place.key[0], "AWS_SECRET_ACCESS_KEY": place.key[1]}
    remote = {"TYPE": "s3", "PROVIDER": "Ceph", "ENV_AUTH": "true", "ENDPOINT": place.endpoint}
    environ |= {f"RCLONE_CONFIG_PLAIN_{name}": value for name, value in remote.items()} | {"RCLONE_CONFIG": "/dev/null"}
    words = [rclone.path, "mount", f"plain:{place.bucket}", str(folder), "--vfs-cache-mode", "full"]
    child = subprocess.Popen([*words, "--cache-dir", str(tmp_path / "cache")], env=environ)
    try:
        until(lambda: table.at(folder, table.read()))
        (folder / "lost").write_bytes(b"x")
        # It says that all is well, once the kernel does not call the mount busy any more, as it does for a moment.
        until(lambda: not subprocess.run(["fusermount3", "-u", str(folder)], check=False).returncode)
        child.wait(20)
    finally:
        child.kill()
        child.wait()
    time.sleep(0.2)
    assert "lost" not in place.names()

    folder = scene.mount("--write")
    (folder / "kept").write_bytes(b"x")
    scene.umount()
    assert place.body("kept") == b"x"
