"""``jsobj jobs``: transfers in the background, and those that were interrupted or failed; list and show."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import click

from jsobj.cli.parsing.command import Entry, Group, command
from jsobj.cli.parsing.shell_complete import complete_jobs
from jsobj.cli.parsing.world import World
from jsobj.cli.views import jobs as views
from jsobj.cli.views.times import human
from jsobj.cli.views.transfer import REST_DAYS, resting_note
from jsobj.ui.documents import Listing, Record

if TYPE_CHECKING:
    from jsobj.transfer.detached.find import AnyJob

_WAY = "From and to"
_OTHERS = 12 + 11 + 4 + 10 + 4 * 2  # columns of a terminal: id, state, number, time, and the gaps

group = Group(
    "jobs",
    {
        "list": Entry("jobs:list_", "List transfers in the background, and those that were cut."),
        "show": Entry("jobs:show", "Show how far a job is, what is under way in it, and what failed."),
        "logs": Entry("jobs_follow:logs", "Show what a job in the background has said."),
        "wait": Entry("jobs_follow:wait", "Wait until jobs in the background end; leave with their exit code."),
        "resume": Entry("jobs_resume:resume", "Go on with a job: run its command again, where it was run."),
        "cancel": Entry("jobs_end:cancel", "Give jobs up: stop them, and take back what they left half-done."),
        "forget": Entry("jobs_end:forget", "Remove the records and logs of jobs that have ended."),
        "undo": Entry("jobs_undo:undo", "Put back what a sync has replaced or deleted."),
    },
    help="See, await, continue, cancel: transfers in the background, or cut.\n\nA transfer that was cut goes on when "
    "the same command is run again; these commands find it, and take back what it left. What was begun in a terminal "
    "and is finished is not listed.",
)


@command("list")
def list_(world: World) -> None:
    """List transfers in the background, and those that were cut.

    The latest first.
    """
    from jsobj.transfer.detached.find import list_all
    from jsobj.transfer.detached.record import ENDED

    jobs = list_all(world.settings.state_dir, lambda what, reason: world.out.warn(f"{what}: {reason}"))
    terminal = world.out.on_terminal
    columns: dict[str, str | Callable[[AnyJob], str]] = {
        "Job": "id",
        "State": "state",
        **({} if terminal else {"Verb": "verb"}),
        _WAY: views.way_on_terminal(world, _OTHERS) if terminal else views.way,
        "Open" if terminal else "Under way": lambda job: str(_open(job)),
        **({"Idle": partial(views.idle, world)} if terminal else {"Last seen": lambda job: human(job.updated)}),
    }
    data = partial(views.job_data, world.settings)
    world.out.show(Listing("jsobj.job-list/1", jobs, columns, data, "No job is open.", [_WAY]))
    rested = [job for job in jobs if world.now().timestamp() - job.updated > REST_DAYS * 86400]
    if unfinished := sum(job.state in {"interrupted", "failed"} and bool(job.journals) for job in rested):
        world.out.note(resting_note(unfinished))
    if ended := sum(job.state in ENDED and not job.journals for job in rested):
        older = f"{REST_DAYS} days ago; to forget: jsobj jobs forget --older-than {REST_DAYS}d"
        world.out.note(f"{ended} ended more than {older}")


@command("show")
@click.argument("job", shell_complete=complete_jobs)
def show(world: World, job: str) -> None:
    """Show how far a job is, what is under way in it, and what failed.

    And the command that goes on with it.

    JOB is an id from 'jsobj jobs list', or the beginning of one.
    """
    from jsobj.transfer.detached.find import find

    found = find(world.settings.state_dir, job)
    data = views.job_document(world.settings, found)
    lines = [("Job", found.id)]
    if found.run is not None:
        lines += [("Command", str(data["command"])), *views.run_lines(world.settings, found.run)]
    for each in found.journals:
        if found.run is None:
            lines += [
                ("State", f"{each.state}, pid {each.pid}" if each.state == "running" else each.state),
                ("Verb", each.key.verb),
                ("Begun", human(each.created)),
                ("Last seen", human(each.updated)),
            ]
        lines += views.journal_lines(each)
    resumes = found.run is not None and found.state in {"interrupted", "failed"}
    if resumes or found.run is None:
        lines.append(("Go on with", f"jsobj jobs resume {found.id}" if resumes else str(data["command"])))
    world.out.show(Record(views.SCHEMA, data, lines))


def _open(job: AnyJob) -> int:
    return sum(len(each.uploads) + len(each.downloads) for each in job.journals)
