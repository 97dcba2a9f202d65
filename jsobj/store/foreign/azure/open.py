"""Opens a store in Azure's Blob storage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jsobj.errors import BadUsage
from jsobj.store.location import Location
from jsobj.store.objects import Store

if TYPE_CHECKING:
    from jsobj.identity.settings import Settings
    from jsobj.net.retry import RetryPolicy


def open_azure(settings: Settings, location: Location, *, retry: RetryPolicy | None = None) -> Store:
    """The store of the bucket in ``location``. Raises :class:`JsobjError`: auth, usage."""
    raise BadUsage(f"{location} cannot be opened yet")
