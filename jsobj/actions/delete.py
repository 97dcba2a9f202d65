"""Delete: objects that are named or match, or everything below prefixes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from jsobj.actions.stores import BucketStores
from jsobj.store.location import Location
from jsobj.store.patterns import is_pattern
from jsobj.store.selection import Selection, select
from jsobj.transfer.delete import ToDelete, delete_all, is_prefix
from jsobj.transfer.events import Listener, Started, Tally
from jsobj.transfer.outcomes import Result


def to_delete(
    stores: BucketStores, places: Sequence[Location], *, recursive: bool, left: Callable[[str], object]
) -> Iterator[ToDelete]:
    """The objects that are meant, found as they are asked for. Without ``recursive``, folders that match a pattern are
    left alone, and ``left`` gets their URLs. Raises not found where there is nothing below a prefix.
    """
    for place in dict.fromkeys(places):  # what was typed twice is one thing
        store = stores.of(place)
        if recursive:
            yield from _below(select(store, place.key))
        elif is_pattern(place.key) and (chosen := select(store, place.key)).pattern:
            yield from _matching(chosen, left)
        else:
            yield ToDelete(store, place.key, named=True)


def _below(chosen: Selection) -> Iterator[ToDelete]:
    empty = True
    for item in chosen.everything():
        empty = False
        yield ToDelete(chosen.store, item.key, item.size)
    if empty and chosen.key:
        raise chosen.nothing()


def _matching(chosen: Selection, left: Callable[[str], object]) -> Iterator[ToDelete]:
    store, objects, folders = chosen.store, False, False
    for item in chosen.names():
        if item.prefix:
            folders = True
            left(store.place.url(item.key))
        else:
            objects = True
            yield ToDelete(store, item.key, item.size)
    if not objects:
        problem = is_prefix(store, chosen.key) if folders else chosen.nothing()
        yield ToDelete(store, chosen.key, problem=problem)


def delete(stores: BucketStores, objects: Iterable[ToDelete], tally: Tally, emit: Listener) -> Result:
    """Delete objects. ``failures`` of the result: one for each exit code; ``emit`` gets them all."""
    emit(Started("delete", "", ""))
    failures = delete_all(objects, tally=tally, emit=emit, stop=stores.stop)
    summary = replace(tally.summary("delete"), unverified=0)  # there is nothing to compare
    emit(summary)
    return Result.of(summary, failures)
