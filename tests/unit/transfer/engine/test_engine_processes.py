"""Child processes that perform units: what they return and report, and how they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from executor_cases import Counting, Once, failure, nothing_left, run_all

import jsobj
from jsobj.errors import JsobjError
from jsobj.transfer.engine.executor import run
from jsobj.transfer.engine.work import Performer
from jsobj.transfer.events import Tally


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    with nothing_left():
        yield


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
        tally.retried()

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


def test_children_leave_ctrl_c_to_their_parent() -> None:
    def perform(unit: int) -> int:
        os.kill(os.getpid(), signal.SIGINT)
        return unit

    work = Counting(iter(range(10)))
    run_all(work, perform, 2)
    assert [outcome.error for outcome in work.outcomes.values()] == [None] * 10


PARENT = r"""
import os, sys, time
from jsobj.transfer.engine.executor import run
from jsobj.transfer.engine.unit_queue import UnitSource

class Work(UnitSource):
    def done(self, unit, outcome):
        self.settled()

def perform(unit):
    os.write(1, b"%d\n" % os.getpid())  # one write: print may make two of it, with another child's between them
    time.sleep(600)

run(Work(iter([1, 2])), perform, workers=2, processes=2, make_performer=lambda: perform)
"""


def test_children_die_with_their_parent() -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(jsobj.__file__).parents[1])}
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, env=environment, text=True) as parent:
        assert parent.stdout is not None
        try:
            pids = [int(parent.stdout.readline()) for _ in range(2)]
        finally:
            parent.kill()
        assert parent.stdout.read() == ""  # ends when the last process that has it open is gone
    deadline = time.monotonic() + 60
    while any(_lives(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except (ProcessLookupError, FileNotFoundError):
        return False


class Stubborn(Performer[int]):
    """A performer that works until it is told to stop."""

    def __init__(self, told: Path) -> None:
        super().__init__()
        self.told = told
        self.stopped = threading.Event()

    def size(self, unit: int) -> int:
        return 1

    def moved_by(self, thread: int) -> int:
        return 0

    def cut(self, threads: Iterable[int]) -> None:
        pass

    def perform(self, unit: int) -> None:
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
