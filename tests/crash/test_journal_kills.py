"""A journal killed at every system call is a whole one to the next run, at the state that the last call left."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rigs import need_strace

import jsobj

sys.path.insert(0, str(Path(__file__).parent.parent / "unit" / "transfer" / "journal"))

from journal_cases import KEY, close_all, local, opened


@pytest.fixture(autouse=True)
def _none_stays_open() -> Iterator[None]:
    yield
    close_all()


CHILD = """
import os, sys
from pathlib import Path
from types import SimpleNamespace
import sqlite3
from jsobj.transfer.journal.journal import JobKey, Journal

state, key, size, mtime_ns, inode, ending = Path(sys.argv[1]), JobKey.of_json(sys.argv[2]), *sys.argv[3:]
file = SimpleNamespace(path="/data/run42/big.nc", size=int(size), mtime_ns=int(mtime_ns), inode=int(inode))
if ending != "done":
    os.access("/jsobj-begin", os.F_OK)
journal = Journal.open(state, key)
journal.intend_upload("run42/big.nc", file)
journal.upload_begun("run42/big.nc", file, "2~id", 16 << 20)
for number in (1, 2):
    journal.upload_part("run42/big.nc", SimpleNamespace(number=number, size=16 << 20, etag="e"))
if ending == "done":
    os.access("/jsobj-begin", os.F_OK)
    journal.upload_ended("run42/big.nc")
journal.finish(ending)
"""
# Those that change something; between two of them, a kill leaves what it leaves at the second.
CALLS = ("pwrite64", "write", "ftruncate", "fdatasync", "fsync", "unlink", "rename", "flock", "mkdir", "fchmod")


def _calls(strace: str, state: Path, words: list[str], environment: dict[str, str]) -> Iterator[tuple[str, int]]:
    """Every such system call after the marker: its name, and its number among its like."""
    log = state.parent / "strace.log"
    subprocess.run([strace, "-o", str(log), *words], env=environment, check=True, capture_output=True)
    counts: dict[str, int] = {}
    marked = False
    for line in log.read_text().splitlines():
        name = line.partition("(")[0]
        marked = marked or "/jsobj-begin" in line
        if name in CALLS:
            counts[name] = counts.get(name, 0) + 1
            if marked:
                yield name, counts[name]


@pytest.mark.parametrize("ending", ["interrupted", "done"])
def test_c02_killed_at_every_system_call(tmp_path: Path, ending: str) -> None:
    strace, state, file = need_strace(), tmp_path / "state", local()
    environment = {"PYTHONPATH": str(Path(jsobj.__file__).parents[1]), "PYTHONDONTWRITEBYTECODE": "1"}
    stamp = [str(value) for value in (file.size, file.mtime_ns, file.inode)]
    words = [sys.executable, "-S", "-c", CHILD, str(state), KEY.to_json(), *stamp, ending]
    reached = set()
    own = list(_calls(strace, state, words, environment))
    for name, number in own:
        shutil.rmtree(state, ignore_errors=True)
        only = ["-e", f"trace={name}", "-e", f"inject={name}:signal=SIGKILL:when={number}"]
        done = subprocess.run([strace, *only, "-o", os.devnull, *words], env=environment, capture_output=True)
        assert done.returncode != 0, (name, number, done.stderr)
        reached.add(_state_of(state))
    wanted = (
        {"nothing", "intended", "begun", "1 parts", "2 parts"} if ending == "interrupted" else {"nothing", "2 parts"}
    )
    assert wanted == reached


def _state_of(state: Path) -> str:
    """How far the killed run got, as the next one sees it. Anything torn would be a notice."""
    journal = opened(state)
    assert journal.notices == []
    found = journal.upload("run42/big.nc", local())
    journal.close()
    if found is None:
        assert not journal.resumed
        return "nothing"
    if not found.upload_id:
        return "intended"
    assert (found.upload_id, found.part_size) == ("2~id", 16 << 20)
    return f"{found.parts} parts" if found.parts else "begun"
