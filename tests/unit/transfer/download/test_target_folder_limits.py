"""TargetFolder where something is short: descriptors, room, rights; and what is flushed when (P16, P17, L04, B140)."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from rigs import need_strace, small_disk
from target_folder_scene import BIG, ROOT, descriptors, files, filled, land, refused

from jsobj.errors import ExitCode, JsobjError
from jsobj.net.body import FileSink
from jsobj.transfer.download.disk import reserve, write_error
from jsobj.transfer.download.target_folder import TargetFolder


def test_l04_descriptors_do_not_leak(landing: TargetFolder, root: Path) -> None:
    before = descriptors()
    for number in range(1000):
        land(landing, f"d{number % 100}/f{number}")
    assert descriptors() <= before + 70
    landing.sync()
    landing.close()
    assert descriptors() <= before
    assert len(files(root)) == 1000


def test_b140_few_descriptors_suffice(tmp_path: Path) -> None:
    program = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
from jsobj.transfer.download.target_folder import TargetFolder
landing = TargetFolder({str(tmp_path / "t")!r})
temps = [landing.open_temp((f"d{{number}}", "f"), 0) for number in range(20)]
for number in range(200):
    landing.open_temp((f"d{{number}}", "g"), 0).commit()
for temp in temps:
    temp.commit()
landing.sync()
held = []
try:
    while True:
        held.append(open("/dev/null"))
except OSError:
    landing.open_temp(("x", "f"), 0).commit()  # folders that are kept open give way
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert len(files(tmp_path / "t")) == 221


def test_b140_too_few_descriptors_are_told(landing: TargetFolder) -> None:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(map(int, os.listdir("/proc/self/fd")))
    held = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 2, limits[1]))
    try:
        with contextlib.suppress(OSError):
            while True:
                held.append(os.open("/dev/null", os.O_RDONLY))
        with pytest.raises(JsobjError) as caught:
            landing.open_temp(("a", "f"), 0)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        for descriptor in held:
            os.close(descriptor)
    assert caught.value.reference == "too-many-files-open"
    assert "ulimit -n" in caught.value.hint
    land(landing, "a/f")


def test_l06_500_folders_deep(landing: TargetFolder, root: Path) -> None:
    land(landing, "d/" * 500 + "f")
    assert files(root) == ["d/" * 500 + "f"]


def test_many_threads(landing: TargetFolder, root: Path) -> None:
    failures = []

    def work(me: int) -> None:
        try:
            for number in range(100):
                land(landing, f"d{number % 90}/e/f{me}-{number}", b"%d %d" % (me, number))
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=work, args=(me,)) for me in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(files(root)) == 800
    assert (root / "d7/e/f3-97").read_bytes() == b"3 97"


def test_a_forked_child_lands_and_its_parent_flushes(landing: TargetFolder, root: Path) -> None:
    temp = filled(landing, "a/f", b"half")
    temp.close()
    child = os.fork()
    if not child:
        try:
            mine = landing.reopen(("a", "f"), temp.name)
            assert mine is not None
            mine.commit()
            land(landing, "b/g")
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    landing.sync()
    assert files(root) == ["a/f", "b/g"]


# -- the disk


@pytest.fixture(name="small_disk")
def _small_disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path, "512k") as disk:
        yield disk


def test_p17_a_full_disk_is_told_before_anything_is_fetched(small_disk: Path) -> None:
    landing = TargetFolder(str(small_disk))
    land(landing, "f", b"old")
    error = refused(landing, "f", BIG)
    assert error.reference == "disk-full"
    assert "2 MiB" in error.context
    assert re.search(r"\d KiB are free", error.context)
    assert "df -h" in error.hint
    assert files(small_disk) == ["f"]
    assert (small_disk / "f").read_bytes() == b"old"
    land(landing, "g", b"small")
    landing.close()


def test_p17_a_disk_that_fills_up_meanwhile_is_told_too(small_disk: Path) -> None:
    landing = TargetFolder(str(small_disk))
    land(landing, "f", b"old")
    temp = landing.open_temp(("f",), 600_000)
    with pytest.raises(OSError, match="No space left") as caught:
        FileSink(temp.descriptor).write(memoryview(bytes(600_000)), 0)
    error = temp.error(caught.value)
    assert (error.reference, error.code) == ("disk-full", ExitCode.LOCAL)
    assert "586 KiB" in error.context
    assert "0 B are free" in error.context
    temp.discard()
    assert files(small_disk) == ["f"]
    assert (small_disk / "f").read_bytes() == b"old"
    landing.close()


def test_another_file_system_below_the_target_is_flushed_by_itself(small_disk: Path) -> None:
    landing = TargetFolder(str(small_disk.parent))
    land(landing, "disk/a/f")
    land(landing, "g")
    landing.sync()
    landing.close()
    assert files(small_disk) == ["a/f"]


def test_a_file_system_that_takes_no_room_beforehand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("jsobj.transfer.download.disk._libc", lambda name: None)  # as on systems without this call
    with (tmp_path / "f").open("wb") as stream:
        reserve(stream.fileno(), BIG)
        assert os.fstat(stream.fileno()).st_size == BIG
        with pytest.raises(OSError) as caught:
            reserve(stream.fileno(), 2**60)
    assert caught.value.errno == errno.ENOSPC


@pytest.mark.parametrize(
    "number", [errno.EACCES, errno.EROFS, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.EISDIR, 9999]
)
def test_every_refusal_names_the_path_and_what_to_do(number: int) -> None:
    error = write_error(OSError(number, os.strerror(number)), "/data/d/f")
    assert error.code is ExitCode.LOCAL
    assert "/data/d/f" in error.message
    assert error.hint
    assert "{folder}" not in error.hint
    assert error.context == os.strerror(number)


def test_the_target_must_be_a_folder_that_may_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for root in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/none"), Path("/sys")):
        landing = TargetFolder(str(root))
        with pytest.raises(JsobjError) as caught:
            landing.open_temp(("f",), 0)
        assert caught.value.code is ExitCode.LOCAL
        assert str(root) in caught.value.message
        landing.close()


# -- how the file system treats names


def test_b088_this_file_system_tells_spellings_apart(landing: TargetFolder, root: Path) -> None:
    dry = TargetFolder(str(root), dry_run=True)
    assert not dry.folds()
    assert not root.exists()
    (root.parent / "probe").touch()
    assert landing.folds() == (root.parent / "PROBE").exists()
    assert files(root) == []
    dry.close()


def test_b088_a_dry_run_learns_from_names_that_are_there(root: Path) -> None:
    root.mkdir()
    (root / "12").touch()
    dry = TargetFolder(str(root), dry_run=True)
    assert not dry.folds()
    (root / "name").touch()
    (root / "NAME").hardlink_to(root / "name")  # one file that answers to both, as where case is folded
    assert dry.folds()
    dry.close()


# -- the order of calls


def test_p16_flushed_before_the_rename_and_the_folder_after_it(tmp_path: Path) -> None:
    strace = need_strace()
    program = f"""
