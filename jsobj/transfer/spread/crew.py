"""The driver's side: the workers of a dask scheduler as performers of packs.

The driver plans, keeps the journal, begins and finishes objects in parts; workers move bytes. So whatever a worker had
in hand when it died is done again by another one without harm: a part or an object that arrives twice is the same, and
a temporary file is written again in the same place.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
import uuid
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import Any

from jsobj import __version__
from jsobj.errors import ExitCode, JsobjError
from jsobj.net.retry import RetryPolicy
from jsobj.parallel_map import parallel_map
from jsobj.transfer.engine import executor
from jsobj.transfer.engine.parts_work import PartsWork
from jsobj.transfer.engine.processes import Fatal, Perform
from jsobj.transfer.engine.rate_limit import Meter
from jsobj.transfer.engine.work import Performer, UnitOutcome
from jsobj.transfer.events import Listener, Noted, Tally
from jsobj.transfer.options import Options
from jsobj.transfer.spread import station
from jsobj.transfer.spread.charge import Charge, Opened, Report, Sealed, Tell, Units
from jsobj.transfer.spread.packs import PackedWork, packed, value_of
from jsobj.transfer.spread.shared_files import Landmark
from jsobj.transfer.spread.window import EACH, Window

_log = logging.getLogger("jsobj.crew")
_CONNECT_SECONDS = 10
_LOOK = 1.0  # seconds between two looks at who is there
_NOBODY = 60.0  # seconds without any worker, after which a run gives up
_GOODBYE = 0.5  # seconds that telling workers of the end may take
_SLOTS = (64, 512)  # threads that wait for packs: at least, so that workers may join later, and at most


class WorkersDied(JsobjError):
    """One worker after another died over the same pack."""


@dataclass(frozen=True, slots=True)
class Crew:
    """The workers of the scheduler at ``address``, and how they open the store: by names.

    ``address``: ``tcp://HOST:PORT``, or the path of a scheduler's JSON file.
    """

    address: str
    open: Callable[[RetryPolicy], Opened]
    options: Options

    @contextlib.contextmanager
    def at_work(
        self,
        make: Callable[[Any, Meter, Tell], Perform],
        landmarks: tuple[Landmark, ...],
        tally: Tally,
        emit: Listener,
    ) -> Iterator[CrewRun]:
        """The workers, each of which has opened the store and seen the ``landmarks``; told of the end at the end.

        Raises :class:`JsobjError`: local without dask.distributed, network where the scheduler does not answer, not
        found where it has no worker, and what the first worker met that cannot do the work.
        """
        with _connection(self.address) as client:
            there = client.nthreads()
            if not there:
                raise no_workers(self.address)
            charge = Charge(
                run=f"jsobj-{uuid.uuid4().hex[:12]}",
                version=__version__,
                open=self.open,
                make=make,
                landmarks=landmarks,
                parallel=self.options.threads,
                rate=self.options.limit_rate / len(there),
            )
            run = CrewRun(client, charge, tuple(there), tally, emit)
            try:
                run.muster()
                yield run
                run.settle()
            finally:
                run.over()


class CrewRun:
    """One run of a crew."""

    def __init__(self, client: Any, charge: Charge, workers: tuple[str, ...], tally: Tally, emit: Listener) -> None:
        self._client = client
        self._run = charge.run
        self._charge = Sealed.of(charge)
        self._tally = tally
        self._emit = emit
        self._count = len(workers)
        self._window = Window()
        self._window.workers_are(workers)
        self._futures: set[Any] = set()
        self._numbers = iter(range(1 << 62))
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._lost: JsobjError | None = None
        self.begun_twice: list[Any] = []  # units that were given to one worker and done by another
        self._told: set[bool] = set()  # of the end: whether time was given

    @property
    def slots(self) -> int:
        """Threads that hand out packs and wait for them."""
        return min(_SLOTS[1], max(_SLOTS[0], 2 * EACH * self._count))

    @property
    def requests(self) -> int:
        """Large parts that may be under way together."""
        return EACH * self._count

    def muster(self) -> None:
        """Let every worker open what it needs. Raises what the first that cannot met."""
        self._client.subscribe_topic(self._run, lambda event: self._slow_down())
        answers: Mapping[str, Any] = self._client.run(station.report_for_work, self._charge, on_error="return")
        for worker in sorted(answers):
            if not isinstance(answers[worker], OSError):  # it died meanwhile
                try:
                    self._counted(_report_of(answers[worker]))
                except Fatal as error:
                    raise error.error from None
        threading.Thread(target=self._watch, name="crew", daemon=True).start()

    # -- work

    def run(self, work: PartsWork[Any, Any], perform: Performer[Any]) -> None:
        """Do all of ``work``: bytes are moved by workers, short requests that follow an order by ``perform``, here.

        Raises as :func:`jsobj.transfer.engine.executor.run`.
        """
        packs = PackedWork(work)
        work.allow_parts(self.requests)

        def done(pack: tuple[Any, ...]) -> list[UnitOutcome]:
            return list(self.call(pack)) if packs.is_moving(pack) else [UnitOutcome(perform(pack[0]))]

        def cut() -> None:
            perform.stop()
            self.stop()

        def wind_down(seconds: float) -> int:
            self._tell_end(seconds)
            return perform.wind_down(seconds) + self._window.under_way

        executor.run(packs, done, workers=self.slots, on_stop=cut, wind_down=wind_down)

    def map(self, items: Iterable[Any], size: Callable[[Any], int], *, stop: Callable[[], None]) -> Generator[Any]:
        """What the performer makes of each item, in order. An early end stops the workers, and calls ``stop``."""

        def cut() -> None:
            stop()
            self.stop()

        for outcomes in parallel_map(self._called, packed(items, size), EACH * self._count, stop=cut):
            yield from map(value_of, outcomes)

    def _called(self, units: Units) -> tuple[UnitOutcome, ...]:
        try:
            return self.call(units)
        except Fatal as error:
            raise error.error from None

    def call(self, units: Units) -> tuple[UnitOutcome, ...]:
        """Have a worker perform a pack; waits for it. Raises :class:`JsobjError`, :class:`Fatal`.

        Where one worker after another died over it, its halves are tried: what kills them is found, and fails alone.
        """
        try:
            return self._called_once(units)
        except WorkersDied as error:
            if len(units) == 1:
                return (UnitOutcome(error=error),)
        half = len(units) // 2
        return (*self.call(units[:half]), *self.call(units[half:]))

    def _called_once(self, units: Units) -> tuple[UnitOutcome, ...]:
        worker = self._window.enter()
        if worker is None:
            raise self._ended()
        well = False
        try:
            report = self._report(units, worker)
            if report.by != worker:  # it was lost on the way: what it had begun may lie around
                self.begun_twice.extend(units)
            outcomes = self._counted(report)
            well = True
            return outcomes
        finally:
            self._window.leave(worker, well=well)

    def _report(self, units: Units, worker: str) -> Report:
        with self._lock:
            key = f"{self._run}-{next(self._numbers)}"
        future = self._client.submit(
            station.do,
            self._charge,
            Sealed.of(tuple(units)),
            key=key,
            workers=[worker],
            allow_other_workers=True,  # where this one dies
            pure=False,
        )
        self._futures.add(future)
        try:
            return _report_of(future.result())
        except BaseException as error:
            if self._over.is_set():
                raise self._ended() from error
            raise _trouble(error) from error
        finally:
            self._futures.discard(future)
            future.release()

    def _counted(self, report: Report) -> tuple[UnitOutcome, ...]:
        self._tally.moved(report.moved)
        self._tally.retried(report.retries)
        for note in report.notes:
            self._emit(Noted(note, warning=True))
        if report.fatal is not None:
            raise self._ended() if self._over.is_set() else Fatal(report.fatal)
        return report.outcomes

    def _ended(self) -> BaseException:
        if self._lost is not None:
            return Fatal(self._lost)
        return JsobjError("stopped", "the run was stopped", code=ExitCode.INTERRUPTED)

    # -- the end

    def settle(self) -> None:
        """Have every worker make sure of what it wrote. Raises :class:`JsobjError` of the first that cannot."""
        answers: Mapping[str, Any] = self._client.run(station.settle, self._run, on_error="return")
        for answer in answers.values():
            if isinstance(answer, Sealed) and isinstance(answer.open().fatal, JsobjError):
                raise answer.open().fatal

    def stop(self) -> None:
        """Abort everything, from any thread."""
        self._over.set()
        self._window.stop()
        self._tell_end(0)
        with contextlib.suppress(Exception):  # the scheduler is gone: then there is nothing to cancel
            self._in_time(lambda: self._client.cancel(list(self._futures), force=True))

    def over(self) -> None:
        """Say goodbye. Doing it again does nothing."""
        self._over.set()
        self._window.stop()
        self._tell_end(0)

    def _tell_end(self, seconds: float) -> None:
        """Tell all workers, once for each kind of end."""
        if bool(seconds) not in self._told:
            self._told.add(bool(seconds))
            self._in_time(lambda: self._client.run(station.end, self._run, seconds, on_error="ignore"))

    def _in_time(self, call: Callable[[], Any]) -> None:
        """Call it, and do not wait long: a worker may be unreachable."""

        def called() -> None:
            with contextlib.suppress(Exception):
                call()

        thread = threading.Thread(target=called, name="crew-end", daemon=True)
        thread.start()
        thread.join(_GOODBYE)

    def _slow_down(self) -> None:
        self._window.slow_down()
        _log.debug("the server is busy: %.0f packs at once", self._window.allowed)

    def _watch(self) -> None:
        """Who is there, looked at once a second; a run without any worker for long is over."""
        seen = time.monotonic()
        while not self._over.wait(_LOOK):
            try:
                workers = tuple(self._client.nthreads())
            except Exception:  # noqa: BLE001 - the scheduler is not reachable at this moment: dask tries again
                workers = ()
            if workers:
                seen = time.monotonic()
                self._window.workers_are(workers)
            elif time.monotonic() - seen > _NOBODY:
                self._lost = _gone("no worker has been there for a minute")
                self.stop()


def connected(address: str) -> Any:
    """A client of the scheduler. Raises :class:`JsobjError`: local without dask, network where nobody answers."""
    try:
        from distributed import Client
    except ImportError as error:
        sentence, hint = "dask.distributed is not installed here", "pip install 'jsobj[dask]'"
        raise JsobjError("dask-missing", sentence, code=ExitCode.LOCAL, hint=hint) from error
    for name in ("distributed", *(name for name in logging.root.manager.loggerDict if name.startswith("distributed."))):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)  # what matters of it, is said here
    where = {"scheduler_file": address} if os.path.isfile(address) else {"address": address}
    try:
        return Client(**where, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise JsobjError(
            "scheduler-unreachable",
            f"no dask scheduler answers at {address}",
            code=ExitCode.NETWORK,
            context=str(error)[:200],
            hint="the address is what the scheduler prints: tcp://HOST:8786",
        ) from error


def no_workers(address: str) -> JsobjError:
    """The error for a scheduler that has none."""
    hint = f"start some: dask worker {address}"
    return JsobjError("no-workers", f"the scheduler at {address} has no workers", code=ExitCode.NOT_FOUND, hint=hint)


def _gone(reason: str) -> JsobjError:
    return JsobjError(
        "workers-gone",
        "all dask workers are gone, or their scheduler is",
        code=ExitCode.NETWORK,
        context=reason,
        hint="start them, and run the same command again: it goes on where it stopped",
    )


@contextlib.contextmanager
def _connection(address: str) -> Iterator[Any]:
    client = connected(address)
    try:
        yield client
    finally:
        with contextlib.suppress(Exception):  # a scheduler that is gone
            client.close(timeout=_GOODBYE)


def _report_of(answer: Any) -> Report:
    """A worker's answer. Raises what came in its place."""
    if not isinstance(answer, Sealed):
        raise _trouble(answer)
    report: Report = answer.open()
    return report


def _trouble(error: BaseException) -> BaseException:
    """The error for what dask itself raised about a pack."""
    from distributed import KilledWorker

    if isinstance(error, KilledWorker):
        return WorkersDied(
            "worker-died",
            "one worker after another died while it worked on this",
            code=ExitCode.FAILURE,
            context="the system ends processes when memory runs out: look with dmesg",
            hint="run the same command again; fewer requests at once need less memory: --parallel 4",
        )
    if isinstance(error, CancelledError | OSError | TimeoutError):  # dask gives up what is on a lost connection
        return Fatal(_gone(str(error).partition("\n")[0][:200]))
    if isinstance(error, Exception):
        return Fatal(
            JsobjError(
                "workers-differ",
                "a dask worker cannot do the work of this jsobj",
                code=ExitCode.LOCAL,
                context=f"{type(error).__name__}: {error}"[:200],
                hint="install the same jsobj, and a Python of the same version, where the workers run",
            )
        )
    return error
