"""``Connection.mounted``: a folder for the time of a block."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from fixtures_places import PROFILE, settle
from mount_scene import Scene

import jsobj
from jsobj.mount.end import MountBusy


@pytest.fixture
def user(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Scene:
    settle(monkeypatch, scene.jsobj.environment())
    return scene


def test_what_is_written_in_the_block_is_there_behind_it(user: Scene) -> None:
    with jsobj.connect(PROFILE).mounted(user.url, write=True) as path:
        (path / "a").write_bytes(b"a" * 100_000)
    assert user.place.body("a") == b"a" * 100_000
    user.nothing_left()


def holds(path: Path) -> Any:
    held = (path / "a").open("w")
    held.write("a")
    held.flush()
    return held


def test_who_holds_it_is_named_and_it_stays_until_then(user: Scene) -> None:
    block = jsobj.connect(PROFILE).mounted(user.url, user.folder, write=True, timeout=0.5)
    held = holds(block.__enter__())
    with pytest.raises(MountBusy) as caught:
        block.__exit__(None, None, None)
    assert os.getpid() in [each.pid for each in caught.value.holders]
    assert str(user.folder / "a") in str(caught.value)
    held.close()
    user.umount()
    assert user.place.body("a") == b"a"
    user.nothing_left()


def fails(user: Scene) -> None:
    with jsobj.connect(PROFILE).mounted(user.url, write=True) as path:
        (path / "a").write_text("a")
        raise ZeroDivisionError


def test_an_error_of_the_block_stays_the_error(user: Scene) -> None:
    with pytest.raises(ZeroDivisionError):
        fails(user)
    assert user.place.body("a") == b"a"
    user.nothing_left()
