"""Ctrl-C while plain web servers are silent: it ends soon, asks nobody for anything more, and shows no traceback."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Jsobj
from web_server import WebServer

sys.path.insert(0, str(Path(__file__).parent.parent / "faults"))
from fault_proxy import FaultProxy, Rule, fault_proxy

SECONDS = 120.0


def stopped(reader: Jsobj, proxies: list[FaultProxy], words: tuple[str, ...], stalled: Callable[[], bool]) -> None:
    """Run a command, and stop it once it has stalled."""
    process = reader.start(*words)
    try:
        end = time.monotonic() + SECONDS
        while not stalled():
            assert process.poll() is None, said(reader)
            assert time.monotonic() < end
            time.sleep(0.02)
        asked = [len(proxy.journal) for proxy in proxies]
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        assert process.poll() == 130, said(reader)
        assert [len(proxy.journal) for proxy in proxies] == asked
        assert "Traceback" not in said(reader)
        assert "ignored" not in said(reader)
    finally:
        process.kill()
        process.wait()


def said(reader: Jsobj) -> str:
    return (reader.home / "output").read_text(errors="replace")


@pytest.mark.parametrize("words", [("cat",), ("download", "-")])
def test_a_file_that_comes_as_a_whole_only(reader: Jsobj, web: WebServer, words: tuple[str, ...]) -> None:
    web.write("interrupted/large.bin", os.urandom(12_000_000))
    output = reader.home / "output"
    with fault_proxy(web.url, [Rule("stall", "receiving", "GET", "large", at=6_000_000, times=0)]) as proxy:
        command, *target = words
        argv = (command, f"{proxy.url}/whole/interrupted/large.bin", *target)
        stopped(reader, [proxy], argv, lambda: output.exists() and output.stat().st_size > 4_000_000)
