"""An upload that was begun though its answer was lost: begun once more, and only one of them stays (F48, P04).

What a server begins only after we asked again is in the tests of the store, where it can be timed.
"""

from __future__ import annotations

import pytest
from crash_scene import MIB, Crash, content
from fault_proxy import Fault, Rule, When

pytestmark = pytest.mark.usefixtures("short_waits")

DATA = content(12 * MIB, 9)
BEGINS = {"method": "POST", "query": "^uploads"}
S3 = pytest.mark.parametrize("crash", ["s3", "rgw"], indirect=True)


@pytest.mark.parametrize(("fault", "when"), [("reset", "answer"), ("cut", "answer")])
@S3
def test_F48_P04_the_upload_of_a_lost_answer_is_aborted(crash: Crash, fault: Fault, when: When) -> None:
    crash.proxy.add(Rule(fault, when, times=2, **BEGINS))
    crash.upload(crash.path("data", DATA), "data")
    crash.check_uploaded("data", DATA)
    assert len(crash.proxy.of("POST", "^uploads")) == 3


@S3
def test_F48_P04_uploads_of_others_are_left_alone(crash: Crash) -> None:
    """One of the same name that has a part, and one of another name."""
    theirs = {
        key: crash.boto.create_multipart_upload(Bucket=crash.bucket, Key=key)["UploadId"] for key in ("data", "d")
    }
    crash.boto.upload_part(Bucket=crash.bucket, Key="data", UploadId=theirs["data"], PartNumber=1, Body=b"theirs")
    crash.proxy.add(Rule("cut", "answer", **BEGINS))
    crash.upload(crash.path("data", DATA), "data")
    assert crash.fetch("data") == DATA
    assert crash.unfinished() == set(theirs.items())
