"""The journals of this user: jobs that run, jobs that were interrupted, and cancelling them."""

from __future__ import annotations

import contextlib
import math
import os
import shlex
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jsobj.errors import BucketNotFound, ExitCode, JsobjError
from jsobj.locks import is_locked
from jsobj.store.objects import Store
from jsobj.store.values import StorePlace, Upload
from jsobj.transfer.journal import database
from jsobj.transfer.journal.database import JobLock, Unusable, translate_errors
from jsobj.transfer.journal.records import (
    DOWNLOADS,
    LEFTOVERS,
    UPLOADS,
    DownloadRecord,
    Failure,
    JobKey,
    LeftoverUpload,
    UploadRecord,
    jobs_folder,
    no_such,
    record,
    require_readable,
)

if TYPE_CHECKING:
    import sqlite3

_MAKING = 180.0  # seconds that a server may take to make an object of its parts, after whoever asked for it has gone
_FAILURES = "SELECT item, reference, message FROM failures ORDER BY number"


@dataclass(frozen=True, slots=True)
class Job:
    """A journal as it was read. Times in seconds since 1970. ``state``: running, interrupted, failed or done."""

    id: str
    key: JobKey
    state: str
    pid: int
    created: int
    updated: int
    uploads: tuple[UploadRecord, ...] = ()
    leftovers: tuple[LeftoverUpload, ...] = ()
    downloads: tuple[DownloadRecord, ...] = ()
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What was taken back. ``unsure``: keys of which an upload may have been begun whose id was never known."""

    uploads: int
    downloads: int
    unsure: tuple[str, ...] = ()


def list_jobs(state_dir: Path, unreadable: Callable[[Path, str], None]) -> Iterator[Job]:
    """Every job, in no order. ``unreadable`` is called with each file that is not a journal, and why."""
    folder = jobs_folder(state_dir)
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            path = folder / entry.name
            if path.suffix == ".lock":
                _sweep(path)
            elif path.suffix == ".db":
                try:
                    job = _read(path)
                except Unusable as reason:
                    unreadable(path, str(reason))
                else:
                    if job is not None:
                        yield job


def claimed_temps(state_dir: Path) -> frozenset[str] | None:
    """The names of the temporary files that runs to come count on; None where a journal cannot be read."""
    unreadable: list[Path] = []
    names = frozenset(
        download.temp
        for job in list_jobs(state_dir, lambda path, _: unreadable.append(path))
        for download in job.downloads
    )
    return None if unreadable else names


def find_job(state_dir: Path, job_id: str) -> Job:
    """One job by its id. Raises :class:`JsobjError`: not found, local (damaged)."""
    path = jobs_folder(state_dir) / f"{job_id}.db"
    try:
        job = _read(path)
    except Unusable as reason:
        raise JsobjError(
            "journal-damaged",
            f"the journal {path} cannot be used: {reason}",
            code=ExitCode.LOCAL,
            hint="run the command that it belongs to again: it starts over, and sets the file aside",
        ) from reason
    return job or no_such(job_id)


def cancel(state_dir: Path, job: Job, open_store: Callable[[Job], Store], *, forget: bool = False) -> Cancelled:
    """Abort the job's uploads on the server, remove its temporary files, and then the journal.

    ``forget``: leave the server alone. Raises :class:`JsobjError`: local (``job-in-progress``), refused where the
    server may be making an object of the parts, and the store's; the journal is kept then.
    """
    path = jobs_folder(state_dir) / f"{job.id}.db"
    with translate_errors(path):
        lock = JobLock.take(path.with_suffix(".lock"))
    removed = False
    try:
        found = find_job(state_dir, job.id)  # read again: from here on no other process changes it
        known = (LeftoverUpload(each.key, each.upload_id) for each in found.uploads if each.upload_id)
        begun = {*found.leftovers, *known}
        if begun and not forget:
            _require_none_completing(found, path)
            _abort(found, begun, open_store)
        count = sum(_discard(found.key.folder, download) for download in found.downloads)
        with translate_errors(path):
            database.remove(path)
        removed = True
    finally:
        lock.release(remove=removed)
    unsure = tuple(each.key for each in found.uploads if not each.upload_id)
    return Cancelled(0 if forget else len(begun), count, unsure)


def command_line(words: Sequence[str], folder: str, cwd: Path) -> str:
    """The command to run in ``cwd`` to continue a job that was begun in ``folder`` with these words."""
    command = shlex.join(("jsobj", *words))
    return command if folder in {"", str(cwd)} else f"cd {shlex.quote(folder)} && {command}"


def _require_none_completing(job: Job, path: Path) -> None:
    """Raise refused where all parts of an object were sent a moment ago.

    The server may have been told to make the object, and goes on when nobody waits: it would come to be without parts.
    """
    left = _MAKING - (time.time() - max(job.updated, path.stat().st_mtime))
    whole = [each for each in job.uploads if each.upload_id and 0 < each.size <= each.parts * each.part_size]
    if whole and left > 0:
        raise JsobjError(
            "upload-completing",
            f"all parts of '{whole[0].key}' were sent a moment ago, and the server may be making the object of them",
            code=ExitCode.REFUSED,
            hint=f"wait {math.ceil(left)} s and do it again, or finish it: jsobj jobs resume {job.id}",
        )


def _abort(job: Job, begun: Iterable[LeftoverUpload], open_store: Callable[[Job], Store]) -> None:
    store = open_store(job)
    with contextlib.closing(store):
        _require_same_place(job, store.place)
        with contextlib.suppress(BucketNotFound):  # its uploads went with it
            for each in begun:
                store.abort(Upload(each.key, each.upload_id))


def _require_same_place(job: Job, place: StorePlace) -> None:
    """An upload's id means nothing at another endpoint; and in another project it may not be ours."""
    key = job.key
    wanted = (key.dialect, key.bucket, key.endpoint, key.project)
    if (place.dialect, place.bucket, place.endpoint, place.project) != wanted:
        where = f"{key.dialect}://{key.bucket} at {key.endpoint}" + (f", project {key.project}" if key.project else "")
        raise JsobjError(
            "job-elsewhere",
            f"job {job.id} is of {where}, and the login in use leads to another place",
            code=ExitCode.AUTH,
            context=f"{place.url()} at {place.endpoint}" + (f", project {place.project}" if place.project else ""),
            hint=f"name the login: jsobj jobs cancel {job.id} --cloud NAME (or --profile NAME); or --forget",
        )


