"""Transfers spread over processes: whole, and again whole after one of the processes was killed."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

import pytest
from crash_scene import MIB, Crash, content, sha256
from fault_proxy import Rule

DATA = content(20 * MIB, 7)
SMALL = {f"dir{number % 3}/file{number:02}": content(1000 + number, number) for number in range(30)}
SPREAD = ("--processes", "2")
BOTH = pytest.mark.parametrize("crash", ["s3", "swift"], indirect=True)


def tree(crash: Crash) -> Path:
    """Small files and a large one."""
    root = crash.path("tree")
    for name, data in {**SMALL, "large": DATA}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
        crash.jsobj.private.add(root / name)
    return root


def content_of(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def children(pid: int) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (folder / "stat").read_text().rpartition(")")[2].split()[1] == str(pid):
                found.append(int(folder.name))
    return found


@BOTH
def test_a_tree_goes_up_and_down_by_two_processes(crash: Crash) -> None:
    wanted = content_of(tree(crash))
    crash.jsobj.process("upload", "tree/", crash.url(), "--part-size", "5M", *SPREAD)
    assert {key: sha256(crash.fetch(key)) for key in wanted} == {key: sha256(data) for key, data in wanted.items()}
    assert crash.unfinished() == set()
    crash.jsobj.process("download", crash.url(), "back", "--part-size", "5M", *SPREAD)
    assert content_of(crash.path("back")) == wanted
    for name in wanted:
        crash.jsobj.private.add(crash.path("back") / name)
    assert crash.temps() == []
    assert crash.jobs() == []


@pytest.mark.parametrize("both", [False, True], ids=["one", "both"])
@BOTH
def test_a_killed_child_fails_no_bytes(crash: Crash, both: bool) -> None:
    path = crash.path("data", DATA)
    hold = Rule("hold", "sending", "PUT", "data", at=70_000, least=MIB, times=0)
    crash.proxy.add(hold)
    process = crash.start("upload", path, crash.url("data"), *SPREAD)
    crash.proxy.until(lambda _: hold.struck >= 2, lambda: process.poll() is not None)
    killed = children(process.pid)
    assert len(killed) == 2
    for pid in killed if both else killed[:1]:
        os.kill(pid, signal.SIGKILL)
    hold.release()
    process.wait(60)
    said = crash.said()
    assert "Traceback" not in said
    if process.returncode:
        assert "process" in said
    assert process.returncode or not both
    crash.check_accounted()
    crash.proxy.clear()
    crash.upload(path, "data")
    crash.check_uploaded("data", DATA)
