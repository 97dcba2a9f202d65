"""How soon a second change shows in a file's time stamps: as the kernel does it, and as it is told of file systems."""

from __future__ import annotations

from pathlib import Path

import pytest

from jsobj.transfer.local import stamps
from jsobj.transfer.local.stamps import COARSE, TICK, now_ns, step, ticks

MOUNTS = """\
21 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
22 21 0:41 / /home rw,nosuid - nfs4 server:/home rw,vers=4.2
23 21 0:42 / /data rw - fuse.sshfs me@host: rw
24 21 8:17 / /stick rw - vfat /dev/sdb1 rw
25 21 0:50 / /run rw - tmpfs tmpfs rw
26 21 0:50 / /odd rw - 9p odd rw
"""


def test_only_file_systems_of_this_machine_tick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    monkeypatch.setattr("builtins.open", lambda path, _open=open, **more: _open(mounts, **more))
    stamps._devices.cache_clear()
    try:
        assert stamps._devices() == {stamps.os.makedev(254, 0)}
        mounts.write_text("no such thing\n")
        stamps._devices.cache_clear()
        assert stamps._devices() == frozenset()
    finally:
        stamps._devices.cache_clear()


def test_what_is_not_there_does_not_tick(tmp_path: Path) -> None:
    assert not ticks(str(tmp_path / "nope"))
    assert not ticks("a\0b")
    assert not ticks("/proc")


@pytest.mark.parametrize(("stamp", "ticking", "wanted"), [(1, True, TICK), (10**9, True, COARSE), (1, False, COARSE)])
def test_steps(stamp: int, ticking: bool, wanted: int) -> None:
    assert step(stamp, ticking=ticking) == wanted


def test_the_clock_is_the_one_that_files_are_stamped_with(tmp_path: Path) -> None:
    """On what ticks, a file that is written later is stamped with that time or a later one."""
    if not ticks(str(tmp_path)):
        pytest.skip("a file system whose clock is not this machine's")
    for number in range(200):
        before = now_ns()
        made = tmp_path / str(number)
        made.write_bytes(b"x")
        assert made.stat().st_ctime_ns >= before
