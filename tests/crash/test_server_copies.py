"""Large objects that the server copies segment by segment: a copy that ends in the middle leaves no segments."""

from __future__ import annotations

import signal
import time

import pytest
from crash_scene import Crash, content
from fault_proxy import Answer, Rule

SIZE = 1024
DATA = content(11 * SIZE + 5, 23)
OVER_SWIFT = pytest.mark.parametrize("crash", ["swift"], indirect=True)
WAYS = {"cp": ("cp", "from/data", "to/data"), "mv": ("mv", "from/data", "to/data"), "sync": ("sync", "from/", "to/")}


def large(crash: Crash, key: str) -> None:
    """A large object whose segments go with it."""
    crash.put(key, DATA, SIZE, folder=f"{time.time():.5f}/{SIZE}")  # named as by python-swiftclient


def words(crash: Crash, way: str) -> list[str]:
    verb, *keys = WAYS[way]
    return [verb, *map(crash.url, keys)]


def interrupted(crash: Crash, rule: Rule, way: str = "cp", *, requests: int = 1) -> None:
    """Run a command, and stop it by Ctrl-C once the rule has met so many requests."""
    process = crash.jsobj.start(*words(crash, way))
    crash.running.append(process)
    rule.wait()
    crash.proxy.until(lambda _: rule.struck >= requests)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130


def segment(key: str, number: str) -> dict[str, str]:
    """The request that makes a copy's segment."""
    return {"method": "PUT", "path": f"_segments/{key}/jsobj/.*/0*{number}$"}


@OVER_SWIFT
def test_several_segments_are_copied_at_once(crash: Crash) -> None:
    large(crash, "from/data")
    rules = [Rule("hold", "request", **segment("to/data", number)) for number in ("1", "2")]
    crash.proxy.add(*rules)
    process = crash.jsobj.start(*words(crash, "cp"))
    crash.running.append(process)
    for rule in rules:
        rule.wait()
    for rule in rules:
        rule.release()
    assert process.wait(120) == 0
    crash.check_uploaded("to/data", DATA)
    assert crash.fetch("from/data") == DATA


@OVER_SWIFT
@pytest.mark.parametrize("way", WAYS)
def test_a_copy_that_fails_in_the_middle_leaves_nothing(crash: Crash, way: str) -> None:
    large(crash, "from/data")
    rule = crash.proxy.add(Rule("answer", "answer", answer=Answer(403), **segment("to/data", "5")))
    done = crash.jsobj(*words(crash, way), "--json", code=6)
    assert rule.struck == 1
    assert done.json["failed"] == 1
    assert crash.keys() == ["from/data"]
    assert crash.unfinished() == set()
    crash.jsobj(*words(crash, way))
    crash.check_uploaded("to/data", DATA)


@OVER_SWIFT
@pytest.mark.parametrize("way", WAYS)
def test_a_copy_that_is_stopped_in_the_middle_leaves_nothing(crash: Crash, way: str) -> None:
    large(crash, "from/data")
    rule = crash.proxy.add(Rule("hold", "answer", times=0, **segment("to/data", ".")))
    interrupted(crash, rule, way, requests=2)
    assert crash.keys() == ["from/data"]
    assert crash.unfinished() == set()
    assert "could not be aborted" not in crash.said()
    crash.proxy.clear()
    crash.jsobj(*words(crash, way))
    crash.check_uploaded("to/data", DATA)


@OVER_SWIFT
def test_what_a_stopped_copy_could_not_take_back_is_named(crash: Crash) -> None:
    large(crash, "from/data")
    gate = Rule("hold", "answer", **segment("to/data", "5"))
    crash.proxy.add(gate, Rule("stall", "request", times=0, method="GET|DELETE", path="_segments"))
    interrupted(crash, gate)
    assert f"the unfinished upload of {crash.url('to/data')} could not be aborted" in crash.said()
    assert crash.keys() == ["from/data"]


@OVER_SWIFT
def test_segments_of_which_the_server_may_make_the_copy_stay(crash: Crash) -> None:
    large(crash, "from/data")
    held = crash.proxy.add(Rule("hold", method="PUT", query="multipart-manifest=put"))
    interrupted(crash, held)
    assert f"the server may still make {crash.url('to/data')}" in crash.said()
    held.release()
    crash.proxy.until(lambda _: "to/data" in crash.keys())  # noqa: SIM118 - a method
    assert crash.fetch("to/data") == DATA
    assert crash.unfinished() == set()


@OVER_SWIFT
def test_segments_that_may_come_after_the_end_are_told_of(crash: Crash) -> None:
    large(crash, "from/data")
    held = crash.proxy.add(Rule("hold", **segment("to/data", "5")))
    interrupted(crash, held)
    assert crash.unfinished() == set()
    said = (
        f"may still copy segments for {crash.url('to/data')}; look in a few minutes: jsobj uploads list {crash.url()}"
    )
    assert said.removesuffix("/") in crash.said()
    held.release()
    crash.proxy.until(lambda _: bool(crash.unfinished()))
    (late,) = crash.jsobj("uploads", "list", crash.url(), "--json").json["items"]
    assert late["key"] == "to/data"


@OVER_SWIFT
def test_a_backup_that_fails_in_the_middle_leaves_nothing(crash: Crash) -> None:
    large(crash, "to/data")
    folder = crash.jsobj.folder / "from"
    folder.mkdir()
    (folder / "data").write_bytes(b"new")
    rule = crash.proxy.add(Rule("answer", "answer", answer=Answer(403), method="PUT", path="_segments/kept/.*/0*5$"))
    sync = ("sync", folder, crash.url("to/"), "--backup", crash.url("kept/"))
    crash.jsobj(*sync, "--json", code=6)
    assert rule.struck == 1
    assert crash.keys() == ["to/data"]
    assert crash.unfinished() == set()
    crash.jsobj(*sync)
    assert crash.fetch("to/data") == b"new"
    kept, _ = crash.keys()
    assert crash.fetch(kept) == DATA
    assert crash.unfinished() == set()
