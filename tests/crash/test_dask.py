"""Transfers by dask workers that die, are told to stop, or find a busy server: separate processes, real servers."""

from __future__ import annotations

import contextlib
import logging
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from crash_scene import LATE, MIB, PART, Crash, content, sha256
from dask_cluster import Cluster, cluster
from fault_proxy import Rule
from fault_rules import Answer
from stillness import still

pytest.importorskip("distributed")

SMALL = {f"day{number % 7}/{number:04}.nc": content(100 + number, number) for number in range(200)}
LARGE = content(24 * MIB, 3)
WHOLE = {**SMALL, "large.bin": LARGE}
BOTH = pytest.mark.parametrize("crash", ["rgw", "swift"], indirect=True)


@pytest.fixture
def spread(request: pytest.FixtureRequest, crash: Crash, tmp_path: Path) -> Iterator[Cluster]:
    """Two workers, each with one thread and the login's files in a HOME that is not the driver's.

    A parameter: more variables for the environment of scheduler and workers.
    """
    home = tmp_path / "worker"
    shutil.copytree(crash.jsobj.home, home, ignore=shutil.ignore_patterns("work"))
    environment = crash.jsobj.environment({"HOME": str(home), **getattr(request, "param", {})})
    with cluster(tmp_path / "dask", environment, 2) as there:
        yield there


def tree(crash: Crash) -> Path:
    root = crash.path("tree")
    for name, data in WHOLE.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
        crash.jsobj.private.add(root / name)
    return root


def found(root: Path) -> dict[str, str]:
    return {str(path.relative_to(root)): sha256(path.read_bytes()) for path in root.rglob("*") if path.is_file()}


def lose_both(crash: Crash, there: Cluster, words: list[str | Path], method: str) -> None:
    """Run a command, and kill each of the first two workers while it has something in hand; others come."""
    query = "^$" if method == "GET" or not crash.over_s3 else "partNumber"
    held = crash.proxy.add(Rule("hold", "answer", method, "/large.bin", query=query, times=2))
    process = crash.start(*words, "--dask", there.address)
    crash.proxy.until(lambda _: held.struck >= 1)
    there.add_worker()
    there.kill(0)
    there.wait_for(2)
    there.add_worker()
    there.kill(1)
    held.release()
    assert process.wait(120) == 0, crash.said()
    assert "Traceback" not in crash.said()


@pytest.mark.timeout(300)  # it starts nine programs
@BOTH
def test_workers_die_and_nothing_is_lost(crash: Crash, spread: Cluster) -> None:
    tree(crash)
    wanted = {name: sha256(data) for name, data in WHOLE.items()}
    lose_both(crash, spread, ["upload", "tree/", crash.url()], "PUT")
    assert {key: sha256(crash.fetch(key)) for key in list(crash.keys())} == wanted
    assert crash.unfinished() == set()
    assert crash.jobs() == []
    spread.workers[:2] = spread.workers[2:]
    lose_both(crash, spread, ["download", crash.url(), "back"], "GET")
    for name in wanted:
        crash.jsobj.private.add(crash.path("back") / name)
    assert found(crash.path("back")) == wanted
    assert crash.temps() == []
    assert crash.jobs() == []
    assert spread.is_idle()


@pytest.mark.parametrize("crash", ["rgw"], indirect=True)
@pytest.mark.parametrize("spread", [{"DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "15s"}], indirect=True)
def test_a_worker_that_hangs_is_given_up(crash: Crash, spread: Cluster) -> None:
    """By dask's scheduler, after a time that its user sets: another worker does what it had in hand."""
    tree(crash)
    held = crash.proxy.add(Rule("hold", "answer", "PUT", "/large.bin", query="partNumber", times=2))
    process = crash.start("upload", "tree/", crash.url(), "--dask", spread.address)
    crash.proxy.until(lambda _: held.struck >= 2)
    hung = spread.workers[0]
    hung.send_signal(signal.SIGSTOP)
    try:
        held.release()
        assert process.wait(100) == 0, crash.said()
    finally:
        hung.send_signal(signal.SIGCONT)
    assert {key: sha256(crash.fetch(key)) for key in list(crash.keys())} == {k: sha256(v) for k, v in WHOLE.items()}
    assert crash.unfinished() == set()


@BOTH
def test_ctrl_c_stops_all_workers_soon(crash: Crash, spread: Cluster) -> None:
    path = crash.path("data", content(6 * PART, 4))
    stall = Rule("stall", "sending", "PUT", "/data|_segments/", query="partNumber|^$", at=9999, times=0)
    crash.proxy.add(stall)
    process = crash.start("upload", path, crash.url("data"), "--dask", spread.address)
    crash.proxy.until(lambda _: stall.struck >= 4)
    assert spread.sampled() == {sys.version_info >= (3, 12)}  # before, it can hang a worker
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130, crash.said()
    assert time.monotonic() - began < LATE
    asked = still(crash.proxy)
    assert spread.is_idle()
    time.sleep(0.5)
    assert len(crash.proxy.journal) == asked  # no worker goes on
    crash.proxy.until(lambda _: spread.sampled() == {True})
    (job,) = crash.jobs()
    assert job["state"] == "interrupted"
    crash.check_accounted()
    crash.proxy.clear()
    crash.upload(path, "data")
    crash.check_uploaded("data", path.read_bytes())


@pytest.mark.parametrize("crash", ["rgw"], indirect=True)
def test_a_busy_server_slows_all_workers_down(
    crash: Crash, spread: Cluster, caplog: pytest.LogCaptureFixture, short_waits: None
) -> None:
    tree(crash)
    busy = Rule("answer", "request", "PUT", "/day3/", times=12, answer=Answer(503))
    crash.proxy.add(busy)
    with caplog.at_level(logging.DEBUG, "jsobj.crew"):
        done = crash.jsobj("upload", "tree/", crash.url(), "--dask", spread.address, "--json").json
    assert "the server is busy" in caplog.text
    assert done["done"] == len(WHOLE)
    assert done["retries"] >= 12
    assert {key: sha256(crash.fetch(key)) for key in list(crash.keys())} == {k: sha256(v) for k, v in WHOLE.items()}


@pytest.mark.parametrize("crash", ["rgw"], indirect=True)
def test_a_scheduler_that_ends_is_said(crash: Crash, spread: Cluster) -> None:
    path = crash.path("data", content(6 * PART, 4))
    stall = Rule("stall", "sending", "PUT", "/data", query="partNumber", at=9999, times=0)
    crash.proxy.add(stall)
    process = crash.start("upload", path, crash.url("data"), "--dask", spread.address)
    crash.proxy.until(lambda _: stall.struck >= 1)
    with contextlib.suppress(ProcessLookupError):
        spread.scheduler.kill()
    assert process.wait(60) == 7, crash.said()
    assert "workers-gone" in crash.said()
    crash.proxy.clear()
    crash.upload(path, "data")
    crash.check_uploaded("data", path.read_bytes())
