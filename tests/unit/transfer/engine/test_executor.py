"""Units of work go through threads: each once, each outcome back, every end clean."""

from __future__ import annotations

import itertools
import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from executor_cases import Counting, failure, nothing_left, run_all

from jsobj.errors import ExitCode, JsobjError
from jsobj.transfer.engine.thread_count import Reading, ThreadCount
from jsobj.transfer.engine.work import UnitOutcome

PROCESSES = [0, 2]


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    with nothing_left():
        yield


# All of it, once.


@pytest.mark.parametrize("processes", PROCESSES)
@pytest.mark.parametrize("workers", [1, 2, 16])
def test_l07_every_unit_is_performed_once(processes: int, workers: int) -> None:
    work = Counting(iter(range(300)))
    run_all(work, lambda unit: unit * 2, processes, workers=workers)
    assert {unit: outcome.value for unit, outcome in work.outcomes.items()} == {n: 2 * n for n in range(300)}


@pytest.mark.parametrize("processes", PROCESSES)
def test_nothing_to_do_is_done(processes: int) -> None:
    work = Counting(iter(()))
    run_all(work, lambda unit: unit, processes)
    assert work.outcomes == {}


@pytest.mark.parametrize("processes", PROCESSES)
def test_followers_are_waited_for(processes: int) -> None:
    """A tree of units: each brings two others, three generations deep, while the plan is over long ago."""
    work = Counting(iter([("a",), ("b",)]), lambda unit: [(*unit, 0), (*unit, 1)] if len(unit) < 4 else [])
    run_all(work, len, processes)
    assert len(work.outcomes) == 2 * (1 + 2 + 4 + 8)
    assert all(outcome.value == len(unit) for unit, outcome in work.outcomes.items())


def test_threads_come_and_go_as_is_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three, then eight, then two; there is work until it is so."""
    seen: set[int] = set()
    decided: list[int] = []

    def change(self: ThreadCount, now: Reading) -> int:
        wanted = [5, -6][len(decided)] if len(decided) < 2 and len(seen) == 3 + sum(decided) else 0
        decided.extend([wanted] if wanted else [])
        return wanted

    def plan() -> Iterator[int]:
        until = time.monotonic() + 30
        for unit in itertools.count():
            yield unit
            if len(decided) == 2 and len(workers()) == 2:
                return
            assert time.monotonic() < until

    def workers() -> list[threading.Thread]:
        return [thread for thread in threading.enumerate() if thread.name.startswith("worker-")]

    def perform(unit: int) -> None:
        seen.add(threading.get_ident())
        time.sleep(0.001)

    monkeypatch.setattr(ThreadCount, "change", change)
    work = Counting(plan())
    run_all(work, perform, 0, workers=3)
    assert decided == [5, -6]
    assert len(seen) == 8
    assert sorted(work.outcomes) == list(range(len(work.outcomes)))


def test_what_was_begun_is_finished_first() -> None:
    order: list[str] = []
    followers = {"big": ["part-1", "part-2"], "part-2": ["finish"]}
    work = Counting(iter(["big", "small-1", "small-2"]), lambda unit: followers.get(unit, []))
    run_all(work, order.append, 0, workers=1)
    assert order == ["big", "part-1", "part-2", "finish", "small-1", "small-2"]


def test_the_plan_is_taken_as_it_is_needed() -> None:
    """A plan of a million keys does not run ahead of those who do the work."""
    taken = itertools.count()
    seen: list[int] = []

    def plan() -> Iterator[int]:
        for number in range(1000):
            next(taken)
            yield number

    def perform(unit: int) -> None:
        seen.append(next(taken) - unit - 1)

    work = Counting(plan())
    run_all(work, perform, 0, workers=1)
    assert len(work.outcomes) == 1000
    assert seen[:3] == [0, 1, 2]  # one more each time: the counting itself


def test_a_slow_plan_does_not_hold_up_followers() -> None:
    """The listing waits for the network; the parts of what was begun are sent meanwhile."""
    part_done = threading.Event()

    def plan() -> Iterator[str]:
        yield "big"
        assert part_done.wait(60)  # the next page comes only after the part: with one queue for both, never
        yield "last"

    def perform(unit: str) -> None:
        if unit == "part":
            part_done.set()

    work = Counting(plan(), lambda unit: ["part"] if unit == "big" else [])
    run_all(work, perform, 0, workers=2)
    assert set(work.outcomes) == {"big", "part", "last"}


# Failures.


@pytest.mark.parametrize("processes", PROCESSES)
def test_a_failed_unit_does_not_hinder_the_others(processes: int) -> None:
    def perform(unit: int) -> int:
        if unit % 10 == 3:
            raise failure(f"unit {unit}")
        return unit

    work = Counting(iter(range(50)))
    run_all(work, perform, processes)
    errors = {unit: outcome.error for unit, outcome in work.outcomes.items() if outcome.error is not None}
    assert sorted(errors) == [3, 13, 23, 33, 43]
    assert errors[13].to_json() == failure("unit 13").to_json()  # whole, also from another process
    assert errors[13].code is ExitCode.INTEGRITY


@pytest.mark.parametrize("processes", PROCESSES)
def test_a_bug_ends_the_run_and_is_raised(processes: int) -> None:
    def perform(unit: int) -> int:
        return 1 // (unit - 5)

    stopped: list[bool] = []
    work = Counting(iter(range(10**9)))
    with pytest.raises(ZeroDivisionError):
        run_all(work, perform, processes, on_stop=lambda: stopped.append(True))
    assert stopped == [True]


@pytest.mark.parametrize("processes", PROCESSES)
def test_the_decider_ends_the_run(processes: int) -> None:
    class Ending(Counting):
        def done(self, unit: Any, outcome: UnitOutcome) -> None:
            super().done(unit, outcome)
            if unit == 7:
                raise failure("the bucket is gone")

    with pytest.raises(JsobjError, match="the bucket is gone"):
        run_all(Ending(iter(range(10**9))), lambda unit: unit, processes)


@pytest.mark.parametrize("processes", PROCESSES)
def test_a_plan_that_fails_ends_the_run(processes: int) -> None:
    def plan() -> Iterator[int]:
        yield from range(5)
        raise failure("no listing")

    with pytest.raises(JsobjError, match="no listing"):
        run_all(Counting(plan()), lambda unit: unit, processes)


def test_what_was_cut_is_not_called_failed() -> None:
    """A run that ends cuts the others' connections: their errors say nothing about their items."""
    cut, waiting = threading.Event(), threading.Barrier(3)

    class Ending(Counting):
        def done(self, unit: Any, outcome: UnitOutcome) -> None:
            super().done(unit, outcome)
            if unit == "fatal":
                raise failure("over")

    def perform(unit: str) -> None:
        waiting.wait(60)
        if unit != "fatal":
            assert cut.wait(60)
            raise failure("connection lost")

    work = Ending(iter(["fatal", "one", "two"]))
    with pytest.raises(JsobjError, match="over"):
        run_all(work, perform, 0, workers=3, on_stop=cut.set)
    assert set(work.outcomes) == {"fatal"}


