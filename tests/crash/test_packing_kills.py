"""``kill -9`` while an archive goes up: nothing has its name, and the same command sends what is missing."""

from __future__ import annotations

import io
import os
import signal
import zipfile

import pytest
from crash_scene import MIB, PART, SPARSE, Crash, content, kill
from fault_proxy import Rule

COUNT, EACH = 40, MIB
SIZE = COUNT * EACH
IN_FLIGHT = 5  # parts that are on their way at most, one of them while it is filled
EVERYWHERE = pytest.mark.parametrize("crash", ["s3", "rgw", "swift"], indirect=True)


@pytest.fixture(name="files")
def _files(crash: Crash) -> dict[str, bytes]:
    folder = crash.path("many")
    folder.mkdir()
    data = content(SIZE, 33)
    files = {f"{number:03}": data[number * EACH : (number + 1) * EACH] for number in range(COUNT)}
    for name, each in files.items():
        crash.path(f"many/{name}", each)
    return files


def check_packed(crash: Crash, files: dict[str, bytes]) -> None:
    """The archive is whole, and nothing is left of its making."""
    with zipfile.ZipFile(io.BytesIO(crash.fetch("a.zip"))) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == files
    assert sorted(crash.keys()) == ["a.zip", "a.zip.index"]
    assert crash.unfinished() == set()
    assert crash.jobs() == []


@EVERYWHERE
def test_C20_killed_packings_go_on(crash: Crash, files: dict[str, bytes]) -> None:
    process = crash.start("upload", "--pack", "many/", crash.url("a.zip"))
    crash.proxy.until(lambda proxy: proxy.sent >= 12 * MIB, lambda: process.poll() is not None)
    assert process.poll() is None
    kill(process)
    assert crash.keys() == []
    crash.check_accounted()
    assert [job["verb"] for job in crash.jobs()] == ["pack"]
    crash.jsobj("upload", "--pack", "many/", crash.url("a.zip"), *SPARSE)
    check_packed(crash, files)
    assert crash.proxy.sent <= SIZE + IN_FLIGHT * PART + MIB


@pytest.mark.parametrize("crash", ["rgw"], indirect=True)
def test_stopped_by_ctrl_c(crash: Crash, files: dict[str, bytes]) -> None:
    process = crash.start("upload", "--pack", "many/", crash.url("a.zip"))
    crash.proxy.until(lambda proxy: proxy.sent >= 12 * MIB, lambda: process.poll() is not None)
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(30) == 130
    assert crash.keys() == []
    crash.check_accounted()
    (job,) = crash.jobs()
    crash.jsobj("jobs", "resume", job["id"])
    check_packed(crash, files)


@pytest.mark.parametrize("crash", ["swift"], indirect=True)
def test_files_that_have_changed_begin_anew(crash: Crash, files: dict[str, bytes]) -> None:
    """What was sent of the others is taken back."""
    process = crash.start("upload", "--pack", "many/", crash.url("a.zip"))
    crash.proxy.until(lambda proxy: proxy.sent >= 12 * MIB, lambda: process.poll() is not None)
    kill(process)
    files["000"] = b"other"
    crash.path("many/000", b"other")
    crash.jsobj("upload", "--pack", "many/", crash.url("a.zip"), *SPARSE)
    check_packed(crash, files)


def test_a_file_that_changes_while_it_is_read(crash: Crash, files: dict[str, bytes]) -> None:
    """It is named, there is no archive, and nothing stays on the server."""
    gate = crash.proxy.add(Rule("hold", method="PUT", query="partNumber", times=0))
    process = crash.start("upload", "--pack", "many/", crash.url("a.zip"))
    assert gate.reached.wait(60)
    crash.path("many/039", b"changed")
    gate.release()
    assert process.wait(60) == 8
    assert "many/039 changed while it was being sent" in crash.said()
    assert crash.keys() == []
    assert crash.unfinished() == set()
    assert crash.jobs() == []
