"""Downloads killed in the middle of a part, and around the rename that gives the file its name (C08)."""

from __future__ import annotations

import os
import subprocess

import pytest
from crash_scene import MIB, PARALLEL, PART, SPARSE, Crash, content, kill
from fault_proxy import Rule
from rigs import need_program

DATA = content(20 * MIB, 8)
OLD = b"the old file"


@pytest.mark.parametrize("at", [0, 1, PART // 2, PART - 1])
@pytest.mark.parametrize("crash", ["s3", "swift"], indirect=True)
def test_C08_a_download_killed_in_a_part_goes_on(crash: Crash, at: int) -> None:
    crash.put("data", DATA, PART)
    path = crash.path("data", OLD)
    gate = crash.proxy.add(Rule("hold", "receiving", "GET", "/data$", "^$", at=at, skip=2))
    process = crash.start_download("data", path)
    gate.wait()
    kill(process)
    assert path.read_bytes() == OLD
    assert len(crash.temps()) == 1
    crash.proxy.clear()
    crash.download("data", path)
    crash.check_downloaded(path, DATA)
    assert crash.proxy.received <= PARALLEL * PART + MIB


@pytest.mark.parametrize("call", ["rename", "fsync"])
def test_C08_a_download_killed_at_its_rename_has_one_of_both_contents(crash: Crash, call: str) -> None:
    strace = need_program("strace")
    crash.put("data", DATA, PART)
    kinds = "rename,renameat,renameat2" if call == "rename" else "fsync,fdatasync"
    seen = []
    for number in range(1, 12):
        path = crash.path("data", OLD)
        words = crash.jsobj.command("download", crash.url("data"), path, *SPARSE)
        # -P: only calls about the target's folder, not those of the journal or of a cache.
        only = [strace, "-f", "-o", os.devnull, "-P", str(path.parent), "-e", f"trace={kinds}"]
        inject = ["-e", f"inject={kinds}:signal=KILL:when={number}"]
        done = subprocess.run(
            [*only, *inject, *words], env=crash.jsobj.environment(), cwd=path.parent, capture_output=True, timeout=60
        )
        found = path.read_bytes()
        assert found in {OLD, DATA}
        crash.download("data", path)
        crash.check_downloaded(path, DATA)
        seen.append(done.returncode)
        if done.returncode == 0:
            break
    assert seen[-1] == 0
    assert len(seen) > 1  # something was killed
