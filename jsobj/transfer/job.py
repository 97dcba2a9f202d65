"""One job: what it is to do, its journal, and what its run works with; the same for commands and programs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jsobj.identity.settings import Settings
from jsobj.net.retry import OnRetry
from jsobj.store.objects import Store
from jsobj.store.values import StorePlace
from jsobj.transfer.events import Listener, Tally
from jsobj.transfer.filters import Filters
from jsobj.transfer.journal.journal import JobKey, Journal
from jsobj.transfer.local.fingerprints import Fingerprints
from jsobj.transfer.options import Options
from jsobj.transfer.spread.shard import WHOLE

if TYPE_CHECKING:
    from jsobj.transfer.spread.crew import Crew


@dataclass(frozen=True, slots=True)
class JobSpec:
    """What a run is to do.

    ``words``: the command line that asks for it again. ``folder``: where a download puts its files. ``files_from`` and
    ``links`` (``skip`` or ``follow``) select files, as ``filters`` do: with others it is another job. ``origins``:
    where the sources of a copy are, as one name may be two buckets.
    """

    verb: str
    sources: tuple[str, ...]
    destination: str
    options: Options
    filters: Filters
    words: tuple[str, ...]
    folder: str = ""
    cloud: str = ""
    profile: str = ""
    files_from: str = ""
    links: str = "skip"
    origins: tuple[str, ...] = ()

    def key(self, place: StorePlace, cwd: str) -> JobKey:
        """What the journal knows the job by."""
        options, filters = self.options, self.filters
        return JobKey(
            verb=self.verb,
            sources=self.sources,
            destination=self.destination,
            dialect=place.dialect,
            bucket=place.bucket,
            endpoint=place.endpoint,
            project=place.project,
            options=(
                f"compress={options.compress}",
                f"raw={options.raw}",
                f"part-size={options.part_size}",
                *(f"include={glob}" for glob in filters.include),
                *(f"exclude={glob}" for glob in filters.exclude),
                f"files-from={self.files_from}",
                f"links={self.links}",
                *(f"from={origin}" for origin in self.origins),
                *((f"shard={options.shard}",) if options.shard != WHOLE else ()),
                *(f"{name}: {value}" for name, value in sorted(options.kept.headers("metadata ").items())),
            ),
            words=self.words,
            cwd=cwd,
            folder=self.folder,
            cloud=self.cloud,
            profile=self.profile,
        )


@dataclass(frozen=True, slots=True)
class RunContext:
    """What a run works with. ``open_store`` opens another store, for a process of its own; ``emit`` takes events.

    ``crew``: the workers that it is spread over, if any.
    """

    spec: JobSpec
    open_store: Callable[[], Store]
    journal: Journal
    fingerprints: Fingerprints
    tally: Tally
    emit: Listener
    crew: Crew | None = None


def open_job(
    spec: JobSpec,
    place: StorePlace,
    settings: Settings,
    *,
    open_store: Callable[[OnRetry], Store],
    tally: Tally,
    emit: Listener,
    keeps_journal: bool = True,
    crew: Crew | None = None,
) -> RunContext:
    """Open the job's journal. ``open_store`` takes a callback for retries.

    Raises :class:`jsobj.errors.JsobjError` (local) where the same job is running.
    """
    key = spec.key(place, str(settings.cwd))

    return RunContext(
        spec=spec,
        open_store=lambda: open_store(lambda *_: tally.retried()),
        journal=Journal.open(settings.state_dir, key) if keeps_journal else Journal(key, None, None),
        fingerprints=Fingerprints(settings.cache_dir / "fingerprints.db"),
        tally=tally,
        emit=emit,
        crew=crew,
    )
