"""Running a transfer from beginning to end: plan, journal, workers, summary."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from jsobj.errors import ExitCode, JsobjError
from jsobj.store.objects import Listed, Store, Upload
from jsobj.transfer.download.target_folder import TargetFolder
from jsobj.transfer.download.work import DownloadWork
from jsobj.transfer.download.worker import Receiver
from jsobj.transfer.engine import executor
from jsobj.transfer.engine.rate_limit import Meter, RateLimit
from jsobj.transfer.events import Listener, Noted, Started, Summary, Tally
from jsobj.transfer.filters import Filters
from jsobj.transfer.fingerprints import Fingerprints
from jsobj.transfer.journal.journal import Journal
from jsobj.transfer.options import Options
from jsobj.transfer.outcomes import exit_code
from jsobj.transfer.scan import LocalFile, Passed, walk
from jsobj.transfer.targets import DownloadTarget, UploadSource
from jsobj.transfer.upload.work import Planning, UploadWork, merged
from jsobj.transfer.upload.worker import Sender, Sending
from jsobj.transfer.zarr_leftovers import Leftovers, files_left, told

_RATE_EACH = 1024 * 1024  # bytes a second for each worker: one that crawls would look stalled to the server
_SQUEEZERS = 4  # workers at most where files are compressed


def _nothing() -> None:
    """Nothing to flush."""


@dataclass(frozen=True, slots=True)
class Result:
    """How a run ended. ``code`` 0 only where everything that was asked for is done and verified or told."""

    summary: Summary
    code: ExitCode
    failures: tuple[JsobjError, ...] = ()


@dataclass(frozen=True, slots=True)
class Setting:
    """What a run needs. ``open_store`` makes a store of its own for each process; ``tell`` is an :class:`EventBus`."""

    open_store: Callable[[], Store]
    options: Options
    filters: Filters
    journal: Journal
    fingerprints: Fingerprints
    tally: Tally
    tell: Listener


def upload_work(
    setting: Setting, store: Store, sources: Sequence[UploadSource], plan: Iterator[Planning]
) -> UploadWork:
    """The decider of an upload. ``--dry-run`` asks it for its decisions, and no more."""
    return UploadWork(
        plan=plan,
        options=setting.options,
        journal=setting.journal,
        fingerprints=setting.fingerprints,
        place=_place(store, setting.options.compress),
        tally=setting.tally,
        emit=setting.tell,
        several=len(sources) > 1,
    )


def upload(setting: Setting, store: Store, sources: Sequence[UploadSource], plan: Iterator[Planning]) -> Result:
    """Send files. Raises :class:`JsobjError` for a cause that ends the whole run, with the journal kept."""
    _sweep(setting.journal, store)
    moved = _meter(setting)
    return _run(
        "upload",
        setting,
        store,
        upload_work(setting, store, sources, plan),
        performer=lambda own: Sender(own, setting.options, moved),
        named=(" ".join(source.path for source in sources), store.place.url()),
        flush=lambda: _sweep_what_this_run_replaced(setting.journal, store),
    )


def _sweep(journal: Journal, store: Store) -> None:
    """Abort the uploads that no run will go on with."""
    for leftover in journal.leftovers():
        store.abort(Upload(leftover.key, leftover.upload_id))
        journal.leftover_gone(leftover)


def _sweep_what_this_run_replaced(journal: Journal, store: Store) -> None:
    """An upload that seemed gone and was begun anew. What cannot be aborted now stays in the journal, for the next."""
    with contextlib.suppress(JsobjError):
        _sweep(journal, store)


def _place(store: Store, how: str = "") -> Callable[[str], str]:
    """The whole address of a key, under which fingerprints are remembered."""
    said = f"{how} " if how else ""
    return lambda key: f"{said}{store.place.endpoint} {store.place.url(key)}"


def plan_upload(
    store: Store, sources: Sequence[UploadSource], filters: Filters, *, follow_links: bool = False
) -> Iterator[Planning]:
    """Every file with what is there already under its key."""
    for source in sources:
        found = walk([source.path], filters=filters, follow_symlinks=follow_links)
        if source.exact:
            yield from _single(store, found, source.exact)
        else:
            stays = Leftovers(source.path, source.prefix)
            yield from merged(found, iter(store.list(source.prefix)), source.prefix, stays, store.place.url)


def plan_listed(store: Store, files: Iterable[LocalFile | Passed], prefix: str) -> Iterator[Planning]:
    """The files of a list, which come in any order: sorted by their names, of which memory holds all."""
    found = sorted(files, key=lambda file: file.relative)
    return merged(found, iter(store.list(prefix)), prefix)


def _single(store: Store, found: Iterator[LocalFile | Passed], key: str) -> Iterator[Planning]:
    for file in found:
        if isinstance(file, Passed):
            yield file
        else:
            first = next(iter(store.list(key)), None)  # the key itself comes before all that begin with it
            yield Sending(file, key, first if first is not None and first.key == key else None)


def download_work(setting: Setting, store: Store, target: DownloadTarget, landing: TargetFolder) -> DownloadWork:
    """The decider of a download. ``--dry-run`` asks it for its decisions, and no more."""
    return DownloadWork(
        listing=plan_download(store, target),
        prefix=target.cut,
        options=setting.options,
        filters=setting.filters,
        landing=landing,
        journal=setting.journal,
        fingerprints=setting.fingerprints,
        place=_place(store, "raw" if setting.options.raw else ""),
        tally=setting.tally,
        emit=setting.tell,
        single=(target.file,) if target.file else (),
    )


def download(setting: Setting, store: Store, target: DownloadTarget, landing: TargetFolder) -> Result:
    """Fetch objects. Raises :class:`JsobjError` for a cause that ends the whole run, with the journal kept."""
    moved = _meter(setting)
    # Single objects and those of a pattern are not the whole of a Zarr, and --windows-safe gives files other names.
    whole = not target.file and target.pattern is None and not setting.options.windows_safe
    before = whole and _has_entries(target.folder)
    work = download_work(setting, store, target, landing)

    def flush() -> None:
        landing.sync()
        if before and work.zarrs:
            _tell_left(setting, store, target, work.zarrs)

    return _run(
        "download",
        setting,
        store,
        work,
        performer=lambda own: Receiver(own, landing, setting.options, moved),
        named=(store.place.url(target.prefix), target.folder),
        flush=flush,
    )


def _tell_left(setting: Setting, store: Store, target: DownloadTarget, zarrs: Collection[str]) -> None:
    try:
        left = list(files_left(target.folder, zarrs, store.list, target.prefix))
    except JsobjError as error:  # everything has arrived: a second listing that fails must not make that a failure
        text = f"what an older Zarr may have left in {target.folder} is not known: {error.message}"
        setting.tell(Noted(text, warning=True))
        return
    if left:
        setting.tell(told(len(left), "file", "object", left[0]))


def _has_entries(folder: str) -> bool:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        return any(entries)
    return False


def plan_download(store: Store, target: DownloadTarget) -> Iterator[Listed]:
    """The objects meant."""
    if target.file:
        info = store.head(target.prefix)
        yield Listed(info.key, info.size, info.etag, info.modified)
        return
    found = store.list(target.prefix)
    if target.pattern is None:
        yield from found
    else:
        yield from (item for item in found if target.pattern.fullmatch(item.key))


def _meter(setting: Setting) -> Meter:
    """Counts bytes, and holds them back where a rate was set, of which each process has its share."""
    rate = setting.options.limit_rate / max(1, setting.options.processes)
    return Meter(setting.tally.moved, RateLimit(rate) if rate else None)


def _run(
    verb: str,
    setting: Setting,
    store: Store,
    work: Any,
    *,
    performer: Callable[[Store], Sender | Receiver],
    named: tuple[str, str],
    flush: Callable[[], None] = _nothing,
) -> Result:
    """``flush`` makes what arrived last, before anything is called done."""
    tally, journal, tell = setting.tally, setting.journal, setting.tell
    for notice in journal.notices:
        tell(Noted(notice))
    tell(Started(verb, *named, job=journal.id, resumed=journal.resumed))
    perform = performer(store)
    interrupted, ended = False, False
    try:
        executor.run(
            work,
            perform,
            workers=_workers(setting.options),
            most=0 if setting.options.compress or setting.options.limit_rate else setting.options.most,
            processes=setting.options.processes,
            make_performer=lambda: performer(setting.open_store()),
            on_stop=perform.stop,
            tally=tally,
        )
        flush()
        ended = True
    except JsobjError:
        raise
    except BaseException:
        interrupted = True
        raise
    finally:
        perform.close()
        state = "interrupted" if interrupted else "done" if ended and not work.failures else "failed"
        journal.finish(state)
        setting.fingerprints.close()
        summary = _summary(verb, tally, interrupted=interrupted, job=journal.id if state != "done" else "")
        tell(summary)
    return Result(summary, exit_code(tally.done + tally.skipped, work.failures), tuple(work.failures))


def _workers(options: Options) -> int:
    """Compressing takes a core, and holds parts in memory: few at a time. So do few where the rate is low."""
    workers = min(options.parallel, _SQUEEZERS) if options.compress else options.parallel
    return min(workers, max(1, options.limit_rate // _RATE_EACH)) if options.limit_rate else workers


def _summary(verb: str, tally: Tally, *, interrupted: bool, job: str) -> Summary:
    return Summary(
        verb=verb,
        done=tally.done,
        skipped=tally.skipped,
        failed=tally.failed,
        size=tally.bytes,
        verified=tally.verified,
        unverified=tally.unverified,
        retries=tally.retries,
        seconds=time.monotonic() - tally.began,
        interrupted=interrupted,
        job=job,
    )
