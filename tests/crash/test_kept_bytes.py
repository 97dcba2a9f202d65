"""What had arrived when a run was stopped is not moved again: whole parts, and the beginnings of fetched ones."""

from __future__ import annotations

import re
import signal
import threading

import pytest
from crash_scene import MIB, PARALLEL, PART, Crash, content
from fault_proxy import Rule
from stillness import still

DATA = content(8 * PART, 11)
BOTH = pytest.mark.parametrize("crash", ["s3", "swift", "rgw"], indirect=True)
SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])


def stopped(crash: Crash, number: int) -> float:
    """Stop what runs at a slow moment; the MiB that it says it has moved."""
    process = crash.running[-1]
    process.send_signal(number)
    process.wait(30)
    assert process.returncode == {signal.SIGINT: 130, signal.SIGTERM: 143}[number]  # type: ignore[index]
    (job,) = crash.jobs()
    assert job["state"] == "interrupted"
    said = re.findall(r"Stopped: 0 files, ([\d.]+) (MiB|KiB|B) ", crash.said())
    return float(said[-1][0]) / {"MiB": 1, "KiB": 1024, "B": MIB}[said[-1][1]]


@BOTH
@SIGNALS
def test_a_download_goes_on_inside_its_parts(crash: Crash, number: int) -> None:
    crash.put("data", DATA, PART)
    path = crash.path("data")
    stall = crash.proxy.add(Rule("stall", "receiving", "GET", "/data$", "^$", at=PART // 2, times=0))
    crash.start_download("data", path)
    crash.proxy.until(lambda _: stall.struck >= PARALLEL)
    still(crash.proxy)
    kept = stopped(crash, number)
    assert kept > 1  # pieces of up to 1 MiB are whole or not there
    crash.proxy.clear()
    crash.download("data", path)
    crash.check_downloaded(path, DATA)
    assert crash.proxy.received < len(DATA) - kept * MIB + MIB


@BOTH
@SIGNALS
def test_an_upload_lets_those_parts_end_that_can(crash: Crash, number: int) -> None:
    path = crash.path("data", DATA)
    segment = "" if crash.over_s3 else "_segments/"
    query = "partNumber" if crash.over_s3 else ""
    ending = Rule("hold", "answer", "PUT", segment, query)
    crash.proxy.add(ending, Rule("stall", "sending", "PUT", segment, query, at=MIB, times=0))
    crash.start_upload(path, "data")
    ending.wait()
    crash.proxy.until(lambda _: crash.proxy.rules[1].struck >= PARALLEL - 1)
    asked = still(crash.proxy)
    threading.Timer(2, ending.release).start()  # the run has seen the signal by then, and still waits
    assert stopped(crash, number) == PART / MIB
    assert len(crash.proxy.journal) == asked  # no other part was begun
    crash.check_accounted()
    crash.proxy.clear()
    crash.upload(path, "data")
    crash.check_uploaded("data", DATA)
    assert crash.proxy.sent < len(DATA) - PART + MIB
