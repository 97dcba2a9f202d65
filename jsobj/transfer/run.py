"""What the runs of uploads and downloads share: the workers, the journal's end, the summary."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, TypeVar

from jsobj.errors import JsobjError
from jsobj.store.objects import Store
from jsobj.transfer.engine import executor
from jsobj.transfer.engine.ahead import Ahead
from jsobj.transfer.engine.parts_work import PartsWork
from jsobj.transfer.engine.rate_limit import Meter
from jsobj.transfer.engine.store_performer import StorePerformer
from jsobj.transfer.events import Failed, LeftOut, Noted, Skipped, Started
from jsobj.transfer.job import RunContext
from jsobj.transfer.outcomes import Result, ends_run

if TYPE_CHECKING:
    from jsobj.transfer.spread.crew import CrewRun

Decision = TypeVar("Decision")

_LOOKING = 8  # files that --dry-run compares at once


def announce(job: RunContext, source: str, destination: str) -> None:
    """Say what begins, and what the journal knows of it."""
    for notice in job.journal.notices:
        job.emit(Noted(notice))
    job.emit(Started(job.spec.verb, source, destination, job=job.journal.id, resumed=job.journal.resumed))


def run(
    job: RunContext,
    store: Store,
    work: PartsWork[Any, Any],
    performer: Callable[[Store], StorePerformer[Any]],
    flush: Callable[[], None],
    sizes: Callable[[], Iterator[int]] | None,
    *,
    local: bool = False,
    crew: AbstractContextManager[CrewRun] | None = None,
) -> Result:
    """Do all of ``work``; ``flush`` finishes what arrived last, before anything is called done.

    ``sizes``: the bytes of every item, looked at once more for the totals of a progress display; ``local``: of files.
    ``crew``: the workers that move the bytes, where that is not done here.
    """
    options, journal = job.spec.options, job.journal
    perform = performer(store)
    ahead = None
    if sizes is not None and job.tally.first_look is not None and not options.processes:  # forked before any thread
        ahead = Ahead(sizes, job.tally, job.tally.first_look, apart=local)
    state = "interrupted"  # by Ctrl-C or a signal, unless one of the lines below is reached
    try:
        if crew is not None:
            with crew as workers:
                workers.run(work, perform)
        else:
            executor.run(
                work,
                perform,
                workers=options.threads,
                most=0 if options.compress else options.most,
                processes=options.processes,
                make_performer=lambda: performer(job.open_store()),
                on_stop=perform.stop,
                wind_down=perform.wind_down,
                quickest=lambda: perform.quickest,
                tally=job.tally,
            )
        flush()
        state = "failed" if work.failures else "done"
    except JsobjError:
        state = "failed"
        raise
    finally:
        if ahead is not None:
            ahead.stop()
        perform.close()
        kept = journal.finish(state, began=state == "interrupted" or bool(job.tally.done))
        job.fingerprints.close()
        left = journal.id if kept and state != "done" else ""
        summary = job.tally.summary(job.spec.verb, interrupted=state == "interrupted", job=left)
        job.emit(summary)
    return Result.of(summary, work.failures)


def looked_at(
    job: RunContext,
    decisions: Iterator[Decision],
    performer: Callable[[Meter], Any],
    *,
    stop: Callable[[], None],
) -> Iterator[Decision]:
    """Decisions as they end for what a run looks at before it moves it; in order, and nothing is moved.

    ``stop`` is called on an early end.
    """
    from jsobj.parallel_map import parallel_map  # its thread pool loads slowly

    looker: Any = performer(meter_of(job))

    def look(decision: Any) -> Any:
        if isinstance(decision, Skipped | LeftOut | Failed):
            return decision
        item = decision.item
        try:
            reason = looker.would_skip(item)
        except JsobjError as error:
            if ends_run(error):
                raise
            return Failed(item.source, error)
        return Skipped(item.source, reason) if reason else decision

    return parallel_map(look, decisions, _LOOKING, stop=stop)


def place_of(store: Store, how: str = "") -> Callable[[str], str]:
    """The full address of a key, under which fingerprints are stored."""
    kind = f"{how} " if how else ""
    return lambda key: f"{kind}{store.place.endpoint} {store.place.url(key)}"


def meter_of(job: RunContext) -> Meter:
    """Counts bytes, and slows them down to the rate that was set; each process has its share of it."""
    rate = job.spec.options.limit_rate / max(1, job.spec.options.processes)
    return Meter(job.tally.moved, rate, by=job.tally.moved_by)
