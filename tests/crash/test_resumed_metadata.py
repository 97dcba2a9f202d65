"""Metadata that the user wants kept belong to a job: it is finished with them, and other ones are another job."""

from __future__ import annotations

import pytest
from crash_scene import MIB, Crash, content, kill
from fault_proxy import Rule

DATA = content(22 * MIB, 5)
WORDS = ("--metadata", "run=1", "--cache-control", "no-store")


@pytest.mark.parametrize("more", [WORDS, ("--metadata", "run=2")], ids=["the same", "others"])
@pytest.mark.parametrize("crash", ["s3", "rgw", "swift"], indirect=True)
def test_an_upload_that_goes_on_has_the_metadata_of_its_command(crash: Crash, more: tuple[str, ...]) -> None:
    path = crash.path("data", DATA)
    rule = (
        Rule("hold", "answer", "PUT", "_segments/.*3$") if not crash.over_s3 else Rule("hold", "answer", "PUT", part=3)
    )
    gate = crash.proxy.add(rule)
    process = crash.start("upload", path, crash.url("data"), *WORDS)
    gate.wait()
    kill(process)
    crash.proxy.clear()
    crash.upload(path, "data", *more)
    found = crash.jsobj("stat", crash.url("data"), "--json").json
    assert (found["metadata"]["run"], found["cache_control"]) == (("1", "no-store") if more == WORDS else ("2", None))
    assert crash.fetch("data") == DATA
    (job,) = crash.jobs() if more != WORDS else (None,)
    if job is not None:  # the other one can be resumed still, and then its metadata count
        crash.jsobj("jobs", "resume", job["id"])
        assert crash.jsobj("stat", crash.url("data"), "--json").json["metadata"]["run"] == "1"
    assert crash.jobs() == []
    assert crash.unfinished() == set()
