"""Buckets with the verbs of CloudBridge's storage service, so that its programs run by another first line.

Names and meanings are those of CloudBridge 4 (``provider.storage.buckets``): ``get`` gives None for what is not there,
``list`` a page with ``marker`` and ``is_truncated``, iterating gives everything. What is stricter here: transfers are
compared by digest, and errors are :class:`jsobj.errors.JsobjError`.
"""

from __future__ import annotations

import fnmatch
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jsobj.actions.stores import BucketStores, ignore
from jsobj.api.bucket_objects import LIMIT, Objects, ResultList
from jsobj.errors import BucketIsThere
from jsobj.identity.settings import Settings
from jsobj.store.location import Location
from jsobj.store.open import known_of, open_account

if TYPE_CHECKING:
    from jsobj.actions.context import ActionContext
    from jsobj.api.connection import Connection
    from jsobj.arrays.object_map import ObjectMap
    from jsobj.store.buckets import BucketAdmin
    from jsobj.store.objects import Store
    from jsobj.store.open import StoreRequest
    from jsobj.transfer.outcomes import Result

_KEPT = 4  # logins
_lock = threading.Lock()
_opened: list[tuple[tuple[object, ...], BucketStores]] = []  # most recently used last


@dataclass(frozen=True, slots=True)
class Storage:
    """What CloudBridge calls ``provider.storage``."""

    buckets: Buckets


class Buckets:
    """The buckets of a connection's project: over S3 where there are keys, else over Swift. Iterating gives all."""

    def __init__(self, connection: Connection, request: StoreRequest, perform: Performer) -> None:
        self._connection = connection
        self._request = request
        self._perform = perform

    def __iter__(self) -> Iterator[Bucket]:
        return self.iter()

    def iter(self) -> Iterator[Bucket]:
        """All buckets, by name."""
        return (self._bucket(each.name) for each in _stores(self._request).buckets(""))

    iterate = iter

    def get(self, bucket_id: str) -> Bucket | None:
        """The bucket of this name; None where the project has none."""
        return next((each for each in self if each.name == bucket_id), None)

    def list(self, limit: int | None = None, marker: str | None = None) -> ResultList[Bucket]:
        """At most ``limit`` buckets (50), by name, those behind ``marker``."""
        behind = (each for each in self if each.name > (marker or ""))
        return ResultList(behind, limit or LIMIT, name=_name)

    def find(self, *, name: str | None = None) -> ResultList[Bucket]:
        """The buckets whose name contains ``name``, or matches it as a pattern of :mod:`fnmatch`; all without."""
        found = [each for each in self if not name or name in each.name or fnmatch.fnmatchcase(each.name, name)]
        return ResultList(found, LIMIT, name=_name, whole=True)

    def create(self, name: str, location: object = None) -> Bucket:
        """A new bucket. ``location`` is taken and makes no difference: the login's region is meant.

        Raises :class:`JsobjError` (refused) where the name is taken, by this project (``bucket-is-there``) or another.
        """
        if not self._account(name).create(name):
            raise BucketIsThere(f"this project has a bucket '{name}' already", hint="get() gives it")
        return self._bucket(name)

    def delete(self, bucket: Bucket | str) -> None:
        """Delete a bucket, which must be empty: :meth:`Bucket.delete` takes what is in it along."""
        name = bucket if isinstance(bucket, str) else bucket.name
        self._account(name).delete(name)

    def empty(self, name: str) -> None:
        """Delete everything in a bucket: versions, segments and unfinished uploads too."""
        self._account(name).empty(name, ignore)

    def _account(self, name: str) -> BucketAdmin:
        stores = _stores(self._request)
        return open_account(stores.settings, Location("", name), stores.request)

    def _bucket(self, name: str) -> Bucket:
        return Bucket(self, self._connection.store(name), self._perform)


class Bucket:
    """One bucket, by its name; nothing is asked of the server until something is done with it."""

    def __init__(self, buckets: Buckets, objects: ObjectMap, perform: Performer) -> None:
        self._buckets = buckets
        self._map = objects
        self.perform = perform

    @property
    def id(self) -> str:
        """The same as the name."""
        return self.name

    @property
    def name(self) -> str:
        """The bucket's name."""
        return self._map.recipe.location.bucket

    @property
    def objects(self) -> Objects:
        """What is in it."""
        return Objects(self)

    @property
    def store(self) -> Store:
        """The native store, shared by all that use this bucket in this process."""
        return self._map.store

    @property
    def pool(self) -> ThreadPoolExecutor:
        """Its threads."""
        return self._map.pool

    def delete(self, delete_contents: bool = False) -> None:
        """Delete the bucket; with ``delete_contents`` everything in it first, without asking.

        Raises :class:`JsobjError`: refused (``bucket-not-empty``), not found.
        """
        if delete_contents:
            self._buckets.empty(self.name)
        self._buckets.delete(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Bucket) and other._map.recipe == self._map.recipe

    def __hash__(self) -> int:
        return hash(self._map.recipe)

    def __repr__(self) -> str:
        return f"<Bucket {self.name}>"


Performer = Callable[["Callable[[ActionContext], Result]"], object]


def _name(bucket: Bucket) -> str:
    return bucket.name


def _stores(request: StoreRequest) -> BucketStores:
    """What is open for a login, shared in this process as long as files and environment give the same one."""
    settings = Settings.read()
    key = (os.getpid(), request, known_of(settings, Location("", ""), request))
    with _lock:
        known = next((stores for each, stores in _opened if each == key), None)
        _opened[:] = [each for each in _opened if each[0] != key][1 - _KEPT :]
        found = known or BucketStores(settings, request)
        _opened.append((key, found))
    return found
