"""A scene on each server; whatever a test leaves mounted is taken away, by the ids of what it started."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from commands import Jsobj
from fixtures_cloud import Cloud
from fixtures_places import PROFILE, Place
from mount_scene import Scene, need_fuse

from jsobj.mount import table


@pytest.fixture(autouse=True, scope="session")
def _needs_fuse() -> None:
    need_fuse()


MakeScene = Callable[..., Scene]


@pytest.fixture
def scene_on(cloud: Cloud, place_on: Callable[[str], Place], tmp_path: Path) -> Iterator[MakeScene]:
    """``scene_on("rgw")``: a bucket there, and a user's HOME with its profile."""
    made: list[Scene] = []

    def make(server: str) -> Scene:
        place = place_on(server)
        secrets = {*cloud.secrets, place.key[1]}
        jsobj = Jsobj(place.home, secrets)
        scene = Scene(place, jsobj, jsobj.folder / "m", ("--profile", PROFILE), f"s3://{place.bucket}", secrets)
        made.append(scene)
        return scene

    yield make
    _clear(str(tmp_path))  # also of homes beside those
    for scene in made:
        scene.jsobj.check_no_secret_leaked()


@pytest.fixture
def scene(scene_on: MakeScene) -> Scene:
    """On Ceph RGW."""
    return scene_on("rgw")


@pytest.fixture
def only_repairs() -> Iterator[None]:
    """``mounts --repair`` unmounts what is dead of other tests, too: those of another worker wait."""
    with Path(tempfile.gettempdir(), f"jsobj-test-repairs-{os.getuid()}").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # in turns: who looked now and then would find it taken again
        yield


def _clear(home: str) -> None:
    """Else whoever removes the folder some day removes what is in the bucket."""
    for each in table.read():
        if str(each.folder).startswith(home) and each.object_store:
            subprocess.run(["umount", "--lazy", str(each.folder)], check=False, timeout=20)
    for each in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (each / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
            if Path(words[0]).name in ("rclone", "s3fs") and any(home in word for word in words):
                os.kill(int(each.name), signal.SIGKILL)
