"""Delete many objects, several at a time, with an event for each."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial

from jsobj.errors import ExitCode, JsobjError, ObjectNotFound
from jsobj.store.location import first_of
from jsobj.store.objects import Store
from jsobj.store.patterns import is_pattern
from jsobj.transfer.engine.parallel_map import parallel_map
from jsobj.transfer.events import Done, Failed, Listener, Tally
from jsobj.transfer.outcomes import ends_run

WORKERS = 16


@dataclass(frozen=True, slots=True)
class ToDelete:
    """An object to delete. ``named``: by the user, so that a missing one is an error; ``problem``: why it cannot be."""

    store: Store
    key: str
    size: int = 0
    named: bool = False
    problem: JsobjError | None = None

    @property
    def url(self) -> str:
        """What the user calls it."""
        return self.store.place.url(self.key)


def delete_all(
    objects: Iterable[ToDelete], *, tally: Tally, emit: Listener, stop: Callable[[], None]
) -> tuple[JsobjError, ...]:
    """Delete objects; return one failure for each exit code. All become events. ``stop`` is called on an early end.

    Raises :class:`JsobjError` for a cause that affects all objects.
    """

    failures: dict[ExitCode, JsobjError] = {}
    with closing(parallel_map(_delete, _counted(objects, tally), WORKERS, stop=stop)) as all_ended:
        for ended in all_ended:
            if isinstance(ended, Failed):
                tally.item_failed()
                failures.setdefault(ended.error.code, ended.error)
            else:
                tally.item_done(0, verified=False)
            emit(ended)
    return tuple(failures.values())


def _counted(objects: Iterable[ToDelete], tally: Tally) -> Iterator[ToDelete]:
    for item in objects:
        tally.found(0)
        yield item
    tally.planned = True


def examined(objects: Iterable[ToDelete], *, stop: Callable[[], None]) -> Iterator[ToDelete | Failed]:
    """What a dry run shows: what there is to delete, with its size, and what would fail. Nothing is deleted."""
    return parallel_map(partial(_attempted, _found), objects, WORKERS, stop=stop)


def _delete(item: ToDelete) -> Done | Failed:
    ended = _attempted(delete, item)
    return ended if isinstance(ended, Failed) else Done(ended.url, "", ended.size, "")


def _attempted(do: Callable[[ToDelete], ToDelete], item: ToDelete) -> ToDelete | Failed:
    try:
        return do(item)
    except JsobjError as error:
        if ends_run(error):
            raise
        return Failed(item.url, error)


def delete(item: ToDelete) -> ToDelete:
    """Delete one object. Raises :class:`JsobjError`; not found only where the user named it."""
    found = _found(item)
    item.store.delete(item.key)
    return found


def _found(item: ToDelete) -> ToDelete:
    """Servers accept the deletion of a missing object; the user may have mistyped its name."""
    if item.problem is not None:
        raise item.problem
    if not item.named:
        return item
    try:
        return replace(item, size=item.store.head(item.key).size)
    except ObjectNotFound as error:
        if first_of(item.store.list(f"{item.key}/")) is None:
            raise
        raise is_prefix(item.store, item.key) from error


def is_prefix(store: Store, key: str) -> JsobjError:
    """The error for a name (or a pattern) that folders have, and no object has."""
    url = store.place.url(key)
    pattern = is_pattern(key)
    matched = f"only folders match {url}" if pattern else f"{url} is not an object; there are objects below {url}/"
    return JsobjError(
        "object-is-prefix",
        matched,
        code=ExitCode.NOT_FOUND,
        hint=f"to delete them with all that is in them: jsobj rm -r {shlex.quote(url if pattern else url + '/')}"
        + store.place.at,
    )
