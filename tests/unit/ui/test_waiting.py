"""Lines about a server that does not answer: early and repeated sparsely on a terminal, one and late elsewhere."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest

from jsobj.net.connection.patience import say_waiting
from jsobj.ui import waiting
from jsobj.ui.output import Output


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    now = [100.0]
    monkeypatch.setattr(waiting.time, "monotonic", lambda: now[0])
    yield now
    waiting.say_waits(Output(io.StringIO(), io.StringIO(), quiet=True))


def said(stream: io.StringIO, clock: list[float], **options: bool) -> list[str]:
    """What is shown of two tries of a request that get no answer in 30 s each."""
    waiting.say_waits(Output(io.StringIO(), stream, environ={"NO_COLOR": "1"}, **options))
    for moment, seconds, more in ((5, 5, ""), (30, 30, "; trying again"), (35, 5, ""), (60, 60, "; trying again")):
        clock[0] = 100.0 + moment
        say_waiting("store.example:8001", seconds, more=more)
    return stream.getvalue().splitlines()


def test_a_terminal_sees_a_line_after_five_seconds_and_one_for_each_retry(clock: list[float]) -> None:
    assert said(Terminal(), clock) == [
        "waiting for store.example:8001 (5 s without an answer)",
        "waiting for store.example:8001 (30 s without an answer; trying again)",
        "waiting for store.example:8001 (60 s without an answer; trying again)",
    ]


def test_a_log_gets_one_line_after_half_a_minute(clock: list[float]) -> None:
    assert said(io.StringIO(), clock) == ["waiting for store.example:8001 (30 s without an answer; trying again)"]


def test_verbose_shows_all_and_quiet_none(clock: list[float]) -> None:
    assert len(said(io.StringIO(), clock, verbose=True)) == 4
    assert said(Terminal(), clock, quiet=True) == []


def test_each_server_has_its_own_line(clock: list[float]) -> None:
    stream = Terminal()
    waiting.say_waits(Output(io.StringIO(), stream))
    say_waiting("one", 5)
    say_waiting("two", 5)
    say_waiting("one", 5)
    assert len(stream.getvalue().splitlines()) == 2
