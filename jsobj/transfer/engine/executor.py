"""Runs the units of a transfer on threads, or on threads that each drive a child process.

Every worker pulls: it takes a unit, performs it, and hands the outcome back. The main thread only waits, also for a
single worker, so that Ctrl-C never interrupts the decider's bookkeeping.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from jsobj.errors import JsobjError
from jsobj.transfer.engine.count import Count
from jsobj.transfer.engine.processes import Fatal, MakePerformer, Perform, ProcessPool, WorkerDied
from jsobj.transfer.engine.thread_count import Reading, ThreadCount
from jsobj.transfer.engine.work import UnitOutcome, Work

if TYPE_CHECKING:
    from jsobj.transfer.events import Tally

STOP_SECONDS = 4.0  # how long workers may take to end after a stop; Ctrl-C takes 5 s at most
_CUT_SECONDS = 0.5  # of these, for those that are cut
_POLL_SECONDS = 0.1  # how often the waiting main thread reads what children report


def run(
    work: Work[Any],
    perform: Perform,
    *,
    workers: int,
    most: int = 0,
    processes: int = 0,
    make_performer: MakePerformer | None = None,
    on_stop: Callable[[], None] = lambda: None,
    wind_down: Callable[[float], int] = lambda seconds: 0,
    quickest: Callable[[], float] = lambda: math.inf,
    tally: Tally | None = None,
) -> None:
    """Perform all of ``work`` with ``workers`` threads, or as many threads spread over ``processes`` children.

    Parameters
    ----------
    most:
        Threads that may be started where the time goes into waiting for short answers; 0 for no more than ``workers``.
    perform:
        Called with a unit from any thread; its value, or its :class:`JsobjError`, is the outcome.
    make_performer:
        Called once in each child, which is forked before any thread is started here. What it returns is called
        from several threads; a :class:`jsobj.transfer.engine.work.Performer` is also stopped and closed.
    on_stop:
        Called when the run ends early (Ctrl-C, a bug, an outcome that ends it), to abort what ``perform`` waits for.
    wind_down:
        Called again and again before that, after an interruption, with the seconds that are left: aborts what cannot
        end in them and returns how many go on. Children do that by themselves.
    quickest:
        The seconds that the server's quickest answer took to begin so far.
    tally:
        Bytes and retries that children count in their copies of it are added here, about five times a second.

    Raises
    ------
    What ``work`` raises, what ``perform`` raises beside :class:`JsobjError`, and an interruption of the main thread
    (Ctrl-C, a signal): then no unit is handed out any more, and workers get four seconds to end what they have. Another
    interruption meanwhile is raised at once.
    """
    if not processes:
        _Run(work, [perform] * workers, on_stop, wind_down, most=most, quickest=quickest).run()
        return
    assert make_performer is not None
    with ProcessPool(processes, workers, make_performer, tally) as children:

        def cut() -> None:
            on_stop()
            children.stop()

        _Run(work, children.slots, cut, children.wind_down, children).run()


class _Run:
    """One run: its threads, the first thing that went wrong, and the stop."""

    def __init__(
        self,
        work: Work[Any],
        performers: Sequence[Perform],
        on_stop: Callable[[], None],
        wind_down: Callable[[float], int],
        children: ProcessPool | None = None,
        *,
        most: int = 0,
        quickest: Callable[[], float] = lambda: math.inf,
    ) -> None:
        self._work = work
        self._on_stop = on_stop
        self._wind_down = wind_down
        self._children = children
        self._lock = threading.Lock()
        self._ending = False  # nothing that fails from now on says anything about its item
        self._stopped = False
        self._first: BaseException | None = None
        self._finished = False  # a worker found that there are no more units
        self._ended = Count()  # units, counted by the workers
        self._quickest = quickest
        self._threads = ThreadCount(len(performers), most, self._reading())
        self._surplus = 0  # threads that may end
        # Not the threads: one whose join() a signal interrupts counts as ended in Python before 3.13, and is not waited
        # for.
        self._ends: list[threading.Event] = []
        self._performers = performers

    def run(self) -> None:
        """Start all, and wait until all are done."""
        try:
            self._start(self._performers)
            self._wait(None)
        except BaseException:
            deadline = time.monotonic() + STOP_SECONDS
            try:
                self._end_softly(deadline - _CUT_SECONDS)
            finally:
                self._stop()
            self._wait(deadline)
            raise
        if self._first is not None:
            raise self._first
        if self._children is not None and not self._finished:
            raise self._children.all_gone()

    def _end_softly(self, deadline: float) -> None:
        """Hand out nothing more, and wait for those who can end what they have by the deadline."""
        self._ending = True
        self._work.stop()
        while not self._stopped and not all(ended.is_set() for ended in self._ends):
            left = deadline - time.monotonic()
            if left <= 0 or not self._wind_down(left):
                return
            time.sleep(min(left, _POLL_SECONDS))
            if self._children is not None:
                self._children.collect_reports()

    def _wait(self, deadline: float | None) -> None:
        """Until every worker has ended, or the deadline. In short steps, and so that a signal's exception comes out."""
        for ended in self._ends:
            while not ended.is_set():
                left = _POLL_SECONDS if deadline is None else min(_POLL_SECONDS, deadline - time.monotonic())
                if left <= 0:
                    return
                ended.wait(left)
                if deadline is None and not self._stopped:
                    self._adjust()
                if self._children is not None:
                    self._children.collect_reports()
                if self._stopped and deadline is None:
                    deadline = time.monotonic() + STOP_SECONDS

    def _adjust(self) -> None:
        change = self._threads.change(self._reading())
        with self._lock:
            stay = min(self._surplus, max(0, change))  # those who have not ended yet need not
            self._surplus += max(0, -change) - stay
        if change > stay:
            self._start([self._performers[0]] * (change - stay))

    def _reading(self) -> Reading:
        return Reading(time.monotonic(), time.process_time(), self._ended.total, self._quickest())

    def _may_end(self) -> bool:
        """Whether the thread that asks is one too many."""
        with self._lock:
            if not self._surplus:
                return False
            self._surplus -= 1
            return True

    def _start(self, performers: Sequence[Perform]) -> None:
        for performer in performers:
            name, ended = f"worker-{len(self._ends) + 1}", threading.Event()
            self._ends.append(ended)  # first: a signal may come while the thread begins
            threading.Thread(target=self._worker, args=(performer, ended), name=name, daemon=True).start()

    def _worker(self, perform: Perform, ended: threading.Event) -> None:
        try:
            while (unit := self._work.take()) is not None:
                try:
                    outcome = UnitOutcome(perform(unit))
                except JsobjError as error:
                    if self._ending or self._stopped:  # the error comes from the stop: drop it
                        return
                    outcome = UnitOutcome(error=error)
                self._work.done(unit, outcome)
                self._ended.add()
                if isinstance(outcome.error, WorkerDied):  # this thread has no process any more
                    return
                if self._surplus and self._may_end():
                    return
            self._finished = True
        except BaseException as error:  # noqa: BLE001 - raised again in the main thread
            with self._lock:
                self._first = self._first or (error.error if isinstance(error, Fatal) else error)
            self._stop()
        finally:
            ended.set()

    def _stop(self) -> None:
        """Take no more units and abort what is under way; once."""
        with self._lock:
            if self._stopped:
                return
            self._stopped = True
        self._work.stop()
        self._on_stop()
