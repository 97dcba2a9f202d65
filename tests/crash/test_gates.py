"""Uploads killed at one exact moment, while the proxy holds a request or its answer (C01, C03, C05, C07)."""

from __future__ import annotations

import time
from typing import Any

import pytest
from crash_scene import MIB, PARALLEL, PART, Crash, content, kill, sha256
from fault_proxy import Rule, When

OLD = content(3 * MIB, 1)
NEW = content(12 * MIB, 2)
EIGHT = content(8 * PART, 3)


def killed_at(crash: Crash, rule: Rule, data: bytes) -> None:
    """An upload over the old object, killed when the proxy holds what ``rule`` says; the old object is still there."""
    path = crash.path("data", data)
    crash.put("data", OLD)
    gate = crash.proxy.add(rule)
    process = crash.start_upload(path, "data")
    gate.wait()
    kill(process)  # the gate stays shut: what it holds never reaches anybody


@pytest.mark.parametrize("when", ["request", "sent", "answer"])
@pytest.mark.parametrize("crash", ["s3"], indirect=True)
def test_C01_an_upload_whose_id_was_never_heard_of_is_taken_over(crash: Crash, when: When) -> None:
    killed_at(crash, Rule("hold", when, "POST", query="^uploads"), NEW)
    assert crash.fetch("data") == OLD
    deadline = time.monotonic() + 20
    while when == "sent" and not crash.unfinished() and time.monotonic() < deadline:
        time.sleep(0.05)  # the server has the whole request, and takes its time
    orphans = crash.unfinished()
    assert len(orphans) == (0 if when == "request" else 1)
    listed = crash.jsobj("uploads", "list", crash.url(), "--json").json["items"]
    assert orphans == {(each["key"], each["id"]) for each in listed}
    assert crash.journaled() == {("data", None)}
    crash.upload(crash.path("data"), "data")
    crash.check_uploaded("data", NEW)


@pytest.mark.parametrize("rule", [{"when": "sending", "at": PART // 2}, {"when": "sent"}, {"when": "answer"}], ids=str)
@pytest.mark.parametrize("crash", ["s3", "rgw"], indirect=True)
def test_C03_parts_that_arrived_are_not_sent_again(crash: Crash, rule: dict[str, Any]) -> None:
    killed_at(crash, Rule("hold", method="PUT", part=6, **rule), EIGHT)
    assert crash.fetch("data") == OLD
    crash.check_accounted()
    crash.proxy.clear()
    crash.upload(crash.path("data"), "data")
    crash.check_uploaded("data", EIGHT)
    assert crash.proxy.sent <= (PARALLEL + 2) * PART + MIB  # 6, those in flight with it, and those behind them
    assert {1} & {one.part for one in crash.proxy.of("PUT")} == set()


@pytest.mark.parametrize("when", ["request", "sent", "answer"])
@pytest.mark.parametrize("crash", ["s3", "rgw"], indirect=True)
def test_C05_an_object_completed_without_our_knowing_is_found(crash: Crash, when: When) -> None:
    killed_at(crash, Rule("hold", when, "POST", query="^uploadId"), NEW)
    if when == "request":
        assert crash.fetch("data") == OLD
        crash.check_accounted()
    crash.proxy.clear()
    crash.upload(crash.path("data"), "data")
    crash.check_uploaded("data", NEW)
    assert crash.keys() == ["data"]
    assert crash.proxy.sent < MIB  # no byte of the file a second time


GATES = {
    "between segments": Rule("hold", "request", "PUT", "_segments/.*3$"),
    "mid segment": Rule("hold", "sending", "PUT", "_segments/.*2$", at=PART // 2),
    "before the manifest": Rule("hold", "request", "PUT", query="multipart-manifest=put"),
    "manifest sent": Rule("hold", "sent", "PUT", query="multipart-manifest=put"),
    "manifest done": Rule("hold", "answer", "PUT", query="multipart-manifest=put"),
    "before the old segments go": Rule("hold", "request", "DELETE"),
}
AFTER = {"manifest sent", "manifest done", "before the old segments go"}


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("crash", ["swift"], indirect=True)
def test_C07_a_large_object_is_replaced_whole_or_not(crash: Crash, gate: str) -> None:
    path = crash.path("data", OLD * 4)
    crash.upload(path, "data")
    path.write_bytes(NEW)
    rule = Rule(**{name: getattr(GATES[gate], name) for name in ("fault", "when", "method", "path", "query", "at")})
    crash.proxy.add(rule)
    process = crash.start_upload(path, "data")
    crash.proxy.until(lambda _: rule.reached.is_set(), lambda: process.poll() is not None)
    kill(process)
    assert rule.struck
    while gate == "manifest sent" and crash.fetch("data") != NEW:  # the server has all of the request
        time.sleep(0.1)
    found = crash.fetch("data")  # the witness reads every segment: no manifest names one that is gone
    assert found == (NEW if gate in AFTER else OLD * 4)
    if found == OLD * 4:
        crash.check_accounted()
    left = crash.unfinished() if found == NEW else set()
    crash.proxy.clear()
    crash.upload(path, "data")
    assert sha256(crash.fetch("data")) == sha256(NEW)
    # Segments of the replaced object that nobody came to delete are listed, and go when asked to.
    assert {each["id"] for each in crash.jsobj("uploads", "list", crash.url(), "--json").json["items"]} == {
        number for _, number in left
    }
    if left:
        crash.jsobj("uploads", "abort", crash.url("data"), "--yes")
    crash.check_uploaded("data", NEW)