# Interruption.


@pytest.mark.parametrize("workers", [1, 4])
def test_c13_an_interruption_cuts_and_comes_out(workers: int) -> None:
    cut = threading.Event()

    def perform(unit: int) -> None:
        if unit == 0:
            os.kill(os.getpid(), signal.SIGINT)
        assert cut.wait(60)
        raise failure("cut")

    work = Counting(iter(range(1000)))
    with pytest.raises(KeyboardInterrupt):
        run_all(work, perform, 0, workers=workers, on_stop=cut.set)
    assert work.outcomes == {}
    assert work.take() is None


def test_c13_what_ends_well_after_the_interruption_counts() -> None:
    """Its bytes have arrived: the journal must hear of it."""
    cut = threading.Event()

    def perform(unit: int) -> str:
        os.kill(os.getpid(), signal.SIGINT)
        assert cut.wait(60)
        return "arrived"

    work = Counting(iter([1]))
    with pytest.raises(KeyboardInterrupt):
        run_all(work, perform, 0, workers=1, on_stop=cut.set)
    assert work.outcomes[1].value == "arrived"


def test_p05_a_second_interruption_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jsobj.transfer.engine.executor.STOP_SECONDS", 3600.0)
    release = threading.Event()

    def perform(unit: int) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        release.wait(60)

    def on_stop() -> None:
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()

    try:
        with pytest.raises(KeyboardInterrupt):
            run_all(Counting(iter([1])), perform, 0, workers=1, on_stop=on_stop)
    finally:
        release.set()


def test_p05_a_worker_that_does_not_end_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jsobj.transfer.engine.executor.STOP_SECONDS", 0.2)
    release = threading.Event()

    def perform(unit: int) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        release.wait(60)

    try:
        with pytest.raises(KeyboardInterrupt):
            run_all(Counting(iter([1])), perform, 0, workers=1)
    finally:
        release.set()
