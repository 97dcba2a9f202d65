"""``jsobj jobs cancel`` and ``jsobj jobs forget``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from jsobj.cli.parsing.command import command
from jsobj.cli.parsing.shell_complete import complete_jobs
from jsobj.cli.parsing.stores import request_of
from jsobj.cli.parsing.world import World
from jsobj.cli.views import jobs as views
from jsobj.errors import BadUsage, JsobjError
from jsobj.identity.command_hints import same_login
from jsobj.ui.documents import Listing
from jsobj.units import moment_ago

if TYPE_CHECKING:
    from jsobj.store.objects import Store
    from jsobj.transfer.detached.find import AnyJob
    from jsobj.transfer.journal.jobs import Job


@command("cancel")
@click.argument("job", nargs=-1, shell_complete=complete_jobs)
@click.option("--all", "every", is_flag=True, help="Every job that is not running, and not done.")
@click.option("--failed", is_flag=True, help="Every job that failed.")
@click.option("--older-than", metavar="TIME", default="", help="Every job of which nothing ran since: 30d, 2027-01-31.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--forget", is_flag=True, help="Leave the server alone: remove the journal and temporary files only.")
def cancel(world: World, job: tuple[str, ...], yes: bool, forget: bool, **kinds: Any) -> None:
    """Give jobs up: stop them, and take back what they left half-done.

    Their unfinished uploads are aborted, their temporary files removed; what was transferred completely stays. JOB is
    an id from 'jsobj jobs list', or the beginning of one. A job in the background is stopped as by Ctrl-C, within
    seconds; what runs in a terminal is stopped there. What is running is cancelled by its id only. Nothing is cancelled
    by itself, however old it is. An upload that has sent all of its parts keeps them for three minutes, since the
    server may be making the object of them (exit code 6): resume it, or cancel it then.

    \b
    Examples:
      jsobj jobs cancel 600b67
      jsobj jobs cancel --failed --older-than 7d
    """
    from jsobj.transfer.outcomes import exit_code

    found = _meant(world, job, **kinds)
    if found and not yes:
        for each in found:
            count = sum(len(one.uploads) + len(one.leftovers) + len(one.downloads) for one in each.journals)
            since = f"idle for {idle}" if (idle := views.idle(world, each)) else each.state
            destination = views.way_of(each)[1]
            what = f"{views.verb_of(each)} to {destination}" if destination else views.way(each)
            world.out.note(f"{each.id}  {what}: {count} under way, {since}")
        world.confirm(f"Cancel {len(found)} job(s)?", option="--yes")
    items, failures = [], []
    for each in found:
        try:
            items.append(_cancel(world, each, forget=forget))
        except JsobjError as error:
            if len(found) == 1:
                raise
            failures.append(error)
            world.out.failed(f"job {each.id}", error, hint=True)
    columns = {"Cancelled": "id", "Uploads aborted": "uploads", "Temporary files removed": "downloads"}
    world.out.show(Listing("jsobj.job-cancelled/1", items, columns, empty="There is no such job."))
    if failures:
        click.get_current_context().exit(int(exit_code(len(items), failures)))


def _cancel(world: World, job: AnyJob, *, forget: bool) -> dict[str, Any]:
    """Stop a job, and give its journals up; what was taken back."""
    from jsobj.transfer.detached.find import find
    from jsobj.transfer.detached.stop import stop
    from jsobj.transfer.journal.jobs import cancel as cancel_job

    state_dir = world.settings.state_dir
    if job.run is not None:
        stop(state_dir, job.run)
        job = find(state_dir, job.run.id)  # what it had under way is in its journals
    uploads = downloads = 0
    for each in job.journals:
        done = cancel_job(state_dir, each, lambda one: _open(world, one), forget=forget)
        for key in done.unsure:
            at = same_login(cloud=each.key.cloud, profile=each.key.profile)
            world.out.warn(f"an upload of {key} may have been begun: see jsobj uploads list{at}")
        uploads, downloads = uploads + done.uploads, downloads + done.downloads
    return {"id": job.id, "uploads": uploads, "downloads": downloads}


@command("forget")
@click.argument("job", nargs=-1, shell_complete=complete_jobs)
@click.option("--all", "every", is_flag=True, help="Every job that has ended.")
@click.option("--older-than", metavar="TIME", default="", help="Every job that ended before: 30d, 2027-01-31.")
def forget(world: World, job: tuple[str, ...], every: bool, older_than: str) -> None:
    """Remove the records and logs of jobs that have ended.

    JOB is an id from 'jsobj jobs list', or the beginning of one. What was transferred stays. What a job left unfinished
    stays, too, and is listed until it is gone on with or cancelled. One that was interrupted is forgotten by its id
    only.

    \b
    Examples:
      jsobj jobs forget 600b67
      jsobj jobs forget --older-than 30d
    """
    from jsobj.transfer.detached.find import find_run_id, list_runs
    from jsobj.transfer.detached.record import ENDED, remove

    if bool(job) + bool(every or older_than) != 1:
        raise BadUsage("name jobs, or give --all or --older-than", hint="jsobj jobs list shows them")
    state_dir = world.settings.state_dir
    latest = moment_ago(older_than, world.now()).timestamp() if older_than else None
    if job:
        states = {each: _state_at_rest(world, each) for each in (find_run_id(state_dir, typed) for typed in job)}
    else:
        ended = (run for run in list_runs(state_dir) if run.state in ENDED)
        states = {run.id: run.state for run in ended if latest is None or (run.ended or run.created) < latest}
    for each in states:
        remove(state_dir, each)
    items = [{"id": each, "state": state} for each, state in states.items()]
    columns = {"Forgotten": "id", "State": "state"}
    world.out.show(Listing("jsobj.job-forgotten/1", items, columns, empty="There is no such job."))


def _state_at_rest(world: World, run_id: str) -> str:
    """The state of a run that nobody works on. Raises :class:`JsobjError` (local)."""
    from jsobj.transfer.detached.record import RecordDamaged, read, require_not_active

    try:
        run = read(world.settings.state_dir, run_id)
    except RecordDamaged:
        return "damaged"
    require_not_active(run)
    return run.state


def _meant(world: World, ids: Sequence[str], *, every: bool, failed: bool, older_than: str) -> list[AnyJob]:
    """The jobs that are named, or all of a kind; a running one only by its name."""
    from jsobj.transfer.detached.find import find, list_all

    if bool(ids) + bool(every or failed or older_than) != 1 or (every and failed):
        message = "name jobs, or give --all, --failed or --older-than"
        raise BadUsage(message, hint="jsobj jobs list shows them")
    latest = moment_ago(older_than, world.now()).timestamp() if older_than else None
    if ids:
        found = {job.id: job for job in (find(world.settings.state_dir, each) for each in ids)}
        for job in found.values():
            _require_unfinished(job)
        return list(found.values())
    jobs = list_all(world.settings.state_dir, lambda what, reason: world.out.warn(f"{what}: {reason}"))
    states = {"failed"} if failed else {"failed", "interrupted", "done"}
    return [
        job
        for job in jobs
        if job.state in states
        and (job.journals or job.state == "interrupted")
        and (latest is None or job.updated < latest)
    ]


def _require_unfinished(job: AnyJob) -> None:
    """Raise :class:`JsobjError` (usage) for a job of which nothing is left to cancel."""
    if job.run is not None and job.state in {"done", "failed", "cancelled"} and not job.journals:
        raise BadUsage(f"job {job.id} is {job.state}, and left nothing to cancel", hint=f"jsobj jobs forget {job.id}")


def _open(world: World, job: Job) -> Store:
    """The store of a job, with the login of its command unless the options name another."""
    from jsobj.store.location import Location
    from jsobj.store.open import open_store

    key = job.key
    own = world if world.cloud or world.profile else replace(world, cloud=key.cloud, profile=key.profile)
    request = request_of(own, endpoint=key.endpoint if key.dialect == "s3" else "")
    return open_store(world.settings, Location(key.dialect, key.bucket), request)
