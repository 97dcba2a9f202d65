"""The same script with rclone and s3fs alone, and with jsobj: what the writer, the unmounting and the bucket say.

``pytest -m long -s tests/mount/test_mount_side_by_side.py`` prints the table.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from mount_scene import Scene, until
from relay import Relay, relay
from rigs import need_program

from jsobj.mount import table
from jsobj.mount.mounters.registry import MOUNTERS

pytestmark = pytest.mark.usefixtures("only_repairs")

FILES, SIZE = 20, 100_000
FEW = 2  # where each of them keeps s3fs alone busy for a minute
SETTLE = 8.0  # longer than rclone alone waits before it sends


@dataclass
class Tool:
    """How one mounts; ``unmount`` gives the exit code that its user sees."""

    scene: Scene
    folder: Path
    endpoint: str
    mount: Callable[[], int]  # the mounter's pid
    unmount: Callable[[], int]
    repair: Callable[[], object]


def _alone(scene: Scene, endpoint: str, words: list[str], environ: dict[str, str]) -> Tool:
    folder = scene.jsobj.home / "alone"
    folder.mkdir(exist_ok=True)
    place = scene.place
    children: list[subprocess.Popen[bytes]] = []

    def mount() -> int:
        children.append(
            subprocess.Popen(
                [word.format(bucket=place.bucket, folder=folder, home=scene.jsobj.home) for word in words],
                env={**place.environ, **environ},
                stderr=subprocess.DEVNULL,
            )
        )
        until(lambda: table.at(folder, table.read()))
        return children[-1].pid

    def unmount() -> int:
        code = subprocess.run(["fusermount3", "-u", str(folder)], stderr=subprocess.DEVNULL).returncode
        children[-1].wait(30)
        return code

    def repair() -> None:
        children[-1].wait(30)
        subprocess.run(["fusermount3", "-uz", str(folder)], check=True)
        mount()

    return Tool(scene, folder, endpoint, mount, unmount, repair)


def rclone_alone(scene: Scene, endpoint: str) -> Tool:
    program = next(each for each in MOUNTERS if each.name == "rclone").find()
    assert program is not None
    key, secret = scene.place.key
    remote = {"TYPE": "s3", "PROVIDER": "Ceph", "ENV_AUTH": "true", "ENDPOINT": endpoint}
    environ = {f"RCLONE_CONFIG_PLAIN_{name}": value for name, value in remote.items()}
    environ |= {"RCLONE_CONFIG": "/dev/null", "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret}
    words = [program.path, "mount", "plain:{bucket}", "{folder}", "--vfs-cache-mode", "full"]
    return _alone(scene, endpoint, [*words, "--cache-dir", "{home}/alone-cache"], environ)


def s3fs_alone(scene: Scene, endpoint: str) -> Tool:
    key, secret = scene.place.key
    words = [need_program("s3fs"), "{bucket}", "{folder}", "-f", "-o", f"url={endpoint}"]
    words += ["-o", "use_path_request_style"]
    return _alone(scene, endpoint, words, {"AWSACCESSKEYID": key, "AWSSECRETACCESSKEY": secret})


def by_jsobj(backend: str) -> Callable[[Scene, str], Tool]:
    def make(scene: Scene, endpoint: str) -> Tool:
        scene.options = ("--profile", "science", "--endpoint", endpoint)

        def mount() -> int:
            scene.mount("--write", "--backend", backend)
            return scene.pid()

        def unmount() -> int:
            words = scene.jsobj.command("umount", scene.folder, "--timeout", "2")
            return subprocess.run(words, env=scene.jsobj.environment(), capture_output=True).returncode

        return Tool(scene, scene.folder, endpoint, mount, unmount, lambda: scene.jsobj.process("mounts", "--repair"))

    return make


TOOLS = {
    "rclone mount, fusermount3 -u": rclone_alone,
    "s3fs, fusermount3 -u": s3fs_alone,
    "jsobj mount (rclone)": by_jsobj("rclone"),
    "jsobj mount --backend s3fs": by_jsobj("s3fs"),
}


def write(tool: Tool, files: int = FILES) -> int:
    """The files that the writer was told of as not written."""
    failed = 0
    for number in range(files):
        try:
            (tool.folder / f"f{number}").write_bytes(os.urandom(SIZE))
        except OSError:
            failed += 1
    return failed


def unmounted_at_once(tool: Tool, way: Relay) -> tuple[int, int]:
    tool.mount()
    return write(tool), tool.unmount()


def server_away(tool: Tool, way: Relay) -> tuple[int, int]:
    """While it is written and unmounted; then it is back, and who was told so unmounts again."""
    tool.mount()
    os.listdir(tool.folder)
    way.cut()
    failed, code = write(tool, FEW), tool.unmount()
    way.mend()
    if table.at(tool.folder, table.read()):
        tool.unmount()
    return failed, code


def mounter_killed(tool: Tool, way: Relay) -> tuple[int, int]:
    """With what was written waiting; then it is mounted again."""
    pid = tool.mount()
    failed = write(tool)
    os.kill(pid, 9)
    tool.repair()
    return failed, tool.unmount()


SCRIPTS = (unmounted_at_once, server_away, mounter_killed)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", TOOLS)
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda each: each.__name__)
def test_who_loses_what(scene: Scene, script: Any, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with relay(scene.place.endpoint) as way:
        tool = TOOLS[name](scene, way.url)
        failed, code = script(tool, way)
        time.sleep(SETTLE)
        there = len(scene.place.names())
    files = FEW if script is server_away else FILES
    told = f"{failed} of {files} writes failed, unmounting said {code}"
    lost = files - failed - there
    with capsys.disabled():
        sys.stdout.write(f"\n{script.__name__:18} {name:29} {told}; {lost} lost\n")
    if name.startswith("jsobj"):
        assert lost == 0
