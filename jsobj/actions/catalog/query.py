"""Query: questions to the rows of a catalogue, and what is done with those that were found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from jsobj.actions.catalog.place import catalogue_at
from jsobj.actions.stores import BucketStores
from jsobj.catalog.rows import Rows
from jsobj.store.location import Location


@contextmanager
def open_rows(stores: BucketStores, place: Location, *, write_to: Sequence[str] = ()) -> Iterator[Rows]:
    """The rows of a catalogue as they are now. ``write_to``: files that an answer may be written to.

    Raises as :class:`jsobj.catalog.rows.Rows`.
    """
    catalogue = catalogue_at(stores, place)
    with Rows(catalogue, stores.settings.cache_dir, write_to=write_to) as rows:
        yield rows
