"""A transfer as a command shows it: progress, the plan of a dry run, the exit code, and how to go on after Ctrl-C."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from jsobj.cli.parsing.detach import detaching
from jsobj.cli.parsing.stores import request_of, show_place
from jsobj.cli.parsing.transfer_options import Chosen
from jsobj.cli.parsing.world import World
from jsobj.errors import ExitCode, JsobjError

if TYPE_CHECKING:
    from jsobj.actions.context import Action, ActionContext, PlannedItem
    from jsobj.transfer.journal.journal import Journal
    from jsobj.transfer.outcomes import Result
    from jsobj.ui.progress import Progress

REST_DAYS = 30  # after which an unfinished job is named; nothing is taken back by itself


def perform(world: World, chosen: Chosen, prepare: Callable[[ActionContext], Action]) -> None:
    """Run an action, here or in the background, or show its plan; leave with the exit code of its result."""
    detached = detaching(
        world, detach=chosen.detach, notify=chosen.notify, dry_run=chosen.dry_run, progress=chosen.progress
    )
    with transferring(world, chosen) as (context, progress):
        action = prepare(context)
        if chosen.dry_run:
            _show_plan(world, action.plan())
        elif detached is not None:
            action.require_possible()
            detached.start(context.stores, context.to)
        else:
            finish(progress, action.run())


def finish(progress: Progress, result: Result) -> None:
    """Show how a run ended; leave with its exit code."""
    progress.show_result()
    if result.code:
        click.get_current_context().exit(int(result.code))


@contextlib.contextmanager
def transferring(
    world: World, chosen: Chosen, *, data_on_stdout: bool = False
) -> Iterator[tuple[ActionContext, Progress]]:
    """Progress, and what an action works with, closed again in order."""
    from jsobj.actions.context import action_context
    from jsobj.transfer.events import Tally
    from jsobj.ui.progress import open_progress

    journals: list[Journal] = []
    tally = Tally()
    mode = "none" if chosen.dry_run or chosen.detach else chosen.progress
    there = chosen.at_destination(world)
    with (
        _hint_after_interrupt(journals),
        open_progress(world.out, mode, tally, data_on_stdout=data_on_stdout) as progress,
        action_context(
            world.settings,
            request_of(world, unsigned=chosen.unsigned, endpoint=chosen.endpoint),
            progress if (keeper := world.called.keeper) is None else keeper.listening(progress, tally, journals),
            tally=tally,
            words=world.called.words,
            journals=journals,
            on_open=lambda place: show_place(world, place),
            to=request_of(there, endpoint=chosen.dest_endpoint) if there is not None else None,
            on_open_to=lambda place: show_place(there or world, place),
        ) as context,
    ):
        yield context, progress
    _note_resting(world)


def resting_note(count: int) -> str:
    """What is said where jobs lie around."""
    jobs = "1 unfinished job was" if count == 1 else f"{count} unfinished jobs were"
    return (
        f"{jobs} left alone for more than {REST_DAYS} days (jsobj jobs list); "
        f"to give up: jsobj jobs cancel --older-than {REST_DAYS}d"
    )


def _note_resting(world: World) -> None:
    """Say to people, once a day, that jobs lie around."""
    if world.out.as_json or world.out.quiet or not world.out.stderr.isatty():
        return
    from jsobj.identity.said_today import first_today
    from jsobj.transfer.journal.jobs import resting

    count = resting(world.settings.state_dir, (world.now() - timedelta(days=REST_DAYS)).timestamp())
    if count and first_today(world.settings, "jobs at rest"):
        world.out.note(resting_note(count))


@contextlib.contextmanager
def _hint_after_interrupt(journals: list[Journal]) -> Iterator[None]:
    """Ctrl-C as an error with the command that continues, if the run left anything to continue with."""
    try:
        yield
    except KeyboardInterrupt as error:
        kept = [journal.id for journal in journals if journal.path is not None and journal.path.exists()]
        hint = f"run the same command again, or: jsobj jobs resume {kept[0]}" if kept else "run the same command again"
        raise JsobjError("interrupted", "stopped by Ctrl-C", code=ExitCode.INTERRUPTED, hint=hint) from error


def _show_plan(world: World, items: Iterator[PlannedItem]) -> None:
    """The document ``jsobj.plan/1``."""
    from jsobj.ui.documents import Stream
    from jsobj.ui.text import safe

    def line(row: dict[str, Any]) -> str:
        texts = (row["action"], row["item"], row["destination"] or "", row["reason"] or "")
        return "\t".join(map(safe, texts)) if not world.out.on_terminal else _aligned(*map(safe, texts))

    if not world.out.stream(Stream("jsobj.plan/1", map(asdict, items), lambda row: row, line)):
        world.out.note("There is nothing to do.")


def _aligned(action: str, item: str, destination: str, reason: str) -> str:
    arrow = f" -> {destination}" if destination else ""
    return f"{action:<10} {item}{arrow}{f' ({reason})' if reason else ''}"
