"""What the user calls a job: a detached run, a journal, or a run with the journals that it opened."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from jsobj.errors import ExitCode, JsobjError
from jsobj.transfer.detached.record import DetachedRun, read, run_ids
from jsobj.transfer.journal.jobs import Job, find_job, list_jobs
from jsobj.transfer.journal.records import job_ids, no_such


@dataclass(frozen=True, slots=True)
class AnyJob:
    """A detached run, or None for what was begun in a terminal or a program; and journals of work that remains."""

    run: DetachedRun | None
    journals: tuple[Job, ...] = ()

    @property
    def id(self) -> str:
        """The run's, else the journal's."""
        return self.run.id if self.run is not None else self.journals[0].id

    @property
    def state(self) -> str:
        """Running, interrupted, failed or done; of a detached run also queued, cancelling or cancelled."""
        return self.run.state if self.run is not None else self.journals[0].state

    @property
    def updated(self) -> float:
        """When anything was last known of it."""
        times = [journal.updated for journal in self.journals]
        return max([*times, self.run.ended or self.run.beat]) if self.run is not None else max(times)


def list_all(state_dir: Path, unreadable: Callable[[str, str], None]) -> list[AnyJob]:
    """Every job, the latest first. ``unreadable`` is called with each file that cannot be used, and why."""
    journals = {job.id: job for job in list_jobs(state_dir, lambda path, reason: unreadable(str(path), reason))}
    found = []
    for run in list_runs(state_dir, unreadable):
        own = tuple(journals.pop(each) for each in run.journals if each in journals)
        found.append(AnyJob(run, own))
    found += (AnyJob(None, (job,)) for job in journals.values())
    return sorted(found, key=lambda job: (-int(job.updated), job.id))


def find(state_dir: Path, typed: str) -> AnyJob:
    """One job by its id, by that of its journal, or by the beginning of either.

    Raises :class:`JsobjError`: not found, usage (several begin so), local (damaged).
    """
    run_id, journal_id = _match(state_dir, typed)
    run = read(state_dir, run_id) if run_id else _owner(state_dir, journal_id)
    if run is None:
        return AnyJob(None, (find_job(state_dir, journal_id),))
    newer = {each for other in list_runs(state_dir) if other.created > run.created for each in other.journals}
    return AnyJob(run, tuple(_journals(state_dir, (each for each in run.journals if each not in newer))))


def find_run(state_dir: Path, typed: str) -> DetachedRun:
    """A detached run, as :func:`find` does; its journals are not read.

    Raises :class:`JsobjError`, also usage where the job was not detached.
    """
    return read(state_dir, find_run_id(state_dir, typed))


def find_run_id(state_dir: Path, typed: str) -> str:
    """Its id; the record need not be readable."""
    run_id, journal_id = _match(state_dir, typed)
    owner = _owner(state_dir, journal_id) if journal_id else None
    if not run_id and owner is None:
        raise JsobjError(
            "job-not-detached",
            f"job {journal_id} was not begun with --detach",
            code=ExitCode.USAGE,
            hint=f"jsobj jobs show {journal_id}",
        )
    return run_id or (owner.id if owner else "")


def _match(state_dir: Path, typed: str) -> tuple[str, str]:
    """The run's id, or the journal's, that begins as typed."""
    # Compared as texts, not as a pattern of file names: what was typed stays a text.
    runs = [name for name in run_ids(state_dir) if typed and name.startswith(typed)]
    journals = [name for name in job_ids(state_dir) if typed and name.startswith(typed)]
    if len(runs) + len(journals) > 1:
        raise JsobjError(
            "job-ambiguous",
            f"{len(runs) + len(journals)} jobs have ids that begin with '{typed}'",
            code=ExitCode.USAGE,
            hint="write more of it: jsobj jobs list",
        )
    if not runs and not journals:
        no_such(typed)
    return "".join(runs), "".join(journals)


def _journals(state_dir: Path, ids: Iterable[str]) -> Iterator[Job]:
    """Those that are there: what is done leaves none, and a run that has just begun has written none yet."""
    for each in ids:
        try:
            yield find_job(state_dir, each)
        except JsobjError as error:
            if error.code is not ExitCode.NOT_FOUND:
                raise


def _owner(state_dir: Path, journal_id: str) -> DetachedRun | None:
    """The latest run that opened a journal."""
    return next((run for run in list_runs(state_dir) if journal_id in run.journals), None)


def list_runs(state_dir: Path, unreadable: Callable[[str, str], None] = lambda *_: None) -> Iterator[DetachedRun]:
    """All that can be read, the latest first."""
    found = []
    for run_id in run_ids(state_dir):
        try:
            found.append(read(state_dir, run_id))
        except JsobjError as error:
            if error.code is not ExitCode.NOT_FOUND:  # forgotten meanwhile
                unreadable(error.message, error.context)
    yield from sorted(found, key=lambda run: (-run.created, run.id))
