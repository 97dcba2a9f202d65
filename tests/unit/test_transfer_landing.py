"""Landing files: whole or not at all, below the target and nowhere else, and the disk's refusals in words."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import re
import resource
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import jsobj
from jsobj.errors import ExitCode, JsobjError
from jsobj.store.streams import FileSink
from jsobj.transfer.disk import reserve, trouble, umask
from jsobj.transfer.landing import Landing, Temp

ROOT = Path(jsobj.__file__).parents[1]
BIG = 2 * 1024 * 1024
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2  # of Linux


def need(present: bool, what: str) -> None:
    """Skip where a rig is missing, but fail where every rig is required."""
    if not present:
        (pytest.fail if os.environ.get("JSOBJ_REQUIRE_RIGS") else pytest.skip)(f"needs {what}")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "target"


@pytest.fixture
def landing(root: Path) -> Iterator[Landing]:
    made = Landing(str(root))
    yield made
    made.close()


def land(landing: Landing, name: str, data: bytes = b"data", moment: str = "") -> None:
    temp = filled(landing, name, data)
    temp.commit(moment)


def filled(landing: Landing, name: str, data: bytes) -> Temp:
    temp = landing.open_temp(tuple(name.split("/")), len(data))
    FileSink(temp.descriptor).write(memoryview(data), 0)
    return temp


def refused(landing: Landing, name: str, size: int = 4) -> JsobjError:
    with pytest.raises(JsobjError) as caught:
        landing.open_temp(tuple(name.split("/")), size)
    assert caught.value.code is ExitCode.LOCAL
    assert name.split("/")[0] in caught.value.message
    assert caught.value.hint
    return caught.value


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir())


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_nothing_is_made_before_the_first_file(landing: Landing, root: Path) -> None:
    assert landing.look(("a", "b")) is None
    assert landing.open_existing(("a", "b")) is None
    landing.sync()
    assert not root.exists()


def test_p02_the_final_name_appears_with_the_whole_file(landing: Landing, root: Path) -> None:
    temp = filled(landing, "a/b/f", b"new")
    (hidden,) = files(root)
    assert re.fullmatch(r"a/b/\.f\.[0-9a-f]{16}\.jsobj-part", hidden)
    assert hidden == f"a/b/{temp.name}"
    temp.commit()
    assert files(root) == ["a/b/f"]
    assert (root / "a/b/f").read_bytes() == b"new"


def test_p02_a_failed_download_leaves_the_old_file(landing: Landing, root: Path) -> None:
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
def test_a_file_has_the_size_that_was_written(landing: Landing, root: Path, size: int) -> None:
    land(landing, "f", b"x" * size)
    assert (root / "f").read_bytes() == b"x" * size


def test_room_is_taken_beforehand_for_large_files(landing: Landing) -> None:
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
        landing = Landing(str(tmp_path / "t"))
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
def test_the_time_is_kept_to_the_nanosecond(landing: Landing, root: Path, moment: str, expected: int) -> None:
    land(landing, "f", moment=moment)
    assert (root / "f").stat().st_mtime_ns == expected


@pytest.mark.parametrize(
    "moment",
    ["", "nan", "inf", "-1", "1e12", "31556889864403199", "253402300800", "\u0661", "1600000000\n", "x", "1 ", "."],
)
def test_b097_times_that_are_none_are_ignored(landing: Landing, root: Path, moment: str) -> None:
    land(landing, "before")
    land(landing, "f", moment=moment)
    land(landing, "after")
    times = [(root / name).stat().st_mtime_ns for name in ("before", "f", "after")]
    assert times == sorted(times)
    assert stat.S_IMODE((root / "f").stat().st_mode) & 0o7111 == 0


# -- containment


def test_b093_a_link_to_a_folder_is_not_followed(landing: Landing, root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    root.mkdir()
    (root / "a").symlink_to("../outside")
    for name in ("a/f", "a/b/f"):
        assert refused(landing, name).reference == "target-has-link"
    (tmp_path / "outside" / "f").write_text("x")
    assert landing.look(("a", "f")) is None
    assert landing.open_existing(("a", "f")) is None
    assert files(tmp_path / "outside") == ["f"]


def test_b093_a_link_with_the_final_name_is_replaced(landing: Landing, root: Path, tmp_path: Path) -> None:
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
    landing = Landing(str(tmp_path / "link"))
    land(landing, "a/f")
    landing.close()
    assert files(tmp_path / "real") == ["a/f"]


def test_b093_a_link_swapped_in_during_the_run_leads_nowhere(tmp_path: Path) -> None:
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
            landing = Landing(str(root))  # nothing open: every folder is reached anew
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


def test_a_file_or_folder_in_the_way_is_named(landing: Landing, root: Path) -> None:
    land(landing, "a")
    assert refused(landing, "a/f").reference == "target-blocked"
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
    landing = Landing(str(tmp_path))
    for name in ("pipe", "link"):
        assert "device, pipe or socket" in refused(landing, name).message
    landing.close()
    assert stat.S_ISFIFO((tmp_path / "pipe").lstat().st_mode)


# -- going on


def test_an_earlier_runs_file_is_opened_again(root: Path) -> None:
    first = Landing(str(root))
    temp = filled(first, "a/f", b"half")
    name = temp.name
    temp.close()
    first.close()
    second = Landing(str(root))
    again = second.reopen(("a", "f"), name)
    assert again is not None
    FileSink(again.descriptor, 4).write(memoryview(b"done"), 0)
    again.commit()
    second.close()
    assert (root / "a" / "f").read_bytes() == b"halfdone"
    assert files(root) == ["a/f"]


def test_only_our_own_temporary_files_are_opened_again(landing: Landing, root: Path, tmp_path: Path) -> None:
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


def test_look_and_open_existing_tell_what_is_there(landing: Landing, root: Path) -> None:
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


def test_a_folder_removed_during_the_run_is_made_again(landing: Landing, root: Path) -> None:
    land(landing, "a/b/f")
    shutil.rmtree(root)
    land(landing, "a/b/g")
    assert files(root) == ["a/b/g"]


# -- many


def test_l04_descriptors_do_not_leak(landing: Landing, root: Path) -> None:
    before = descriptors()
    for number in range(1000):
        land(landing, f"d{number % 100}/f{number}")
    assert descriptors() <= before + 70
    landing.sync()
    landing.close()
    assert descriptors() == before
    assert len(files(root)) == 1000


def test_b140_few_descriptors_suffice(tmp_path: Path) -> None:
    program = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
from jsobj.transfer.landing import Landing
landing = Landing({str(tmp_path / "t")!r})
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


def test_b140_too_few_descriptors_are_told(landing: Landing) -> None:
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


def test_l06_500_folders_deep(landing: Landing, root: Path) -> None:
    land(landing, "d/" * 500 + "f")
    assert files(root) == ["d/" * 500 + "f"]


def test_many_threads(landing: Landing, root: Path) -> None:
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


def test_a_forked_child_lands_and_its_parent_flushes(landing: Landing, root: Path) -> None:
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


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    options = ["-t", "tmpfs", "-o", "size=512k,mode=0700", "tmpfs", str(disk)]
    need(
        mount is not None and subprocess.run([mount, *options], capture_output=True, timeout=20).returncode == 0,
        "the right to mount a tmpfs",
    )
    yield disk
    subprocess.run(["umount", str(disk)], check=True, timeout=20)


def test_p17_a_full_disk_is_told_before_anything_is_fetched(small_disk: Path) -> None:
    landing = Landing(str(small_disk))
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
    landing = Landing(str(small_disk))
    land(landing, "f", b"old")
    temp = landing.open_temp(("f",), 600_000)
    with pytest.raises(OSError, match="No space left") as caught:
        FileSink(temp.descriptor).write(memoryview(bytes(600_000)), 0)
    error = temp.trouble(caught.value)
    assert (error.reference, error.code) == ("disk-full", ExitCode.LOCAL)
    assert "586 KiB" in error.context
    assert "0 B are free" in error.context
    temp.discard()
    assert files(small_disk) == ["f"]
    assert (small_disk / "f").read_bytes() == b"old"
    landing.close()


def test_another_file_system_below_the_target_is_flushed_by_itself(small_disk: Path) -> None:
    landing = Landing(str(small_disk.parent))
    land(landing, "disk/a/f")
    land(landing, "g")
    landing.sync()
    landing.close()
    assert files(small_disk) == ["a/f"]


def test_a_file_system_that_takes_no_room_beforehand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("jsobj.transfer.disk._libc", lambda name: None)  # as on systems without this call
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
    error = trouble(OSError(number, os.strerror(number)), "/data/d/f")
    assert error.code is ExitCode.LOCAL
    assert "/data/d/f" in error.message
    assert error.hint
    assert "{folder}" not in error.hint
    assert error.context == os.strerror(number)


def test_the_target_must_be_a_folder_that_may_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for root in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/none"), Path("/sys")):
        landing = Landing(str(root))
        with pytest.raises(JsobjError) as caught:
            landing.open_temp(("f",), 0)
        assert caught.value.code is ExitCode.LOCAL
        assert str(root) in caught.value.message
        landing.close()


# -- how the file system treats names


def test_b088_this_file_system_tells_spellings_apart(landing: Landing, root: Path) -> None:
    dry = Landing(str(root), dry_run=True)
    assert not dry.folds()
    assert not root.exists()
    (root.parent / "probe").touch()
    assert landing.folds() == (root.parent / "PROBE").exists()
    assert files(root) == []
    dry.close()


def test_b088_a_dry_run_learns_from_names_that_are_there(root: Path) -> None:
    root.mkdir()
    (root / "12").touch()
    dry = Landing(str(root), dry_run=True)
    assert not dry.folds()
    (root / "name").touch()
    (root / "NAME").hardlink_to(root / "name")  # one file that answers to both, as where case is folded
    assert dry.folds()
    dry.close()


# -- the order of calls


def test_p16_flushed_before_the_rename_and_the_folder_after_it(tmp_path: Path) -> None:
    tool = shutil.which("strace")
    need(tool is not None, "strace")
    program = f"""
