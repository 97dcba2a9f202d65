"""Who holds a mount, as /proc tells it: here of this process and a folder of files in its place."""

from __future__ import annotations

import os
from pathlib import Path

from jsobj.mount.holders import holders_of
from jsobj.mount.table import Mounted

MOUNT = Mounted(42, "0:57", Path("/m"), "fuse.rclone", "store:data")


def process(proc: Path, pid: int, *, namespace: str = "mnt:[1]", cwd: str = "/", files: tuple[str, ...] = ()) -> Path:
    entry = proc / str(pid)
    for name in ("ns", "fd", "fdinfo"):
        (entry / name).mkdir(parents=True)
    os.symlink(namespace, entry / "ns" / "mnt")
    for name, target in (("cwd", cwd), ("root", "/"), ("exe", "/bin/x")):
        os.symlink(target, entry / name)
    (entry / "cmdline").write_bytes(b"model\0--run\0")
    (entry / "maps").write_text("")
    for number, each in enumerate(files):
        mount_id, flags, path = each.split(" ", 2)
        (entry / "fdinfo" / str(number)).write_text(f"pos:\t0\nflags:\t{flags}\nmnt_id:\t{mount_id}\n")
        os.symlink(path, entry / "fd" / str(number))
    return entry


def world(tmp_path: Path) -> Path:
    (tmp_path / "self" / "ns").mkdir(parents=True)
    os.symlink("mnt:[1]", tmp_path / "self" / "ns" / "mnt")
    return tmp_path


def test_each_way_to_hold_it(tmp_path: Path) -> None:
    proc = world(tmp_path)
    process(proc, 10, cwd="/m/a")
    process(proc, 11, files=("42 0100001 /m/out", "42 0100000 /m/gone (deleted)", "27 0100001 /m/other"))
    mapped = process(proc, 12)
    (mapped / "maps").write_text(
        "7f00-7f01 rw-s 00000000 00:39 5    /m/data with blank\n7f02-7f03 r-xp 0 00:10 6 /lib\n"
    )
    process(proc, 13, cwd="/mount")
    process(proc, 14, cwd="/m")
    found = holders_of(MOUNT, apart_from=frozenset({14}), proc=proc).holders
    assert [(each.pid, each.how, each.path, each.writing) for each in found] == [
        (10, "working directory", "/m/a", False),
        (11, "open file", "/m/out", True),
        (11, "deleted file", "/m/gone", False),
        (12, "mapped file", "/m/data with blank", True),
    ]
    assert str(found[0]) == "pid 10 (model --run): working directory /m/a"


def test_another_namespace_has_ids_of_its_own(tmp_path: Path) -> None:
    proc = world(tmp_path)
    line = "99 1 0:57 / /elsewhere rw {}- fuse.rclone store:data rw\n"
    inside = process(proc, 20, namespace="mnt:[2]", files=("99 0 /elsewhere/x", "42 0 /y"))
    (inside / "mountinfo").write_text(line.format("shared:3 "))
    idle = process(proc, 21, namespace="mnt:[2]")
    (idle / "mountinfo").write_text(line.format(""))
    follows = process(proc, 22, namespace="mnt:[2]")
    (follows / "mountinfo").write_text(line.format("master:3 "))
    without = process(proc, 23, namespace="mnt:[2]", cwd="/m")
    (without / "mountinfo").write_text("")
    found = holders_of(MOUNT, proc=proc).holders
    assert [(each.pid, each.how, each.path) for each in found] == [
        (20, "open file", "/elsewhere/x"),
        (21, "its own copy of the mount at", "/elsewhere"),
    ]
