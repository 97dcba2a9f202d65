"""What every action works with, and what it is before it runs: something to do, and a plan to look at."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jsobj.actions.crew import crew_of
from jsobj.actions.stores import BucketStores, ignore
from jsobj.store.open import StoreRequest
from jsobj.transfer.events import EventBus, Failed, LeftOut, Listener, Noted, Skipped, Tally
from jsobj.transfer.job import JobSpec, RunContext, open_job

if TYPE_CHECKING:
    from jsobj.identity.settings import Settings
    from jsobj.store.location import Location
    from jsobj.store.values import StorePlace
    from jsobj.transfer.journal.journal import Journal
    from jsobj.transfer.outcomes import Result
    from jsobj.transfer.spread.crew import Crew


@dataclass(frozen=True, slots=True)
class ActionContext:
    """Open stores, counters and a listener. ``words``: the command line that a journal keeps.

    ``journals`` are those of the runs that were begun. ``to``: the stores of another login, which a copy writes to.
    """

    stores: BucketStores
    tally: Tally
    emit: EventBus
    words: tuple[str, ...]
    journals: list[Journal]
    to: BucketStores | None = None

    def stop(self) -> None:
        """Cut all connections, from any thread."""
        self.stores.stop()
        if self.to is not None:
            self.to.stop()

    def clear_up(self) -> None:
        """After :meth:`stop`: abort the uploads that were under way, and tell which could not be."""
        for stores in (self.stores, self.to):
            for store in stores or ():
                for upload in store.clear_up():
                    place = store.place
                    listed = f"jsobj uploads list {shlex.quote(place.url())}{place.at}"
                    if store.may_complete(upload):
                        text = f"the server may still make {place.url(upload.key)} of the parts that it has"
                        listed = f"look in a few minutes: {listed}"
                    else:
                        text = f"the unfinished upload of {place.url(upload.key)} could not be aborted"
                        listed = f"to see it: {listed}"
                    self.emit(Noted(f"{text}; {listed}", warning=True))

    def warn(self, text: str) -> None:
        """Say what affects the result."""
        self.emit(Noted(text, warning=True))

    def open_job(
        self,
        spec: JobSpec,
        location: Location,
        *,
        dry_run: bool = False,
        into: BucketStores | None = None,
        crew: Crew | None = None,
    ) -> RunContext:
        """Open the job's journal; a dry run keeps none. ``into``: the stores of what is written to, for a copy.

        Raises :class:`JsobjError` (local) where the job is running.
        """
        stores = into or self.stores
        spec = replace(spec, words=self.words or spec.words, cloud=stores.request.cloud, profile=stores.request.profile)
        job = open_job(
            spec,
            stores.of(location).place,
            stores.settings,
            open_store=lambda on_retry: stores.another(location, on_retry),
            tally=self.tally,
            emit=self.emit,
            keeps_journal=not dry_run,
            crew=crew or (crew_of(stores, location, spec.options, self.warn) if not (dry_run or into) else None),
        )
        self.journals.append(job.journal)
        return job


@contextlib.contextmanager
def action_context(
    settings: Settings,
    request: StoreRequest,
    listener: Listener,
    *,
    tally: Tally | None = None,
    words: tuple[str, ...] = (),
    journals: list[Journal] | None = None,
    on_open: Callable[[StorePlace], None] = ignore,
    to: StoreRequest | None = None,
    on_open_to: Callable[[StorePlace], None] = ignore,
) -> Iterator[ActionContext]:
    """Everything that an action works with, closed at the end. ``on_open`` is called with each store's place.

    ``to``: the login of what a copy writes to, where it is another one.
    """
    tally = tally or Tally()
    emit = EventBus(listener, tally)
    with contextlib.ExitStack() as stack:
        opened = BucketStores(settings, request, on_retry=emit.retried, on_open=on_open)
        stores, others = stack.enter_context(opened), None
        if to is not None:
            others = stack.enter_context(BucketStores(settings, to, on_retry=emit.retried, on_open=on_open_to))
        context = ActionContext(stores, tally, emit, words, [] if journals is None else journals, others)
        try:
            yield context
        except BaseException as error:
            if not isinstance(error, Exception):  # Ctrl-C, a signal
                context.stop()
            context.clear_up()  # also where an error ended the run while other uploads were under way
            raise
        context.clear_up()


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """What would be done with one item, and why. ``destination`` and ``size`` are None where nothing would."""

    action: str
    item: str
    destination: str | None = None
    size: int | None = None
    reason: str | None = None

    @classmethod
    def not_done(cls, decision: Skipped | LeftOut | Failed) -> PlannedItem:
        """An item that is skipped, left out or refused."""
        if isinstance(decision, LeftOut):
            return cls("leave-out", decision.item, reason=decision.reason)
        if isinstance(decision, Skipped):
            return cls("skip", decision.item, reason=decision.reason)
        return cls("refuse", decision.item, reason=decision.error.message)


@dataclass(frozen=True, slots=True)
class Action:
    """An action whose arguments were checked. ``run`` does it; ``plan`` shows what it would do, and does nothing.

    ``look``: what can be told at once, before the action goes on where nobody sees its errors: whether the buckets are
    there, and the sources. Without it, the first item of the plan tells.
    """

    run: Callable[[], Result]
    plan: Callable[[], Iterator[PlannedItem]]
    look: Callable[[], None] | None = None

    def require_possible(self) -> None:
        """Raise :class:`JsobjError` for what would end it at its beginning."""
        if self.look is not None:
            self.look()
        else:
            next(self.plan(), None)
