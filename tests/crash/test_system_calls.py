"""A download whose system calls fail or are its last ones, one by one (C08, C19, P17): by strace, in a real process.

``JSOBJ_EVERY_CALL=1`` takes every N instead of some, by hand.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from crash_scene import MIB, SPARSE, Crash, content
from rigs import need_strace

OLD = b"the old file"
LARGE, SMALL = content(11 * MIB, 81), content(MIB // 2, 82)  # three parts; one request
EVERY = bool(os.environ.get("JSOBJ_EVERY_CALL"))
RGW = pytest.mark.parametrize("crash", ["rgw"], indirect=True)
SIZES = pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])


def injected(crash: Crash, path: Path, injection: str) -> subprocess.CompletedProcess[str]:
    """A download under strace, with one thread for the transfers: N is counted in each thread by itself."""
    words = [need_strace(), "-f", "-qq", "-o", "/dev/null", "-e", f"inject={injection}"]
    command = crash.jsobj.command("download", crash.url("data"), path, *SPARSE, "--parallel", "1")
    return subprocess.run(
        [*words, *command],
        env=crash.jsobj.environment(),
        cwd=crash.jsobj.folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


@pytest.mark.parametrize(
    "injection",
    [
        "pwrite64,splice:error=ENOSPC:when=1+",
        "pwrite64,splice:error=EIO:when=1+",
        "pwrite64,splice:error=EDQUOT:when=1+",
        "fsync:error=EIO:when=1",
        "fallocate:error=ENOSPC:when=1",
        "rename,renameat,renameat2:error=EIO:when=1",
    ],
    ids=["C19-ENOSPC", "C19-EIO", "C19-EDQUOT", "C19-fsync", "C19-fallocate", "C19-rename"],
)
@SIZES
@RGW
def test_C19_P17_a_disk_that_refuses_is_told_and_nothing_is_lost(crash: Crash, data: bytes, injection: str) -> None:
    crash.put("data", data)
    path = crash.path("data", OLD)
    done = injected(crash, path, injection)
    if done.returncode == 0:  # that call is not made for a file of this size
        assert path.read_bytes() == data
        assert data == SMALL
        assert injection.startswith(("fallocate", "fsync"))  # a hint to the file system; flushed with its folder
        return
    assert done.returncode == 9, done.stderr
    assert "Next:" in done.stderr
    assert "Traceback" not in done.stderr
    assert path.read_bytes() == OLD
    crash.download("data", path)
    crash.check_downloaded(path, data)


@pytest.mark.parametrize("call", ["pwrite64,splice", "fsync", "rename,renameat,renameat2", "fchmod", "unlinkat,unlink"])
@SIZES
@RGW
def test_C08_killed_at_a_call_there_is_the_old_file_or_the_new_one(crash: Crash, data: bytes, call: str) -> None:
    crash.put("data", data)
    path = crash.path("data")
    killed = 0
    for number in range(1, 400) if EVERY else (1, 2, 5):
        path.write_bytes(OLD)
        done = injected(crash, path, f"{call}:signal=SIGKILL:when={number}")
        if done.returncode == 0:
            break
        assert done.returncode == -9 or done.returncode == 137, done.stderr
        killed += 1
        assert path.read_bytes() in {OLD, data}
        crash.download("data", path)
        crash.check_downloaded(path, data)
    assert killed or call in {"fchmod", "unlinkat,unlink"}
