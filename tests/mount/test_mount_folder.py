"""Which folders are mounted on, and that nobody writes beneath a mount that is not there."""

from __future__ import annotations

import io
import os
import subprocess
import zipfile
from pathlib import Path

import pytest
from mount_scene import Scene, error_of

from jsobj.mount import table

pytestmark = pytest.mark.usefixtures("only_repairs")

NOBODY = 65534


def refused(scene: Scene, folder: Path, *words: str, url: str = "", code: int = 6) -> str:
    done = scene.jsobj.process("mount", url or scene.url, folder, *words, *scene.options, "--json", code=code)
    assert not scene.state.exists() or len(scene.mounts()) == len([*scene.state.iterdir()])
    return str(error_of(done)["reference"])


def test_folders_that_will_not_do(scene: Scene) -> None:
    full = scene.jsobj.folder / "full"
    full.mkdir()
    (full / "data").touch()
    assert refused(scene, full) == "mount-folder-not-empty"
    assert refused(scene, scene.jsobj.folder / "no" / "such", code=9) == "mount-folder-bad"
    (scene.jsobj.folder / "file").touch()
    assert refused(scene, scene.jsobj.folder / "file", code=9) == "mount-folder-bad"
    scene.place.put("sub/x", b"")
    folder = scene.mount()
    assert refused(scene, folder) == "mount-folder-taken"
    assert refused(scene, folder / "sub") == "mount-folder-taken"
    scene.umount()
    scene.nothing_left()


def test_a_mount_that_fails_leaves_nothing(scene: Scene) -> None:
    assert refused(scene, scene.folder, url="s3://no-such-bucket-here", code=5) == "bucket-not-found"
    assert not scene.folder.exists()
    away = ("--endpoint", "http://127.0.0.1:9")
    assert refused(scene, scene.folder, *away, code=7) == "endpoint-unreachable"
    assert not scene.folder.exists()
    scene.nothing_left()


def test_what_is_in_an_archive_is_not_mounted(scene: Scene) -> None:
    """It would be an empty folder, and what is written there no command could read or delete by its name."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("d/x", b"1")
    scene.place.put("a.zip", data.getvalue())
    for inside in ("a.zip!/", "a.zip!", "a.zip!/d/"):
        for words in ((), ("--write",)):
            assert refused(scene, scene.folder, *words, url=f"{scene.url}/{inside}", code=2) == "archive-read-only"
    assert not scene.folder.exists()
    scene.nothing_left()


def test_the_folder_of_a_user_stays_and_is_closed(scene: Scene) -> None:
    scene.folder.mkdir()
    scene.mount("--write")
    (scene.folder / "a").touch()
    scene.umount()
    assert scene.folder.stat().st_mode & 0o777 == 0o500
    assert list(scene.folder.iterdir()) == []
    scene.mount("--write")
    scene.umount()


def test_who_is_not_root_cannot_write_where_the_mount_has_died(scene: Scene) -> None:
    """Below a mount that is gone the plain folder would fill, and the next mount would fail."""
    scene.folder.mkdir()
    for each in (scene.folder, *scene.folder.parents):
        if each.stat().st_uid == os.getuid() and each != Path("/") and os.getuid() == 0:
            each.chmod(each.stat().st_mode | 0o011)
    os.chown(scene.folder, NOBODY, NOBODY) if os.getuid() == 0 else None
    scene.mount("--write")
    scene.kill(scene.pid())
    subprocess.run(["umount", "--lazy", str(scene.folder)], check=True)
    who = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if os.getuid() == 0 else []
    done = subprocess.run([*who, "touch", str(scene.folder / "x")], capture_output=True, text=True)
    assert "Permission denied" in done.stderr
    assert list(scene.folder.iterdir()) == []
    scene.umount()


def test_a_unit_that_systemd_takes(scene: Scene, tmp_path: Path) -> None:
    from rigs import need_program

    name = scene.jsobj.folder / "with % and $HOME"
    made = scene.jsobj.process("mount", scene.url, name, "--write", "--unit", "--json", *scene.options).json
    assert table.at(name, table.read()) is None
    file = tmp_path / made["name"]
    file.write_text(made["unit"])
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    done = subprocess.run(
        [need_program("systemd-analyze"), "--user", "verify", str(file)],
        env={**os.environ, "XDG_RUNTIME_DIR": str(runtime)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr.strip()) == (0, "")
    assert "enable-linger" in made["unit"]
