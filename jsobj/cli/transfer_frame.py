"""The frame around one upload or download: progress, stores, journal; and the plan of a dry run."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jsobj.cli.parsing.stores import Stores, stores
from jsobj.cli.parsing.transfer_options import Chosen
from jsobj.cli.parsing.world import World
from jsobj.errors import ExitCode, JsobjError

if TYPE_CHECKING:
    from jsobj.store.location import Location
    from jsobj.store.objects import Store
    from jsobj.transfer.events import EventBus, Tally
    from jsobj.transfer.job import RunContext
    from jsobj.transfer.journal.journal import Journal
    from jsobj.transfer.outcomes import Result
    from jsobj.ui.progress import Progress


@dataclass(frozen=True, slots=True)
class Frame:
    """What is open while a transfer runs."""

    world: World
    chosen: Chosen
    progress: Progress
    opened: Stores
    tally: Tally
    teller: EventBus
    journals: list[Journal]  # of the runs that were begun

    def open_job(
        self,
        location: Location,
        store: Store,
        *,
        verb: str,
        sources: tuple[str, ...],
        destination: str,
        folder: str = "",
    ) -> RunContext:
        """What a run stands on, with its journal. Raises :class:`JsobjError` (local) where the job runs already."""
        from jsobj.transfer.job import JobSpec, open_job

        world, chosen = self.world, self.chosen
        spec = JobSpec(
            verb=verb,
            sources=sources,
            destination=destination,
            options=chosen.options,
            filters=chosen.filters,
            words=world.words,
            folder=folder,
            cloud=world.cloud,
            profile=world.profile,
            files_from=chosen.files_from,
            links=chosen.links,
        )
        job = open_job(
            spec,
            store.place,
            world.settings,
            open_store=lambda told: self.opened.another(location, told),
            tally=self.tally,
            emit=self.teller,
            keeps_journal=not chosen.dry_run,
        )
        self.journals.append(job.journal)
        return job

    def finish(self, result: Result) -> None:
        """Show the end; leave with its exit code."""
        self.progress.show_result()
        if result.code:
            import click

            click.get_current_context().exit(int(result.code))


@contextlib.contextmanager
def transfer_frame(world: World, chosen: Chosen, *, data_on_stdout: bool = False) -> Iterator[Frame]:
    """Everything that a transfer needs, closed again in order."""
    from jsobj.transfer.events import EventBus, Tally
    from jsobj.ui.progress import open_progress

    journals: list[Journal] = []
    tally = Tally()
    mode = "none" if chosen.dry_run else chosen.progress
    with (
        _telling_the_way_on(journals),
        open_progress(world.out, mode, tally, data_on_stdout=data_on_stdout) as progress,
    ):
        teller = EventBus(progress, tally)
        with stores(world, unsigned=chosen.unsigned, endpoint=chosen.endpoint, on_retry=teller.retried) as opened:
            yield Frame(world, chosen, progress, opened, tally, teller, journals)


@contextlib.contextmanager
def _telling_the_way_on(journals: list[Journal]) -> Iterator[None]:
    """Ctrl-C as an error with the command that continues, if the run left anything to continue with."""
    try:
        yield
    except KeyboardInterrupt as error:
        kept = [journal.id for journal in journals if journal.path is not None and journal.path.exists()]
        hint = f"run the same command again, or: jsobj jobs resume {kept[0]}" if kept else "run the same command again"
        raise JsobjError("interrupted", "stopped by Ctrl-C", code=ExitCode.INTERRUPTED, hint=hint) from error


def show_plan(world: World, decisions: Iterator[Any], as_row: Callable[[Any], dict[str, object]]) -> None:
    """The document ``jsobj.plan/1``: what would be done with each item, and why."""
    from jsobj.ui.documents import Stream
    from jsobj.ui.text import safe

    def line(row: dict[str, object]) -> str:
        texts = (str(row["action"]), str(row["item"]), str(row["destination"] or ""), str(row["reason"] or ""))
        return "\t".join(map(safe, texts)) if not world.out.on_terminal else _aligned(*map(safe, texts))

    rows = (as_row(decision) for decision in decisions)
    if not world.out.stream(Stream("jsobj.plan/1", rows, lambda row: row, line)):
        world.out.note("There is nothing to do.")


def _aligned(action: str, item: str, destination: str, reason: str) -> str:
    arrow = f" -> {destination}" if destination else ""
    return f"{action:<10} {item}{arrow}{f' ({reason})' if reason else ''}"
