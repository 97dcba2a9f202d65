"""``kill -9`` again and again while a large file goes up or comes down; then one run that is left alone (C20)."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from crash_scene import MIB, PARALLEL, PART, Crash, content, kill

from jsobj.errors import ExitCode

SEED = 20261121
SERIES = [("s3", 64 * MIB, 6), ("swift", 40 * MIB, 3)]


def _kills(size: int, count: int, seed: int) -> list[int]:
    """After how many more bytes each run is killed: together about the whole file."""
    print(f"seed {seed}")  # noqa: T201 - shown where the test fails
    chosen = random.Random(seed)
    return [chosen.randrange(1, 2 * size // (count + 1)) for _ in range(count)]


@pytest.mark.parametrize(("crash", "size", "count"), SERIES, indirect=["crash"])
def test_C20_killed_uploads_end_whole_and_send_little_twice(crash: Crash, size: int, count: int) -> None:
    data = content(size, SEED)
    path = crash.path("large", data)
    crash.put("large", b"what was there before")
    before = crash.fetch("large")
    killed = 0
    for more in _kills(size, count, SEED):
        process, base = crash.start_upload(path, "large"), crash.proxy.sent
        crash.proxy.until(lambda proxy: proxy.sent >= base + more, lambda: process.poll() is not None)  # noqa: B023
        killed += process.poll() is None
        kill(process)
        if crash.fetch("large") == before:  # P03: the old object is there until the new one is
            crash.check_accounted()
    assert killed
    crash.upload(path, "large")
    crash.check_uploaded("large", data)
    assert crash.proxy.sent <= size + killed * PARALLEL * PART + MIB  # manifests and lists of parts are small


@pytest.mark.parametrize(("crash", "size", "count"), SERIES, indirect=["crash"])
def test_C20_killed_downloads_end_whole_and_fetch_little_twice(crash: Crash, size: int, count: int) -> None:
    data = content(size, SEED + 1)
    crash.put("large", data, PART)
    path: Path = crash.path("large")
    killed = 0
    for more in _kills(size, count, SEED + 1):
        process, base = crash.start_download("large", path), crash.proxy.received
        crash.proxy.until(lambda proxy: proxy.received >= base + more, lambda: process.poll() is not None)  # noqa: B023
        killed += process.poll() is None
        kill(process)
        assert not path.exists() or process.returncode == ExitCode.OK or path.stat().st_size == size
    assert killed
    crash.download("large", path)
    crash.check_downloaded(path, data)
    assert crash.proxy.received <= size + killed * PARALLEL * PART + MIB
