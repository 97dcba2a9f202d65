"""The record of a detached run: private, whole, and true about a process that is gone."""

from __future__ import annotations

import os
import stat
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from jsobj.errors import ExitCode, JsobjError
from jsobj.processes import Process
from jsobj.transfer.detached import record
from jsobj.transfer.detached.record import DetachedRun

WORDS = ("upload", "run 42", "s3://b/\udcff")  # the last is no Unicode


def made(folder: Path, **values: object) -> DetachedRun:
    run = replace(record.new_run("upload", WORDS, "/data", cloud="", profile="demo", notify=""), **values)  # type: ignore[arg-type]
    record.create(folder, run)
    return run


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    run = made(tmp_path, process=Process.of(os.getpid()), journals=("0011",), counts={"done": 3}, sources=("/a",))
    assert record.read(tmp_path, run.id) == run
    assert list(record.run_ids(tmp_path)) == [run.id]
    folder = record.runs_folder(tmp_path)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / f"{run.id}.json").stat().st_mode) == 0o600


def test_a_later_release_may_know_more(tmp_path: Path) -> None:
    run = made(tmp_path, state="done", code=0)
    path = record.runs_folder(tmp_path) / f"{run.id}.json"
    path.write_bytes(path.read_bytes().replace(b"{", b'{"colour": "red",', 1))
    assert record.read(tmp_path, run.id) == run


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"{}", b'{"id": 1, "words": [], "cwd": "", "created": 0, "process": 7}']
)
def test_what_is_no_record_is_named(tmp_path: Path, data: bytes) -> None:
    run = made(tmp_path)
    (record.runs_folder(tmp_path) / f"{run.id}.json").write_bytes(data)
    with pytest.raises(JsobjError) as caught:
        record.read(tmp_path, run.id)
    assert (caught.value.reference, caught.value.code) == ("job-record-damaged", ExitCode.LOCAL)
    assert f"jobs forget {run.id}" in caught.value.hint


@pytest.mark.parametrize("state", sorted(record.ACTIVE))
def test_the_process_decides_whether_it_lives(tmp_path: Path, state: str) -> None:
    living = Process.of(os.getpid())
    assert living is not None
    with subprocess.Popen(["true"]) as child:
        child.wait()
    dead = replace(living, pid=child.pid, start_time=1)
    rebooted = replace(living, boot_id="before")
    reused = replace(living, start_time=living.start_time - 1)
    assert record.read(tmp_path, made(tmp_path, state=state, process=living).id).state == state
    for process in (dead, rebooted, reused, None):
        found = record.read(tmp_path, made(tmp_path, state=state, process=process).id)
        assert (found.state, found.exit_code) == ("interrupted", 3)


def test_on_another_machine_the_beat_decides(tmp_path: Path) -> None:
    """Whose processes cannot be seen from here."""
    now = time.time()
    fresh = made(tmp_path, state="running", host="elsewhere", beat=now - 10)
    silent = made(tmp_path, state="running", host="elsewhere", beat=now - 1000)
    assert record.read(tmp_path, fresh.id).state == "running"
    assert record.read(tmp_path, silent.id).state == "interrupted"
    with pytest.raises(JsobjError, match="is running on elsewhere"):
        record.require_not_active(record.read(tmp_path, fresh.id))


def test_a_record_that_is_gone_is_not_made_again(tmp_path: Path) -> None:
    run = made(tmp_path)
    record.remove(tmp_path, run.id)
    with pytest.raises(JsobjError) as caught:
        record.change(tmp_path, run.id, lambda found: found)
    assert caught.value.reference == "job-not-found"
    assert list(record.run_ids(tmp_path)) == []
    with pytest.raises(JsobjError):
        record.change(tmp_path / "other", "00", lambda found: found)
    assert not (tmp_path / "other").exists()
