"""Kills and faults at every system call of a write: the file has its old bytes or its new ones, and mode 0600.

strace kills a child, or makes a call fail, at the N-th call of a kind. N begins at the first call after the marker that
the child gives, and grows until a run comes through: so every call of the write is hit once, whatever their number.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from rigs import need_strace

import jsobj
from jsobj.atomic import edit_private_file
from jsobj.errors import ExitCode

OLD, NEW = b"old " * 1000, b"new! " * 1000
TEMP = re.compile(r"\.jsobj-[0-9a-f]{32}\.tmp")
ENVIRONMENT = {"PYTHONPATH": str(Path(jsobj.__file__).parents[1]), "PYTHONDONTWRITEBYTECODE": "1"}
CHILD = """
import os, sys
from pathlib import Path
from jsobj.atomic import edit_private_file
from jsobj.errors import JsobjError
os.umask(0)
os.access("/jsobj-begin", os.F_OK)
try:
    edit_private_file(Path(sys.argv[1]), lambda before: b"new! " * 1000, backup=len(sys.argv) > 2)
except JsobjError as error:
    os.access("/jsobj-end", os.F_OK)
    sys.stderr.write(f"{error.reference}: {error.message}")
    sys.exit(int(error.code))
os.access("/jsobj-end", os.F_OK)
"""


@pytest.fixture(autouse=True)
def _rig() -> None:
    need_strace()


def run(path: Path, *strace: str, backup: bool = False) -> subprocess.CompletedProcess[str]:
    command = ["strace", "-y", *strace, sys.executable, "-S", "-c", CHILD, str(path), *(["backup"] if backup else [])]
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=60)


@dataclass(frozen=True)
class Place:
    """A file to write, as it is before each run."""

    path: Path
    exists: bool

    def reset(self) -> None:
        shutil.rmtree(self.path.parent, ignore_errors=True)
        if self.exists:
            edit_private_file(self.path, lambda before: OLD)

    def content(self) -> bytes | None:
        return self.path.read_bytes() if self.path.exists() else None

    def names(self) -> list[str]:
        return sorted(found.name for found in self.path.parent.iterdir()) if self.path.parent.exists() else []

    def assert_private(self) -> None:
        for found in self.path.parent.iterdir() if self.path.parent.exists() else ():
            assert stat.S_IMODE(found.lstat().st_mode) & ~0o600 == 0, found
        if self.path.exists():
            assert stat.S_IMODE(self.path.stat().st_mode) == 0o600


@pytest.fixture(params=["absent", "present"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return Place(tmp_path / "aws" / "credentials", request.param == "present")


def traced(place: Place, *, backup: bool = False) -> tuple[Counter[str], list[str]]:
    """How often each system call was made before the marker, and the lines after it."""
    log = place.path.parents[1] / "strace.log"
    place.reset()
    assert run(place.path, "-o", str(log), backup=backup).returncode == 0
    lines = log.read_text().splitlines()
    begin = next(index for index, line in enumerate(lines) if "/jsobj-begin" in line)
    end = next(index for index, line in enumerate(lines) if "/jsobj-end" in line)
    return Counter(line.partition("(")[0] for line in lines[:begin]), lines[begin + 1 : end]


# (the file exists, with a backup) -> how often each call is made before and after the marker
COUNTED: dict[tuple[bool, bool], tuple[Counter[str], Counter[str]]] = {}


def hits(place: Place, call: str, fault: str, *, backup: bool = False) -> Iterator[subprocess.CompletedProcess[str]]:
    """One run for each such call of the write, with the fault there."""
    shape = (place.exists, backup)
    if shape not in COUNTED:
        before, lines = traced(place, backup=backup)
        COUNTED[shape] = before, Counter(line.partition("(")[0] for line in lines)
    before, after = COUNTED[shape]
    for number in range(1, 1 + after[call]):
        yield hit(place, call, fault, before, number, backup=backup)


def hit(
    place: Place, call: str, fault: str, before: Counter[str], number: int, *, backup: bool
) -> subprocess.CompletedProcess[str]:
    """The run in which the ``number``-th call after the marker got the fault.

    How many calls the interpreter makes before the marker depends on the state of its bytecode caches, which another
    process may change: what was hit is read from the log, and the run repeated where it was another call.
    """
    log = place.path.parents[1] / "hit.log"
    for attempt in range(5):
        counted = before if attempt == 0 else traced(place, backup=backup)[0]
        place.reset()
        inject = f"inject={call}:{fault}:when={counted[call] + number}"
        trace = f"trace={call},?access,?faccessat,?faccessat2"
        done = run(place.path, "-e", trace, "-o", str(log), "-e", inject, backup=backup)
        logged = log.read_text().splitlines()
        marker = next((index for index, line in enumerate(logged) if "/jsobj-begin" in line), len(logged))
        made = [line for line in logged[marker:] if line.startswith(f"{call}(")]
        struck = len(made) if "SIGKILL" in fault else 1 + next((i for i, x in enumerate(made) if "INJECTED" in x), -2)
        if struck == number:
            return done
    raise AssertionError(f"could not hit call {number} of {call}")


CALLS = ("openat", "flock", "fchmod", "write", "fsync", "close", "renameat", "unlinkat", "mkdir")


@pytest.mark.parametrize("call", CALLS)
def test_c10_0_5_0_6_killed_at_every_call(place: Place, call: str) -> None:
    """Old bytes or new ones, never shown to others, and the next run clears up and finishes."""
    old = OLD if place.exists else None
    killed, backup = 0, place.exists
    for done in hits(place, call, "signal=SIGKILL", backup=backup):
        assert done.returncode in (-9, 137), done.stderr
        killed += 1
        assert place.content() in (old, NEW)
        place.assert_private()
        # The next run finds the lock free, removes what was left, and finishes.
        edit_private_file(place.path, lambda before: NEW, wait=0)
        assert place.content() == NEW
        assert not [name for name in place.names() if TEMP.fullmatch(name)]
        place.assert_private()
    assert killed > 0 or (call == "mkdir" and place.exists)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("write", "ENOSPC"),
        ("write", "EDQUOT"),
        ("write", "EIO"),
        ("fchmod", "EPERM"),
        ("renameat", "EPERM"),
        ("renameat", "ENOSPC"),
        ("read", "EIO"),
        ("getdents64", "EIO"),
        ("flock", "EIO"),
    ],
)
def test_c19_a_fault_leaves_the_old_file_and_no_temp(place: Place, call: str, error: str) -> None:
    failed = 0
    for done in hits(place, call, f"error={error}"):
        if done.returncode == 0:
            assert call == "flock"  # only the unlocking failed, which the end of the descriptor does anyway
            continue
        failed += 1
        assert done.returncode == ExitCode.LOCAL, done.stderr
        assert "file-not-written" in done.stderr
        assert str(place.path) in done.stderr
        assert place.content() == (OLD if place.exists else None)
        assert place.names() == (["credentials"] if place.exists else [])
    assert failed > 0


def test_c19_no_descriptor_left(place: Place) -> None:
    """EMFILE at each open: an error while anything is at stake."""
    results = []
    for done in hits(place, "openat", "error=EMFILE", backup=place.exists):
        results.append(done.returncode)
        assert done.returncode in (0, ExitCode.LOCAL), done.stderr
        assert place.content() == (NEW if done.returncode == 0 else OLD if place.exists else None)
        assert not [name for name in place.names() if TEMP.fullmatch(name)]
    # Only the flush of a new folder's parent may be missed.
    assert results.count(0) == (0 if place.exists else 1)


def test_c19_a_flush_that_fails_is_an_error(place: Place) -> None:
    outcomes = [
        (done.returncode, done.stderr.partition(":")[0], place.content()) for done in hits(place, "fsync", "error=EIO")
    ]
    old = OLD if place.exists else None
    assert outcomes[-2:] == [(9, "file-not-written", old), (9, "file-not-flushed", NEW)]
    # A new folder's own flush is a wish: its parent may not even be ours.
    assert outcomes[:-2] == ([] if place.exists else [(0, "", NEW)])


def test_c19_an_error_at_close_is_seen(place: Place) -> None:
    """A network file system may report a full disk only there."""
    outcomes = [(done.returncode, place.content()) for done in hits(place, "close", "error=EDQUOT")]
    assert (9, OLD if place.exists else None) in outcomes
    assert {code for code, _ in outcomes} == {0, 9}


def test_c19_a_disk_that_gives_back_other_bytes_is_found_out(place: Place) -> None:
    """Each read in turn ends early: of the new file an error, of the old one a reason to look again."""
    old = OLD if place.exists else None
    outcomes = {
        (done.returncode, done.stderr.partition(":")[0], place.content()) for done in hits(place, "read", "retval=0")
    }
    assert (9, "file-read-back-differs", old) in outcomes
    assert outcomes <= {(9, "file-read-back-differs", old), (0, "", NEW)}


@pytest.mark.parametrize("error", ["ENOSYS", "EOPNOTSUPP", "ENOLCK"])
def test_a_file_system_without_locks_still_works(tmp_path: Path, error: str) -> None:
    path = tmp_path / "f"
    done = run(path, "-e", "trace=flock", "-o", os.devnull, "-e", f"inject=flock:error={error}")
    assert (done.returncode, path.read_bytes()) == (0, NEW)


def test_a_file_system_that_flushes_no_folders_still_works(tmp_path: Path) -> None:
    path = tmp_path / "f"
    done = run(path, "-e", "trace=fsync", "-o", os.devnull, "-e", "inject=fsync:error=EINVAL:when=2")
    assert (done.returncode, path.read_bytes()) == (0, NEW)


def test_p16_written_flushed_renamed_flushed_in_this_order(place: Place) -> None:
    _, lines = traced(place)
    steps = []
    for line in lines:
        name = line.partition("(")[0]
        if name in ("write", "fsync", "renameat"):
            steps.append((name, "temp" if TEMP.search(line) else "folder" if "aws>" in line else "other"))
    first = steps.index(("write", "temp"))
    assert set(steps[:first]) <= {("fsync", "other")}  # the parent of a new folder
    assert steps[first:] == [("write", "temp"), ("fsync", "temp"), ("renameat", "temp"), ("fsync", "folder")]


def test_p16_a_backup_is_safe_before_the_file_is_replaced(tmp_path: Path) -> None:
    _, lines = traced(Place(tmp_path / "aws" / "credentials", True), backup=True)
    final = next(index for index, line in enumerate(lines) if line.startswith("renameat(") and '"credentials")' in line)
    kept = next(index for index, line in enumerate(lines) if '"credentials.jsobj-backup") = 0' in line)
    assert kept < final
    assert any(line.startswith("fsync(") and "aws>" in line for line in lines[kept:final])


def test_s05_every_file_is_created_new_and_private(place: Place) -> None:
    """Under umask 0, so that the mode asked for is the mode that the file gets."""
    _, lines = traced(place, backup=True)
    created = [line for line in lines if "O_CREAT" in line]
    assert len(created) == (2 if place.exists else 1)
    assert all("O_EXCL" in line and ", 0600)" in line and TEMP.search(line) for line in created)
    assert all(", 0600)" in line for line in lines if line.startswith("fchmod("))
    assert all(", 0700)" in line for line in lines if re.match(r"mkdir|chmod\(", line))
    assert not [line for line in lines if re.match(r"truncate|ftruncate", line)]
