"""``jsobj jobs`` with what goes on in the background: wait, go on, cancel, forget; on a real server."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from commands import Jsobj
from detached_scene import (
    MIB,
    SLOW,
    bucket_of_jobs,
    detach,
    fetched,
    file,
    long_file,
    runs,
    sending,
    show,
    state_dir,
    wait,
)
from fixtures_cloud import Cloud

from jsobj.transfer.detached import record
from jsobj.transfer.detached.turns import turn


@pytest.fixture(name="bucket")
def _bucket(keyed: Jsobj, cloud: Cloud, name: str) -> Iterator[str]:
    with bucket_of_jobs(keyed, cloud, name) as made:
        yield made


def test_wait_has_the_code_of_the_run_and_tells_a_timeout_from_it(keyed: Jsobj, bucket: str) -> None:
    file(keyed, "small", 10)
    deep = keyed.folder / "tree" / "/".join(["d" * 250] * 5)
    deep.mkdir(parents=True)
    (deep / "key is too long").write_text("x")
    (keyed.folder / "tree/fits").write_text("x")
    keyed("upload", "small", f"s3://{bucket}/other")
    (keyed.folder / "small").write_text("changed")
    partial = detach(keyed, "upload", "tree/", f"s3://{bucket}/tree/")
    differs = detach(keyed, "verify", "small", f"s3://{bucket}/other")
    done = detach(keyed, "cp", f"s3://{bucket}/other", f"s3://{bucket}/copy")
    assert [item["exit_code"] for item in wait(keyed, done, partial, differs, code=3)] == [0, 3, 8]
    assert [item["state"] for item in wait(keyed, differs, partial, done, code=8)] == ["failed", "failed", "done"]
    assert show(keyed, partial)["counts"]["failed"] == 1
    wait(keyed, done[:6])

    long_file(keyed, "big")
    slow = detach(keyed, "upload", "big", f"s3://{bucket}/", *SLOW)
    late = keyed("jobs", "wait", slow, done, "--timeout", "2", code=75)
    assert late.err.startswith(f"{slow} ")
    assert [line.split("\t")[:3] for line in late.lines][1] == [done, "done", "0"]
    assert "have not ended" in late.err or "has not ended" in late.err
    keyed("jobs", "wait", slow, "--timeout", "0", "--timeout-exit-code", "60", code=60)
    assert "from 50 to 99" in keyed("jobs", "wait", slow, "--timeout-exit-code", "3", code=2).err
    keyed("jobs", "cancel", slow, "--yes")


def test_after_a_reboot_it_is_gone_on_with(keyed: Jsobj, bucket: str) -> None:
    data = file(keyed, "big", 41 * MIB)
    words = ("upload", "big", f"s3://{bucket}/", *SLOW)
    first, second = detach(keyed, *words), detach(keyed, *words[:2], f"s3://{bucket}/again", *words[3:])
    for job, number in ((first, signal.SIGKILL), (second, signal.SIGTERM)):
        process = sending(keyed, job).process
        assert process is not None
        process.signal(number)
        assert process.wait(30)
    listed = {item["id"]: item for item in keyed("jobs", "list", "--json").json["items"]}
    assert {job: (listed[job]["state"], listed[job]["uploads"]) for job in listed} == {
        first: ("interrupted", 1),
        second: ("interrupted", 1),
    }
    assert [item["state"] for item in wait(keyed, first, second, code=3)] == ["interrupted", "interrupted"]
    wait(keyed, second, first, code=143)
    assert f"jsobj jobs resume {first}" in keyed("jobs", "show", first).out

    unit = keyed("jobs", "resume", first, "--on-boot", "--json").json
    assert f"jobs resume {first}" in unit["unit"]
    assert "WantedBy=default.target" in unit["unit"]
    assert f"systemctl --user enable jsobj-{first}.service" in unit["commands"][1]

    here = keyed.process("jobs", "resume", first, cwd=keyed.home)
    assert f"cd {keyed.folder} && jsobj upload big" in here.err
    again = keyed("jobs", "resume", listed[second]["journals"][0], "--detach")
    assert again.lines == [second]
    assert [item["state"] for item in wait(keyed, first, second)] == ["done", "done"]
    for key in ("big", "again"):
        assert fetched(keyed, f"s3://{bucket}/{key}") == data
    for job in (first, second):
        assert show(keyed, job)["uploads"] == 0
    assert "is done" in keyed("jobs", "resume", first).err


def test_ten_at_once_have_three_turns(keyed: Jsobj, bucket: str) -> None:
    keyed.variables["JSOBJ_JOBS_AT_ONCE"] = "3"
    data = file(keyed, "small", MIB)
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(turn(record.runs_folder(state_dir(keyed)) / "turns", 3))
        words = ("upload", "small", "--limit-rate", "1M")
        jobs = [detach(keyed, *words, f"s3://{bucket}/{number}") for number in range(10)]
        assert {item["state"] for item in keyed("jobs", "list", "--json").json["items"]} == {"queued"}
    assert [item["state"] for item in wait(keyed, *jobs)] == ["done"] * 10
    ended = runs(keyed)
    # Each lasts a second. Its end is written after its turn is given back, when another may have begun already.
    begun = [each.begun or 0 for each in ended]
    most = max(sum(b <= a < b + 0.8 for b in begun) for a in begun)
    assert most <= 3
    for number in range(10):
        assert fetched(keyed, f"s3://{bucket}/{number}") == data
    keyed.variables["JSOBJ_JOBS_AT_ONCE"] = "none"
    assert "from 1 to 1000" in keyed("upload", "small", f"s3://{bucket}/", "--detach", code=2).err


def test_cancel_stops_it_and_takes_back_what_it_left(keyed: Jsobj, cloud: Cloud, bucket: str) -> None:
    keyed.variables["JSOBJ_JOBS_AT_ONCE"] = "1"
    long_file(keyed, "big")
    job = detach(keyed, "upload", "big", f"s3://{bucket}/", *SLOW)
    waits = detach(keyed, "upload", "big", f"s3://{bucket}/other", *SLOW)
    process = sending(keyed, job).process
    assert process is not None
    assert "is running" in keyed("jobs", "resume", job, code=9).err
    assert "is queued" in keyed("jobs", "forget", waits, code=9).err
    assert f"{waits}  upload" in keyed("jobs", "cancel", waits, code=2).err  # asks first
    assert keyed("jobs", "cancel", waits, "--yes", "--json").json["items"][0]["id"] == waits
    assert keyed("jobs", "cancel", job, "--yes", "--json").json["items"] == [{"id": job, "uploads": 1, "downloads": 0}]
    assert not process.alive()
    ends = [(item["state"], item["exit_code"]) for item in wait(keyed, job, waits, code=130)]
    assert ends == [("cancelled", 130)] * 2
    assert keyed("uploads", "list", f"s3://{bucket}/", "--json").json["items"] == []
    assert list((state_dir(keyed) / "jobs").glob("*.db")) == []
    assert keyed("jobs", "resume", job, "--json", code=6).error["reference"] == "job-cancelled"
    assert "left nothing to cancel" in keyed("jobs", "cancel", job, "--yes", code=2).err


def test_cancel_all_takes_those_that_are_not_done(jsobj: Jsobj) -> None:
    states = ("interrupted", "done", "failed", "cancelled")
    made = {}
    for state in states:
        run = record.new_run("upload", ("upload", "a", "s3://b/"), "/", cloud="", profile="", notify="")
        record.create(state_dir(jsobj), replace(run, state=state))
        made[run.id] = state
    done = jsobj("jobs", "cancel", "--all", "--yes", "--json").json["items"]
    assert [made[item["id"]] for item in done] == ["interrupted"]
    assert sorted(run.state for run in runs(jsobj)) == ["cancelled", "cancelled", "done", "failed"]
    assert jsobj("jobs", "cancel", "--all", "--yes", "--json").json["items"] == []


def test_records_and_logs_are_private_and_go_when_they_are_forgotten(keyed: Jsobj, bucket: str) -> None:
    file(keyed, "small", 10)
    before = os.umask(0)
    try:
        jobs = [detach(keyed, "upload", "small", f"s3://{bucket}/{key}") for key in "abc"]
        wait(keyed, *jobs)
    finally:
        os.umask(before)
    folder = state_dir(keyed) / "detached"
    found = {path: stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")}
    assert {path.suffix for path in found} >= {".json", ".log", ".lock"}
    assert {mode for path, mode in found.items() if path.is_file()} == {0o600}
    assert {mode for path, mode in found.items() if path.is_dir()} == {0o700}
    assert "secret" not in "".join(path.read_text() for path in found if path.suffix == ".json")
    assert keyed("jobs", "forget", jobs[0], "--json").json["items"] == [{"id": jobs[0], "state": "done"}]
    assert "There is no such job" in keyed("jobs", "forget", "--older-than", "1d").err
    assert "name jobs" in keyed("jobs", "forget", code=2).err
    assert len(keyed("jobs", "forget", "--all", "--json").json["items"]) == 2
    assert [path.name for path in folder.iterdir()] == ["turns"]
    assert keyed("jobs", "list", "--json").json["items"] == []
    assert keyed("jobs", "wait", jobs[1], "--json", code=5).error["reference"] == "job-not-found"
    (folder / "0123456789ab.json").write_text("{")
    listed = keyed("jobs", "list", "--json")
    assert (listed.json["items"], "0123456789ab.json cannot be used" in listed.err) == ([], True)
    assert "jobs forget 0123456789ab" in keyed("jobs", "show", "0123456789ab", code=9).err
    keyed("jobs", "forget", "0123456789ab")


def test_logs_follow_until_the_end(keyed: Jsobj, bucket: str) -> None:
    file(keyed, "small", 2048)
    job = detach(keyed, "upload", "small", f"s3://{bucket}/", "--limit-rate", "1K", "-v")
    followed = keyed.process("jobs", "logs", "-f", job)
    assert "1 file, 2 KiB uploaded" in followed.out
    assert [line["line"] for line in keyed("jobs", "logs", job, "--json").json["items"]] == followed.lines
    (item,) = wait(keyed, job)
    Path(item["log"]).unlink()
    assert keyed("jobs", "logs", job, "--json", code=9).error["reference"] == "job-log-unreadable"
