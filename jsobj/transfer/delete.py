"""Delete many objects, several at a time, with an event for each."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from jsobj.errors import ExitCode, JsobjError, ObjectNotFound
from jsobj.store.location import first_of
from jsobj.store.objects import Store
from jsobj.transfer.engine.parallel_map import parallel_map
from jsobj.transfer.events import Done, Failed, Listener, Tally
from jsobj.transfer.outcomes import ends_run

WORKERS = 16


@dataclass(frozen=True, slots=True)
class ToDelete:
    """An object to delete. ``named``: by the user, so that a missing one is an error."""

    store: Store
    key: str
    size: int = 0
    named: bool = False

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
    for ended in parallel_map(_delete, _counted(objects, tally), WORKERS, stop=stop):
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


def _delete(item: ToDelete) -> Done | Failed:
    try:
        delete(item)
    except JsobjError as error:
        if ends_run(error):
            raise
        return Failed(item.url, error)
    return Done(item.url, "", item.size, "")


def delete(item: ToDelete) -> None:
    """Delete one object. Raises :class:`JsobjError`; not found only where the user named it."""
    if item.named:
        _require_object(item)
    item.store.delete(item.key)


def _require_object(item: ToDelete) -> None:
    """Servers accept the deletion of a missing object; the user may have mistyped its name."""
    try:
        item.store.head(item.key)
    except ObjectNotFound as error:
        if first_of(item.store.list(f"{item.key}/")) is None:
            raise
        raise JsobjError(
            "object-is-prefix",
            f"{item.url} is not an object; there are objects below {item.url}/",
            code=ExitCode.NOT_FOUND,
            hint=f"to delete them all: jsobj rm -r {shlex.quote(item.url + '/')}",
        ) from error
