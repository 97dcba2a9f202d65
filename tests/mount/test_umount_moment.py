"""The kernel calls a mount busy for a moment after the last file of it was closed."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from mount_scene import Scene

import jsobj.mount.end as ending


def test_a_refusal_for_a_moment_is_tried_again_soon(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    from fixtures_places import settle

    from jsobj.identity.settings import Settings
    from jsobj.mount import record

    scene.mount("--write")
    settle(monkeypatch, scene.jsobj.environment())
    real, refusals = ending._unmount, [1, 1]

    def unmount(folder: Path, *, lazy: bool) -> bool:
        return real(folder, lazy=lazy) if not refusals else not refusals.pop()

    monkeypatch.setattr(ending, "_unmount", unmount)
    settings = Settings.read()
    (mount,) = record.all_mounts(settings)
    begun = time.monotonic()
    ending.umount(settings, mount, timeout=60)
    assert time.monotonic() - begun < 50
    scene.nothing_left()
