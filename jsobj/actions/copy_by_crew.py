"""A copy whose objects are spread over the workers of a dask scheduler, each of which copies whole objects."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial

from jsobj.actions.context import ActionContext
from jsobj.actions.crew import Stores, open_all, opener
from jsobj.store.location import Location
from jsobj.store.objects import Store
from jsobj.transfer.copy import CopyItem, CopyTerms, ObjectCopier, counted
from jsobj.transfer.engine.rate_limit import Meter
from jsobj.transfer.events import Done, Failed, Skipped, Started
from jsobj.transfer.options import Options
from jsobj.transfer.outcomes import Result
from jsobj.transfer.spread.charge import Tell
from jsobj.transfer.spread.crew import Crew

Unit = tuple[int, CopyItem]  # the number of the source, and the object


def copy_by_crew(
    context: ActionContext,
    verb: str,
    ways: Sequence[tuple[Location, CopyTerms]],
    origins: Sequence[Store],
    destination: Location,
    items: Iterator[tuple[Store, CopyItem]],
    options: Options,
) -> Result:
    """Copy all ``items``. ``ways``: each source, and how its objects are copied. Raises as :meth:`Crew.at_work`."""
    tally, emit = context.tally, context.emit
    into = context.to or context.stores
    numbers = {origin.place: number for number, origin in enumerate(origins)}
    openers = (
        *(opener(context.stores, source, options, context.warn) for source, _ in ways),
        opener(into, destination, options, context.warn),
    )
    crew = Crew(options.dask, partial(open_all, openers), options)
    make = partial(_copier, tuple(terms for _, terms in ways))
    places = ", ".join(place.url() for place in numbers)
    emit(Started(verb, places, into.of(destination).place.url()))
    units = ((numbers[origin.place], item) for origin, item in items)
    with (
        crew.at_work(make, (), tally, emit) as workers,
        closing(workers.map(units, lambda unit: unit[1].remote.size, stop=context.stop)) as events,
    ):
        failures = counted(events, tally, emit)
    summary = replace(tally.summary(verb), size=tally.done_bytes)  # most bytes never passed through here
    emit(summary)
    return Result.of(summary, failures)


def _copier(
    terms: Sequence[CopyTerms], stores: Stores, moved: Meter, tell: Tell
) -> Callable[[Unit], Done | Skipped | Failed]:
    """On a worker: what copies one object. The last store is the destination's."""
    *origins, target = stores.by_name.values()
    copiers = [ObjectCopier(origin, target, each, moved, tell) for origin, each in zip(origins, terms, strict=True)]

    def copied(unit: Unit) -> Done | Skipped | Failed:
        number, item = unit
        return copiers[number](item)

    return copied
