"""Connections that hardly move: given up for new ones where that helps, and endured where the whole line is slow."""

from __future__ import annotations

from typing import Any

import pytest
from crash_scene import MIB, PART, Crash, content
from fault_proxy import Pace, Rule

from jsobj.net import session
from jsobj.net.connection import patience, wire

DATA = content(3 * PART + MIB, 30)
RGW = pytest.mark.parametrize("crash", ["rgw"], indirect=True)
BOTH = pytest.mark.parametrize("crash", ["rgw", "swift"], indirect=True)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch, short_waits: None) -> None:
    """Two seconds instead of a minute."""
    floor(monkeypatch, 1024, 2.0)


def floor(monkeypatch: pytest.MonkeyPatch, rate: int, seconds: float) -> None:
    monkeypatch.setattr(patience, "FLOOR_RATE", rate)
    for each in (patience, session):
        monkeypatch.setattr(each, "FLOOR_SECONDS", seconds)
    monkeypatch.setattr(wire, "NOTICE_SECONDS", 0.5)


def part(crash: Crash, number: int) -> dict[str, Any]:
    if crash.over_s3:
        return {"method": "PUT", "part": number}
    return {"method": "PUT", "path": f"_segments/.*{number}$"}


@BOTH
def test_a_download_that_crawls_goes_on_over_another_connection(crash: Crash) -> None:
    crash.put("data", DATA, PART)
    rule = crash.proxy.add(Rule("slow", method="GET", path="/data$", query="^$", rate=200))
    path = crash.path("data")
    crash.download("data", path)
    crash.check_downloaded(path, DATA)
    slow = next(one for one in crash.proxy.journal if one.fault)
    assert rule.struck == 1
    assert 0 < slow.received < 10_000
    begin, end = slow.range.removeprefix("bytes=").split("-")
    later = [one.range for one in crash.proxy.of("GET") if one.range.endswith(f"-{end}") and one is not slow]
    assert len(later) == 1
    assert later[0] != slow.range  # the rest alone
    assert int(later[0].removeprefix("bytes=").split("-")[0]) > int(begin)


@BOTH
def test_an_upload_that_crawls_sends_the_part_over_another_connection(crash: Crash) -> None:
    rule = crash.proxy.add(Rule("slow", rate=200, **part(crash, 2)))
    done = crash.upload(crash.path("data", DATA), "data", "--json")
    assert (rule.struck, done.json["failed"], done.json["bytes"]) == (1, 0, len(DATA))
    assert done.json["retries"] >= 1
    crash.check_uploaded("data", DATA)


@RGW
def test_what_always_crawls_is_fetched_all_the_same(crash: Crash) -> None:
    data = content(1500, 31)
    crash.put("data", data)
    rule = crash.proxy.add(Rule("slow", method="GET", path="/data$", query="^$", rate=400, times=0))
    path = crash.path("data")
    done = crash.download("data", path, "--json")
    crash.check_downloaded(path, data)
    assert (rule.struck, done.json["retries"]) == (2, 1)


@RGW
def test_a_line_that_is_slow_for_all_is_shared_by_fewer_and_nothing_fails(
    crash: Crash, monkeypatch: pytest.MonkeyPatch
) -> None:
    floor(monkeypatch, 10 * 1024, 0.5)
    files = {f"f{number}": content(20 * 1024, number) for number in range(16)}
    for name, data in files.items():
        crash.put(name, data)
    crash.proxy.clear()
    crash.proxy.pace = Pace(40 * 1024)
    folder = crash.jsobj.folder / "got"
    done = crash.jsobj("download", crash.url(), folder, "--parallel", "8", "--json").json
    assert (done["done"], done["failed"], done["verified"]) == (16, 0, 16)
    assert {name: (folder / name).read_bytes() for name in files} == files
    assert crash.proxy.received < 2.5 * sum(map(len, files.values()))
