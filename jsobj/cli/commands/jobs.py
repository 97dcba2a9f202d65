"""``jsobj jobs``: transfers that were interrupted, failed, or are running, from their journals."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jsobj.cli.parsing.command import Entry, Group, command
from jsobj.cli.parsing.shell_complete import completer
from jsobj.cli.parsing.stores import request_of
from jsobj.cli.parsing.world import World
from jsobj.cli.views.times import human, iso
from jsobj.cli.views.transfer import REST_DAYS, resting_note
from jsobj.errors import BadUsage, ExitCode, JsobjError
from jsobj.identity.command_hints import same_login
from jsobj.ui.documents import Listing, Record
from jsobj.units import human_bytes, length_of, moment_ago

if TYPE_CHECKING:
    from jsobj.identity.settings import Settings
    from jsobj.store.objects import Store
    from jsobj.transfer.journal.jobs import Job

_WAY = "From and to"
_OTHERS = 12 + 11 + 4 + 10 + 4 * 2  # columns of a terminal: id, state, number, time, and the gaps

group = Group(
    "jobs",
    {
        "list": Entry("jobs:list_", "List transfers that are not finished, the latest first."),
        "show": Entry("jobs:show", "Show what is under way in a job, and what failed."),
        "resume": Entry("jobs:resume", "Go on with a job: run its command again, where it was run."),
        "cancel": Entry("jobs:cancel", "Give jobs up: abort their uploads, remove their temporary files."),
        "undo": Entry("jobs_undo:undo", "Put back what a sync has replaced or deleted."),
    },
    help="List, continue and cancel interrupted transfers.\n\nA transfer that was cut goes on when the same "
    "command is run again; these commands find it, and take back what it left. What finished is not listed.",
)


@completer
def _complete(settings: Settings, ctx: click.Context, incomplete: str) -> Iterable[str]:
    """The ids, by the names of the files alone."""
    from jsobj.transfer.journal.records import job_ids

    return sorted(job_ids(settings.state_dir))


@command("list")
def list_(world: World) -> None:
    """List transfers that are not finished, the latest first."""
    from jsobj.transfer.journal.jobs import list_jobs

    found = list_jobs(world.settings.state_dir, lambda path, reason: world.out.warn(f"{path}: {reason}"))
    terminal = world.out.on_terminal
    jobs = sorted(found, key=lambda job: (-job.updated, job.id))
    columns: dict[str, str | Callable[[Job], str]] = {
        "Job": "id",
        "State": "state",
        **({} if terminal else {"Verb": "verb"}),
        _WAY: _way_on_terminal(world) if terminal else lambda job: f"{_few(job.key.sources)} -> {job.key.destination}",
        "Open" if terminal else "Under way": lambda job: str(len(job.uploads) + len(job.downloads)),
        **({"Idle": partial(_idle, world)} if terminal else {"Last seen": lambda job: human(job.updated)}),
    }
    document = Listing("jsobj.job-list/1", jobs, columns, partial(_data, world), "No job is open.", [_WAY])
    world.out.show(document)
    old = sum(job.state != "running" and world.now().timestamp() - job.updated > REST_DAYS * 86400 for job in jobs)
    if old:
        world.out.note(resting_note(old))


@command("show")
@click.argument("job", shell_complete=_complete)
def show(world: World, job: str) -> None:
    """Show what is under way in a job, and what failed.

    And the command that goes on with it.

    JOB is an id from 'jsobj jobs list', or the beginning of one.
    """
    from jsobj.transfer.journal.jobs import find_job

    found = find_job(world.settings.state_dir, job)
    data, folder = _data(world, found), found.key.folder
    place = f"{found.key.dialect}://{found.key.bucket} at {found.key.endpoint}"
    lines = [
        ("Job", found.id),
        ("State", f"{found.state}, pid {found.pid}" if found.state == "running" else found.state),
        ("Verb", found.key.verb),
        *(("From", source) for source in found.key.sources),
        ("To", found.key.destination),
        ("Bucket", f"{place}, project {found.key.project}" if found.key.project else place),
        ("Begun", human(found.created)),
        ("Last seen", human(found.updated)),
        *(("Uploading", f"{each.path}, {human_bytes(each.size)}, {each.parts} parts sent") for each in found.uploads),
        *(("Left over", each.key) for each in found.leftovers),
        *(
            ("Downloading", f"{each.key}, {human_bytes(each.size)}, {len(each.parts)} parts fetched")
            for each in found.downloads
        ),
        *(("Failed", f"{each.item}: {each.message} [{each.reference}]") for each in found.failures),
        ("Go on with", str(data["command"])),
    ]
    failures = [{"item": each.item, "reference": each.reference, "message": each.message} for each in found.failures]
    uploads = [
        {"key": each.key, "path": each.path, "bytes": each.size, "id": each.upload_id or None, "parts": each.parts}
        for each in found.uploads
    ]
    downloads = [
        {"key": each.key, "path": str(Path(folder, each.name)), "bytes": each.size, "parts": len(each.parts)}
        for each in found.downloads
    ]
    more = {"under_way": {"uploads": uploads, "downloads": downloads}, "failures": failures}
    world.out.show(Record("jsobj.job/1", {**data, **more}, lines))


@command("resume")
@click.argument("job", shell_complete=_complete)
@click.pass_context
def resume(ctx: click.Context, world: World, job: str) -> None:
    """Go on with a job: run its command again, where it was run.

    JOB is an id from 'jsobj jobs list', or the beginning of one.

    \b
    Examples:
      jsobj jobs resume 600b67
    """
    from jsobj.cli.main import call
    from jsobj.transfer.journal.jobs import command_line, find_job

    found = find_job(world.settings.state_dir, job)
    if found.key.words[:1] in {(), ("jobs",)}:
        raise JsobjError("job-without-command", f"job {found.id} was not begun by a command", code=ExitCode.USAGE)
    world.out.note(command_line(found, world.settings.cwd))
    try:
        os.chdir(found.key.cwd or ".")
    except OSError as error:
        raise JsobjError(
            "folder-gone",
            f"the folder {found.key.cwd} in which the job was begun cannot be entered",
            code=ExitCode.LOCAL,
            context=error.strerror or "",
            hint=f"give the job up: jsobj jobs cancel {found.id}",
        ) from error
    given = [word for word, is_set in (("--json", world.out.as_json), ("--quiet", world.out.quiet)) if is_set]
    ctx.exit(call(found.key.words, more=given))


@command("cancel")
@click.argument("job", nargs=-1, shell_complete=_complete)
@click.option("--all", "every", is_flag=True, help="Every job that is not running.")
@click.option("--failed", is_flag=True, help="Every job that failed.")
@click.option("--older-than", metavar="TIME", default="", help="Every job of which nothing ran since: 30d, 2027-01-31.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--forget", is_flag=True, help="Leave the server alone: remove the journal and temporary files only.")
def cancel(world: World, job: tuple[str, ...], yes: bool, forget: bool, **kinds: Any) -> None:
    """Give jobs up: abort their uploads, remove their temporary files.

    JOB is an id from 'jsobj jobs list', or the beginning of one. What was transferred completely stays. A job that is
    running is cancelled by its id only, after it was stopped. Nothing is cancelled by itself, however old it is.

    \b
    Examples:
      jsobj jobs cancel 600b67
      jsobj jobs cancel --failed --older-than 7d
    """
    from jsobj.transfer.journal.jobs import cancel as cancel_job
    from jsobj.transfer.outcomes import exit_code

    found = _meant(world, job, **kinds)
    if found and not yes:
        for each in found:
            count = len(each.uploads) + len(each.leftovers) + len(each.downloads)
            idle = _idle(world, each)
            world.out.note(f"{each.id}  {each.key.verb} to {each.key.destination}: {count} under way, idle for {idle}")
        world.confirm(f"Cancel {len(found)} job(s)?", option="--yes")
    items, failures = [], []
    for each in found:
        try:
            done = cancel_job(world.settings.state_dir, each, lambda one: _open(world, one), forget=forget)
        except JsobjError as error:
            if len(found) == 1:
                raise
            failures.append(error)
            world.out.failed(f"job {each.id}", error, hint=True)
            continue
        for key in done.unsure:
            at = same_login(cloud=each.key.cloud, profile=each.key.profile)
            world.out.warn(f"an upload of {key} may have been begun: see jsobj uploads list{at}")
        items.append({"id": each.id, "uploads": done.uploads, "downloads": done.downloads})
    columns = {"Cancelled": "id", "Uploads aborted": "uploads", "Temporary files removed": "downloads"}
    world.out.show(Listing("jsobj.job-cancelled/1", items, columns, empty="There is no such job."))
    if failures:
        click.get_current_context().exit(int(exit_code(len(items), failures)))


def _meant(world: World, ids: Sequence[str], *, every: bool, failed: bool, older_than: str) -> list[Job]:
    """The jobs that are named, or all of a kind; a running one only by its name."""
    from jsobj.transfer.journal.jobs import find_job, list_jobs

    if bool(ids) + bool(every or failed or older_than) != 1 or (every and failed):
        message = "name jobs, or give --all, --failed or --older-than"
        raise BadUsage(message, hint="jsobj jobs list shows them")
    latest = moment_ago(older_than, world.now()).timestamp() if older_than else None
    if ids:
        return [find_job(world.settings.state_dir, each) for each in dict.fromkeys(ids)]
    found = list_jobs(world.settings.state_dir, lambda path, reason: world.out.warn(f"{path}: {reason}"))
    states = {"failed"} if failed else {"failed", "interrupted", "done"}
    return [job for job in found if job.state in states and (latest is None or job.updated < latest)]


def _idle(world: World, job: Job) -> str:
    """How long ago its last run began or ended."""
    return "" if job.state == "running" else length_of(max(0, int(world.now().timestamp()) - job.updated))


def _open(world: World, job: Job) -> Store:
    """The store of a job, with the login of its command unless the options name another."""
    from jsobj.store.location import Location
    from jsobj.store.open import open_store

    key = job.key
    own = world if world.cloud or world.profile else replace(world, cloud=key.cloud, profile=key.profile)
    request = request_of(own, endpoint=key.endpoint if key.dialect == "s3" else "")
    return open_store(world.settings, Location(key.dialect, key.bucket), request)


def _data(world: World, job: Job) -> dict[str, Any]:
    from jsobj.transfer.journal.jobs import command_line

    key = job.key
    return {
        "id": job.id,
        "state": job.state,
        "verb": key.verb,
        "sources": list(key.sources),
        **{name: getattr(key, name) for name in ("destination", "dialect", "bucket", "endpoint")},
        "project": key.project or None,
        "created": iso(job.created),
        "updated": iso(job.updated),
        "uploads": len(job.uploads),
        "left_over": len(job.leftovers),
        "downloads": len(job.downloads),
        "failed": len(job.failures),
        "command": command_line(job, world.settings.cwd) if key.words else None,
    }


def _few(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more" if names else ""


def _way_on_terminal(world: World) -> Callable[[Job], str]:
    """From and to, in what one line has left; which is the URL says whether it is an upload."""
    from jsobj.ui.fit import from_to

    room = world.out.columns - _OTHERS

    def way(job: Job) -> str:
        names = [Path(name).name if name.startswith("/") else name for name in job.key.sources]
        return from_to(_few(names), job.key.destination, room, world.out.cut)

    return way