from jsobj.transfer.download.target_folder import TargetFolder
landing = TargetFolder({str(tmp_path / "t")!r})
for number in range(80):
    temp = landing.open_temp((f"f{{number}}",), 4)
    import os; os.pwrite(temp.descriptor, b"data", 0)
    temp.commit("1600000000")
    if number == 0:
        landing.sync()
big = landing.open_temp(("big",), {BIG})
os.pwrite(big.descriptor, b"data", 0)
big.commit()
landing.sync()
"""
    log = tmp_path / "log"
    calls = "fsync,syncfs,rename,renameat,renameat2,pwrite64,fallocate"
    command = [strace, "-f", "-e", f"trace={calls}", "-o", str(log), sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    seen = [
        found[1].replace("renameat2", "renameat") for found in re.finditer(r"^\d+\s+(\w+)\(", log.read_text(), re.M)
    ]
    assert seen[:4] == ["pwrite64", "fsync", "renameat", "fsync"]
    assert seen[4:7] == ["pwrite64", "fsync", "renameat"]
    assert seen.count("fsync") == 64 + 1 + 1  # the first small ones, their folder, and the large one
    assert seen[-5:] == ["fallocate", "pwrite64", "fsync", "renameat", "syncfs"]


def test_p16_a_failing_flush_leaves_the_old_file(tmp_path: Path) -> None:
    strace = need_strace()
    root = tmp_path / "t"
    first = TargetFolder(str(root))
    land(first, "f", b"old")
    first.close()
    program = f"""
from jsobj.errors import JsobjError
from jsobj.transfer.download.target_folder import TargetFolder
temp = TargetFolder({str(root)!r}).open_temp(("f",), 4)
try:
    temp.commit()
except JsobjError as error:
    temp.discard()
    print(error.reference, int(error.code))
"""
    command = [strace, "-o", "/dev/null", "-e", "inject=fsync:error=EIO", sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["disk-fault", "9"], done.stderr
    assert files(root) == ["f"]
    assert (root / "f").read_bytes() == b"old"
