"""Totals are known long before the plan is complete, and never claimed where they are not."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jsobj.errors import ExitCode, JsobjError
from jsobj.transfer.engine import ahead
from jsobj.transfer.engine.ahead import Ahead
from jsobj.transfer.events import Tally
from jsobj.ui.progress_look import Look, Pace, sentence


def counted(sizes: Callable[[], Iterator[int]], tally: Tally, *, apart: bool = False) -> Look:
    """What is shown once the counting is over."""
    Ahead(sizes, tally, 0, apart=apart)
    deadline = time.monotonic() + 30
    while any(thread.name == "ahead" for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return Pace(tally).look()


def test_all_files_count_before_the_plan_has_come_to_them() -> None:
    tally = Tally()
    tally.seen(10)
    tally.found(10)
    look = counted(lambda: iter([10] * 100_000), tally)
    assert (look.planned, look.found_items, look.found_size) == (True, 100_000, 1_000_000)
    assert "0/100000, 0 B of 977 KiB (0%)" in sentence(look)


def test_what_the_plan_skips_is_no_part_of_the_total() -> None:
    tally = Tally()
    for size in (10, 20, 30):
        tally.seen(size)
    tally.found(20)
    look = counted(lambda: iter([10, 20, 30, 40]), tally)
    assert (look.planned, look.found_items, look.found_size) == (True, 2, 60)


def test_of_very_many_no_total_is_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "MOST", 1000)
    assert not counted(lambda: iter([1] * 1001), Tally()).planned
    assert counted(lambda: iter([1] * 1000), Tally()).planned


def test_a_count_says_nothing_where_the_process_ends_meanwhile() -> None:
    """Python begins no thread then, which listings may want; a thread that fails is reported on stderr."""
    begun, over = threading.Event(), threading.Event()

    def sizes() -> Iterator[int]:
        begun.set()
        over.wait()
        raise RuntimeError("cannot schedule new futures after interpreter shutdown")
        yield 1

    before = set(threading.enumerate())
    counting = Ahead(sizes, Tally(), 0)
    (thread,) = (each for each in set(threading.enumerate()) - before if each.name == "ahead")
    assert begun.wait(30)
    counting.stop()
    over.set()
    thread.join(30)  # a failure there fails the test


def test_a_count_that_fails_says_nothing() -> None:
    def sizes() -> Iterator[int]:
        yield 1
        raise JsobjError("no-listing", "no listing", code=ExitCode.NETWORK)

    tally = Tally()
    tally.found(5)
    look = counted(sizes, tally)
    assert (look.planned, look.found_size, look.left) == (False, 5, None)


def test_a_complete_plan_is_what_counts() -> None:
    tally = Tally()
    tally.found(7)
    look = counted(lambda: iter([100]), tally)
    assert look.found_size == 107
    tally.planned = True
    assert Pace(tally).look().found_size == 7


def test_a_run_that_ends_before_its_numbers_are_shown_lists_nothing_twice() -> None:
    called = threading.Event()

    def sizes() -> Iterator[int]:
        called.set()
        return iter([1])

    short = Ahead(sizes, Tally(), 60)
    short.stop()
    assert not called.wait(0.1)


LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only there a child counts")


@LINUX
def test_a_child_counts_what_is_on_the_disk() -> None:
    tally, here = Tally(), os.getpid()
    look = counted(lambda: iter([3, os.getpid() != here]), tally, apart=True)
    assert (look.planned, look.found_items, look.found_size) == (True, 2, 4)


@LINUX
@pytest.mark.parametrize("raised", [JsobjError("no", "no", code=ExitCode.LOCAL), KeyboardInterrupt()])
def test_a_child_that_fails_says_nothing(raised: BaseException, capfd: pytest.CaptureFixture[str]) -> None:
    def sizes() -> Iterator[int]:
        yield 1
        raise raised

    tally = Tally()
    assert not counted(sizes, tally, apart=True).planned
    assert capfd.readouterr() == ("", "")


@LINUX
def test_a_child_ends_with_the_counting() -> None:
    def sizes() -> Iterator[int]:
        while True:
            time.sleep(0.01)
            yield 0

    def born() -> set[int]:
        found: set[int] = set()
        for one in Path("/proc/self/task").iterdir():
            with contextlib.suppress(OSError):  # a thread that has ended
                found |= {int(pid) for pid in (one / "children").read_text().split()}
        return found

    tally, before, deadline = Tally(), born(), time.monotonic() + 30
    counting = Ahead(sizes, tally, 0, apart=True)
    while not (made := born() - before):
        assert time.monotonic() < deadline
    counting.stop()
    while any(Path(f"/proc/{pid}").exists() for pid in made):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert tally.ahead is None
