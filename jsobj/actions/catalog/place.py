"""A catalogue as it was named: by a place, or by the web address of its page."""

from __future__ import annotations

from dataclasses import replace

from jsobj.actions.manifests import folder_key
from jsobj.actions.stores import BucketStores
from jsobj.catalog.layout import ROOT, Catalogue
from jsobj.store.location import Location, parse_location


def catalogue_place(typed: str, *, public: bool = True) -> Location:
    """The place of a catalogue. Raises :class:`JsobjError` (usage)."""
    return parse_location(typed, public=public)


def catalogue_at(stores: BucketStores, location: Location) -> Catalogue:
    """The catalogue below a place; whether there is one is seen when it is read. Raises what opening a store raises."""
    location = stores.folder_of(location)
    key = folder_key(location.key)
    if key.endswith(f"/{ROOT}") or key == ROOT:
        key = key.removesuffix(ROOT)
    return Catalogue(stores.of(replace(location, key=key)), key)
