"""Delete: objects that are named, or everything below prefixes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain

from jsobj.actions.stores import BucketStores
from jsobj.store.location import Location, everything_at, nothing_at
from jsobj.transfer.delete import ToDelete, delete_all
from jsobj.transfer.events import Listener, Started, Tally
from jsobj.transfer.outcomes import Result


def to_delete(stores: BucketStores, places: Sequence[Location], *, recursive: bool) -> Iterator[ToDelete]:
    """The objects that are meant, found as they are asked for. Raises not found where a prefix is empty."""
    return chain.from_iterable(_below(stores, place) if recursive else _named(stores, place) for place in places)


def _named(stores: BucketStores, place: Location) -> Iterator[ToDelete]:
    yield ToDelete(stores.of(place), place.key, named=True)


def _below(stores: BucketStores, place: Location) -> Iterator[ToDelete]:
    store, empty = stores.of(place), True
    for item in everything_at(store, place.key):
        empty = False
        yield ToDelete(store, item.key, item.size)
    if empty and place.key:
        raise nothing_at(store, place.key)


def delete(stores: BucketStores, objects: Iterable[ToDelete], tally: Tally, emit: Listener) -> Result:
    """Delete objects. ``failures`` of the result: one for each exit code; ``emit`` gets them all."""
    emit(Started("delete", "", ""))
    failures = delete_all(objects, tally=tally, emit=emit, stop=stores.stop)
    summary = replace(tally.summary("delete"), unverified=0)  # there is nothing to compare
    emit(summary)
    return Result.of(summary, failures)
