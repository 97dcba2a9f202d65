"""What a worker does with a pack: outcomes side by side, one fatal one for all, and nothing that shows itself."""

from __future__ import annotations

import asyncio
import pickle
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from jsobj import __version__
from jsobj.errors import ExitCode, JsobjError
from jsobj.net.retry import RetryPolicy
from jsobj.transfer.engine.rate_limit import Meter
from jsobj.transfer.engine.work import UnitOutcome
from jsobj.transfer.spread import station
from jsobj.transfer.spread.charge import Charge, Report, Sealed, sealed_report


class Opened:
    """Counts what is done with it."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def stop(self) -> None:
        self.done.append("stop")

    def clear_up(self) -> None:
        self.done.append("clear up")

    def close(self) -> None:
        self.done.append("close")


class Worker:
    address = "tcp://10.0.0.7:1234"

    def __init__(self) -> None:
        self.events: list[tuple[str, str]] = []
        self.periodic_callbacks: dict[str, Any] = {}

    def log_event(self, topic: str, message: str) -> None:
        self.events.append((topic, message))


OPENED: list[Opened] = []


def open_one(retry: RetryPolicy) -> Opened:
    OPENED.append(Opened())
    return OPENED[-1]


def refuse(retry: RetryPolicy) -> Opened:
    raise JsobjError("not-logged-in", "not logged in", code=ExitCode.AUTH, hint="jsobj login")


def make(opened: Opened, moved: Meter, tell: Callable[[str], object]) -> Callable[[Any], Any]:
    def perform(unit: Any) -> Any:
        moved(7)
        if unit == "bad":
            raise JsobjError("bad", "bad", code=ExitCode.LOCAL)
        if unit == "bug":
            raise ZeroDivisionError
        if unit == "note":
            tell("look at this")
        return unit if unit != "lock" else threading.Lock()

    return perform


@pytest.fixture
def charge() -> Iterator[Charge]:
    OPENED.clear()
    made = Charge("run-1", __version__, open_one, make, (), parallel=2)
    yield made
    asyncio.run(station.end("run-1", 0, dask_worker=Worker()))
    station._over.discard("run-1")


def done(charge: Charge, *units: Any) -> Report:
    return station._done(Sealed.of(charge), Sealed.of(units), Worker())


def test_each_unit_has_its_outcome_and_bytes_are_reported_once(charge: Charge) -> None:
    report = done(charge, 1, "bad", "note")
    assert [each.value for each in report.outcomes] == [1, None, "note"]
    assert report.outcomes[1].error.reference == "bad"
    assert (report.moved, report.notes, report.by) == (21, ("look at this",), Worker.address)
    assert done(charge, 1) == Report((UnitOutcome(1),), 7, by=Worker.address)
    assert len(OPENED) == 1


def test_what_is_no_error_of_an_item_ends_the_run(charge: Charge) -> None:
    assert isinstance(done(charge, 1, "bug").fatal, ZeroDivisionError)
    report = sealed_report(done(charge, "lock")).open()
    assert "cannot leave its worker" in str(report.fatal)


def test_a_worker_that_cannot_open_the_store_says_which_it_is(charge: Charge) -> None:
    fatal = done(replace(charge, open=refuse), 1).fatal
    assert isinstance(fatal, JsobjError)
    assert (fatal.code, fatal.hint) == (ExitCode.AUTH, "jsobj login")
    assert fatal.message.startswith("worker tcp://10.0.0.7:1234: ")


def test_another_version_is_refused(charge: Charge) -> None:
    fatal = done(replace(charge, version="0.0.1"), 1).fatal
    assert isinstance(fatal, JsobjError)
    assert fatal.reference == "workers-differ"
    assert isinstance(station._done(Sealed(b"nothing"), Sealed.of(()), Worker()).fatal, JsobjError)


def test_after_the_end_nothing_is_begun_and_all_is_closed(charge: Charge) -> None:
    done(charge, 1)
    asyncio.run(station.end("run-1", 0, dask_worker=Worker()))
    for thread in threading.enumerate():
        if thread.name == "jsobj-end":
            thread.join(10)
    assert OPENED[0].done == ["stop", "clear up", "close"]
    fatal = done(charge, 1).fatal
    assert isinstance(fatal, JsobjError)
    assert fatal.reference == "stopped"


def test_a_busy_server_is_told_at_once(charge: Charge) -> None:
    worker = Worker()
    policies: list[RetryPolicy] = []
    own = station.Station(
        replace(charge, open=lambda retry: policies.append(retry) or Opened()),  # type: ignore[func-returns-value]
        partial(worker.log_event, "run-1", "slow"),
    )
    policies[0].slow_down()
    policies[0].slow_down()
    assert worker.events == [("run-1", "slow")]
    own.end(0)


def test_what_is_sealed_does_not_show_itself() -> None:
    sealed = Sealed.of("a token")
    assert repr(sealed) == str(sealed) == f"{sealed}" == "***"
    assert pickle.loads(pickle.dumps(sealed)) == sealed
    assert sealed.open() == "a token"
