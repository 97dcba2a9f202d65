"""Temporary files that killed downloads left: taken away by the next one, and nobody else's (C08)."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jsobj.transfer.download.stale_temps import Claimed
from jsobj.transfer.download.target_folder import TargetFolder
from jsobj.transfer.local.key_path import temp_name

STRAY = temp_name("f", "0123456789abcdef")
OTHER = temp_name("g", "fedcba9876543210")


@pytest.fixture(name="stray")
def _stray(tmp_path: Path) -> Path:
    path = tmp_path / STRAY
    path.write_bytes(b"half")
    return path


def land(folder: Path, claimed: Claimed = frozenset) -> None:
    """One more file is downloaded there."""
    landing = TargetFolder(str(folder), claimed=claimed)
    temp = landing.open_temp(("new",), 3)
    os.pwrite(temp.descriptor, b"new", 0)
    temp.commit()
    landing.close()
    assert (folder / "new").read_bytes() == b"new"


@pytest.fixture(name="holder")
def _holder(stray: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that is writing the stray file."""
    program = (
        "import fcntl, sys; f = open(sys.argv[1], 'r+b'); fcntl.flock(f, fcntl.LOCK_SH); print('held', flush=True)"
    )
    words = [sys.executable, "-c", f"{program}; sys.stdin.read()", str(stray)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_what_a_killed_run_left_goes(stray: Path) -> None:
    land(stray.parent)
    assert not stray.exists()


def test_what_another_process_is_writing_stays_until_it_is_killed(stray: Path, holder: subprocess.Popen[str]) -> None:
    land(stray.parent)
    assert stray.exists()
    holder.kill()
    holder.wait()
    land(stray.parent)
    assert not stray.exists()


def test_what_a_journal_names_stays(stray: Path) -> None:
    (stray.parent / OTHER).write_bytes(b"half")
    land(stray.parent, lambda: {STRAY})
    assert stray.exists()
    assert not (stray.parent / OTHER).exists()


def test_everything_stays_where_a_journal_cannot_be_read(stray: Path) -> None:
    land(stray.parent, lambda: None)
    assert stray.exists()


def test_links_and_files_of_other_names_stay(tmp_path: Path) -> None:
    (tmp_path / "precious").write_bytes(b"precious")
    (tmp_path / STRAY).symlink_to("precious")
    (tmp_path / OTHER).hardlink_to(tmp_path / "precious")
    (tmp_path / ".precious.jsobj-part").write_bytes(b"mine")
    land(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} >= {"precious", STRAY, OTHER, ".precious.jsobj-part"}


def test_a_file_is_held_from_its_first_moment_to_its_name(tmp_path: Path) -> None:
    """Another run that sweeps in between takes nothing away."""
    first = TargetFolder(str(tmp_path))
    temp = first.open_temp(("f",), 4)
    land(tmp_path)
    os.pwrite(temp.descriptor, b"data", 0)
    temp.commit()
    first.close()
    assert (tmp_path / "f").read_bytes() == b"data"


def test_a_file_that_was_swept_before_it_was_held_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock, swept = fcntl.flock, []

    def late(descriptor: int, how: int) -> None:
        if not swept:
            swept.extend(tmp_path.glob(".*.jsobj-part"))
            swept[0].unlink()
        lock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", late)
    land(tmp_path)
    assert len(swept) == 1


def test_a_file_that_is_being_made_is_not_swept_by_another_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between its creation and its lock nothing but its name tells a new file from a stale one."""
    lock, opened, made = fcntl.flock, [], []
    target = TargetFolder(str(tmp_path), claimed=frozenset)

    def late(descriptor: int, how: int) -> None:
        if not opened:
            opened.append(None)
            made.extend(path.name for path in tmp_path.glob(".*.jsobj-part"))
            target._folders.forget()  # so that the folder is swept once more
            opened[0] = target.open_temp(("other",), 4)
        lock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", late)
    first = target.open_temp(("f",), 4)
    assert made == [first.name]
    assert {path.name for path in tmp_path.glob(".*.jsobj-part")} == {first.name, opened[0].name}
    first.discard()
    opened[0].discard()
    target.close()
