"""The two ends of a sync: what was typed as a source and a target, opened, and refused where it cannot be meant."""

from __future__ import annotations

import contextlib
import shlex
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from jsobj.actions.context import ActionContext
from jsobj.actions.copy import apart_of, sides
from jsobj.errors import BadUsage, ExitCode, JsobjError
from jsobj.publish.manifest import MADE
from jsobj.store.location import Location, first_of, head_or_none, nothing_at, parse_location
from jsobj.store.objects import Store
from jsobj.store.values import Listed, StorePlace
from jsobj.transfer.copy.items import same_server
from jsobj.transfer.download.target_folder import TargetFolder
from jsobj.transfer.journal.jobs import claimed_temps
from jsobj.transfer.local.digest_list import MANIFEST
from jsobj.transfer.local.file_url import path_of
from jsobj.transfer.local.key_path import FINDER, ITEM, PAGE
from jsobj.transfer.sync.guards import require_harmless, require_mounted
from jsobj.transfer.sync.plan_file import Head
from jsobj.transfer.sync.sides import BucketSide, FolderSide, Side
from jsobj.transfer.targets import absolute
from jsobj.units import utc_time

Place: TypeAlias = str | Location  # a path, or a place in a bucket


def place_of(text: str) -> Place:
    """What was typed: a place in a bucket where it says so (``s3://`` ...), else a folder, also as ``file://``."""
    if (path := path_of(text)) is not None:
        return path
    return parse_location(text, public=True, foreign=True) if "://" in text else text


