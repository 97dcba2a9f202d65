"""A job as commands show it, for people and for programs."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jsobj.cli.parsing.world import World
from jsobj.cli.views.times import human, iso
from jsobj.units import human_bytes, length_of

if TYPE_CHECKING:
    from jsobj.identity.settings import Settings
    from jsobj.transfer.detached.find import AnyJob
    from jsobj.transfer.detached.record import DetachedRun
    from jsobj.transfer.journal.jobs import Job

SCHEMA = "jsobj.job/1"
_PLACE = ("dialect", "bucket", "endpoint", "project")


def job_data(settings: Settings, job: AnyJob) -> dict[str, Any]:
    """What the documents about jobs say of each."""
    from jsobj.transfer.journal.jobs import command_line

    run, journals = job.run, job.journals
    key = journals[0].key if journals else None
    sources, destination = way_of(job)
    words, folder = (run.words, run.cwd) if run else (key.words, key.cwd) if key else ((), "")
    return {
        "id": job.id,
        "state": job.state,
        "verb": verb_of(job),
        "sources": list(sources),
        "destination": destination,
        **{name: getattr(key, name) or None if key else None for name in _PLACE},
        "created": iso(run.created if run else journals[0].created),
        "updated": iso(job.updated),
        "uploads": sum(len(each.uploads) for each in journals),
        "left_over": sum(len(each.leftovers) for each in journals),
        "downloads": sum(len(each.downloads) for each in journals),
        "failed": _failed(job),
        "command": command_line(words, folder, settings.cwd) if words else None,
        "detached": run is not None,
        **(_run_data(settings, run) if run else {}),
    }


def job_document(settings: Settings, job: AnyJob) -> dict[str, Any]:
    """All that is known of a job: the document ``jsobj.job/1``."""
    uploads, downloads, failures = [], [], []
    for each in job.journals:
        folder = each.key.folder
        uploads += [
            {"key": one.key, "path": one.path, "bytes": one.size, "id": one.upload_id or None, "parts": one.parts}
            for one in each.uploads
        ]
        downloads += [
            {"key": one.key, "path": str(Path(folder, one.name)), "bytes": one.size, "parts": len(one.parts)}
            for one in each.downloads
        ]
        failures += [{"item": one.item, "reference": one.reference, "message": one.message} for one in each.failures]
    under_way = {"uploads": uploads, "downloads": downloads}
    return {**job_data(settings, job), "under_way": under_way, "failures": failures}


def _run_data(settings: Settings, run: DetachedRun) -> dict[str, Any]:
    from jsobj.transfer.detached.record import log_path

    return {
        "exit_code": run.code,
        "begun": iso(run.begun),
        "ended": iso(run.ended),
        "folder": run.cwd,
        "log": str(log_path(settings.state_dir, run.id)),
        "journals": list(run.journals),
        "counts": dict(run.counts),
        "host": run.host,
        "pid": run.process.pid if run.process and run.active else None,
        "notify": run.notify or None,
    }


def verb_of(job: AnyJob) -> str:
    """``upload``, ``download``, ``copy`` ..."""
    return job.run.verb if job.run is not None else job.journals[0].key.verb


def way_of(job: AnyJob) -> tuple[Sequence[str], str | None]:
    """Sources and destination, once they are known."""
    if job.journals:
        return job.journals[0].key.sources, job.journals[0].key.destination
    assert job.run is not None
    return job.run.sources, job.run.destination or None


def idle(world: World, job: AnyJob) -> str:
    """How long ago its last run began or ended."""
    busy = job.state == "running" or (job.run is not None and job.run.active)
    return "" if busy else length_of(max(0, int(world.now().timestamp() - job.updated)))


def run_lines(settings: Settings, run: DetachedRun) -> list[tuple[str, str]]:
    """What is to be said of a detached run, line by line."""
    from jsobj.transfer.detached.record import log_path, this_host

    at = "" if run.host == this_host() else f" on {run.host}"
    return [
        ("State", f"{run.state}, pid {run.process.pid}{at}" if run.active and run.process else run.state),
        *([("Exit code", str(run.code))] if run.code is not None else []),
        ("Folder", run.cwd),
        ("Detached", human(run.created)),
        *([("Begun", human(run.begun))] if run.begun else []),
        *([("Ended", human(run.ended))] if run.ended else [("Last seen", human(run.beat))]),
        *([("Progress", progress)] if (progress := progress_of(run)) else []),
        ("Log", str(log_path(settings.state_dir, run.id))),
        *([("Notify", run.notify)] if run.notify else []),
    ]


def journal_lines(job: Job) -> list[tuple[str, str]]:
    """What is under way in a journal, and what failed."""
    key = job.key
    place = f"{key.dialect}://{key.bucket} at {key.endpoint}"
    return [
        *(("From", source) for source in key.sources),
        ("To", key.destination),
        ("Bucket", f"{place}, project {key.project}" if key.project else place),
        *(("Uploading", f"{each.path}, {human_bytes(each.size)}, {each.parts} parts sent") for each in job.uploads),
        *(("Left over", each.key) for each in job.leftovers),
        *(
            ("Downloading", f"{each.key}, {human_bytes(each.size)}, {len(each.parts)} parts fetched")
            for each in job.downloads
        ),
        *(("Failed", f"{each.item}: {each.message} [{each.reference}]") for each in job.failures),
    ]


def progress_of(run: DetachedRun) -> str:
    """``12 of 40 done, 1.2 GiB; 1 failed``, as far as it is known."""
    counts = run.counts
    if not any(counts.values()):
        return ""
    done = counts["done"] + counts["skipped"] + counts["failed"]
    parts = [f"{done} of {max(done, counts['found_items'] + counts['skipped'])} items, {human_bytes(counts['bytes'])}"]
    if counts["failed"]:
        parts.append(f"{counts['failed']} failed")
    return "; ".join(parts)


def sentence_of(run: DetachedRun) -> str:
    """``job 600b67... done (exit code 0): jsobj upload run42 s3://results/``."""
    code = f" (exit code {run.code})" if run.code is not None else ""
    return f"job {run.id} {run.state}{code}: {shlex.join(('jsobj', *run.words))}"


def few(names: Sequence[str]) -> str:
    """The first one, and how many more."""
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more" if names else ""


def way_on_terminal(world: World, others: int) -> Callable[[AnyJob], str]:
    """From and to, in what one line has left beside ``others``; which is the URL says whether it is an upload."""
    from jsobj.ui.fit import from_to, shortened

    room = world.out.columns - others

    def short(job: AnyJob) -> str:
        sources, destination = way_of(job)
        if destination is None:
            return shortened(way(job), room, world.out.cut)
        names = [Path(name).name if name.startswith("/") else name for name in sources]
        return from_to(few(names), destination, room, world.out.cut)

    return short


def way(job: AnyJob) -> str:
    """From and to, whole; before that is known, the words that were typed."""
    sources, destination = way_of(job)
    if destination is None and job.run is not None:
        return shlex.join(job.run.words)
    return f"{few(sources)} -> {destination}"


def _failed(job: AnyJob) -> int:
    if job.run is not None and job.run.counts:
        return job.run.counts["failed"]
    return sum(len(each.failures) for each in job.journals)
