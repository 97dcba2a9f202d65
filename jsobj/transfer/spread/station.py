"""The worker's side: performs packs of units with a store of its own, opened by names, for as long as a run lasts.

The functions at the top are what the driver asks of a worker; they never raise, since dask would log what it was asked.
A worker that was started again opens everything anew with the first pack that it gets.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

from jsobj import __version__
from jsobj.errors import ExitCode, JsobjError
from jsobj.net.retry import RetryPolicy
from jsobj.transfer.engine.rate_limit import Meter
from jsobj.transfer.engine.work import Performer, UnitOutcome
from jsobj.transfer.events import Tally
from jsobj.transfer.spread import profiler
from jsobj.transfer.spread.charge import Charge, Report, Sealed, Units, sealed_report

_UNUSED = 600.0  # seconds after which the station of a run that never said goodbye is closed
_LOOK = 0.1  # seconds between two looks at what is winding down

_stations: dict[str, Station] = {}
_over: set[str] = set()  # runs that have ended: what of them comes late is not begun
_lock = threading.Lock()


def do(charge: Sealed, pack: Sealed) -> Sealed:
    """A task of dask: perform a pack of units. The driver says how many packs a worker has, so it gives its slot up."""
    from distributed import get_worker, secede

    worker = get_worker()
    secede()
    return sealed_report(_done(charge, pack, worker))


async def report_for_work(charge: Sealed, *, dask_worker: Any = None) -> Sealed:
    """Open everything that the run needs, before it begins: what cannot work is told now."""
    import asyncio

    return sealed_report(await asyncio.to_thread(_done, charge, Sealed.of(()), dask_worker))


async def settle(run: str) -> Sealed:
    """Make sure that what this worker has written survives, before the run is called done."""
    import asyncio

    def settled() -> Report:
        station = _stations.get(run)
        try:
            if station is not None:
                station.settle()
        except Exception as error:  # noqa: BLE001 - raised again by the driver
            return Report(fatal=error)
        return Report()

    return sealed_report(await asyncio.to_thread(settled))


async def end(run: str, seconds: float, *, dask_worker: Any) -> None:
    """The run is over: finish within ``seconds`` what can be, abort the rest, begin nothing more."""
    with _lock:
        _over.add(run)
        station = _stations.pop(run, None)
        if not _stations:
            profiler.resume(dask_worker)
    if station is not None:
        threading.Thread(target=station.end, args=(seconds,), name="jsobj-end", daemon=True).start()


def _done(charge: Sealed, pack: Sealed, worker: Any) -> Report:
    try:
        order, units = charge.open(), pack.open()
    except Exception as error:  # noqa: BLE001 - whatever another version cannot read
        return Report(fatal=_differs(worker, str(error)))
    try:
        station = _station(order, worker)
        return replace(station.do(units), by=worker.address)
    except JsobjError as error:
        return Report(fatal=error.reworded(f"worker {worker.address}: {error.message}", hint=error.hint_lines))
    except BaseException as error:  # noqa: BLE001 - raised again by the driver
        return Report(fatal=error)


def _station(order: Charge, worker: Any) -> Station:
    """The station of a run, opened by the first who asks."""
    with _lock:
        if order.run in _over:
            raise JsobjError("stopped", "the run is over", code=ExitCode.INTERRUPTED)
        for run in [run for run, station in _stations.items() if station.unused > _UNUSED]:
            _stations.pop(run).end(0)
        station = _stations.get(order.run)
        if station is None:
            if order.version != __version__:
                raise _differs(worker, f"it has jsobj {__version__}, and this command is {order.version}")
            for landmark in order.landmarks:
                landmark.require_seen(worker.address)
            station = _stations[order.run] = Station(order, partial(worker.log_event, order.run, "slow"))
            profiler.rest(worker)
        return station


def _differs(worker: Any, reason: str) -> JsobjError:
    return JsobjError(
        "workers-differ",
        f"the worker {worker.address} cannot do the work of this jsobj",
        code=ExitCode.LOCAL,
        context=reason[:200],
        hint="install the same jsobj, and a Python of the same version, where the workers run",
    )


class Station:
    """What one worker has open for one run. ``on_slow`` is called, from any thread, when the server is busy."""

    def __init__(self, order: Charge, on_slow: Callable[[], object]) -> None:
        self._tally = Tally()
        self._meter = Meter(self._tally.moved, order.rate, by=self._tally.moved_by)
        retry = RetryPolicy(on_retry=lambda *_: self._tally.retried(), on_slow=on_slow)
        self._opened = order.open(retry)
        self._notes: list[str] = []
        self._perform = order.make(self._opened, self._meter, self._notes.append)
        self._threads = ThreadPoolExecutor(order.parallel, thread_name_prefix="jsobj")
        self._reporting = threading.Lock()
        self._reported = (0, 0)
        self._ending = False
        self._packs = 0
        self._used = time.monotonic()

    @property
    def unused(self) -> float:
        """Seconds since anything was done."""
        return 0.0 if self._packs else time.monotonic() - self._used

    def do(self, units: Units) -> Report:
        """Perform units side by side; the first outcome that ends the run takes the place of all."""
        with self._reporting:
            self._packs += 1
        try:
            outcomes = tuple(self._threads.map(self._one, units))
        finally:
            with self._reporting:
                self._packs -= 1
                self._used = time.monotonic()
        fatal = next((each for each in outcomes if isinstance(each, BaseException)), None)
        with self._reporting:
            now, before = (self._tally.bytes, self._tally.retries), self._reported
            self._reported = now
            notes = tuple(self._notes)
            del self._notes[: len(notes)]
        return Report(() if fatal else outcomes, now[0] - before[0], now[1] - before[1], notes, fatal)

    def _one(self, unit: Any) -> UnitOutcome | BaseException:
        if self._ending:
            return UnitOutcome(error=JsobjError("stopped", "nothing more is begun", code=ExitCode.INTERRUPTED))
        try:
            return UnitOutcome(self._perform(unit))
        except JsobjError as error:
            return UnitOutcome(error=error)
        except BaseException as error:  # noqa: BLE001 - raised again by the driver
            return error

    def settle(self) -> None:
        """What was written survives a power cut after this. Raises :class:`JsobjError`."""
        if isinstance(self._perform, Performer):
            self._perform.settle()

    def end(self, seconds: float) -> None:
        """Begin nothing more; give what is under way these seconds; close everything."""
        self._ending = True
        deadline = time.monotonic() + seconds
        if isinstance(self._perform, Performer):
            while (left := deadline - time.monotonic()) > 0 and self._perform.wind_down(left):
                time.sleep(_LOOK)
            self._perform.stop()
        self._opened.stop()
        self._meter.stop()
        self._threads.shutdown()
        self._opened.clear_up()
        if isinstance(self._perform, Performer):
            self._perform.close()
        self._opened.close()
