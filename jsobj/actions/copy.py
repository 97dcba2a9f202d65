"""Copy and move: objects to other keys and buckets."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from jsobj.actions.context import Action, ActionContext, PlannedItem
from jsobj.actions.copying import copiers_of, copy_job
from jsobj.actions.stores import require_bucket
from jsobj.errors import BadUsage, ExitCode, JsobjError
from jsobj.store.location import Location, first_of, head_or_none
from jsobj.store.objects import Store
from jsobj.store.selection import Selection, select
from jsobj.store.values import Listed, StorePlace
from jsobj.transfer.copy.forms import one_of_each
from jsobj.transfer.copy.items import EXISTS, CopyItem, CopyTerms, may_be_one_bucket, onto_itself, same_server
from jsobj.transfer.copy.object_copier import ObjectCopier
from jsobj.transfer.copy.run import copy_all, copy_work
from jsobj.transfer.filters import EVERYTHING, Filters, nothing_matches
from jsobj.transfer.job import RunContext
from jsobj.transfer.options import Options
from jsobj.transfer.outcomes import Result, ends_run
from jsobj.transfer.run import announce
from jsobj.transfer.side import DESTINATION, ONE_LOGIN, SOURCE, Side


@dataclass(frozen=True, slots=True)
class _Source:
    """What one source means, and where it goes. ``base``: what new keys begin with; of one object, its whole new key.

    ``cut``: what the names below ``base`` leave out of the keys. ``apart``: no bucket of it can be the destination's.
    """

    chosen: Selection
    base: str
    cut: str
    apart: bool

    @property
    def store(self) -> Store:
        return self.chosen.store

    def items(self, filters: Filters) -> Iterator[CopyItem]:
        """Which object gets which key. Raises not found where there is nothing."""
        if self.chosen.found is not None:
            yield CopyItem(self.chosen.found, self.base)
            return
        found = False
        for item in self.chosen.everything():
            found = True
            relative = item.key[len(self.cut) :]
            if not filters.judge(relative):
                yield CopyItem(item, self.base + relative)
        if not found and self.chosen.key:
            raise self.chosen.nothing()


def copy(
    context: ActionContext,
    sources: Sequence[Location],
    destination: Location,
    options: Options,
    filters: Filters,
    *,
    move: bool = False,
) -> Action:
    """Copy objects, what is below prefixes, and what matches patterns; ``move`` deletes each after it was compared.

    Raises :class:`JsobjError`: usage where several sources would become one object, and for a copy into itself.
    """
    if len(sources) > 1 and not destination.many:
        raise JsobjError(
            "destination-not-folder",
            f"{len(sources)} sources cannot become the one object '{destination.key}'",
            code=ExitCode.USAGE,
            hint=f"end the destination with a slash: {shlex.quote(f'{destination}/')}",
        )
    at_source, at_target = sides(context)
    with at_source.errors():
        sources = [context.stores.folder_of(source) for source in sources]
        origins = [context.stores.of(source) for source in sources]
    with at_target.errors():
        target = (context.to or context.stores).of(destination)
    apart = {
        origin.place: apart_of(context, origin.place, target.place, public=bool(source.public))
        for origin, source in zip(origins, sources, strict=True)
    }
    verb = "move" if move else "copy"
    _require_movable(origins if move else ())

    def items() -> Iterator[tuple[Store, CopyItem]]:
        with at_source.errors():
            meant = [
                _source(origin, source.key, target, destination, move=move, apart=apart[origin.place])
                for origin, source in zip(origins, sources, strict=True)
            ]
            _require_own_keys(meant, target, filters)
        kept = ((origin, item) for origin, item in _kept(meant, filters) if options.shard.holds(item.remote.key))
        return at_source.each(kept)

    def planned(origin: Store, item: CopyItem) -> PlannedItem:
        same_bucket = origin.place.bucket == target.place.bucket and not apart[origin.place]
        if same_bucket and onto_itself(origin.place, target.place, item):
            copier = ObjectCopier(origin, target, terms(origin), context.tally.moved, context.warn)
            return _planned_in_place(copier, verb, item)
        with at_target.errors():
            return _planned(verb, target, item, options)

    def plan() -> Iterator[PlannedItem]:
        with at_target.errors():
            require_bucket(target)
        return (planned(origin, item) for origin, item in items())

    def look() -> None:
        with at_target.errors():
            require_bucket(target)
        next(items(), None)

    def terms(origin: Store) -> CopyTerms:
        one_server = context.to is None and same_server(origin.place, target.place)
        made = terms_of(context, one_server=one_server, part_size=options.part_size)
        return replace(made, move=move, overwrite=options.overwrite, apart=apart[origin.place])

    def run() -> Result:
        job = copy_job(context, verb, sources, origins, destination, options, filters)
        copiers = copiers_of(context, job, origins, target, [terms(origin) for origin in origins])
        return _run(context, job, copiers, items())

    return Action(run=run, plan=plan, look=look)


def _require_movable(origins: Iterable[Store]) -> None:
    """A move deletes its sources, and what is in an archive is only read."""
    if any(origin.place.archive for origin in origins):
        raise BadUsage("what is in an archive is only read: copy it", hint="jsobj cp ARCHIVE.zip!/NAME DEST")


def copy_version(
    context: ActionContext, source: Location, destination: Location, options: Options, version: str
) -> Action:
    """Copy one version of an object, also over the current one. Its bytes pass through here, and are compared.

    Raises :class:`JsobjError`: not found (``version-not-found``).
    """
    at_source, at_target = sides(context)
    with at_source.errors():
        origin = context.stores.of(source).at_version(version)
    with at_target.errors():
        target = (context.to or context.stores).of(destination)
    key = destination.key + source.key.rpartition("/")[2] if destination.many else destination.key

    def items() -> Iterator[tuple[Store, CopyItem]]:
        with at_source.errors():
            info = origin.head(source.key)
        yield origin, CopyItem(Listed(info.key, info.size, info.etag, info.modified), key)

    def plan() -> Iterator[PlannedItem]:
        with at_target.errors():
            require_bucket(target)
        return (_planned("copy", target, item, options) for _, item in items())

    def run() -> Result:
        terms = CopyTerms(
            same_server=False,
            move=False,
            overwrite=options.overwrite,
            part_size=options.part_size,
            apart=True,  # the current version may be what it replaces
            at_source=at_source,
            at_target=at_target,
        )
        # The journal knows an object by its name: it would take another version for the same.
        job = copy_job(context, "copy", [source], [origin], destination, options, EVERYTHING, keeps_journal=False)
        return _run(context, job, copiers_of(context, job, [origin], target, [terms]), items())

    return Action(run=run, plan=plan)


def _planned(verb: str, target: Store, item: CopyItem, options: Options) -> PlannedItem:
    if not options.overwrite and head_or_none(target, item.key):
        return PlannedItem("skip", item.remote.key, reason=EXISTS)
    return PlannedItem(verb, item.remote.key, item.key, item.remote.size)


def _planned_in_place(copier: ObjectCopier, verb: str, item: CopyItem) -> PlannedItem:
    if copier.terms.move or not one_of_each(copier.source, copier.target):
        return PlannedItem("refuse", item.remote.key, reason="it is the same object")
    try:
        skipped = copier.look(item)
    except JsobjError as error:
        if ends_run(error):
            raise
        return PlannedItem("refuse", item.remote.key, reason=error.message)
    if skipped is not None:
        return PlannedItem("skip", item.remote.key, reason=skipped.skipped)
    return PlannedItem(verb, item.remote.key, item.key, item.remote.size)


def _source(origin: Store, key: str, target: Store, destination: Location, *, move: bool, apart: bool) -> _Source:
    """Where a source goes, by the rules of a download: a folder's or object's own name goes into what ends in '/'.

    All of a bucket may go onto itself in the other dialect, where large objects take the form of that one.
    """
    new, chosen = destination.key, select(origin, key)
    into = destination.many
    if chosen.found is not None:
        return _Source(chosen, new + key.rpartition("/")[2] if into else new, "", apart)
    if chosen.pattern:
        return _Source(chosen, new if into else f"{new}/", chosen.base, apart)
    below = key if not key or key.endswith("/") else f"{key}/"
    own = f"{key.rpartition('/')[2]}/" if below != key and into else ""
    base = f"{new}{own}" if into else f"{new}/"
    in_place = base == below and not move and one_of_each(origin, target)
    if not apart and not in_place and may_be_one_bucket(origin.place, target.place):
        if base.startswith(below):
            raise _into_itself(base or "the bucket", f"is below {below or 'the same bucket'}")
        # Upwards: a/a/x would become a/x, which may be one of those that are still to be copied.
        if below.startswith(base) and first_of(origin.list(below + below[len(base) :])) is not None:
            raise _into_itself(below, f"has a folder {below[len(base) :]}")
    return _Source(chosen, base, below, apart)


def _kept(sources: Sequence[_Source], filters: Filters) -> Iterator[tuple[Store, CopyItem]]:
    """What is copied. Raises not found where all of it is left out for want of an ``--include``."""
    kept = False
    for source in sources:
        for item in source.items(filters):
            kept = True
            yield source.store, item
    if not kept and filters.include:
        where = " ".join(source.store.place.url(source.chosen.key) for source in sources)
        raise nothing_matches(where, filters.included)


def _into_itself(new: str, reason: str) -> JsobjError:
    return JsobjError(
        "copy-into-itself",
        f"{new} {reason}: what is made would be copied again, or replace a source",
        code=ExitCode.USAGE,
        hint="choose a destination that does not begin like the source",
    )


def _require_own_keys(sources: Sequence[_Source], target: Store, filters: Filters) -> None:
    """Before anything is copied: no two objects get one key, and no pattern matches what is made.

    Lists the sources where that cannot be known otherwise, and then all of them are known to have something.
    """
    again = [
        source
        for source in sources
        if source.chosen.pattern
        and not source.apart
        and may_be_one_bucket(source.store.place, target.place)
        and (len(sources) > 1 or _one_begins_the_other(source.base, source.chosen.fixed))
    ]
    if len(sources) == 1 and not again:
        return
    made: dict[str, str] = {}
    taken: set[str] = set()
    for source in sources:
        for item in source.items(filters):
            url = source.store.place.url(item.remote.key)
            if len(sources) > 1:
                if item.key in made:
                    raise _meeting(made[item.key], url, item.key)
                made[item.key] = url
                if url in taken:
                    raise _meeting(url, url, item.key)
                taken.add(url)
            _require_no_match(again, item.key)
    for source in sources:
        if not source.apart and may_be_one_bucket(source.store.place, target.place):
            _require_no_source(source.store.place, made, taken)


def _require_no_match(patterns: Sequence[_Source], key: str) -> None:
    for pattern in patterns:
        if pattern.chosen.wanted.fullmatch(key):
            raise _into_itself(f"'{key}'", f"matches {pattern.store.place.url(pattern.chosen.key)}")


def _require_no_source(place: StorePlace, made: Iterable[str], taken: Collection[str]) -> None:
    for key in made:
        if place.url(key) in taken:
            raise _into_itself(f"'{key}'", "is one of the sources")


def _one_begins_the_other(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _meeting(one: str, other: str, key: str) -> JsobjError:
    meet = f"{one} and {other} would both become '{key}'" if one != other else f"two sources mean {one}"
    return JsobjError(
        "sources-meet", meet, code=ExitCode.USAGE, hint="copy them one by one, to places of their own; nothing was done"
    )


def _run(
    context: ActionContext, job: RunContext, copiers: Sequence[ObjectCopier], items: Iterator[tuple[Store, CopyItem]]
) -> Result:
    numbers = {copier.source.place: number for number, copier in enumerate(copiers)}
    plan = (
        replace(item, number=numbers[origin.place], url=origin.place.url(item.remote.key)) for origin, item in items
    )
    announce(job, ", ".join(place.url() for place in numbers), copiers[0].target.place.url())
    return copy_all(job, copiers, copy_work(job, copiers, plan))


def terms_of(context: ActionContext, *, one_server: bool, part_size: int) -> CopyTerms:
    """How objects are copied that replace what is there. ``one_server``: the server itself can."""
    at_source, at_target = sides(context)
    return CopyTerms(one_server, False, True, part_size, not one_server, at_source, at_target)


def apart_of(context: ActionContext, one: StorePlace, other: StorePlace, *, public: bool = False) -> bool:
    """Whether no bucket can be both: another cloud's, or of two logins that see different ones."""
    if {one.dialect, other.dialect} - {"s3", "swift"}:
        return (one.dialect, one.endpoint, one.bucket) != (other.dialect, other.endpoint, other.bucket)
    return (context.to is not None or public) and are_apart(one, other)


def are_apart(one: StorePlace, other: StorePlace) -> bool:
    """Whether the places of two logins (or of none) cannot hold the same bucket: other servers, or other projects."""
    if one.project and other.project and one.project != other.project:
        return True
    origins = [urlsplit(place.endpoint) for place in (one, other)]
    if one.dialect == other.dialect:
        return origins[0].netloc != origins[1].netloc
    return origins[0].hostname != origins[1].hostname


def sides(context: ActionContext) -> tuple[Side, Side]:
    """How errors name the two logins; not at all where there is one."""
    if context.to is None:
        return ONE_LOGIN, ONE_LOGIN
    one, other = context.stores.request, context.to.request
    return Side(SOURCE, one.cloud, one.profile), Side(DESTINATION, other.cloud, other.profile)
