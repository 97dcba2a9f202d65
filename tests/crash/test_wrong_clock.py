"""A machine whose clock is wrong (F34): libfaketime moves that of jsobj's process alone."""

from __future__ import annotations

import json
import re
import subprocess

import pytest
from crash_scene import MIB, SPARSE, Crash, content
from rigs import need_program

DATA = content(MIB, 71)
S3 = pytest.mark.parametrize("crash", ["s3", "rgw"], indirect=True)


def at_another_time(crash: Crash, offset: str, *argv: str) -> tuple[int, dict[str, str]]:
    """Exit code and error of a command whose clock is ``offset`` away, as ``faketime -f`` writes it."""
    need_program("faketime")
    done = subprocess.run(
        ["faketime", "-f", offset, *crash.jsobj.command(*argv, *SPARSE, "--json")],
        env=crash.jsobj.environment(),
        cwd=crash.jsobj.folder,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    return done.returncode, json.loads(done.stderr.strip().splitlines()[-1])


@pytest.mark.parametrize(
    ("offset", "seconds"),
    [("+20m", 1200), ("-20m", 1200), ("+1d", 86_400), ("-1d", 86_400)],
    ids=["F34-ahead", "F34-behind", "F34-a-day-ahead", "F34-a-day-behind"],
)
@S3
def test_F34_a_wrong_clock_is_named_with_its_error(crash: Crash, offset: str, seconds: int) -> None:
    """The server's own date tells by how much; no loop of tries."""
    crash.path("data", DATA)
    code, error = at_another_time(crash, offset, "upload", "data", crash.url("data"))
    assert code == 4
    found = re.search(r"(\d+) s(?:econds)?\b", error["message"])
    assert found, error
    assert abs(int(found[1]) - seconds) < 60
    assert "clock" in f"{error['message']} {error['hint']}"
    assert crash.keys() == []
    assert len(crash.proxy.journal) <= 3


@S3
def test_F34_a_clock_that_was_reset_to_1970_is_named(crash: Crash) -> None:
    crash.path("data", DATA)
    code, error = at_another_time(crash, "@1970-01-02 00:00:00", "upload", "data", crash.url("data"))
    assert code == 4
    assert "clock" in f"{error['message']} {error['hint']}"
    assert crash.keys() == []
