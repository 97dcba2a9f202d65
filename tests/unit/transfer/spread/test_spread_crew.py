"""The driver's side without a scheduler: a client that performs tasks as told, or lets workers die over them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from typing import Any

import pytest

from jsobj.errors import ExitCode, JsobjError
from jsobj.net.retry import RetryPolicy
from jsobj.transfer.engine.processes import Fatal
from jsobj.transfer.engine.rate_limit import Meter
from jsobj.transfer.engine.work import UnitOutcome
from jsobj.transfer.events import Event, Noted, Tally
from jsobj.transfer.spread.charge import Charge, Report, Sealed
from jsobj.transfer.spread.crew import CrewRun, WorkersDied

distributed = pytest.importorskip("distributed")
WORKER = "tcp://10.0.0.1:1"
KILLED = distributed.KilledWorker("key", "worker", 3)


def open_none(retry: RetryPolicy) -> Any:
    raise NotImplementedError


def make_none(opened: Any, moved: Meter, tell: Callable[[str], object]) -> Callable[[Any], Any]:
    raise NotImplementedError


class Future:
    def __init__(self, result: Any) -> None:
        self._result = result
        self.released = False

    def result(self) -> Any:
        if isinstance(self._result, BaseException):
            raise self._result
        return self._result

    def release(self) -> None:
        self.released = True


class Client:
    """``answer``: what comes of a pack."""

    def __init__(self, answer: Callable[[tuple[Any, ...]], Any]) -> None:
        self.answer = answer
        self.packs: list[tuple[Any, ...]] = []
        self.futures: list[Future] = []

    def submit(self, function: Any, charge: Sealed, pack: Sealed, **words: Any) -> Future:
        assert repr((charge, pack)) == "(***, ***)"
        assert words["workers"] == [WORKER]
        self.packs.append(pack.open())
        self.futures.append(Future(self.answer(self.packs[-1])))
        return self.futures[-1]

    def run(self, *words: Any, **named: Any) -> dict[str, Any]:
        return {}

    def cancel(self, futures: Sequence[Any], **words: Any) -> None:
        pass


def crew(answer: Callable[[tuple[Any, ...]], Any]) -> tuple[CrewRun, Client, Tally, list[Event]]:
    client, tally, events = Client(answer), Tally(), list[Event]()
    charge = Charge("run", "1", open_none, make_none, (), 4)
    return CrewRun(client, charge, (WORKER,), tally, events.append), client, tally, events


def well(pack: tuple[Any, ...]) -> Sealed:
    report = Report(tuple(UnitOutcome(unit) for unit in pack), 10, 1, ("look",), by=WORKER)
    return Sealed.of(report)


def test_what_comes_is_counted_and_released() -> None:
    run, client, tally, events = crew(well)
    assert [outcome.value for outcome in run.call((1, 2))] == [1, 2]
    assert (tally.bytes, tally.retries) == (10, 1)
    assert events == [Noted("look", warning=True)]
    assert [future.released for future in client.futures] == [True]
    assert run.begun_twice == []


def test_what_another_worker_did_is_remembered() -> None:
    run, _, _, _ = crew(lambda pack: Sealed.of(Report((UnitOutcome(1),), by="tcp://10.0.0.2:1")))
    run.call(("unit",))
    assert run.begun_twice == ["unit"]


def test_a_unit_that_kills_workers_fails_alone() -> None:
    run, client, _, _ = crew(lambda pack: KILLED if "poison" in pack else well(pack))
    outcomes = run.call(("a", "b", "poison", "c"))
    assert [outcome.value for outcome in outcomes] == ["a", "b", None, "c"]
    assert isinstance(outcomes[2].error, WorkersDied)
    assert client.packs[0] == ("a", "b", "poison", "c")
    assert client.packs[-2:] == [("poison",), ("c",)]
    with pytest.raises(WorkersDied):
        list(run.map(["a", "poison"], lambda item: 1, stop=lambda: None))


@pytest.mark.parametrize(
    ("trouble", "reference"),
    [(CancelledError(), "workers-gone"), (OSError("closed"), "workers-gone"), (ImportError("x"), "workers-differ")],
)
def test_what_dask_raises_ends_the_run_in_our_words(trouble: Exception, reference: str) -> None:
    run, _, _, _ = crew(lambda pack: trouble)
    with pytest.raises(Fatal) as caught:
        run.call((1,))
    assert isinstance(caught.value.error, JsobjError)
    assert caught.value.error.reference == reference


def test_after_a_stop_nothing_is_handed_out_and_what_fails_says_so() -> None:
    run, client, _, _ = crew(well)
    run.stop()
    with pytest.raises(JsobjError) as caught:
        run.call((1,))
    assert (caught.value.reference, caught.value.code) == ("stopped", ExitCode.INTERRUPTED)
    assert client.packs == []