from jsobj.transfer.landing import Landing
landing = Landing({str(tmp_path / "t")!r})
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
    command = [str(tool), "-f", "-e", f"trace={calls}", "-o", str(log), sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    need("ptrace" not in done.stderr, "the right to trace")
    assert done.returncode == 0, done.stderr
    seen = [
        found[1].replace("renameat2", "renameat") for found in re.finditer(r"^\d+\s+(\w+)\(", log.read_text(), re.M)
    ]
    assert seen[:4] == ["pwrite64", "fsync", "renameat", "fsync"]
    assert seen[4:7] == ["pwrite64", "fsync", "renameat"]
    assert seen.count("fsync") == 64 + 1 + 1  # the first small ones, their folder, and the large one
    assert seen[-5:] == ["fallocate", "pwrite64", "fsync", "renameat", "syncfs"]


def test_p16_a_failing_flush_leaves_the_old_file(tmp_path: Path) -> None:
    tool = shutil.which("strace")
    need(tool is not None, "strace")
    root = tmp_path / "t"
    first = Landing(str(root))
    land(first, "f", b"old")
    first.close()
    program = f"""
from jsobj.errors import JsobjError
from jsobj.transfer.landing import Landing
temp = Landing({str(root)!r}).open_temp(("f",), 4)
try:
    temp.commit()
except JsobjError as error:
    temp.discard()
    print(error.reference, int(error.code))
"""
    command = [str(tool), "-o", "/dev/null", "-e", "inject=fsync:error=EIO", sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    need("ptrace" not in done.stderr, "the right to trace")
    assert done.stdout.split() == ["disk-fault", "9"], done.stderr
    assert files(root) == ["f"]
    assert (root / "f").read_bytes() == b"old"
