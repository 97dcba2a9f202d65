"""The object map of each bucket, opened on first use and again in each process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

from jsobj.arrays.object_map import ObjectMap
from jsobj.arrays.recipe import Recipe
from jsobj.errors import ExitCode, JsobjError
from jsobj.fs.paths import ObjectPath
from jsobj.identity.settings import Settings
from jsobj.store.buckets import Bucket, BucketAdmin
from jsobj.store.location import INSIDE, Location
from jsobj.store.open import list_buckets, open_account


class BucketMaps:
    """The buckets of one login. The location of ``recipe`` has only a dialect."""

    def __init__(self, recipe: Recipe, parallel: int | None) -> None:
        self._recipe = recipe
        self._dialect = recipe.location.dialect
        self._parallel = parallel
        self._lock = threading.Lock()
        self._maps: dict[tuple[str, str], ObjectMap] = {}

    def at(self, place: ObjectPath) -> ObjectMap:
        """The objects of the bucket in ``place``. For a path with an account this may ask Keystone for the own one."""
        known_by = place.root, place.archive
        with self._lock:
            known = self._maps.get(known_by)
        if known is not None and (not known_by[1] or known.recipe.is_of(known.store)):
            return known
        made = ObjectMap(self._recipe_of(place), parallel=self._parallel)
        with self._lock:
            if self._maps.get(known_by) is known:
                self._maps[known_by] = made
            return self._maps[known_by]

    def account(self, place: ObjectPath) -> BucketAdmin:
        """For creating and deleting the bucket in ``place``.

        Raises :class:`JsobjError`: auth; usage for another account than the login's own.
        """
        self._require_own(place)
        return open_account(Settings.read(), self._recipe.location, self._recipe.login)

    def buckets(self, place: ObjectPath) -> Iterator[Bucket]:
        """All buckets of the login's project. Raises as :meth:`account`."""
        self._require_own(place)
        return list_buckets(Settings.read(), self._dialect, self._recipe.login)

    def _require_own(self, place: ObjectPath) -> None:
        given = self._recipe
        if given.unsigned or given.endpoint or (place.account and self._own_account() != place.account_url):
            raise JsobjError(
                "not-own-account",
                "buckets are listed, made and deleted only in the project of the login",
                code=ExitCode.USAGE,
                context="these are public data, or another endpoint or account",
                hint="name a login instead: cloud='NAME'",
            )

    def _recipe_of(self, place: ObjectPath) -> Recipe:
        archive = place.archive
        here = replace(
            self._recipe, location=Location(self._dialect, place.bucket, f"{archive}{INSIDE}" if archive else "")
        )
        if not place.account or (not here.unsigned and self._own_account() == place.account_url):
            return here
        return replace(here, unsigned=True, endpoint=place.account_url)  # public data of another account

    def _own_account(self) -> str:
        """The URL of the login's account; "" where there is no login."""
        try:
            return self._recipe.login.keystone(Settings.read()).login.swift_url.rstrip("/")
        except JsobjError as error:
            if error.code is ExitCode.AUTH:
                return ""
            raise
