"""Two at once: on one folder, and on one mount."""

from __future__ import annotations

import subprocess
import sys

import pytest
from mount_scene import Scene

pytestmark = pytest.mark.usefixtures("only_repairs")


def both(scene: Scene, *words: object) -> set[int]:
    """The exit codes of two that start at the same time."""
    argv = [sys.executable, "-m", "jsobj", *map(str, words)]
    children = [subprocess.Popen(argv, env=scene.jsobj.environment(), stderr=subprocess.DEVNULL) for _ in range(2)]
    return {each.wait(60) for each in children}


def test_one_of_two_mounts_on_one_folder_is_refused(scene: Scene) -> None:
    assert both(scene, "mount", scene.url, scene.folder, "--write", *scene.options) == {0, 6}
    assert len(scene.mounts()) == 1
    (scene.folder / "a").write_bytes(b"a")
    assert both(scene, "umount", scene.folder) <= {0, 5}  # 5: the other one had ended before this one looked
    assert scene.place.body("a") == b"a"
    scene.nothing_left()


def test_one_of_two_repairs_does_it(scene: Scene) -> None:
    scene.mount("--write")
    pid = scene.pid()
    (scene.folder / "a").write_bytes(b"a")
    scene.kill(pid)
    assert both(scene, "mounts", "--repair") <= {0, 6}
    (there,) = scene.mounts()
    assert (there["state"], there["waiting"]) == ("alive", [])
    assert scene.place.body("a") == b"a"
    scene.umount()
    scene.nothing_left()
