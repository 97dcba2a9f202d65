"""dask's profiler of a worker rests during runs, and takes samples again after the last one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from jsobj import __version__
from jsobj.transfer.spread import profiler, station
from jsobj.transfer.spread.charge import Charge, Sealed

ioloop = pytest.importorskip("tornado.ioloop")


class Profiler(ioloop.PeriodicCallback):  # type: ignore[misc, name-defined]
    """Counts how often it is started."""

    def __init__(self) -> None:
        super().__init__(lambda: None, 1)
        self.starts: list[bool] = []

    def start(self) -> None:
        self.starts.append(True)
        super().start()


class Worker:
    """What of a worker of dask this is about; made in its loop."""

    address = "tcp://10.0.0.7:1234"

    def __init__(self) -> None:
        self.loop = ioloop.IOLoop.current()
        self.profiler = Profiler()
        self.periodic_callbacks = {"profile": self.profiler}
        self.profiler.start()

    def log_event(self, topic: str, message: str) -> None: ...


@pytest.fixture(autouse=True)
def _as_in_python_3_11(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(profiler, "_HANGS", True)
    yield
    station._over.clear()


async def report(worker: Worker, run: str) -> None:
    opened = SimpleNamespace(stop=lambda: None, clear_up=lambda: None, close=lambda: None)
    charge = Charge(run, __version__, lambda retry: opened, lambda *_: lambda unit: unit, (), parallel=1)
    sealed: Any = SimpleNamespace(open=lambda: charge)  # its functions are not pickled here
    told = station._done(sealed, Sealed.of(()), worker)
    assert told.fatal is None
    await asyncio.sleep(0.01)


async def end(worker: Worker, run: str) -> None:
    await station.end(run, 0, dask_worker=worker)
    await asyncio.sleep(0.01)


def test_it_rests_until_the_last_run_is_over() -> None:
    async def runs() -> None:
        worker = Worker()
        assert worker.profiler.is_running()
        await report(worker, "one")
        assert not worker.profiler.is_running()
        await report(worker, "two")
        await end(worker, "one")
        assert not worker.profiler.is_running()
        await end(worker, "two")
        assert worker.profiler.is_running()
        worker.profiler.stop()

    asyncio.run(runs())


def test_it_is_started_once_by_an_end_that_is_told_twice() -> None:
    async def runs() -> None:
        worker = Worker()
        await report(worker, "one")
        worker.profiler.starts.clear()
        await end(worker, "one")
        await end(worker, "one")
        assert len(worker.profiler.starts) == 1
        worker.profiler.stop()

    asyncio.run(runs())


@pytest.mark.parametrize("switch", [profiler.rest, profiler.resume])
def test_one_that_its_user_has_switched_off_stays_so(switch: Callable[[Any], None]) -> None:
    told: list[Any] = []
    switch(SimpleNamespace(periodic_callbacks={}, loop=SimpleNamespace(add_callback=told.append)))
    assert told == []


def test_a_python_that_cannot_hang_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiler, "_HANGS", False)

    async def runs() -> None:
        worker = Worker()
        await report(worker, "one")
        assert worker.profiler.is_running()
        await end(worker, "one")
        worker.profiler.stop()

    asyncio.run(runs())
