"""The open stores of one action: one for each bucket, opened when it is first needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from jsobj.errors import ExitCode, JsobjError
from jsobj.net.retry import OnRetry, RetryPolicy
from jsobj.packing.open import open_place
from jsobj.store.bucket_name import WEB
from jsobj.store.location import Location, at_object_store, at_web_server, first_of
from jsobj.store.open import StoreRequest, list_buckets
from jsobj.transfer.local.key_path import FINDER, PAGE

if TYPE_CHECKING:
    from jsobj.identity.keystone.client import Keystone
    from jsobj.identity.settings import Settings
    from jsobj.store.buckets import Bucket
    from jsobj.store.objects import Store
    from jsobj.store.values import StorePlace


def require_bucket(store: Store) -> None:
    """Raises not found for a bucket that is not there; who may write need not be allowed to list."""
    try:
        first_of(store.list(delimiter="/"))
    except JsobjError as error:
        if error.code is not ExitCode.REFUSED:
            raise


def ignore(*facts: object) -> None:
    """The default for callbacks."""


class BucketStores:
    """Open stores that share one Keystone login; as a context manager, closed at the end, on Ctrl-C at once."""

    def __init__(
        self,
        settings: Settings,
        request: StoreRequest,
        *,
        on_retry: OnRetry = ignore,
        on_open: Callable[[StorePlace], None] = ignore,
    ) -> None:
        self.settings = settings
        self.request = replace(request, log_in=self._log_in)
        self._first_request = request
        self._on_retry = on_retry
        self._on_open = on_open
        self._object_stores: dict[str, bool | None] = {}  # by their origin; None: nothing answers
        self._made: dict[Location, Callable[[OnRetry], Store]] = {}
        self._opened: dict[tuple[object, ...], Store] = {}
        self._keystone: Keystone | None = None

    def of(self, location: Location) -> Store:
        """The store of a place. Raises :class:`JsobjError`: auth, not found (profile), usage (no endpoint)."""
        known = (
            location.dialect,
            location.bucket,
            location.public,
            location.archive,
            (location.signed or location.query) and (location.key, location.signed, location.query),
        )
        if known not in self._opened:
            store = self.another(location, self._on_retry)
            self._opened[known] = store
            self._on_open(store.place)
        return self._opened[known]

    def folder_of(self, location: Location) -> Location:
        """What a place means where a folder may be meant: of the web address of a page that was published, its folder.

        Somebody else's ``index.html`` is an object like others; so is every one that is named in another way.
        """
        location = self.meant(location)
        if not location.public or location.signed or not location.key.endswith((PAGE, FINDER)):
            return location
        from jsobj.publish.recognise import is_page

        if not is_page(self.of(location), location.key):
            return location
        return replace(location, key=location.key[: location.key.rfind("/") + 1], query="")

    def meant(self, location: Location) -> Location:
        """What a web address means: a place in an object store, or at any other web server; asked once for each server.

        Raises :class:`JsobjError`: usage where it is an object store, and the address names no bucket or no object.
        """
        if not location.address:
            return location
        if location.public not in self._object_stores:
            from jsobj.store.foreign.web.look import is_object_store

            url = at_web_server(location.address)
            self._object_stores[location.public] = is_object_store(self.settings, str(url))
        found = self._object_stores[location.public]
        if found is None or found is (location.dialect not in WEB):
            return location
        return at_object_store(location.address, need_key=True) if found else at_web_server(location.address)

    def another(self, location: Location, on_retry: OnRetry) -> Store:
        """A store with connections of its own, which the caller closes."""
        if (made := self._made.get(location)) is not None:
            return made(on_retry)
        return open_place(self.settings, location, self.request, retry=RetryPolicy(on_retry=on_retry))

    def listed(self, source: str) -> Location:
        """What a list of addresses names, as one place. ``source``: a file, or ``-`` for standard input.

        Raises :class:`JsobjError`: local (it cannot be read), usage (a bad line; two addresses with one name).
        """
        from jsobj.store.foreign.many import LISTED, ManyStore
        from jsobj.transfer.local.url_list import named_places
        from jsobj.transfer.targets import absolute

        name = source if source == "-" else absolute(source)
        entries, location = named_places(source, self.meant), Location(LISTED, name)
        self._made[location] = lambda on_retry: ManyStore(name, entries, partial(self.another, on_retry=on_retry))
        return location

    def buckets(self, dialect: str) -> Iterator[Bucket]:
        """All buckets of the project, by name. ``dialect``: ``s3``, ``swift``, or "" for the one that is in use."""
        return list_buckets(self.settings, dialect, self.request)

    def _log_in(self) -> Keystone:
        if self._keystone is None:
            self._keystone = self._first_request.keystone(self.settings)
        return self._keystone

    @property
    def keystone(self) -> Keystone | None:
        """The login, where one was needed."""
        return self._keystone

    def __iter__(self) -> Iterator[Store]:
        """Those that are open."""
        return iter(tuple(self._opened.values()))

    def stop(self) -> None:
        """Cut their connections, from any thread."""
        for store in self:
            store.stop()

    def __enter__(self) -> BucketStores:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is not None and not issubclass(kind, Exception):
            self.stop()
        for store in self:
            store.close()
