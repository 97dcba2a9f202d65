"""What a copy works with: the journal of its job, a copier for each source, and the workers that share it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from jsobj.actions.context import ActionContext
from jsobj.actions.crew import open_all, opener
from jsobj.store.location import Location
from jsobj.store.objects import Store
from jsobj.transfer.copy.items import CopyTerms
from jsobj.transfer.copy.object_copier import ObjectCopier
from jsobj.transfer.filters import Filters
from jsobj.transfer.job import JobSpec, RunContext
from jsobj.transfer.options import Options
from jsobj.transfer.run import meter_of
from jsobj.transfer.spread.crew import Crew


def copy_job(
    context: ActionContext,
    verb: str,
    sources: Sequence[Location],
    origins: Sequence[Store],
    destination: Location,
    options: Options,
    filters: Filters,
    *,
    keeps_journal: bool = True,
) -> RunContext:
    """Open the job of a copy. ``origins``: the stores of the ``sources``. Raises :class:`JsobjError` (local, usage)."""
    into = context.to or context.stores
    # A link is a secret: no journal keeps it, and what is interrupted begins again.
    keeps_journal = keeps_journal and not any(source.signed or source.query for source in sources)
    spec = JobSpec(
        verb=verb,
        sources=tuple(origin.place.url(source.key) for origin, source in zip(origins, sources, strict=True)),
        destination=into.of(destination).place.url(destination.key),
        options=options,
        filters=filters,
        words=("cp" if verb == "copy" else "mv", *map(str, sources), str(destination)),
        origins=tuple(f"{origin.place.endpoint} {origin.place.project}" for origin in origins),
    )
    crew = _crew(context, sources, destination, options) if options.dask else None
    return context.open_job(spec, destination, dry_run=not keeps_journal, into=into, crew=crew)


def _crew(context: ActionContext, sources: Sequence[Location], destination: Location, options: Options) -> Crew:
    """Workers that open every source, and the destination."""
    openers = (
        *(opener(context.stores, source, options, context.warn) for source in sources),
        opener(context.to or context.stores, destination, options, context.warn),
    )
    return Crew(options.dask, partial(open_all, openers), options)


def copiers_of(
    context: ActionContext, job: RunContext, origins: Sequence[Store], target: Store, terms: Sequence[CopyTerms]
) -> tuple[ObjectCopier, ...]:
    """A copier for each source. Where workers share the job, no digest may need all bytes in their order here."""
    moved, tell, spread = meter_of(job), context.warn, job.crew is not None
    pairs = zip(origins, terms, strict=True)
    return tuple(ObjectCopier(origin, target, each, moved, tell, any_order=spread) for origin, each in pairs)
