"""A process is known again, also where the system has no process descriptors."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace

import pytest

from jsobj import processes
from jsobj.processes import Process


@pytest.fixture(params=[True, False], ids=["descriptors", "older-system"])
def child(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[bytes]]:
    if not request.param:
        monkeypatch.setattr(processes, "supported", lambda: False)
    with subprocess.Popen(["sleep", "60"]) as running:
        yield running
        running.kill()


def test_a_process_is_known_until_it_ends(child: subprocess.Popen[bytes]) -> None:
    found = Process.of(child.pid)
    assert found is not None
    assert found.alive()
    assert not found.wait(0)
    assert found.signal(signal.SIGTERM)
    assert found.wait(30)
    assert not found.alive()
    assert not found.signal(signal.SIGTERM)


def test_a_reused_pid_is_another_process(child: subprocess.Popen[bytes]) -> None:
    found = Process.of(child.pid)
    assert found is not None
    for other in (replace(found, start_time=found.start_time - 1), replace(found, boot_id="another boot")):
        assert not other.alive()
        assert not other.signal(signal.SIGKILL)
        assert other.wait(0)
    assert child.poll() is None


def test_a_pid_of_nobody() -> None:
    assert Process.of(2**22 + 1) is None
    assert Process.of(os.getpid()) is not None
