"""Copy and move: objects to other keys and buckets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from jsobj.actions.context import Action, ActionContext, PlannedItem
from jsobj.errors import ExitCode, JsobjError
from jsobj.store.location import Location, first_of, head_or_none, nothing_at, object_at
from jsobj.store.objects import Store
from jsobj.transfer.copy import EXISTS, CopyItem, ObjectCopier, copy_all
from jsobj.transfer.events import Noted, Started
from jsobj.transfer.filters import Filters
from jsobj.transfer.options import Options
from jsobj.transfer.outcomes import Result

_THROUGH_HERE = 4  # objects at once whose bytes pass through this computer


def copy(
    context: ActionContext,
    source: Location,
    destination: Location,
    options: Options,
    filters: Filters,
    *,
    move: bool = False,
) -> Action:
    """Copy an object, or everything below a prefix; ``move`` deletes each source after its copy was compared."""
    origin, target = context.stores.of(source), context.stores.of(destination)
    verb = "move" if move else "copy"

    def items() -> Iterator[CopyItem]:
        return _items(origin, source.key, destination, filters)

    def plan() -> Iterator[PlannedItem]:
        _require_bucket(target)
        return (_planned(verb, target, item, options) for item in items())

    return Action(run=lambda: _run(context, verb, origin, target, items(), options), plan=plan)


def _require_bucket(store: Store) -> None:
    """Raises not found for a bucket that is not there; who may write need not be allowed to list."""
    try:
        first_of(store.list(delimiter="/"))
    except JsobjError as error:
        if error.code is not ExitCode.REFUSED:
            raise


def _planned(verb: str, target: Store, item: CopyItem, options: Options) -> PlannedItem:
    if not options.overwrite and head_or_none(target, item.key):
        return PlannedItem("skip", item.remote.key, reason=EXISTS)
    return PlannedItem(verb, item.remote.key, item.key, item.remote.size)


def _items(origin: Store, key: str, destination: Location, filters: Filters) -> Iterator[CopyItem]:
    """Which object gets which key. Raises not found where there is nothing."""
    new = destination.key
    into = not new or new.endswith("/")
    if key and not key.endswith("/") and (one := object_at(origin, key)) is not None:
        yield CopyItem(one, new + key.rpartition("/")[2] if into else new)
        return
    below = key if not key or key.endswith("/") else f"{key}/"
    own = f"{key.rpartition('/')[2]}/" if below != key and into else ""
    base = f"{new}{own}" if into else f"{new}/"
    if origin.place.bucket == destination.bucket and base.startswith(below):
        raise JsobjError(
            "copy-into-itself",
            f"{base or 'the bucket'} is below {below or 'the same bucket'}: what is made would be copied again",
            code=ExitCode.USAGE,
            hint="choose a destination that does not begin like the source",
        )
    found = False
    for item in origin.list(below):
        found = True
        relative = item.key[len(below) :]
        if not filters.judge(relative):
            yield CopyItem(item, base + relative)
    if not found and key:
        raise nothing_at(origin, key)


def _run(
    context: ActionContext, verb: str, origin: Store, target: Store, items: Iterator[CopyItem], options: Options
) -> Result:
    tally, emit = context.tally, context.emit
    one, other = origin.place, target.place
    same_server = (one.dialect, one.endpoint, one.account) == (other.dialect, other.endpoint, other.account)
    copier = ObjectCopier(
        origin,
        target,
        same_server=same_server,
        move=verb == "move",
        overwrite=options.overwrite,
        part_size=options.part_size,
        moved=tally.moved,
        tell=lambda text: emit(Noted(text, warning=True)),
    )
    emit(Started(verb, one.url(), other.url()))

    workers = options.parallel if same_server else _THROUGH_HERE
    failures = copy_all(copier, items, tally, emit, workers=workers, stop=context.stores.stop)
    summary = replace(tally.summary(verb), size=tally.done_bytes)  # most bytes never passed through here
    emit(summary)
    return Result.of(summary, failures)
