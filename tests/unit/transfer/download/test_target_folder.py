"""TargetFolder files: whole or not at all, below the target and nowhere else, and the disk's refusals in words."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import stat
import threading
from pathlib import Path

import pytest
from target_folder_scene import BIG, files, filled, land, refused

from jsobj.errors import JsobjError
from jsobj.net.body import FileSink
from jsobj.transfer.download.disk import umask
from jsobj.transfer.download.target_folder import TargetFolder

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2  # of Linux


def test_nothing_is_made_before_the_first_file(landing: TargetFolder, root: Path) -> None:
    assert landing.look(("a", "b")) is None
    assert landing.open_existing(("a", "b")) is None
    landing.sync()
    assert not root.exists()


def test_p02_the_final_name_appears_with_the_whole_file(landing: TargetFolder, root: Path) -> None:
    temp = filled(landing, "a/b/f", b"new")
    (hidden,) = files(root)
    assert re.fullmatch(r"a/b/\.f\.[0-9a-f]{16}\.jsobj-part", hidden)
    assert hidden == f"a/b/{temp.name}"
    temp.commit()
    assert files(root) == ["a/b/f"]
    assert (root / "a/b/f").read_bytes() == b"new"


def test_p02_a_failed_download_leaves_the_old_file(landing: TargetFolder, root: Path) -> None:
    land(landing, "f", b"old")
    temp = filled(landing, "f", b"half")
    temp.discard()
    temp.discard()
    assert files(root) == ["f"]
    assert (root / "f").read_bytes() == b"old"
    temp = filled(landing, "f", b"new")
    temp.commit()
    temp.discard()  # too late to do anything
    assert (root / "f").read_bytes() == b"new"


@pytest.mark.parametrize("size", [0, 1, BIG])
def test_a_file_has_the_size_that_was_written(landing: TargetFolder, root: Path, size: int) -> None:
    land(landing, "f", b"x" * size)
    assert (root / "f").read_bytes() == b"x" * size


def test_room_is_taken_beforehand_for_large_files(landing: TargetFolder) -> None:
    temp = landing.open_temp(("f",), BIG)
    state = os.fstat(temp.descriptor)
    assert state.st_size == BIG
    assert os.pread(temp.descriptor, 10, BIG - 10) == bytes(10)
    temp.discard()


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o000, 0o027])
def test_the_mode_is_what_the_umask_leaves_and_private_until_then(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        assert umask() == mask
        landing = TargetFolder(str(tmp_path / "t"))
        temp = filled(landing, "f", b"x")
        assert stat.S_IMODE(os.fstat(temp.descriptor).st_mode) & 0o177 == 0
        temp.commit()
        landing.close()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "t" / "f").stat().st_mode) == 0o666 & ~mask


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("1600000000", 1_600_000_000 * 10**9),
        ("1600000000.123456789", 1_600_000_000_123_456_789),
        ("1600000000.5", 1_600_000_000_500_000_000),
        ("1600000000.1234567891", 1_600_000_000_123_456_789),
        ("0", 0),
    ],
)
def test_the_time_is_kept_to_the_nanosecond(landing: TargetFolder, root: Path, moment: str, expected: int) -> None:
    land(landing, "f", moment=moment)
    assert (root / "f").stat().st_mtime_ns == expected


@pytest.mark.parametrize(
    "moment",
    ["", "nan", "inf", "-1", "1e12", "31556889864403199", "253402300800", "\u0661", "1600000000\n", "x", "1 ", "."],
)
def test_b097_times_that_are_none_are_ignored(landing: TargetFolder, root: Path, moment: str) -> None:
    land(landing, "before")
    land(landing, "f", moment=moment)
    land(landing, "after")
    times = [(root / name).stat().st_mtime_ns for name in ("before", "f", "after")]
    assert times == sorted(times)
    assert stat.S_IMODE((root / "f").stat().st_mode) & 0o7111 == 0


# -- containment


def test_b093_a_link_to_a_folder_is_not_followed(landing: TargetFolder, root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    root.mkdir()
    (root / "a").symlink_to("../outside")
    for name in ("a/f", "a/b/f"):
        blocked = refused(landing, name)
        assert (blocked.reference, "make the folder behind it the target" in (blocked.hint or "")) == (
            "target-has-link",
            True,
        )
    (tmp_path / "outside" / "f").write_text("x")
    assert landing.look(("a", "f")) is None
    assert landing.open_existing(("a", "f")) is None
    assert files(tmp_path / "outside") == ["f"]


def test_b093_a_link_with_the_final_name_is_replaced(landing: TargetFolder, root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("mine")
    root.mkdir()
    for name, target in (("f", "../outside"), ("g", "missing"), ("h", "..")):
        (root / name).symlink_to(target)
        assert landing.look((name,)) is None
        assert landing.open_existing((name,)) is None
        land(landing, name)
        assert not (root / name).is_symlink()
        assert (root / name).read_bytes() == b"data"
    assert (tmp_path / "outside").read_text() == "mine"


def test_the_target_itself_may_be_behind_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    landing = TargetFolder(str(tmp_path / "link"))
    land(landing, "a/f")
    landing.close()
    assert files(tmp_path / "real") == ["a/f"]


def test_b093_s07_a_link_swapped_in_during_the_run_leads_nowhere(tmp_path: Path) -> None:
    outside, root = tmp_path / "outside", tmp_path / "target"
    outside.mkdir()
    (root / "a").mkdir(parents=True)
    (root / "link").symlink_to(outside)
    exchange = ctypes.CDLL(None, use_errno=True).renameat2
    names = [os.fsencode(root / name) for name in ("a", "link")]
    stop = threading.Event()
    swaps = 0

    def swap() -> None:
        nonlocal swaps
        while not stop.is_set() and not exchange(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE):
            swaps += 1

    thread = threading.Thread(target=swap)
    thread.start()
    landed = denied = 0
    try:
        while (landed < 100 or not denied) and landed < 20_000:
            landing = TargetFolder(str(root))  # nothing open: every folder is reached anew
            try:
                land(landing, f"a/b{landed % 5}/f")
                landed += 1
            except JsobjError:
                denied += 1
            landing.close()
    finally:
        stop.set()
        thread.join()
    assert swaps
    assert landed >= 100
    assert denied
    assert list(outside.iterdir()) == []


def test_a_file_or_folder_in_the_way_is_named(landing: TargetFolder, root: Path) -> None:
    land(landing, "a")
    blocked = refused(landing, "a/f")
    assert blocked.reference == "target-blocked"
    assert blocked.hint == f"move it away, or choose another target: ls -l {root}/a"
    (root / "d").mkdir()
    assert refused(landing, "d").reference == "target-is-folder"
    temp = filled(landing, "late", b"x")
    (root / "late").mkdir()
    with pytest.raises(JsobjError) as caught:
        temp.commit()
    assert caught.value.reference == "target-is-folder"
    temp.discard()
    assert files(root) == ["a"]


def test_devices_and_pipes_are_never_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/null")
    landing = TargetFolder(str(tmp_path))
    for name in ("pipe", "link"):
        assert "device, pipe or socket" in refused(landing, name).message
    landing.close()
    assert stat.S_ISFIFO((tmp_path / "pipe").lstat().st_mode)


# -- going on


def test_an_earlier_runs_file_is_opened_again(root: Path) -> None:
    first = TargetFolder(str(root))
    temp = filled(first, "a/f", b"half")
    name = temp.name
    temp.close()
    first.close()
    second = TargetFolder(str(root))
    again = second.reopen(("a", "f"), name)
    assert again is not None
    FileSink(again.descriptor, 4).write(memoryview(b"done"), 0)
    again.commit()
    second.close()
    assert (root / "a" / "f").read_bytes() == b"halfdone"
    assert files(root) == ["a/f"]


def test_only_our_own_temporary_files_are_opened_again(landing: TargetFolder, root: Path, tmp_path: Path) -> None:
    ours = ".f.0123456789abcdef.jsobj-part"
    assert landing.reopen(("a", "f"), ours) is None
    root.mkdir()
    assert landing.reopen(("f",), ours) is None
    (tmp_path / "secret").write_text("x")
    (root / ours).symlink_to("../secret")
    assert landing.reopen(("f",), ours) is None
    (root / ours).unlink()
    (root / ours).hardlink_to(tmp_path / "secret")
    assert landing.reopen(("f",), ours) is None
    (root / ours).unlink()
    os.mkfifo(root / ours)
    assert landing.reopen(("f",), ours) is None
    (root / "f").write_text("x")
    for name in ("f", "../secret", "a/.f.0123456789abcdef.jsobj-part", f"../{ours}"):
        assert landing.reopen(("f",), name) is None
    if os.geteuid() == 0:
        (root / ours).unlink()
        (root / ours).write_text("x")
        os.chown(root / ours, 65534, 65534)
        assert landing.reopen(("f",), ours) is None


def test_look_and_open_existing_tell_what_is_there(landing: TargetFolder, root: Path) -> None:
    land(landing, "a/f", b"123", moment="1600000000")
    found = landing.look(("a", "f"))
    assert found is not None
    state = (root / "a" / "f").stat()
    assert (found.path, found.relative, found.size) == (str(root / "a" / "f"), "a/f", 3)
    assert (found.mtime_ns, found.inode, found.changed_ns) == (state.st_mtime_ns, state.st_ino, state.st_ctime_ns)
    descriptor = landing.open_existing(("a", "f"))
    assert descriptor is not None
    assert os.read(descriptor, 10) == b"123"
    os.close(descriptor)
    (root / "d").mkdir()
    os.mkfifo(root / "p")
    for name in ("d", "p", "missing"):
        assert landing.look((name,)) is None
        assert landing.open_existing((name,)) is None


def test_a_folder_removed_during_the_run_is_made_again(landing: TargetFolder, root: Path) -> None:
    land(landing, "a/b/f")
    shutil.rmtree(root)
    land(landing, "a/b/g")
    assert files(root) == ["a/b/g"]


# -- many
