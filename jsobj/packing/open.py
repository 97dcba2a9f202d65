"""Opens what a place names: a bucket, or an archive in it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from jsobj.errors import ExitCode, JsobjError, ObjectNotFound
from jsobj.store.location import INSIDE, Location
from jsobj.store.objects import Store
from jsobj.store.open import StoreRequest, open_store

if TYPE_CHECKING:
    from jsobj.identity.settings import Settings
    from jsobj.net.retry import RetryPolicy


def open_place(
    settings: Settings, location: Location, request: StoreRequest, *, retry: RetryPolicy | None = None
) -> Store:
    """The store of the bucket, or of the members of the archive, in ``location``.

    Where there is no such archive, ``!/`` is a part of a key like any other. Raises as
    :func:`jsobj.store.open.open_store`; for an archive also what a request raises.
    """
    store = open_store(settings, location, request, retry=retry)
    try:
        return members_of(store, location.archive) if location.archive else store
    except BaseException:
        store.close()
        raise


def members_of(store: Store, archive: str) -> Store:
    """The members of the archive with this key; ``store`` itself where there is none. Raises what the store raises."""
    try:
        info = store.head(archive)
    except JsobjError as error:
        if is_absent(error):
            return store
        raise
    from jsobj.packing.archive import Archive
    from jsobj.packing.store import MemberStore

    return MemberStore(Archive(store, info))


def require_objects(store: Store, cannot: str, *, hint: str = "") -> None:
    """Raise usage for the members of an archive, where nothing but objects of a bucket will do. ``cannot``: what they
    cannot, as the end of a sentence.
    """
    place = store.place
    if place.archive:
        named = f"name the archive itself, {place.url(place.archive)}, or its bucket, {place.url()}"
        raise JsobjError(
            "archive-read-only",
            f"{place.url(place.archive)}{INSIDE}: what is in an archive {cannot}",
            code=ExitCode.USAGE,
            hint=hint or named,
        )


def is_absent(error: JsobjError) -> bool:
    """Whether an object is not there: servers refuse to say so to who may not list."""
    return isinstance(error, ObjectNotFound) or error.code is ExitCode.REFUSED


class StoresOfKeys:
    """Where the object of a key is found: in the bucket, or in an archive in it. Shared by threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._archives: dict[str, Store] = {}

    def of(self, key: str) -> Store:
        """The store that has this key. Raises what a request raises."""
        archive = Location("", "", key).archive
        if not archive:
            return self._store
        with self._lock:
            if archive not in self._archives:
                self._archives[archive] = members_of(self._store, archive)
            return self._archives[archive]
