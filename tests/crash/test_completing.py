"""The answer to CompleteMultipartUpload comes late, in pieces, or not whole (F10)."""

from __future__ import annotations

import signal

import pytest
from crash_scene import MIB, Crash, content
from fault_proxy import Answer, Rule

pytestmark = pytest.mark.usefixtures("short_waits")

DATA = content(12 * MIB, 61)
S3 = pytest.mark.parametrize("crash", ["s3", "rgw"], indirect=True)
COMPLETES = {"method": "POST", "query": "^uploadId"}
MANIFEST = {"method": "PUT", "query": "multipart-manifest=put"}


@S3
def test_F10_spaces_that_keep_the_connection_alive_are_waited_out(crash: Crash) -> None:
    """What servers send while they join the parts: 200, then spaces, and after a while the document."""

    def padded(answer: Answer) -> Answer:
        body = b" \n" * 2000 + answer.body
        return Answer(answer.status, {**answer.headers, "content-length": str(len(body))}, body)

    crash.proxy.add(Rule("change", "answer", change=padded, **COMPLETES))  # type: ignore[arg-type]
    crash.upload(crash.path("data", DATA), "data")
    crash.check_uploaded("data", DATA)
    assert len(crash.proxy.of("POST", "^uploadId")) == 1


@pytest.mark.parametrize("at", [0, 60])
@S3
def test_F10_an_answer_that_breaks_off_is_settled_by_the_object(crash: Crash, at: int) -> None:
    rule = crash.proxy.add(Rule("reset", "receiving", at=at, **COMPLETES))  # type: ignore[arg-type]
    crash.upload(crash.path("data", DATA), "data")
    assert rule.struck == 1
    crash.check_uploaded("data", DATA)
    assert crash.keys() == ["data"]


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("crash", ["s3", "rgw", "swift"], indirect=True)
def test_what_the_server_may_be_making_is_left_to_it_by_ctrl_c(crash: Crash, times: int) -> None:
    """Its parts are not deleted under an object that comes to be after the end of the program."""
    crash.put("data", b"old")
    held = crash.proxy.add(Rule("hold", **(COMPLETES if crash.over_s3 else MANIFEST)))  # type: ignore[arg-type]
    path = crash.path("file", DATA)
    with path.open("rb") as file:
        process = crash.start("upload", "-", crash.url("data"), stdin=file.fileno())
        held.wait()
        for _ in range(times):
            process.send_signal(signal.SIGINT)
        assert process.wait(30) in {130, -signal.SIGINT}
    held.release()
    crash.proxy.until(lambda _: crash.fetch("data") != b"old")
    assert crash.fetch("data") == DATA
    assert crash.unfinished() == set()
    if times == 1:
        assert "may still make" in crash.said()


@pytest.mark.parametrize("crash", ["s3", "rgw", "swift"], indirect=True)
def test_what_the_server_may_be_making_is_not_cancelled(crash: Crash) -> None:
    """Though the job was stopped, and nobody waits for the answer."""
    crash.put("data", b"old")
    held = crash.proxy.add(Rule("hold", **(COMPLETES if crash.over_s3 else MANIFEST)))  # type: ignore[arg-type]
    process = crash.start_upload(crash.path("file", DATA), "data")
    held.wait()
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    (job,) = crash.jobs()
    error = crash.jsobj("jobs", "cancel", job["id"], "--yes", "--json", code=6).error
    assert error["reference"] == "upload-completing"
    assert f"jsobj jobs resume {job['id']}" in error["hint"]
    held.release()
    crash.proxy.until(lambda _: crash.fetch("data") != b"old")
    crash.jsobj("jobs", "resume", job["id"])
    crash.check_uploaded("data", DATA)
