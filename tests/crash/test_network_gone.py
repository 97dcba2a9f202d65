"""The way to the server, or the server itself, goes away and comes back; or jsobj sleeps, as a closed laptop does."""

from __future__ import annotations

import os
import signal
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from crash_scene import MIB, PART, Crash, content
from fault_proxy import Answer, FaultProxy, Rule, fault_proxy
from fixtures_rgw import GLOBAL, Rgw
from tls_front import make_certificates

from jsobj.net import retry

DATA = content(12 * MIB, 31)  # three parts
SOON = pytest.mark.usefixtures("short_waits")
BOTH = pytest.mark.parametrize("crash", ["s3", "swift"], indirect=True)
SLOW_DOWN = Answer(503, {}, b"<Error><Code>SlowDown</Code><Message>Reduce your rate</Message></Error>")


def second_part(crash: Crash) -> dict[str, object]:
    return {"part": 2} if crash.over_s3 else {"path": "_segments/.*/0*2$"}


def once(act: Callable[[], None], crash: Crash) -> Rule:
    """Have something done when the second part is about to go up; that request goes on afterwards."""
    rule = Rule("hold", also=act, method="PUT", **second_part(crash))  # type: ignore[arg-type]
    rule.release()
    return rule


def away(proxy: FaultProxy, seconds: float) -> None:
    """Gone, and back later."""
    proxy.go_away()
    threading.Timer(seconds, proxy.come_back).start()


@SOON
@BOTH
def test_F01_one_connection_is_reset_at_once(crash: Crash) -> None:
    crash.proxy.add(Rule("reset"))
    crash.upload(crash.path("data", DATA), "data")
    crash.check_uploaded("data", DATA)


@SOON
@BOTH
def test_F01_every_connection_is_reset(crash: Crash) -> None:
    """Told within bounds; nothing was begun, neither there nor here."""
    rule = crash.proxy.add(Rule("reset", times=0))
    error = crash.upload(crash.path("data", DATA), "data", "--json", code=7).error
    assert error["hint"]
    assert 1 < rule.struck < 40
    crash.proxy.clear()
    crash.path("data").unlink()
    crash.put("there", DATA)
    crash.proxy.add(Rule("reset", times=0))
    crash.download("there", crash.path("data"), code=7)
    assert not crash.path("data").exists()
    assert crash.temps() == []
    assert crash.keys() == ["there"]
    assert crash.unfinished() == set()


@SOON
@BOTH
def test_F21_one_of_five_requests_are_told_to_slow_down(crash: Crash) -> None:
    tree = crash.path("tree")
    tree.mkdir()
    for number in range(60):
        (tree / str(number)).write_bytes(b"%d" % number * 50)
    rule = crash.proxy.add(Rule("answer", times=0, probability=0.2, seed=4, answer=SLOW_DOWN))
    crash.jsobj("upload", f"{tree}/", crash.url("tree/"), "--progress", "none")
    crash.upload(crash.path("data", DATA), "data")
    asked = len(crash.proxy.journal)
    crash.proxy.clear()
    assert crash.fetch("data") == DATA
    assert {key: crash.fetch(key) for key in crash.keys() if key != "data"} == {  # noqa: SIM118 - no mapping
        f"tree/{number}": b"%d" % number * 50 for number in range(60)
    }
    assert rule.struck > 10
    assert asked < 2 * (60 + 3) + 40


@SOON
@BOTH
def test_C18_F49_a_network_that_comes_back_is_waited_for(crash: Crash) -> None:
    crash.proxy.add(once(lambda: away(crash.proxy, 1.5), crash))
    crash.upload(crash.path("data", DATA), "data")
    crash.check_uploaded("data", DATA)
    crash.path("data").unlink()
    rule = Rule("hold", also=lambda: away(crash.proxy, 1.5), method="GET", path="/data$", query="^$", skip=1)
    rule.release()
    crash.proxy.add(rule)
    crash.download("data", crash.path("data"))
    crash.check_downloaded(crash.path("data"), DATA)


@SOON
@BOTH
def test_C18_a_network_that_stays_away_leaves_what_the_next_run_continues(
    crash: Crash, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "_OUTAGE", 1.0)
    path = crash.path("data", DATA)
    crash.proxy.add(once(crash.proxy.go_away, crash))
    crash.upload(path, "data", "--parallel", "1", code=7)
    crash.check_accounted()
    crash.proxy.clear()
    crash.proxy.come_back()
    crash.upload(path, "data")
    crash.check_uploaded("data", DATA)
    assert crash.proxy.sent < len(DATA) - PART + MIB  # the first part was there


@BOTH
def test_C18_a_process_that_slept_goes_on(crash: Crash) -> None:
    """SIGSTOP, and every connection has ended when it wakes up."""
    path = crash.path("data", DATA)
    rule = crash.proxy.add(Rule("hold", method="PUT", **second_part(crash)))  # type: ignore[arg-type]
    process = crash.start_upload(path, "data")
    rule.wait()
    os.kill(process.pid, signal.SIGSTOP)
    crash.proxy.go_away()
    rule.release()
    time.sleep(0.5)
    crash.proxy.come_back()
    os.kill(process.pid, signal.SIGCONT)
    assert process.wait(100) == 0, crash.said()
    crash.check_uploaded("data", DATA)


@pytest.mark.parametrize("crash", ["rgw"], indirect=True)
def test_F49_a_gateway_that_restarts_is_waited_for(crash: Crash, rgw: Rgw) -> None:
    rule = crash.proxy.add(Rule("hold", method="PUT", part=2))
    process = crash.start_upload(crash.path("data", DATA), "data")
    rule.wait()
    rgw.restart(GLOBAL)
    rule.release()
    assert process.wait(100) == 0, crash.said()
    crash.check_uploaded("data", DATA)
    crash.path("data").unlink()
    crash.download("data", crash.path("data"))
    crash.check_downloaded(crash.path("data"), DATA)


@SOON
@pytest.mark.parametrize("at", [1, MIB, -1])
@pytest.mark.parametrize("crash", ["rgw"], indirect=True)
def test_F29_a_tls_stream_that_ends_without_its_farewell_is_cut_short(crash: Crash, tmp_path: Path, at: int) -> None:
    """A FIN in mid-body and no close_notify: fetched again, never taken for the end."""
    make_certificates(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    crash.put("data", DATA, PART)
    with fault_proxy(crash.proxy.url, tls=context) as secure:
        text = crash.jsobj.config.read_text().replace(crash.proxy.url, secure.url)
        crash.jsobj.config.write_text(f"{text.rstrip()}\nca_bundle = {tmp_path / 'authority.pem'}\n")
        rule = secure.add(Rule("cut", "receiving", at=at, method="GET", path="/data$", query="^$"))
        crash.download("data", crash.path("data"))
        assert rule.struck == 1
    crash.check_downloaded(crash.path("data"), DATA)