def _discard(folder: str, download: DownloadRecord) -> bool:
    """Remove a temporary file; whether it was there. Nothing outside of ``folder`` is ever touched."""
    from jsobj.transfer.download.target_folder import TargetFolder

    if not os.path.isdir(folder):
        return False
    with contextlib.closing(TargetFolder(folder)) as target:
        temp = target.reopen(tuple(download.name.split("/")), download.temp)
        if temp is not None:
            temp.discard()
    return temp is not None


def _read(path: Path) -> Job | None:
    """A journal, also one that another process is writing; None for one that nothing was written to yet.

    Raises :class:`Unusable`.
    """
    import sqlite3

    with translate_errors(path):
        connection = database.open_existing(path)
    if connection is None:
        return None
    with contextlib.closing(connection):
        try:
            connection.execute("BEGIN")  # one moment of it, whatever its owner does meanwhile
            return _job(path, connection)
        except (sqlite3.Error, ValueError, TypeError) as error:
            raise Unusable(f"it is damaged ({error})") from error


def _job(path: Path, connection: sqlite3.Connection) -> Job:
    row = connection.execute("SELECT what, state, pid, created, updated FROM job").fetchone()
    if row is None:
        raise ValueError("no job is in it")
    what, state, pid, created, updated = row
    key = JobKey.of_json(what)
    if key.id != path.stem:
        raise ValueError("it is that of another job")
    require_readable(connection)
    parts: dict[tuple[bytes, bytes], dict[int, str]] = {}
    for owner, name, number, md5 in connection.execute("SELECT key, name, number, md5 FROM download_parts"):
        parts.setdefault((owner, name), {})[number] = md5.hex()
    return Job(
        id=path.stem,
        key=key,
        state="interrupted" if state == "running" and not _running(path.with_suffix(".lock")) else state,
        pid=pid,
        created=created,
        updated=updated,
        uploads=tuple(record(UploadRecord, each) for each in connection.execute(UPLOADS)),
        leftovers=tuple(record(LeftoverUpload, each) for each in connection.execute(LEFTOVERS)),
        downloads=tuple(
            record(DownloadRecord, each, parts=parts.get(each[:2], {})) for each in connection.execute(DOWNLOADS)
        ),
        failures=tuple(record(Failure, each) for each in connection.execute(_FAILURES)),
    )


def _running(lock: Path) -> bool:
    """Whether a process has the lock."""
    with contextlib.suppress(OSError):
        descriptor = os.open(lock, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            return is_locked(descriptor)
        finally:
            os.close(descriptor)
    return False


def _sweep(lock: Path) -> None:
    """Remove the lock file of a killed run that kept no journal."""
    if not lock.with_suffix(".db").exists():
        with contextlib.suppress(OSError, JsobjError):
            JobLock.take(lock).release(remove=True)


def resting(state_dir: Path, since: float) -> int:
    """How many journals nothing was written to after ``since``, by the times of their files alone: it is cheap."""
    count = 0
    with contextlib.suppress(OSError), os.scandir(jobs_folder(state_dir)) as entries:
        for entry in entries:
            count += entry.name.endswith(".db") and entry.stat(follow_symlinks=False).st_mtime < since
    return count
