"""The answer to CompleteMultipartUpload comes late, in pieces, or not whole (F10)."""

from __future__ import annotations

import pytest
from crash_scene import MIB, Crash, content
from fault_proxy import Answer, Rule

pytestmark = pytest.mark.usefixtures("short_waits")

DATA = content(12 * MIB, 61)
S3 = pytest.mark.parametrize("crash", ["s3", "rgw"], indirect=True)
COMPLETES = {"method": "POST", "query": "^uploadId"}


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
