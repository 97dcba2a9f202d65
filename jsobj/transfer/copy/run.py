"""A copy from beginning to end: objects of one store or several, into one."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING, Protocol

from jsobj.errors import JsobjError
from jsobj.store.objects import Store
from jsobj.transfer.copy.items import CopyItem, CopyTerms
from jsobj.transfer.copy.object_copier import ObjectCopier
from jsobj.transfer.copy.work import CopyWork, Way
from jsobj.transfer.copy.worker import Carrier
from jsobj.transfer.engine.rate_limit import Meter
from jsobj.transfer.events import Failed, Skipped
from jsobj.transfer.job import RunContext
from jsobj.transfer.outcomes import Result
from jsobj.transfer.run import meter_of, place_of, run
from jsobj.transfer.upload.run import sweep

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jsobj.transfer.spread.charge import Tell
    from jsobj.transfer.spread.crew import CrewRun


class Stores(Protocol):
    """What a worker has opened: the sources in their order, and the target as the last."""

    @property
    def by_name(self) -> Mapping[int, Store]:
        """Each store by its number."""
        ...


def copy_work(
    job: RunContext,
    copiers: Sequence[ObjectCopier],
    plan: Iterator[CopyItem | Failed | Skipped],
    on_done: Callable[[CopyItem, str], object] = lambda item, etag: None,
) -> CopyWork:
    """The decider. ``copiers``: one for each source, by the items' numbers; ``on_done`` gets each copy and its ETag."""
    target = copiers[0].target
    return CopyWork(
        plan=plan,
        ways=tuple(Way(copier.source.place, copier.terms.same_server) for copier in copiers),
        shown=target.place.url,
        options=job.spec.options,
        journal=job.journal,
        fingerprints=job.fingerprints,
        place=place_of(target),
        tally=job.tally,
        emit=job.emit,
        on_done=on_done,
    )


def copy_all(
    job: RunContext, copiers: Sequence[ObjectCopier], work: CopyWork, flush: Callable[[], None] = lambda: None
) -> Result:
    """Do all of it. Raises :class:`JsobjError` for a cause that ends the whole run, with the journal kept."""
    target = copiers[0].target
    sweep(job.journal, target)
    moved = meter_of(job)
    crew = copy_crew(job, tuple(copier.terms for copier in copiers))

    def swept() -> None:
        with contextlib.suppress(JsobjError):  # what this run replaced; the journal keeps it for the next run
            sweep(job.journal, target)
        flush()

    return run(job, target, work, performer=lambda own: Carrier(copiers, moved), flush=swept, sizes=None, crew=crew)


def copy_crew(job: RunContext, terms: tuple[CopyTerms, ...]) -> AbstractContextManager[CrewRun] | None:
    """The workers that copy, where that is not done here."""
    if job.crew is None:
        return None
    return job.crew.at_work(partial(_carrier, terms), (), job.tally, job.emit)


def _carrier(terms: Sequence[CopyTerms], stores: Stores, moved: Meter, tell: Tell) -> Carrier:
    """On a worker."""
    *origins, target = stores.by_name.values()
    pairs = zip(origins, terms, strict=True)
    return Carrier([ObjectCopier(origin, target, each, moved, tell) for origin, each in pairs], moved)