_PUBLISHED = frozenset({PAGE, ITEM, FINDER, MANIFEST, "README.md"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """``one_server``: both are buckets of one server, account and login. ``folder``: of a target that is one.

    ``secret``: the source was named by a link, which no journal keeps.
    """

    source: Side
    target: Side
    head: Head
    folder: TargetFolder | None = None
    one_server: bool = False
    secret: bool = False

    @property
    def source_store(self) -> Store | None:
        """The store of a source that is a bucket."""
        return self.source.store if isinstance(self.source, BucketSide) else None

    @property
    def target_store(self) -> Store | None:
        """The store of a target that is a bucket."""
        return self.target.store if isinstance(self.target, BucketSide) else None

    def stop(self) -> None:
        """Cut all connections, from any thread."""
        for store in filter(None, (self.source_store, self.target_store)):
            store.stop()


@contextlib.contextmanager
def opened_ends(
    context: ActionContext,
    source: Place,
    target: Place,
    made: Callable[[str, str, str, str], Head],
    *,
    links: bool = False,
    deletes: bool = False,
    dry_run: bool = False,
) -> Iterator[Ends]:
    """Open both. ``made`` makes the head of the plan, of both ends as absolute texts and where they are.

    Raises :class:`JsobjError`: local (no source), usage (a file, two folders), not found, refused.
    """
    at_source, at_target = sides(context)
    with at_source.errors():
        one = _source(context, source, follow=links)
    with at_target.errors(), contextlib.ExitStack() as stack:
        if isinstance(target, str):
            if not isinstance(one, BucketSide):
                raise BadUsage("one of SRC and DEST is a bucket; to sync two folders: rsync -a")
            settings = context.stores.settings
            folder = TargetFolder(absolute(target), dry_run=dry_run, claimed=lambda: claimed_temps(settings.state_dir))
            folder.require_possible()
            stack.enter_context(contextlib.closing(folder))
            other: Side = FolderSide(folder.root, folds=folder.folds)
        else:
            folder, stores = None, context.to or context.stores
            store = stores.of(target)
            other = BucketSide(store, prefix_of(target.key), _spared(store))
            if isinstance(one, BucketSide):
                _require_apart(one, other, apart=apart_of(context, one.store.place, store.place))
        ends = Ends(
            source=one,
            target=other,
            head=made(*map(_text, (one, other)), *map(_where, (one, other))),
            folder=folder,
            one_server=isinstance(one, BucketSide)
            and isinstance(other, BucketSide)
            and context.to is None
            and same_server(one.store.place, other.store.place),
            secret=isinstance(source, Location) and bool(source.signed or "?" in source.address),
        )
        if deletes:
            require_deletable(context, ends)
        yield ends


def require_deletable(context: ActionContext, ends: Ends) -> None:
    """Raise :class:`JsobjError` (refused) where nothing may be deleted: for want of a mount, or ``/`` and the like."""
    if isinstance(ends.source, FolderSide):
        require_mounted(ends.source.root)
    if isinstance(ends.target, FolderSide):
        require_harmless(ends.target.root, str(context.stores.settings.home))


def made_now(context: ActionContext, *, links: str) -> Callable[[str, str, str, str], Head]:
    """Heads of plans that are made in this run."""
    from datetime import datetime, timezone

    request = context.stores.request
    to = context.to.request if context.to is not None else None

    def made(source: str, target: str, at_source: str, at_target: str) -> Head:
        return Head(
            made=utc_time(datetime.now(timezone.utc)),
            source=source,
            target=target,
            at_source=at_source,
            at_target=at_target,
            cloud=request.cloud,
            profile=request.profile,
            endpoint=request.endpoint,
            unsigned=request.unsigned,
            dest_cloud=to.cloud if to is not None else "",
            dest_profile=to.profile if to is not None else "",
            dest_endpoint=to.endpoint if to is not None else "",
            links=links,
        )

    return made


def where(place: StorePlace) -> str:
    """Where a bucket is, for a plan: the same name may be another bucket elsewhere."""
    return " ".join(filter(None, (place.dialect, place.endpoint, place.project)))


def _where(side: Side) -> str:
    return where(side.store.place) if isinstance(side, BucketSide) else ""


def _text(side: Side) -> str:
    return side.shown("")


def prefix_of(key: str) -> str:
    """What is below a key, however it was typed."""
    return key if not key or key.endswith("/") else f"{key}/"


def _source(context: ActionContext, source: Place, *, follow: bool) -> Side:
    if isinstance(source, str):
        _require_folder(source)
        return FolderSide(absolute(source), follow)
    source = context.stores.folder_of(source)
    store, prefix = context.stores.of(source), prefix_of(source.key)
    if first_of(store.list(prefix)) is None and prefix:
        raise nothing_at(store, source.key)
    return BucketSide(store, prefix)


def _require_folder(path: str) -> None:
    try:
        folder = stat.S_ISDIR(Path(path).stat().st_mode)
    except (OSError, ValueError) as error:
        raise JsobjError(
            "source-missing",
            f"cannot read {path!r}" if isinstance(error, ValueError) else f"cannot read {path}",
            code=ExitCode.LOCAL,
            context=getattr(error, "strerror", None) or str(error),
            hint="check the path; a bucket is written s3://BUCKET/PREFIX or swift://BUCKET/PREFIX",
        ) from error
    if not folder:
        hint = f"jsobj upload {shlex.quote(path)} s3://BUCKET/"
        raise BadUsage(f"{path} is a file, and a sync makes folders alike", hint=hint)


def _require_apart(source: BucketSide, target: BucketSide, *, apart: bool) -> None:
    """Raise :class:`JsobjError` (usage) where one is in the other, also as s3:// and swift://."""
    one, other = source.store.place, target.store.place
    if apart or one.bucket.rpartition(":")[2] != other.bucket.rpartition(":")[2]:
        return
    if source.prefix.startswith(target.prefix) or target.prefix.startswith(source.prefix):
        raise JsobjError(
            "sync-into-itself",
            f"{source.shown('')} and {target.shown('')} lie in each other",
            code=ExitCode.USAGE,
            hint="choose places side by side, such as s3://BUCKET/a/ and s3://BUCKET/b/",
        )


def _spared(store: Store) -> Callable[[Listed], bool]:
    """What jsobj publish has made."""

    def spared(listed: Listed) -> bool:
        if listed.key.rpartition("/")[2] not in _PUBLISHED:
            return False
        info = head_or_none(store, listed.key)
        return info is not None and MADE in info.metadata

    return spared
