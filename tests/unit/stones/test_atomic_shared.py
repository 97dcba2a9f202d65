"""Private files among other programs: locks, editors, killed runs, onlookers."""

from __future__ import annotations

import fcntl
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import jsobj
from jsobj.atomic import edit_private_file, write_private_file
from jsobj.errors import ExitCode, JsobjError

ROOT = Path(jsobj.__file__).parents[1]


def to(data: bytes) -> Callable[[bytes | None], bytes]:
    return lambda before: data


def refused(path: Path, *, edit: Callable[[bytes | None], bytes] | None = None, wait: float = 10.0) -> JsobjError:
    with pytest.raises(JsobjError) as caught:
        edit_private_file(path, edit or to(b"new"), wait=wait)
    assert caught.value.code is ExitCode.LOCAL
    assert str(path) in caught.value.message
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize("how", ["replace", "in place", "appear", "vanish"])
def test_b118_a_change_by_another_program_is_seen_and_kept(tmp_path: Path, how: str) -> None:
    path, draft = tmp_path / "f", tmp_path / "draft"
    if how != "appear":
        write_private_file(path, b"old\n")
    calls = []

    def edit(before: bytes | None) -> bytes:
        calls.append(before)
        if len(calls) == 1:
            if how == "vanish":
                path.unlink()
            elif how == "in place":
                path.write_bytes(b"OLD\n")
            else:
                draft.write_bytes(b"theirs\n")
                draft.replace(path)
        return (before or b"") + b"ours\n"

    change = edit_private_file(path, edit)
    theirs = {"replace": b"theirs\n", "in place": b"OLD\n", "appear": b"theirs\n", "vanish": None}[how]
    assert calls[1:] == [theirs]
    assert change.before == theirs
    assert path.read_bytes() == (theirs or b"") + b"ours\n"


def test_b118_a_file_that_never_rests_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "f"
    write_private_file(path, b"0")
    calls = []

    def edit(before: bytes | None) -> bytes:
        calls.append(before)
        path.write_bytes(str(len(calls)).encode())
        return b"ours"

    assert refused(path, edit=edit).reference == "file-keeps-changing"
    assert 2 <= len(calls) <= 10
    assert path.read_bytes() == str(len(calls)).encode()
    assert [found.name for found in tmp_path.iterdir()] == ["f"]


def test_b114_a_lock_that_is_taken_ends_the_wait_with_words(tmp_path: Path) -> None:
    path = tmp_path / "f"
    write_private_file(path, b"old")
    holder = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(holder, fcntl.LOCK_EX)
        assert refused(path, wait=0).reference == "file-locked"
        assert refused(path, wait=0.05).reference == "file-locked"
    finally:
        os.close(holder)
    assert edit_private_file(path, to(b"new"), wait=0).changed


def test_b114_the_lock_of_a_dead_process_is_free(tmp_path: Path) -> None:
    path = tmp_path / "f"
    code = "import fcntl, os, sys; fcntl.flock(os.open(sys.argv[1], 0), 2); print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        assert refused(path, wait=0).reference == "file-locked"
        holder.send_signal(signal.SIGKILL)
        holder.wait(20)
    assert edit_private_file(path, to(b"new"), wait=0).changed


ADDER = """
import sys
from pathlib import Path
from jsobj.atomic import edit_private_file
for number in range(int(sys.argv[3])):
    line = f"{sys.argv[2]}-{number}\\n".encode()
    edit_private_file(Path(sys.argv[1]), lambda before: (before or b"") + line, wait=60)
"""


@pytest.mark.parametrize("writers", [8, 16])
def test_b114_concurrent_writers_lose_nothing(tmp_path: Path, writers: int) -> None:
    path, times = tmp_path / "new" / "f", 5
    running = [
        subprocess.Popen(
            [sys.executable, "-c", ADDER, str(path), str(writer), str(times)], env={"PYTHONPATH": str(ROOT)}
        )
        for writer in range(writers)
    ]
    assert [process.wait(60) for process in running] == [0] * writers
    lines = path.read_text().splitlines()
    assert sorted(lines) == sorted(f"{writer}-{number}" for writer in range(writers) for number in range(times))
    assert [found.name for found in path.parent.iterdir()] == ["f"]


def test_c10_no_file_is_ever_open_to_others(tmp_path: Path) -> None:
    """A watcher looks at every name that appears while files are replaced under umask 0."""
    path, seen, stop = tmp_path / "f", set(), threading.Event()

    def watch() -> None:
        while not stop.is_set():
            for entry in os.scandir(tmp_path):
                try:
                    seen.add(stat.S_IMODE(entry.stat(follow_symlinks=False).st_mode))
                except FileNotFoundError:
                    continue

    before = os.umask(0)
    watcher = threading.Thread(target=watch)
    try:
        write_private_file(path, b"0")
        watcher.start()
        for number in range(100):
            edit_private_file(path, to(str(number).encode() * 1000), backup=True)
    finally:
        stop.set()
        watcher.join(20)
        os.umask(before)
    assert seen == {0o600}


def test_c10_temps_of_a_killed_run_go_and_other_files_stay(tmp_path: Path) -> None:
    stale = tmp_path / f".jsobj-{'a' * 32}.tmp"
    others = [tmp_path / name for name in (".jsobj-abc.tmp", f".jsobj-{'A' * 32}.tmp", "x.tmp", f"{stale.name}~")]
    for found in (stale, *others):
        found.write_bytes(b"secret")
    edit_private_file(tmp_path / "f", to(b"x"))
    assert not stale.exists()
    assert all(found.exists() for found in others)
