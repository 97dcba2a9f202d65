"""``jsobj jobs``: journals of killed runs are listed, gone on with, and taken back, on real servers."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pexpect
import pytest
from botocore.config import Config
from commands import Jsobj
from fixtures_cloud import Cloud

from jsobj.errors import ExitCode, JsobjError
from jsobj.transfer.download.target_folder import TargetFolder
from jsobj.transfer.journal.journal import JobKey, Journal
from jsobj.transfer.local.scan import LocalFile

PART = 5 * 1024**2


@pytest.fixture(name="s3")
def _s3(keyed: Jsobj, cloud: Cloud) -> Any:
    held = keyed.profile("demo")
    return boto3.client(
        "s3",
        endpoint_url=cloud.s3_endpoint,
        region_name=cloud.region,
        aws_access_key_id=held["aws_access_key_id"],
        aws_secret_access_key=held["aws_secret_access_key"],
        config=Config(s3={"addressing_style": "path"}),
    )


@pytest.fixture(name="bucket")
def _bucket(s3: Any, name: str) -> Iterator[str]:
    s3.create_bucket(Bucket=name)
    yield name
    for upload in s3.list_multipart_uploads(Bucket=name).get("Uploads", ()):
        s3.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])
    for found in s3.list_objects_v2(Bucket=name).get("Contents", ()):
        s3.delete_object(Bucket=name, Key=found["Key"])
    s3.delete_bucket(Bucket=name)


def jobs(jsobj: Jsobj) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = jsobj("jobs", "list", "--json").json["items"]
    return found


def uploads(s3: Any, bucket: str) -> list[dict[str, Any]]:
    return list(s3.list_multipart_uploads(Bucket=bucket).get("Uploads", ()))


def state_dir(jsobj: Jsobj) -> Path:
    return jsobj.home / ".local/state/jsobj"


def files(jsobj: Jsobj) -> list[str]:
    return sorted(found.name for found in (state_dir(jsobj) / "jobs").iterdir())


def key_of(jsobj: Jsobj, bucket: str = "b", **more: Any) -> JobKey:
    values: dict[str, Any] = {
        "verb": "upload",
        "sources": ("/data/run42",),
        "destination": f"s3://{bucket}/run42/",
        "dialect": "s3",
        "bucket": bucket,
        "endpoint": "https://store.example:8001",
        "words": ("upload", "run 42", f"s3://{bucket}/"),
        "cwd": str(jsobj.folder),
    }
    return JobKey(**{**values, **more})


def left(jsobj: Jsobj, key: JobKey, *, upload_id: str = "id", state: str = "interrupted") -> str:
    """A journal of an ended run with one upload under way; its id."""
    journal = Journal.open(state_dir(jsobj), key)
    file = LocalFile("/data/run42/big.nc", "big.nc", 3 * PART, 1, 2)
    journal.intend_upload("run42/big.nc", file)
    if upload_id:
        journal.upload_begun("run42/big.nc", file, upload_id, PART)
    journal.failed("run42/\x1b[31mred", JsobjError("file-unreadable", "cannot read it", code=ExitCode.LOCAL))
    journal.finish(state)
    return journal.id


@pytest.fixture(name="killed")
def _killed(keyed: Jsobj, s3: Any, bucket: str) -> tuple[str, bytes]:
    """An upload of four parts that was killed when the server had its first; the job's id, and the file's bytes."""
    data = os.urandom(3 * PART + 4321)
    (keyed.folder / "big file.bin").write_bytes(data)
    words = ["upload", "big file.bin", f"s3://{bucket}/up/", "--part-size", "5M", "--parallel", "1"]
    running = subprocess.Popen(
        keyed.command(*words, "--limit-rate", "2M"),
        cwd=keyed.folder, env=keyed.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    with running:
        while running.poll() is None:
            under_way = uploads(s3, bucket)
            if under_way and s3.list_parts(
                Bucket=bucket, Key=under_way[0]["Key"], UploadId=under_way[0]["UploadId"]
            ).get("Parts"):
                break
            time.sleep(0.05)
        assert running.poll() is None, running.stderr.read().decode() if running.stderr else ""
        running.kill()
    (job,) = jobs(keyed)
    assert job["state"] == "interrupted"
    return str(job["id"]), data


def test_c20_a_killed_upload_is_listed_and_gone_on_with(
    keyed: Jsobj, s3: Any, bucket: str, killed: tuple[str, bytes]
) -> None:
    job, data = killed
    (listed,) = jobs(keyed)
    assert (listed["verb"], listed["bucket"], listed["uploads"]) == ("upload", bucket, 1)
    assert listed["command"].startswith("jsobj upload 'big file.bin'")
    shown = keyed("jobs", "show", job[:6], "--json").json
    assert shown["schema"] == "jsobj.job/1"
    (under_way,) = shown["under_way"]["uploads"]
    assert (under_way["id"], under_way["bytes"]) == (uploads(s3, bucket)[0]["UploadId"], len(data))

    done = keyed.process("jobs", "resume", job, cwd=keyed.home)
    assert f"cd {keyed.folder} && jsobj upload 'big file.bin'" in done.err
    body = s3.get_object(Bucket=bucket, Key="up/big file.bin")["Body"].read()
    assert hashlib.sha256(body).digest() == hashlib.sha256(data).digest()
    assert uploads(s3, bucket) == []
    assert files(keyed) == []


def test_p04_cancel_takes_back_what_a_killed_upload_left(
    keyed: Jsobj, s3: Any, bucket: str, killed: tuple[str, bytes]
) -> None:
    job, _ = killed
    refused = keyed("jobs", "cancel", job, code=2)
    assert f"{job}  upload to s3://{bucket}/up/: 1 under way" in refused.err
    assert len(uploads(s3, bucket)) == 1
    done = keyed("jobs", "cancel", job, "--yes", "--json")
    assert done.json == {"schema": "jsobj.job-cancelled/1", "items": [{"id": job, "uploads": 1, "downloads": 0}]}
    assert uploads(s3, bucket) == []
    assert files(keyed) == []
    assert jobs(keyed) == []


def test_cancel_needs_the_login_of_the_job(keyed: Jsobj, cloud: Cloud, bucket: str) -> None:
    """An upload's id means nothing elsewhere: nobody else's upload is ever aborted for it."""
    job = left(keyed, key_of(keyed, bucket, endpoint=cloud.s3_endpoint, project="another project"))
    refused = keyed("jobs", "cancel", job, "--yes", "--json", code=4)
    assert refused.error["reference"] == "job-elsewhere"
    assert "--cloud" in refused.error["hint"]
    assert [found["id"] for found in jobs(keyed)] == [job]
    done = keyed("jobs", "cancel", job, "--yes", "--forget", "--json")
    assert done.json["items"] == [{"id": job, "uploads": 0, "downloads": 0}]
    assert files(keyed) == []


# From here on, no server is asked.


def test_cancel_removes_temporary_files_and_nothing_else(keyed: Jsobj) -> None:
    target = keyed.folder / "data"
    target.mkdir()
    landing = TargetFolder(str(target))
    temp = landing.open_temp(("a", "b.nc"), 100)
    temp.close()
    landing.close()
    (target / "a" / "b.nc").write_text("from before")
    key = key_of(keyed, verb="download", folder=str(target))
    journal = Journal.open(state_dir(keyed), key)
    journal.download_begun("a/b.nc", "a/b.nc", etag="e", size=100, part_size=50, temp=temp.name)
    journal.download_begun("b", "precious", etag="e", size=100, part_size=50, temp="precious")
    (target / "precious").write_text("stays")
    journal.finish("interrupted")
    done = keyed("jobs", "cancel", journal.id, "--yes", "--json")
    assert done.json["items"] == [{"id": journal.id, "uploads": 0, "downloads": 1}]
    assert (target / "precious").read_text() == "stays"
    assert [found.name for found in (target / "a").iterdir()] == ["b.nc"]
    assert (target / "a" / "b.nc").read_text() == "from before"


def test_nothing_is_open(jsobj: Jsobj) -> None:
    done = jsobj("jobs", "list")
    assert (done.out, done.err) == ("", "No job is open.\n")
    assert jobs(jsobj) == []
    assert not state_dir(jsobj).exists()


def test_show_for_people(jsobj: Jsobj) -> None:
    job = left(jsobj, key_of(jsobj))
    done = jsobj("jobs", "show", job)
    assert "State:      interrupted" in done.out
    assert "Uploading:  /data/run42/big.nc, 15 MiB, 0 parts sent" in done.out
    assert "cannot read it [file-unreadable]" in done.out
    assert "Go on with: jsobj upload 'run 42' s3://b/" in done.out
    assert "\x1b" not in done.out
    line = jsobj("jobs", "list").lines[0].split("\t")
    assert line[:5] == [job, "interrupted", "upload", "/data/run42 -> s3://b/run42/", "1"]


def test_an_intention_that_was_lost_is_told_when_cancelled(jsobj: Jsobj) -> None:
    job = left(jsobj, key_of(jsobj), upload_id="")
    done = jsobj("jobs", "cancel", job, "--yes")
    assert "an upload of run42/big.nc may have been begun: see jsobj uploads list" in done.err
    assert jobs(jsobj) == []


def test_b126_a_running_job_is_left_alone(jsobj: Jsobj) -> None:
    job = left(jsobj, key_of(jsobj))
    journal = Journal.open(state_dir(jsobj), key_of(jsobj))
    assert jobs(jsobj)[0]["state"] == "running"
    assert f"running, pid {os.getpid()}" in jsobj("jobs", "show", job).out
    refused = jsobj("jobs", "cancel", job, "--yes", "--json", code=9)
    assert refused.error["reference"] == "job-in-progress"
    assert f"pid {os.getpid()}" in refused.error["message"]
    journal.finish("interrupted")
    assert jobs(jsobj)[0]["state"] == "interrupted"


@pytest.mark.parametrize("words", [("show",), ("resume",), ("cancel", "--yes")])
@pytest.mark.parametrize("job", ["0123456789ab", "*", "../jobs", "", "\x1b"])
def test_a_job_that_is_not_there(jsobj: Jsobj, words: tuple[str, ...], job: str) -> None:
    left(jsobj, key_of(jsobj))
    done = jsobj("jobs", words[0], job, *words[1:], "--json", code=5)
    assert done.error["reference"] == "job-not-found"
    assert len(jobs(jsobj)) == 1


def test_several_jobs_that_begin_alike(jsobj: Jsobj) -> None:
    found = [left(jsobj, key_of(jsobj, f"b{number}")) for number in range(17)]  # 17 ids, 16 first digits
    first = next(job[0] for job in found if sum(other[0] == job[0] for other in found) > 1)
    assert jsobj("jobs", "show", first, "--json", code=2).error["reference"] == "job-ambiguous"


def test_b119_a_damaged_journal_is_named_and_the_others_are_listed(jsobj: Jsobj) -> None:
    good, bad = left(jsobj, key_of(jsobj)), left(jsobj, key_of(jsobj, "other"))
    path = state_dir(jsobj) / "jobs" / f"{bad}.db"
    path.write_bytes(path.read_bytes()[:5000])
    done = jsobj("jobs", "list", "--json")
    assert [item["id"] for item in done.json["items"]] == [good]
    assert str(path) in done.err
    assert jsobj("jobs", "show", bad, "--json", code=9).error["reference"] == "journal-damaged"


def test_resume_where_the_folder_is_gone(jsobj: Jsobj, tmp_path: Path) -> None:
    job = left(jsobj, key_of(jsobj, cwd=str(tmp_path / "gone")))
    done = jsobj("jobs", "resume", job, "--json", code=9)
    assert done.error["reference"] == "folder-gone"
    assert done.error["hint"] == f"give the job up: jsobj jobs cancel {job}"


def test_resume_gives_the_exit_code_of_the_command(jsobj: Jsobj) -> None:
    """Not logged in: what the command itself would say."""
    (jsobj.folder / "file").write_text("x")
    job = left(jsobj, key_of(jsobj, words=("upload", "file", "s3://b/")))
    done = jsobj.process("jobs", "resume", job, "--json", code=4)
    assert json.loads(done.err.strip().splitlines()[-1])["exit_code"] == 4


def test_resume_does_not_resume_itself(jsobj: Jsobj) -> None:
    job = left(jsobj, key_of(jsobj, words=("jobs", "resume", "0")))
    assert jsobj("jobs", "resume", job, "--json", code=2).error["reference"] == "job-without-command"


def test_l12_lock_files_of_killed_runs_go(jsobj: Jsobj) -> None:
    job = left(jsobj, key_of(jsobj))
    folder = state_dir(jsobj) / "jobs"
    (folder / "00112233aabb.lock").write_text("123\n")
    assert [found["id"] for found in jobs(jsobj)] == [job]
    assert {name.partition(".")[0] for name in files(jsobj)} == {job}


def test_s01_b128_no_secret_is_in_it(keyed: Jsobj, killed: tuple[str, bytes]) -> None:
    job, _ = killed
    secret = keyed.profile("demo")["aws_secret_access_key"].encode()
    content = b"".join(path.read_bytes() for path in (state_dir(keyed) / "jobs").iterdir())
    assert job.encode() in b"".join(name.encode() for name in files(keyed))
    assert b"up/big file.bin" in content
    assert secret not in content
    keyed("jobs", "cancel", job, "--yes")


def test_cancel_all_or_those_that_failed(jsobj: Jsobj) -> None:
    left(jsobj, key_of(jsobj, "running"))
    kept = Journal.open(state_dir(jsobj), key_of(jsobj, "running"))
    try:
        left(jsobj, key_of(jsobj, "failed"), state="failed")
        left(jsobj, key_of(jsobj, "cut"))
        states = {job["id"]: job["state"] for job in jobs(jsobj)}
        assert sorted(states.values()) == ["failed", "interrupted", "running"]
        assert "--failed" in jsobj("jobs", "cancel", "--json", code=2).error["message"]
        done = jsobj("jobs", "cancel", "--failed", "--yes", "--forget", "--json").json["items"]
        assert [states[each["id"]] for each in done] == ["failed"]
        done = jsobj("jobs", "cancel", "--all", "--yes", "--forget", "--json").json["items"]
        assert [states[each["id"]] for each in done] == ["interrupted"]
        assert [job["state"] for job in jobs(jsobj)] == ["running"]
        assert jsobj("jobs", "cancel", "--all").err == "There is no such job.\n"
    finally:
        kept.finish("interrupted")


def aged(jsobj: Jsobj, job: str, days: float) -> str:
    """Nothing happened to the job for so long."""
    moment = time.time() - days * 86400
    path = state_dir(jsobj) / f"jobs/{job}.db"
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE job SET updated = ?", (int(moment),))
    os.utime(path, (moment, moment))
    return job


def test_old_jobs_are_named_and_taken_back_on_request_only(jsobj: Jsobj) -> None:
    old = aged(jsobj, left(jsobj, key_of(jsobj, "old")), 31)
    failed = aged(jsobj, left(jsobj, key_of(jsobj, "failed"), state="failed"), 8)
    new = left(jsobj, key_of(jsobj, "new"))
    listed = jsobj("jobs", "list")
    assert "1 unfinished job was left alone for more than 30 days" in listed.err
    assert "jsobj jobs cancel --older-than 30d" in listed.err

    asked = jsobj("jobs", "cancel", "--older-than", "30d", code=2)
    assert f"{old}  upload to s3://old/run42/: 1 under way, idle for 31 days" in asked.err
    assert failed not in asked.err
    done = jsobj("jobs", "cancel", "--failed", "--older-than", "30d", "--forget", "--yes")
    assert done.err == "There is no such job.\n"
    done = jsobj("jobs", "cancel", "--failed", "--older-than", "7d", "--forget", "--yes", "--json")
    assert [item["id"] for item in done.json["items"]] == [failed]
    done = jsobj("jobs", "cancel", "--older-than", "30d", "--forget", "--yes", "--json")
    assert [item["id"] for item in done.json["items"]] == [old]
    assert [job["id"] for job in jobs(jsobj)] == [new]
    assert jsobj("jobs", "list").err == ""
    assert jsobj("jobs", "cancel", new, "--older-than", "1d", "--json", code=2).error["reference"] == "usage"


def test_a_transfer_names_old_jobs_once_a_day_on_a_terminal(keyed: Jsobj, bucket: str) -> None:
    aged(keyed, left(keyed, key_of(keyed, bucket)), 31)
    (keyed.folder / "small.txt").write_bytes(b"1")
    words = ("upload", "small.txt", f"s3://{bucket}/")
    assert "left alone" not in keyed(*words).err
    with keyed.terminal(*words) as terminal:
        terminal.expect("1 unfinished job was left alone for more than 30 days")
        terminal.expect(pexpect.EOF)
    with keyed.terminal(*words) as terminal:
        terminal.expect(pexpect.EOF)
        assert "left alone" not in terminal.before
    assert len(jobs(keyed)) == 1


def test_jobs_that_cannot_be_cancelled_do_not_keep_the_others(keyed: Jsobj, cloud: Cloud, s3: Any, name: str) -> None:
    s3.create_bucket(Bucket=name)
    place = {"endpoint": cloud.s3_endpoint, "profile": "demo", "project": "demo"}
    gone = left(keyed, key_of(keyed, name, **place))
    s3.delete_bucket(Bucket=name)
    elsewhere = left(keyed, key_of(keyed, "b", profile="demo"))
    done = keyed("jobs", "cancel", "--all", "--yes", "--json", code=3)
    assert [item["id"] for item in done.json["items"]] == [gone]
    assert f"job {elsewhere}" in done.err
    assert [job["id"] for job in jobs(keyed)] == [elsewhere]


def test_a_job_is_one_line_on_a_terminal(jsobj: Jsobj) -> None:
    sources = ("/data/a/very/long/way/to/the/results/of/run42.zarr", "/data/more")
    job = aged(jsobj, left(jsobj, key_of(jsobj, "results-of-the-year-2026", sources=sources)), 3)
    with jsobj.terminal("jobs", "list", env={"NO_COLOR": "1"}, columns=80) as terminal:
        terminal.expect(pexpect.EOF)
        lines = [line.rstrip() for line in terminal.before.splitlines()]
    assert len(lines) == 2
    assert re.fullmatch(rf"{job}  interrupted  run42\S*… 1 more -> s3://\S*…\S*/run42/  1 +3 days", lines[1])
    assert f"{sources[0]} and 1 more -> s3://results-of-the-year-2026/run42/" in jsobj("jobs", "list").out
