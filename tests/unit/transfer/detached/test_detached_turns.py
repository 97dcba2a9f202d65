"""So many at once: turns are locks, which end with who has them."""

from __future__ import annotations

import os
import signal
import stat
import threading
from pathlib import Path

import pytest

from jsobj.errors import BadUsage
from jsobj.identity.settings import Settings
from jsobj.transfer.detached.turns import DEFAULT, at_once, turn


def number(text: str) -> int:
    return at_once(Settings.read({"JSOBJ_JOBS_AT_ONCE": text}))


def test_the_number_comes_from_the_environment() -> None:
    assert number("") == DEFAULT
    assert number("12") == 12
    for bad in ("0", "-1", "many", "1001", "²"):
        with pytest.raises(BadUsage, match="JSOBJ_JOBS_AT_ONCE"):
            number(bad)


def test_one_more_waits_until_a_turn_is_free(tmp_path: Path) -> None:
    order: list[str] = []

    def third() -> None:
        with turn(tmp_path / "turns", 2):
            order.append("third")

    with turn(tmp_path / "turns", 2):
        with turn(tmp_path / "turns", 2):
            waiting = threading.Thread(target=third)
            waiting.start()
            waiting.join(0.5)
            order.append("second ends")
        waiting.join(60)
        assert order == ["second ends", "third"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "turns").iterdir()} == {0o600}


def test_the_turn_of_a_killed_process_is_free(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        with turn(tmp_path, 1):
            os.write(writer, b"+")
            signal.pause()
        os._exit(0)
    assert os.read(reader, 1) == b"+"
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(reader)
    os.close(writer)
    with turn(tmp_path, 1):
        pass
