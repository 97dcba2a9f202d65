"""``jsobj mount --run``: the command's exit code, nothing seen from outside, nothing left, nothing lost."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from mount_scene import BACKENDS, Scene, error_of, mounters_below, until
from relay import relay

from jsobj.mount import table
from jsobj.mount.namespace import private

pytestmark = pytest.mark.usefixtures("only_repairs")

WRITER = (
    'i=0; while [ $i -lt 400 ]; do echo "$i" > $JSOBJ_MOUNT/n$i && echo "$i" >> promised; i=$((i+1)); sleep 0.01; done'
)


def run(scene: Scene, *command: str, code: int = 0, more: tuple[str, ...] = ("--write",)) -> Any:
    return scene.jsobj.process("mount", "--run", scene.url, *more, *scene.options, "--", *command, code=code)


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_exit_code_comes_through_and_all_is_there(scene: Scene, backend: str) -> None:
    scene.place.put("seen", b"1")
    text = "cat $JSOBJ_MOUNT/seen; echo new > $JSOBJ_MOUNT/new; cat /proc/self/mountinfo; env; exit 5"
    done = run(scene, "sh", "-c", text, code=5, more=("--write", "--backend", backend))
    assert done.out.startswith("1")
    assert "fuse." in done.out
    assert f"JSOBJ_MOUNT={scene.state}" in done.out
    assert scene.place.key[1] not in done.out
    assert scene.place.body("new") == b"new\n"
    scene.nothing_left()


def test_nobody_else_sees_the_mount(scene: Scene) -> None:
    if private().why_not:
        pytest.skip(f"the kernel gives no namespaces here: {private().why_not}")
    child = scene.jsobj.start(
        "mount", "--run", scene.url, *scene.options, "--", "sh", "-c", "touch inside; exec sleep 100"
    )
    try:
        until(lambda: (scene.jsobj.folder / "inside").exists())
        home = str(scene.jsobj.home)
        assert not [each for each in table.read() if str(each.folder).startswith(home)]
        assert [each["state"] for each in scene.mounts()] == ["running"]
    finally:
        child.kill()
        child.wait()
    until(lambda: not mounters_below(str(scene.jsobj.home)))


def test_at_a_folder_of_the_users_choice(scene: Scene) -> None:
    done = run(scene, "sh", "-c", "echo $JSOBJ_MOUNT", more=("--at", str(scene.folder)))
    assert done.out.strip() == str(scene.folder)
    assert not scene.folder.exists()
    scene.nothing_left()


def test_what_cannot_be_sent_is_7_though_the_command_said_0(scene: Scene) -> None:
    with relay(scene.place.endpoint) as way:
        scene.options = (*scene.options, "--endpoint", way.url, "--timeout", "1.5")
        child = scene.jsobj.start(
            "mount", "--run", scene.url, "--write", *scene.options, "--", "sh", "-c",
            "touch ready; while [ ! -e go ]; do sleep 0.02; done; echo x > $JSOBJ_MOUNT/kept",
        )  # fmt: skip
        until(lambda: (scene.jsobj.folder / "ready").exists())
        way.cut()
        (scene.jsobj.folder / "go").touch()
        assert child.wait(60) == 7
        assert [each["key"] for each in scene.mounts()[0]["waiting"]] == ["kept"]
        way.mend()
        scene.jsobj.process("mounts", "--repair")
    assert scene.place.body("kept") == b"x\n"
    scene.nothing_left()


def test_what_the_command_leaves_running_ends_with_it(scene: Scene) -> None:
    done = run(scene, "sh", "-c", "cd $JSOBJ_MOUNT && echo a > a && (sleep 1000 & ) && exit 3", code=3)
    assert "sleep 1000" in done.err
    assert scene.place.body("a") == b"a\n"
    scene.nothing_left()


def test_a_command_that_is_not_there(scene: Scene) -> None:
    done = scene.jsobj.process("mount", "--run", scene.url, *scene.options, "--json", "--", "no-such-command", code=2)
    assert error_of(done)["reference"] == "command-not-run"
    scene.nothing_left()


def test_without_namespaces_it_is_said_and_holds_as_far_as_it_goes(scene: Scene) -> None:
    """A PATH in which unshare is one that fails, as where the kernel forbids it."""
    wrong = scene.jsobj.home / "bin"
    wrong.mkdir()
    (wrong / "unshare").write_text("#!/bin/sh\necho 'unshare failed: Operation not permitted' >&2\nexit 1\n")
    (wrong / "unshare").chmod(0o755)
    scene.jsobj.variables["PATH"] = f"{wrong}:{scene.jsobj.environment()['PATH']}"
    done = run(scene, "sh", "-c", "echo a > $JSOBJ_MOUNT/a; exit 4", code=4)
    assert "Operation not permitted" in done.err
    assert scene.place.body("a") == b"a\n"
    scene.nothing_left()


def stopped(scene: Scene, number: int, whom: str, wait: float) -> None:
    """A writer that notes what it was told to be written, and a signal at a moment."""
    promised = scene.jsobj.folder / "promised"
    promised.unlink(missing_ok=True)
    child = scene.jsobj.start("mount", "--run", scene.url, "--write", *scene.options, "--", "sh", "-c", WRITER)
    try:
        until(lambda: promised.exists() or child.poll() is not None)
        time.sleep(wait)
        _send(scene, child, number, whom)
        code = child.wait(90)
    finally:
        child.kill()
        child.wait()
    until(lambda: not mounters_below(str(scene.jsobj.home)))
    told = promised.read_text().split()
    if scene.mounts():
        assert code != 0, "it said 0 and left something"
        scene.jsobj.process("mounts", "--repair")
    there = set(scene.place.names())
    assert {f"n{each}" for each in told} <= there, (number, whom, code)
    scene.nothing_left()


def _send(scene: Scene, child: subprocess.Popen[bytes], number: int, whom: str) -> None:
    if whom == "jsobj":
        child.send_signal(number)
        return
    name = "sh" if whom == "command" else "rclone"
    for each in Path("/proc").glob("[0-9]*"):
        try:
            words = (each / "cmdline").read_bytes().decode().split("\0")
            ours = f"JSOBJ_MOUNT={scene.state}" in (each / "environ").read_text() if name == "sh" else True
        except (OSError, UnicodeDecodeError):
            continue
        mine = WRITER in words and words[0] == "sh" if name == "sh" else str(scene.cache) in " ".join(words)
        if mine and ours and Path(words[0]).name == name:
            os.kill(int(each.name), number)


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL)
TARGETS = ("jsobj", "command", "mounter")


@pytest.mark.parametrize(
    ("number", "whom"),
    [(signal.SIGTERM, "jsobj"), (signal.SIGKILL, "jsobj"), (signal.SIGKILL, "mounter"), (signal.SIGINT, "command")],
)
def test_nothing_that_was_promised_is_lost(scene: Scene, number: int, whom: str) -> None:
    stopped(scene, number, whom, 0.3)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_nothing_that_was_promised_is_lost_forty_times(scene: Scene) -> None:
    chance = random.Random(20)
    for _ in range(40):
        stopped(scene, chance.choice(SIGNALS), chance.choice(TARGETS), chance.uniform(0, 2))
