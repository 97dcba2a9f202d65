"""Ctrl-C and signals while the server is silent (C13): it ends soon, keeps what it has, and says how to go on."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import time
import zipfile
from pathlib import Path

import pexpect
import pytest
from crash_scene import LATE, MIB, PARALLEL, PART, SPARSE, Crash, content
from fault_proxy import Rule
from stillness import still

DATA = content(5 * PART, 4)
BOTH = pytest.mark.parametrize("crash", ["s3", "swift"], indirect=True)


def stalled_upload(crash: Crash) -> tuple[Path, list[str | Path], Rule]:
    """All parts but the first stall."""
    path = crash.path("data", DATA)
    if crash.over_s3:
        rules = [
            Rule("hold", "answer", "PUT", part=1),
            Rule("stall", "sending", "PUT", query="partNumber", at=9999, times=0),
        ]
    else:
        rules = [
            Rule("hold", "answer", "PUT", "_segments/.*/0*1$"),
            Rule("stall", "sending", "PUT", "_segments/", at=9999, times=0),
        ]
    rules[0].release()
    crash.proxy.add(*rules)
    return path, ["upload", path, crash.url("data")], rules[1]


def stalled_download(crash: Crash) -> tuple[Path, list[str | Path], Rule]:
    """All parts but the first stall."""
    crash.put("data", DATA, PART)
    first = Rule("hold", "answer", "GET", "/data$", "^$")
    first.release()
    path = crash.path("data")
    crash.proxy.add(first, Rule("stall", "receiving", "GET", "/data$", "^$", at=9999, times=0))
    return path, ["download", crash.url("data"), path], crash.proxy.rules[1]


def quiet(crash: Crash, rule: Rule) -> None:
    """Until nothing moves: whoever had the part that went through stalls with another one, as all do."""
    crash.proxy.until(lambda _: rule.struck >= PARALLEL)


def end(process: subprocess.Popen[bytes], number: int, times: int = 1) -> float:
    """Send a signal; the seconds until the end."""
    for left in reversed(range(times)):
        began = time.monotonic()
        process.send_signal(number)
        if left:
            time.sleep(0.05)
    process.wait(30)
    return time.monotonic() - began


@BOTH
@pytest.mark.parametrize("verb", [stalled_upload, stalled_download])
def test_C13_ctrl_c_keeps_what_is_there_and_names_the_way_on(crash: Crash, verb: object) -> None:
    path, words, stall = verb(crash)  # type: ignore[operator]
    process = crash.start(*words)
    quiet(crash, stall)
    asked = still(crash.proxy)
    seconds = end(process, signal.SIGINT)
    assert process.returncode == 130
    assert seconds < LATE
    assert len(crash.proxy.journal) == asked
    (job,) = crash.jobs()
    assert job["state"] == "interrupted"
    assert f"jsobj jobs resume {job['id']}" in crash.said()
    assert "Traceback" not in crash.said()
    if verb is stalled_download:
        assert len(crash.temps()) == 1
        assert not path.exists()
    crash.check_accounted()
    crash.proxy.clear()
    crash.jsobj("jobs", "resume", job["id"])
    if verb is stalled_download:
        crash.check_downloaded(path, DATA)
    else:
        crash.check_uploaded("data", DATA)
    moved = crash.proxy.sent if verb is stalled_upload else crash.proxy.received
    assert moved < len(DATA)  # the part that was through is not moved again


def test_C13_ctrl_c_twice_ends_at_once(crash: Crash) -> None:
    _, words, stall = stalled_upload(crash)
    process = crash.start(*words)
    quiet(crash, stall)
    seconds = end(process, signal.SIGINT, times=2)
    assert process.returncode in {130, -signal.SIGINT}
    assert seconds < 4  # less than a run takes that waits for its workers; by itself it is a moment


def test_C13_a_terminated_transfer_can_be_continued(crash: Crash) -> None:
    path, words, stall = stalled_download(crash)
    process = crash.start(*words)
    quiet(crash, stall)
    assert end(process, signal.SIGTERM) < LATE
    assert process.returncode == 143
    assert len(crash.jobs()) == 1
    crash.proxy.clear()
    crash.download("data", path)
    crash.check_downloaded(path, DATA)


def test_C13_ctrl_c_on_a_terminal(crash: Crash) -> None:
    path, words, stall = stalled_upload(crash)
    shown = [word for word in SPARSE if word not in {"--progress", "none"}]
    with crash.jsobj.terminal(*words, *shown) as child:
        quiet(crash, stall)
        child.sendintr()
        child.expect(pexpect.EOF, timeout=30)
        said = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", child.before or "")
        child.close()
        assert child.exitstatus == 130
    (job,) = crash.jobs()
    assert f"jsobj jobs resume {job['id']}" in " ".join(said.split())
    crash.proxy.clear()
    crash.jsobj("jobs", "resume", job["id"])
    crash.check_uploaded("data", DATA)
    assert os.path.exists(path)


@BOTH
@pytest.mark.parametrize("words", [("cat",), ("cat", "--range", "39000000-"), ("download", "-")])
def test_C13_ctrl_c_while_a_member_of_an_archive_is_read(crash: Crash, words: tuple[str, ...]) -> None:
    """Several stretches of the archive are on their way, for a reader within the one that is interrupted."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made:
        made.writestr("member", content(40 * MIB, 7))
    crash.put("a.zip", archive.getvalue())
    crash.proxy.add(Rule("stall", "receiving", "GET", "/a.zip$", at=MIB, times=0))
    command, *rest = words
    target = (rest.pop(),) if command != "cat" else ()
    process = crash.jsobj.start(command, *rest, crash.url("a.zip!/member"), *target)
    crash.running.append(process)
    crash.proxy.until(lambda proxy: sum(one.received >= MIB // 2 for one in proxy.journal) == 4)
    asked = still(crash.proxy)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130
    assert len(crash.proxy.journal) == asked
    assert "Traceback" not in crash.said()
