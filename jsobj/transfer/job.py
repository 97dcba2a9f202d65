"""The beginning of a run, the same for commands and programs: which job it is, its journal, and what it stands on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from jsobj.identity.settings import Settings
from jsobj.store.objects import Store, StorePlace
from jsobj.transfer.events import Listener, Tally
from jsobj.transfer.filters import Filters
from jsobj.transfer.fingerprints import Fingerprints
from jsobj.transfer.journal.journal import JobKey, Journal
from jsobj.transfer.options import Options
from jsobj.transfer.run import Setting

Told = Callable[[str, str, float], None]  # of each retry: item, reason, seconds of waiting


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run was asked to do. ``words`` would ask for it again in a shell; ``folder``: where a download lands.

    ``more``: what else makes it another job, besides the options and filters that change what is sent or where it goes.
    """

    verb: str
    sources: tuple[str, ...]
    destination: str
    words: tuple[str, ...]
    folder: str = ""
    cloud: str = ""
    profile: str = ""
    more: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class How:
    """``open_store`` opens a store for each process; its argument hears of retries."""

    options: Options
    filters: Filters
    open_store: Callable[[Told], Store]
    tally: Tally
    tell: Listener


def begin(asked: Asked, how: How, place: StorePlace, settings: Settings, *, keeps_journal: bool = True) -> Setting:
    """Open the job's journal. Raises :class:`jsobj.errors.JsobjError` (local) where the same job runs now."""
    options, filters = how.options, how.filters
    key = JobKey(
        verb=asked.verb,
        sources=asked.sources,
        destination=asked.destination,
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
            *asked.more,
        ),
        words=asked.words,
        cwd=str(settings.cwd),
        folder=asked.folder,
        cloud=asked.cloud,
        profile=asked.profile,
    )

    def counted(item: str, reason: str, wait: float) -> None:
        how.tally.retried()

    return Setting(
        open_store=lambda: how.open_store(counted),
        options=options,
        filters=filters,
        journal=Journal.open(settings.state_dir, key) if keeps_journal else Journal(key, None, None),
        fingerprints=Fingerprints(settings.cache_dir / "fingerprints.db"),
        tally=how.tally,
        tell=how.tell,
    )
