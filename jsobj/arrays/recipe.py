"""How to open a store, by names only: it can be pickled to another process or machine, which has keys of its own."""

from __future__ import annotations

from dataclasses import dataclass

from jsobj.identity.settings import Settings
from jsobj.net.retry import RetryPolicy
from jsobj.packing.open import open_place
from jsobj.store.location import Location
from jsobj.store.objects import Store
from jsobj.store.open import StoreRequest, known_of


@dataclass(frozen=True, slots=True)
class Recipe:
    """A login and a bucket. Holds no secret: each process reads its own files.

    ``unsigned``: public data, without any login; ``endpoint``: an S3 endpoint instead of the profile's (for public
    data over Swift, the account's URL).
    """

    location: Location
    cloud: str = ""
    profile: str = ""
    unsigned: bool = False
    endpoint: str = ""

    @property
    def login(self) -> StoreRequest:
        """Everything but the bucket."""
        return StoreRequest(self.cloud, self.profile, self.unsigned, self.endpoint)

    def found(self) -> tuple[object, ...]:
        """The login that files and environment give now, without a request. Raises as :meth:`open`."""
        return known_of(Settings.read(), self.location, self.login)

    def open(self, settings: Settings | None = None, *, retry: RetryPolicy | None = None) -> Store:
        """A store with connections of its own. Raises as :func:`jsobj.packing.open.open_place`."""
        return open_place(settings or Settings.read(), self.location, self.login, retry=retry)

    def is_of(self, store: Store) -> bool:
        """Whether it would be opened as this one: what was no archive may be one by now."""
        return not self.location.archive or bool(store.place.archive)
