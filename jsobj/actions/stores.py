"""The open stores of one action: one for each bucket, opened when it is first needed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from jsobj.net.retry import OnRetry, RetryPolicy
from jsobj.store.open import StoreRequest, list_buckets, open_store

if TYPE_CHECKING:
    from jsobj.identity.keystone.client import Keystone
    from jsobj.identity.settings import Settings
    from jsobj.store.buckets import Bucket
    from jsobj.store.location import Location
    from jsobj.store.objects import Store, StorePlace


def _ignore(*facts: object) -> None:
    """No one listens."""


class BucketStores:
    """Made by :func:`bucket_stores`. All stores share one Keystone login."""

    def __init__(
        self, settings: Settings, wish: StoreRequest, on_retry: OnRetry, on_open: Callable[[StorePlace], None] = _ignore
    ) -> None:
        self.settings = settings
        self.wish = replace(wish, log_in=self._log_in)
        self._first_wish = wish
        self._on_retry = on_retry
        self._on_open = on_open
        self._opened: dict[tuple[str, str], Store] = {}
        self._keystone: Keystone | None = None

    def of(self, location: Location) -> Store:
        """The store of a place. Raises :class:`JsobjError`: auth, not found (profile), usage (no endpoint)."""
        known = (location.dialect, location.bucket)
        if known not in self._opened:
            store = self.another(location, self._on_retry)
            self._opened[known] = store
            self._on_open(store.place)
        return self._opened[known]

    def another(self, location: Location, on_retry: OnRetry) -> Store:
        """A store with connections of its own, which the caller closes."""
        return open_store(self.settings, location, self.wish, retry=RetryPolicy(on_retry=on_retry))

    def buckets(self, dialect: str) -> Iterator[Bucket]:
        """All buckets of the project, by name. ``dialect``: ``s3``, ``swift``, or "" for the one that is in use."""
        return list_buckets(self.settings, dialect, self.wish)

    def _log_in(self) -> Keystone:
        if self._keystone is None:
            self._keystone = self._first_wish.keystone(self.settings)
        return self._keystone

    def __iter__(self) -> Iterator[Store]:
        """Those that are open."""
        return iter(tuple(self._opened.values()))

    def close(self) -> None:
        """Close their connections."""
        for store in self:
            store.close()


@contextlib.contextmanager
def bucket_stores(
    settings: Settings,
    wish: StoreRequest,
    *,
    on_retry: OnRetry = _ignore,
    on_open: Callable[[StorePlace], None] = _ignore,
) -> Iterator[BucketStores]:
    """Stores that are closed at the end. On Ctrl-C their connections are cut at once."""
    stores = BucketStores(settings, wish, on_retry, on_open)
    try:
        yield stores
    except BaseException as error:
        if not isinstance(error, Exception):
            for store in stores:
                store.stop()
        raise
    finally:
        stores.close()
