"""``upload`` and ``download`` for programs: the runs of the commands, with their journals, without their words."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from jsobj.arrays.recipe import Recipe
from jsobj.errors import JsobjError
from jsobj.store.location import parse_location
from jsobj.transfer import run as runs
from jsobj.transfer.events import Event, EventBus, Listener, Noted, Summary, Tally
from jsobj.transfer.filters import Filters
from jsobj.transfer.options import Options

if TYPE_CHECKING:
    from jsobj.identity.settings import Settings
    from jsobj.store.objects import Store
    from jsobj.transfer.job import RunContext
    from jsobj.transfer.outcomes import Result


class TransferFailed(JsobjError):
    """Some items were not transferred; run the same call again to go on. ``code`` as the command's exit code."""


def upload(
    recipe: Recipe,
    sources: Sequence[str | os.PathLike[str]],
    options: Options,
    filters: Filters,
    listen: Listener | None,
) -> Summary:
    """Send files and folders; see :meth:`jsobj.api.connection.Connection.upload`."""
    from jsobj.transfer.targets import absolute, upload_sources

    location = recipe.location
    targets = upload_sources([os.fspath(source) for source in sources], location.key)
    words = ("upload", *(target.path for target in targets), str(location))
    with _run(recipe, options, filters, listen) as run:
        job = run.job(
            verb="upload",
            sources=tuple(absolute(target.path) for target in targets),
            destination=run.store.place.url(location.key),
            words=words,
        )
        plan = runs.plan_upload(run.store, targets, filters)
        return _ended(runs.upload(job, run.store, targets, plan))


def download(
    recipe: Recipe, destination: str | os.PathLike[str], options: Options, filters: Filters, listen: Listener | None
) -> Summary:
    """Fetch an object or everything below a prefix; see :meth:`jsobj.api.connection.Connection.download`."""
    from jsobj.transfer.download.target_folder import TargetFolder
    from jsobj.transfer.journal.jobs import claimed_temps
    from jsobj.transfer.targets import absolute, download_target

    place = os.fspath(destination)
    with _run(recipe, options, filters, listen) as run:
        target = download_target(run.store, recipe.location, place)

        def claimed() -> frozenset[str] | None:
            return claimed_temps(run.settings.state_dir)

        with contextlib.closing(TargetFolder(target.folder, claimed=claimed)) as landing:
            job = run.job(
                verb="download",
                sources=(run.store.place.url(recipe.location.key),),
                destination=absolute(place),
                words=("download", str(recipe.location), place),
                folder=absolute(target.folder),
            )
            return _ended(runs.download(job, run.store, target, landing))


class _Run:
    """What is open while a transfer runs, and what it stands on."""

    def __init__(self, recipe: Recipe, options: Options, filters: Filters, listen: Listener) -> None:
        from jsobj.identity.settings import Settings

        self.settings: Settings = Settings.read()
        self.tally = Tally()
        self._recipe, self._options, self._filters = recipe, options, filters
        self._teller = EventBus(listen, self.tally)
        self.store: Store = self._open(self._teller.retried)

    def _open(self, told: Callable[[str, str, float], None]) -> Store:
        from jsobj.net.retry import RetryPolicy

        return self._recipe.open(self.settings, retry=RetryPolicy(on_retry=told))

    def job(
        self, *, verb: str, sources: tuple[str, ...], destination: str, words: tuple[str, ...], folder: str = ""
    ) -> RunContext:
        """The run's journal and whatever else it needs. Raises :class:`JsobjError` (local) where the job runs now."""
        from jsobj.transfer.job import JobSpec, open_job

        named = self._recipe
        spec = JobSpec(
            verb, sources, destination, self._options, self._filters, words, folder, named.cloud, named.profile
        )
        return open_job(
            spec, self.store.place, self.settings, open_store=self._open, tally=self.tally, emit=self._teller
        )


@contextlib.contextmanager
def _run(recipe: Recipe, options: Options, filters: Filters, listen: Listener | None) -> Iterator[_Run]:
    unheard: list[str] = []

    def hear(event: Event) -> None:
        if isinstance(event, Noted) and event.warning:
            unheard.append(event.text)

    run = _Run(recipe, options, filters, listen or hear)
    try:
        yield run
    except BaseException as error:
        if not isinstance(error, Exception):
            run.store.stop()
        raise
    finally:
        run.store.close()
    for text in unheard:
        warnings.warn(text, stacklevel=5)  # at the line that called the connection's method


def _ended(result: Result) -> Summary:
    """The summary of a run that did all. Raises :class:`TransferFailed` for any other."""
    if not result.code:
        return result.summary
    first = result.failures[0] if result.failures else None
    raise TransferFailed(
        "transfer-incomplete",
        f"{result.summary.failed} of {result.summary.failed + result.summary.done} items failed"
        + (f"; the first: {first.message}" if first else ""),
        code=result.code,
        context=first.context if first else "",
        hint="run the same call again: it goes on where it stopped",
    )


def at(text: str, recipe: Recipe) -> Recipe:
    """The recipe with the place that was typed."""
    from dataclasses import replace

    return replace(recipe, location=parse_location(text))
