"""From the shared options and a place as typed to an open store, for every command about objects."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

from jsobj.cli.parsing.world import World

if TYPE_CHECKING:
    from jsobj.identity.keystone.client import Keystone
    from jsobj.net.retry import OnRetry
    from jsobj.store.buckets import Bucket
    from jsobj.store.location import Location
    from jsobj.store.objects import Store
    from jsobj.store.open import Wish


UNSIGNED = click.option("--no-sign-request", "unsigned", is_flag=True, help="Work on public data, without any login.")
ENDPOINT = click.option("--endpoint", metavar="URL", default="", help="S3 endpoint, instead of the profile's.")


def store_options(function: Callable[..., None]) -> Callable[..., None]:
    """``--no-sign-request`` and ``--endpoint``, as ``unsigned`` and ``endpoint``."""
    return UNSIGNED(ENDPOINT(function))


class Stores:
    """The stores of one command: one for each bucket, opened when it is first needed."""

    def __init__(
        self, world: World, *, unsigned: bool = False, endpoint: str = "", on_retry: OnRetry | None = None
    ) -> None:
        self._world = world
        self._on_retry = on_retry or self._show_retry
        self._unsigned = unsigned
        self._endpoint = endpoint
        self._opened: dict[tuple[str, str], Store] = {}
        self._keystone: Keystone | None = None

    def of(self, location: Location) -> Store:
        """The store of a place. Raises :class:`JsobjError`: auth, not found (profile), usage (no endpoint)."""
        known = (location.dialect, location.bucket)
        if known not in self._opened:
            self._opened[known] = self._open(location)
        return self._opened[known]

    def buckets(self, dialect: str) -> Iterator[Bucket]:
        """All buckets of the project, by name. ``dialect``: ``s3``, ``swift``, or "" for whichever serves."""
        from jsobj.store.open import list_buckets

        return list_buckets(self._world.settings, dialect, self._wish())

    def _open(self, location: Location) -> Store:
        store = self.another(location, self._on_retry)
        self._world.out.detail(f"{store.place.dialect} at {store.place.endpoint}, {store.place.where}")
        return store

    def another(self, location: Location, on_retry: OnRetry) -> Store:
        """A store with connections of its own, for a process of its own, which closes it."""
        from jsobj.net.retry import RetryPolicy
        from jsobj.store.open import open_store

        return open_store(self._world.settings, location, self._wish(), retry=RetryPolicy(on_retry=on_retry))

    def _show_retry(self, item: str, reason: str, wait: float) -> None:
        self._world.out.detail(f"again in {wait:.1f} s: {item}: {reason}")

    def _wish(self) -> Wish:
        from jsobj.store.open import Wish

        def log_in() -> Keystone:
            """One login for all buckets of a command."""
            from jsobj.cli.parsing.keystone_login import keystone_for

            if self._keystone is None:
                self._keystone = keystone_for(self._world)
            return self._keystone

        world = self._world
        return Wish(world.cloud, world.profile, self._unsigned, self._endpoint, log_in)

    def __iter__(self) -> Iterator[Store]:
        """Those that are open by now."""
        return iter(tuple(self._opened.values()))

    def close(self) -> None:
        """Close their connections."""
        for store in self:
            store.close()


@contextlib.contextmanager
def stores(
    world: World, *, unsigned: bool = False, endpoint: str = "", on_retry: OnRetry | None = None
) -> Iterator[Stores]:
    """The stores of one command, closed at its end; where it ends by Ctrl-C, at once."""
    opened = Stores(world, unsigned=unsigned, endpoint=endpoint, on_retry=on_retry)
    try:
        yield opened
    except BaseException as error:
        if not isinstance(error, Exception):
            for store in opened:
                store.stop()
        raise
    finally:
        opened.close()
