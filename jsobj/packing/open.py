"""Opens what a place names: a bucket, or an archive in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jsobj.errors import ObjectNotFound
from jsobj.store.location import Location
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
    return members_of(store, location.archive) if location.archive else store


def members_of(store: Store, archive: str) -> Store:
    """The members of the archive with this key; ``store`` itself where there is none. Raises what the store raises."""
    try:
        info = store.head(archive)
    except ObjectNotFound:
        return store
    except BaseException:
        store.close()
        raise
    from jsobj.packing.archive import Archive
    from jsobj.packing.store import MemberStore

    return MemberStore(Archive(store, info))
