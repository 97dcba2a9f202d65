"""Deciders and checks that the tests of the executors share."""

from __future__ import annotations

import contextlib
import gc
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from jsobj.errors import ExitCode, JsobjError
from jsobj.transfer.engine.executor import run
from jsobj.transfer.engine.unit_queue import UnitSource
from jsobj.transfer.engine.work import UnitOutcome


class Counting:
    """A decider: hands out a plan, remembers the outcomes, and may follow each unit with others."""

    def __init__(self, plan: Iterator[Any], follow: Callable[[Any], list[Any]] = lambda unit: []) -> None:
        self.source = UnitSource(plan)
        self.follow = follow
        self.outcomes: dict[Any, UnitOutcome] = {}
        self.lock = threading.Lock()

    def take(self) -> Any | None:
        return self.source.take()

    def done(self, unit: Any, outcome: UnitOutcome) -> None:
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


def children() -> set[str]:
    """Living ones and those that nobody has waited for."""
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


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

    def done(self, unit: Any, outcome: UnitOutcome) -> None:
        self.work.done(unit, outcome)

    def stop(self) -> None:
        self.work.stop()


@contextlib.contextmanager
def nothing_left() -> Iterator[None]:
    gc.collect()  # what an earlier test left to the collector is not to be counted
    threads, files, processes = threading.active_count(), descriptors(), children()
    yield
    deadline = time.monotonic() + 20
    while threading.active_count() > threads and time.monotonic() < deadline:
        time.sleep(0.01)
    # At most: what earlier tests left behind may end meanwhile.
    assert threading.active_count() <= threads
    assert descriptors() <= files
    assert children() <= processes
