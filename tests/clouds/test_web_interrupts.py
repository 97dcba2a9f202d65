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
from stillness import still

SECONDS = 120.0
AT_ONCE = 16  # files that are looked at


@pytest.fixture(name="files", scope="module")
def _files(web: WebServer) -> list[str]:
    """More names than are looked at while the first ones wait."""
    names = [f"f{number:02}.txt" for number in range(AT_ONCE + 9)]
    for name in names:
        web.write(f"many/{name}", b"hello")
    return names


def stopped(reader: Jsobj, proxies: list[FaultProxy], words: tuple[str, ...], stalled: Callable[[], bool]) -> None:
    """Run a command, and stop it once it has stalled."""
    process = reader.start(*words)
    try:
        end = time.monotonic() + SECONDS
        while not stalled():
            assert process.poll() is None, said(reader)
            assert time.monotonic() < end
            time.sleep(0.02)
        asked = still(*proxies)
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        assert process.poll() == 130, said(reader)
        assert sum(len(proxy.journal) for proxy in proxies) == asked
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


@pytest.mark.parametrize("words", [("ls",), ("du",), ("download", "--dry-run", "here/")])
def test_a_folder_of_many_files(reader: Jsobj, web: WebServer, files: list[str], words: tuple[str, ...]) -> None:
    rule = Rule("stall", method="HEAD", path=r"/f(?!00)\d+", times=0)  # the first is looked at alone
    with fault_proxy(web.url, [rule]) as proxy:
        command, *rest = words
        target = (rest.pop(),) if command == "download" else ()
        argv = (command, *rest, f"{proxy.url}/index/many/", *target)
        stopped(reader, [proxy], argv, lambda: rule.struck >= AT_ONCE)


def test_a_list_of_addresses_at_many_servers(reader: Jsobj, web: WebServer, files: list[str]) -> None:
    """Of each server it is asked first whether it is an object store. Some were not asked for their file yet."""
    with contextlib.ExitStack() as stack:
        rules = [Rule("stall", method="HEAD", path=name, skip=1, times=0) for name in files]
        rules[0].skip = 1000  # the first is looked at alone
        proxies = [stack.enter_context(fault_proxy(web.url, [rule])) for rule in rules]
        addresses = [f"{proxy.url}/index/many/{name}\n" for proxy, name in zip(proxies, files, strict=True)]
        (reader.folder / "urls.txt").write_text("".join(addresses))
        words = ("download", "--urls-from", "urls.txt", "here/")
        stopped(reader, proxies, words, lambda: sum(rule.struck for rule in rules) >= AT_ONCE)
