"""Verify: objects against local files, or a Zarr against its own metadata; for lists see manifests.py."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from jsobj.arrays import zarr_check
from jsobj.errors import ExitCode, JsobjError
from jsobj.store.location import Location, object_at
from jsobj.store.objects import Store
from jsobj.transfer import verify
from jsobj.transfer.filters import Filters, nothing_matches
from jsobj.transfer.local.scan import LocalFile, Passed, follows, links_left, walk
from jsobj.transfer.spread.crew import Crew
from jsobj.transfer.spread.shard import WHOLE, Shard
from jsobj.transfer.targets import absolute, upload_sources
from jsobj.transfer.verify import EXTRA, LINK, SAME, UNREADABLE, Checked, Pair
from jsobj.transfer.zarr.leftovers import Leftovers

_WORKERS = 8
T = TypeVar("T")


@dataclass(slots=True)
class Verification:
    """Verdicts as they are found; iterate once. ``counts`` of each state, and :meth:`code`, are complete after that.

    ``extra``: objects without a file are a difference too. ``warnings``: what a run adds to its end.
    """

    verdicts: Iterator[Checked]
    extra: bool = False
    judge: Callable[[Iterable[str]], ExitCode] = verify.verdict
    counts: Counter[str] = field(default_factory=Counter)
    warnings: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[Checked]:
        for found in self.verdicts:
            self.counts[found.state] += 1
            yield found

    @property
    def warning(self) -> str:
        """What must be said at the end beside the counts; "" for nothing."""
        links = [links_left(self.counts[LINK])] if self.counts[LINK] else []
        return "; ".join([*links, *self.warnings])

    def is_fine(self, found: Checked) -> bool:
        """Whether a verdict is not worth a line."""
        return found.state in {SAME, LINK, zarr_check.INTACT} or (found.state == EXTRA and not self.extra)

    @property
    def code(self) -> ExitCode:
        """0 for all the same; else what the worst state has."""
        code = self.judge(self.counts)
        if self.extra and self.counts[EXTRA] and code not in {ExitCode.INTEGRITY, ExitCode.NOT_FOUND}:
            return ExitCode.INTEGRITY
        return code


def verify_zarr(store: Store, location: Location) -> Verification:
    """Every chunk that a Zarr's metadata name. Raises :class:`JsobjError` (not found) where there is no Zarr."""
    prefix = _folder(location.key)
    if not zarr_check.is_zarr(store, prefix):
        raise JsobjError(
            "not-a-zarr",
            f"{store.place.url(prefix)} is not a Zarr: it has no zarr.json, .zgroup or .zarray",
            code=ExitCode.NOT_FOUND,
            hint=f"to compare it with files: jsobj verify LOCAL {shlex.quote(str(location))}",
        )
    return Verification(zarr_check.check_zarr(store, prefix), judge=zarr_check.verdict)


def verify_files(
    store: Store,
    location: Location,
    local: str,
    filters: Filters,
    *,
    deep: bool = False,
    extra: bool = False,
    links: str = "skip",
    shard: Shard = WHOLE,
    crew: Crew | None = None,
) -> Verification:
    """Objects against a local file or folder, those of one share.

    ``deep``: fetch what has no digest to compare; ``links``: or follow; ``crew``: the workers that compare.
    """
    (source,) = upload_sources([local], location.key)
    if crew is not None:  # workers are in other folders
        source = replace(source, path=absolute(source.path))
    compare = partial(verify.check_tree, store, deep=deep, workers=_WORKERS, crew=crew, local=source.path)
    files = walk([source.path], filters=filters, follow_symlinks=follows(links))
    if source.exact:
        one = (_pair(store, source.exact, file) for file in files if not _unwanted(file))
        return Verification(compare(_share(some(one, filters, local), shard)), extra)
    there = (item for item in store.list(source.prefix) if not filters.judge(item.key[len(source.prefix) :]))
    both = some(verify.pairs(files, there, source.prefix), filters, f"{local} and {store.place.url(source.prefix)}")
    stays = Leftovers(source.path, source.prefix)
    return Verification(compare(_share(both, shard), is_leftover=stays), extra)


def _share(items: Iterator[Pair | Checked], shard: Shard) -> Iterator[Pair | Checked]:
    """Those of a share; what could not be read at all, every share tells."""
    return (item for item in items if isinstance(item, Checked) or shard.holds(item.key))


def some(items: Iterator[T], filters: Filters, where: str) -> Iterator[T]:
    """The same; raises not found where patterns match nothing."""
    first = next(items, None)
    if first is not None:
        yield first
        yield from items
    elif filters.included:
        raise nothing_matches(where, filters.included)


def _unwanted(file: LocalFile | Passed) -> bool:
    return isinstance(file, Passed) and file.error is None and file.kind == "filter"


def _pair(store: Store, key: str, file: LocalFile | Passed) -> Pair | Checked:
    if isinstance(file, Passed):
        return Checked(file.path, UNREADABLE, file.reason)
    return Pair(key, file, object_at(store, key))


def _folder(key: str) -> str:
    return key if not key or key.endswith("/") else f"{key}/"
