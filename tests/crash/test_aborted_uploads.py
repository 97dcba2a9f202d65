"""Somebody else aborts an upload while it runs, or deletes its segments: it is begun once more, and once only."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from commands import Result
from crash_scene import MIB, PART, SPARSE, Crash, content, kill
from fault_proxy import Answer, Rule

import jsobj
from jsobj.api.results import TransferFailed

OLD = content(MIB, 20)
DATA = content(4 * PART + MIB, 21)
OVER_S3 = pytest.mark.parametrize("crash", ["s3", "rgw"], indirect=True)
EVERYWHERE = pytest.mark.parametrize("crash", ["s3", "rgw", "swift"], indirect=True)
MOMENTS = {"a part": {"method": "PUT", "part": 3}, "the end": {"method": "POST", "query": "^uploadId"}}


def abort_all(crash: Crash) -> Callable[[], None]:
    """As another program does: every upload of the bucket, or over Swift all segments but the first."""

    def act() -> None:
        for key, number in sorted(crash.unfinished()):
            if crash.over_s3:
                crash.boto.abort_multipart_upload(Bucket=crash.bucket, Key=key, UploadId=number)
                continue
            container = f"{crash.bucket}_segments"
            names = [item["name"] for item in crash.swift.get_container(container, full_listing=True)[1]]
            for name in names[1:]:
                crash.swift.delete_object(container, name)

    return act


def aborted(crash: Crash, *, times: int = 1, **moment: Any) -> Rule:
    """The rule: aborted before the server sees the request of that moment."""
    return crash.proxy.add(Rule("late", also=abort_all(crash), times=times, **moment))


def at_the_end(crash: Crash) -> dict[str, Any]:
    return MOMENTS["the end"] if crash.over_s3 else {"method": "PUT", "query": "multipart-manifest=put"}


def events(done: Result) -> list[Any]:
    """Progress as JSON lines."""
    return [json.loads(line) for line in done.lines if line.startswith("{")]


@pytest.mark.parametrize("moment", MOMENTS)
@OVER_S3
def test_an_aborted_upload_is_begun_once_more(crash: Crash, moment: str) -> None:
    crash.put("data", OLD)
    rule = aborted(crash, **MOMENTS[moment])
    path = crash.path("data", DATA)
    done = events(crash.jsobj("upload", path, crash.url("data"), *SPARSE[:-1], "json"))
    assert rule.struck == 1
    assert (done[-1]["done"], done[-1]["failed"], done[-1]["bytes"]) == (1, 0, len(DATA))
    (note,) = (event for event in done if event["event"] == "noted")
    assert "its upload is gone from the server" in note["text"]
    crash.check_uploaded("data", DATA)
    assert len(crash.proxy.of("POST", "^uploads")) == 2


@EVERYWHERE
def test_what_is_gone_at_the_end_is_sent_once_more(crash: Crash) -> None:
    crash.put("data", OLD)
    aborted(crash, **at_the_end(crash))
    done = crash.upload(crash.path("data", DATA), "data", "--json")
    kept = 0 if crash.over_s3 else PART  # one segment was left
    assert (done.json["done"], done.json["bytes"], done.json["verified"]) == (1, len(DATA) - kept, 1)
    crash.check_uploaded("data", DATA)
    assert crash.proxy.sent < 2 * len(DATA) - kept + MIB


@EVERYWHERE
def test_the_second_time_it_fails_and_leaves_nothing(crash: Crash) -> None:
    crash.put("data", OLD)
    aborted(crash, times=0, **at_the_end(crash))
    path = crash.path("data", DATA)
    error = crash.upload(path, "data", "--json", code=7).json["failures"][0]
    assert error["reference"] == "upload-aborted"
    assert "aborted on the server twice" in error["message"]
    assert crash.fetch("data") == OLD
    assert (crash.unfinished(), crash.jobs()) == (set(), [])
    crash.proxy.clear()
    crash.upload(path, "data")
    crash.check_uploaded("data", DATA)


@OVER_S3
def test_a_run_that_is_killed_after_that_is_continued(crash: Crash) -> None:
    path = crash.path("data", DATA)
    aborted(crash, **MOMENTS["a part"])
    gate = crash.proxy.add(Rule("hold", method="PUT", part=4, skip=1))
    process = crash.start_upload(path, "data")
    gate.wait()
    kill(process)
    crash.check_accounted()
    crash.proxy.clear()
    crash.upload(path, "data")
    crash.check_uploaded("data", DATA)


@OVER_S3
def test_an_object_that_was_made_though_the_answer_says_otherwise_is_not_sent_again(crash: Crash) -> None:
    answer = Answer(404, {}, b"<?xml version='1.0'?>\n<Error><Code>NoSuchUpload</Code></Error>")
    rule = crash.proxy.add(Rule("answer", "answer", answer=answer, **MOMENTS["the end"]))
    done = crash.upload(crash.path("data", DATA), "data", "--json")
    assert rule.struck == 1
    assert (done.json["done"], done.json["bytes"], done.json["verified"]) == (1, len(DATA), 1)
    crash.check_uploaded("data", DATA)
    assert crash.proxy.sent < len(DATA) + MIB


@OVER_S3
def test_an_upload_that_somebody_else_has_completed_is_not_sent_again(crash: Crash) -> None:
    def complete() -> None:
        ((key, number),) = crash.unfinished()
        where = {"Bucket": crash.bucket, "Key": key, "UploadId": number}
        parts = [{"PartNumber": p["PartNumber"], "ETag": p["ETag"]} for p in crash.boto.list_parts(**where)["Parts"]]
        crash.boto.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})

    crash.proxy.add(Rule("late", also=complete, **MOMENTS["the end"]))
    crash.upload(crash.path("data", DATA), "data", "--json")
    crash.check_uploaded("data", DATA)
    assert crash.proxy.sent < len(DATA) + MIB


@OVER_S3
def test_a_compressed_stream_is_begun_once_more(crash: Crash) -> None:
    rule = aborted(crash, **MOMENTS["the end"])
    path = crash.path("data", content(8 * MIB, 22))  # cannot be compressed: two parts
    done = crash.upload(path, "data", "--compress", "gzip", "--json")
    assert (rule.struck, done.json["done"]) == (1, 1)
    assert done.json["bytes"] == crash.boto.head_object(Bucket=crash.bucket, Key="data")["ContentLength"]
    assert crash.unfinished() == set()


@OVER_S3
def test_a_program_gets_the_same(crash: Crash, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in crash.jsobj.environment().items():
        monkeypatch.setenv(name, value)
    path = crash.path("data", DATA)
    aborted(crash, **MOMENTS["a part"])
    heard: list[Any] = []
    summary = jsobj.connect("demo").upload(path, crash.url("data"), part_size="5M", parallel=4, listen=heard.append)
    assert (summary.done, summary.size, summary.verified) == (1, len(DATA), 1)
    assert any("gone from the server" in getattr(event, "text", "") for event in heard)
    crash.check_uploaded("data", DATA)
    crash.delete("data")
    aborted(crash, times=0, **MOMENTS["the end"])
    with pytest.raises(TransferFailed) as caught:
        jsobj.connect("demo").upload(path, crash.url("data"), part_size="5M", parallel=4)
    assert caught.value.code == 7
    assert "aborted on the server twice" in str(caught.value)


@OVER_S3
def test_a_copy_in_parts_is_begun_once_more(crash: Crash) -> None:
    crash.upload(crash.path("data", DATA), "data")
    rule = aborted(crash, method="PUT", path="/copy$", part=3)
    crash.jsobj("cp", crash.url("data"), crash.url("copy"))
    assert rule.struck == 1
    crash.check_uploaded("copy", DATA)


@OVER_S3
def test_a_stream_that_cannot_be_read_twice_fails_and_says_so(crash: Crash) -> None:
    aborted(crash, **MOMENTS["a part"])
    done = crash.jsobj("upload", "-", crash.url("data"), *SPARSE, "--json", stdin=crash.path("data", DATA), code=5)
    assert "its upload was aborted on the server while it was under way" in done.error["message"]
    assert (crash.keys(), crash.unfinished()) == ([], set())
