"""Where the secret is: in the mounter's environment alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import shows
from mount_scene import BACKENDS, Scene


@pytest.mark.parametrize("backend", BACKENDS)
def test_no_secret_is_in_a_file_or_in_an_argument(scene: Scene, backend: str) -> None:
    folder = scene.mount("--write", "--backend", backend)  # looks at the arguments of all processes
    (folder / "a").write_text("a")
    pid = scene.pid()
    assert scene.place.key[1] in Path(f"/proc/{pid}/environ").read_text()  # else the test would prove nothing
    for each in (*scene.state.rglob("*"), *scene.cache.rglob("*")):
        if each.is_file():
            assert not shows(each.read_bytes().decode("utf-8", "replace"), scene.secrets), each
    for each in scene.state.rglob("*"):
        assert each.stat().st_mode & 0o077 == 0 or each.parent.stat().st_mode & 0o077 == 0
    scene.jsobj.process("mounts")
    scene.umount()
    scene.nothing_left()
