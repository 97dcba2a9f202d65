"""Units of work go through threads and through child processes: each once, each outcome back, every end clean."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import jsobj
from jsobj.errors import ExitCode, JsobjError
from jsobj.transfer.events import Tally
from jsobj.transfer.executors import UnitSource, run, tell_parent
from jsobj.transfer.work import Outcome

PROCESSES = [0, 2]


class Counting:
    """A decider: hands out a plan, remembers the outcomes, and may follow each unit with others."""

    def __init__(self, plan: Iterator[Any], follow: Callable[[Any], list[Any]] = lambda unit: []) -> None:
        self.source = UnitSource(plan)
        self.follow = follow
        self.outcomes: dict[Any, Outcome] = {}
        self.lock = threading.Lock()

    def take(self) -> Any | None:
        return self.source.take()

    def done(self, unit: Any, outcome: Outcome) -> None:
        with self.lock:
            try:
                assert unit not in self.outcomes
                self.outcomes[unit] = outcome
                if more := self.follow(unit):
                    self.source.add(iter(more))
            finally:
                self.source.settled()

    def stop(self) -> None:
        self.source.stop()


def failure(text: str) -> JsobjError:
    return JsobjError("test-failed", text, code=ExitCode.INTEGRITY, context="seen", hint="next")


def run_all(work: Any, perform: Callable[[Any], Any], processes: int, **kwargs: Any) -> None:
    run(work, perform, workers=kwargs.pop("workers", 4), processes=processes, make_performer=lambda: perform, **kwargs)


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    threads, files = threading.active_count(), descriptors()
    yield
    deadline = time.monotonic() + 20
    while threading.active_count() > threads and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == threads
    assert descriptors() == files
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


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
        def done(self, unit: Any, outcome: Outcome) -> None:
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
        def done(self, unit: Any, outcome: Outcome) -> None:
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
    monkeypatch.setattr("jsobj.transfer.executors.STOP_SECONDS", 3600.0)
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
    monkeypatch.setattr("jsobj.transfer.executors.STOP_SECONDS", 0.2)
    release = threading.Event()

    def perform(unit: int) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        release.wait(60)

    try:
        with pytest.raises(KeyboardInterrupt):
            run_all(Counting(iter([1])), perform, 0, workers=1)
    finally:
        release.set()


class Stubborn:
    """A performer that works until it is told to stop."""

    def __init__(self, told: Path) -> None:
        self.told = told
        self.stopped = threading.Event()

    def __call__(self, unit: int) -> None:
        self.told.with_name(f"begun-{unit}").touch()
        self.stopped.wait(60)
        raise failure("cut")

    def stop(self) -> None:
        self.stopped.set()

    def close(self) -> None:
        self.told.touch()


def test_c13_children_are_told_to_stop(tmp_path: Path) -> None:
    begun = tmp_path / "begun-0"

    def interrupt() -> None:
        while not begun.exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    interrupter = threading.Thread(target=interrupt)
    work = Counting(iter(range(100)))
    with pytest.raises(KeyboardInterrupt):
        run(
            Once(work, interrupter.start), print, workers=2, processes=1,
            make_performer=lambda: Stubborn(tmp_path / "closed"),
        )  # fmt: skip
    interrupter.join()
    assert (tmp_path / "closed").exists()
    assert work.outcomes == {}


class Once:
    """A decider that calls something when it is first asked: the children are forked by then."""

    def __init__(self, work: Any, first: Callable[[], None]) -> None:
        self.work, self.first = work, first
        self.lock = threading.Lock()
        self.called = False

    def take(self) -> Any | None:
        with self.lock:
            if not self.called:
                self.called = True
                self.first()
        return self.work.take()

    def done(self, unit: Any, outcome: Outcome) -> None:
        self.work.done(unit, outcome)

    def stop(self) -> None:
        self.work.stop()


# Children.


def test_children_are_other_processes_with_a_performer_each() -> None:
    made = []

    def make() -> Callable[[Any], tuple[int, int]]:
        made.append(1)
        return lambda unit: (os.getpid(), len(made))

    barrier = Counting(iter(range(200)))
    run(barrier, print, workers=4, processes=2, make_performer=make)
    values = {outcome.value for outcome in barrier.outcomes.values()}
    assert {count for _, count in values} == {1}  # made once in each, and never here
    assert made == []
    assert os.getpid() not in {pid for pid, _ in values}


def test_a_killed_child_fails_its_unit_and_the_others_go_on() -> None:
    def perform(unit: int) -> int:
        if unit == 20:
            os.kill(os.getpid(), signal.SIGKILL)
        return os.getpid()

    work = Counting(iter(range(100)))
    run_all(work, perform, 2, workers=2)
    assert len(work.outcomes) == 100
    errors = {unit: outcome.error for unit, outcome in work.outcomes.items() if outcome.error}
    assert list(errors) == [20]
    assert errors[20].reference == "worker-died"


def test_a_run_without_children_left_is_not_called_done() -> None:
    def perform(unit: int) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    work = Counting(iter(range(100)))
    with pytest.raises(JsobjError, match="every worker process was killed"):
        run_all(work, perform, 2)
    assert 2 <= len(work.outcomes) <= 4


def test_a_child_that_cannot_begin_ends_the_run() -> None:
    def make() -> Callable[[Any], Any]:
        raise failure("cannot log in")

    with pytest.raises(JsobjError, match="cannot log in"):
        run(Counting(iter(range(100))), print, workers=2, processes=2, make_performer=make)


def test_a_value_that_cannot_travel_is_a_bug_and_no_hang() -> None:
    with pytest.raises(RuntimeError, match="lock"):
        run_all(Counting(iter([1])), lambda unit: threading.Lock(), 1)


def test_children_report_bytes_and_retries() -> None:
    tally = Tally()
    tally.moved(5)

    def perform(unit: int) -> None:
        tally.moved(1000)
        tally.retries += 1

    run_all(Counting(iter(range(50))), perform, 2, workers=2, tally=tally)
    assert (tally.bytes, tally.retries) == (50_005, 50)


def test_bytes_are_reported_while_a_unit_takes_long() -> None:
    """The child goes on only when its bytes were seen here: reported at the end only, they never would be."""
    tally = Tally()
    ours, theirs = os.pipe()

    def perform(unit: int) -> None:
        tally.moved(4096)
        assert os.read(ours, 1) == b"x"

    def look() -> None:
        while tally.bytes < 4096:
            time.sleep(0.01)
        os.write(theirs, b"x")

    looker = threading.Thread(target=look)
    try:
        run_all(Once(Counting(iter([1])), looker.start), perform, 1, workers=1, tally=tally)
    finally:
        looker.join(60)
        os.close(ours)
        os.close(theirs)
    assert tally.bytes == 4096


def test_children_tell_their_parent() -> None:
    heard: list[Any] = []

    def perform(unit: int) -> bool:
        return tell_parent(("retried", unit))

    work = Counting(iter(range(10)))
    run_all(work, perform, 2, hear=heard.append)
    assert sorted(heard) == [("retried", n) for n in range(10)]
    assert all(outcome.value is True for outcome in work.outcomes.values())
    assert tell_parent("anything") is False  # here, whoever has something to say says it


def test_children_leave_ctrl_c_to_their_parent() -> None:
    def perform(unit: int) -> int:
        os.kill(os.getpid(), signal.SIGINT)
        return unit

    work = Counting(iter(range(10)))
    run_all(work, perform, 2)
    assert [outcome.error for outcome in work.outcomes.values()] == [None] * 10


PARENT = """
import os, sys, time
from jsobj.transfer.executors import UnitSource, run

class Work(UnitSource):
    def done(self, unit, outcome):
        self.settled()

def perform(unit):
    print(os.getpid(), flush=True)
    time.sleep(600)

run(Work(iter([1, 2])), perform, workers=2, processes=2, make_performer=lambda: perform)
"""


def test_children_die_with_their_parent() -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(jsobj.__file__).parents[1])}
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, env=environment, text=True)
    assert parent.stdout is not None
    with parent.stdout as stdout:
        children = [int(stdout.readline()) for _ in range(2)]
        parent.kill()
        parent.wait()
        assert stdout.read() == ""  # ends when the last process that has it open is gone
    for pid in children:
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):
            assert Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] in {"Z", "X"}
